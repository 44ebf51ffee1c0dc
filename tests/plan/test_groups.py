"""Plans that change alike are told once, whatever they change is told."""

from __future__ import annotations

from typing import Any

from patcher.batch.overview import general_changes, likeness
from patcher.documents.patches import Patch
from patcher.plan import Plan, make_plan
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot

BASE: dict[str, Any] = {
    "id": "x",
    "version": 1,
    "name": "One",
    "connection_id": "19be6d87-7676-5582-8f6a-6fc7b1a81dd0",
    "configuration": {"password": "hunter2-one", "rate": 1},
    "fields": [{"name": "id", "user_added": False}, {"name": "plan", "user_added": False}],
}


def planned(patch: Patch, **members: Any) -> Plan:
    """The plan of a patch to the example with some members of its own."""
    return make_plan(MODEL, Snapshot({**BASE, **members}), patch)


def named(*names: str) -> list[dict[str, Any]]:
    """Fields of these names."""
    return [{"name": name, "user_added": False} for name in names]


def test_a_member_of_a_keyed_list_is_the_same_wherever_it_stands() -> None:
    """Removing a field is alike in models that have it at different places."""
    patch = Patch.remove("fields", "plan")
    one, other = planned(patch), planned(patch, fields=named("plan", "a", "b"))

    assert likeness(one) == likeness(other)
    assert [change.path for change in general_changes(one)] == ["/fields"]


def test_what_is_inside_a_member_goes_by_its_name() -> None:
    """A label of an additional field: the field's name is in the path, not its index."""
    added = [
        {"name": "total", "label": "T", "type": "number", "user_added": True},
        *named("id"),
    ]
    patch = Patch.set("additional_fields.0.label", "Total")
    (change,) = general_changes(planned(patch, fields=added))

    assert change.path == "/additional_fields/total/label"


def test_other_values_are_other_groups() -> None:
    """Another old value, another type, another thing cleared: not alike."""
    patch = Patch.merge({"configuration": {"rate": 2}, "identifier": None})
    plans = [
        planned(patch),
        planned(patch, configuration={"password": "hunter2-one", "rate": 1.0}),
        planned(patch, configuration={"password": "hunter2-one", "rate": True}),
        planned(patch, identifier="id"),
    ]

    assert len(set(map(likeness, plans))) == len(plans)


def test_other_warnings_are_other_groups() -> None:
    """Where one has a warning and the other has not, they are not shown together."""
    patch = Patch.set("name", "Two") + Patch.unset("configuration.gone")
    there = {"password": "hunter2-one", "gone": None}

    assert likeness(planned(patch)) != likeness(planned(patch, configuration=there))


def test_credentials_are_neither_shown_nor_told_apart() -> None:
    """Masked they look alike, and are grouped so; shown they are not."""
    patch = Patch.set("configuration.password", "new-secret")
    one = planned(patch)
    other = planned(patch, configuration={"password": "hunter2-two", "rate": 1})

    assert likeness(one) == likeness(other)
    assert "hunter2" not in str([change.to_dict() for change in general_changes(one)])
    assert likeness(one, show_secrets=True) != likeness(other, show_secrets=True)


def test_a_list_that_is_compared_in_order_keeps_its_indices() -> None:
    """Where a list has a member twice, an index is all there is to tell them apart."""
    patch = Patch.set("tracking_columns.1", "b")
    plan = planned(patch, tracking_columns=["a", "a", "a"])

    assert [change.path for change in general_changes(plan)] == ["/tracking_columns/1"]


def test_a_relation_goes_by_all_that_identifies_it() -> None:
    """A key of several values is told by all of them."""
    relation = {"from": "a", "to": {"model_id": "m", "field": "f"}, "note": "x"}
    (change,) = general_changes(planned(Patch.unset("relations.0.note"), relations=[relation]))

    assert change.path.startswith("/relations/")
    assert change.path.endswith("/note")
    assert "'a'" in change.path
