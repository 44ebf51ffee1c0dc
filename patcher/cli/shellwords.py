"""What bash has so far of a command line, taken apart the way bash does; and the way back.

Bash hands a completion function the line and leaves all quoting to it, in what is typed and in what
is put there.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, TypeAlias

Quote: TypeAlias = Literal["", "'", '"']

_BLANK: Final = " \t\n"

_IN_DOUBLE_QUOTES: Final = '"\\$`'
"""The characters that a backslash escapes between double quotes (POSIX shell, 2.2.3)."""

_PLAIN: Final = frozenset("%+,-./:=@_^")


class Typed(NamedTuple):
    """A line up to the cursor.

    Attributes:
        words: the whole words before the cursor, without their quotes; the command is the first.
        current: what there is of the word at the cursor, without its quotes.
        raw: the same as it was typed.
        quote: the quote that is open at the cursor, where one is.
        is_quoted_whole: whether the open quote began with the word.
    """

    words: tuple[str, ...]
    current: str
    raw: str
    quote: Quote = ""
    is_quoted_whole: bool = False


def typed(line: str) -> Typed:
    """The words of a line; its last one is not finished, and may be empty."""
    words: list[str] = []
    current, raw, start = "", "", 0
    quote: Quote = ""
    is_word = False
    at = 0
    while at < len(line):
        one, following = line[at], line[at + 1 : at + 2]
        taken = 1
        if not quote and one in _BLANK:
            if is_word:
                words.append(current)
            current, raw, is_word = "", "", False
            at += 1
            continue
        if quote == "'" or (quote and one == quote):
            if one == quote:
                quote = ""
            else:
                current += one
        elif one == "\\" and following and (not quote or following in _IN_DOUBLE_QUOTES):
            current += following
            taken = 2
        elif not quote and one in "'\"":
            quote, start = ("'" if one == "'" else '"'), len(raw)
        else:
            current += one
        is_word = True
        raw += line[at : at + taken]
        at += taken
    return Typed(tuple(words), current, raw, quote, is_quoted_whole=bool(quote) and start == 0)


def quoted(text: str, quote: Quote = "") -> str | None:
    """``text`` as it has to be typed within ``quote``; None where it cannot be.

    Without a quote everything is escaped that might mean something; between double quotes an
    exclamation mark cannot be, since bash takes it for the history before it takes any quote away.
    """
    if quote == "'":
        return text.replace("'", "'\\''")
    if quote == '"':
        if "!" in text:
            return None
        return "".join(f"\\{one}" if one in _IN_DOUBLE_QUOTES else one for one in text)
    return "".join(one if one in _PLAIN or one.isalnum() else f"\\{one}" for one in text)


def replacement(value: str, line: Typed, word: str) -> str | None:
    """What to put in the place of ``word``, so that the word at the cursor becomes ``value``.

    ``word`` is what readline replaces: less than the word where there is a colon or another of
    its word breaks in it. None where what was typed cannot be gone on with.
    """
    if line.quote:
        inside = quoted(value, line.quote) if line.is_quoted_whole else None
        # Readline closes the quote, unless it takes the last character for that.
        ends_so = inside is not None and inside.endswith(line.quote)
        return f"{inside}{line.quote}" if ends_so else inside
    whole = quoted(value) or ""
    kept = line.raw.removesuffix(word)
    if not whole.startswith(kept):
        return None
    return whole[len(kept) :]
