"""Plans made before: saved, loaded, and applied exactly as they are or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from patcher._version import __version__
from patcher.api import Client
from patcher.claims import spent
from patcher.disk import sync_folder, write_whole
from patcher.documents.values import Document
from patcher.documents.wording import Notice
from patcher.errors import InvalidInputError, JournalError, OutputError
from patcher.guard.verification import is_in_place, verify
from patcher.journal import Entry, utc_now
from patcher.operations.arguments import Options
from patcher.operations.session import Session, masks_from, opened, reported
from patcher.operations.write import carry_out, own_plan
from patcher.plan import PatchResult, Plan, propose
from patcher.plan.conflicts import conflict
from patcher.plan.making import refuse_findings
from patcher.plan.saved import SavedPlan, dump, is_saved_plan, load
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot, moment

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""The errors of a valid place that has no room left."""

_SKEW: Final = 86_400.0
"""Seconds by which the clocks of saving and applying may differ."""


def save_plan(plan: Plan, path: str | os.PathLike[str]) -> SavedPlan:
    """Saves a plan, to be reviewed and applied later by anyone.

    The file is readable only by its owner and holds no credential. An existing saved plan is
    replaced. Raises InvalidInputError for any other existing file, for a plan that changes a
    credential and for a file that cannot be written, and OutputError when there is no room.
    """
    plan, target = own_plan(plan), Path(path)
    with reported("", plan):
        text = dump(
            plan,
            plan_id=os.urandom(12).hex(),
            created=utc_now().isoformat(timespec="seconds").replace("+00:00", "Z"),
            salt=os.urandom(16),
            tool=__version__,
        )
        saved = load(text, plan.resource, plan.masks, what=str(target))
        _refuse_other_files(target)
        _write(target, text)
        return saved


def load_plan(path: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> SavedPlan:
    """A saved plan, whether it can still be applied or not.

    Raises InvalidInputError for anything but a complete and unaltered plan.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.") from error
    masks = masks_from(os.environ if environ is None else environ)
    return load(content, MODEL, masks, what=str(path))


def apply_plan(
    plan: Plan | SavedPlan,
    *,
    client: Client | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    dry_run: bool = False,
    run_async: bool = False,
    refresh: bool = False,
    preview: bool = False,
    impact: bool = False,
    strict: bool = False,
    accept_older: bool = False,
) -> PatchResult:
    """Writes a plan made before, if the model is still as the plan found it.

    A SavedPlan is refused when it was applied before, and "unchanged" when the model already is
    as the plan expects it. ``strict`` treats the plan's warnings about the document as errors. The
    other arguments, the result and the errors are those of patch_model.
    """
    made = plan.plan if isinstance(plan, SavedPlan) else own_plan(plan)
    options = Options.among(locals(), unknown_fields=made.unknown_fields)
    with reported("", made), opened(client) as session:
        if strict:
            refuse_findings(made)
        if isinstance(plan, SavedPlan):
            return run_saved(session, plan, options)
        return carry_out(session, made, options)


def run_saved(session: Session, saved: SavedPlan, options: Options) -> PatchResult:
    """apply_plan of a SavedPlan within a session.

    Raises InvalidInputError for a plan of another API or organization, ConflictError when the
    resource changed since or the plan was sent before, and what patch_model raises.
    """
    session.refuse_elsewhere(saved.plan.origin)
    live = session.latest(
        saved.plan.base.id or "", known=saved.plan.base, accept_older=options.accept_older
    )
    session.refuse_elsewhere(saved.plan.origin, live.raw.get("organization_id"))
    masks = replace(session.masks, literal=saved.plan.terms.masks.literal)
    terms = saved.plan.terms._replace(masks=masks, strict=options.strict)
    document, _ = session.resource.document(live, terms.unknown_fields)
    base, proposed = saved.on(document)
    made = replace(saved.plan, document=base, proposed=proposed, terms=terms)
    done = _already_applied(made, live, document)
    if done is not None:
        return done
    _refuse_spent(session, saved)
    _refuse_stale(made, live, document)
    plan = propose(session.resource, live, proposed, terms)
    if _seen(saved.plan) != _seen(plan):  # with its credentials restored
        raise InvalidInputError(
            "The plan would not do what it shows. Nothing was written.",
            hint="Create a new plan: patch-model plan ... --out FILE",
        )
    return carry_out(session, plan, options)


def run_shown(session: Session, plan: Plan, options: Options) -> PatchResult:
    """Applies a plan that was made earlier in this process, if a saved one still could be.

    Returns and raises what run_saved does.
    """
    with reported("", plan):
        live = session.latest(plan.base.id or "", known=plan.base)
        document, _ = session.resource.document(live, plan.unknown_fields)
        done = _already_applied(plan, live, document)
        if done is not None:
            return done
        _refuse_stale(plan, live, document)
    return carry_out(session, plan, options)


def _already_applied(plan: Plan, live: Snapshot, document: Document) -> PatchResult | None:
    """The result for a plan whose change is there already; None where it is not."""
    verdict = verify(plan, plan.base, live)
    if not is_in_place(plan, verdict):
        return None
    done = propose(plan.resource, live, document, plan.terms)
    notice = Notice("already-applied", "", f"Already applied: {done.label} matches the plan.")
    return replace(PatchResult.of_plan(done), notices=(notice, *verdict.notices))


def _refuse_spent(session: Session, saved: SavedPlan) -> None:
    """Raises ConflictError for a plan that was sent before.

    Raises JournalError for an unreadable entry that may be of this plan.
    """
    created = moment(saved.created)
    since = created[0].timestamp() - _SKEW if created else 0.0
    for name in session.journal.names():
        entry = session.journal.tried(name)
        if isinstance(entry, Entry):
            if entry.intent.saved_plan == saved.id and entry.may_be_written:
                raise spent(session.journal, saved.id, entry)
        elif session.journal.written_at(name) >= since:
            raise JournalError(
                f"This plan may already be applied: {entry.message} Nothing was written.",
                hint=entry.command_hint
                or "Look at the model. If it is as expected, remove that file.",
            ) from entry


def _refuse_stale(plan: Plan, live: Snapshot, document: Document) -> None:
    """Raises ConflictError where the resource is not as the plan found it."""
    if plan.is_on(live, document):
        return
    hint = "The plan is stale. Create a new plan: patch-model plan ... --out FILE"
    error = conflict(plan, live, document, hint=hint)
    error.message = error.message.replace("since it was read", "since the plan was made")
    raise error


def _seen(plan: Plan) -> tuple[frozenset[object], ...]:
    """What a plan shows."""
    return frozenset(plan.changes), frozenset(plan.cleared), frozenset(plan.carried)


def _refuse_other_files(path: Path) -> None:
    try:
        # A pipe or a device is not read: that might never end.
        is_file = stat.S_ISREG(path.stat().st_mode)
        is_ours = is_file and is_saved_plan(path.read_bytes())
    except FileNotFoundError:
        return
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be replaced: {error.strerror}.") from error
    if not is_file:
        raise InvalidInputError(
            f"{path} cannot be replaced: it is not a regular file.", hint="Name another file."
        )
    if not is_ours:
        raise InvalidInputError(
            f"{path} exists and is not a saved plan. It was not changed.",
            hint="Name another file, or remove this one.",
        )


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text.encode("ascii"))
        sync_folder(path.parent)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}."
        if error.errno in _NO_ROOM:
            raise OutputError(message, hint="Free some space, or save it elsewhere.") from error
        raise InvalidInputError(message) from error
