"""Conditions on documents, ``PATH=VALUE`` and ``PATH~=REGEX``, to select resources."""

from __future__ import annotations

import re
from typing import NamedTuple

from patcher.documents import jsontext
from patcher.documents.jsontext import quoted
from patcher.documents.masks import Masks
from patcher.documents.pointers import end_of_path, lookup, parse_path, pointer_to, shown
from patcher.documents.shape import Shape
from patcher.documents.values import MISSING, Document, JsonValue, Tokens
from patcher.documents.wording import did_you_mean
from patcher.errors import InvalidInputError, InvalidPatchError

_EXAMPLE = "For example: --where name='Paid orders', or --where configuration.query~='from orders'"


class Condition(NamedTuple):
    """One condition: the value at ``place`` is ``text``, or ``pattern`` is found in it.

    Numbers, booleans and null are compared as JSON text. A list matches when one of its items
    does; an object in a keyed list is compared by its identity. A missing value never matches.
    """

    place: Tokens
    text: str
    pattern: re.Pattern[str] | None = None

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Parses a condition: the first unescaped ``=`` ends the path.

        A ``~`` right before or after it makes what follows a regular expression, found anywhere.
        Raises InvalidInputError. The value is never repeated in errors: it may be a secret.
        """
        end = end_of_path(text)
        if end == len(text):
            raise InvalidInputError(
                "A condition is PATH=VALUE or PATH~=REGEX, but one has no =.", hint=_EXAMPLE
            )
        path, value = text[:end], text[end + 1 :]
        if value.startswith("~") and not path.endswith("~"):
            path, value = f"{path}~", value[1:]
        if not path.endswith("~"):
            Masks().refuse(value, parse_path(path))
            return cls(parse_path(path), value)
        place = parse_path(path[:-1])
        try:
            return cls(place, value, re.compile(value))
        except (re.error, OverflowError, RecursionError) as error:
            reason = error.msg if isinstance(error, re.error) else "it is too large"
            raise InvalidInputError(
                f"The condition on {shown(place)} is not a valid regular expression: {reason}.",
                hint="Use Python's syntax; write \\ before a character to match it literally.",
            ) from None

    def check(self, shape: Shape, masks: Masks, *, allow_unknown: bool = False) -> None:
        """Raises InvalidPatchError for an unknown path and for a credential.

        Testing a credential prefix by prefix would reveal it.
        """
        first = self.place[0]
        known = shape.members
        if first not in known and (first in shape.server_owned or not allow_unknown):
            raise InvalidPatchError(
                f"Unknown path in a condition: {quoted(first)}.",
                path=pointer_to(self.place[:1]),
                hint=did_you_mean(first, known) or f"Known keys: {', '.join(known)}.",
            )
        if masks.is_masked_place(self.place):
            raise _secret(masks.shown_place(self.place))

    def holds(self, document: Document, shape: Shape, masks: Masks) -> bool:
        """Whether a document matches.

        Raises InvalidPatchError where part of the value is masked: a credential that its place
        alone does not show, such as the value of {"name": "Authorization", "value": ...}.
        """
        value, known = lookup(document, self.place), masks.on(document)
        if type(value) is dict or value is MISSING:
            return False
        if known.masked_value(value, self.place) != value:
            raise _secret(known.shown_place(self.place))
        is_list, keyed = type(value) is list, shape.lists.get(self.place)
        at = (*self.place, "-") if is_list else self.place
        text = shape.respelled(self.text, document, at)
        return any(
            self._fits(keyed.key_of(one) if keyed and type(one) is dict else one, text)
            for one in (value if is_list else [value])
        )

    def _fits(self, value: JsonValue, wanted: str) -> bool:
        if type(value) in (dict, list, tuple):
            return False
        text = value if type(value) is str else jsontext.dump(value)
        if self.pattern is not None:
            return bool(self.pattern.search(text))
        return text == wanted


def _secret(place: Tokens) -> InvalidPatchError:
    return InvalidPatchError(
        f"{shown(place)} looks like a credential, which a condition can't test.",
        path=pointer_to(place),
        hint="Use another path.",
    )
