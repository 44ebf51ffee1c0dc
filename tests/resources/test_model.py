"""What is said of Polytomic's model: member by member, what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.documents.diff import compare
from patcher.documents.masks import MASK
from patcher.documents.patches import Patch
from patcher.errors import InvalidPatchError, ReadOnlyFieldError, UnknownFieldError
from patcher.guard.verification import Verdict, verify
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import ID, response
from tests.plan.planning import make_plan

NAMES = ("a", "b", "c")
KEYED: dict[str, list[Any]] = {
    "/fields": list(NAMES),
    "/additional_fields": [{"name": one, "label": "L", "type": "t"} for one in NAMES],
    "/tracking_columns": list(NAMES),
    "/relations": [{"from": one, "to": {"model_id": ID, "field": "f"}} for one in NAMES],
    "/labels": list(NAMES),
    "/policies": list(NAMES),
    "/enricher/fields": [{"name": one} for one in NAMES],
}


def at(path: str, value: Any) -> dict[str, Any]:
    """A document with a value at a place and nothing else."""
    for key in reversed(path[1:].split("/")):
        value = {key: value}
    found: dict[str, Any] = value
    return found


@pytest.mark.parametrize("path", KEYED)
def test_the_order_of_a_list_of_the_model_carries_no_meaning(path: str) -> None:
    """A new order is a reorder, and a new member one addition, wherever it stands."""
    members = KEYED[path]

    turned = compare(at(path, members), at(path, members[::-1]), MODEL.shape.lists)
    grown = compare(at(path, members[1:]), at(path, members), MODEL.shape.lists)

    assert [(one.path, one.kind) for one in turned] == [(path, "reordered")]
    assert [(one.path, one.kind) for one in grown] == [(f"{path}/0", "added")]


def test_two_relations_from_one_field_are_told_apart_by_where_they_lead() -> None:
    """A relation is known by both its ends."""
    one, other = ({"from": "a", "to": {"model_id": ID, "field": end}} for end in "xy")

    changes = compare({"relations": [one, other]}, {"relations": [other]}, MODEL.shape.lists)

    assert [(change.path, change.kind) for change in changes] == [("/relations/0", "removed")]


@pytest.mark.parametrize(
    "key", ["id", "type", "version", "created_at", "created_by", "updated_at", "updated_by"]
)
def test_what_belongs_to_the_server_is_read_and_never_sent(key: str) -> None:
    """It is no part of the document, and a change that names it is refused."""
    raw = response() | {key: response().get(key, "x")}

    assert key not in MODEL.document(Snapshot(raw))[0]
    with pytest.raises(ReadOnlyFieldError):
        Patch.of({key: "x"}).check(MODEL.shape)


@pytest.mark.parametrize("key", ["name", "connection_id", "configuration"])
def test_without_its_required_members_there_is_no_model(key: str) -> None:
    """Clearing one is refused."""
    with pytest.raises(InvalidPatchError):
        make_plan(MODEL, Snapshot(response()), Patch.of({key: None}))


@pytest.mark.parametrize("place", ["fields", "enricher/fields"])
def test_a_list_whose_absence_means_everything_is_not_emptied(place: str) -> None:
    """Neither by an empty list nor by leaving it out."""
    raw = response(enricher={"enricher_id": ID, "fields": [{"name": "a"}]})
    nothing: tuple[Any, ...] = ([], None)
    for emptied in nothing:
        with pytest.raises(InvalidPatchError, match="every field"):
            make_plan(MODEL, Snapshot(raw), Patch.of(at(f"/{place}", emptied)))


@pytest.mark.parametrize("path", ["/configuration", "/enricher/configuration"])
def test_a_configuration_is_somebody_elses(path: str) -> None:
    """Credentials in it are masked, and a mask in place of one stops everything."""
    raw = response() | at(path, {"query": "x", "password": "hunter2"})
    plan = make_plan(MODEL, Snapshot(raw), Patch.of({"name": "x"}))
    assert plan.masks.credentials >= {"hunter2"}

    redacted = response() | at(path, {"password": MASK})
    with pytest.raises(UnknownFieldError, match="a mask instead"):
        make_plan(MODEL, Snapshot(redacted), Patch.of({"name": "x"}))


@pytest.mark.parametrize(
    ("path", "member", "other"),
    [("fields", "score", "additional_fields"), ("additional_fields", "email", "fields")],
)
def test_a_field_in_the_list_beside_is_found_there(path: str, member: str, other: str) -> None:
    """Whoever names the wrong one of the two lists is told the right one."""
    document = {"fields": ["email"], "additional_fields": [{"name": "score"}]}
    with pytest.raises(InvalidPatchError) as caught:
        Patch.remove(path, member).apply(document, MODEL.shape)

    assert f"--remove {other}={member}" in str(caught.value.command_hint)


def stored(before: dict[str, Any], after: dict[str, Any]) -> Verdict:
    """The verdict on a rename after which the API shows ``after`` in the place of members."""
    base = Snapshot(response(**before))
    plan = make_plan(MODEL, base, Patch.of({"name": "New"}))
    return verify(plan, base, Snapshot({**base.raw, "name": "New", **after}))


@pytest.mark.parametrize("key", ["id", "created_at", "created_by", "updated_at", "updated_by"])
def test_what_the_server_stamps_on_an_enrichers_field_is_no_difference(key: str) -> None:
    """It puts an id and its own records into each; what else was sent there is compared."""
    before = {"enricher": {"enricher_id": ID, "fields": [{"name": "a", "other": "y"}]}}
    stamped = {"enricher": {"enricher_id": ID, "fields": [{"name": "a", "other": "y", key: "x"}]}}
    altered = {"enricher": {"enricher_id": ID, "fields": [{"name": "a", "other": "x"}]}}

    assert stored(before, stamped).is_as_sent
    assert not stored(before, stamped).notices
    assert not stored(before, altered).is_as_sent


def test_what_the_server_puts_where_something_was_left_out_is_a_notice() -> None:
    """Policies, fields and an enricher's fields have defaults of the server's; others have none."""
    left_out: dict[str, Any] = {"policies": None, "enricher": {"enricher_id": ID}}
    filled = {"policies": ["p"], "enricher": {"enricher_id": ID, "fields": [{"name": "a"}]}}

    found = stored(left_out, filled)

    assert found.is_as_sent
    assert [(one.code, one.path) for one in found.notices] == [
        ("server-default", "/policies"),
        ("server-default", "/enricher/fields"),
    ]
    relations = {"relations": [{"from": "a", "to": {"model_id": ID, "field": "b"}}]}
    assert [one.code for one in stored({}, relations).notices] == ["server-added"]


def test_an_empty_identifier_is_none_in_the_request_and_in_the_answer() -> None:
    """No other text may be left out for being empty."""
    assert stored({"identifier": ""}, {"identifier": None}).is_as_sent
    assert stored({}, {"identifier": ""}).is_as_sent
    assert not stored({"organization_id": ID}, {"organization_id": None}).is_as_sent


@pytest.mark.parametrize("spelling", ["", None])
def test_an_identifier_that_is_emptied_is_stored_as_none(spelling: str | None) -> None:
    """What was sent as an empty text may come back in either way."""
    base = Snapshot(response(identifier="email"))
    plan = make_plan(MODEL, base, Patch.of([{"op": "replace", "path": "/identifier", "value": ""}]))

    assert plan.proposed["identifier"] == ""
    assert verify(plan, base, Snapshot({**base.raw, "identifier": spelling})).is_as_sent


def test_new_ids_of_fields_that_no_change_touches_are_said() -> None:
    """Whatever refers to a field by its id may break."""
    fields = [{"name": "email", "id": "new"}, {"name": "phone", "id": "f-2"}]

    (notice,) = stored({}, {"fields": fields}).notices

    assert (notice.code, notice.path) == ("field-id-changed", "/fields")
    assert "(email)" in notice.message


def test_where_the_model_is_and_what_its_job_is_called() -> None:
    """As the API's own description has them."""
    assert (MODEL.noun, MODEL.collection, MODEL.write_job) == (
        "model",
        "/api/models",
        "updatemodel",
    )
    assert MODEL.preview == ("/api/model-preview", "previewmodel")
    assert MODEL.schema.path.is_file()


def test_the_places_of_uuids_are_those_of_the_schema() -> None:
    """There, and only there, letters have no case."""
    assert MODEL.shape.uuids == {
        ("connection_id",),
        ("relations", "-", "to", "model_id"),
        ("labels", "-"),
        ("policies", "-"),
        ("enricher", "enricher_id"),
        ("enricher", "connection_id"),
        ("organization_id",),
    }
