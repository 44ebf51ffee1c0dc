"""What was sent against what is stored, spelled in whatever way the API likes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from patcher.documents.patches import Patch
from patcher.documents.values import copied
from patcher.guard.verification import Verdict, is_as_before, verify
from patcher.plan import make_plan
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import ID, response

OTHER = "9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a999"


def verdict(change: dict[str, Any], before: dict[str, Any], **stored: Any) -> Verdict:
    """The verdict on a change of ``before`` after which the API shows ``stored`` in its place."""
    base = Snapshot(before)
    plan = make_plan(MODEL, base, Patch.of(change), allow_all_fields=True)
    return verify(plan, base, Snapshot({**before, "name": "New", **stored}))


def paths(found: Verdict) -> list[str]:
    """Where it differs."""
    return [change.path for change in found.differences]


def codes(found: Verdict) -> list[str]:
    """What it warns about."""
    return [notice.code for notice in found.notices]


NEW = {"name": "New"}


@pytest.mark.parametrize("spelling", [None, []])
@pytest.mark.parametrize("key", ["relations", "tracking_columns", "labels"])
def test_none_may_be_spelled_in_any_way(key: str, spelling: Any) -> None:
    """null, absent and an empty list are the same list."""
    absent = verdict(NEW, response(), **{key: spelling})
    empty = verdict(NEW, response(**{key: []}), **{key: None})

    assert (paths(absent), paths(empty)) == ([], [])


@pytest.mark.parametrize("spelling", [None, ""])
def test_an_empty_identifier_is_none(spelling: Any) -> None:
    """The API may say that there is no identifier in either way."""
    assert paths(verdict(NEW, response(), identifier=spelling)) == []
    assert paths(verdict(NEW, response(identifier="id"), identifier=spelling)) == ["/identifier"]


def test_inside_the_configuration_nothing_is_the_same_but_itself() -> None:
    """null, absent and empty differ in what belongs to the source."""
    before = response(configuration={"a": None, "b": []})

    assert paths(verdict(NEW, before, configuration={})) == ["/configuration/a", "/configuration/b"]
    assert paths(verdict(NEW, before, configuration={"a": [], "b": None})) == [
        "/configuration/a",
        "/configuration/b",
    ]


def test_a_type_that_changed_is_a_difference() -> None:
    """1 that comes back as true was not kept."""
    before = response(configuration={"a": 1})

    assert paths(verdict(NEW, before, configuration={"a": True})) == ["/configuration/a"]


def test_what_the_server_stamps_into_the_enrichers_fields_is_its_own() -> None:
    """Ids and audit fields there are not compared; the rest of a member is, whole."""
    enricher = {"enricher_id": ID, "fields": [{"name": "phone"}, {"name": "title", "id": "old"}]}
    stamped = {"id": "x", "created_at": "t", "created_by": {"id": "u"}, "updated_at": "t"}
    fields = [{"name": "title", **stamped}, {"name": "phone", **stamped}]
    before = response(enricher=enricher)

    same = verdict(NEW, before, enricher={**enricher, "fields": fields})
    other = verdict(
        NEW, before, enricher={**enricher, "fields": [*fields[:1], {"name": "phone", "type": "x"}]}
    )
    odd = verdict(NEW, before, enricher={**enricher, "fields": ["phone", "title"]})

    assert (paths(same), codes(same)) == ([], ["order-not-kept"])
    assert paths(other) == ["/enricher/fields/1/type"]
    assert odd.differences


def test_a_default_where_something_was_left_out_is_a_warning() -> None:
    """Policies, fields and enricher fields may get a default when they were left out."""
    policies = verdict({**NEW, "policies": None}, response(), policies=[OTHER])
    fields = verdict({**NEW, "fields": None}, response(), fields=[{"name": "all", "id": "f-9"}])
    enricher = {"enricher_id": ID}
    enriched = verdict(
        NEW, response(enricher=enricher), enricher={**enricher, "fields": [{"name": "all"}]}
    )

    assert [codes(found) for found in (policies, fields, enriched)] == [["server-default"]] * 3
    assert [paths(found) for found in (policies, fields, enriched)] == [[]] * 3


def test_an_enricher_that_was_not_sent_is_no_default() -> None:
    """A default goes into what was sent, and does not make the whole appear."""
    found = verdict(NEW, response(), enricher={"enricher_id": ID, "fields": [{"name": "a"}]})

    assert paths(found) == ["/enricher"]


def test_new_ids_of_untouched_fields_are_a_warning() -> None:
    """Syncs refer to fields by id; the touched ones may get new ones without a word."""
    fields = [{"name": name, "id": f"f-{name}"} for name in "abcdefg"]
    renewed = [{"name": name, "id": f"new-{name}"} for name in "abcdefgh"]
    change = {**NEW, "fields": [*"abcdefg", "h"]}

    found = verdict(change, response(fields=fields), fields=renewed)

    (notice,) = found.notices
    assert notice.code == "field-id-changed"
    assert "7 members" in notice.message
    assert "(a, b, c, d, e, ...)" in notice.message


def test_a_field_that_the_change_alters_may_get_a_new_id() -> None:
    """Another label is another definition."""
    field = {"name": "s", "id": "1", "label": "S", "type": "t", "user_added": True}
    changed = {"name": "s", "label": "T", "type": "t"}
    stored = [{"name": "email", "id": "f-1"}, {**field, "label": "T", "id": "2"}]

    found = verdict(
        {**NEW, "additional_fields": [changed]},
        response(fields=[{"name": "email", "id": "f-1"}, field]),
        fields=stored,
    )

    assert (paths(found), codes(found)) == ([], [])


def test_what_cannot_be_read_is_not_as_sent() -> None:
    """A member that appeared during the write leaves the verdict open."""
    found = verdict(NEW, response(), retention=30)

    assert found.stored is None
    assert not found.is_as_sent


def test_as_before_needs_content_version_and_time() -> None:
    """Any one of the three that moved is enough to tell."""
    base = Snapshot(response())
    plan = make_plan(MODEL, base, Patch.of(NEW))
    readings = [
        response(),
        response(version=8),
        response(updated_at="2026-01-03T00:00:00Z"),
        response(identifier="id"),
        response(retention=30),
    ]

    assert [is_as_before(plan, base, Snapshot(raw)) for raw in readings] == [True] + [False] * 4


def test_a_resource_without_watched_ids_has_none_to_warn_of() -> None:
    """Where nothing refers to members by id, new ids are nobody's business."""
    base = Snapshot(response())
    plan = make_plan(MODEL._replace(watched_ids=None), base, Patch.of(NEW))
    renewed = [{"name": "email", "id": "new"}, {"name": "phone", "id": "new"}]

    found = verify(plan, base, Snapshot({**response(), "name": "New", "fields": renewed}))

    assert (paths(found), codes(found)) == ([], [])


def test_a_field_that_moves_to_the_other_list_may_get_a_new_id() -> None:
    """It is the change's own doing; without any fields there is none to look for."""
    added = {"name": "phone", "label": "P", "type": "t"}
    before = response(fields=[{"name": "email", "id": "f-1"}, {"name": "phone", "id": "f-2"}])
    shown = [{"name": "email", "id": "f-1"}, {**added, "user_added": True, "id": "f-9"}]
    moved = {"fields": ["email"], "additional_fields": [added], "name": "New"}

    assert codes(verdict(moved, before, fields=shown)) == []
    assert codes(
        verdict(NEW, before, fields=[{"name": "email"}, {"name": "phone", "id": "f-9"}])
    ) == ["field-id-changed"]
    assert "field-id-changed" not in codes(verdict(NEW, response(fields=None), fields=None))


def test_members_without_a_name_are_not_looked_for() -> None:
    """A list that breaks the schema already is compared, and its members have no ids."""
    before = response(policies=["not-a-uuid"])
    base = Snapshot(before)
    plan = make_plan(MODEL, base, Patch.of(NEW))
    odd = plan.document | {"additional_fields": [{"name": 5}, "x"]}
    broken = dataclasses.replace(plan, document=odd, proposed={**copied(odd), "name": "New"})

    assert verify(broken, base, Snapshot({**before, "name": "New"})).differences


def test_each_notice_names_its_place_and_what_happened_there() -> None:
    """The server's order, its defaults and its new ids, each in a sentence."""
    before = response(policies=["p", "q"], fields=[{"name": f"f{i}", "id": i} for i in "abcdef"])
    reordered = verdict(NEW, before, policies=["q", "p"])
    assert [tuple(one) for one in reordered.notices] == [
        ("order-not-kept", "/policies", "The server keeps /policies in an order of its own.")
    ]

    filled = verdict({**NEW, "policies": None}, before, policies=["x"])
    assert [tuple(one) for one in filled.notices] == [
        (
            "server-default",
            "/policies",
            "/policies was left out, and the server put a default there.",
        )
    ]


@pytest.mark.parametrize(("count", "more"), [(4, ""), (5, ""), (6, ", ...")])
def test_five_members_with_new_ids_are_named(count: int, more: str) -> None:
    """And how many there are in all."""
    old, new = (
        [{"name": f"n{i}", "id": f"{kind}-{i}"} for i in range(count)] for kind in ("old", "new")
    )
    (notice,) = verdict(NEW, response(fields=old), fields=new).notices

    named = ", ".join(f"n{i}" for i in range(min(count, 5)))
    assert f"new ids to {count} members of /fields" in notice.message
    assert f"({named}{more})" in notice.message


def test_a_member_that_is_gone_or_has_no_id_has_no_new_one() -> None:
    """Only a name that has another id now is said to."""
    before = response(fields=[{"name": "a", "id": "1"}, {"name": "b"}, {"name": "c", "id": "3"}])

    found = verdict(NEW, before, fields=[{"name": "a", "id": "1"}, {"name": "b", "id": "2"}])

    assert codes(found) == []
    assert paths(found) == ["/fields/2"]


def test_a_default_that_is_not_there_hides_no_other() -> None:
    """Each place is looked at, whatever the one before it holds."""
    enricher = {"enricher_id": OTHER, "fields": [{"name": "a"}]}
    before = response(policies=None, enricher={"enricher_id": OTHER})

    assert [one.path for one in verdict(NEW, before, policies=None, enricher=enricher).notices] == [
        "/enricher/fields"
    ]
    assert paths(verdict(NEW, response(), enricher=enricher)) == ["/enricher"]


@pytest.mark.parametrize("unknown_fields", ["carry", "drop"])
def test_as_before_is_judged_under_the_plans_own_terms(unknown_fields: Any) -> None:
    """What was unknown before the write is as unknown after it."""
    base = Snapshot(response(retention=30))
    plan = make_plan(MODEL, base, Patch.of(NEW), unknown_fields=unknown_fields)

    assert is_as_before(plan, base, base)
