"""The arguments that the functions of the Python API share, checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from patcher.documents.pointers import parse_path
from patcher.documents.values import Tokens
from patcher.errors import InvalidInputError, SettingsError
from patcher.plan import Plan
from patcher.resources.blockers import OnUnknown, UnknownKeys

OnConflict: TypeAlias = Literal["fail", "rebase"]
"""What to do when someone else wrote first: stop, or rebase the change onto theirs."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a change is made; the command line's options of the same names, and who agrees to it.

    ``confirm`` is called with each plan before it is written; None agrees. ``attended`` says
    whether a person is asked, by ``confirm`` or by an edit.
    """

    expect_version: int | None = None
    run_async: bool = False
    refresh: bool = False
    unknown_fields: OnUnknown = "error"
    allow_all_fields: bool = False
    on_conflict: OnConflict = "fail"
    preview: bool = False
    impact: bool = False
    strict: bool = False
    accept_older: bool = False
    literal: Iterable[str] = ()
    dry_run: bool = False
    confirm: Callable[[Plan], bool] | None = None
    attended: bool = True

    @classmethod
    def among(cls, given: Mapping[str, Any], **more: Any) -> Options:
        """The options among arguments (a function's ``locals()``), and ``more`` of them."""
        found = {name: given[name] for name in cls.__dataclass_fields__ if name in given}
        return cls(**{**found, **more})

    def __post_init__(self) -> None:
        """Refuses, for callers without a type checker, what no option can be."""
        object.__setattr__(self, "literal", several(self.literal, "literal paths"))
        if self.on_conflict not in ("fail", "rebase"):
            raise SettingsError("on_conflict must be 'fail' or 'rebase'.")
        if self.on_conflict == "rebase" and self.expect_version is not None:
            raise SettingsError(
                "An expected version can't be combined with a rebase.",
                hint="Leave out --expect-version or the rebase.",
            )
        UnknownKeys.of(self.unknown_fields)
        if self.expect_version is not None and type(self.expect_version) is not int:
            raise SettingsError("expect_version must be an integer.")
        _ = self.literal_places

    @property
    def literal_places(self) -> frozenset[Tokens]:
        """The places whose values are not masks. Raises InvalidPatchError."""
        return frozenset(map(parse_path, self.literal))


def several(texts: Iterable[str], what: str) -> tuple[str, ...]:
    """The texts as a tuple. Raises InvalidInputError for a single text, and for other values."""
    found = () if isinstance(texts, str) else tuple(texts)
    if isinstance(texts, str) or not all(isinstance(one, str) for one in found):
        raise InvalidInputError(
            f"Expected a list of texts for the {what}.", hint='One alone is a list, too: ["TEXT"].'
        )
    return found
