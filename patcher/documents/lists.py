"""Adding and removing items of a list, by value or by name."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from patcher.documents import jsontext
from patcher.documents.jsontext import quoted
from patcher.documents.pointers import kind_of, lookup, path_to, pointer_to, shown
from patcher.documents.shape import Shape
from patcher.documents.steps import Step, assigned, refuse_root, refuse_too_deep, replaced
from patcher.documents.values import (
    MISSING,
    Document,
    JsonValue,
    Tokens,
    checked,
    copied,
    strictly_equal,
)
from patcher.documents.wording import Notice, did_you_mean, first_few
from patcher.errors import InvalidPatchError


class RawText(NamedTuple):
    """A list item as typed: text in a list of texts, JSON in any other."""

    text: str

    def guess(self) -> JsonValue:
        """The item without knowing the list: an object or a list where it parses as one."""
        if not self.text.lstrip().startswith(("{", "[")):
            return self.text
        try:
            return jsontext.parse(self.text, what="An item")
        except InvalidPatchError:
            return self.text


class _List:
    """The items at ``place``; none where there is no list or null.

    Items of a secretive list are never quoted. Raises InvalidPatchError when something else is
    there.
    """

    def __init__(self, place: Tokens, document: JsonValue, shape: Shape) -> None:
        found = lookup(document, place, None)
        self.items: list[JsonValue] = [] if found is None else found
        if type(self.items) is not list:
            raise InvalidPatchError(
                f"{shown(place)} is {kind_of(found)}, not a list.",
                path=pointer_to(place),
                hint=f"To change it, use --set {path_to(place)}=...",
            )
        self.place = place
        self.keyed = shape.lists.get(place)
        self.by = () if self.keyed is None else self.keyed.by
        self.is_secretive = any(place[: len(root)] == root for root in shape.opaque)
        # Gives an item's UUIDs the case that they have in the document.
        self.respell = partial(shape.respelled, known=document, at=(*place, "-"))

    @property
    def holds_texts(self) -> bool | None:
        """Whether its items are texts; None where that is unknown."""
        if self.keyed is not None:
            return not self.by
        return all(type(one) is str for one in self.items) if self.items else None

    def item(self, given: JsonValue | RawText) -> JsonValue:
        """What ``given`` means in this list; whether it belongs there is for the schema to say.

        Raises InvalidPatchError where that cannot be known.
        """
        if self.holds_texts is None:
            raise InvalidPatchError(
                f"{shown(self.place)} has no items yet, so it is unknown whether it holds texts.",
                path=pointer_to(self.place),
                hint=f"Set the whole list: --set {path_to(self.place)}:='[...]'",
            )
        if isinstance(given, RawText):
            given = given.text if self.holds_texts else self._parsed(given)
        return self.respell(given)

    def found(self, given: JsonValue | RawText) -> list[int]:
        """The indices of the items that equal ``given`` or have it as their name."""
        if not self.items:
            return []
        if isinstance(given, RawText):
            named = self.named(self.respell(given.text))
            if self.holds_texts or named:
                return named
            if self.by and not given.text.lstrip().startswith("{"):
                return []
            given = self._parsed(given)
        given = self.respell(given)
        equal = [i for i, one in enumerate(self.items) if strictly_equal(one, given)]
        return equal or (self.named(given) if type(given) is str else [])

    def named(self, name: str) -> list[int]:
        """The indices of the texts that equal ``name``, and of the objects with that name."""
        return [i for i, one in enumerate(self.items) if self.name_of(one) == name]

    def name_of(self, item: JsonValue) -> str | None:
        """A text itself, or the text under an object's first identifying key; else None."""
        if self.by and type(item) is dict:
            item = item.get(self.by[0])
        return item if type(item) is str else None

    def label(self, item: JsonValue) -> str:
        """What to call an item in a message."""
        name = self.name_of(item)
        is_named = type(item) is str or len(self.by) == 1
        return quoted(name) if name is not None and is_named and not self.is_secretive else "it"

    def refuse_namesake(self, item: JsonValue) -> None:
        """Raises InvalidPatchError where another item has the identity of ``item``."""
        if self.keyed is None or (key := self.keyed.key_of(item)) is None:
            return
        for index, one in enumerate(self.items):
            if self.keyed.key_of(one) == key:
                place = (*self.place, str(index))
                raise InvalidPatchError(
                    f"{shown(self.place)} already has {self.label(item)} in another form.",
                    path=pointer_to(place),
                    hint=f"Remove it first, or change it: --set {path_to(place)}.KEY=...",
                )

    def ambiguous(self, found: list[int]) -> InvalidPatchError:
        """The error for a value or name that several items have."""
        places = [(*self.place, str(index)) for index in found]
        return InvalidPatchError(
            f"{shown(self.place)} has {len(found)} such items: {first_few(map(shown, places))}.",
            path=pointer_to(self.place),
            hint="Give the whole item as JSON where only its name is the same, or remove one by "
            f"its index: --unset {path_to(places[0])}",
        )

    def _parsed(self, given: RawText) -> JsonValue:
        try:
            return jsontext.parse(given.text, what=f"The item for {shown(self.place)}")
        except InvalidPatchError as error:
            keys = ", ".join(f'"{key}": "..."' for key in self.by)
            how = f"for example {{{keys}}}" if keys else "text in double quotes"
            raise InvalidPatchError(
                error.message,
                path=pointer_to(self.place),
                hint=f"Write the item as JSON, {how}.",
            ) from None


@dataclass(frozen=True, slots=True)
class _ItemStep(Step):
    place: Tokens
    item: JsonValue | RawText

    def __post_init__(self) -> None:
        refuse_root(self.place)
        if not isinstance(self.item, RawText):
            item = checked(self.item, what=f"The item for {shown(self.place)}")
            refuse_too_deep((*self.place, "-"), item)
            object.__setattr__(self, "item", item)


class AddItem(_ItemStep):
    """Appends an item to a list, unless it is there already.

    A missing list is created if the shape says what it holds.
    """

    __slots__ = ()

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The place after the last item, with the item as far as it is known."""
        item = self.item.guess() if isinstance(self.item, RawText) else self.item
        return (((*self.place, "-"), item),)

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The document with the item; warns already-there where that changes nothing."""
        known = _List(self.place, document, shape)
        path, where = pointer_to(self.place), shown(self.place)
        if not known.items and self.place in shape.widening:
            raise InvalidPatchError(
                f"{where} is absent or empty, which means everything; with one item added, only "
                "that one would be left.",
                path=path,
                hint=f"If you want that, set the list: --set {path_to(self.place)}:='[...]'",
            )
        item = known.item(self.item)
        refuse_too_deep((*self.place, "-"), item)
        if any(strictly_equal(one, item) for one in known.items):
            text = f"{where} already has {known.label(item)}."
            notices.append(Notice("already-there", path, text))
            return document
        known.refuse_namesake(item)
        changed: Document = assigned(document, self.place, [*known.items, copied(item)], shape)
        return changed


class RemoveItem(_ItemStep):
    """Removes an item from a list: given by its value or, among objects, by its name.

    The name is the text under the first of the keys that identify the list's items.
    """

    __slots__ = ()

    def writes(self) -> Iterable[tuple[Tokens, JsonValue]]:
        """The list, with MISSING: which item goes depends on the document."""
        return ((self.place, MISSING),)

    def apply(self, document: Document, shape: Shape, notices: list[Notice]) -> Document:
        """The document without the item; warns not-there where there is none."""
        known = _List(self.place, document, shape)
        found = known.found(self.item)
        if not found:
            self._refuse_elsewhere(document, shape)
            notices.append(Notice("not-there", pointer_to(self.place), self._not_there(known)))
            return document
        if len(found) > 1:
            raise known.ambiguous(found)
        rest = [one for i, one in enumerate(known.items) if i != found[0]]
        return replaced(document, self.place, rest)

    @property
    def _name(self) -> str | None:
        if isinstance(self.item, RawText):
            return self.item.text
        return self.item if type(self.item) is str else None

    def _refuse_elsewhere(self, document: Document, shape: Shape) -> None:
        """Raises InvalidPatchError, with the right option, when the other list has the item."""
        name, other = self._name, shape.alternatives.get(self.place)
        if other is None or name is None or not _List(other, document, shape).named(name):
            return
        assignment = shlex.quote(f"{path_to(other)}={name}")
        raise InvalidPatchError(
            f"{quoted(name)} is not in {shown(self.place)} but in {shown(other)}.",
            path=pointer_to(self.place),
            hint=f"Use --remove {assignment}",
        )

    def _not_there(self, known: _List) -> str:
        if not known.items:
            return f"{shown(self.place)} is empty; there is nothing to remove."
        message = f"{shown(self.place)} has no such item."
        if known.is_secretive or self._name is None:
            return message
        names = filter(None, map(known.name_of, known.items))
        return f"{message} {did_you_mean(self._name, names) or ''}".rstrip()
