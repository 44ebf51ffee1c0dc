"""Every error the package raises on purpose, and the exit code each one means.

PatchError                     70  the base; never raised itself
├── InvalidInputError           2  what the caller gave cannot be used
│   ├── InvalidPatchError          the change cannot be applied, or leaves an invalid document
│   │   └── ReadOnlyFieldError     it names a field that belongs to the server
│   ├── SettingsError              URL, credentials or another setting
│   └── AmbiguousNameError         the name fits several resources
├── UnknownFieldError           2  the resource holds something that cannot be carried over
├── DeclinedError               1  the confirmation said no; nothing was written
├── ApiError                    3  refused or not reachable; nothing was written
│   └── NotFoundError              there is no such resource
├── JournalError                3  the intent could not be recorded, so nothing was written
├── ConflictError               4  someone else got there first; nothing was written
│   └── StaleReadError             the API shows an older state than the one last accepted
├── VerificationError           5  written, but not as intended or not alone
├── OutcomeUnknownError         6  a write may or may not have happened
├── OutputError                74  the result of the command could not be written
└── InterruptedWriteError     130  interrupted; nothing was written

An error says what happened, to what, and (in ``hint``) what to do next. The facts behind the
sentence are attributes. Neither ever holds a credential or a whole document's text.

Hints are written as the command line says them; ``in_python`` turns them into Python's words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final


class PatchError(Exception):
    """The base of all errors of this package.

    Attributes:
        message: what happened, in one sentence.
        command_hint: what to do next as the command line says it, or None.
        exit_code: the exit code of the command line for it.
        result: the PatchResult as far as it got, when there was a plan; else None.
        details: the ``metadata`` of the API's own error, without credentials; None without one.
        report: the plan.Conflict that says who changed what, where two changes meet; else None.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.command_hint = hint
        self.result: Any = None
        self.details: dict[str, Any] | None = None
        self.report: Any = None

    @property
    def hint(self) -> str | None:
        """What to do next in Python's words, or None."""
        return self.command_hint and in_python(self.command_hint)

    def __str__(self) -> str:
        """The message, and the hint on a line of its own."""
        return f"{self.message}\nHint: {self.hint}" if self.hint else self.message


class InvalidInputError(PatchError):
    """What the caller gave cannot be used: an argument, a file, a setting."""

    exit_code = 2


class InvalidPatchError(InvalidInputError):
    """The change cannot be applied, or would leave an invalid document.

    ``path`` is the JSON Pointer (RFC 6901) of the place, or None.
    """

    def __init__(self, message: str, *, path: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.path = path


class ReadOnlyFieldError(InvalidPatchError):
    """The change names a field that belongs to the server and is never sent."""


class SettingsError(InvalidInputError):
    """A setting is missing or unusable: URL, credentials, a number out of range."""


class AmbiguousNameError(InvalidInputError):
    """Several resources have the given name; ``candidates`` holds their ids."""

    def __init__(self, message: str, *, candidates: Sequence[str], hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.candidates = tuple(candidates)


class UnknownFieldError(PatchError):
    """The resource holds what a write cannot carry, and the change does not settle it.

    ``paths`` are JSON Pointers into the writable document, one for each such place.
    """

    exit_code = 2

    def __init__(self, message: str, *, paths: Sequence[str], hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.paths = tuple(paths)


class DeclinedError(PatchError):
    """The confirmation was answered with no. Nothing was written."""

    exit_code = 1


class ApiError(PatchError):
    """The API refused, or could not be reached. Nothing was written.

    ``status`` is the HTTP status or None, ``method`` and ``path`` name the request, ``key`` is
    the API's own error key where its answer had one.
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        method: str = "",
        path: str = "",
        key: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.method = method
        self.path = path
        self.key = key


class NotFoundError(ApiError):
    """There is no such resource, or the credentials cannot see it."""


class JournalError(PatchError):
    """The journal, or the text of an edit, cannot be saved, so no write was started."""

    exit_code = 3


class ConflictError(PatchError):
    """The resource changed since it was read. Nothing was written.

    ``expected`` and ``found`` are versions (None where there is none); ``base`` and ``current``
    the writable documents as first read and as found now (None where they were not compared).
    ``fresh`` is the snapshot that shows what ``report`` says (both None likewise); without them
    there is nothing to rebase onto.
    """

    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        expected: int | None = None,
        found: int | None = None,
        base: dict[str, Any] | None = None,
        current: dict[str, Any] | None = None,
        report: Any = None,
        fresh: Any = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.expected = expected
        self.found = found
        self.base = base
        self.current = current
        self.report = report
        self.fresh = fresh


class StaleReadError(ConflictError):
    """The API shows an older state than before, as a lagging replica does. Nothing was written.

    ``expected`` is the version seen before, ``found`` the one shown now.
    """


class VerificationError(PatchError):
    """The write happened, but what is stored is not what was sent, or someone else wrote too.

    ``sent`` and ``stored`` are the two writable documents, ``differences`` the changes from one
    to the other (credentials masked), ``version_before`` and ``version_after`` the versions
    around the write.
    """

    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        sent: dict[str, Any] | None = None,
        stored: dict[str, Any] | None = None,
        differences: Sequence[Any] = (),
        version_before: int | None = None,
        version_after: int | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent
        self.differences = tuple(differences)
        self.stored = stored
        self.version_before = version_before
        self.version_after = version_after


class OutcomeUnknownError(PatchError):
    """A write was, or may have been, sent; whether it took effect is unknown.

    ``journal_entry`` names the record of what was there before; ``job_id`` the API's job if any.
    """

    exit_code = 6

    def __init__(
        self,
        message: str,
        *,
        journal_entry: str | None = None,
        job_id: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.journal_entry = journal_entry
        self.job_id = job_id


class OutputError(PatchError):
    """The result of the command could not be written: the disk is full, or the stream closed."""

    exit_code = 74


class InterruptedWriteError(PatchError):
    """A signal arrived before the write began. Nothing was written."""

    exit_code = 130


def _step(found: re.Match[str]) -> str:
    """``--set PATH=TEXT`` and its like as a call of Patch."""
    path, operator, value = re.split(r"(:?=|$)", found[2].strip("'"), maxsplit=1)
    is_text = operator == "=" and value != "..." and not value.startswith("@")
    shown = f'"{value}"' if is_text else value.strip("'\"").replace("@FILE", "...")
    return f'Patch.{found[1]}("{path}"{f", {shown}" if operator else ""})'


def _keyword(found: re.Match[str]) -> str:
    """An option as a keyword argument, with its value where it has one."""
    name, *value = found.groups()
    return name.replace("-", "_") + (f'="{value[0]}"' if value else "=True")


_WORD: Final = r"('[^']*'|[^\s,)]*(?:\.\.\.|[^\s,).]))"
"""A word of a command, in quotes or not."""

_PYTHON: Final[tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]] = (
    (r"patch-model plan \.\.\. --out FILE", "patcher.save_plan(patcher.plan_patch(...), FILE)"),
    (r"patch-model plan (MODEL.*) --preview --impact", r"patcher.plan_patch(\1 preview=True)"),
    (r"patch-model pull ([-0-9a-f]{36})", r'patcher.pull_models(folder, ["\1"])'),
    (r"patch-model pull\b", "patcher.pull_models()"),
    (r"patch-model (apply|plan) -f (\S+)", r'patcher.\1_files(["\2"])'),
    (r"--base (live|HEAD|[0-9a-f]{12})\b", r'base="\1"'),
    (r"--base\b", "base"),
    (r"patch-model list\b", "patcher.list_models()"),
    (r"patch-model get\b", "patcher.get_model()"),
    (r"patch-model apply\b", "patcher.patch_model()"),
    (r"patch-model (edit|history) (@?[0-9a-f][-0-9a-f]{7,})", r'patcher.\1("\2")'),
    (r"patch-model history\b", "patcher.history()"),
    (r"patcher\.edit\(", "patcher.edit_model("),
    (r"--add and --remove\b", "Patch.add and Patch.remove"),
    (rf"--(set|unset|add|remove) {_WORD}", _step),
    (r"--(merge|document)\b", r"Patch.\1"),
    (r"--where ([^' ]*)'([^']*)'", r'where=["\1\2"]'),
    (r"--(on-conflict|unknown-fields) (\w+)", _keyword),
    (rf"--literal {_WORD}", r'literal=["\1"]'),
    (r"--(accept-older|allow-all-fields|preview|impact|strict|refresh)\b", _keyword),
    (r"--unknown-fields\b", "unknown_fields"),
    (r"--expect-version\b", "expect_version"),
    (r"--url (http[^\s,]*)", r'Client(url="\1")'),
    (r"--(url|run)\b", r"\1"),
    (r"--api-key-file FILE\b", "an API key to Client"),
    (r"--api-(key-file|version)\b", "the settings of the Client"),
    (r"--settle-timeout\b", "settle timeout"),
)


def in_python(text: str) -> str:
    """A text that names options and commands of the command line, in Python's words."""
    for pattern, words in _PYTHON:
        text = re.sub(pattern, words, text)
    return text
