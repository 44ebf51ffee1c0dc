"""Which resources a run is about: by name, all of them, or by what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from patcher.batch import Job
from patcher.batch.overview import Named
from patcher.documents.suggestions import closest
from patcher.documents.values import Document
from patcher.documents.where import Condition
from patcher.errors import InvalidInputError, NotFoundError
from patcher.operations.lookup import FORCED, ambiguous, asked_for, named, resources, whole
from patcher.operations.session import Options, Session, shown_name
from patcher.resources.projection import UUID, project
from patcher.resources.snapshot import Snapshot

_SHOWN = 5


class Selection(NamedTuple):
    """Which resources are meant.

    Attributes:
        targets: UUIDs and names, as a verb for one takes them; None stands for every one.
        where: what must hold for each, all of it.
        exclude: UUIDs and names of those that are not meant.
    """

    targets: tuple[str, ...] | None
    where: tuple[Condition, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def has_names(self) -> bool:
        """Whether any are named by something else than a UUID."""
        return not all(map(UUID.fullmatch, (*(self.targets or ()), *self.exclude)))

    @property
    def needs_a_list(self) -> bool:
        """Whether it takes the list of all resources to tell."""
        return bool(self.where) or self.targets is None or self.has_names


def select(session: Session, selection: Selection, options: Options) -> list[Job]:
    """The resources that are meant, each once, in the order named; else as the API lists them.

    Raises InvalidPatchError for a condition that cannot be, NotFoundError where there is no such
    resource (to be excluded, too), AmbiguousNameError where there are several.
    """
    for condition in selection.where:
        condition.check(
            session.resource.shape,
            session.masks,
            allow_unknown="carry" in session.unknown_fields(options),
        )
    listed = _Listed({}, {}, {})
    if selection.needs_a_list:
        listed = _listed(session, selection)
    targets = selection.targets
    chosen: dict[str, str | None] = dict.fromkeys(listed.names)
    if targets is not None:
        chosen = _ids(session, listed.ids, targets)
    excluded = _ids(session, listed.ids, selection.exclude)
    chosen = {one: listed_as for one, listed_as in chosen.items() if one not in excluded}
    fitting = _fitting(session, chosen, listed, selection.where)
    return [
        Job(Named(listed.names.get(one), one), listed_as=listed_as)
        for one, listed_as in chosen.items()
        if one in fitting
    ]


def holds(session: Session, where: Iterable[Condition], document: Document) -> bool:
    """Whether a writable document fulfils all conditions."""
    return all(one.holds(document, session.resource.shape, session.masks) for one in where)


class _Listed(NamedTuple):
    """The list of all resources.

    Attributes:
        names: the last name of each by id; None where the list has none.
        ids: for each name that was seen, the ids that were seen to have it.
        fits: whether each fulfils the conditions; None where the list does not tell.
    """

    names: dict[str, str | None]
    ids: dict[str, dict[str, None]]
    fits: dict[str, bool | None]


def _listed(session: Session, selection: Selection) -> _Listed:
    """Reads the list a page at a time, and keeps no more of it than it has to."""
    found = _Listed({}, {}, {})
    items = resources(session.client, session.resource)
    if selection.has_names:
        items = named(session.client, session.resource, items)
    for raw in items:
        resource_id, name = raw["id"].lower(), raw.get("name")
        found.names[resource_id] = shown_name(session, Snapshot(raw))
        if type(name) is str:
            found.ids.setdefault(name, {})[resource_id] = None
        found.fits[resource_id] = _fits(session, raw, selection.where)
    return found


def _fits(session: Session, raw: Document, where: tuple[Condition, ...]) -> bool | None:
    """Whether an item of the list fulfils all conditions; None where it does not tell.

    An item may be lighter than the resource: a key that it lacks may be there all the same.
    """
    if not where:
        return True
    document = _document(session, raw)
    told = [one for one in where if session.resource.tells(raw, document, one.place)]
    if not holds(session, told, document):
        return False
    return True if len(told) == len(where) else None


def _fitting(
    session: Session, ids: Iterable[str], listed: _Listed, where: tuple[Condition, ...]
) -> set[str]:
    """Those of ``ids`` that fulfil the conditions; where the list does not tell, they are read."""
    if not where:
        return set(ids)
    fitting = {one for one in ids if listed.fits.get(one)}
    in_doubt = [one for one in ids if listed.fits.get(one) is None]
    for snapshot in whole(session.client, session.resource, in_doubt):
        if holds(session, where, _document(session, snapshot.raw)):
            fitting.add((snapshot.id or "").lower())
    return fitting


def _document(session: Session, raw: Document) -> Document:
    """The writable document as far as it can be told; the plan is stricter about the rest."""
    return project(raw, session.resource.members, session.resource.shape, "carry").document


def _ids(
    session: Session, by_name: Mapping[str, Iterable[str]], targets: Iterable[str]
) -> dict[str, str | None]:
    """The ids that UUIDs and names stand for, each with its name if it was given by it.

    Raises for all that stand for none together.
    """
    noun, missing = session.resource.noun, []
    ids: dict[str, str | None] = {}
    for text in targets:
        name = text.removeprefix(FORCED)
        if not name:
            raise InvalidInputError(
                f"An empty text names no {noun}.", hint="Give a UUID or an exact name."
            )
        if UUID.fullmatch(text):
            ids.setdefault(text.lower())
            continue
        found = list(by_name.get(name, ()))
        if len(found) > 1:
            raise ambiguous(noun, name, found)
        ids.update(dict.fromkeys(found, name))
        missing += [name] if not found else []
    if missing:
        raise _no_such(noun, missing, by_name)
    return ids


def _no_such(noun: str, missing: list[str], known: Iterable[str]) -> NotFoundError:
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    listed = ", ".join(map(asked_for, missing[:_SHOWN])) + more
    near = closest(missing[0], known)
    hint = f"Did you mean {near!r}?" if near else f"patch-model list shows every {noun}."
    return NotFoundError(f"There is no {noun} called {listed}.", hint=hint)
