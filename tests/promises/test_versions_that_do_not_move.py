"""Promise 3 on a server whose version does not move with every write, or that has none.

Before the write the content is compared all the same. What is written in the one round trip after
that comparison cannot be seen there, and that is said where the tool can know it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import patcher
from tests.sandbox import Sandbox, faults, seed

RENAME = {"name": "Clients"}
THEIRS = {"identifier": "email"}

STILL: dict[str, Any] = {"version_step": 0}
NONE: dict[str, Any] = {"without_version": True}
OF_FIELDS: dict[str, Any] = {"version_of": ("fields",)}


@pytest.fixture(params=[STILL, NONE, OF_FIELDS], ids=["stays", "none", "counts fields only"])
def blind(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A server whose version says nothing of a change of name."""
    with Sandbox(models=1, **request.param) as sandbox:
        yield sandbox


@pytest.fixture
def client(blind: Sandbox) -> Iterator[patcher.Client]:
    """A client of that server."""
    with patcher.Client(blind.url, blind.api_key) as connected:
        yield connected


def meanwhile(sandbox: Sandbox, changes: dict[str, Any] | None = None) -> None:
    """Somebody else writes between the plan and the second reading."""
    sandbox.fault(
        faults.concurrent_write(changes or THEIRS, "before", method="GET", kind="model", nth=2)
    )


def codes(result: patcher.PatchResult) -> list[str]:
    """The codes of the warnings."""
    return [notice.code for notice in result.warnings]


def test_other_content_is_a_conflict_whatever_the_version_says(
    blind: Sandbox, client: patcher.Client
) -> None:
    """Exit code 4 with their place and them, and nothing is sent."""
    meanwhile(blind)

    with pytest.raises(patcher.ConflictError, match="by Bo Other") as caught:
        patcher.patch_model(seed.CONTACTS, RENAME, client=client)

    assert [change.path for change in caught.value.report.theirs] == ["/identifier"]
    assert blind.puts() == []
    assert blind.stored(seed.CONTACTS)["identifier"] == "email"


def test_a_rebase_keeps_both(blind: Sandbox, client: patcher.Client) -> None:
    """The merge goes by content and needs no version."""
    meanwhile(blind)

    result = patcher.patch_model(seed.CONTACTS, RENAME, client=client, on_conflict="rebase")

    stored = blind.stored(seed.CONTACTS)
    assert (stored["name"], stored["identifier"]) == ("Clients", "email")
    assert codes(result) == ["rebased", "overlap-undetectable"]


def test_an_undo_leaves_what_others_wrote_since(blind: Sandbox, client: patcher.Client) -> None:
    """By content, too: their later change is a conflict."""
    patcher.patch_model(seed.CONTACTS, RENAME, client=client)
    blind.write_as_other(seed.CONTACTS, THEIRS)

    with pytest.raises(patcher.ConflictError, match="/identifier"):
        patcher.undo(seed.CONTACTS, client=client)


def test_a_saved_plan_is_stale_by_its_content(
    blind: Sandbox, client: patcher.Client, tmp_path: Any
) -> None:
    """What it was made upon is in it, and compared."""
    file = tmp_path / "plan.json"
    patcher.save_plan(patcher.plan_patch(seed.CONTACTS, RENAME, client=client), file)
    blind.write_as_other(seed.CONTACTS, THEIRS)

    with pytest.raises(patcher.ConflictError, match="since the plan was made"):
        patcher.apply_plan(patcher.load_plan(file), client=client)


def test_an_overlap_is_not_seen_and_that_is_said(blind: Sandbox, client: patcher.Client) -> None:
    """In the last round trip theirs is overwritten; no error, but the warning that it could be."""
    blind.fault(faults.concurrent_write(THEIRS, "before", method="PUT"))

    result = patcher.patch_model(seed.CONTACTS, RENAME, client=client)

    assert (result.status, result.exit_code) == ("applied", 0)
    assert codes(result) == ["overlap-undetectable"]
    assert blind.stored(seed.CONTACTS)["identifier"] == "id"


def test_a_lost_answer_is_settled_by_content_and_time(
    blind: Sandbox, client: patcher.Client
) -> None:
    """As sent: written; the version is not needed for that."""
    blind.fault(faults.drop_after(method="PUT"))

    result = patcher.patch_model(seed.CONTACTS, RENAME, client=client)

    assert (result.status, len(blind.puts())) == ("applied", 1)
    assert codes(result) == ["overlap-undetectable"]


def test_a_version_that_counts_some_writes_hides_the_others() -> None:
    """Ours moves it by one, theirs does not: nothing shows, and there is nothing to warn of.

    The tool cannot tell such a server from one that counts every write; the README says so.
    """
    with Sandbox(models=1, **OF_FIELDS) as odd, patcher.Client(odd.url, odd.api_key) as client:
        odd.fault(faults.concurrent_write(THEIRS, "before", method="PUT"))
        change = patcher.Patch.remove("fields", "last_name")

        result = patcher.patch_model(seed.CONTACTS, change, client=client)

        assert (result.status, codes(result)) == ("applied", [])
        assert odd.stored(seed.CONTACTS)["identifier"] == "id"


@pytest.mark.parametrize("modes", [STILL, NONE, OF_FIELDS])
def test_an_etag_closes_the_gap_without_a_version(modes: dict[str, Any]) -> None:
    """If-Match needs none: their update in the last round trip is kept, exit code 4."""
    with (
        Sandbox(models=1, etags=True, **modes) as strict,
        patcher.Client(strict.url, strict.api_key) as client,
    ):
        strict.fault(faults.concurrent_write(THEIRS, "before", method="PUT"))

        with pytest.raises(patcher.ConflictError):
            patcher.patch_model(seed.CONTACTS, RENAME, client=client)

        assert strict.stored(seed.CONTACTS)["identifier"] == "email"


@pytest.mark.parametrize("version", ["3", 3.5, True, {"major": 3}])
def test_a_version_that_is_no_integer_is_a_warning(version: Any) -> None:
    """It is compared as the value it is, and does not show who else wrote."""
    with Sandbox(models=1) as odd, patcher.Client(odd.url, odd.api_key) as client:
        odd.fault(faults.growth({"version": version}, method="*", every=True))

        plan = patcher.plan_patch(seed.CONTACTS, RENAME, client=client)
        result = patcher.apply_plan(plan, client=client)

    assert [one.code for one in plan.warnings] == ["version-not-a-number"]
    assert "overlap-undetectable" in codes(result)


def test_a_version_that_is_text_and_moves_is_a_conflict(tmp_path: Path) -> None:
    """Nothing else has changed, and still somebody wrote: both versions are named."""
    with Sandbox(models=1) as odd, patcher.Client(odd.url, odd.api_key) as client:
        odd.fault(faults.growth({"version": "3"}, method="GET", nth=1))
        for number in (2, 3):
            odd.fault(faults.growth({"version": "4"}, method="GET", nth=number))
        plan = patcher.plan_patch(seed.CONTACTS, RENAME, client=client)
        saved = patcher.save_plan(plan, tmp_path / "plan.json")

        for apply in (plan, saved):
            with pytest.raises(patcher.ConflictError, match='version "3" became "4"'):
                patcher.apply_plan(apply, client=client)

        assert odd.puts() == []
