"""One difference between two documents, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from patcher.documents.values import MISSING, JsonValue, strictly_equal

Kind: TypeAlias = Literal["added", "removed", "changed", "reordered"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Change:
    """One difference between two documents.

    Attributes:
        path: a JSON Pointer (RFC 6901). ``removed`` and ``changed`` index the lists of the base
            document, ``added`` those of the proposed one, all at once; ``reordered`` names the
            list.
        kind: what happened there.
        old: the value in the base document, MISSING where ``added``.
        new: the value in the proposed document, MISSING where ``removed``. Where ``reordered``,
            ``old`` and ``new`` are the members that both documents have, in either order: texts
            by themselves, objects by the value they are keyed by, or by an object of those
            values where they are several.

    Two changes are equal where their values are strictly equal.
    """

    path: str
    kind: Kind
    old: JsonValue = MISSING
    new: JsonValue = MISSING

    def __repr__(self) -> str:
        return f"Change({self.path!r}, {self.kind!r})"  # a value may be a credential

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Change):
            return NotImplemented
        return (
            (self.path, self.kind) == (other.path, other.kind)
            and strictly_equal(self.old, other.old)
            and strictly_equal(self.new, other.new)
        )

    def __hash__(self) -> int:
        return hash((self.path, self.kind))

    def to_dict(self) -> dict[str, Any]:
        """The change as the JSON faces print it, without what there is not."""
        values = {"old": self.old, "new": self.new}
        present = {name: value for name, value in values.items() if value is not MISSING}
        return {"path": self.path, "kind": self.kind, **present}
