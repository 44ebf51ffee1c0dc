"""Parts of sentences that all messages share: plurals, lists cut short, "Did you mean ...?"."""

from __future__ import annotations

from collections.abc import Iterable

from patcher.documents.jsontext import quoted

_LONGEST_WORD = 200  # the comparison takes quadratic time


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number with its noun: ``1 change``, ``2 changes``; ``plural`` where it is irregular."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def first_few(items: Iterable[str], most: int = 5, separator: str = ", ") -> str:
    """At most ``most`` items, and how many there are besides: ``a, b and 3 more``."""
    found = list(items)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return separator.join(found[:most]) + more


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that ``word`` may be a misspelling of, in any case, or None."""
    from difflib import get_close_matches

    if len(word) > _LONGEST_WORD:
        return None
    by_folded = {one.casefold(): one for one in candidates if len(one) <= _LONGEST_WORD}
    found = get_close_matches(word.casefold(), by_folded, n=1)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The question to ask about ``word``, or None where no candidate is similar."""
    near = closest(word, candidates)
    return None if near is None or near == word else f"Did you mean {quoted(near)}?"
