"""Plans in files: saved, loaded, shown, and applied as they were made or not at all."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from patcher._version import __version__
from patcher.claims import spent
from patcher.disk import sync_folder, write_whole
from patcher.documents.masks import Masks
from patcher.documents.notices import Notice
from patcher.documents.values import Document, strictly_equal
from patcher.errors import ConflictError, InvalidInputError, JournalError, OutputError
from patcher.guard.verification import is_in_place, verify
from patcher.journal import Entry, utc_now
from patcher.operations.arguments import Options
from patcher.operations.session import Session, mask_words
from patcher.operations.write import carry_out, own_plan
from patcher.plan import PatchResult, Plan, propose
from patcher.plan.conflicts import conflict
from patcher.plan.saved import SavedPlan, dump, is_saved_plan, load
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot, moment

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""The errors of a place that was named rightly, and takes no more."""

_SKEW: Final = 86_400.0
"""How far the clocks may differ, in seconds, of where a plan was made and where it is applied."""


def save_plan(plan: Plan, path: str | os.PathLike[str]) -> SavedPlan:
    """Saves a plan to be reviewed, and applied later, perhaps by somebody else.

    The file is readable for its owner alone, and holds no credential. A saved plan in the way is
    replaced. Raises InvalidInputError when anything else is, when the plan changes a credential,
    or when the file cannot be written, and OutputError when there is no room for it.
    """
    text = dump(
        own_plan(plan),
        plan_id=os.urandom(12).hex(),
        created=utc_now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        salt=os.urandom(16),
        tool=__version__,
    )
    target = Path(path)
    saved = load(text, plan.resource, plan.masks, what=str(target))
    _refuse_other_files(target)
    _write(target, text)
    return saved


def load_plan(path: str | os.PathLike[str], environ: Mapping[str, str] | None = None) -> SavedPlan:
    """A plan that was saved, as it was, whether it can still be applied or not.

    Raises InvalidInputError for what is not a whole and unaltered plan.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}.") from error
    words = mask_words(os.environ if environ is None else environ)
    return load(content, MODEL, Masks(MODEL.shape.opaque, words), what=str(path))


def run_saved(session: Session, saved: SavedPlan, options: Options) -> PatchResult:
    """Does what a saved plan says, or refuses.

    Raises InvalidInputError for a plan of another API or organization, ConflictError when the
    resource is no longer as the plan found it or the plan was sent before, and what patch_model
    does.
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
    saved_plan = replace(saved.plan, document=base, proposed=proposed, terms=terms)
    verdict = verify(saved_plan, saved.plan.base, live)
    if is_in_place(saved_plan, verdict):
        done = propose(session.resource, live, document, terms)
        text = f"The plan is applied already: {done.label} is as it wants it."
        notice = Notice("already-applied", "", text)
        return replace(PatchResult.of_plan(done), notices=(notice, *verdict.notices))
    _refuse_a_second_time(session, saved)
    if live.has_other_version(saved.plan.base) or not strictly_equal(document, base):
        _refuse_stale(saved, base, proposed, live, document)
    plan = propose(session.resource, live, proposed, terms)
    _refuse_what_was_not_shown(saved.plan, plan)
    return carry_out(session, plan, options)


def _refuse_a_second_time(session: Session, saved: SavedPlan) -> None:
    for entry in _entries_since(session, saved):
        if entry.intent.saved_plan == saved.id and entry.may_be_written:
            raise spent(session.journal, saved.id, entry)


def _entries_since(session: Session, saved: SavedPlan) -> Iterator[Entry]:
    """The journal's entries, of which none may be unreadable that this plan could have made."""
    since = _moment(saved.created) - _SKEW
    for name in session.journal.names():
        entry = session.journal.tried(name)
        if isinstance(entry, Entry):
            yield entry
        elif session.journal.written_at(name) >= since:
            raise JournalError(
                f"Whether this plan was applied already cannot be told: {entry.message} "
                "Nothing was written.",
                hint=entry.command_hint
                or "Look at the model; if it is as it should be, remove that file.",
            ) from entry


def _moment(created: str) -> float:
    """When a plan was made, as a POSIX timestamp; the beginning of time where it does not say."""
    found = moment(created)
    return found[0].timestamp() if found else 0.0


def _refuse_stale(
    saved: SavedPlan, base: Document, proposed: Document, live: Snapshot, document: Document
) -> NoReturn:
    error = conflict(replace(saved.plan, document=base, proposed=proposed), live, document)
    raise ConflictError(
        error.message.replace("since it was read", "since the plan was made"),
        expected=error.expected,
        found=error.found,
        base=base,
        current=document,
        report=error.report,
        fresh=live,
        hint="The plan is stale. Make it anew: patch-model plan ... --out FILE.",
    )


def _refuse_what_was_not_shown(shown: Plan, now: Plan) -> None:
    """Refuses a plan that, with the credentials in it again, is not what a reader of it saw."""
    if _seen(shown) != _seen(now):
        raise InvalidInputError(
            "The plan would do something else than what it shows. Nothing was written.",
            hint="Make the plan anew: patch-model plan ... --out FILE.",
        )


def _seen(plan: Plan) -> tuple[frozenset[object], ...]:
    return frozenset(plan.changes), frozenset(plan.cleared), frozenset(plan.carried)


def _refuse_other_files(path: Path) -> None:
    try:
        # A pipe or a device is asked nothing: reading it might never end.
        is_file = stat.S_ISREG(path.stat().st_mode)
        is_ours = is_file and is_saved_plan(path.read_bytes())
    except FileNotFoundError:
        return
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be replaced: {error.strerror}.") from error
    if not is_file:
        raise InvalidInputError(
            f"{path} cannot be replaced: it is no regular file.", hint="Name another file."
        )
    if not is_ours:
        raise InvalidInputError(
            f"{path} is there already, and is no saved plan; it was left alone.",
            hint="Name another file, or remove that one.",
        )


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text.encode("ascii"))
        sync_folder(path.parent)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}."
        if error.errno in _NO_ROOM:
            raise OutputError(message, hint="Make room, or save it elsewhere.") from error
        raise InvalidInputError(message) from error
