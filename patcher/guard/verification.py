"""Comparing what was sent with what is stored. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeAlias

from patcher.documents import jsontext
from patcher.documents.diff import Change, compare
from patcher.documents.pointers import list_above, pointer_to, tokens_of
from patcher.documents.shape import MemberKey, items_by_key
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, differing, strictly_equal
from patcher.documents.wording import Notice, counted, first_few
from patcher.errors import InvalidPatchError
from patcher.plan import Plan
from patcher.resources.projection import is_blank
from patcher.resources.snapshot import Snapshot

EXCUSES: Final = {
    "server-default": "The change leaves out {}, and the server filled it in.",
    "server-added": "The server added {}.",
    "hidden-by-server": "The server hides the value of {}, so it could not be verified.",
}
"""Warnings about values that are stored without having been sent, or are hidden, by code.

A snapshot that needs one of them to match what was sent does not prove a write.
"""


class Verdict(NamedTuple):
    """A snapshot after the write, compared with what was sent.

    ``differences`` are between the document sent and the one ``stored`` (empty: stored as sent).
    """

    differences: tuple[Change, ...]
    notices: tuple[Notice, ...]
    stored: Document

    @property
    def is_as_sent(self) -> bool:
        """Whether the server stores what was sent."""
        return not self.differences

    @property
    def is_excused(self) -> bool:
        """Whether that holds only because the server filled in or hid something by itself."""
        return any(notice.code in EXCUSES for notice in self.notices)


def verify(plan: Plan, before: Snapshot, after: Snapshot) -> Verdict:
    """Compares the snapshot ``after`` a write of ``plan.proposed`` with what was sent.

    Everything sent has to be stored as sent. In this comparison alone null, absent, an empty list
    and an empty identifier are the same, since the API may spell "none" in any of these ways. What
    is stored without having been sent is excused, with a warning, where the server fills it in
    (``Resource.filled``), where neither the resource nor the change had it, and where it is
    blank; what the resource had and the change removed is a difference. ``before`` is the last
    snapshot before the write.
    """
    stored, unknown = plan.resource.document(after, plan.unknown_fields)
    verdict = _compared(plan, stored)
    notices = [
        *verdict.notices,
        *_new_keys(plan, before, unknown),
        *_new_ids(plan, before, after),
        *_gone(plan, before, after, stored),
    ]
    return verdict._replace(notices=tuple(notices))


def is_in_place(plan: Plan, verdict: Verdict) -> bool:
    """Whether a snapshot shows what ``plan`` would write, and the state before it would not.

    The lenient comparison does not see a change of order, or of one spelling of "none" into
    another: then what is stored must be strictly equal to what was sent.
    """
    if not verdict.is_as_sent:
        return False
    base = _compared(plan, plan.document)
    is_visible = not base.is_as_sent or (base.is_excused and not verdict.is_excused)
    return is_visible or strictly_equal(verdict.stored, plan.proposed)


def proves(plan: Plan, verdict: Verdict) -> bool:
    """Whether a snapshot alone, without an answer, proves that ``plan`` was written."""
    return is_in_place(plan, verdict) and not verdict.is_excused


def is_as_before(plan: Plan, before: Snapshot, now: Snapshot) -> bool:
    """Whether ``now`` shows content, version and time exactly as ``before``."""
    if now.has_moved_from(before):
        return False
    document, _ = plan.resource.document(now, plan.unknown_fields)
    return strictly_equal(document, plan.document)


def _compared(plan: Plan, stored: Document) -> Verdict:
    """Compares a stored document with what was sent."""
    if strictly_equal(plan.proposed, stored):
        return Verdict((), (), stored)
    form = _SentForm(plan, stored)
    shape = plan.resource.shape
    changes = compare(plan.proposed, shape.respelled(form.made(), plan.proposed), shape.lists)
    reordered = [
        Notice("order-not-kept", one.path, f"The server stores {one.path} in a different order.")
        for one in changes
        if one.kind == "reordered"
    ]
    differences = tuple(change for change in changes if change.kind != "reordered")
    return Verdict(differences, (*form.notices(), *reordered), stored)


_Had: TypeAlias = tuple[JsonValue, ...]
"""What each document that the resource had before has at a place, or MISSING."""


class _SentForm:
    """Rewrites the stored document into the form in which it was sent, as far as that is allowed.

    What differs from the document sent even then is not stored as sent. What any of the documents
    before (``had``) lacks, the resource did not have there.
    """

    def __init__(self, plan: Plan, stored: Document) -> None:
        undone = plan.terms.undone
        self._plan = plan
        self._stored = stored
        self._resource = plan.resource
        self._hidden = plan.resource.redacted(stored, plan.terms.masks)
        self._masks = plan.masks
        self._had = (plan.document,) if undone is None else (plan.document, undone)
        self._excused: dict[tuple[str, Tokens], dict[str, None]] = {}

    def made(self) -> Document:
        """Returns the stored document in the form of the document sent."""
        return self._object(self._plan.proposed, self._stored, self._had, ())

    def notices(self) -> Iterator[Notice]:
        """Yields a warning for each excused place; those in the items of one list share one."""
        for (code, place), keys in self._excused.items():
            path = pointer_to(place)
            named = ", ".join(filter(None, keys))
            what = f"{named} in items of {path}" if named else path
            yield Notice(code, path, EXCUSES[code].format(what))

    def _value(self, sent: JsonValue, stored: JsonValue, had: _Had, at: Tokens) -> JsonValue:
        if strictly_equal(sent, stored) or (self._is_none(sent, at) and self._is_none(stored, at)):
            return sent
        if at in self._hidden:
            self._excuse("hidden-by-server", at)
            return sent
        if type(sent) is type(stored) is dict:
            return self._object(sent, stored, had, at)
        if type(sent) is type(stored) is list:
            return self._list(sent, stored, had, at)
        if _kind(at) in self._resource.json_texts and _is_same_json(sent, stored):
            return sent
        return stored

    def _object(self, sent: Document, stored: Document, had: _Had, at: Tokens) -> Document:
        form: Document = {}
        if self._is_new(sent, had[0], at):
            had = (MISSING,) * len(had)
        for key in dict.fromkeys((*stored, *sent)):
            below = (*at, key)
            mine, theirs = sent.get(key, MISSING), stored.get(key, MISSING)
            before = tuple(one.get(key, MISSING) if type(one) is dict else MISSING for one in had)
            if self._resource.filled.get(_kind(below)) == "own":
                theirs = mine
            elif self._is_none(mine, below):
                if self._is_none(theirs, below) or self._is_excused(mine, theirs, before, below):
                    theirs = mine
            elif theirs == []:
                theirs = MISSING  # nothing of it is stored
            elif theirs is not MISSING:
                theirs = self._value(mine, theirs, before, below)
            if theirs is not MISSING:
                form[key] = theirs
        return form

    def _is_new(self, sent: Document, before: JsonValue, at: Tokens) -> bool:
        """Whether an object is sent without the id that the one before it had."""
        return type(before) is dict and any(
            self._resource.filled.get(_kind((*at, key))) == "id" and sent.get(key) != value
            for key, value in before.items()
        )

    def _is_excused(self, sent: JsonValue, stored: JsonValue, had: _Had, at: Tokens) -> bool:
        """Whether ``stored`` is excused although nothing was sent; notes the excuse."""
        is_new = any(self._is_none(one, at) for one in had)
        fill = self._resource.filled.get(_kind(at))
        if fill in ("any", "id") or (fill and (is_new or not self._is_same(had[0], stored, at))):
            self._excuse("server-default", at)
            return True
        if fill or sent is not MISSING:
            return False
        if is_new or is_blank(stored) or self._is_echo(stored, at):
            self._excuse("server-added", at)
            return True
        return False

    def _is_echo(self, stored: JsonValue, at: Tokens) -> bool:
        """Whether a configuration repeats what was sent under the same top-level key."""
        sent = self._plan.proposed.get(at[-1], MISSING)
        is_inside = at[:-1] in self._resource.shape.opaque
        return is_inside and self._is_same(sent, stored, at[-1:])

    def _is_same(self, before: JsonValue, stored: JsonValue, at: Tokens) -> bool:
        """Whether two lists hold the same items in any order."""
        items, others = self._items(before, at), self._items(stored, at)
        if items is None or others is None:
            return strictly_equal(before, stored)
        return items.keys() == others.keys()

    def _list(
        self, sent: list[JsonValue], stored: list[JsonValue], had: _Had, at: Tokens
    ) -> list[JsonValue]:
        mine, theirs = self._items(sent, at), self._items(stored, at)
        known = [self._items(one, at) or {} for one in had]
        if mine is None or theirs is None:
            if len(sent) != len(stored):
                return stored
            mine, theirs = dict(enumerate(sent)), dict(enumerate(stored))
            known = [{i: _counterpart(one, sent, i) for i in range(len(sent))} for one in had]
        return [
            self._value(
                mine[key], item, tuple(one.get(key, MISSING) for one in known), (*at, str(i))
            )
            if key in mine
            else item
            for i, (key, item) in enumerate(theirs.items())
        ]

    def _items(self, value: JsonValue, at: Tokens) -> dict[MemberKey, JsonValue] | None:
        """Returns the items of a keyed list by identity; None for any other value."""
        keyed = self._resource.shape.lists.get(at)
        return items_by_key(value, keyed) if keyed else None

    def _is_none(self, value: JsonValue, at: Tokens) -> bool:
        if value == "":
            return len(at) == 1 and at[0] in self._resource.shape.blank_texts
        return value is MISSING or value is None or value == []

    def _excuse(self, code: str, at: Tokens) -> None:
        place = self._masks.shown_place(at)
        keys: tuple[str, ...] = ()
        if (above := list_above(self._stored, at)) is not None:
            # One warning for each key of each item of a list would make hundreds.
            place, keys = place[: len(above)], place[len(above) + 1 :]
        self._excused.setdefault((code, place), {}).update(dict.fromkeys([".".join(keys)]))


def _counterpart(before: JsonValue, sent: list[JsonValue], index: int) -> JsonValue:
    """Returns what an item of a list without keys was: at its index from the start or the end."""
    if type(before) is not list:
        return MISSING
    for other in (index, index - len(sent) + len(before)):
        if 0 <= other < len(before) and strictly_equal(before[other], sent[index]):
            return before[other]
    return before[index] if index < len(before) else MISSING


def _is_same_json(text: JsonValue, stored: JsonValue) -> bool:
    """Whether ``stored`` is the JSON value that ``text`` spells, or another spelling of it."""
    try:
        value = jsontext.parse(text, what="the text")
        return strictly_equal(value, stored) or strictly_equal(
            value, jsontext.parse(stored, what="the text")
        )
    except (InvalidPatchError, TypeError):
        return False


def _new_keys(plan: Plan, before: Snapshot, now: Iterable[Notice]) -> Iterator[Notice]:
    """Warns of unknown keys that are new since the snapshot before the write."""
    found = {
        _kind(tokens_of(notice.path)): notice.path for notice in now if notice.code == "dropped"
    }
    if found:
        _, dropped = plan.resource.document(before, "drop")
        known = {_kind(tokens_of(notice.path)) for notice in dropped}
        for kind, path in found.items():
            if kind not in known:
                yield Notice("server-added", path, EXCUSES["server-added"].format(path))


def _gone(plan: Plan, before: Snapshot, after: Snapshot, stored: Document) -> Iterator[Notice]:
    """Warns of values that were passed over and have gone with the write."""
    shown = plan.resource.passed_over(before, unlike=after)
    if not shown:
        return
    now = plan.resource.passed_over(after, unlike=before)
    gone = Counter(
        (name, key)
        for name, item, key in shown
        if (name, item, key) not in now and item in (stored.get(name) or ())
    )
    for (name, key), count in gone.items():
        path = pointer_to((name,))
        items = counted(count, "item")
        text = f"{pointer_to((key,))} of {items} of {path}, which no write can send, is gone."
        yield Notice("passed-over-changed", path, text)


def _kind(place: Tokens) -> Tokens:
    """A place with "-" for each list index in it."""
    return tuple("-" if token.isdecimal() else token for token in place)


def _new_ids(plan: Plan, before: Snapshot, after: Snapshot) -> Iterator[Notice]:
    """Warns of fields outside the change to which the server gave another ID."""
    columns = plan.resource.columns
    if after.raw.get(columns.exposed) == before.raw.get(columns.exposed):
        return
    new = columns.exposed_now(after)
    renewed = [
        name
        for name, known in columns.exposed_now(before).items()
        if known is not None and new.get(name) not in (None, known)
    ]
    if renewed:
        changed = _changed_names(plan, (columns.listed, columns.added))
        renewed = [name for name in renewed if name not in changed]
    if renewed:
        path = pointer_to((columns.exposed,))
        yield Notice(
            "field-id-changed",
            path,
            f"The server gave new IDs to {counted(len(renewed), 'item')} of {path} outside this "
            f"change ({first_few(renewed)}); references to them by ID may break.",
        )


def _changed_names(plan: Plan, lists: tuple[str, ...]) -> set[str]:
    """Returns the names of the items of ``lists`` that the change adds, removes or alters."""
    sides = ((_by_name(plan.document.get(key)), _by_name(plan.proposed.get(key))) for key in lists)
    return set().union(*(differing(*both) for both in sides))


def _by_name(items: JsonValue) -> dict[str, JsonValue]:
    members = items if type(items) is list else ()
    named = ((item.get("name") if type(item) is dict else item, item) for item in members)
    return {name: item for name, item in named if type(name) is str}
