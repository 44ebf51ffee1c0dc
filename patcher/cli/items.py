"""Parses items such as ``PATH=TEXT``, and the values of --set, --unset, --add and --remove.

Files are read by a function that the caller passes; without one, an ``@`` is literal.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Final, TypeAlias

from patcher.documents import jsontext
from patcher.documents.jsontext import quoted
from patcher.documents.lists import AddItem, RawText, RemoveItem
from patcher.documents.masks import Masks
from patcher.documents.pointers import end_of_path, item_to, parse_path, path_to, pointer_to, shown
from patcher.documents.steps import Assign, Unset
from patcher.documents.values import JsonValue, Tokens
from patcher.errors import InvalidInputError, InvalidPatchError

_FORCED_NAME: Final = re.compile("name:(?!=)")
# Right before the =, not escaped; after "." or "/" a "-" is the append token of the path.
_OPERATOR: Final = re.compile(r"(?<!\\)(?:\\\\)*([:+]|(?<=[^./])-)\Z")

_EXAMPLES: Final = {
    "A change": "name='New name'",
    "--set": "--set name='New name' or --set enabled:=true",
    "--add": "--add fields=email",
    "--remove": "--remove fields=email",
}
_NO_MASKS: Final = Masks()

ReadFile: TypeAlias = "Callable[[str], str] | None"
"""Returns the text of a file; None where a change cannot name one."""


def is_item(text: str) -> bool:
    """Whether a positional argument is an item, not a MODEL: it has an unescaped ``=``.

    ``name:TEXT`` is a MODEL whatever TEXT holds, but ``name:=JSON`` is an item.
    """
    return not _FORCED_NAME.match(text) and end_of_path(text) < len(text)


def parse_item(
    text: str, read_file: ReadFile, masks: Masks = _NO_MASKS
) -> Assign | AddItem | RemoveItem:
    """Returns the step for a positional item.

    That is what ``parse_set`` accepts, or ``PATH+=VALUE`` and ``PATH-=VALUE``, whose VALUE is as
    typed, an ``@`` too. Raises InvalidPatchError, and what ``read_file`` raises.
    """
    path, operator, value = _split(text, "A change")
    if path != path.strip() or not path:
        raise InvalidPatchError(
            "The path begins or ends with a space." if path else "There is no path before the =.",
            hint=r"Write PATH=VALUE without spaces around the =. A space in a key is \u0020.",
        )
    if operator in (":", ""):
        return _assign(path, value, read_file, masks, is_json=operator == ":")
    step = AddItem if operator == "+" else RemoveItem
    return step(parse_path(path), RawText(value))


def parse_set(text: str, read_file: ReadFile, masks: Masks = _NO_MASKS) -> Assign:
    """Returns the step for ``PATH=TEXT``, ``PATH:=JSON``, ``PATH=@FILE`` or ``PATH:=@FILE``.

    The first unescaped ``=`` ends the path, ``:`` right before it selects JSON, and ``@`` right
    after it a file, whose text ``read_file`` returns; ``@@`` is one ``@``. A file after ``:=`` is
    JSON or YAML by its name. What ``masks`` hide is not repeated in errors.
    Raises InvalidPatchError, and what ``read_file`` raises.
    """
    path, operator, value = _split(text, "--set")
    if operator in ("+", "-"):
        path += operator  # a key may end so
    return _assign(path, value, read_file, masks, is_json=operator == ":")


def parse_unset(text: str) -> Unset:
    """The step for ``PATH``. Raises InvalidPatchError."""
    if not text.startswith("/") and end_of_path(text) < len(text):
        raise InvalidPatchError(
            "--unset expects a path without a value.",
            hint=r"For example: --unset identifier. Within a key, write \= for an equals sign.",
        )
    return Unset(parse_path(text))


def parse_add(text: str) -> AddItem:
    """The step for ``PATH=VALUE``, a new item for the list at PATH. Raises InvalidPatchError."""
    return AddItem(*_place_and_value(text, "--add"))


def parse_remove(text: str) -> RemoveItem:
    """The step for ``PATH=VALUE``, an item of the list at PATH. Raises InvalidPatchError."""
    return RemoveItem(*_place_and_value(text, "--remove"))


def _place_and_value(text: str, option: str) -> tuple[Tokens, RawText]:
    path, operator, value = _split(text, option)
    if operator == ":":
        raise InvalidPatchError(
            f"{option} expects PATH=VALUE, without a colon.",
            path=pointer_to(parse_path(path)),
            hint="In a list of objects, VALUE is read as JSON.",
        )
    return parse_path(path + operator), RawText(value)


def _split(text: str, option: str) -> tuple[str, str, str]:
    """Returns the path as typed, the operator before the ``=``, and everything after it."""
    end = end_of_path(text)
    if end == len(text):
        # What was typed is not repeated: if the path was forgotten, it is a value.
        raise InvalidPatchError(
            f"{option} expects PATH=VALUE, but there is no =.",
            hint=f"For example: {_EXAMPLES[option]}",
        )
    path, value = text[:end], text[end + 1 :]
    operator = _OPERATOR.search(path)
    return (path[:-1], operator[1], value) if operator else (path, "", value)


def _assign(path: str, value: str, read_file: ReadFile, masks: Masks, *, is_json: bool) -> Assign:
    place = parse_path(path)
    _refuse_list_operator(path, place)
    if read_file is not None and value.startswith("@@"):
        value = value[1:]
    elif read_file is not None and value.startswith("@"):
        found = _from_file(place, value[1:], read_file, is_json=is_json)
        return Assign(place, found, None if is_json else _repeatable(found, place, masks))
    if is_json:
        return Assign(place, _json(place, value, may_be_file=read_file is not None))
    return Assign(place, value, _repeatable(value, place, masks))


def _repeatable(text: JsonValue, place: Tokens, masks: Masks) -> str:
    """The text as a message may repeat it."""
    return "..." if masks.is_masked_place(place) else str(text)


def _refuse_list_operator(path: str, place: Tokens) -> None:
    """Refuses ``--set fields+=x`` and ``fields+:=x``: no top-level key ends with an operator."""
    operator = _OPERATOR.search(path)
    if operator and len(place) == 1 and operator[1] in "+-":
        what, option = ("add", "--add") if operator[1] == "+" else ("remove", "--remove")
        to_list = path_to((place[0][:-1],))
        hint = (
            f"To {what} an item: {to_list}{operator[1]}=VALUE, "
            f"or {option} {to_list}=VALUE (VALUE is JSON in a list of objects)."
        )
        raise _refused(place, "expected a key, got a list operator.", hint)


def _from_file(
    path: Tokens, name: str, read_file: Callable[[str], str], *, is_json: bool
) -> JsonValue:
    """Returns what a file holds. If there is no such file, its name is not repeated.

    It may be a password that begins with ``@``.
    """
    hint = "For text that begins with @, write @@."
    if not name:
        raise InvalidPatchError("There is no file name after the @.", hint=hint)
    try:
        text = read_file(name)
    except InvalidInputError as error:
        reason = error.message.removeprefix(name).lstrip()
        raise _refused(path, f"the file after the @ {reason}", hint) from None
    if not is_json:
        if not text:
            # More likely a failed command before a pipe than a text that should be empty.
            what = "standard input" if name == "-" else "the file after the @"
            hint = f"To set an empty text: {item_to(path, '=', '')}"
            raise _refused(path, f"{what} is empty.", hint)
        return text
    from patcher.documents.yamltext import parse_json_or_yaml

    return parse_json_or_yaml(text, what=name, filename=name)


def _refused(place: Tokens, why: str, hint: str) -> InvalidPatchError:
    return InvalidPatchError(f"{shown(place)}: {why}", path=pointer_to(place), hint=hint)


def _json(path: Tokens, text: str, *, may_be_file: bool) -> JsonValue:
    try:
        return jsontext.parse(text, what=f"The value for {quoted(path_to(path))}")
    except InvalidPatchError as error:
        ways = f"For text, leave out the colon: {item_to(path, '=', '...')}"
        if may_be_file and is_file(text):
            ways = f"Did you mean {item_to(path, ':=', '@' + text)}?"
        raise InvalidPatchError(
            error.message,
            path=pointer_to(path),
            hint=f"{error.command_hint} {ways}" if error.command_hint else ways,
        ) from None


def is_file(name: str) -> bool:
    """Whether there is a file of that name; any text may be asked about."""
    return os.path.isfile(name)  # noqa: PTH113 - Path raises for a name that is too long
