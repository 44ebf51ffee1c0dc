"""Who is downstream, over a real socket: everybody is found, and nobody is made up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import patcher
from patcher import Client, Patch, PatchResult, Plan, VerificationError
from patcher.api import Settings
from patcher.impact import Impact
from patcher.journal import Journal
from patcher.operations import Options, Session
from patcher.operations.session import Progress
from patcher.operations.write import run_patch, run_plan
from tests.guard.memory import FakeClock
from tests.sandbox import Fault, Sandbox, faults, seed

DROP_PLAN = Patch.remove("fields", "plan")
SALESFORCE = seed.CONTACTS_TO_SALESFORCE
LIST: dict[str, Any] = {"method": "GET", "kind": "syncs"}
ONE: dict[str, Any] = {"method": "GET", "kind": "sync"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose answers are not checked: these syncs have shapes that nobody described."""
    with Sandbox(models=3, validate_responses=False) as running:
        yield running


@pytest.fixture
def session(sandbox: Sandbox, tmp_path: Any) -> Iterator[Session]:
    """A session in which nobody waits."""
    clock = FakeClock()
    settings = Settings(sandbox.url, f"Bearer {sandbox.api_key}")
    with Client(settings=settings, sleep=clock.sleep) as client:
        yield Session(client, Journal(tmp_path / "journal"), clock=clock)


def plan(session: Session, patch: Patch = DROP_PLAN, model: str = seed.CONTACTS) -> Plan:
    """A plan with a look downstream."""
    return run_plan(session, model, patch, Options(impact=True))


def look(session: Session, patch: Patch = DROP_PLAN, model: str = seed.CONTACTS) -> Impact:
    """Who is downstream of a change."""
    impact = plan(session, patch, model).impact
    assert impact is not None
    return impact


def apply(session: Session, patch: Patch = DROP_PLAN, **options: Any) -> PatchResult:
    """A write with a look downstream, before and after."""
    return run_patch(session, seed.CONTACTS, patch, Options(impact=True, **options))


def names(impact: Impact) -> list[str | None]:
    """The names of the syncs that read the model."""
    return [one.name for one in impact.syncs or ()]


def reader(*fields: str, model_id: str = seed.CONTACTS, **more: Any) -> dict[str, Any]:
    """A sync that reads these fields."""
    return {
        "name": "Reader",
        "active": True,
        "mode": "update",
        "schedule": {"frequency": "manual"},
        "target": {"connection_id": seed.HUBSPOT, "object": "x"},
        "fields": [
            {"source": {"model_id": model_id, "field": name}, "target": name} for name in fields
        ],
        **more,
    }


def test_the_readers_their_facts_and_what_breaks(sandbox: Sandbox, session: Session) -> None:
    """Each sync of the model is listed with its facts, and with what becomes of its references."""
    sandbox.run_sync(SALESFORCE)
    impact = look(session)
    (sync,) = impact.syncs or ()

    assert (sync.name, sync.active, sync.mode) == ("Contacts to Salesforce", True, "updateOrCreate")
    assert (str(sync.schedule), sync.running) == ("hourly, minute 15", True)
    assert [(one.path, one.by, one.breaks) for one in sync.broken] == [
        ("/fields/1/source", "name", "dropped"),
        ("/overrides/0/field_id", "id", "dropped"),
    ]
    assert len(sync.references or ()) == 9
    assert [one.sync.name for one in impact.followers or ()] == ["Renewal reminders"]
    assert (impact.models, impact.unread) == ((), ())


def test_a_rename_and_another_identifier_break_too(session: Session) -> None:
    """What the change calls otherwise, or no longer identifies by, breaks for its own reason."""
    patch = Patch.set("fields.5", "tier") + Patch.set("identifier", "email")
    (sync,) = look(session, patch).syncs or ()

    assert {(one.path, one.breaks) for one in sync.broken} == {
        ("/fields/1/source", "renamed"),
        ("/overrides/0/field_id", "renamed"),
        ("/identity/source", "identifier-changed"),
        ("/identities/mappings/0/source", "identifier-changed"),
    }


def test_models_with_relations_here(session: Session) -> None:
    """Other models whose relations lead to the model are listed, and break with their field."""
    kept = look(session, Patch.remove("fields", "seats"), seed.ACCOUNTS)
    broken = look(session, Patch.remove("fields", "id"), seed.ACCOUNTS)

    assert {one.name for one in kept.models or ()} == {"Contacts", "Orders"}
    assert not kept.broken_models
    assert {one.name for one in broken.broken_models} == {"Contacts", "Orders"}
    assert {one.references[0].path for one in broken.broken_models} == {"/relations/0/to"}


def test_every_page_is_read(sandbox: Sandbox, session: Session) -> None:
    """Readers on any page are found, each once, and nobody else is read."""
    for number in range(130):
        sandbox.syncs.create(reader("total", model_id=seed.ORDERS, name=f"Other {number}"))
    for number in range(3):
        sandbox.syncs.create(reader("email", name=f"Last {number}"))
    first = sandbox.syncs.ids()[-1]
    sandbox.reset_requests()
    sandbox.syncs.merge(first, {"name": "Moved"})
    impact = look(session)

    assert sorted(map(str, names(impact))) == [
        "Contacts to Salesforce", "Last 0", "Last 1", "Moved",
    ]  # fmt: skip
    paths = [one.path for one in sandbox.requests]
    assert paths.count("/api/syncs") == 3 + 1, "and whether the list has moved meanwhile"
    assert sum(path.startswith("/api/syncs/") for path in paths) == 2 * (4 + 1)


def test_a_joined_model_is_found_though_model_ids_does_not_name_it(
    sandbox: Sandbox, session: Session
) -> None:
    """A sync of a related model that reads fields of this one is one of its readers."""
    accounts = seed.ACCOUNTS
    sandbox.syncs.create(reader("plan", name="Joined", model_ids=[accounts]))
    sandbox.syncs.create(reader("domain", model_id=accounts, name="Apart"))

    assert set(names(look(session))) == {"Contacts to Salesforce", "Joined"}


def test_the_enrichers_fields_are_looked_for(sandbox: Sandbox, session: Session) -> None:
    """A reference beside the enricher's id is one to the model, and breaks with its field."""
    enricher = seed.fixed_id("enricher: contacts")
    sandbox.syncs.create(reader("job_title", model_id=enricher, name="Enriched"))
    impact = look(session, Patch.remove("enricher.fields", "job_title"))

    assert [one.name for one in impact.broken_syncs] == ["Enriched"]


def test_without_permission_it_says_so_and_goes_on(sandbox: Sandbox, session: Session) -> None:
    """A key that may not list syncs gets the rest, a warning, and the exit code of the plan."""
    sandbox.fault(faults.status_before(403, every=True, **LIST))
    made = plan(session)
    result = apply(session)

    assert made.impact is not None
    assert (made.impact.syncs, made.impact.followers, made.impact.models) == (None, None, ())
    assert [one.what for one in made.impact.unread] == ["/api/syncs"]
    assert "403" in made.impact.unread[0].reason
    assert [one.code for one in made.warnings] == [
        "tracking-column-not-in-fields", "impact-incomplete",
    ]  # fmt: skip
    assert (result.status, result.exit_code, result.aftermath) == ("applied", 0, None)


@pytest.mark.parametrize(
    "fault",
    [
        faults.status_before(500, **LIST),
        faults.raw_body('{"data": 5}', **LIST),
        faults.garbage("truncated", **LIST),
        faults.drop_before(every=True, **LIST),
    ],
)
def test_a_list_that_cannot_be_read_is_said(
    sandbox: Sandbox, session: Session, fault: Fault
) -> None:
    """Whatever is wrong with the list of syncs, the plan is made, and says what is not in it."""
    sandbox.fault(fault)
    impact = look(session)

    assert (impact.syncs, impact.models) == (None, ())
    assert [one.what for one in impact.unread] == ["/api/syncs"]


def test_a_list_that_ends_early_is_not_taken_for_whole(sandbox: Sandbox, session: Session) -> None:
    """What was on the pages that came is reported, together with the page that did not."""
    for number in range(60):
        sandbox.syncs.create(reader("email", name=f"Reader {number}"))
    sandbox.fault(faults.status_before(500, nth=2, **LIST))
    impact = look(session)

    assert len(impact.syncs or ()) == 50
    assert [one.what for one in impact.unread] == ["/api/syncs"]


def test_models_that_cannot_be_listed_are_said(sandbox: Sandbox, session: Session) -> None:
    """Without the list of models the syncs are found all the same."""
    sandbox.fault(faults.status_before(403, method="GET", kind="models"))
    impact = look(session)

    assert (impact.models, names(impact)) == (None, ["Contacts to Salesforce"])
    assert [one.what for one in impact.unread] == ["/api/models"]


@pytest.mark.parametrize(
    "fault",
    [
        faults.status_before(404, path=SALESFORCE, **ONE),
        faults.raw_body('{"data": []}', path=SALESFORCE, **ONE),
        faults.raw_body('{"data": {"id": "another"}}', path=SALESFORCE, **ONE),
    ],
)
def test_a_sync_that_cannot_be_read_is_listed_without_references(
    sandbox: Sandbox, session: Session, fault: Fault
) -> None:
    """What the list says of a sync stands; what it refers to is not known, and not none."""
    sandbox.fault(fault)
    impact = look(session)
    (sync,) = impact.syncs or ()

    assert (sync.name, sync.references, sync.running) == ("Contacts to Salesforce", None, None)
    assert [one.what for one in impact.unread] == [f"/api/syncs/{SALESFORCE}"]
    assert impact.to_dict()["syncs"][0]["references"] is None


@pytest.mark.parametrize(
    "fault",
    [
        faults.status_before(403, method="GET", kind="status", path=SALESFORCE),
        faults.raw_body('{"data": 5}', method="GET", kind="status", path=SALESFORCE),
    ],
)
def test_a_status_that_cannot_be_read_is_not_no(
    sandbox: Sandbox, session: Session, fault: Fault
) -> None:
    """Whether a sync runs is left open where its status does not tell."""
    sandbox.fault(fault)
    impact = look(session)
    (sync,) = impact.syncs or ()

    assert (sync.running, len(sync.broken)) == (None, 2)
    assert [one.what for one in impact.unread] == [f"/api/syncs/{SALESFORCE}/status"]


ODD: dict[str, dict[str, Any]] = {
    "fields is an object": {"fields": {"a": 1}},
    "a source is a text": {"fields": [{"source": "plan", "target": "x"}]},
    "identities is a list": {"identities": ["x"]},
    "filters are numbers": {"filters": [1, 2], "model_filters": 5},
    "everything is null": {"fields": None, "filters": None, "schedule": None, "name": None},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_unknown_shapes_do_not_break_the_scan(
    sandbox: Sandbox, session: Session, odd: dict[str, Any]
) -> None:
    """A sync of a shape nobody knows is listed, said to be unread, and hides no other."""
    made = sandbox.syncs.create(reader("email"))
    raw = {"id": made, "model_ids": [seed.CONTACTS], **reader("email"), **odd}
    sandbox.fault(faults.raw_body(json.dumps({"data": raw}), path=made, **ONE))
    impact = look(session)

    assert len(impact.syncs or ()) == 2
    assert [one.what for one in impact.unread] == (
        [] if raw["fields"] is None else [f"/api/syncs/{made}"]
    )
    assert [one.name for one in impact.broken_syncs] == ["Contacts to Salesforce"]


def test_schedules_and_relations_of_unknown_shapes_are_said(
    sandbox: Sandbox, session: Session
) -> None:
    """Who may run after, or be related, in a shape that nobody knows, is not passed over."""
    models = {"data": [{"id": seed.ORDERS, "relations": [{"from": "x"}]}]}
    odd = {"id": seed.RENEWALS, "model_ids": [], "schedule": {"run_after": ["x"]}}
    page = {"data": [{"id": SALESFORCE, "model_ids": [seed.CONTACTS]}, odd]}
    sandbox.fault(faults.raw_body(json.dumps(models), method="GET", kind="models"))
    sandbox.fault(faults.raw_body(json.dumps(page), **LIST))
    impact = look(session)

    assert [one.what for one in impact.unread] == [f"/api/models/{seed.ORDERS}", "/api/syncs"]
    assert impact.unread[0].reason == "/relations/0 cannot be read"
    assert impact.unread[1].reason.startswith("after what 1 of them run")


def test_items_without_an_id_are_counted(sandbox: Sandbox, session: Session) -> None:
    """An item of the list that cannot be asked for is not passed over in silence."""
    page = {"data": [5, {"name": "x"}, {"id": "../models"}, {"id": SALESFORCE}]}
    sandbox.fault(faults.raw_body(json.dumps(page), **LIST))
    impact = look(session)

    assert names(impact) == ["Contacts to Salesforce"]
    assert impact.unread[0].reason == "3 in the list have no usable id"


def test_model_ids_that_cannot_be_read_are_made_up_for(sandbox: Sandbox, session: Session) -> None:
    """Where the list does not say what a sync reads, the sync is read, and else that is said."""
    other = {"id": seed.ORDERS_TO_SHEETS, "name": "Odd", "model_ids": None}
    page = {"data": [{"id": SALESFORCE, "name": "By itself"}, other]}
    sandbox.fault(faults.raw_body(json.dumps(page), **LIST))
    sandbox.fault(faults.raw_body(json.dumps({"data": other}), path=seed.ORDERS_TO_SHEETS, **ONE))
    impact = look(session)

    assert names(impact) == ["Contacts to Salesforce"]
    (unread,) = impact.unread
    assert unread.what == f"/api/syncs/{seed.ORDERS_TO_SHEETS}"
    assert "model_ids" in unread.reason


def test_after_the_write_the_syncs_say_what_is_wrong(session: Session) -> None:
    """The readers are read again after the write, and their problems are the API's own words."""
    result = apply(session)

    assert result.status == "applied"
    assert result.aftermath is not None
    (checked,) = result.aftermath.syncs
    assert [one.path for one in checked.problems or ()] == [
        "fields[1].source", "overrides[0].field_id",
    ]  # fmt: skip
    assert [one.code for one in result.warnings] == [
        "tracking-column-not-in-fields", "breaks-syncs", "sync-problems",
    ]  # fmt: skip
    assert result.to_dict()["impact"]["after"] == result.aftermath.to_dict()


def test_a_write_that_breaks_nothing_has_no_problems(session: Session) -> None:
    """Syncs whose fields are still there report nothing."""
    result = apply(session, Patch.remove("fields", "first_name"))

    assert result.warnings == ()
    assert result.aftermath is not None
    assert [one.problems for one in result.aftermath.syncs] == [()]


def test_syncs_that_cannot_be_read_again_do_not_undo_the_write(
    sandbox: Sandbox, session: Session
) -> None:
    """A write stays written, with a warning, when the look afterwards fails."""
    odd = {"id": SALESFORCE, "problems": 5}
    # Two are read before each write, the reader and one of a related model, and one after it.
    sandbox.fault(faults.status_before(500, nth=3, **ONE))
    sandbox.fault(faults.raw_body(json.dumps({"data": odd}), nth=6, **ONE))
    first = apply(session)
    second = apply(session, Patch.set("name", "New"))

    for result in (first, second):
        assert (result.status, result.exit_code) == ("applied", 0)
        assert result.aftermath is not None
        assert [one.problems for one in result.aftermath.syncs] == [None]
        assert [one.code for one in result.notices] == ["impact-incomplete"]


def test_a_write_that_is_not_as_intended_is_looked_after_too(
    sandbox: Sandbox, session: Session
) -> None:
    """Exit code 5 is a write as well: those who read the model are asked what they make of it."""
    sandbox.fault(faults.concurrent_write({"identifier": "email"}))
    with pytest.raises(VerificationError) as caught:
        apply(session)

    result = caught.value.result
    assert (result.exit_code, result.status) == (5, "unverified")
    assert len(result.aftermath.syncs[0].problems) == 2


def test_a_source_that_is_not_asked_leaves_it_open(session: Session) -> None:
    """Another query without a preview breaks nothing for certain; with one, it is known."""
    change = Patch.of({"configuration": {"query": "select id, email, is_active from contacts"}})
    blind = look(session, change)
    seeing = run_plan(session, seed.CONTACTS, change, Options(impact=True, preview=True)).impact

    assert not blind.change.is_certain
    assert not blind.broken_syncs
    assert seeing is not None
    assert seeing.change.is_certain
    assert {one.field for one in seeing.broken_syncs[0].broken} == {"plan"}


def test_credentials_are_masked_in_everything_downstream(
    sandbox: Sandbox, session: Session
) -> None:
    """A sync that repeats a credential of the model, in any text, is shown without it."""
    secret = "tok_live_51c0ffee"
    odd = reader("email", secret, name=secret, mode=secret)
    odd["schedule"] = {"frequency": secret, "hour": secret}
    made = sandbox.syncs.create(odd)
    problem = {"code": secret, "message": f"x {secret}", "path": secret, "severity": secret}
    shown = {**sandbox.syncs.shown(made), "problems": [problem]}
    sandbox.fault(faults.raw_body(json.dumps({"data": shown}), path=made, nth=2, **ONE))
    result = apply(session)

    assert len(result.to_dict()["impact"]["syncs"]) == 2
    assert secret not in json.dumps(result.to_dict())
    assert "x ********" in json.dumps(result.to_dict()["impact"]["after"])


def test_nobody_is_looked_for_where_nothing_changes(sandbox: Sandbox, session: Session) -> None:
    """A change that changes nothing asks for no sync."""
    assert plan(session, Patch.set("name", "Contacts")).impact is None
    assert not [one for one in sandbox.requests if "syncs" in one.path]


def test_progress_is_told(sandbox: Sandbox, session: Session) -> None:
    """Who watches hears how far the scan is, and that it is over."""
    told: list[Progress] = []
    for number in range(3):
        sandbox.syncs.create(reader("email", name=str(number)))
    session.progress = told.append
    look(session)

    assert Progress("Listing the models", 3) in told
    assert Progress("Listing the syncs", 7) in told
    # The one that is not of the model is read because its model is related.
    assert Progress("Reading the syncs", 5, 5) in told
    assert told[-1] == Progress(None)


def test_the_python_functions_take_impact(sandbox: Sandbox) -> None:
    """plan_patch, patch_model and apply_plan look downstream when they are told to."""
    with Client(sandbox.url, sandbox.api_key) as client:
        made = patcher.plan_patch("Contacts", {"identifier": "email"}, client=client, impact=True)
        blind = patcher.plan_patch("Contacts", {"identifier": "email"}, client=client)
        first = patcher.apply_plan(blind, client=client, impact=True)
        second = patcher.patch_model("Contacts", {"identifier": None}, client=client, impact=True)

    assert made.impact is not None
    assert blind.impact is None
    assert first.aftermath is not None
    assert second.aftermath is not None
