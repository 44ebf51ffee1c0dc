"""Recognizes credentials: their keys, copies of them in texts, and masks.

A data source that refuses a query may repeat it quoted, escaped, cut off, or in a connection
string. Every pattern here takes linear time, since a malicious server may send any text.
"""

# ruff: noqa: RUF001 - what looks like another letter is what this is about

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote, quote_plus

from patcher.documents.values import JsonValue

LONGEST_SHOWN: Final = 4096
"""Maximum length of a foreign text that is shown, in characters."""

_SHORTEST_PART: Final = 8
"""A shorter credential is recognized only as a whole word, not within words."""

_LONGEST_CACHED: Final = 200

_SHORTEST_BEGINNING: Final = 4
"""Shortest beginning of a credential that is recognized where a text was cut off."""

# Each match begins where nothing before could extend it, so that a text is scanned once.
_USER_INFO: Final = re.compile(r'(?<=://)[^\s/"<>@]*@(?:[^\s/"<>@]*@)*')
_SCHEME: Final = re.compile(r"(?<!\w)((?:bearer|basic) +)[\w.~+/=-]{8,}", re.IGNORECASE)
_VALUE: Final = r"""("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s;&,"')}\]]+)"""
_PAIR: Final = re.compile(rf"(?<![\w.-])([\w.-]+)(=){_VALUE}")
_MEMBER: Final = re.compile(rf"""(?<=["'])([\w.-]{{1,100}})(["'] ?[:=] ?){_VALUE}""")
_SIGNS: Final = frozenset("*\u2022\u25cf")
_FEWEST_SIGNS: Final = 6
_HIDDEN: Final = re.compile(
    r"[*\[<({]+ ?(?:redacted|hidden|masked|filtered|sensitive)(?: (?:value|data))? ?[])}>*]+",
    re.IGNORECASE,
)
_ELLIPSES: Final = ("...", "\u2026")

# Each Latin letter with those of other scripts that look like it, upper or lower case.
_LETTERS: Final = (
    "aАаΑα bВΒβЬь cСсϹϲ dԀԁ eЕеΕεєҽ gɡԌ hНнΗһҺ iІіΙιıӀӏ jЈј kКкΚκ mМмΜ nΝηոп "
    "oОоΟοօσ pРрΡρ qԚԛ sЅѕ tТтΤτ uυսᴜ vνѵѴ wԜԝωѡ xХхΧχ yУуΥүҮ zΖᴢ"
)
_LOOK_ALIKES: Final = {ord(other): group[0] for group in _LETTERS.split() for other in group[1:]}

_NAMES: Final = frozenset(
    {"k", "n", "id", "header", "field", "param", "parameter", "property", "attribute"}
    | {"variable", "var", "option", "setting", "label", "title", "type"}
)
_NAME_ENDS: Final = ("name", "key")
_VALUES: Final = frozenset({"v", "val", "content", "contents", "data", "text"})
_VALUE_ENDS: Final = ("value", "values")


def fits(key: str, words: tuple[str, ...]) -> bool:
    """Whether a key is a credential's: it contains one of ``words``."""
    known = _has_word if len(key) < _LONGEST_CACHED else _has_word.__wrapped__
    return known(key, words)


def hidden_keys(value: JsonValue, words: tuple[str, ...]) -> frozenset[str]:
    """The keys of ``value`` (or the index in it) whose values are credentials.

    Their key may be another value: {"name": "Authorization", "value": ...}, and
    ["Authorization", ...].
    """
    if type(value) is list:
        is_pair = len(value) == 2 and type(value[0]) is str and fits(value[0], words)
        return frozenset({"1"} if is_pair else ())
    if type(value) is not dict:
        return frozenset()
    keys = {key: bare(key) for key in value}
    named = (value[key] for key, one in keys.items() if one in _NAMES or one.endswith(_NAME_ENDS))
    is_paired = any(type(name) is str and fits(name, words) for name in named)
    return frozenset(
        key
        for key, one in keys.items()
        if fits(key, words) or (is_paired and (one in _VALUES or one.endswith(_VALUE_ENDS)))
    )


def is_mask(text: str, *, is_hidden: bool) -> bool:
    """Whether a text is a usual replacement for a credential.

    Under a credential's key (``is_hidden``) any number of mask characters, or a usual word in
    brackets; elsewhere only a longer row of mask characters.
    """
    text = unicodedata.normalize("NFKC", text[:_LONGEST_CACHED]).strip()
    if not text or len(text) >= _LONGEST_CACHED:
        return False
    if set(text) <= _SIGNS:
        return is_hidden or len(text) >= _FEWEST_SIGNS
    return is_hidden and _HIDDEN.fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _has_word(key: str, words: tuple[str, ...]) -> bool:
    text = bare(key)
    return any(word in text for word in words)


def bare(key: str) -> str:
    """A key in lower case, letters and digits only, with look-alikes as Latin letters."""
    return _bare(key) if len(key) < _LONGEST_CACHED else _bare.__wrapped__(key)


@lru_cache(maxsize=4096)
def _bare(key: str) -> str:
    plain = unicodedata.normalize("NFKD", key).translate(_LOOK_ALIKES).casefold()
    return "".join(filter(str.isalnum, plain))


class Copies(NamedTuple):
    """Masks copies of the ``known`` credentials in texts."""

    known: frozenset[str]
    mask: str

    def masked(self, text: str) -> str:
        """A text of a document with copies of credentials, and userinfo in URLs, masked.

        A text that equals a credential becomes a mask; within a text only credentials that are
        long enough not to occur by chance are masked.
        """
        if text in self.known:
            return self.mask
        for form in _forms(self.known):
            if len(form) >= _SHORTEST_PART:
                text = text.replace(form, self.mask)
        text = _USER_INFO.sub(f"{self.mask}@", text) if "://" in text else text
        return _SCHEME.sub(rf"\g<1>{self.mask}", text) if " " in text else text

    def redacted(self, text: str, words: tuple[str, ...]) -> str:
        """A foreign text with copies of credentials, and values of credential keys, masked.

        Short credentials are recognized as whole words, and one cut off by an ellipsis by its
        beginning. A long text is cut.
        """
        text = self.masked(text)

        def shown(found: re.Match[str]) -> str:
            return f"{found[1]}{found[2]}{self.mask}" if fits(found[1], words) else found[0]

        for form in _forms(self.known):
            if len(form) < _SHORTEST_PART and form in text:
                text = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", self.mask, text)
        text = self._without_beginning(text)
        for pattern in (_PAIR, _MEMBER):
            text = pattern.sub(shown, text)
        return cut(text)  # after masking, so that no credential is cut through

    def _without_beginning(self, text: str) -> str:
        """``text`` with the beginning of a credential before an ellipsis masked."""
        for ellipsis in _ELLIPSES:
            kept = text.removesuffix(ellipsis)
            if kept == text:
                continue
            size = max((_overlap(kept, form) for form in _forms(self.known)), default=0)
            if size >= _SHORTEST_BEGINNING:
                return kept[:-size] + self.mask + ellipsis
        return text


def cut(text: str, longest: int = LONGEST_SHOWN) -> str:
    """A foreign text, cut to ``longest`` characters."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}... (cut; {len(text)} characters in all)"


@lru_cache(maxsize=64)
def _forms(credentials: frozenset[str]) -> tuple[str, ...]:
    """All spellings of the credentials, the longest first."""
    forms = {form for one in credentials for form in _spellings(one)}
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


def _spellings(credential: str) -> Iterator[str]:
    """The credential itself, percent-encoded, in JSON, in SQL."""
    yield credential
    yield quote(credential, safe="", errors="surrogatepass")
    yield quote_plus(credential, errors="surrogatepass")
    yield json.dumps(credential)[1:-1]
    yield json.dumps(credential, ensure_ascii=False)[1:-1]
    yield credential.replace("'", "''")


def _overlap(text: str, form: str) -> int:
    """The length of the longest proper prefix of ``form`` that ``text`` ends with.

    By Knuth, Morris and Pratt, since trying each length takes quadratic time.
    """
    joined = [*form, None, *text[max(len(text) - len(form) + 1, 0) :]]
    borders = [0]
    for one in joined[1:]:
        size = borders[-1]
        while size and joined[size] != one:
            size = borders[size - 1]
        borders.append(size + (joined[size] == one))
    return borders[-1]
