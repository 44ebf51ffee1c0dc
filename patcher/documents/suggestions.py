"""Did you mean ...?"""

from __future__ import annotations

from collections.abc import Iterable

from patcher.documents.jsontext import quoted

_LONGEST_WORD = 200  # the comparison takes quadratic time


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that ``word`` may be a misspelling of, in whatever case, or None."""
    from difflib import get_close_matches

    if len(word) > _LONGEST_WORD:
        return None
    by_folded = {one.casefold(): one for one in candidates if len(one) <= _LONGEST_WORD}
    found = get_close_matches(word.casefold(), by_folded, n=1)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The question to ask about ``word``, or None where no candidate is like it."""
    near = closest(word, candidates)
    return None if near is None or near == word else f"Did you mean {quoted(near)}?"
