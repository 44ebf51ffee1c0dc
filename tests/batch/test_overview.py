"""The overview of a batch: equal changes are one group, and many results one exit code."""

from __future__ import annotations

from typing import Any

import pytest

from patcher import errors
from patcher.batch.overview import Tally, change_digest, general_changes
from patcher.documents.patches import Patch
from patcher.plan import PatchResult, Plan
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.plan.planning import make_plan

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

    assert change_digest(one) == change_digest(other)
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

    assert len(set(map(change_digest, plans))) == len(plans)


def test_other_warnings_are_other_groups() -> None:
    """Where one has a warning and the other has not, they are not shown together."""
    patch = Patch.set("name", "Two") + Patch.unset("configuration.gone")
    there = {"password": "hunter2-one", "gone": None}

    assert change_digest(planned(patch)) != change_digest(planned(patch, configuration=there))


def test_credentials_are_neither_shown_nor_told_apart() -> None:
    """Masked they look alike, and are grouped so; shown they are not."""
    patch = Patch.set("configuration.password", "new-secret")
    one = planned(patch)
    other = planned(patch, configuration={"password": "hunter2-two", "rate": 1})

    assert change_digest(one) == change_digest(other)
    assert "hunter2" not in str([change.to_dict() for change in general_changes(one)])
    assert change_digest(one, show_secrets=True) != change_digest(other, show_secrets=True)


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


FAILURES = {
    1: errors.DeclinedError("no"),
    2: errors.InvalidPatchError("bad"),
    3: errors.ApiError("refused"),
    4: errors.ConflictError("conflict"),
    5: errors.VerificationError("other"),
    6: errors.OutcomeUnknownError("unknown"),
    70: errors.PatchError("internal"),
    130: errors.InterruptedWriteError("stopped"),
}


def tallied(*codes: int) -> Tally:
    """A tally of results with these exit codes; 0 is one that was written."""
    tally = Tally()
    for code in codes:
        error = FAILURES.get(code)
        tally.add(PatchResult.of_error(error, MODEL) if error else PatchResult(MODEL, "applied"))
    return tally


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((), 0),
        ((0, 0), 0),
        ((0, 4), 7),
        ((4,), 7),
        ((2, 3), 7),
        ((0, 70), 7),
        ((0, 5, 4), 5),
        ((5, 6, 3), 6),
        ((1, 1), 1),
        ((1, 2), 7),
        ((130, 130), 130),
        ((130, 0), 7),
        ((130, 4), 7),
    ],
)
def test_the_exit_code_of_many(codes: tuple[int, ...], expected: int) -> None:
    """6 goes before 5 and 5 before 7; declined is 1, and stopped before any write is 130."""
    tally = tallied(*codes)

    assert tally.exit_code == expected
    assert tally.total == len(codes)
