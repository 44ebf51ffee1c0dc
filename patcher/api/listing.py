"""The API's lists: a page at a time, and again where a list moved while it was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from patcher.documents.values import Document, JsonValue
from patcher.errors import ApiError

_PAGE: Final = 50
_READS: Final = 3
"""How often a list that moves is read, at most."""

Ask: TypeAlias = Callable[[Mapping[str, str]], Document]
"""Asks for a page with these parameters; gives the whole answer."""


def pages(ask: Ask, collection: str) -> Iterator[list[JsonValue]]:
    """All that the API lists, a page at a time.

    The API orders them by the time of the last write, so one that is written meanwhile may come
    twice or not at all (api.md, 1.8). Where one came twice, or another one is the first of several
    pages by the time that the last one was read, all pages are read again, a few times at most,
    and everything in them comes again, too. Raises ApiError.
    """
    for _ in range(_READS):
        seen: set[str] = set()
        first: JsonValue = None
        count, came_twice = 0, False
        for page in _once(ask, collection):
            first = page[0] if page and not count else first
            count += 1
            for one in map(_id, page):
                came_twice = came_twice or one in seen
                seen |= {one} if one else set()
            yield page
        if not came_twice and (count < 2 or not _has_moved(ask, collection, first)):
            return


def _has_moved(ask: Ask, collection: str, first: JsonValue) -> bool:
    """Whether the list has another first item by now than ``first``."""
    page = _items(ask({"limit": "1"}), collection)
    now = page[0] if page else None
    # Items that were written at the same time may be listed in either order.
    return (_id(now), _time(now)) != (_id(first), _time(first)) and (
        _id(now) == _id(first) or _time(now) != _time(first)
    )


def _once(ask: Ask, collection: str) -> Iterator[list[JsonValue]]:
    token: str | None = None
    seen: set[str] = set()
    while True:
        answer = ask({"limit": str(_PAGE)} | ({"page_token": token} if token else {}))
        yield _items(answer, collection)
        pagination = answer.get("pagination")
        token = pagination.get("next_page_token") if type(pagination) is dict else None
        if type(token) is not str or not token:
            return
        if token in seen:
            raise ApiError(f"GET {collection} names the same next page again.", method="GET")
        seen.add(token)


def _items(answer: Document, collection: str) -> list[JsonValue]:
    page = answer.get("data", answer)
    if page is not None and type(page) is not list:
        raise ApiError(f"GET {collection} answered without a list.", method="GET")
    return page or []


def _id(item: JsonValue) -> str | None:
    found = item.get("id") if type(item) is dict else None
    return found if type(found) is str else None


def _time(item: JsonValue) -> JsonValue:
    return item.get("updated_at") if type(item) is dict else None
