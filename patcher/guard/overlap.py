"""Whether a write is stored as sent, and was the only one: what its two readings tell. Pure.

Between the last reading before a write and the write itself somebody else can get in. Nobody but
the server has seen what they wrote then. That they were there shows in the version, and that is
said; what they changed is not known, and is not made up.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from patcher.documents.notices import Notice
from patcher.documents.pointers import lookup, tokens_of
from patcher.documents.shape import ListKeys, keys_of
from patcher.documents.values import Document, JsonValue, Tokens, strictly_equal
from patcher.errors import VerificationError
from patcher.guard.verification import Verdict
from patcher.plan import Plan
from patcher.resources.snapshot import Snapshot

_NAMED: Final = 5


class Around(NamedTuple):
    """A write and what was seen around it.

    ``before`` is the last reading before the write of ``plan``, ``after`` the first one after it;
    ``step`` is how far one write moves the version, ``entry`` the journal's record of it.
    """

    plan: Plan
    before: Snapshot
    after: Snapshot
    step: int
    entry: str

    def judge(self, verdict: Verdict, *, refresh: bool = False) -> list[Notice]:
        """What to warn of. Raises VerificationError unless it is stored as sent and the only one.

        With ``refresh`` the server may have written on its own account, so that a version which
        moved further is a warning.
        """
        if not verdict.is_as_sent:
            raise self._error(verdict, self._differs(verdict))
        if self.is_blind:
            text = (
                f"{self._blindness}, so a write by somebody else at the same time would not show."
            )
            return [Notice("overlap-undetectable", "", text)]
        if self.is_alone:
            return []
        moved = f"version {self._moved}"
        if refresh:
            text = f"The {moved}: somebody else wrote {self.plan.label}, too, or the refresh did."
            return [Notice("version-moved-further", "", text)]
        raise self._error(
            verdict,
            f"{self.plan.label} is stored as sent, but this was not the only write: its {moved}, "
            "so somebody else wrote it after it was last read. What is stored is that reading "
            "with your change to it: whatever else they changed is overwritten. What it was is "
            "not known, since only the server saw it.",
        )

    @property
    def is_blind(self) -> bool:
        """Whether the version tells nothing: it is no integer, or did not move with the write."""
        old, new = self.before.version, self.after.version
        return old is None or new is None or new == old

    @property
    def _blindness(self) -> str:
        """Why the version tells nothing."""
        if None in (self.before.raw.get("version"), self.after.raw.get("version")):
            return "There is no version"
        moved = self.after.has_other_version(self.before)
        return "The version is not an integer" if moved else "The version did not move"

    @property
    def is_alone(self) -> bool:
        """Whether the version moved just as far as one write moves it."""
        old, new = self.before.version, self.after.version
        return old is not None and new is not None and 0 < new - old <= self.step

    @property
    def _moved(self) -> str:
        old, new = self.before.version, self.after.version
        return f"went from {old} to {new}, which one write does not explain"

    def _differs(self, verdict: Verdict) -> str:
        label = self.plan.label
        paths = listed(change.path for change in self.plan.shown(verdict.differences))
        what = f"{label} was written, but what is stored differs from what was sent in {paths}."
        if kept := self._kept(verdict):
            what += f" The server did not clear {kept}."
        last = last_written(self.after)
        if self.is_alone:
            return what
        if last:
            what += f" It was {last}."
        if self.is_blind:
            return (
                f"{what} Whether the server keeps it so, or somebody else wrote it at the same "
                "time, does not show: " + self._blindness.lower() + "."
            )
        return (
            f"{what} This was not the only write: its version {self._moved}. What differs is "
            "theirs, if they wrote after this write; if before it, theirs is overwritten, and not "
            "known."
        )

    def _kept(self, verdict: Verdict) -> str:
        """The keys that the change removed and that are stored all the same."""
        return listed(
            change.path
            for change in self.plan.shown(verdict.differences)
            if change.kind == "added"
            and type(lookup(verdict.stored, tokens_of(change.path)[:-1], None)) is dict
        )

    def _error(self, verdict: Verdict, message: str) -> VerificationError:
        return VerificationError(
            message,
            differences=self.plan.shown(verdict.differences),
            sent=self.plan.proposed,
            stored=verdict.stored,
            version_before=self.before.version,
            version_after=self.after.version,
            hint=self._hint,
        )

    @property
    def _hint(self) -> str:
        look = f"what was there before the write is in journal entry {self.entry}."
        if self.is_alone or self.is_blind:
            return f"Look at the present state (patch-model get) and decide; {look}"
        noun = self.plan.resource.noun
        return f"Ask those who write to this {noun} to look for their change; {look}"


def last_written(snapshot: Snapshot) -> str:
    """By whom and when it was last written, as far as the reading tells; else no text."""
    by = f" by {snapshot.author}" if snapshot.author else ""
    when = f" at {snapshot.updated_at}" if snapshot.updated_at else ""
    return f"last written{by}{when}" if by or when else ""


def listed(paths: Iterable[str]) -> str:
    """The first few paths, and whether there are more."""
    found = list(paths)
    return ", ".join(found[:_NAMED]) + (", ..." if len(found) > _NAMED else "")


def has_trace(plan: Plan, stored: Document) -> bool:
    """Whether ``stored`` holds anything of what the change makes of the plan's document.

    Value by value, and in case of doubt it does: a server may spell a text, a number or "none"
    otherwise. A change of which that leaves nothing to see may be in anything but the very
    document that it was made of.
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
    """The values that say something, by the identities of list members in place of indices.

    The order of a list whose members have identities is one more.
    """
    if type(value) is dict:
        for key, member in value.items():
            yield from _values(member, (*place, key), lists, (*known, key))
    elif type(value) is list:
        keyed = lists.get(place)
        keys = (keys_of(value, keyed) if keyed else None) or range(len(value))
        names = [str(key).casefold() for key in keys]
        if keyed and value:
            yield (*known, None), " ".join(names)
        for name, member in zip(names, value, strict=True):
            yield from _values(member, (*place, "-"), lists, (*known, name))
    elif value is not None and value != "":
        yield known, value


def _same(
    one: dict[_Place, JsonValue],
    other: dict[_Place, JsonValue],
    place: _Place,
    *,
    loosely: bool = False,
) -> bool:
    if place not in one or place not in other:
        return place not in one and place not in other
    if loosely:
        return str(one[place]).casefold() == str(other[place]).casefold()
    return strictly_equal(one[place], other[place])
