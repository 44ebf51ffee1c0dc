"""Random models and random changes to them, each with an independent account of the intent."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Document = dict[str, Any]

NUMBERS = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, 1, 1.0, 0.0, -0.0, 2**53 + 1])
)
LEAVES = st.none() | st.booleans() | NUMBERS | st.text(max_size=8)
# Eight stars are refused by design, wherever they come from.
KEYS = st.sampled_from(["query", "table", "a.b", "a/b", "__x", "", "ü", "nested", "token"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
CONFIGURATIONS = st.dictionaries(KEYS, VALUES, max_size=4)
UUIDS = st.uuids().map(str)
NAMES = st.from_regex(r"[a-z]{1,3}[0-9]{0,2}", fullmatch=True)


def unique(strategy: st.SearchStrategy[Any], least: int = 1) -> st.SearchStrategy[list[Any]]:
    """A list without repetitions."""
    return st.lists(strategy, min_size=least, max_size=4, unique=True)


ADDITIONAL = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES.map(lambda name: f"added_{name}"), "label": st.text(max_size=4)},
        optional={"example": st.text(max_size=4)},
    ).map(lambda one: {**one, "type": "string"}),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one["name"],
)
RELATIONS = st.lists(
    st.builds(
        lambda start, model, field: {"from": start, "to": {"model_id": model, "field": field}},
        NAMES,
        UUIDS,
        NAMES,
    ),
    max_size=3,
    unique_by=repr,
)
# Whole, since a server fills in what is left out.
KNOWN = {
    "label": "L",
    "description": "",
    "type": "t",
    "remote_type": "t",
    "unique": True,
    "user_added": False,
}
ENRICHERS = st.fixed_dictionaries(
    {
        "enricher_id": UUIDS,
        "connection_id": UUIDS,
        "configuration": CONFIGURATIONS,
        "fields": unique(NAMES).map(lambda names: [{"name": name, **KNOWN} for name in names]),
        "mappings": st.dictionaries(NAMES, NAMES, max_size=2),
    }
)
MEMBERS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.text(min_size=1, max_size=10),
    "connection_id": UUIDS,
    "configuration": CONFIGURATIONS,
    "identifier": NAMES,
    "fields": unique(NAMES),
    "additional_fields": ADDITIONAL,
    "tracking_columns": unique(NAMES, 0),
    "relations": RELATIONS,
    "labels": unique(UUIDS, 0),
    "policies": unique(UUIDS, 0),
    "enricher": ENRICHERS,
}
REQUIRED = ("name", "connection_id", "configuration")
# Without fields a model is open to everything, which is refused rather than done by accident.
CLEARABLE = tuple(key for key in MEMBERS if key not in (*REQUIRED, "fields"))

MODELS = st.fixed_dictionaries(
    {key: MEMBERS[key] for key in (*REQUIRED, "fields")},
    optional={key: MEMBERS[key] for key in CLEARABLE},
)


@dataclass(frozen=True)
class Case:
    """A model, a change to it as patch-model takes it, and what is meant to be stored then."""

    document: Document
    change: Any
    intent: Document


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A random model and a random change, as a merge patch or as a JSON Patch."""
    document = draw(MODELS)
    intent = copy.deepcopy(document)
    merge: Document = {}
    operations: list[Document] = []
    for key in draw(st.lists(st.sampled_from(list(MEMBERS)), max_size=4, unique=True)):
        if key in CLEARABLE and draw(st.booleans()):
            if key in document:
                operations.append({"op": "remove", "path": f"/{key}"})
            merge[key] = None
            intent.pop(key, None)
        else:
            value = draw(MEMBERS[key])
            operations.append({"op": "add", "path": f"/{key}", "value": copy.deepcopy(value)})
            # In a merge patch an object merges; to replace one, its old members go by name.
            merge[key] = _replacing(document.get(key), value)
            intent[key] = value
    change = merge if draw(st.booleans()) and _merges(merge) else operations
    return Case(document, change, intent)


def _replacing(old: Any, new: Any) -> Any:
    """The merge patch that turns ``old`` into ``new``."""
    if not isinstance(new, dict):
        return copy.deepcopy(new)
    before = old if isinstance(old, dict) else {}
    gone = {key: None for key in before if key not in new}
    return gone | {key: _replacing(before.get(key), value) for key, value in new.items()}


def _merges(value: Any) -> bool:
    """Whether no null is meant as a value, which a merge patch cannot say."""
    return not any(_holds_null(one) for one in value.values() if isinstance(one, dict))


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(one is None or _holds_null(one) for one in value.values())
    return False
