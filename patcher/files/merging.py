"""Merges a base, a file and the live model: into a plan, or into the file. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal, NamedTuple, TypeAlias

from patcher.documents.diff import Change, compare
from patcher.documents.patches import Patch
from patcher.documents.pointers import lookup, pointer_to, tokens_of
from patcher.documents.shape import Shape, items_by_key
from patcher.documents.steps import replaced
from patcher.documents.threeway import Collision, Merged, merge
from patcher.documents.values import Document, Tokens, strictly_equal
from patcher.documents.wording import Notice, first_few
from patcher.errors import ConflictError, InvalidInputError, InvalidPatchError
from patcher.files.baseline import Baseline
from patcher.files.masked import as_in_files, resolved
from patcher.files.modelfile import ModelFile
from patcher.guard.verification import is_in_place, verify
from patcher.plan import Plan, Terms
from patcher.plan.conflicts import conflict
from patcher.plan.making import propose, propose_edited
from patcher.resources.projection import Projection
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot

State: TypeAlias = Literal["unchanged", "ahead", "behind", "diverged"]

_SHOWN: Final = 5


@dataclass(frozen=True)
class Sides:
    """One model three times: as it was, as its file says, and as it is now; and all in one.

    Attributes:
        base: the document at the base, with masks as the file has them.
        mine: the document of the file.
        live: the live document, with a mask where a file has one.
        shape: what kind of document it is.
    """

    base: Document
    mine: Document
    live: Document
    shape: Shape

    @cached_property
    def merged(self) -> Merged:
        """The three merged, with what collides."""
        return merge(self.base, self.mine, self.live, self.shape)

    @cached_property
    def yours(self) -> tuple[Change, ...]:
        """What the file changes."""
        return compare(self.base, self.mine, self.shape.lists)

    @cached_property
    def others(self) -> tuple[Change, ...]:
        """What others changed that the file does not have; order alone says nothing."""
        return _without_order(compare(self.mine, self.merged.document, self.shape.lists))

    @cached_property
    def ahead(self) -> tuple[Change, ...]:
        """What the file has and the live model does not."""
        return _without_order(compare(self.live, self.merged.document, self.shape.lists))

    @property
    def state(self) -> State:
        """Which side has what the other one has not."""
        if self.others:
            return "diverged" if self.ahead else "behind"
        return "ahead" if self.ahead else "unchanged"


def _without_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(one for one in changes if one.kind != "reordered")


class Live(NamedTuple):
    """A model as it is now: the snapshot, its document, and what goes with every plan."""

    resource: Resource
    snapshot: Snapshot
    found: Projection
    terms: Terms

    @property
    def document(self) -> Document:
        """The writable document."""
        return self.found.document

    @property
    def label(self) -> str:
        """What to call it in a sentence."""
        return _unchanged(self).label


def sides(file: ModelFile, baseline: Baseline, live: Live, *, refuse: bool) -> Sides:
    """The sides of a file. ``refuse`` a credential within a text of the live model.

    Raises InvalidInputError where there is no base and the file differs from the live model.
    """
    shape, masks = live.resource.shape, live.terms.masks
    written = file.document()
    mine = shape.without_nulls(written)
    Patch.document(mine).check(shape, allow_unknown=True)
    base = None if baseline.is_live else baseline.document(file, written)
    base = base and shape.without_nulls(base)
    now = as_in_files(live.document, masks, [one for one in (mine, base) if one], refuse=refuse)
    now = shape.respelled(now, mine)
    if baseline.is_live:
        return Sides(now, mine, now, shape)
    if not _without_order(compare(mine, now, shape.lists)):
        return Sides(mine, mine, mine, shape)
    if base is None:
        raise _no_base(file, baseline)
    if baseline.path_of(file.path) in baseline.own:
        raise InvalidInputError(
            f"{file.path} was changed by commits of this branch, so HEAD is not what it was before "
            "your changes.",
            hint=f"Pass the revision before them: --base {baseline.branch}",
        )
    return Sides(base, mine, now, shape)


def _no_base(file: ModelFile, baseline: Baseline) -> InvalidInputError:
    hint = (
        "To make the model what the file says, add --base live. To take the live model, delete "
        f"the file and run patch-model pull {file.id}. To merge, name an older copy: --base DIR"
    )
    if baseline.repository is None:
        why = "is not in a git repository"
    elif not baseline.repository.holds(file.path):
        why = f"is in another git repository than {baseline.repository.top}"
        hint = "Run the command for each repository by itself, submodules too."
    elif baseline.is_given:
        why = f"{baseline.label} does not have it"
    else:
        why = "is not committed"
    return InvalidInputError(
        f"{file.path} differs from the live model, and {why}, so who changed what is unclear.",
        hint=hint,
    )


def plan_of(file: ModelFile, baseline: Baseline, live: Live, *, rebases: bool | None) -> Plan:
    """The plan that applies the changes of a file to the live model.

    ``rebases`` says whether what others changed apart from it may be kept; None is for a plan that
    is only looked at, and says so. Raises ConflictError where it may not, or both changed the same
    place.
    """
    found = sides(file, baseline, live, refuse=False)
    yours, others = found.yours, found.others
    commit = never_applied(file, baseline, live, found)
    if commit is not None:
        raise not_applied_error(file, live, commit)
    settled = _already_applied(live, found) if yours else None
    if settled is not None:
        return settled
    if not found.merged.collisions and strictly_equal(found.merged.document, found.live):
        return _unchanged(live, [_differs(file, baseline, others)] if others else ())
    if found.merged.collisions or (others and rebases is False):
        raise conflict_of(file, live, found)
    masks = live.terms.masks
    document, kept = resolved(found.merged.document, live.document, found.live, masks)
    notices = [_kept_notice(file, live, others, rebases=rebases)] if others else []
    places = tuple(tokens_of(one.path) for one in yours)
    terms = live.terms._replace(
        written_keys=frozenset(place[0] for place in places),
        named=places,
        notices=(*live.terms.notices, *notices),
    )
    plan = propose(live.resource, live.snapshot, document, terms)
    return replace(plan, warnings=(*plan.warnings, *_going_along(plan, kept)))


def _unchanged(live: Live, notices: Iterable[Notice] = ()) -> Plan:
    plan = propose_edited(live.resource, live.snapshot, live.document, live.terms)
    return replace(plan, warnings=(*plan.warnings, *notices))


def never_applied(file: ModelFile, baseline: Baseline, live: Live, found: Sides) -> str | None:
    """The revision whose version of a file the live model still is; None where there is none.

    The file was changed since, and what was merged has not arrived.
    """
    if found.yours or not found.others:
        return None
    shape = live.resource.shape
    for commit, older in baseline.older(file):
        before = shape.without_nulls(older)
        now = as_in_files(live.document, live.terms.masks, [before], refuse=False)
        if not _without_order(compare(before, shape.respelled(now, before), shape.lists)):
            return commit
    return None


def not_applied_error(file: ModelFile, live: Live, commit: str) -> ConflictError:
    """The error for a file that was changed in git, and whose model is as it was before that."""
    return ConflictError(
        f"{file.path}: {live.label} is as the file was at {commit}: later changes to the file "
        "were never applied.",
        found=live.snapshot.version,
        hint=f"To apply them: patch-model apply -f {_quoted(file)} --base {commit}. If the model "
        f"is right: patch-model pull {file.id} --base HEAD",
    )


def _differs(file: ModelFile, baseline: Baseline, others: Iterable[Change]) -> Notice:
    text = (
        f"{file.path} has no changes since {baseline.label}, but the live model differs from it "
        f"at {_listed(others)}. If the model is right: patch-model pull {file.id}. If the file is "
        "right: --base live, or the revision before your change."
    )
    return Notice("live-differs", "", text)


def _already_applied(live: Live, found: Sides) -> Plan | None:
    """The plan without changes, where a write of the file has left the model so."""
    try:
        sides, masks = (found.mine, found.base), live.terms.masks
        mine, base = (resolved(one, live.document, found.live, masks)[0] for one in sides)
    except InvalidPatchError:
        return None
    now = _unchanged(live)
    meant = replace(now, document=base, proposed=mine)
    verdict = verify(meant, live.snapshot, live.snapshot)
    if not is_in_place(meant, verdict):
        return None
    return replace(now, warnings=(*now.warnings, *verdict.notices))


def conflict_of(
    file: ModelFile, live: Live, found: Sides, end: str = "Nothing was written."
) -> ConflictError:
    """The error for what others changed, at the same place or where that may not be kept."""
    now = _unchanged(live)
    meant = replace(now, document=found.base, proposed=found.mine, changes=found.yours)
    error = conflict(meant, live.snapshot, found.live)
    if found.merged.collisions:
        what = f"both you and others changed {_listed(found.merged.collisions)}"
        error.command_hint = (
            "To keep theirs, write their value into the file. To replace theirs, see "
            f"patch-model plan -f {_quoted(file)} --base live, which makes the model exactly what "
            "the file says."
        )
    else:
        what = f"others changed {_listed(found.others)}, which your change does not touch"
        error.command_hint = (
            "To keep both, add --on-conflict rebase, or pull their changes into the file first."
        )
    facts = f"{now.label}, last changed{live.snapshot.last_write}"
    error.message = f"{file.path}: {what} ({facts}). {end}"
    return error


def _kept_notice(
    file: ModelFile, live: Live, others: Iterable[Change], *, rebases: bool | None
) -> Notice:
    by = f" ({live.snapshot.author})" if live.snapshot.author else ""
    text = f"Others{by} changed {_listed(others)} since {file.path} was read; both are kept."
    if rebases is None:
        text += " apply needs --on-conflict rebase for that."
    return Notice("others-changed", "", text)


def _going_along(plan: Plan, kept: Iterable[Tokens]) -> Iterator[Notice]:
    """Warns which credentials are sent with a change next to them."""
    changed = [tokens_of(one.path) for one in plan.changes]
    for place in kept:
        if any(len(one) >= len(place) and one[: len(place) - 1] == place[:-1] for one in changed):
            text = (
                f"The credential at {pointer_to(place)} stays as it is and goes along with what "
                "changes next to it."
            )
            yield Notice("credential-kept", pointer_to(place), text)


def in_file_order(merged: Document, mine: Document, shape: Shape) -> Document:
    """``merged`` with the items of lists without an order as the file has them, new ones last."""
    result = merged
    for place, keyed in shape.lists.items():
        old = items_by_key(lookup(mine, place, None), keyed)
        new = items_by_key(lookup(merged, place, None), keyed)
        if old is not None and new is not None:
            kept = {key: new[key] for key in old if key in new}
            result = replaced(result, place, list({**kept, **new}.values()))
    return result


def _listed(changes: Iterable[Change | Collision]) -> str:
    return first_few([one.path for one in changes], _SHOWN)


def _quoted(file: ModelFile) -> str:
    return shlex.quote(str(file.path))
