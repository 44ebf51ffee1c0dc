"""A plan's preview and impact: the source's dry run, and the syncs and models that depend on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeAlias, TypeVar

from patcher.batch.pool import each
from patcher.documents.pointers import of_kind
from patcher.documents.values import UUID, Document, JsonValue
from patcher.errors import ApiError, NotFoundError, PatchError
from patcher.impact import Aftermath, Impact, downstream, fieldchange
from patcher.impact.downstream import Checked, Relating, Schedule, Sync, Unread
from patcher.impact.fieldchange import FieldChange
from patcher.impact.preview import Preview
from patcher.operations.arguments import Options
from patcher.operations.session import Progress, Session
from patcher.plan import PatchResult, Plan

SYNCS: Final = "/api/syncs"
T = TypeVar("T")
R = TypeVar("R")


SyncRead: TypeAlias = "tuple[Document, JsonValue | PatchError]"
"""A sync as the API returns it, and its status (or why there is none)."""


class Scan:
    """One scan for what depends on a plan's model. What cannot be read is noted and skipped."""

    def __init__(self, session: Session, plan: Plan) -> None:
        self._session = session
        self._plan = plan
        self._redact = plan.masks.redacted
        self._unread: list[Unread] = []

    def impact(self, preview: Preview | None) -> Impact:
        """The impact; ``preview`` is the source's answer, if it was asked."""
        plan = self._plan
        change = fieldchange.field_change(
            plan.resource.columns,
            plan.base,
            plan.document,
            plan.proposed,
            plan.terms.renames,
            preview,
        )
        models = self._models(change)
        syncs = after = None
        listed = self._items(SYNCS, "syncs")
        if listed is not None:
            odd = [one for one in listed if not Schedule.is_readable(one.get("schedule"))]
            if odd:
                what = f"after what {len(odd)} of them run: their schedules cannot be read"
                self._note(SYNCS, what)
            syncs = self._readers(listed, change, models or ())
            everybody = (Sync.of(item, self._redact) for item in listed)
            after = downstream.followers(everybody, (one.id for one in syncs))
        self._session.progress(Progress(None))
        return Impact(change.redacted(self._redact), syncs, models, after, tuple(self._unread))

    def _models(self, change: FieldChange) -> tuple[Relating, ...] | None:
        found = self._items(self._plan.resource.collection, "models")
        if found is None:
            return None
        found = self._with_relations(found)
        for item in found:
            places = list(fieldchange.unreadable_relations(item))
            if places:
                path = f"{self._plan.resource.collection}/{item['id']}"
                self._note(path, f"{', '.join(places)} cannot be read")
        related = (Relating.of(item, change, self._redact) for item in found)
        return tuple(one for one in related if one)

    def _with_relations(self, listed: list[Document]) -> list[Document]:
        """The listed models; those whose relations the list leaves out are read."""
        collection = self._plan.resource.collection
        light = [item for item in listed if "relations" not in item]
        found = {item["id"]: item for item in listed}

        def read(item: Document) -> Document:
            return self._session.client.read_raw(collection, item["id"]).resource

        for item, outcome in _in_order(self._session, "Reading the models", light, read):
            model_id = item["id"]
            if isinstance(outcome, NotFoundError):  # deleted since it was listed
                del found[model_id]
            elif isinstance(outcome, PatchError):
                self._note(f"{collection}/{model_id}", outcome.message)
            else:
                found[model_id] = outcome
        return list(found.values())

    def _items(self, collection: str, what: str) -> list[Document] | None:
        """All items of a list, each once; None where not even its first page can be read."""
        found: dict[str, Document] = {}
        strays = 0
        is_begun = False
        try:
            for page in self._session.client.pages(collection):
                is_begun = True
                for item in page:
                    if _has_id(item):
                        found[item["id"]] = item
                    else:
                        strays += 1
                self._session.progress(Progress(f"Listing the {what}", len(found)))
        except ApiError as error:
            self._note(collection, error.message)
            if not is_begun:
                return None
        if strays:
            self._note(collection, f"{strays} in the list have no usable id")
        return list(found.values())

    def _readers(
        self, listed: list[Document], change: FieldChange, models: tuple[Relating, ...]
    ) -> tuple[Sync, ...]:
        """The syncs that read the model, each looked at.

        Whether ``model_ids`` covers a model that is only joined is not documented (api.md,
        section 5), so those that read a related one are looked at, too.
        """
        related = frozenset(one.id.lower() for one in models) | frozenset(self._relations())
        candidates = [
            item
            for item in listed
            if downstream.reads(item, change.owners) is not False or downstream.reads(item, related)
        ]
        outcomes = _in_order(self._session, "Reading the syncs", candidates, self._whole)
        found = (self._reader(item, outcome, change) for item, outcome in outcomes)
        return tuple(sync for sync in found if sync is not None)

    def _whole(self, item: Document) -> SyncRead:
        client, path = self._session.client, f"{SYNCS}/{item['id']}/status"
        raw = client.read_raw(SYNCS, item["id"]).resource
        try:
            return raw, client.data(path)
        except PatchError as error:
            return raw, error

    def _relations(self) -> Iterator[str]:
        """The ids of the models that the model relates to, before and after."""
        for document in (self._plan.document, self._plan.proposed):
            for _, model_id in of_kind(document, ("relations", "-", "to", "model_id")):
                if type(model_id) is str:
                    yield model_id.lower()

    def _reader(
        self, item: Document, outcome: SyncRead | PatchError, change: FieldChange
    ) -> Sync | None:
        """One sync as it was read; None where it does not read the model."""
        path = f"{SYNCS}/{item['id']}"
        named = downstream.reads(item, change.owners)
        if isinstance(outcome, PatchError):
            self._note(path, outcome.message)
            return Sync.of(item, self._redact) if named else None
        raw, status = outcome
        named = downstream.reads(raw, change.owners) if named is None else named
        found = tuple(fieldchange.references(raw, change))
        broken = list(fieldchange.unreadable(raw))
        if not named and not found:
            if named is None:
                self._note(path, "its model_ids are unreadable")
            return None
        if broken:
            self._note(path, f"{', '.join(broken)} cannot be read")
        shown = tuple(one._replace(field=self._redact(one.field)) for one in found)
        if isinstance(status, PatchError):
            running, why = None, status.message
        else:
            running, why = downstream.is_running(status), "its running state is unreadable"
        if running is None:
            self._note(f"{path}/status", why)
        return Sync.of(raw, self._redact)._replace(references=shown, running=running)

    def _note(self, what: str, reason: str) -> None:
        self._unread.append(Unread(what, self._redact(reason.rstrip("."))))


def looked_after(session: Session, result: PatchResult) -> PatchResult:
    """The result of a write with the state of the syncs after it, if the plan has an impact."""
    plan = result.plan
    if plan is None or plan.impact is None or plan.impact.syncs is None:
        return result
    syncs, redact = plan.impact.syncs, plan.masks.redacted

    def read(sync: Sync) -> Document:
        return session.client.read_raw(SYNCS, sync.id).resource

    checked: list[Checked] = []
    unread: list[Unread] = []
    for sync, outcome in _in_order(session, "Reading the syncs again", syncs, read):
        found = None if isinstance(outcome, PatchError) else downstream.problems(outcome, redact)
        if found is None:
            reason = outcome.message if isinstance(outcome, PatchError) else "its problems"
            unread.append(Unread(f"{SYNCS}/{sync.id}", redact(reason.rstrip("."))))
        checked.append(Checked(sync.id, sync.name, found))
    session.progress(Progress(None))
    aftermath = Aftermath(tuple(checked), tuple(unread))
    return replace(result, aftermath=aftermath, notices=(*result.notices, *aftermath.notices()))


def _in_order(
    session: Session, title: str, items: Sequence[T], read: Callable[[T], R]
) -> list[tuple[T, R | PatchError]]:
    """The items, each with what was read of it or why it was not; shows the progress."""
    found: dict[int, R | PatchError] = {}
    for index, outcome in each(items, read):
        found[index] = outcome
        session.progress(Progress(title, len(found), len(items)))
    return [(item, found[index]) for index, item in enumerate(items)]


def _has_id(item: JsonValue) -> bool:
    return type(item) is dict and type(item.get("id")) is str and bool(UUID.fullmatch(item["id"]))


def reviewed(session: Session, plan: Plan, options: Options) -> Plan:
    """``plan`` with the preview and the impact that ``options`` ask for.

    A plan that changes nothing, or already has them, is returned as it is. Never raises ApiError:
    failures are in the preview and the impact.
    """
    wants_preview = options.preview and plan.preview is None
    wants_impact = options.impact and plan.impact is None
    if plan.is_unchanged or not (wants_preview or wants_impact):
        return plan
    preview, impact = plan.preview, plan.impact
    said = preview
    notices = list(plan.warnings)
    if wants_preview:
        from patcher.operations.preview import preview as ask

        said = ask(session, plan, run_async=options.run_async)
        details = plan.redacted_details(said.details)
        preview = said.redacted(plan.redacted)._replace(details=details)
        notices += preview.notices()
    if wants_impact:
        impact = Scan(session, plan).impact(said)
        notices += impact.notices()
    return replace(plan, preview=preview, impact=impact, warnings=tuple(notices))


def refusal(plan: Plan) -> ApiError | None:
    """The error for a plan whose preview did not succeed; else None.

    Its message has the first line of the source's message; all of it is in the plan's preview.
    """
    preview = plan.preview
    if preview is None or preview.is_done:
        return None
    status = f" ({preview.status})" if preview.status and preview.state == "refused" else ""
    first, *more = (preview.message or "").split("\n")
    said = f"{first} (and more)" if more else first.rstrip(".")
    what = "was refused" if preview.state == "refused" else "is not available"
    path, _ = plan.resource.preview
    hint = "Fix the problem above and run the command again."
    if preview.state != "refused":
        hint = "Leave out --preview to continue without it."
    error = ApiError(
        f"The preview of {plan.label} {what}: {said}{status}. Nothing was written.",
        status=preview.status,
        method="POST",
        path=path,
        key=preview.key,
        hint=hint,
    )
    error.details = preview.details
    error.result = PatchResult.of_error(error, plan.resource, plan=plan)
    return error
