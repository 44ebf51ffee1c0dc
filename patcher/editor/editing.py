"""The guarded manual edit: open, read, check, show, ask, write, and start over where need be."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from patcher.documents import jsontext
from patcher.documents.patches import Patch
from patcher.documents.threeway import Collision, merge
from patcher.documents.values import Document, strictly_equal
from patcher.editor.buffer import Buffer
from patcher.editor.draft import Basis, Draft
from patcher.editor.program import ENDING_SIGNALS, Program, signals_deferred
from patcher.errors import (
    ConflictError,
    DeclinedError,
    InvalidInputError,
    InvalidPatchError,
    PatchError,
    StaleReadError,
    UnknownFieldError,
)
from patcher.plan import PatchResult, Plan, Terms, propose, propose_edited
from patcher.plan.conflicts import conflict, rebase, refuse_other_than
from patcher.resources.blockers import still_there
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot

Answer: TypeAlias = Literal["apply", "edit", "stop"]
"""What a person says to a diff."""


class EditContext(NamedTuple):
    """What an edit needs of the world.

    Attributes:
        resource: what kind of resource is edited.
        url: the API's address.
        theirs: what a conflict found of somebody else's, or what is there now.
        write: the guarded write of a plan.
        program: finds the editor; called when it is first needed.
        ask: shows a plan and asks about it.
        tell: says a sentence to the person.
        attended: whether ``ask`` asks somebody; else there is nobody to edit a second time.
        rebases: whether a plan may be put upon somebody else's write without being asked about.
    """

    resource: Resource
    url: str
    theirs: Callable[[Plan, ConflictError], Snapshot]
    write: Callable[[Plan], PatchResult]
    program: Callable[[], Program]
    ask: Callable[[Plan], Answer]
    tell: Callable[[str], None]
    attended: bool = True
    rebases: bool = False


_REBASES: Final = 3

_RESUMED: Final = (
    "Resumed on a terminal, your text is put upon theirs: you see the diff, and where you both "
    "changed the same, both values. In a script, --on-conflict rebase does it where both can stand."
)

_PATIENCE: Final = 5
"""How often in a row a text is opened again that came back faster than anybody can mend it."""


@dataclass(slots=True)
class Edit:
    """One manual edit, from the first text to the write.

    Attributes:
        world: what it needs of the world.
        draft: its file.
        buffer: how the document of its base is put into text.
        terms: what goes with every plan.
        pristine: the text that the file holds before anybody edited it.
        latest: for an edit that is resumed, what is there by now; its text is looked at first,
            and opened only if need be.
        kept: where the text is, once it has been kept.
        copies: what an editor that did not end well has left beside it.
        earlier: where the text is that was there before the editor left another, unfinished one.
        plan: the last plan that the text came to.
    """

    context: EditContext
    draft: Draft
    buffer: Buffer
    terms: Terms
    pristine: bytes = b""
    latest: Snapshot | None = None
    kept: Path | None = None
    copies: tuple[Path, ...] = ()
    earlier: Path | None = None
    plan: Plan | None = None
    _seen: bytes | None = field(default=None, init=False)  # the last text that was whole
    _refused: str | None = field(default=None, init=False)
    _hasty: int = field(default=0, init=False)
    _lines_above: int = field(default=0, init=False)
    _is_open: bool = field(default=False, init=False)
    _beside: frozenset[Path] = field(default=frozenset(), init=False)  # at the last visit

    def run(self) -> PatchResult:
        """The result of the edit: applied, unchanged or declined.

        However it ends without a write, the text stays on disk, and ``kept`` says where; only one
        that holds nothing new is removed. Raises what the guard does, and InvalidInputError for
        a text that cannot be taken.
        """
        try:
            result = self._loop()
        except BaseException as error:
            self._keep()
            if isinstance(error, ConflictError) and self.kept is not None:
                is_stale = isinstance(error, StaleReadError)
                error.hint = error.hint if is_stale else _RESUMED
            if isinstance(error, PatchError) and error.result is None:
                error.result = self._result(error)
            raise
        if result.status == "declined":
            self._keep()
        else:
            self.draft.discard()
        return result

    def _loop(self) -> PatchResult:
        is_open = self.latest is None
        while True:
            try:
                body = self._visited() if is_open else self._read()
            except InvalidPatchError as error:  # it is no text at all
                if is_open or not self.context.attended:
                    raise
                self.context.tell(f"Error: {error.message}")
                is_open = True
                continue
            is_open = True
            if self.buffer.is_empty(body):
                self.context.tell("The text was emptied, and so the edit is cancelled.")
                return self._declined("the text was emptied")
            try:
                plan = self._plan(body, self._lines_above)
            except (InvalidInputError, UnknownFieldError) as error:
                self._open_again(body, error)
                continue
            ended = self._settled(plan)
            if ended is not None:
                return ended

    def _visited(self) -> str:
        """The body of the text after a visit to the editor."""
        program = self.context.program()
        before = self.draft.read()
        self._beside = self.draft.beside()
        self._is_open = False
        visit = program.visit(self.draft.path, self._still_open)
        self._hasty = self._hasty + 1 if visit.was_hasty else 0
        if self.draft.read() == before and program.did_not_wait(visit):
            self._is_open = True
            raise InvalidInputError(
                f"The editor {program.name} returned at once, without waiting for you, so nothing "
                "was written; its window may still be open.",
                hint="Have it wait until the file is closed: export EDITOR='code --wait', for "
                "example. What you save in that window can be resumed.",
            )
        if visit.was_hasty and self.draft.read() == self.pristine and self.context.attended:
            self._doubt(program)
        self._is_open = False
        return self._read()

    def _still_open(self) -> None:
        """What was left running may still save the text."""
        self._is_open = True

    def _doubt(self, program: Program) -> None:
        if not program.is_known:
            self.context.tell(
                f"Note: the editor {program.name} returned at once. If it has a window that is "
                "still open, what you save there goes nowhere: have it wait, as in "
                "EDITOR='code --wait'."
            )

    def _read(self) -> str:
        content = self.draft.read()
        if not self._says_nothing(content):
            self._seen = content
        text = jsontext.decoded(content, what=f"The text in {self.draft.path}")
        text = text.replace("\r\n", "\n").replace("\r", "\n")  # whatever the editor ends lines by
        body = self.buffer.body_of(text)
        self._lines_above = text.count("\n") - body.count("\n")
        return body

    def _plan(self, body: str, lines_above: int) -> Plan:
        """The plan of the text below so many lines, against what it is based on."""
        document = self.buffer.document_of(body, lines_above)
        try:
            Patch.document(document).check(self.context.resource.shape, allow_unknown=True)
            self.plan = propose_edited(
                self.context.resource, self.buffer.base, document, self.terms
            )
        except (InvalidPatchError, UnknownFieldError) as error:
            path = error.paths[0] if isinstance(error, UnknownFieldError) else error.path
            line = self.buffer.line_of(body, path)
            if line is not None:
                error.message = f"{error.message} (line {lines_above + line})"
            raise
        return self.plan

    def _open_again(self, body: str, error: PatchError) -> None:
        """Puts the reason above the text; raises it where nobody will mend the text."""
        if not self.context.attended or body == self._refused or self._hasty == _PATIENCE:
            raise error
        self._refused = body
        reason = error
        for _ in range(3):  # the header grows by the reason, and the reason tells a line below it
            lines_above = len(self.buffer.header(_reasons(reason)))
            try:
                self._plan(body, lines_above)
            except (InvalidInputError, UnknownFieldError) as moved:
                reason = moved
        self.context.tell(f"Error: {reason.message}")
        self._write(self.buffer.headed(body, _reasons(reason)))

    def _settled(self, plan: Plan) -> PatchResult | None:
        """How a plan ended; None when the text is to be opened again."""
        upon: Plan | None = plan
        if self.latest is not None and not plan.is_unchanged:
            upon = self._upon(plan, self.latest)
        for rebases in count():
            if upon is None:
                return None
            if upon.is_unchanged:
                return PatchResult.of_plan(upon)
            answer = self.context.ask(upon)
            if answer == "stop":
                return self._declined("the answer was no", upon)
            if answer == "edit":
                if upon is not plan:
                    self._rest_on(upon.base, upon.proposed)
                return None
            try:
                return self.context.write(upon)
            except ConflictError as error:
                if self._is_final(error, rebases):
                    raise
                upon = self._upon(upon, self.context.theirs(upon, error), shown=plan)
        raise AssertionError("the loop returns or raises")  # pragma: no cover

    def _is_final(self, error: ConflictError, rebases: int) -> bool:
        """Whether a conflict after so many rebases ends the edit."""
        if error.report is None:  # it found nothing newer to rebase on
            return True
        return not self.context.attended and (not self.context.rebases or rebases == _REBASES)

    def _upon(self, plan: Plan, fresh: Snapshot, shown: Plan | None = None) -> Plan | None:
        """``plan`` upon what is there now; None when both changed the same and the text says so.

        Raises ConflictError where nobody can be asked.
        """
        document, _ = self.context.resource.document(fresh, self.terms.unknown_fields)
        if not fresh.has_other_version(plan.base) and strictly_equal(document, plan.document):
            return plan
        if strictly_equal(document, plan.proposed):
            # As after a write of this very text that landed when nobody was waiting any more.
            return propose(self.context.resource, fresh, document, self.terms)
        if not self.context.attended and not self.context.rebases:
            raise conflict(plan, fresh, document)
        try:
            upon = rebase(plan, fresh)
        except ConflictError as error:
            if not self.context.attended:
                raise
            self.context.tell(
                f"{error.message} Both values are in the text now, at each of these places."
            )
            self._open_both(plan, fresh, document)
            return None
        if shown is not None and not self.context.attended:
            refuse_other_than(shown, upon)
        return upon

    def _open_both(self, plan: Plan, fresh: Snapshot, document: Document) -> None:
        shape = self.context.resource.shape
        merged = merge(plan.document, plan.proposed, document, shape)
        self._rest_on(fresh, merged.document, merged.collisions)

    def _rest_on(
        self, base: Snapshot, document: Document, collisions: Sequence[Collision] = ()
    ) -> None:
        """Bases the edit on a later reading. The text goes first: it holds theirs already."""
        self.buffer = self.buffer._replace(base=base)
        self.latest = None
        terms = self.terms
        found = self.context.resource.projection(base, terms.unknown_fields, terms.masks)
        left = still_there(found.blockers, found.document, document)
        document = self.context.resource.shape.ordered(document)
        text = self.buffer.text(document, collisions, blockers=left)
        self._write(text)
        self.draft.rest_on(self._basis())

    def _declined(self, why: str, plan: Plan | None = None) -> PatchResult:
        label = plan.label if plan else f"{self.context.resource.noun} {self.buffer.base.name}"
        return self._result(DeclinedError(f"{label} was not written: {why}."), plan)

    def _result(self, error: PatchError, plan: Plan | None = None) -> PatchResult:
        return PatchResult.of_error(
            error,
            self.context.resource,
            target=self.buffer.base.id or "",
            plan=plan or self.plan,
        )

    def _keep(self) -> None:
        """Keeps a text in which somebody may have written something, saved or not."""
        with signals_deferred(*ENDING_SIGNALS, signal.SIGINT):
            self._put_away()

    def _put_away(self) -> None:
        """Keeps each text that holds what someone wrote, and removes what holds nothing else."""
        self.draft.recover()
        seen = None if self._seen == self.pristine else self._seen
        try:
            left: bytes | None = self.draft.read()
        except InvalidInputError:
            left = None
        content = seen if left is None or self._says_nothing(left) else left
        if seen not in (None, content):
            self.earlier = self.draft.keep_apart(seen, self._basis())
        self.copies = tuple(self.draft.copies(self._beside, (self.pristine, content)))
        if content in (None, self.pristine) and not self._is_open and not self.copies:
            self.draft.discard()
            return
        if left is None or content != left:
            with suppress(PatchError):
                self.draft.write(self.pristine if content is None else content)
        self.draft.keep(self._basis())
        self.kept = self.draft.path

    def _write(self, text: str) -> None:
        """Puts a text of our making, in which theirs is, into the file."""
        self.draft.write(text.encode())
        self._seen = text.encode()

    def _says_nothing(self, content: bytes) -> bool:
        """Whether a text is empty but for comments."""
        text = content.decode("utf-8", "replace").replace("\r", "\n")
        return self.buffer.is_empty(self.buffer.body_of(text))

    def _basis(self) -> Basis:
        return Basis(
            self.context.url, self.context.resource.noun, self.buffer.format, self.buffer.base
        )


def _reasons(error: PatchError) -> list[str]:
    return [error.message, *([error.hint] if error.hint else [])]
