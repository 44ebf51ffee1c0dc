"""The API's own dry run, over a real socket: how it is asked, and what comes of the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import patcher
from patcher import ApiError, Client, Patch, PatchResult, Plan
from patcher.api import Settings
from patcher.documents.spellings import LONGEST_SHOWN
from patcher.journal import Journal
from patcher.operations import Options, Session
from patcher.operations.write import run_patch, run_plan
from tests.guard.memory import FakeClock
from tests.sandbox import Fault, Sandbox, faults, seed

NARROWER = {"configuration": {"query": "select id, email, plan from contacts"}}
BROKEN = {"configuration": {"query": "select SYNTAXERROR"}}
ON_PREVIEW: dict[str, Any] = {"method": "POST", "kind": "preview"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of its own for each test."""
    with Sandbox(models=3) as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    """Time that passes by being waited for."""
    return FakeClock()


def session_of(sandbox: Sandbox, clock: FakeClock, tmp_path: Any) -> Session:
    """A session in which nobody waits."""
    settings = Settings(sandbox.url, f"Bearer {sandbox.api_key}", timeout=5)
    client = Client(settings=settings, sleep=clock.sleep)
    return Session(client, Journal(tmp_path / "journal"), clock=clock)


@pytest.fixture
def session(sandbox: Sandbox, clock: FakeClock, tmp_path: Any) -> Iterator[Session]:
    """A session on the sandbox."""
    made = session_of(sandbox, clock, tmp_path)
    yield made
    made.client.close()


def plan(session: Session, change: Any = None, **options: Any) -> Plan:
    """A plan for the contacts, previewed."""
    patch = Patch.of(NARROWER if change is None else change)
    return run_plan(session, seed.CONTACTS, patch, Options(preview=True, **options))


def previews(sandbox: Sandbox) -> list[Any]:
    """The bodies of the previews asked for."""
    return [one.json for one in sandbox.requests if one.path == "/api/model-preview"]


def test_the_source_is_asked_for_the_proposed_document(sandbox: Sandbox, session: Session) -> None:
    """The body of the preview is exactly the document that would be written."""
    made = plan(session)

    assert previews(sandbox) == [made.proposed]
    assert made.preview is not None
    assert made.preview.lost == ("first_name", "last_name", "company_id", "is_active")
    assert [one.path for one in made.preview.columns][-1] == "/relations/0/from"
    assert sandbox.puts() == []


@pytest.mark.parametrize("polls", [1, 3])
def test_a_job_is_followed(sandbox: Sandbox, session: Session, polls: int) -> None:
    """An answer that is a job is polled until it is done, and read like one that is not."""
    inline = plan(session).preview
    sandbox.fault(faults.job(polls, forced=True, **ON_PREVIEW))

    assert plan(session).preview == inline


@pytest.mark.parametrize("form", ["wrapped", "fields", "names"])
def test_the_result_of_a_job_may_have_several_forms(
    sandbox: Sandbox, session: Session, form: str
) -> None:
    """The result of a job is read as a model, in an envelope, and as a list of fields."""
    inline = plan(session).preview
    assert inline is not None
    fields = [{"name": name} for name in inline.exposed]
    result = {
        "wrapped": {"data": {"fields": fields}},
        "fields": fields,
        "names": list(inline.exposed),
    }[form]
    job = {"job_id": seed.fixed_id("job"), "type": "previewmodel", "status": "created"}
    sandbox.fault(faults.raw_body(json.dumps({"data": None, "job": job}), **ON_PREVIEW))
    done = {**job, "status": "done", "result": result}
    sandbox.fault(faults.raw_body(json.dumps({"data": done}), method="GET", kind="job"))

    assert plan(session).preview == inline


def test_a_refused_query_is_shown_in_the_sources_own_words(
    sandbox: Sandbox, session: Session
) -> None:
    """A plan shows what the source says; it is no error to have asked."""
    preview = plan(session, BROKEN).preview

    assert preview is not None
    assert (preview.state, preview.status, preview.key) == ("refused", 400, "source_query_failed")
    assert preview.message == 'ERROR: syntax error at or near "SYNTAXERROR" (SQLSTATE 42601)'


def test_a_failing_job_is_a_refusal(sandbox: Sandbox, session: Session) -> None:
    """A job that ends as failed says why, and one that does not say is a refusal, too."""
    sandbox.fault(faults.job(2, forced=True, **ON_PREVIEW))
    said = plan(session, BROKEN).preview
    sandbox.fault(faults.job(2, error="", forced=True, **ON_PREVIEW))
    silent = plan(session).preview

    assert said is not None
    assert (said.state, said.message) == (
        "refused",
        'ERROR: syntax error at or near "SYNTAXERROR" (SQLSTATE 42601)',
    )
    assert silent is not None
    assert silent.message == "The job failed without a reason."


@pytest.mark.parametrize("as_job", [False, True])
def test_a_long_message_is_told_to_its_end(tmp_path: Any, clock: FakeClock, as_job: bool) -> None:
    """What the source says is not cut after a line or two: the place of the error comes late."""
    with Sandbox(models=3, syntax_error_detail=" x" * 400 + " LINE 9") as sandbox:
        if as_job:
            sandbox.fault(faults.job(2, forced=True, **ON_PREVIEW))
        session = session_of(sandbox, clock, tmp_path)
        preview = plan(session, BROKEN).preview
        session.client.close()

    assert preview is not None
    assert (preview.message or "").endswith("LINE 9")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.status_before(403, **ON_PREVIEW), "scripted fault: 403"),
        (faults.status_before(401, **ON_PREVIEW), "scripted fault: 401"),
        (faults.status_before(409, **ON_PREVIEW), "scripted fault: 409"),
        (faults.status_before(500, "html", **ON_PREVIEW), "a web page"),
        (faults.status_before(400, "html", **ON_PREVIEW), "a web page"),
        (faults.status_before(503, every=True, **ON_PREVIEW), "scripted fault: 503"),
        (faults.status_before(302, "empty", **ON_PREVIEW), "a redirect"),
        (faults.status_before(400, "message", **ON_PREVIEW), "not in the API's error form"),
        (faults.garbage("html", **ON_PREVIEW), "a web page"),
        (faults.garbage("truncated", **ON_PREVIEW), "is not valid JSON"),
        (faults.raw_body("{}", **ON_PREVIEW), "no list of fields"),
        (faults.drop_after(every=True, **ON_PREVIEW), "connection broke"),
    ],
)
def test_what_says_nothing_about_the_document_is_no_verdict(
    sandbox: Sandbox, session: Session, fault: Fault, said: str
) -> None:
    """A preview that could not be had is not taken for a refusal by the source, nor for a yes."""
    sandbox.fault(fault)
    preview = plan(session).preview

    assert preview is not None
    assert preview.state == "unavailable"
    assert said in (preview.message or "")


def test_an_endless_job_ends_with_the_patience(
    sandbox: Sandbox, session: Session, clock: FakeClock
) -> None:
    """A job is waited for as long as the settle timeout says."""
    sandbox.fault(faults.job(endless=True, forced=True, **ON_PREVIEW))
    preview = plan(session).preview

    assert preview is not None
    assert preview.state == "unavailable"
    assert "30 s" in (preview.message or "")
    assert sum(clock.waits) == pytest.approx(30)


@pytest.mark.parametrize(
    "fault",
    [
        faults.status_before(504, "html", **ON_PREVIEW),
        faults.status_before(408, **ON_PREVIEW),
        faults.drop_after(**ON_PREVIEW),
    ],
)
def test_what_is_not_answered_in_time_is_asked_for_as_a_job(
    sandbox: Sandbox, session: Session, fault: Fault
) -> None:
    """A query that takes too long for one answer is asked for once more, in the background."""
    sandbox.fault(fault)
    preview = plan(session).preview

    assert preview is not None
    assert preview.is_done
    asked = [one for one in sandbox.requests if one.path == "/api/model-preview"]
    assert [one.args.to_dict() for one in asked] == [{}, {"async": "true"}]


@pytest.mark.parametrize("status", [429, 502, 503])
def test_what_was_not_processed_is_asked_again(
    sandbox: Sandbox, session: Session, clock: FakeClock, status: int
) -> None:
    """A preview that was turned away is asked for again after a pause."""
    sandbox.fault(faults.status_before(status, **ON_PREVIEW))
    preview = plan(session).preview

    assert preview is not None
    assert preview.is_done
    assert clock.waits == [0.25]


def test_async_asks_for_a_job_at_once(sandbox: Sandbox, session: Session) -> None:
    """With run_async the first question is for a job already, and a lost answer ends it."""
    assert plan(session, run_async=True).preview is not None
    asked = [one for one in sandbox.requests if one.path == "/api/model-preview"]
    assert [one.args.to_dict() for one in asked] == [{"async": "true"}]

    sandbox.fault(faults.drop_after(**ON_PREVIEW))
    lost = plan(session, run_async=True).preview
    assert lost is not None
    assert lost.state == "unavailable"


@pytest.mark.parametrize("previews", ["listed", "source"])
def test_both_readings_of_the_documentation_come_to_the_same(
    tmp_path: Any, clock: FakeClock, previews: Any
) -> None:
    """Whether a preview shows the listed fields or all the source has, the same ones are lost."""
    with Sandbox(models=3, previews=previews, missing_columns=["plan"]) as sandbox:
        session = session_of(sandbox, clock, tmp_path)
        preview = plan(session, {"configuration": {"table": "public.contacts_new"}}).preview
        session.client.close()

    assert preview is not None
    assert (preview.gained, preview.lost) == ((), ("plan",))
    assert [one.path for one in preview.columns] == ["/fields/5", "/tracking_columns/1"]


def test_a_credential_in_the_sources_words_is_masked(tmp_path: Any, clock: FakeClock) -> None:
    """A source that repeats a credential is quoted without it, and no longer than others are."""
    detail = " for token tok_live_51c0ffee, " + "x" * 3992 + " tok_live_51c0ffee " + "x" * 99
    with Sandbox(models=3, syntax_error_detail=detail) as sandbox:
        session = session_of(sandbox, clock, tmp_path)
        change = {"configuration": {"query": "select SYNTAXERROR"}}
        made = plan(session, change)
        with pytest.raises(ApiError) as caught:
            run_patch(session, seed.CONTACTS, Patch.of(change), Options(preview=True))
        session.client.close()

    assert made.preview is not None
    said = [json.dumps(made.to_dict()), caught.value.message, repr(caught.value.result.to_dict())]
    assert "for token ********" in said[1]
    assert all("tok_live" not in text for text in said)
    assert len(made.preview.message or "") < LONGEST_SHOWN + 100


@pytest.mark.parametrize("change", [BROKEN, NARROWER], ids=["refused", "unavailable"])
def test_apply_refuses_without_a_preview(sandbox: Sandbox, session: Session, change: Any) -> None:
    """A write that was to be previewed first is not made when the preview does not succeed."""
    if change is NARROWER:
        sandbox.fault(faults.status_before(403, **ON_PREVIEW))
    before = sandbox.stored(seed.CONTACTS)
    with pytest.raises(ApiError) as caught:
        run_patch(session, seed.CONTACTS, Patch.of(change), Options(preview=True))

    assert caught.value.exit_code == 3
    assert sandbox.stored(seed.CONTACTS) == before
    assert sandbox.puts() == []
    result = caught.value.result.to_dict()
    assert (result["status"], result["exit_code"]) == ("failed", 3)
    assert result["preview"]["state"] == ("refused" if change is BROKEN else "unavailable")
    assert result["changes"][0]["path"].startswith("/configuration")


def test_apply_writes_what_was_previewed(sandbox: Sandbox, session: Session) -> None:
    """A preview that loses a column warns, and the write goes on: the reader has seen it."""
    result = run_patch(session, seed.CONTACTS, Patch.of(NARROWER), Options(preview=True))

    assert result.status == "applied"
    assert previews(sandbox) == [sandbox.puts()[0].json]
    assert "column-lost" in [one.code for one in result.warnings]


def test_a_rebased_plan_is_previewed_anew(sandbox: Sandbox, session: Session) -> None:
    """A plan put upon somebody else's change is another document: the source is asked again."""
    sandbox.fault(
        faults.concurrent_write({"identifier": "email"}, method="GET", kind="model", nth=2)
    )
    options = Options(preview=True, on_conflict="rebase")
    result = run_patch(session, seed.CONTACTS, Patch.of(NARROWER), options)

    assert result.status == "applied"
    assert [body["identifier"] for body in previews(sandbox)] == ["id", "email"]


def test_nothing_is_asked_where_nothing_changes(sandbox: Sandbox, session: Session) -> None:
    """A change that changes nothing asks the source nothing."""
    made = plan(session, {"name": "Contacts"})

    assert (made.preview, made.needs_preview, previews(sandbox)) == (None, (), [])


def test_without_a_preview_the_plan_says_what_it_does_not_know(session: Session) -> None:
    """A change of the source leaves open what only the source can tell; a preview settles it."""
    change = Patch.of(NARROWER)
    blind = run_plan(session, seed.CONTACTS, change, Options())

    assert blind.needs_preview == (
        "/fields", "/identifier", "/tracking_columns", "/relations", "/additional_fields",
    )  # fmt: skip
    assert blind.to_dict()["needs_preview"] == list(blind.needs_preview)
    assert blind.to_dict()["preview"] is None
    assert plan(session).needs_preview == ()
    assert plan(session, BROKEN).needs_preview == blind.needs_preview
    renamed = run_plan(session, seed.CONTACTS, Patch.of({"name": "New"}), Options())
    assert renamed.needs_preview == ()


def test_the_python_functions_take_preview(sandbox: Sandbox) -> None:
    """plan_patch, patch_model and apply_plan ask the source when they are told to."""
    with Client(sandbox.url, sandbox.api_key) as client:
        made = patcher.plan_patch("Contacts", NARROWER, client=client, preview=True)
        assert made.preview is not None
        with pytest.raises(ApiError, match="refused: ERROR: syntax error"):
            patcher.patch_model("Contacts", BROKEN, client=client, preview=True)
        refused = patcher.plan_patch("Contacts", BROKEN, client=client, preview=True)
        with pytest.raises(ApiError, match="refused"):
            patcher.apply_plan(refused, client=client)
        blind = patcher.plan_patch("Contacts", BROKEN, client=client)
        with pytest.raises(ApiError, match="refused"):
            patcher.apply_plan(blind, client=client, preview=True)
        result: PatchResult = patcher.apply_plan(made, client=client)

    assert len(sandbox.puts()) == 1
    assert result.to_dict()["preview"]["state"] == "done"
