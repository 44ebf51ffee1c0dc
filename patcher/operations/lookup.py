"""Finding a resource by what people call it: a UUID or an exact name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from patcher.api import Client
from patcher.documents.suggestions import closest
from patcher.documents.values import Document
from patcher.errors import AmbiguousNameError, InvalidInputError, NotFoundError
from patcher.resources.projection import UUID
from patcher.resources.resource import Resource

FORCED: Final = "name:"
"""What makes a name of any text."""


def resources(client: Client, resource: Resource) -> Iterator[Document]:
    """Every resource of a kind, once, as the API lists them."""
    seen: set[object] = set()
    for page in client.pages(resource.collection):
        for item in page:
            if type(item.get("id")) is str and item["id"] not in seen:
                seen.add(item["id"])
                yield item


def resolve(client: Client, resource: Resource, text: str) -> str:
    """The id that ``text`` stands for: itself, or that of the one resource of that name.

    ``name:TEXT`` is always a name. A UUID costs no request; a name costs all pages, since a
    second one of that name may be on the last. Raises NotFoundError and AmbiguousNameError.
    """
    if UUID.fullmatch(text):
        return text
    name = text.removeprefix(FORCED)
    if not name:
        raise InvalidInputError(
            f"An empty text names no {resource.noun}.", hint="Give a UUID or an exact name."
        )
    names: dict[str, str] = {}
    for item in resources(client, resource):
        if type(item.get("name")) is str:
            names[item["id"]] = item["name"]
    found = [resource_id for resource_id, known in names.items() if known == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise AmbiguousNameError(
            f"{len(found)} {resource.noun}s are called {name!r}: {', '.join(found)}.",
            candidates=found,
            hint="Give the id of the one that you mean.",
        )
    near = closest(name, names.values())
    hint = f"Did you mean {near!r}?" if near else f"patch-model list shows every {resource.noun}."
    raise NotFoundError(f"There is no {resource.noun} called {asked_for(name)}.", hint=hint)


def asked_for(name: str) -> str:
    """A name that was not found, as it may be said: what follows an = may be a password."""
    path, equals, _ = name.partition("=")
    return repr(f"{path}=..." if equals else name)
