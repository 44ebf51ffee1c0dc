"""Reading the API's answers: its envelopes, errors, jobs and lists. Pure.

A list comes a page at a time, and again where it moved while it was read.
"""

from __future__ import annotations

import email.utils
import html
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias, TypeGuard

from patcher.api.transport import Response
from patcher.documents import jsontext
from patcher.documents.jsontext import quoted
from patcher.documents.masks import Masks
from patcher.documents.values import Document, JsonValue, bounded
from patcher.errors import ApiError, NotFoundError, PatchError

_SHOWN: Final = 300
_HEAD: Final = 64 * 1024  # of a page, in which its title is looked for

_HTML: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE
)
_TITLE: Final = re.compile(r"<title[^<>]*>([^<]*)", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRONG_ETAG: Final = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')


class ApiMessage(NamedTuple):
    """An error in the API's own form (its ApiError schema)."""

    message: str
    key: str | None = None
    metadata: Document | None = None


class JobState(NamedTuple):
    """A job as the API last told it: created, running, done or failed.

    ``result`` is there once it is done, in a form that depends on its type; ``metadata`` where
    its error is an object of the API's error form, and not a text as documented.
    """

    id: str
    type: str
    status: str
    error: str | None = None
    result: JsonValue = None
    metadata: Document | None = None


def envelope(response: Response, what: str) -> Document:
    """The JSON object of an answer. Raises ApiError for anything that is not one."""
    try:
        value = jsontext.parse(response.body, what=what)
    except PatchError as error:
        text, hint = error.message, None
        if is_web_page(response):
            text, hint = (
                f"{what} is {foreign(response)} ({response.status}).",
                _foreign_hint(response),
            )
        raise ApiError(text, status=response.status, hint=hint) from error
    if type(value) is not dict:
        raise ApiError(f"{what} is not a JSON object.", status=response.status)
    return value


def api_message(response: Response, *, whole: bool = False) -> ApiMessage | None:
    """The error in the API's own form, or None where something else answered.

    That form is a message with a key, with metadata, or with the status of the answer. Every
    gateway writes ``{"message": ...}``, and what it says proves nothing about what the API did.
    The message is shortened, unless it is wanted ``whole``.
    """
    value = _object(response)
    message, key = value.get("message"), value.get("key")
    status, metadata = value.get("status"), _members(value.get("metadata"))
    is_own = type(key) is str or metadata is not None or status is not None
    is_other = status is not None and (type(status) is not int or status != response.status)
    if type(message) is not str or is_other or not is_own:
        return None
    shown = message if whole else _brief(message)
    return ApiMessage(shown, key if type(key) is str else None, metadata)


def foreign(response: Response) -> str:
    """What answered where it was not the API, or not in its error form: for messages."""
    if is_redirect(response.status):
        return "a redirect"
    if is_web_page(response):
        title = _TITLE.search(response.body[:_HEAD].decode("utf-8", "replace"))
        name = _brief(html.unescape(title[1])) if title else ""
        return f"a web page{f' ({quoted(name)})' if name else ''} instead of JSON"
    if not response.body.strip():
        return "an empty body"
    message = _object(response).get("message")
    if type(message) is str:
        return f"{quoted(_brief(message))}, which is not in the API's error form"
    return "a body that is not in the API's error form"


def is_web_page(response: Response) -> bool:
    """Whether the answer is HTML, by what it says of itself or by how it begins."""
    kind = response.headers.get("content-type", "").lower()
    return kind.startswith(("text/html", "application/xhtml")) or bool(_HTML.match(response.body))


def _object(response: Response) -> Document:
    """The JSON object that an answer is; empty for any other answer."""
    try:
        value = jsontext.parse(response.body, what="the answer")
    except PatchError:
        return {}
    return value if type(value) is dict else {}


def job_state(answer: Document, default_type: str, *, whole: bool = False) -> JobState | None:
    """The job of an answer, or None where it has none.

    What it says about its failure is shortened, unless it is wanted ``whole``.
    """
    job = answer.get("job")
    if type(job) is not dict or not _is_plain(job.get("job_id")):
        return None
    kind, status, error = job.get("type"), job.get("status"), job.get("error")
    apis = _members(error) or {}
    error = apis.get("message", error)
    return JobState(
        job["job_id"],
        kind if _is_plain(kind) else default_type,
        status if type(status) is str else "created",
        (error if whole else _brief(error)) if type(error) is str else None,
        job.get("result"),
        _members(apis.get("metadata")),
    )


def _members(value: JsonValue) -> Document | None:
    return value if type(value) is dict else None


def _is_plain(text: object) -> TypeGuard[str]:
    """Whether a text can stand in a path as it is, and means nothing else there."""
    return type(text) is str and _PLAIN.fullmatch(text) is not None


def failure(response: Response, method: str, path: str) -> ApiError:
    """The error for an answer that is not a success.

    NotFoundError only for a 404 of the API's own: a gateway's says nothing about the resource.
    """
    said = api_message(response)
    kind = NotFoundError if said and response.status == 404 else ApiError
    error = kind(
        f"{method} {path}: {said.message if said else foreign(response)} ({response.status}).",
        status=response.status,
        method=method,
        path=path,
        key=said.key if said else None,
        hint=_hint(response, is_own=said is not None),
    )
    if said and said.metadata:
        # No document is known here; what stands under a credential's key is one all the same.
        masks = Masks(((),))
        error.details = bounded(masks.masked_value(said.metadata, ()), masks.redacted)
    return error


def strong_etag(response: Response) -> str | None:
    """The strong entity tag of an answer; a weak one is no use to If-Match (RFC 9110, 13.1.1)."""
    tag = response.headers.get("etag", "")
    return tag if _STRONG_ETAG.fullmatch(tag) else None


def retry_after(response: Response, now: datetime) -> float | None:
    """The Retry-After header in seconds from ``now`` (RFC 9110, section 10.2.3), or None."""
    text = response.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = email.utils.parsedate_to_datetime(text)
        return max(0.0, (moment - now).total_seconds())
    except (TypeError, ValueError, OverflowError):
        return None


def is_redirect(status: int) -> bool:
    """Whether the answer only points elsewhere."""
    return 300 <= status < 400


def redirect_hint(response: Response) -> str:
    """What to do about a redirect: nothing follows it, since credentials would go along."""
    location = _brief(response.headers.get("location", "nowhere"))
    return f"It redirects to {location}; give the right address with --url."


def _hint(response: Response, *, is_own: bool) -> str | None:
    if is_redirect(response.status):
        return redirect_hint(response)
    if response.status == 429:
        return "Too many requests; try again later."
    if not is_own:
        hint = _foreign_hint(response)
        if response.status == 401:
            of_key = "Check the key (POLYTOMIC_API_KEY or --api-key-file). If it is right"
            return f"{of_key}, {hint[0].lower()}{hint[1:]}"
        return hint
    return {
        401: "The key is not accepted; check POLYTOMIC_API_KEY or --api-key-file, and --url.",
        403: "The key is known, but not allowed to do this.",
        404: "It may have been deleted, or belong to an organization that the key cannot see.",
    }.get(response.status)


def _foreign_hint(response: Response) -> str:
    where = f" at {response.route}" if response.route else ""
    return (
        f"Something answered in place of the API{where}: check the address (--url), the proxy, "
        "and whether the network wants a login first."
    )


def _brief(text: str) -> str:
    """A server's text on one line, and not too long."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


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
