"""``edit_model``: leaving the block applies what was changed in it, an exception aborts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

import patcher
from tests.sandbox import Sandbox, faults, in_environment, seed


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """A sandbox that the environment points to."""
    with in_environment(3, monkeypatch) as running:
        yield running


def test_leaving_the_block_applies_what_was_changed(sandbox: Sandbox) -> None:
    """Only that; what was taken out of the document is cleared; the result is kept."""
    before = sandbox.stored(seed.CONTACTS)
    edit = patcher.edit_model("Contacts")

    with edit as document:
        document["configuration"]["timeout_seconds"] = 90
        del document["labels"]

    assert edit.result is not None
    assert (edit.result.status, edit.result.plan and edit.result.plan.cleared) == (
        "applied",
        ("/labels",),
    )
    after = sandbox.stored(seed.CONTACTS)
    before["configuration"]["timeout_seconds"] = 90
    assert after == {key: value for key, value in before.items() if key != "labels"}


def test_an_edit_can_be_made_again(sandbox: Sandbox) -> None:
    """Each time it is entered it reads anew, also where it makes its own client."""
    edit = patcher.edit_model("name:Contacts")

    for query in ("select 1", "select 2"):
        with edit as document:
            document["configuration"]["query"] = query

    assert sandbox.stored(seed.CONTACTS)["configuration"]["query"] == "select 2"
    assert len(sandbox.puts()) == 2


def test_an_exception_aborts(sandbox: Sandbox) -> None:
    """It goes on its way, and nothing was sent."""

    def fail() -> None:
        with patcher.edit_model("Contacts") as document:
            document["name"] = "Clients"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert sandbox.puts() == []


def test_an_untouched_document_is_no_change(sandbox: Sandbox) -> None:
    """Nothing is sent."""
    with patcher.edit_model("Contacts") as document:
        document["name"] = "Contacts"

    assert sandbox.puts() == []


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("version", 5, patcher.ReadOnlyFieldError),
        ("nmae", "x", patcher.InvalidPatchError),
        ("identifier", math.nan, patcher.InvalidPatchError),
        ("fields", [], patcher.InvalidPatchError),
        ("identifier", "********", patcher.InvalidPatchError),
    ],
)
def test_what_cannot_be_written_is_refused(
    sandbox: Sandbox, key: str, value: Any, error: type[Exception]
) -> None:
    """Leaving the block says what is wrong; nothing was sent."""
    with pytest.raises(error), patcher.edit_model("Contacts") as document:
        document[key] = value

    assert sandbox.puts() == []


def test_a_model_that_is_not_there_is_refused_on_the_way_in(sandbox: Sandbox) -> None:
    """The block is never entered."""
    entered = False

    with pytest.raises(patcher.NotFoundError), patcher.edit_model("Nobody"):
        entered = True

    assert not entered


def test_a_conflict_keeps_the_work_in_the_error(sandbox: Sandbox) -> None:
    """Somebody wrote meanwhile: exit 4, and the document as it was to be is in the result."""

    def collide() -> None:
        with patcher.edit_model("Contacts") as document:
            sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})
            document["name"] = "Clients"

    with pytest.raises(patcher.ConflictError) as caught:
        collide()

    assert caught.value.result.plan.proposed["name"] == "Clients"
    assert sandbox.stored(seed.CONTACTS)["name"] == "Contacts"


def test_a_rebase_keeps_both(sandbox: Sandbox) -> None:
    """Asked for, the change is put upon theirs."""
    with patcher.edit_model("Contacts", on_conflict="rebase") as document:
        sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})
        document["name"] = "Clients"

    stored = sandbox.stored(seed.CONTACTS)
    assert (stored["name"], stored["identifier"]) == ("Clients", "email")


def test_the_options_are_those_of_a_patch(sandbox: Sandbox) -> None:
    """An expected version, a dry run and a confirmation hold here, too."""
    with pytest.raises(patcher.ConflictError), patcher.edit_model("Contacts", expect_version=9):
        pass
    dry = patcher.edit_model("Contacts", dry_run=True)
    with dry as document:
        document["name"] = "Clients"
    declined = patcher.edit_model("Contacts", confirm=lambda plan: False)
    with declined as document:
        document["name"] = "Clients"

    assert dry.result is not None
    assert declined.result is not None
    assert (dry.result.status, declined.result.status) == ("planned", "declined")
    assert sandbox.puts() == []


def test_a_client_that_was_given_stays_open(sandbox: Sandbox) -> None:
    """It is the caller's to close, also after a failure."""
    with patcher.Client(sandbox.url, sandbox.api_key) as client:
        sandbox.fault(faults.status_before(422))
        with pytest.raises(patcher.ApiError), patcher.edit_model("Contacts", client=client) as one:
            one["name"] = "Clients"
        with patcher.edit_model("Contacts", client=client) as document:
            document["name"] = "Clients"

    assert sandbox.stored(seed.CONTACTS)["name"] == "Clients"


@pytest.fixture
def grown(sandbox: Sandbox) -> None:
    """A model with a label that cannot be written, and an unknown key."""
    grown = {"labels": [{}], "retention": 30}
    sandbox.fault(faults.growth(grown, {}, method="GET", every=True))


@pytest.mark.usefixtures("grown")
def test_what_cannot_be_written_may_stay_only_where_nothing_changes(sandbox: Sandbox) -> None:
    """Left as it is, it is no change; it is not written along with one."""
    edit = patcher.edit_model("Contacts")
    with edit as document:
        assert (document["labels"], document["retention"]) == ([{}], 30)
    assert edit.result is not None
    assert edit.result.status == "unchanged"

    with pytest.raises(patcher.UnknownFieldError) as caught, edit as document:
        document["name"] = "Clients"
    assert caught.value.paths == ("/labels/0", "/retention")
    assert sandbox.puts() == []


@pytest.mark.usefixtures("grown")
def test_what_cannot_be_written_is_cleared_by_null_and_not_by_leaving_it_out(
    sandbox: Sandbox,
) -> None:
    """As in a document that is given whole: absence says nothing of what was not known."""
    edit = patcher.edit_model("Contacts")
    with pytest.raises(patcher.UnknownFieldError, match="does not remove it"), edit as document:
        del document["retention"]

    with patcher.edit_model("Contacts") as document:
        document["labels"] = []
        document["retention"] = None

    assert "retention" not in sandbox.puts()[0].json
    assert sandbox.puts()[0].json["labels"] == []
