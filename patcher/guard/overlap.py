"""Judges a write by a snapshot after it: whether it is stored as sent, and the only one. Pure.

Someone else can write between the last snapshot before a write and the write itself. Only the
server has seen what they wrote then. The version shows that they did, which is reported; what they
changed is unknown.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from patcher.documents.pointers import lookup, tokens_of
from patcher.documents.shape import ListKeys, keys_of
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, strictly_equal
from patcher.documents.wording import Notice, first_few
from patcher.errors import VerificationError
from patcher.guard.verification import Verdict
from patcher.plan import Plan
from patcher.resources.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class AfterWrite:
    """A snapshot after a write, compared with the one before it and with what was sent.

    Attributes:
        plan: what was sent.
        before: the last snapshot before the write.
        after: the first one after it.
        step: how far one write moves the version.
        entry: the journal's record of the write.
        verdict: what is stored, compared with what was sent.
        notices: warnings about how the outcome was found out.
    """

    plan: Plan
    before: Snapshot
    after: Snapshot
    step: int
    entry: str
    verdict: Verdict
    notices: tuple[Notice, ...] = ()

    def judge(self, *, refresh: bool = False) -> list[Notice]:
        """Returns warnings. Raises VerificationError unless stored as sent and the only write.

        With ``refresh`` the server may have written as well, so a version that moved further is
        only a warning.
        """
        if not self.verdict.is_as_sent:
            raise self.error(self._differs())
        if self.is_blind:
            text = f"{self._blindness}, so an overlapping write by someone else would not show."
            return [Notice("overlap-undetectable", "", text)]
        if self.is_alone:
            return []
        moved = f"version {self._moved}"
        if refresh:
            text = f"The {moved}: either the refresh wrote {self.plan.label} or someone else did."
            return [Notice("version-moved-further", "", text)]
        raise self.error(
            f"{self.plan.label} is stored as sent, but this was not the only write: its {moved}, "
            "so someone else wrote it after it was last read. What is stored is that last read "
            "with your change: anything else they changed is overwritten. Only the server saw "
            "their version, so it is unknown.",
        )

    @property
    def is_blind(self) -> bool:
        """Whether the version proves nothing: not an integer, or it did not move."""
        return not self._distance

    @property
    def _blindness(self) -> str:
        """Why the version proves nothing."""
        if None in (self.before.raw.get("version"), self.after.raw.get("version")):
            return "There is no version"
        moved = self.after.has_other_version(self.before)
        return "The version is not an integer" if moved else "The version did not move"

    @property
    def is_alone(self) -> bool:
        """Whether the version moved just as far as one write moves it."""
        return 0 < (self._distance or 0) <= self.step

    @property
    def _distance(self) -> int | None:
        """How far the version moved, or None where it is not an integer."""
        old, new = self.before.version, self.after.version
        return None if old is None or new is None else new - old

    @property
    def _moved(self) -> str:
        old, new = self.before.version, self.after.version
        return f"went from {old} to {new}, which one write does not explain"

    def _differs(self) -> str:
        differences = self.plan.shown(self.verdict.differences)
        paths = first_few(change.path for change in differences)
        what = f"{self.plan.label} was written, but the stored value differs in {paths}."
        kept = first_few(
            change.path
            for change in differences
            if change.kind == "added"
            and type(lookup(self.verdict.stored, tokens_of(change.path)[:-1], None)) is dict
        )
        if kept:
            what += f" The server did not clear {kept}."
        if self.is_alone:
            return what
        if last := self.after.last_write:
            what += f" It was last written{last}."
        if self.is_blind:
            return (
                f"{what} {self._blindness}, so this may be the server's doing or an overlapping "
                "write by someone else."
            )
        return (
            f"{what} This was not the only write: its version {self._moved}. If they wrote after "
            "this write, the differences are theirs; if before it, their change is overwritten, "
            "and unknown."
        )

    def error(self, message: str) -> VerificationError:
        """Returns the error for a write that is not stored as sent, or was not the only one."""
        record = f"Journal entry {self.entry} has the state before the write."
        hint = "Check the current state (patch-model get) and decide."
        if not (self.is_alone or self.is_blind):
            noun = self.plan.resource.noun
            hint = f"Ask others who write to this {noun} whether their change is still there."
        return VerificationError(
            message,
            differences=self.plan.shown(self.verdict.differences),
            sent=self.plan.proposed,
            stored=self.verdict.stored,
            version_before=self.before.version,
            version_after=self.after.version,
            hint=f"{hint} {record}",
        )


def has_trace(plan: Plan, stored: Document) -> bool:
    """Whether ``stored`` holds any value that the change sets in the plan's document.

    In case of doubt it does: a server may spell a text, a number or "none" differently. A change
    that leaves no value to look for may be in any document except the one it started from.
    """
    lists = plan.resource.shape.lists
    base, sent, found = (
        dict(_values(document, (), lists)) for document in (plan.document, plan.proposed, stored)
    )
    made = [place for place in base.keys() | sent.keys() if not _same(base, sent, place)]
    if not made:
        return not strictly_equal(stored, plan.document)
    return any(
        _same(sent, found, place, loosely=not _same(base, sent, place, loosely=True))
        for place in made
    )


_Place: TypeAlias = tuple[Hashable, ...]


def _values(
    value: JsonValue, place: Tokens, lists: ListKeys, known: _Place = ()
) -> Iterator[tuple[_Place, JsonValue]]:
    """Yields the values that are not blank, with list items' identities instead of indices.

    The order of a list whose items have identities is one more value.
    """
    if type(value) is dict:
        for key, item in value.items():
            yield from _values(item, (*place, key), lists, (*known, key))
    elif type(value) is list:
        keyed = lists.get(place)
        keys = (keys_of(value, keyed) if keyed else None) or range(len(value))
        names = [str(key).casefold() for key in keys]
        if keyed and value:
            yield (*known, None), " ".join(names)
        for name, item in zip(names, value, strict=True):
            yield from _values(item, (*place, "-"), lists, (*known, name))
    elif value is not None and value != "":
        yield known, value


def _same(
    one: dict[_Place, JsonValue],
    other: dict[_Place, JsonValue],
    place: _Place,
    *,
    loosely: bool = False,
) -> bool:
    if loosely and place in one and place in other:
        return str(one[place]).casefold() == str(other[place]).casefold()
    return strictly_equal(one.get(place, MISSING), other.get(place, MISSING))
