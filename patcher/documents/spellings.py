"""Credentials in somebody else's words: quoted, escaped, cut short, or in a connection string.

A data source that refuses a query may repeat what it was given, in whatever form it has it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import quote, quote_plus

_SHORTEST_PART: Final = 4

_USER_INFO: Final = re.compile(r"([a-zA-Z][\w+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)")
_PAIR: Final = re.compile(r"""([\w.-]+)=("[^"]*"|'[^']*'|[^\s;&,"')]+)""")
_ELLIPSES: Final = ("...", "\u2026")


def redacted(
    text: str, credentials: Iterable[str], mask: str, is_credential: Callable[[str], bool]
) -> str:
    """``text`` with ``mask`` in place of each credential.

    Those are the given ones; the password of a URL (RFC 3986, section 3.2.1); and the value of
    ``key=value``, without spaces, under a key of which ``is_credential`` says so.
    """
    forms = sorted(
        {form for one in credentials for form in _spellings(one)},
        key=lambda form: (-len(form), form),
    )
    for form in forms:
        text = text.replace(form, mask)
    text = _without_part(text, forms, mask)
    text = _USER_INFO.sub(rf"\g<1>{mask}", text)
    return _PAIR.sub(lambda pair: f"{pair[1]}={mask}" if is_credential(pair[1]) else pair[0], text)


def _spellings(credential: str) -> set[str]:
    """The credential itself, percent-encoded, in JSON, in SQL."""
    return {
        credential,
        quote(credential, safe="", errors="surrogatepass"),
        quote_plus(credential, errors="surrogatepass"),
        json.dumps(credential)[1:-1],
        json.dumps(credential, ensure_ascii=False)[1:-1],
        credential.replace("'", "''"),
    }


def _without_part(text: str, forms: Iterable[str], mask: str) -> str:
    """``text`` without the beginning of a credential whose rest was cut off with an ellipsis."""
    for ellipsis in _ELLIPSES:
        kept = text.removesuffix(ellipsis)
        if kept == text:
            continue
        sizes = [
            size
            for form in forms
            for size in range(_SHORTEST_PART, min(len(form), len(kept) + 1))
            if kept.endswith(form[:size])
        ]
        if sizes:
            return kept[: -max(sizes)] + mask + ellipsis
    return text
