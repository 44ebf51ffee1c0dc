"""Which resources a run is about: by name, all of them, or by what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from patcher.documents.conditions import Condition
from patcher.documents.suggestions import closest
from patcher.documents.values import Document
from patcher.errors import AmbiguousNameError, InvalidInputError, NotFoundError
from patcher.operations.lookup import asked_for, resources
from patcher.operations.session import Options, Session
from patcher.plan.groups import Named
from patcher.resources.projection import UUID, project

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
    def needs_a_list(self) -> bool:
        """Whether it takes the list of all resources to tell."""
        named = (*(self.targets or ()), *self.exclude)
        is_plain = self.targets is not None and all(map(UUID.fullmatch, named))
        return bool(self.where) or not is_plain


def select(session: Session, selection: Selection, options: Options) -> list[Named]:
    """The resources that are meant, each once, in the order named; else as the API lists them.

    Raises InvalidPatchError for a condition that cannot be, NotFoundError where there is no such
    resource (to be excluded, too), AmbiguousNameError where there are several.
    """
    for condition in selection.where:
        condition.check(
            session.resource.shape, session.masks, allow_unknown=options.unknown_fields == "carry"
        )
    listed = _listed(session, selection.where) if selection.needs_a_list else _Listed({}, set())
    targets = selection.targets
    ids = list(listed.names) if targets is None else _ids(session, listed.names, targets)
    excluded = set(_ids(session, listed.names, selection.exclude))
    chosen = [one for one in dict.fromkeys(ids) if one not in excluded]
    if selection.where:
        chosen = [one for one in chosen if _is_chosen(session, one, listed, selection.where)]
    return [Named(listed.names.get(one), one) for one in chosen]


def holds(session: Session, where: Iterable[Condition], document: Document) -> bool:
    """Whether a writable document fulfils all conditions."""
    return all(one.holds(document, session.resource.shape) for one in where)


class _Listed(NamedTuple):
    """The list of all resources: their names by id, and those that fulfil the conditions."""

    names: dict[str, str | None]
    fitting: set[str]


def _listed(session: Session, where: tuple[Condition, ...]) -> _Listed:
    """Reads the list a page at a time, and keeps no more of it than it has to."""
    found = _Listed({}, set())
    for raw in resources(session.client, session.resource):
        resource_id, name = raw["id"].lower(), raw.get("name")
        found.names[resource_id] = name if type(name) is str else None
        if where and holds(session, where, _document(session, raw)):
            found.fitting.add(resource_id)
    return found


def _is_chosen(
    session: Session, resource_id: str, listed: _Listed, where: tuple[Condition, ...]
) -> bool:
    """Whether one fulfils the conditions; one that was not listed is read."""
    if resource_id in listed.names:
        return resource_id in listed.fitting
    return holds(session, where, _document(session, session.read(resource_id).raw))


def _document(session: Session, raw: Document) -> Document:
    """The writable document as far as it can be told; the plan is stricter about the rest."""
    return project(raw, session.resource.members, session.resource.shape, "carry").document


def _ids(session: Session, names: Mapping[str, str | None], targets: Iterable[str]) -> list[str]:
    """The ids that UUIDs and names stand for. Raises for all that stand for none together."""
    noun, missing, ids = session.resource.noun, [], []
    by_name: dict[str, list[str]] = {}
    for resource_id, name in names.items():
        if name is not None:
            by_name.setdefault(name, []).append(resource_id)
    for text in targets:
        name = text.removeprefix("name:")
        found = [text.lower()] if UUID.fullmatch(text) else by_name.get(name, [])
        if not name:
            raise InvalidInputError(
                f"An empty text names no {noun}.", hint="Give a UUID or an exact name."
            )
        if len(found) > 1:
            raise AmbiguousNameError(
                f"{len(found)} {noun}s are called {name!r}: {', '.join(found)}.",
                candidates=found,
                hint="Give the id of the one that you mean.",
            )
        ids += found
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
