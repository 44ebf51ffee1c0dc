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
├── ConflictError               4  somebody else got there first; nothing was written
│   └── StaleReadError             a reading is older than one that was accepted before
├── VerificationError           5  written, but not as intended or not alone
├── OutcomeUnknownError         6  a write may or may not have happened
├── OutputError                74  what the command was called for could not be put out
└── InterruptedWriteError     130  interrupted; nothing was written

An error says what happened, to what, and (in ``hint``) what to do next. The facts behind the
sentence are attributes. Neither ever holds a credential or a whole document's text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar


class PatchError(Exception):
    """The base of all errors of this package.

    Attributes:
        message: what happened, in one sentence.
        hint: what to do next, or None.
        exit_code: the exit code of the command line for it.
        result: the PatchResult as far as it got, when there was a plan; else None.
        details: the ``metadata`` of the API's own error, without credentials; None without one.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.result: Any = None
        self.details: dict[str, Any] | None = None

    def __str__(self) -> str:
        """The message, also where something was added to it on the way."""
        return self.message


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
    """The journal, or the text of an edit, cannot be put on disk, so no write was started."""

    exit_code = 3


class ConflictError(PatchError):
    """The resource moved since it was read. Nothing was written.

    ``expected`` and ``found`` are versions (None where there is none); ``base`` and ``current``
    the writable documents as first read and as found now (None where they were not compared).
    ``report`` is the plan.Conflict that says who changed what, and ``fresh`` the reading that
    shows it (None likewise); without them there is nothing to rebase on.
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
    """The API shows an older state than it did before, as a replica that lags behind does.

    ``expected`` is the version seen before, ``found`` the one that is shown now. Nothing was
    written.
    """


class VerificationError(PatchError):
    """The write happened, but what is stored is not what was sent, or somebody wrote in between.

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
    """A write was, or may have been, sent, and whether it took effect cannot be told.

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
    """What the command was called for could not be put out: the disk is full, the stream closed."""

    exit_code = 74


class InterruptedWriteError(PatchError):
    """A signal arrived before the write began. Nothing was written."""

    exit_code = 130
