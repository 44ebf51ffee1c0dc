"""Models and syncs to begin with: a few realistic ones, then any number of generated ones.

The realistic ones are in seed.json, with what they refer to, such as columns and connections.
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from patcher.sandbox.messages import Document, NoSuchError, person

if TYPE_CHECKING:
    from patcher.sandbox.models import Models
    from patcher.sandbox.syncs import Syncs

_NAMES = uuid.UUID("0d6b3a1e-7c1f-5f52-8a77-3f1d9a4be201")
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def fixed_id(name: str) -> str:
    """The UUID that belongs to a name, always the same."""
    return str(uuid.uuid5(_NAMES, name))


ORGANIZATION_ID = fixed_id("organization")
WAREHOUSE = fixed_id("connection: warehouse")
BILLING = fixed_id("connection: billing")
LABEL_PRODUCTION = fixed_id("label: production")
CONTACTS = fixed_id("model: contacts")

DATA: Final[dict[str, dict[str, Document]]] = json.loads(
    files(__package__).joinpath("seed.json").read_text(encoding="ascii")
)
"""By kind and id: models and syncs in the form of a write, columns and fields by their names.

All else is in the GET form.
"""

COLUMNS: Final = tuple(DATA["columns"])
"""The columns that every table has; a model that lists no fields gets all of them."""

_SELECT: Final = re.compile(r"\s*select\s+(.+?)\s+from\s", re.IGNORECASE | re.DOTALL)
_SELECTED: Final = re.compile(r"(?:\w+\.)?(\w+)(?:\s+as\s+(\w+))?", re.IGNORECASE)

REALISTIC: Final = len(DATA["models"])
"""How many of the models are realistic."""


def contacts() -> Document:
    """A model that uses all twelve writable fields."""
    return copy.deepcopy(DATA["models"][CONTACTS])


def generated(number: int) -> Document:
    """A small model; the same number always returns the same one."""
    document: dict[str, Any] = {
        "name": f"Model {number:05d}",
        "connection_id": BILLING if number % 3 else WAREHOUSE,
        "configuration": {"table": f"public.table_{number:05d}", "batch": number},
        "identifier": "id",
        "fields": ["id", "email", "plan"],
        "organization_id": ORGANIZATION_ID,
    }
    if number % 2:
        document["labels"] = [LABEL_PRODUCTION]
    if number % 5 == 0:
        document["tracking_columns"] = ["email"]
    return document


def documents(count: int) -> Iterator[tuple[str, Document]]:
    """``count`` pairs of id and document: the realistic models first."""
    yield from list(DATA["models"].items())[:count]
    for number in range(REALISTIC + 1, count + 1):
        yield fixed_id(f"model: {number}"), generated(number)


def fill(models: Models, syncs: Syncs, count: int, *, fixed_ids: bool) -> None:
    """Create the first models, and the syncs of the realistic ones."""
    ada = person("Ada Seed")
    made = list(documents(count))
    fixed = (*(one for one, _ in made), *DATA["syncs"])
    ids = {one: one if fixed_ids else str(uuid.uuid4()) for one in fixed}

    def own(pair: tuple[str, Document]) -> Any:
        """An id and its document with those ids, also in references to other models and syncs."""
        return json.loads(_UUID.sub(lambda found: ids.get(found[0], found[0]), json.dumps(pair)))

    for model_id, document in map(own, made):
        models.create(document, ada, model_id)
    if count < REALISTIC:
        return
    fields = json.loads(models.text(ids[CONTACTS]))["fields"]
    field_ids = {field["name"]: field["id"] for field in fields}
    for sync_id, document in map(own, DATA["syncs"].items()):
        for override in document.get("overrides", ()):
            override["field_id"] = field_ids[override["field_id"]]
        syncs.create(document, sync_id)


def selected_columns(configuration: Mapping[str, Any]) -> list[str] | None:
    """The columns that the plainest of queries selects, in order; None for any other source."""
    query = configuration.get("query")
    found = _SELECT.match(query) if isinstance(query, str) else None
    if found is None:
        return None
    columns = [_SELECTED.fullmatch(each.strip()) for each in found[1].split(",")]
    return [each[2] or each[1] for each in columns if each] if all(columns) else None


def found(noun: str, kind: str, its_id: str) -> Any:
    """What there is of that kind and id, in the GET form. Raises NoSuchError."""
    if its_id not in DATA[kind]:
        raise NoSuchError(noun, its_id)
    return DATA[kind][its_id]
