"""The edit loop: open, parse, check, show, ask, write, and start over where necessary."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from patcher.documents import jsontext
from patcher.documents.patches import Patch
from patcher.documents.threeway import Collision, merge
from patcher.documents.values import Document, strictly_equal
from patcher.editor.buffer import Buffer
from patcher.editor.draft import Basis, Draft
from patcher.editor.program import AT_ONCE, ENDING_SIGNALS, Program, signals_deferred
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
"""A person's answer to a diff."""


@dataclass(frozen=True, slots=True)
class EditContext:
    """What the edit loop depends on: store, editor, prompt.

    Attributes:
        resource: the kind of resource that is edited.
        theirs: returns the snapshot that a conflict found, or the present one.
        write: the guarded write of a plan.
        program: finds the editor; called when it is first needed.
        ask: shows a plan and asks about it.
        notify: shows a sentence.
        attended: whether ``ask`` asks a person, who can edit a second time.
        rebases: whether a plan may be rebased on someone else's write without a prompt.
    """

    resource: Resource
    theirs: Callable[[Plan, ConflictError], Snapshot]
    write: Callable[[Plan], PatchResult]
    program: Callable[[], Program]
    ask: Callable[[Plan], Answer]
    notify: Callable[[str], None]
    attended: bool = True
    rebases: bool = False


_REBASES: Final = 3
"""Maximum number of rebases without a prompt."""

_RESUMED: Final = (
    "Resume it on a terminal to merge your edit with theirs: you see the diff, and both values "
    "where you both changed the same. In a script, --on-conflict rebase merges them where the "
    "changes don't overlap."
)

_PATIENCE: Final = 5
"""How often in a row a text is opened again that came back too fast to have been fixed."""


@dataclass(slots=True)
class Edit:
    """One manual edit, from the first text to the write.

    Attributes:
        context: what it depends on.
        draft: its file.
        basis: what its text is based on; ``_rest_on`` replaces the snapshot in it.
        terms: go with every plan.
        pristine: the text of the file before anyone edited it.
        latest: for a resumed edit, the present state; its text is checked first, and opened only
            if necessary.
        kept: where the text is, once it has been kept.
        is_open: whether the editor may still have the text open.
        copies: the files that an editor left next to it.
        earlier: where the previous text is, if the editor left an unfinished one.
        plan: the last plan made from the text.
    """

    context: EditContext
    draft: Draft
    basis: Basis
    terms: Terms
    pristine: bytes = b""
    latest: Snapshot | None = None
    kept: Path | None = None
    is_open: bool = False
    copies: tuple[Path, ...] = ()
    earlier: Path | None = None
    plan: Plan | None = None
    _seen: bytes | None = field(default=None, init=False)  # the last text that was whole
    _refused: str | None = field(default=None, init=False)
    _hasty: int = field(default=0, init=False)
    _siblings: frozenset[Path] = field(default=frozenset(), init=False)  # at the last visit

    @property
    def buffer(self) -> Buffer:
        """Converts the document of its base to text."""
        return Buffer(self.context.resource, self.basis.base, self.basis.format)

    def run(self) -> PatchResult:
        """Returns the result of the edit: applied, unchanged or declined.

        If it ends without a write, the text stays on disk, and ``kept`` says where; only one that
        without changes is removed. Raises what the guard does, and InvalidInputError for a text
        that is not valid.
        """
        try:
            result = self._loop()
        except BaseException as error:
            self._keep()
            is_stale = isinstance(error, StaleReadError)
            if isinstance(error, ConflictError) and self.kept is not None and not is_stale:
                error.command_hint = _RESUMED
            if isinstance(error, PatchError) and error.result is None:
                error.result = self._result(error)
            raise
        if result.status == "declined" or self.is_open:
            self._keep()
        else:
            self.draft.discard()
        return result

    def _loop(self) -> PatchResult:
        opens = self.latest is None
        while True:
            try:
                body, lines_above = self._visited() if opens else self._read()
            except InvalidPatchError as error:  # not text at all
                if opens or not self.context.attended:
                    raise
                self.context.notify(f"Error: {error.message}")
                opens = True
                continue
            opens = True
            if self.buffer.is_empty(body):
                self.context.notify("The edit is cancelled: everything was deleted.")
                return self._declined("everything was deleted")
            try:
                plan = self._plan(body, lines_above)
            except (InvalidInputError, UnknownFieldError) as error:
                self._open_again(body, error)
                continue
            result = self._carried_out(plan)
            if result is not None:
                return result

    def _visited(self) -> tuple[str, int]:
        """Returns what ``_read`` does, after a visit to the editor."""
        program = self.context.program()
        before, self._siblings = self.draft.read(), self.draft.siblings()
        try:
            hasty = program.visit(self.draft.path)
        except PatchError:
            raise
        except BaseException:  # stopped from outside; a child of the editor may still save the text
            self.is_open = True
            raise
        self._hasty = self._hasty + 1 if hasty else 0
        if hasty and self.draft.read() == before == self.pristine:
            self.is_open = True
            self.context.notify(
                f"Note: Nothing changed within {AT_ONCE:g} s. Does {program.name} need an option "
                "to wait, as in EDITOR='code --wait'?"
            )
        return self._read()

    def _read(self) -> tuple[str, int]:
        """Returns the body of the text, and the number of lines above it."""
        content = self.draft.read()
        if not self._is_blank(content):
            self._seen = content
        text = jsontext.decoded(content, what=f"The text in {self.draft.path}")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        body = self.buffer.body_of(text)
        return body, text.count("\n") - body.count("\n")

    def _plan(self, body: str, lines_above: int) -> Plan:
        """Returns the plan of the text below so many lines, against its base."""
        document = self.buffer.document_of(body, lines_above)
        try:
            Patch.document(document).check(self.context.resource.shape, allow_unknown=True)
            self.plan = propose_edited(self.context.resource, self.basis.base, document, self.terms)
        except (InvalidPatchError, UnknownFieldError) as error:
            path = error.paths[0] if isinstance(error, UnknownFieldError) else error.path
            line = self.buffer.line_of(body, path)
            if line is not None:
                error.message = f"{error.message} (line {lines_above + line})"
            raise
        return self.plan

    def _open_again(self, body: str, error: PatchError) -> None:
        """Puts the reason above the text; raises it where the text is not going to be fixed."""
        if not self.context.attended or body == self._refused or self._hasty == _PATIENCE:
            raise error
        self._refused = body
        reason = error
        for _ in range(3):  # the header grows by the reason, which names a line below the header
            lines_above = len(self.buffer.header(_reasons(reason)))
            try:
                self._plan(body, lines_above)
            except (InvalidInputError, UnknownFieldError) as moved:
                reason = moved
        self.context.notify(f"Error: {reason.message}")
        self._write(self.buffer.headed(body, _reasons(reason)))

    def _carried_out(self, plan: Plan) -> PatchResult | None:
        """Asks about a plan and writes it; None when the text is to be opened again."""
        current: Plan | None = plan
        if self.latest is not None and not plan.is_unchanged:
            current = self._rebased(plan, self.latest)
        rebases = 0
        while current is not None:
            if current.is_unchanged:
                return PatchResult.of_plan(current)
            answer = self.context.ask(current)
            if answer == "stop":
                return self._declined("the answer was no", current)
            if answer == "edit":
                if current is not plan:
                    self._rest_on(current.base, current.proposed)
                return None
            try:
                return self.context.write(current)
            except ConflictError as error:
                if self._is_final(error, rebases):
                    raise
                rebases += 1
                current = self._rebased(current, self.context.theirs(current, error), shown=plan)
        return None

    def _is_final(self, error: ConflictError, rebases: int) -> bool:
        """Whether a conflict after so many rebases ends the edit."""
        if error.report is None:  # there is no newer state to rebase on
            return True
        return not self.context.attended and (not self.context.rebases or rebases == _REBASES)

    def _rebased(self, plan: Plan, fresh: Snapshot, shown: Plan | None = None) -> Plan | None:
        """Rebases ``plan`` on the present state; None when the text now shows a collision.

        Raises ConflictError without a person to ask.
        """
        document, _ = self.context.resource.document(fresh, self.terms.unknown_fields)
        if plan.is_on(fresh, document):
            return plan
        if strictly_equal(document, plan.proposed):
            # As after a write of this very text that succeeded later.
            return propose(self.context.resource, fresh, document, self.terms)
        if not self.context.attended and not self.context.rebases:
            raise conflict(plan, fresh, document)
        try:
            rebased = rebase(plan, fresh)
        except ConflictError as error:
            if not self.context.attended:
                raise
            self.context.notify(f"{error.message} The text now has both values at each place.")
            merged = merge(plan.document, plan.proposed, document, self.context.resource.shape)
            self._rest_on(fresh, merged.document, merged.collisions)
            return None
        if shown is not None and not self.context.attended:
            refuse_other_than(shown, rebased)
        return rebased

    def _rest_on(
        self, base: Snapshot, document: Document, collisions: Sequence[Collision] = ()
    ) -> None:
        """Bases the edit on a later snapshot. Writes the text first: it has their changes."""
        self.basis = self.basis._replace(base=base)
        self.latest = None
        terms = self.terms
        found = self.context.resource.projection(base, terms.unknown_fields, terms.masks)
        left = still_there(found.blockers, found.document, document)
        document = self.context.resource.shape.ordered(document)
        self._write(self.buffer.text(document, collisions, blockers=left))
        self.draft.rest_on(self.basis)

    def _declined(self, why: str, plan: Plan | None = None) -> PatchResult:
        label = plan.label if plan else f"{self.context.resource.noun} {self.basis.base.name}"
        return self._result(DeclinedError(f"{label} was not written: {why}."), plan)

    def _result(self, error: PatchError, plan: Plan | None = None) -> PatchResult:
        return PatchResult.of_error(
            error, self.context.resource, target=self.basis.base.id or "", plan=plan or self.plan
        )

    @signals_deferred(*ENDING_SIGNALS, signal.SIGINT)
    def _keep(self) -> None:
        """Keeps each text that someone may have changed, and removes any other."""
        self.draft.recover()
        seen = None if self._seen == self.pristine else self._seen
        try:
            left: bytes | None = self.draft.read()
        except InvalidInputError:
            left = None
        content = seen if left is None or self._is_blank(left) else left
        if seen not in (None, content):
            self.earlier = self.draft.keep_apart(seen, self.basis)
        self.copies = tuple(self.draft.copies(self._siblings, (self.pristine, content)))
        if content in (None, self.pristine) and not self.is_open and not self.copies:
            self.draft.discard()
            return
        if left is None or content != left:
            with suppress(PatchError):
                self.draft.write(self.pristine if content is None else content)
        self.draft.keep(self.basis, is_open=self.is_open)
        self.kept = self.draft.path

    def _write(self, text: str) -> None:
        """Writes a text of the tool's own, with changes of both sides, into the file."""
        self.draft.write(text.encode())
        self._seen = text.encode()

    def _is_blank(self, content: bytes) -> bool:
        """Whether a text holds only space and comments."""
        text = content.decode("utf-8", "replace").replace("\r", "\n")
        return self.buffer.is_empty(self.buffer.body_of(text))


def _reasons(error: PatchError) -> list[str]:
    return [error.message, *([error.command_hint] if error.command_hint else [])]
