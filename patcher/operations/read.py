"""Looking at resources without changing them, found by a UUID or an exact name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from patcher.api import Client
from patcher.batch.pool import each
from patcher.documents.values import Document
from patcher.documents.wording import closest
from patcher.errors import (
    AmbiguousNameError,
    InvalidInputError,
    NotFoundError,
    PatchError,
)
from patcher.operations.session import Options, Session, refuse_other_name, shown_name
from patcher.resources.blockers import OnUnknown
from patcher.resources.projection import UUID, Projection
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot

FORCED: Final = "name:"
"""What makes a name of any text."""


def resources(client: Client, resource: Resource) -> Iterator[Document]:
    """Every resource of a kind, as the API lists them.

    One that is written while the list is read may come again, in its later state.
    """
    seen: dict[str, object] = {}
    for page in client.pages(resource.collection):
        for item in page:
            state = [item.get(key) for key in ("name", "version", "updated_at")]
            if type(item.get("id")) is str and seen.get(item["id"]) != state:
                seen[item["id"]] = state
                yield item


def whole(client: Client, resource: Resource, ids: Sequence[str]) -> Iterator[Snapshot]:
    """The resources of these ids, in no particular order, as they are now.

    An item of a list may be lighter than the resource, so what it lacks is read there. One that
    is not there any more is left out. Raises ApiError.
    """

    def read(resource_id: str) -> Snapshot:
        return Snapshot(*client.get(resource.collection, resource_id))

    for _, outcome in each(ids, read):
        if isinstance(outcome, PatchError) and not isinstance(outcome, NotFoundError):
            raise outcome
        if isinstance(outcome, Snapshot):
            yield outcome


def named(client: Client, resource: Resource, listed: Iterable[Document]) -> Iterator[Document]:
    """``listed`` items of the API's list; those without a name are read, and come last."""
    nameless: list[str] = []
    for item in listed:
        if type(item.get("name")) is str:
            yield item
        else:
            nameless.append(item["id"])
    for snapshot in whole(client, resource, list(dict.fromkeys(nameless))):
        yield snapshot.raw


def resolve(client: Client, resource: Resource, text: str) -> tuple[str, str | None]:
    """The id that ``text`` stands for, and the name by which it was found; None for a UUID.

    ``name:TEXT`` is always a name. A UUID costs no request; a name costs all pages, since a
    second one of that name may be on the last. A name that two were seen to have, one after the
    other even, is ambiguous. Raises NotFoundError and AmbiguousNameError.
    """
    if UUID.fullmatch(text):
        return text, None
    name = text.removeprefix(FORCED)
    if not name:
        raise InvalidInputError(
            f"An empty text names no {resource.noun}.", hint="Give a UUID or an exact name."
        )
    known: dict[str, dict[str, None]] = {}
    for item in named(client, resource, resources(client, resource)):
        if type(item.get("name")) is str:
            known.setdefault(item["name"], {})[item["id"]] = None
    found = list(known.get(name, ()))
    if len(found) == 1:
        return found[0], name
    if found:
        raise ambiguous(resource.noun, name, found)
    near = closest(name, known)
    hint = f"Did you mean {near!r}?" if near else f"patch-model list shows every {resource.noun}."
    raise NotFoundError(f"There is no {resource.noun} called {asked_for(name)}.", hint=hint)


def ambiguous(noun: str, name: str, found: list[str]) -> AmbiguousNameError:
    """The error for a name that the resources of several ids have."""
    return AmbiguousNameError(
        f"{len(found)} {noun}s are called {name!r}: {', '.join(found)}.",
        candidates=found,
        hint="Give the id of the one that you mean.",
    )


def asked_for(name: str) -> str:
    """A name that was not found, as it may be said: what follows an = may be a password."""
    path, equals, _ = name.partition("=")
    return repr(f"{path}=..." if equals else name)


def raw_model(session: Session, model: str) -> Document:
    """A resource as the API gives it."""
    return _read(session, model).raw


def projection(session: Session, model: str, unknown_fields: OnUnknown) -> Projection:
    """A resource's writable document, what in it cannot be written, and what was done about that.

    What cannot be written as it is stands in the document as the API shows it.
    """
    decided = session.unknown_fields(Options(unknown_fields=unknown_fields))
    return session.resource.projection(_read(session, model), decided, session.masks)


def summaries(session: Session) -> list[dict[str, Any]]:
    """Every resource by id, name, version and last write, the last written first."""
    latest = {one["id"]: Snapshot(one) for one in resources(session.client, session.resource)}
    return [
        {
            "id": one.id,
            "name": shown_name(session, one),
            "version": one.version,
            "updated_at": one.updated_at,
            "updated_by": one.author,
        }
        for one in latest.values()
    ]


def _read(session: Session, model: str) -> Snapshot:
    resource_id, listed_as = resolve(session.client, session.resource, model)
    snapshot = session.read(resource_id)
    refuse_other_name(session.resource, snapshot, listed_as)
    session.name_passed_over(snapshot)
    return snapshot
