"""Reading: resources by UUID, by name or by condition; the list, and one writable document."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from patcher.api import Client
from patcher.documents.values import UUID, Document
from patcher.documents.where import Condition
from patcher.documents.wording import closest, first_few
from patcher.errors import (
    AmbiguousNameError,
    InvalidInputError,
    NotFoundError,
    PatchError,
    in_python,
)
from patcher.operations.arguments import Options, several
from patcher.operations.session import Session, opened, refuse_other_name, reported, shown_name
from patcher.resources.blockers import OnUnknown
from patcher.resources.projection import Projection
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot

if TYPE_CHECKING:
    from patcher.batch.batch import Target

logger = logging.getLogger("patcher")

FORCED: Final = "name:"
"""Makes a name of any text that follows it."""


def resources(client: Client, resource: Resource) -> Iterator[Document]:
    """Every resource of a kind, as the API lists them.

    One that is written while the list is read may come again, in its later state.
    """
    seen: dict[str, object] = {}
    for page in client.pages(resource.collection):
        for item in page:
            if type(item) is not dict or type(item.get("id")) is not str:
                continue
            state = [item.get(key) for key in ("name", "version", "updated_at")]
            if seen.get(item["id"]) != state:
                seen[item["id"]] = state
                yield item


def whole(client: Client, resource: Resource, ids: Sequence[str]) -> Iterator[Snapshot]:
    """The resources of these ids, in no particular order, as they are now.

    An item of a list may be lighter than the resource, so what it lacks is read there. One that
    is not there any more is left out. Raises ApiError.
    """
    if not ids:
        return

    from patcher.batch.pool import each  # few commands read several

    def read(resource_id: str) -> Snapshot:
        return Snapshot(*client.read_raw(resource.collection, resource_id)[:2])

    for _, outcome in each(ids, read):
        if isinstance(outcome, PatchError) and not isinstance(outcome, NotFoundError):
            raise outcome
        if isinstance(outcome, Snapshot):
            yield outcome


def named(client: Client, resource: Resource) -> Iterator[Document]:
    """Like ``resources``; those listed without a name are read, and come last."""
    nameless: list[str] = []
    for item in resources(client, resource):
        if type(item.get("name")) is str:
            yield item
        else:
            nameless.append(item["id"])
    for snapshot in whole(client, resource, list(dict.fromkeys(nameless))):
        yield snapshot.raw


def resolve(client: Client, resource: Resource, text: str) -> tuple[str, str | None]:
    """The id that ``text`` stands for, and the name by which it was found; None for a UUID.

    ``name:TEXT`` is always a name. A UUID costs no request; a name costs all pages, since a
    second resource of that name may be on the last. A name that two had, even one after the
    other, is ambiguous. Raises NotFoundError and AmbiguousNameError.
    """
    if UUID.fullmatch(text):
        return text, None
    by_name: dict[str, dict[str, None]] = {}
    if text.removeprefix(FORCED):
        for item in named(client, resource):
            if type(item.get("name")) is str:
                by_name.setdefault(item["name"], {})[item["id"]] = None
    ((found, listed_as),) = ids_of(resource.noun, by_name, [text]).items()
    return found, listed_as


def ids_of(
    noun: str, by_name: Mapping[str, Iterable[str]], targets: Iterable[str]
) -> dict[str, str | None]:
    """The ids that UUIDs and names stand for, each with its name if it was given by name.

    Raises AmbiguousNameError, and NotFoundError for all that do not exist together.
    """
    missing = []
    ids: dict[str, str | None] = {}
    for text in targets:
        name = text.removeprefix(FORCED)
        if not name:
            raise InvalidInputError(
                f"The name of a {noun} is empty.", hint="Give a UUID or an exact name."
            )
        if UUID.fullmatch(text):
            ids.setdefault(text.lower())
            continue
        found = list(by_name.get(name, ()))
        if len(found) > 1:
            raise AmbiguousNameError(
                f"{len(found)} {noun}s are called {name!r}: {', '.join(found)}.",
                candidates=found,
                hint="Pass the ID of the one you mean.",
            )
        ids.update(dict.fromkeys(found, name))
        missing += [name] if not found else []
    if missing:
        near = closest(missing[0], by_name)
        raise NotFoundError(
            f"There is no {noun} called {first_few(map(_asked_for, missing))}.",
            hint=f"Did you mean {near!r}?" if near else f"patch-model list shows every {noun}.",
        )
    return ids


def _asked_for(name: str) -> str:
    """A name that was not found, safe to show: what follows an = may be a password."""
    path, equals, _ = name.partition("=")
    return repr(f"{path}=..." if equals else name)


class Selection(NamedTuple):
    """Which resources to work on.

    Attributes:
        targets: UUIDs and names; None selects all.
        where: conditions that each must fulfil.
        exclude: UUIDs and names to leave out.
    """

    targets: tuple[str, ...] | None
    where: tuple[Condition, ...] = ()
    exclude: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, models: Iterable[str] | None, where: Iterable[str], exclude: Iterable[str]
    ) -> Selection:
        """The selection that a caller gave. Raises InvalidInputError and InvalidPatchError."""
        return cls(
            None if models is None else several(models, "models"),
            tuple(map(Condition.parse, several(where, "conditions"))),
            several(exclude, "models to exclude"),
        )

    @property
    def has_names(self) -> bool:
        """Whether any is given by name."""
        return not all(map(UUID.fullmatch, (*(self.targets or ()), *self.exclude)))


def select(session: Session, selection: Selection, options: Options) -> list[Target]:
    """The selected resources, each once, in the order named; else as the API lists them.

    Raises InvalidPatchError for an unknown path in a condition, NotFoundError for a resource that
    does not exist (also one to leave out), AmbiguousNameError where several have a name.
    """
    from patcher.batch.batch import Target
    from patcher.batch.overview import NamedResource

    targets, where = selection.targets, selection.where
    _check(session, where, allow_unknown="carry" in session.unknown_fields(options))
    names: dict[str, str | None] = {}
    fits: dict[str, bool | None] = {}
    by_name: dict[str, dict[str, None]] = {}
    if where or targets is None or selection.has_names:
        # Of the list, which comes page by page, no more is kept than needed.
        listed = named if selection.has_names else resources
        for raw in listed(session.client, session.resource):
            resource_id, name = raw["id"].lower(), raw.get("name")
            names[resource_id] = shown_name(session, Snapshot(raw))
            if type(name) is str:
                by_name.setdefault(name, {})[resource_id] = None
            fits[resource_id] = _fits(session, where, raw)
    chosen: dict[str, str | None] = dict.fromkeys(names)
    if targets is not None:
        chosen = ids_of(session.resource.noun, by_name, targets)
    excluded = ids_of(session.resource.noun, by_name, selection.exclude)
    chosen = {one: listed_as for one, listed_as in chosen.items() if one not in excluded}
    default = None if where else True
    fitting = _fitting(session, where, {one: fits.get(one, default) for one in chosen})
    return [
        Target(NamedResource(names.get(one), one), listed_as=listed_as)
        for one, listed_as in chosen.items()
        if one in fitting
    ]


def holds(session: Session, where: Iterable[Condition], document: Document) -> bool:
    """Whether a writable document fulfils all conditions."""
    return all(one.holds(document, session.resource.shape, session.masks) for one in where)


def _check(session: Session, where: Iterable[Condition], *, allow_unknown: bool) -> None:
    for condition in where:
        condition.check(session.resource.shape, session.masks, allow_unknown=allow_unknown)


def _fits(session: Session, where: Collection[Condition], raw: Document) -> bool | None:
    """Whether an item of a list fulfils all conditions; None where it does not show it.

    An item may be lighter than the resource: what it lacks may be there all the same.
    """
    if not where:
        return True
    document, tells = _document(session, raw), session.resource.tells
    shown = [one for one in where if tells(raw, document, one.place)]
    return holds(session, shown, document) and (len(shown) == len(where) or None)


def _fitting(
    session: Session, where: Iterable[Condition], fits: Mapping[str, bool | None]
) -> set[str]:
    """The ids that fulfil all conditions; those in doubt are read."""
    fitting = {one for one, is_fit in fits.items() if is_fit}
    in_doubt = [one for one, is_fit in fits.items() if is_fit is None]
    for snapshot in whole(session.client, session.resource, in_doubt):
        if holds(session, where, _document(session, snapshot.raw)):
            fitting.add((snapshot.id or "").lower())
    return fitting


def _document(session: Session, raw: Document) -> Document:
    """The writable document as far as it can be rebuilt; the plan is stricter about the rest."""
    return session.resource.document(Snapshot(raw), "carry")[0]


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """A model as the API's list shows it. What the list leaves out is None.

    Attributes:
        id: its UUID.
        name: its name, credentials masked.
        type: the kind of its connection.
        connection_id: the UUID of its connection.
        version: its version.
        updated_at: when it was last written.
        updated_by: who wrote it.
    """

    id: str
    name: str | None
    type: str | None
    connection_id: str | None
    version: int | None
    updated_at: str | None
    updated_by: str | None

    def to_dict(self) -> dict[str, Any]:
        """The summary as a JSON object."""
        return asdict(self)


def list_models(
    *, client: Client | None = None, where: Iterable[str] = ()
) -> tuple[ModelSummary, ...]:
    """Every model, the last written first.

    Args:
        client: the API; by default Client.from_env().
        where: conditions, ``PATH=VALUE`` or ``PATH~=REGEX``, which all must hold.

    Raises InvalidInputError for a condition that makes no sense, ApiError where the list cannot be
    read.
    """
    conditions = tuple(map(Condition.parse, several(where, "conditions")))
    with opened(client) as session:
        return tuple(summaries(session, conditions))


def get_model(
    model: str, *, client: Client | None = None, unknown_fields: OnUnknown = "error"
) -> Document:
    """A model's writable document, credentials included: the body of an update.

    A value that no update can carry is in the document as the API shows it, and the ``patcher``
    logger warns of it.

    Args:
        model: a UUID or an exact name (``name:TEXT`` forces a name).
        client: the API; by default Client.from_env().
        unknown_fields: what to do with unknown keys of the model: "error", "carry" or "drop", or
            key by key: "row_filter=carry,tags=drop".

    Raises NotFoundError, AmbiguousNameError, and ApiError where the model cannot be read.
    """
    options = Options(unknown_fields=unknown_fields)
    with opened(client) as session:
        found = projection(session, read_model(session, model), options)
    for text in (*(one.message for one in found.notices), *(one.note for one in found.blockers)):
        logger.warning("%s", in_python(text))
    return found.document


def read_model(session: Session, model: str) -> Snapshot:
    """A resource as it is now."""
    with reported(model):
        resource_id, listed_as = resolve(session.client, session.resource, model)
        snapshot = session.read(resource_id)
        refuse_other_name(session.resource, snapshot, listed_as)
        session.name_passed_over(snapshot)
        return snapshot


def read_base(session: Session, model: str, options: Options) -> Snapshot:
    """A resource as it is now, to make a plan on: not older than known, at the expected version.

    It is the last one accepted from here on. Raises what ``resolve`` and ``expected`` do.
    """
    resource_id, listed_as = resolve(session.client, session.resource, model)
    return session.expected(resource_id, options, listed_as)


def projection(session: Session, snapshot: Snapshot, options: Options) -> Projection:
    """A resource's writable document, with what in it blocks a write."""
    unknown, masks = session.unknown_fields(options), session.masks_of(options)
    return session.resource.projection(snapshot, unknown, masks)


def summaries(session: Session, where: tuple[Condition, ...] = ()) -> list[ModelSummary]:
    """The resources that fulfil all conditions, the last written first."""
    _check(session, where, allow_unknown=True)
    fits: dict[str, bool | None] = {}
    found: dict[str, ModelSummary] = {}
    for raw in resources(session.client, session.resource):
        item = Snapshot(raw)
        texts = {key: raw.get(key) for key in ("type", "connection_id")}
        found[raw["id"].lower()] = ModelSummary(
            id=raw["id"],
            name=shown_name(session, item),
            version=item.version,
            updated_at=item.updated_at,
            updated_by=item.author,
            **{key: one if type(one) is str else None for key, one in texts.items()},
        )
        fits[raw["id"].lower()] = _fits(session, where, raw)
    fitting = _fitting(session, where, fits)
    return [one for resource_id, one in found.items() if resource_id in fitting]
