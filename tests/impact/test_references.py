"""Where a sync refers to fields, in every place and every spelling, and what cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.impact.downstream import Relating, Schedule, Sync, is_running, problems, reads
from patcher.impact.fieldchange import FieldChange, references, unreadable, unreadable_relations
from patcher.impact.preview import as_json

MODEL_ID = "248df4b7-aa70-47b8-a036-33ac447e668d"
OTHER_ID = "348df4b7-aa70-47b8-a036-33ac447e668d"
PLAN_ID = "448df4b7-aa70-47b8-a036-33ac447e668d"
CHANGE = FieldChange(
    dropped=frozenset({"plan"}),
    renamed={"email": "mail"},
    identifier=("id", "key"),
    is_certain=True,
    ids={"plan": PLAN_ID.upper()},
    owners=frozenset({MODEL_ID}),
)


def source(field: str = "plan", model_id: str = MODEL_ID) -> dict[str, str]:
    """A reference as the API spells it."""
    return {"model_id": model_id, "field": field}


PLACES: dict[str, dict[str, Any]] = {
    "/fields/0/source": {"fields": [{"source": source(), "target": "x"}]},
    "/identity/source": {"identity": {"source": source()}},
    "/identities/mappings/0/source": {"identities": {"mappings": [{"source": source()}]}},
    "/filters/0/field": {"filters": [{"field": source(), "field_type": "Model"}]},
    "/filters/0/value_field": {"filters": [{"field_id": "x", "value_field": source()}]},
    "/filters/0/field_id": {"filters": [{"field_id": PLAN_ID, "field_type": "Model"}]},
    "/model_filters/conditions/0/source": {"model_filters": {"conditions": [{"source": source()}]}},
    "/target_filters/conditions/0/value_source": {
        "target_filters": {"conditions": [{"value_source": source()}]}
    },
    "/overrides/0/field": {"overrides": [{"field": source()}]},
    "/overrides/0/field_id": {"overrides": [{"field_id": PLAN_ID}]},
    "/override_fields/0/source": {"override_fields": [{"source": source()}]},
    "": source(),
    "/grown/0/later/source": {"grown": [{"later": {"source": source()}}]},
}


@pytest.mark.parametrize(("path", "sync"), PLACES.items())
def test_every_place_is_found(path: str, sync: dict[str, Any]) -> None:
    """A reference is found in every documented place, by name and by id, and in unknown ones."""
    (found,) = references(sync, CHANGE)

    assert (found.path, found.field, found.breaks) == (path, "plan", "dropped")
    assert found.by == ("id" if path.endswith("field_id") else "name")
    assert list(unreadable(sync)) == []


def test_references_to_others_are_not_ours() -> None:
    """Another model's field of the same name, other ids and the server's own members are not."""
    sync = {
        "id": PLAN_ID,
        "name": PLAN_ID,
        "fields": [{"source": source("plan", OTHER_ID)}, {"source": {}}],
        "overrides": [{"field_id": OTHER_ID}],
        "problems": [{"path": "x", "source": source()}],
    }

    assert list(references(sync, CHANGE)) == []


def test_why_it_breaks() -> None:
    """Dropped, renamed, or by the old identifier; and what stays is listed as it is."""
    sync = {
        "fields": [{"source": source(name)} for name in ("plan", "email", "id", "seats")],
        "identity": {"source": source("id", MODEL_ID.upper())},
    }

    assert [one.breaks for one in references(sync, CHANGE)] == [
        "dropped", "renamed", None, None, "identifier-changed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sync", "places"),
    [
        ({"fields": {}}, ["/fields"]),
        ({"fields": [5]}, ["/fields/0"]),
        ({"fields": [{"source": "plan"}]}, ["/fields/0/source"]),
        ({"fields": [{"source": {"model_id": MODEL_ID}}]}, ["/fields/0/source"]),
        ({"identity": []}, ["/identity"]),
        ({"identity": {"source": 5}}, ["/identity/source"]),
        ({"identities": []}, ["/identities"]),
        ({"identities": {"mappings": {}}}, ["/identities/mappings"]),
        ({"model_filters": {"conditions": [None]}}, ["/model_filters/conditions/0"]),
        ({"filters": [{"field_id": 5}]}, ["/filters/0/field_id"]),
        ({"overrides": [{"field": {"model_id": 5, "field": "x"}}]}, ["/overrides/0/field"]),
        ({"fields": None, "identities": None, "identity": None, "filters": []}, []),
    ],
)
def test_what_cannot_be_read_is_named(sync: dict[str, Any], places: list[str]) -> None:
    """A place that should refer to fields and has another shape is named, and breaks nothing."""
    assert list(unreadable(sync)) == places
    assert list(references(sync, CHANGE)) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(PLAN_ID),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["model_id", "field", "source", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ("fields", "identity", "identities", "filters", "model_filters", "overrides", "schedule")
) | st.sampled_from(
    ("problems", "model_ids", "name", "active", "mode", "current_execution", "relations")
)


@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_no_shape_breaks_the_reader(sync: dict[str, Any]) -> None:
    """Whatever a sync looks like, reading it ends, and everything shown of it is text."""
    list(references(sync, CHANGE))
    list(unreadable(sync))
    shown = as_json(Sync.of({**sync, "id": OTHER_ID}, str))
    Relating.of({**sync, "id": OTHER_ID}, CHANGE, str)
    problems(sync, str)
    reads(sync, CHANGE.owners)
    is_running(sync)

    assert shown["name"] is None or isinstance(shown["name"], str)


@pytest.mark.parametrize(
    ("ids", "answer"),
    [([MODEL_ID.upper()], True), ([OTHER_ID], False), ([], False), (None, None), ([5], None)],
)
def test_model_ids_say_who_reads(ids: Any, answer: bool | None) -> None:
    """A list of ids says yes or no; anything else says nothing."""
    assert reads({"model_ids": ids}, CHANGE.owners) is answer


@pytest.mark.parametrize(
    ("status", "running"),
    [
        ({}, False),
        ({"current_execution": None}, False),
        ({"current_execution": {}}, False),
        ({"current_execution": {"status": "running"}}, True),
        ({"current_execution": {"status": "completed", "completed_at": "x"}}, False),
        ({"current_execution": "running"}, None),
        (None, None),
    ],
)
def test_what_runs_is_told_or_not(status: Any, running: bool | None) -> None:
    """Only an execution that has not ended runs; an unknown shape is not known."""
    assert is_running(status) is running


@pytest.mark.parametrize(
    ("value", "text", "after"),
    [
        ({"frequency": "daily", "hour": "6", "minute": "30"}, "daily, hour 6, minute 30", ()),
        ({"frequency": "runafter", "run_after": {"sync_ids": ["a", 5]}}, "runafter", ("a",)),
        ({"run_after": [], "hour": 6}, "no known frequency", ()),
    ],
)
def test_schedules_are_put_into_words(value: Any, text: str, after: tuple[str, ...]) -> None:
    """A schedule is read as far as it is known."""
    schedule = Schedule.of(value, str)

    assert schedule is not None
    assert (str(schedule), schedule.run_after) == (text, after)
    assert Schedule.of("daily", str) is None


@pytest.mark.parametrize(
    ("value", "is_readable"),
    [
        (None, True),
        ({}, True),
        ({"run_after": None}, True),
        ({"run_after": {"sync_ids": None}}, True),
        ({"run_after": {"sync_ids": ["a"]}}, True),
        ({"run_after": {"sync_ids": [5]}}, False),
        ({"run_after": {"sync_ids": {}}}, False),
        ({"run_after": "a"}, False),
        ({"run_after": ["a"]}, False),
        ("daily", False),
    ],
)
def test_a_schedule_that_may_say_more_is_told(value: Any, is_readable: bool) -> None:
    """A schedule that names others in an unknown shape is not taken for one that names none."""
    assert Schedule.is_readable(value) is is_readable


@pytest.mark.parametrize(
    ("relations", "places"),
    [
        (None, []),
        ([{"from": "x", "to": source()}], []),
        ({}, ["/relations"]),
        ([5, {"to": "x"}], ["/relations/0", "/relations/1"]),
    ],
)
def test_relations_that_cannot_be_read_are_named(relations: Any, places: list[str]) -> None:
    """A model's relation of an unknown shape is named."""
    assert list(unreadable_relations({"relations": relations})) == places


def test_problems_are_read_leniently() -> None:
    """Each part of a problem may be missing; what is no list of problems cannot be read."""
    (found,) = problems({"problems": [{"message": "no", "severity": 5}]}, str) or ()

    assert found._asdict() == {"code": None, "message": "no", "path": None, "severity": None}
    assert problems({}, str) == ()
    assert problems({"problems": None}, str) == ()
    assert problems({"problems": {}}, str) is None
    assert problems({"problems": [5]}, str) is None
