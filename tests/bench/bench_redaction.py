"""How redaction grows with a text of somebody else's: `python -m tests.bench.bench_redaction`.

A text of each kind, twice as long each time. What is given is the time for the longest, and the
ratio to the one half as long: about 2 where time grows with the text, about 4 where it grows with
the square. Nothing is asserted.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Final

from patcher.documents.masks import Masks

MASKS: Final = Masks((("configuration",),)).on(
    {"configuration": {"password": "hunter2-orders", "token": "ab" * 50_000, "pwd": "s3cr3t"}}
)
SIZE: Final = 200_000
KINDS: Final = {
    "letters": "a",
    "words": "a sentence of words ",
    "keys": "a.b-c=",
    "open quotes": 'k="',
    "JSON": '"key": "value", ',
    "URLs": "https://host/path ",
    "URL without end": "://a",
    "userinfo": "u:p@",
    "bearer": "bearer ",
    "beginnings of a credential": "ab",
    "backslashes": "\\",
}


def seconds(text: str) -> float:
    """The median of three."""
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        MASKS.redacted(text)
        taken.append(time.perf_counter() - start)
    return median(taken)


def main() -> None:
    """Prints the table."""
    print(f"{'a text of ' + str(SIZE) + ' characters':<34}{'ms':>8}{'ratio':>8}")
    for kind, piece in KINDS.items():
        text = piece * (SIZE // len(piece)) + "..."
        half, whole = seconds(text[len(text) // 2 :]), seconds(text)
        print(f"{kind:<34}{whole * 1000:>8.0f}{whole / half:>8.1f}")


if __name__ == "__main__":
    main()
