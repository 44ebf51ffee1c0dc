"""Editing by hand: a document as text in an editor, or as a dict in a ``with`` block."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from patcher.api import Client
from patcher.documents.patches import Patch
from patcher.documents.values import Document, checked
from patcher.documents.wording import Notice, counted
from patcher.editor.buffer import Buffer, Format
from patcher.editor.draft import Basis, Draft
from patcher.editor.editing import Answer, Edit, EditContext
from patcher.editor.program import Program
from patcher.errors import InvalidInputError, PatchError
from patcher.operations.arguments import OnConflict, Options
from patcher.operations.read import projection, read_base, resolve
from patcher.operations.session import Session, opened, reported, shown_name
from patcher.operations.write import carry_out, theirs
from patcher.plan import PatchResult, Plan, Terms, propose_edited
from patcher.resources.blockers import OnUnknown
from patcher.resources.snapshot import Snapshot

_NAMED: Final = 3


class Person(NamedTuple):
    """The person who edits.

    ``ask`` shows a plan and asks about it, ``notify`` shows a sentence.
    """

    ask: Callable[[Plan], Answer]
    notify: Callable[[str], None]
    has_terminal: bool


def open_edit(
    session: Session, model: str, options: Options, person: Person, format_: Format
) -> Edit:
    """Returns a new edit of a model, whose text is on disk; ``run`` does the rest.

    Raises what reading the model raises, JournalError when the text cannot be written to disk,
    and InvalidInputError when there is no editor.
    """
    _program(session, person)
    with reported(model):
        base = read_base(session, model, options)
        basis = Basis(session.client.settings.url, session.resource.noun, format_, base)
        text, notices = _first_text(session, options, basis)
        for notice in notices:
            person.notify(f"Warning: {notice.message}")
        _name_unfinished(session, base, options, person)
        draft = Draft.begin(_folder(session), shown_name(session, base) or "", basis, text)
    return Edit(*_parts(session, options, person, draft, basis), pristine=text.encode())


def resume_edit(session: Session, model: str, options: Options, person: Person, path: Path) -> Edit:
    """Returns an edit whose text was kept in a file, to be merged with the present state.

    Raises InvalidInputError when the file holds none, or one of another model or API.
    """
    with reported(model):
        draft, source = Draft(path), Draft(Path(os.path.realpath(path)))
        basis = source.basis()
        session.refuse_other_place(f"The edit in {path} belongs to", basis.url)
        if (
            basis.noun != session.resource.noun
            or resolve(session.client, session.resource, model)[0] != basis.base.id
        ):
            raise InvalidInputError(
                f"The edit in {path} belongs to another {session.resource.noun}.",
                hint=_resuming(basis.base, path),
            )
        latest = session.latest(
            basis.base.id or "", known=basis.base, accept_older=options.accept_older
        )
        text = source.read()
        draft.rest_on(basis)
        draft.write(text)
    return Edit(*_parts(session, options, person, draft, basis), latest=latest)


def _first_text(session: Session, options: Options, basis: Basis) -> tuple[str, tuple[Notice, ...]]:
    """The text that an edit begins with, and warnings about it."""
    found = projection(session, basis.base, options)
    buffer = Buffer(session.resource, basis.base, basis.format)
    return buffer.text(found.document, blockers=found.blockers), found.notices


def _name_unfinished(session: Session, base: Snapshot, options: Options, person: Person) -> None:
    """Names the unfinished edits of a resource; removes those in which nothing was changed."""
    left = []
    for one in Draft.unfinished(_folder(session), base.id or ""):
        with suppress(PatchError):
            if one.is_untouched(_first_text(session, options, one.basis())[0]):
                one.discard()
                continue
        left.append(one)
    for one in left[:_NAMED]:
        person.notify(
            f"Note: You have an unfinished edit of this {session.resource.noun}. To resume it: "
            f"{_resuming(base, one.path)}"
        )
    if len(left) > _NAMED:
        older = counted(len(left) - _NAMED, "older one")
        person.notify(f"Note: There are {older} in {_folder(session)}.")


def _resuming(base: Snapshot, path: Path) -> str:
    return shlex.join(("patch-model", "edit", base.id or "", "--resume", str(path)))


def _parts(
    session: Session, options: Options, person: Person, draft: Draft, basis: Basis
) -> tuple[EditContext, Draft, Basis, Terms]:
    """What every edit is made of."""
    context = EditContext(
        resource=session.resource,
        theirs=partial(theirs, session),
        write=lambda plan: session.write(plan, options),
        program=lambda: _program(session, person),
        ask=person.ask,
        notify=person.notify,
        attended=options.attended,
        rebases=options.on_conflict == "rebase",
    )
    return context, draft, basis, _terms(session, basis.base, options)


def _program(session: Session, person: Person) -> Program:
    return Program.chosen(os.environ, session.clock.monotonic, has_terminal=person.has_terminal)


def _terms(session: Session, base: Snapshot, options: Options) -> Terms:
    """The terms of an edit: the whole document is shown, so every key counts as written."""
    every_key = frozenset(session.resource.shape.members)
    return session.terms(base, options)._replace(written_keys=every_key)


def _folder(session: Session) -> Path:
    return session.journal.folder.with_name("edits")


class edit_model:  # noqa: N801 - it is used as a function is
    """A model's writable document, to be changed in a ``with`` block.

    Leaving the block applies what was changed, under the guard; an exception in it aborts, and
    nothing is written. Afterwards ``result`` is the PatchResult::

        with patcher.edit_model("Contacts") as document:
            document["configuration"]["query"] = "..."

    A key removed from the document is cleared. Takes the arguments of patch_model but for the
    change. Leaving the block raises what patch_model does; the plan, with the document as it was
    to be, is in the error's ``result``.
    """

    def __init__(  # noqa: PLR0913 - keywords, each of which says one thing
        self,
        model: str,
        *,
        client: Client | None = None,
        confirm: Callable[[Plan], bool] | None = None,
        dry_run: bool = False,
        expect_version: int | None = None,
        on_conflict: OnConflict = "fail",
        run_async: bool = False,
        refresh: bool = False,
        unknown_fields: OnUnknown = "error",
        allow_all_fields: bool = False,
        strict: bool = False,
        accept_older: bool = False,
        literal: Iterable[str] = (),
    ) -> None:
        self.result: PatchResult | None = None
        self._asked = (client, model, Options.among(locals()))

    def __enter__(self) -> Document:
        """The document, a copy that is the caller's own."""
        self._block = self._edited(*self._asked)
        return self._block.__enter__()

    def __exit__(self, *raised: object) -> None:
        """Applies what was changed, unless the block raised."""
        self._block.__exit__(*raised)  # type: ignore[arg-type]  # what Python passes

    @contextmanager
    def _edited(self, client: Client | None, model: str, options: Options) -> Iterator[Document]:
        with opened(client) as session, edited(session, model, options, self._end) as document:
            yield document

    def _end(self, result: PatchResult) -> None:
        self.result = result


@contextmanager
def edited(
    session: Session, model: str, options: Options, end: Callable[[PatchResult], None]
) -> Iterator[Document]:
    """edit_model within a session; ``end`` is called with the result."""
    resource = session.resource
    with reported(model):
        base = read_base(session, model, options)
        document, _ = resource.document(base, session.unknown_fields(options))
    yield document
    with reported(model):
        proposed = checked(document, what="The document")
        Patch.document(proposed).check(resource.shape, allow_unknown=True)
        plan = propose_edited(resource, base, proposed, _terms(session, base, options))
    end(carry_out(session, plan, options))
