"""Promise 3: nobody's work is overwritten."""

from __future__ import annotations

from typing import Any

import pytest

import patcher
from patcher.documents.patches import Patch
from patcher.operations import Options, Session
from patcher.operations.read import read_model
from patcher.operations.undo import run_undo
from patcher.operations.write import run_patch, run_plan
from tests.guard.memory import FakeClock
from tests.sandbox import Sandbox, faults, seed

RENAME = {"name": "Customers"}


def test_an_edit_between_the_reads_is_kept(sandbox: Sandbox, client: patcher.Client) -> None:
    """Somebody writes after the plan: nothing is sent, and the error says who, when and which."""
    sandbox.fault(
        faults.concurrent_write(
            {"identifier": "email"}, "before", method="GET", kind="model", nth=2, actor="Bo Other"
        )
    )

    with pytest.raises(patcher.ConflictError, match="by Bo Other at 2") as caught:
        patcher.patch_model(seed.CONTACTS, RENAME, client=client)

    assert sandbox.puts() == []
    assert sandbox.stored(seed.CONTACTS)["identifier"] == "email"
    assert (caught.value.expected, caught.value.found) == (1, 2)


def test_an_edit_that_leaves_the_version_is_still_seen(client: patcher.Client) -> None:
    """On a server whose version does not move the content alone is enough for a conflict."""
    with Sandbox(models=1, version_step=0) as still, patcher.Client(still.url, still.api_key) as c:
        still.fault(faults.concurrent_write({"identifier": "email"}, "before", method="GET", nth=2))
        with pytest.raises(patcher.ConflictError, match="/identifier changed"):
            patcher.patch_model(seed.CONTACTS, RENAME, client=c)

        assert still.puts() == []


def test_an_overlap_in_the_last_moment_is_reported(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """In the one round trip that no check can close: written, and said to be not alone."""
    sandbox.fault(faults.concurrent_write({"identifier": "email"}, "before", method="PUT"))

    with pytest.raises(patcher.VerificationError, match="someone else") as caught:
        patcher.patch_model(seed.CONTACTS, RENAME, client=client)

    assert caught.value.exit_code == 5
    assert (caught.value.version_before, caught.value.version_after) == (1, 3)
    assert caught.value.result.status == "unverified"


def test_what_the_server_does_not_keep_is_reported(
    sandbox: Sandbox, client: patcher.Client
) -> None:
    """A member that comes back otherwise than sent is named."""
    sandbox.fault(faults.growth({"policies": []}, {}, method="PUT"))

    with pytest.raises(patcher.VerificationError, match="/policies"):
        patcher.patch_model(seed.CONTACTS, RENAME, client=client)


def test_an_etag_closes_the_gap() -> None:
    """Where the server has ETags, even an edit in the last moment is refused by the server."""
    with Sandbox(models=1, etags=True) as strict, patcher.Client(strict.url, strict.api_key) as c:
        strict.fault(faults.concurrent_write({"identifier": "email"}, "before", method="PUT"))
        with pytest.raises(patcher.ConflictError, match="412"):
            patcher.patch_model(seed.CONTACTS, RENAME, client=c)

        assert strict.stored(seed.CONTACTS)["identifier"] == "email"
        assert strict.stored(seed.CONTACTS)["name"] == "Contacts"


def test_an_expected_version_is_held_to(sandbox: Sandbox, client: patcher.Client) -> None:
    """A version other than the expected one stops it before anything is worked out."""
    with pytest.raises(patcher.ConflictError, match="at version 1, not at 7") as caught:
        patcher.patch_model(seed.CONTACTS, RENAME, client=client, expect_version=7)

    assert caught.value.exit_code == 4
    assert [request.method for request in sandbox.requests] == ["GET"]
    result = patcher.patch_model(seed.CONTACTS, RENAME, client=client, expect_version=1)
    assert result.status == "applied"


def test_a_plan_made_before_holds_or_is_refused(sandbox: Sandbox, client: patcher.Client) -> None:
    """A plan is applied exactly as it was made, or not at all."""
    plan = patcher.plan_patch(seed.CONTACTS, RENAME, client=client)
    late = patcher.plan_patch(seed.CONTACTS, {"name": "Others"}, client=client)

    assert patcher.apply_plan(plan, client=client).status == "applied"
    with pytest.raises(patcher.ConflictError):
        patcher.apply_plan(late, client=client)


@pytest.mark.parametrize(
    ("options", "code"),
    [({"order": "sorted"}, "order-not-kept"), ({"new_field_ids": True}, "field-id-changed")],
)
def test_what_the_server_does_in_its_own_way_is_a_warning(
    options: dict[str, object], code: str
) -> None:
    """Another order and new field ids lose nothing, but are worth knowing."""
    with Sandbox(models=1, **options) as own, patcher.Client(own.url, own.api_key) as client:
        plan = {"fields": ["plan", "id", "email", "first_name", "last_name"]}
        result = patcher.patch_model(seed.CONTACTS, plan, client=client)

        assert code in [notice.code for notice in result.notices]


def test_a_default_of_the_servers_is_a_warning() -> None:
    """Policies that the server attaches where they were cleared on purpose are no failure."""
    with (
        Sandbox(models=1, default_policies=(seed.POLICY_MODELS,)) as own,
        patcher.Client(own.url, own.api_key) as client,
    ):
        result = patcher.patch_model(seed.CONTACTS, {"policies": None}, client=client)

        assert (result.status, result.notices[0].code) == ("applied", "server-default")


@pytest.fixture
def session(client: patcher.Client) -> Session:
    """A session on a clock of its own."""
    return Session(client, clock=FakeClock())


def change(session: Session, patch: dict[str, Any], **options: Any) -> patcher.PatchResult:
    """patch_model, on the session's clock."""
    return run_patch(session, seed.CONTACTS, Patch.of(patch), Options(**options))


def lag(sandbox: Sandbox, reads: int | None = None) -> None:
    """From the next reading on, a replica shows the model as it was before its last write."""
    sandbox.fault(faults.lagging_reads(reads, method="GET", kind="model"))


def test_a_lagging_replica_takes_nothing_back(sandbox: Sandbox, session: Session) -> None:
    """A write that the next reading does not show yet is not undone by the next write: exit 4."""
    change(session, RENAME)
    lag(sandbox)

    with pytest.raises(patcher.StaleReadError, match="older state") as caught:
        change(session, {"identifier": "email"})

    assert (caught.value.exit_code, caught.value.expected, caught.value.found) == (4, 2, 1)
    assert "--accept-older" in (caught.value.command_hint or "")
    assert len(sandbox.puts()) == 1
    assert sandbox.stored(seed.CONTACTS)["name"] == "Customers"


def test_a_replica_that_catches_up_is_waited_for(sandbox: Sandbox, session: Session) -> None:
    """Both changes stand after a few readings."""
    change(session, RENAME)
    lag(sandbox, 3)

    assert change(session, {"identifier": "email"}).status == "applied"

    stored = sandbox.stored(seed.CONTACTS)
    assert (stored["name"], stored["identifier"]) == ("Customers", "email")


@pytest.mark.parametrize("modes", [{"version_step": 0}, {"without_version": True}])
def test_a_replica_lags_where_no_version_tells(modes: dict[str, Any]) -> None:
    """Where the version stands still, or there is none, the time of the last write goes back."""
    with Sandbox(models=1, **modes) as sandbox, patcher.Client(sandbox.url, sandbox.api_key) as c:
        session = Session(c, clock=FakeClock())
        change(session, RENAME)
        lag(sandbox)

        with pytest.raises(patcher.StaleReadError):
            change(session, {"identifier": "email"})


def test_a_rebase_is_not_put_on_an_older_state(sandbox: Sandbox, session: Session) -> None:
    """What is stale is no write of someone else's, so there is nothing to merge: exit 4."""
    change(session, RENAME)
    sandbox.fault(faults.lagging_reads(None, method="GET", kind="model", nth=2))

    with pytest.raises(patcher.StaleReadError):
        change(session, {"identifier": "email"}, on_conflict="rebase")

    assert len(sandbox.puts()) == 1


def test_an_undo_is_not_planned_on_an_older_state(sandbox: Sandbox, session: Session) -> None:
    """It would find nothing to take back."""
    change(session, RENAME)
    change(session, {"identifier": "email"})
    lag(sandbox)

    with pytest.raises(patcher.StaleReadError):
        run_undo(session, seed.CONTACTS, Options())


def test_a_plan_alone_is_remembered_too(sandbox: Sandbox, session: Session) -> None:
    """Someone else's write that a plan was made on is not taken back by the next plan."""
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})
    run_plan(session, seed.CONTACTS, Patch.of(RENAME), Options())
    lag(sandbox)

    with pytest.raises(patcher.StaleReadError):
        change(session, RENAME)


def test_a_restored_model_is_accepted_once(sandbox: Sandbox, session: Session) -> None:
    """With accept_older it is planned on and written, and from then on it is what counts."""
    restored = sandbox.model(seed.CONTACTS)
    change(session, RENAME)
    change(session, {"identifier": "email"})
    sandbox.fault(faults.growth({**restored, "version": 1}, method="GET", kind="model", every=True))

    with pytest.raises(patcher.StaleReadError):
        run_plan(session, seed.CONTACTS, Patch.of(RENAME), Options())
    run_plan(session, seed.CONTACTS, Patch.of(RENAME), Options(accept_older=True))

    assert run_plan(session, seed.CONTACTS, Patch.of(RENAME), Options()).base.version == 1


def test_reading_alone_refuses_nothing(sandbox: Sandbox, session: Session) -> None:
    """What a replica shows can be looked at: no plan is made on it."""
    change(session, RENAME)
    lag(sandbox)

    assert read_model(session, seed.CONTACTS).name == "Contacts"
