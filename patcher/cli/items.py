"""The texts of --set, --unset, --add and --remove, and the steps that they say.

The one thing outside that they touch, a file, is read by a function that the caller gives.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from patcher.documents import jsontext
from patcher.documents.jsontext import quoted
from patcher.documents.pointers import end_of_path, parse_path, path_to, pointer_to, shown
from patcher.documents.set_unset import Assign, Unset
from patcher.documents.values import JsonValue, Tokens
from patcher.errors import InvalidInputError, InvalidPatchError

if TYPE_CHECKING:
    from patcher.documents.lists import AddMember, RawText, RemoveMember

_UNESCAPED_COLON: Final = re.compile(r"(?<!\\)(?:\\\\)*:\Z")

_EXAMPLES: Final = {
    "--set": "--set name='New name' or --set enabled:=true",
    "--add": "--add fields=email",
    "--remove": "--remove fields=email",
}


def parse_set(text: str, read_file: Callable[[str], str]) -> Assign:
    """The step for ``PATH=TEXT``, ``PATH:=JSON``, ``PATH=@FILE`` or ``PATH:=@FILE``.

    The first unescaped ``=`` ends the path, ``:`` just before it selects JSON, and ``@`` just
    after it a file, whose text ``read_file`` gives; ``@@`` is one ``@``. A file after ``:=`` is
    JSON or YAML by its name. Raises InvalidPatchError, and what ``read_file`` raises.
    """
    path, is_json, value = _parted(text, "--set")
    if value.startswith("@@"):
        value = value[1:]
    elif value.startswith("@"):
        return Assign(path, _from_file(path, value[1:], read_file, is_json=is_json))
    return Assign(path, _json(path, value) if is_json else value)


def parse_unset(text: str) -> Unset:
    """The step for ``PATH``. Raises InvalidPatchError."""
    if not text.startswith("/") and end_of_path(text) < len(text):
        raise InvalidPatchError(
            "--unset takes a path and no value.",
            hint=r"For example: --unset identifier. Within a key, write \= for an equals sign.",
        )
    return Unset(parse_path(text))


def parse_add(text: str) -> AddMember:
    """The step for ``PATH=VALUE``, a member for the list at PATH. Raises InvalidPatchError."""
    from patcher.documents.lists import AddMember

    path, value = _member(text, "--add")
    return AddMember(path, value)


def parse_remove(text: str) -> RemoveMember:
    """The step for ``PATH=VALUE``, a member of the list at PATH. Raises InvalidPatchError."""
    from patcher.documents.lists import RemoveMember

    path, value = _member(text, "--remove")
    return RemoveMember(path, value)


def _member(text: str, option: str) -> tuple[Tokens, RawText]:
    from patcher.documents.lists import RawText

    path, is_json, value = _parted(text, option)
    if is_json:
        raise InvalidPatchError(
            f"{option} takes PATH=VALUE, without a colon.",
            path=pointer_to(path),
            hint="VALUE is read as JSON by itself where the list holds objects.",
        )
    return path, RawText(value)


def _parted(text: str, option: str) -> tuple[Tokens, bool, str]:
    """The path, whether a colon asks for JSON, and all that follows the equals sign."""
    end = end_of_path(text)
    if end == len(text):
        # What was typed is not repeated: where the path is forgotten, it is a value.
        raise InvalidPatchError(
            f"{option} takes PATH=VALUE, and there is no = in what it was given.",
            hint=f"For example: {_EXAMPLES[option]}",
        )
    path, value = text[:end], text[end + 1 :]
    is_json = path.endswith(":") and _UNESCAPED_COLON.search(path) is not None
    return parse_path(path[:-1] if is_json else path), is_json, value


def _from_file(
    path: Tokens, name: str, read_file: Callable[[str], str], *, is_json: bool
) -> JsonValue:
    """What a file holds. A name of no file is not repeated: a password may begin with @."""
    hint = "For a text that begins with @, write @@."
    if not name:
        raise InvalidPatchError("There is no file name after the @.", hint=hint)
    try:
        text = read_file(name)
    except InvalidInputError as error:
        reason = error.message.removeprefix(name).lstrip()
        raise InvalidPatchError(
            f"{shown(path)}: the file after the @ {reason}", path=pointer_to(path), hint=hint
        ) from None
    if not is_json:
        if not text:
            # A command before a pipe that failed, more often than a text that is to be empty.
            raise InvalidPatchError(
                f"{shown(path)}: {'standard input' if name == '-' else 'the file after the @'} is "
                "empty.",
                path=pointer_to(path),
                hint=f"To set an empty text: --set {path_to(path)}=",
            )
        return text
    from patcher.documents import yamltext

    return yamltext.parse_json_or_yaml(text, what=name, filename=name)


def _json(path: Tokens, text: str) -> JsonValue:
    try:
        return jsontext.parse(text, what=f"The value for {quoted(path_to(path))}")
    except InvalidPatchError as error:
        without_colon = f"For a text, leave the colon out: --set {path_to(path)}=..."
        raise InvalidPatchError(
            error.message,
            path=pointer_to(path),
            hint=f"{error.hint} {without_colon}" if error.hint else without_colon,
        ) from None
