"""Parses the API's responses: envelopes, errors, jobs and lists. Pure."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias, TypeGuard

from patcher.api.transport import Response
from patcher.documents import jsontext
from patcher.documents.jsontext import quoted
from patcher.documents.masks import Masks
from patcher.documents.pointers import lookup
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
    """A job as last seen: created, running, done or failed.

    ``result`` is set once it is done, its form depends on the type. ``metadata`` is set where the
    error is an object in the API's error form, not a text as documented.
    """

    id: str
    type: str
    status: str
    error: str | None = None
    result: JsonValue = None
    metadata: Document | None = None


def envelope(response: Response, what: str) -> Document:
    """The JSON object of a response. Raises ApiError for anything else."""
    try:
        value = jsontext.parse(response.body, what=what)
    except PatchError as error:
        text, hint = error.message, None
        if is_web_page(response):
            text = f"{what} is {foreign(response)} ({response.status})."
            hint = _foreign_hint(response)
        raise ApiError(text, status=response.status, hint=hint) from error
    if type(value) is not dict:
        raise ApiError(f"{what} is not a JSON object.", status=response.status)
    return value


def text_of_data(response: Response) -> bytes:
    """The text of an envelope's ``data``, which is all that the envelope holds.

    Of any other envelope the result is not JSON.
    """
    body = response.body
    return body[body.find(b":") + 1 : body.rfind(b"}")]


def api_message(response: Response, *, whole: bool = False) -> ApiMessage | None:
    """The error in the API's own form, or None where something else answered.

    That form is a message with a key, with metadata, or with the status of the response. A message
    alone is what every gateway writes, and proves nothing about the API. The message is cut short
    unless ``whole``.
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
    """What responded instead of the API, or in another form: for messages."""
    if is_redirect(response.status):
        return "a redirect"
    if is_web_page(response):
        import html

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
    """Whether a response is HTML, by its content type or its beginning."""
    kind = response.headers.get("content-type", "").lower()
    return kind.startswith(("text/html", "application/xhtml")) or bool(_HTML.match(response.body))


def _object(response: Response) -> Document:
    """The JSON object of a response; empty for any other response."""
    with suppress(ApiError):
        return envelope(response, "the answer")
    return {}


def job_state(answer: Document, default_type: str, *, whole: bool = False) -> JobState | None:
    """The job of a response, or None. Its error is cut short unless ``whole``."""
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
    """Whether a text can be part of a path as it is."""
    return type(text) is str and _PLAIN.fullmatch(text) is not None


def failure(response: Response, method: str, path: str) -> ApiError:
    """The error for a response that is not a success.

    NotFoundError only for a 404 of the API itself: a gateway's says nothing about the resource.
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
        # No document is known here; what is under a credential's key is one nevertheless.
        masks = Masks(((),))
        error.details = bounded(masks.masked_value(said.metadata, ()), masks.redacted)
    return error


def strong_etag(response: Response) -> str | None:
    """The strong ETag of a response, or None; If-Match needs one (RFC 9110, section 13.1.1)."""
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
    """Whether a status is a redirect."""
    return 300 <= status < 400


def redirect_hint(response: Response) -> str:
    """What to do about a redirect, which is never followed: it would pass credentials on."""
    location = _brief(response.headers.get("location", "nowhere"))
    return f"It redirects to {location}. Give the right address with --url."


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
        401: "The key was not accepted. Check POLYTOMIC_API_KEY or --api-key-file, and --url.",
        403: "The key is valid but lacks the permission.",
        404: "It may have been deleted, or be in an organization that the key cannot access.",
    }.get(response.status)


def _foreign_hint(response: Response) -> str:
    where = f" at {response.route}" if response.route else ""
    return (
        f"Something else responded instead of the API{where}: check the address (--url), the "
        "proxy, and whether the network requires a login."
    )


def _brief(text: str) -> str:
    """A server's text on one line, cut short."""
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


_PAGE: Final = 50
_READS: Final = 3
"""Maximum reads of a list that keeps moving."""

Ask: TypeAlias = Callable[[Mapping[str, str]], Document]
"""Requests a page with these parameters and returns the whole response."""


def pages(ask: Ask, collection: str) -> Iterator[list[JsonValue]]:
    """Everything in a list, page by page.

    The API orders items by their last write, so one that is written meanwhile may appear twice or
    not at all (api.md, 1.8). Where one appeared twice, or the first item has changed by the end of
    several pages, all pages are read and yielded again, a few times at most. Raises ApiError.
    """
    for _ in range(_READS):
        ids: list[str] = []
        first: JsonValue = None
        count = 0
        for count, page in enumerate(_once(ask, collection), 1):
            first = page[0] if page and count == 1 else first
            found = (lookup(item, ("id",), None) for item in page)
            ids += [one for one in found if type(one) is str and one]
            yield page
        came_twice = len(set(ids)) < len(ids)
        if not came_twice and (count < 2 or not _has_moved(ask, collection, first)):
            return


def _has_moved(ask: Ask, collection: str, first: JsonValue) -> bool:
    """Whether the first item of the list has another time than ``first``."""
    page = _items(ask({"limit": "1"}), collection)
    # Not by ID: items that were written at the same time may be listed in either order.
    now, then = lookup(page, ("0", "updated_at"), None), lookup(first, ("updated_at",), None)
    return bool(now != then)


def _once(ask: Ask, collection: str) -> Iterator[list[JsonValue]]:
    token: str | None = None
    seen: set[str] = set()
    while True:
        answer = ask({"limit": str(_PAGE)} | ({"page_token": token} if token else {}))
        yield _items(answer, collection)
        token = lookup(answer, ("pagination", "next_page_token"), None)
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
