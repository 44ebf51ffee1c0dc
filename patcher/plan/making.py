"""Makes a plan: applies the change to a copy, validates the result, compares. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from patcher.documents.diff import compare
from patcher.documents.jsontext import quoted
from patcher.documents.lists import AddItem, RawText
from patcher.documents.masks import Masks
from patcher.documents.patches import Patch
from patcher.documents.pointers import item_to, pointer_to, tokens_of
from patcher.documents.steps import Assign, MergePatch, Step, WholeDocument
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, strictly_equal
from patcher.documents.wording import Notice, did_you_mean
from patcher.errors import InvalidPatchError
from patcher.plan.plan import Plan, Terms
from patcher.resources.blockers import Blocker, OnUnknown, refusal, unsettled
from patcher.resources.findings import Finding, Findings, widens
from patcher.resources.projection import Projection, is_blank
from patcher.resources.resource import Resource
from patcher.resources.schema import Violation
from patcher.resources.snapshot import Snapshot

ALLOWED: Final = "fields-widened"
"""The code of the finding that ``allow_all_fields`` permits."""


def finding_notices(
    resource: Resource, document: Document, proposed: Document, terms: Terms
) -> tuple[Notice, ...]:
    """Warnings about writing ``proposed`` where ``document`` is.

    Raises InvalidPatchError where ``terms`` are strict and the change introduces a finding that
    they do not allow.
    """
    found = resource.findings(document, proposed)
    if found == Findings():
        return ()
    masks = terms.masks.on(document, proposed)
    introduced = [
        one._replace(what=masks.redacted(one.what), advice=masks.redacted(one.way_out))
        for one in found.introduced
    ]
    refused = [one for one in introduced if not (terms.allow_all_fields and one.code == ALLOWED)]
    if terms.strict and refused:
        raise InvalidPatchError(
            f"--strict refuses the change. {_listed(refused)}",
            path=refused[0].path,
            hint=f"{refused[0].way_out} Without --strict this is only a warning.",
        )
    notices = [Notice(one.code, one.path, f"{one.what} {one.way_out}") for one in introduced]
    if found.existing:
        problem = "problem" if len(found.existing) == 1 else "problems"
        listed = masks.redacted(_listed(found.existing))
        text = f"Existing {problem}, not caused by this change: {listed}"
        notices.append(Notice("known-faults", "", text))
    return tuple(notices)


def refuse_findings(plan: Plan) -> None:
    """Refuses a plan as strict terms would have done. Raises InvalidPatchError."""
    finding_notices(plan.resource, plan.document, plan.proposed, plan.terms._replace(strict=True))


def _listed(findings: Iterable[Finding]) -> str:
    """One sentence for each kind of finding: the first of the kind, and how many more there are."""
    by_code: dict[str, list[str]] = {}
    for one in findings:
        by_code.setdefault(one.code, []).append(one.what)
    return " ".join(
        f"{first.removesuffix('.')} (and {len(more)} more)." if more else first
        for first, *more in by_code.values()
    )


def check_change(
    resource: Resource, patch: Patch, masks: Masks, unknown_fields: OnUnknown = "error"
) -> None:
    """Refuses, before any request, a change that no document can take.

    Raises ReadOnlyFieldError for a key that the server sets, InvalidPatchError for a misspelled
    key, a value that breaks the schema wherever it ends up, or a mask instead of a value.
    """
    patch.check(resource.shape, allow_unknown=unknown_fields != "error")
    writes = [(*write, step) for step in patch.steps for write in step.writes()]
    replaced = _replaced([place for place, _, _ in writes])
    for i, (place, value, step) in enumerate(writes):
        if value is MISSING:
            continue
        masks.refuse(value, place)
        if i in replaced:
            continue
        for violation in resource.schema.violations(value, place):
            # These may repeat a value that breaks the schema in the document already.
            if violation.read_only or not isinstance(step, (MergePatch, WholeDocument)):
                hint = violation.hint or _as_json(step, place, value, resource)
                raise violation._replace(hint=hint).error()


def _as_json(step: Step, place: Tokens, value: JsonValue, resource: Resource) -> str | None:
    """How to give JSON where text was typed, if that is what does not fit."""
    if isinstance(step, Assign) and step.typed is not None:
        return f"For JSON: {item_to(place, ':=', '...')}"
    if isinstance(step, AddItem) and isinstance(step.item, RawText) and type(value) is str:
        keyed = resource.shape.lists.get(step.place)
        if keyed is not None and keyed.by:
            return f"For JSON: {item_to(step.place, '+=', '{...}')}"
    return None


def _replaced(places: list[Tokens]) -> set[int]:
    """The numbers of the writes of which a later one changes the value, or a part of it.

    One that appends to a list changes nothing that was appended before.
    """
    replaced: set[int] = set()
    later: set[Tokens] = set()
    around: set[Tokens] = set()  # each later place and all above it
    for i, place in reversed(list(enumerate(places))):
        ways = {place[:end] for end in range(len(place))}
        appends = place[-1:] == ("-",)
        if not later.isdisjoint(ways) or (place in around and not appends):
            replaced.add(i)
        later.add(place)
        around |= {place, *ways}
    return replaced


def make_plan(resource: Resource, base: Snapshot, patch: Patch, terms: Terms) -> Plan:
    """The plan of applying ``patch`` to the resource in the snapshot ``base``.

    What the patch says is added to ``terms``. Raises UnknownFieldError for blockers that the
    change does not settle, and InvalidPatchError when it cannot be applied, breaks the schema where
    ``base`` does not, exposes every field against the terms, or introduces a finding under strict
    terms.
    """
    found = resource.projection(base, terms.unknown_fields, terms.masks)
    patch.check(resource.shape, known=found.document.keys() | base.raw.keys())
    applied = patch.apply(found.document, resource.shape)
    written = (place for step in patch.steps for place, _ in step.writes())
    terms = terms._replace(
        written_keys=patch.written_keys(),
        read_paths=tuple(place for step in patch.steps for place in step.reads()),
        renames=applied.renames,
        notices=(*terms.notices, *applied.notices),
        named=tuple(written) if found.blockers else (),
    )
    return _plan(resource, base, found, applied.document, terms)


def propose(resource: Resource, base: Snapshot, proposed: Document, terms: Terms) -> Plan:
    """The plan of replacing the document of ``base`` by ``proposed``.

    A top-level key that is null or missing is cleared. Raises what make_plan does.
    """
    found = resource.projection(base, terms.unknown_fields, terms.masks)
    return _plan(resource, base, found, proposed, terms)


def propose_edited(resource: Resource, base: Snapshot, edited: Document, terms: Terms) -> Plan:
    """The plan of a document that was edited as a whole: the change names every top-level key.

    An unchanged document is never refused for its blockers. Raises what make_plan does.
    """
    found = resource.projection(base, terms.unknown_fields, terms.masks)
    if strictly_equal(edited, found.document):
        found = found._replace(blockers=())
    named = tuple((key,) for key in edited)
    return _plan(resource, base, found, edited, terms._replace(named=named))


def _plan(
    resource: Resource, base: Snapshot, found: Projection, proposed: Document, terms: Terms
) -> Plan:
    """Like ``propose``, with the projection of ``base``, which is slow to make."""
    document = found.document
    shape = resource.shape
    proposed = shape.respelled(shape.without_nulls(shape.ordered(proposed)), document)
    _refuse_unknown(resource, document.keys() | base.raw.keys() | terms.restored, proposed)
    left = unsettled(found.blockers, document, proposed, terms.named)
    if left:
        raise refusal(resource.noun, left, proposed)
    violations = _check_schema(resource, document, proposed)
    changes = compare(document, proposed, shape.lists, explained=terms.explained)
    if changes and not terms.allow_all_fields:
        _refuse_widening(resource, document, proposed)
    new = [(one.new, tokens_of(one.path)) for one in changes if one.kind != "removed"]
    # Only in an opaque place does it depend on the rest of the document what is a mask.
    masks = terms.masks
    if any(masks.is_opaque(place) for _, place in new):
        masks = masks.on(proposed)
    for value, place in new:
        masks.refuse(value, place)
    findings = finding_notices(resource, document, proposed, terms) if changes else ()
    filled = [key for key, value in document.items() if not is_blank(value)]
    named = terms.written_keys | shape.required
    return Plan(
        resource=resource,
        base=base,
        document=document,
        proposed=proposed,
        changes=changes,
        cleared=tuple(pointer_to((key,)) for key in filled if is_blank(proposed.get(key))),
        carried=tuple(pointer_to((key,)) for key in filled if key not in named),
        warnings=(
            *found.notices,
            *terms.notices,
            *_version_notices(base),
            *violations,
            *findings,
            *(not_undoable(one) for one in found.blockers if not one.is_unknown),
        ),
        terms=terms,
    )


def _version_notices(base: Snapshot) -> Iterator[Notice]:
    """Warns of a version that is not an integer."""
    if base.version is None and base.raw.get("version") is not None:
        text = (
            "The version is not an integer, so a write by someone else at the same time won't show."
        )
        yield Notice("version-not-a-number", "/version", text)


def not_undoable(blocker: Blocker) -> Notice:
    """Warns that an undo cannot restore the value of a blocker."""
    kept = pointer_to(blocker.holder or blocker.place)
    return Notice(
        "undo-incomplete",
        pointer_to(blocker.place),
        f"{blocker.describe()} can't be sent, so an undo won't restore {kept}.",
    )


def _refuse_unknown(resource: Resource, known: AbstractSet[str], proposed: Document) -> None:
    known = known - resource.shape.server_owned
    for key in proposed:
        if key not in resource.shape.members and key not in known:
            raise InvalidPatchError(
                f"Unknown key {quoted(key)} in a {resource.noun}.",
                path=pointer_to((key,)),
                hint=did_you_mean(key, resource.shape.members),
            )


def _check_schema(resource: Resource, document: Document, proposed: Document) -> tuple[Notice, ...]:
    """Warnings about violations that ``document`` has too; raises for the first new one."""
    found = _violations(resource, proposed)
    if not found:
        return ()
    known = {violation.fingerprint for violation in _violations(resource, document)}
    for violation in found:
        if violation.fingerprint not in known:
            raise violation.error()
    return tuple(
        Notice(
            "schema-violation",
            pointer_to(violation.place),
            f"{violation.describe()} Existing problem, not caused by this change.",
        )
        for violation in found
    )


def _violations(resource: Resource, document: Document) -> tuple[Violation, ...]:
    """What breaks the schema, unknown keys at the top aside."""
    declared = {key: value for key, value in document.items() if key in resource.shape.members}
    return resource.schema.violations(declared)


def _refuse_widening(resource: Resource, document: Document, proposed: Document) -> None:
    """Refuses an empty or missing list of fields, which exposes every field."""
    for place in sorted(resource.shape.widening):
        path = pointer_to(place)
        is_sent_empty = len(place) == 1 and proposed.get(place[0]) == []
        if is_sent_empty or widens(document, proposed, place):
            raise InvalidPatchError(
                f"{path} would be empty, which exposes every field of the {resource.noun}, "
                "including future ones.",
                path=path,
                hint="Keep at least one, or pass --allow-all-fields.",
            )
