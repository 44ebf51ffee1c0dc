"""What can be wrong with a change that the schema of its document does not see."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import NamedTuple, TypeAlias

from patcher.documents.pointers import pointer_to
from patcher.documents.values import Document, Tokens


class Fault(NamedTuple):
    """One thing that a write should not do, and how to mend it.

    Attributes:
        code: its stable name (README, "What the plan warns about").
        place: where it is.
        what: what is wrong, in a sentence.
        advice: what to do about it, in a sentence, or what makes that sentence: looking for a name
            that may have been meant takes a while, and most faults were there before.
        sameness: equal for the same fault of another write, wherever in a list it has moved to.
    """

    code: str
    place: Tokens
    what: str
    advice: str | Callable[[], str]
    sameness: Hashable = None

    @property
    def path(self) -> str:
        """Where it is, as a JSON Pointer (RFC 6901)."""
        return pointer_to(self.place)

    @property
    def way_out(self) -> str:
        """What to do about it, in a sentence."""
        return self.advice if isinstance(self.advice, str) else self.advice()


Check: TypeAlias = Callable[[Document, Document], Iterator[Fault]]
"""The faults of writing the second document where the first one is."""


class Faults(NamedTuple):
    """What a change brings in, or makes worse, and what was so ``before`` it."""

    brought: tuple[Fault, ...] = ()
    before: tuple[Fault, ...] = ()


def find_faults(checks: tuple[Check, ...], document: Document, proposed: Document) -> Faults:
    """The faults of writing ``proposed`` where ``document`` is.

    What writing ``document`` once more would do as well, the change is not to blame for.
    """
    found = [fault for check in checks for fault in check(document, proposed)]
    if not found:
        return Faults()
    known = {
        (fault.code, fault.sameness) for check in checks for fault in check(document, document)
    }
    brought: list[Fault] = []
    before: list[Fault] = []
    for fault in found:
        (before if (fault.code, fault.sameness) in known else brought).append(fault)
    return Faults(tuple(brought), tuple(before))
