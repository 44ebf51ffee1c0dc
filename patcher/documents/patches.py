"""A change of a document, as a value."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from patcher.documents.jsonpatches import operations_of
from patcher.documents.jsontext import quoted
from patcher.documents.lists import AddItem, RemoveItem
from patcher.documents.pointers import index_of, lookup, parse_path, pointer_to, shown
from patcher.documents.shape import ListKeys, Shape
from patcher.documents.steps import Assign, MergePatch, Step, Unset, WholeDocument, bracketed
from patcher.documents.values import MISSING, Document, JsonValue, Tokens
from patcher.documents.wording import Notice, did_you_mean
from patcher.errors import InvalidPatchError, ReadOnlyFieldError


class Renamed(NamedTuple):
    """An item of the keyed list at ``place`` whose identity changes in place."""

    place: Tokens
    old: str
    new: str


class Applied(NamedTuple):
    """A changed document, warnings about the change, and the list items that it renames."""

    document: Document
    notices: tuple[Notice, ...]
    renames: tuple[Renamed, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Patch:
    """A change: steps that are applied in order; without any, nothing changes.

    Add patches with ``+``. They copy their arguments and can be applied any number of times::

        Patch.set("name", "New name") + Patch.remove("fields", "email")

    A path is a JSON Pointer (RFC 6901) if it begins with ``/``, else dotted.
    """

    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, change: object) -> Patch:
        """A patch from a dict (a merge patch), a list (a JSON Patch), or a patch.

        Raises InvalidPatchError for anything else, and for what its format does not allow.
        """
        if isinstance(change, Patch):
            return change
        if isinstance(change, Mapping):
            return cls.merge(change)
        if isinstance(change, Sequence) and not isinstance(change, (str, bytes, bytearray)):
            return cls.json_patch(change)
        raise InvalidPatchError(
            f"A change cannot be of type {type(change).__name__}.",
            hint="Give a dict (a merge patch), a list of operations (a JSON Patch), or a Patch.",
        )

    @classmethod
    def merge(cls, patch: Mapping[str, JsonValue]) -> Patch:
        """Merges keys into the document; None removes (RFC 7396)."""
        return cls((MergePatch(patch),))

    @classmethod
    def json_patch(cls, operations: Sequence[Mapping[str, JsonValue]]) -> Patch:
        """Applies a list of operations (RFC 6902)."""
        return cls(operations_of(operations))

    @classmethod
    def document(cls, document: Mapping[str, JsonValue]) -> Patch:
        """Replaces the document; None at the top removes a key, and no key may be left out."""
        return cls((WholeDocument(document),))

    @classmethod
    def set(cls, path: str, value: JsonValue) -> Patch:
        """Sets the value at a path; ``-`` at its end appends to a list."""
        return cls((Assign(parse_path(path), value),))

    @classmethod
    def unset(cls, path: str) -> Patch:
        """Removes the value at a path."""
        return cls((Unset(parse_path(path)),))

    @classmethod
    def add(cls, path: str, member: JsonValue) -> Patch:
        """Adds an item to the list at a path, unless it is there already."""
        return cls((AddItem(parse_path(path), member),))

    @classmethod
    def remove(cls, path: str, member: JsonValue) -> Patch:
        """Removes an item from the list at a path, by its value or its name."""
        return cls((RemoveItem(parse_path(path), member),))

    def __repr__(self) -> str:
        return f"Patch({', '.join(type(step).__name__ for step in self.steps)})"

    def __add__(self, other: Patch) -> Patch:
        if not isinstance(other, Patch):
            return NotImplemented
        return Patch((*self.steps, *other.steps))

    def check(
        self, shape: Shape, *, known: Container[str] | None = None, allow_unknown: bool = False
    ) -> None:
        """Refuses a change that no document of this shape can take.

        ``known`` are the other keys of the document; if it is not read yet, only likely
        misspellings are refused, since it may have keys that are unknown here. Raises
        ReadOnlyFieldError for a key that the server sets, and InvalidPatchError for an unknown
        one, unless ``allow_unknown``.
        """
        for place, is_set in _places(self.steps):
            if not place:
                continue  # the whole document, read but never written
            if place[0] in shape.server_owned:
                raise _read_only(place)
            if place[0] in shape.members or allow_unknown:
                continue
            near = bracketed(place) or did_you_mean(place[0], shape.members)
            if place[0] in known if known is not None else not (near and is_set):
                continue
            raise InvalidPatchError(
                f"Unknown key {quoted(place[0])}.",
                path=pointer_to(place[:1]),
                hint=near or f"Known keys: {', '.join(shape.members)}.",
            )

    def written_keys(self) -> frozenset[str]:
        """The top-level keys that it writes; for a whole document, all its keys."""
        return frozenset(place[0] for step in self.steps for place, _ in step.writes() if place)

    def apply(self, document: Document, shape: Shape) -> Applied:
        """The changed document, the notices of the steps, and what they rename.

        ``document`` stays as it is, but may share unchanged values with the result. Raises
        InvalidPatchError when a step does not fit.
        """
        notices: list[Notice] = []
        renames: dict[Renamed, None] = {}
        for step in self.steps:
            before, document = document, step.apply(document, shape, notices)
            renames |= dict.fromkeys(_renames(step, before, document, shape.lists))
        return Applied(dict(document), tuple(notices), tuple(renames))


def _places(steps: Iterable[Step]) -> Iterator[tuple[Tokens, bool]]:
    """Every place that steps name, and whether a value is set there."""
    for step in steps:
        yield from ((place, value is not MISSING) for place, value in step.writes())
        yield from ((place, False) for place in step.reads())


def _read_only(place: Tokens) -> ReadOnlyFieldError:
    is_version = place[0] == "version"
    return ReadOnlyFieldError(
        f"{shown(place)} is set by the server and is never sent.",
        path=pointer_to(place),
        hint="To write only at a certain version, use --expect-version."
        if is_version
        else "Leave it out of the change.",
    )


def refuse_indices(patch: Patch, shape: Shape, document: Document | None = None) -> None:
    """Raises InvalidPatchError where a change of many documents addresses a list by index.

    In each document another item is at /fields/3. The lists are those of ``shape``, and any in
    ``document``.
    """
    # These replace lists as a whole: a number in their paths is a key.
    steps = (one for one in patch.steps if not isinstance(one, (MergePatch, WholeDocument)))
    for place, _ in _places(steps):
        for depth in range(1, len(place)):
            here = place[:depth]
            is_list = here in shape.lists or type(lookup(document, here)) is list
            if is_list and index_of(place[depth]) is not None:
                raise InvalidPatchError(
                    f"{shown(place[: depth + 1])} names a list item by its index, which can differ "
                    "between documents.",
                    path=pointer_to(place[: depth + 1]),
                    hint="Name the item by value: use --add and --remove.",
                )


PatchLike: TypeAlias = Patch | Mapping[str, JsonValue] | Sequence[Mapping[str, JsonValue]]
"""What Patch.of takes: a Patch, a merge patch (RFC 7396) or a JSON Patch (RFC 6902)."""


def _renames(step: Step, before: Document, after: Document, lists: ListKeys) -> Iterator[Renamed]:
    """The item of each list below which ``step`` writes whose identity, a text, alone differs."""
    written = [place for place, _ in step.writes()]
    for at, keyed in lists.items():
        if not any(len(place) > len(at) and place[: len(at)] == at for place in written):
            continue
        old, new = lookup(before, at, None), lookup(after, at, None)
        if type(old) is not list or type(new) is not list or len(old) != len(new):
            continue
        # A step shares with the document before it what it leaves alone.
        changed = ((one, other) for one, other in zip(old, new, strict=True) if one is not other)
        keys = ((keyed.key_of(one), keyed.key_of(other)) for one, other in changed)
        differing = [(was, now) for was, now in keys if was != now]
        if len(differing) == 1:
            was, now = differing[0]
            if type(was) is str and type(now) is str:
                yield Renamed(at, was, now)
