"""A saved plan: done exactly as it was made, or refused; and never a credential in the file."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import patcher
from patcher.documents.masks import MASK, Masks
from patcher.documents.patches import Patch
from patcher.documents.values import strictly_equal
from patcher.operations import Options, Session
from patcher.operations.saved import run_saved
from patcher.plan import Plan
from patcher.plan.saved import dump, load
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.faults.running import without_credentials
from tests.guard.memory import FakeClock, response
from tests.plan.planning import make_plan
from tests.promises.models import CONFIGURATIONS
from tests.sandbox import Gate, Sandbox, faults, seed

RENAME = {"name": "Clients"}
SALT = bytes(16)


@pytest.fixture
def plan(sandbox: Sandbox, client: patcher.Client) -> Plan:
    """A plan that renames."""
    return patcher.plan_patch(seed.CONTACTS, RENAME, client=client)


def dumped(plan: Plan) -> str:
    """The text of a plan, the same for the same plan."""
    return dump(plan, plan_id="p1", created="2026-11-24T17:00:00Z", salt=SALT, tool="0.1.0")


def loaded(text: str | bytes) -> patcher.SavedPlan:
    """The plan in a text."""
    return load(text, MODEL, Masks(MODEL.shape.opaque), what="plan.json")


@settings(max_examples=20)  # each digest is slow on purpose
@given(CONFIGURATIONS, st.text(max_size=5))
def test_a_plan_comes_back_as_it_was(configuration: dict[str, Any], name: str) -> None:
    """Saved, loaded and put upon the same reading, both documents are what they were, strictly."""
    base = Snapshot(response(configuration=configuration))
    made = make_plan(MODEL, base, Patch.merge({"name": name, "identifier": "id"}))
    assume(made.masks.masked_text(name) == name)

    document, proposed = loaded(dumped(made)).on(made.document)

    assert strictly_equal(document, made.document)
    assert strictly_equal(proposed, made.proposed)


@settings(max_examples=5)
@given(st.text(min_size=6, max_size=12).filter(lambda text: not text.isdigit()))
def test_no_credential_is_in_the_file(secret: str) -> None:
    """Neither under its own key nor where its text stands elsewhere, within others and the name."""
    secret = f"§{secret}§"
    configuration = {
        "password": secret,
        "copy": [secret],
        "hosts": [{"api_key": [secret, 1]}],
        "headers": [{"name": "Authorization", "value": f"Basic {secret}"}],
        "url": f"postgres://loader:{secret}@db/orders",
    }
    base = Snapshot(response(configuration=configuration, name=f"Orders {secret}"))
    made = make_plan(MODEL, base, Patch.merge({"identifier": "id"}))

    text = dumped(made)

    assert secret not in json.dumps(json.loads(text), ensure_ascii=False)
    assert strictly_equal(loaded(text).on(made.document)[1], made.proposed)


@pytest.mark.parametrize("place", ["key", "touched", "warning"])
def test_a_credential_in_a_key_is_not_saved(place: str) -> None:
    """What a key holds cannot be masked: refused, without showing it."""
    secret = "pa55-w0rd"
    path = f"/configuration/by-{secret}"
    configuration: dict[str, Any] = {"password": secret}
    changes: dict[str, Any] = {
        "key": {"identifier": "id", "configuration": {f"x{secret}": 1}},
        "touched": [
            {"op": "add", "path": path, "value": 1},
            {"op": "test", "path": path, "value": 1},
        ],
        "warning": {"identifier": "id"},
    }
    patch = Patch.of(changes[place])
    if place == "touched":
        patch += Patch.unset(f"configuration.by-{secret}") + Patch.set("identifier", "id")
    if place == "warning":
        patch += Patch.unset(f"configuration.by-{secret}")
    made = make_plan(MODEL, Snapshot(response(configuration=configuration)), patch)

    with pytest.raises(patcher.InvalidInputError, match="a key contains a credential") as caught:
        dumped(made)

    assert secret not in f"{caught.value.message}{caught.value.hint}"


def test_a_key_that_is_called_as_its_credential_is_saved() -> None:
    """A default password that is the word password gives nothing away."""
    base = Snapshot(response(configuration={"password": "password", "database": {"user": "user"}}))

    text = dumped(make_plan(MODEL, base, Patch.merge({"identifier": "id"})))

    assert json.loads(text)["base"]["configuration"]["password"] == MASK


def test_a_credential_that_is_everywhere_is_not_saved() -> None:
    """A digest is slow on purpose, and so there is a bound to how many are made."""
    configuration = {"password": "long-word", "words": [f"long-word {i}" for i in range(64)]}
    made = make_plan(
        MODEL, Snapshot(response(configuration=configuration)), Patch.merge({"identifier": "id"})
    )

    with pytest.raises(patcher.InvalidInputError, match="more than 64 places"):
        dumped(made)


@pytest.mark.parametrize(
    "change",
    [
        {"configuration": {"session": {"api_token": "new"}}},
        {"configuration": {"session": {"api_token": None}}},
        {"configuration": {"session": None}},
        [{"op": "move", "from": "/configuration/session/api_token", "path": "/identifier"}],
    ],
)
def test_a_change_of_a_credential_is_not_saved(
    sandbox: Sandbox, client: patcher.Client, tmp_path: Path, change: Any
) -> None:
    """Set, removed or moved, the file would have to hold it: refused, and no file left."""
    plan = patcher.plan_patch(seed.CONTACTS, change, client=client)

    with pytest.raises(patcher.InvalidInputError, match="credential"):
        patcher.save_plan(plan, tmp_path / "plan.json")

    assert list(tmp_path.glob("*plan*")) == []


def test_a_saved_plan_is_applied_exactly(
    sandbox: Sandbox, client: patcher.Client, plan: Plan, tmp_path: Path
) -> None:
    """What is stored is what the plan proposed, credentials and all, and the file is 0600."""
    before = sandbox.stored(seed.CONTACTS)
    path = tmp_path / "plan.json"

    patcher.save_plan(plan, path)
    result = patcher.apply_plan(patcher.load_plan(path), client=client)

    assert result.status == "applied"
    assert sandbox.stored(seed.CONTACTS) == {**before, **RENAME}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "tok_live" not in path.read_text()


def test_a_plan_applied_already_says_so(
    sandbox: Sandbox, client: patcher.Client, plan: Plan, tmp_path: Path
) -> None:
    """Live equals proposed: unchanged, nothing sent, exit 0, and said."""
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    patcher.apply_plan(saved, client=client)
    sandbox.reset_requests()

    result = patcher.apply_plan(saved, client=client)

    assert (result.status, result.exit_code, sandbox.puts()) == ("unchanged", 0, [])
    assert [notice.code for notice in result.warnings] == ["already-applied"]


def test_a_plan_applied_already_may_have_what_the_server_added(
    sandbox: Sandbox, client: patcher.Client, plan: Plan, tmp_path: Path
) -> None:
    """All that it would send is stored: unchanged, and what is there besides is said."""
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    sandbox.write_as_other(seed.CONTACTS, {**RENAME, "configuration": {"table": ""}})

    result = patcher.apply_plan(saved, client=client)

    assert (result.status, sandbox.puts()) == ("unchanged", [])
    assert [notice.code for notice in result.warnings] == ["already-applied", "server-added"]


def test_a_plan_that_was_applied_is_not_applied_again(
    sandbox: Sandbox, client: patcher.Client, plan: Plan, tmp_path: Path
) -> None:
    """Even where everything is as the plan found it, the journal knows it as written: exit 4."""
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    first = patcher.apply_plan(saved, client=client)
    patcher.undo(seed.CONTACTS, client=client)
    sandbox.reset_requests()

    with pytest.raises(patcher.ConflictError, match="was already applied") as caught:
        patcher.apply_plan(saved, client=client)

    assert str(first.journal_entry) in caught.value.message
    assert sandbox.puts() == []


def test_a_plan_whose_outcome_is_unknown_is_not_sent_again(
    sandbox: Sandbox,
    client: patcher.Client,
    plan: Plan,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A write that may still land is not made a second time: exit 4."""
    monkeypatch.setattr("patcher.operations.session.DEFAULT_SETTLE_TIMEOUT", 0.0)
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    sandbox.fault(faults.drop_before())
    with pytest.raises(patcher.OutcomeUnknownError):
        patcher.apply_plan(saved, client=client)
    sandbox.reset_requests()

    with pytest.raises(patcher.ConflictError, match="unknown outcome"):
        patcher.apply_plan(saved, client=client)

    assert sandbox.puts() == []


def test_a_refused_plan_can_be_applied_again(
    sandbox: Sandbox, client: patcher.Client, plan: Plan, tmp_path: Path
) -> None:
    """What was provably not written stands in nobody's way."""
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    sandbox.fault(faults.status_before(422))
    with pytest.raises(patcher.ApiError):
        patcher.apply_plan(saved, client=client)

    assert patcher.apply_plan(saved, client=client).status == "applied"


@pytest.mark.parametrize(
    ("theirs", "shown"),
    [
        ({"identifier": "email"}, ["/identifier"]),
        ({"identifier": "id"}, []),
        (
            {"configuration": {"session": {"api_token": "their-secret"}}},
            ["/configuration/session/api_token"],
        ),
    ],
)
def test_a_stale_plan_is_refused_and_shows_what_moved(
    sandbox: Sandbox,
    client: patcher.Client,
    plan: Plan,
    tmp_path: Path,
    theirs: dict[str, Any],
    shown: list[str],
) -> None:
    """Another content or version, a credential's too, is drift: exit 4, nothing sent, no secret."""
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    sandbox.write_as_other(seed.CONTACTS, theirs)

    with pytest.raises(patcher.ConflictError, match="since the plan was made") as caught:
        patcher.apply_plan(saved, client=client)

    assert [change.path for change in caught.value.report.theirs] == shown
    assert sandbox.puts() == []
    assert "plan ... --out" in (caught.value.command_hint or "")
    assert "secret" not in repr(caught.value.report)


def test_a_plan_for_another_place_is_refused(
    sandbox: Sandbox, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another URL or organization: exit 2, before any request."""
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    sandbox.reset_requests()
    with Sandbox(models=3) as other, patcher.Client(other.url, other.api_key) as client:
        with pytest.raises(patcher.InvalidInputError, match="was made for http"):
            patcher.apply_plan(saved, client=client)
        assert other.requests == []
    settings = patcher.Settings(sandbox.url, "Basic eDp5", organization_id="another")

    with (
        patcher.Client(settings=settings) as client,
        pytest.raises(patcher.InvalidInputError, match="organization another"),
    ):
        patcher.apply_plan(saved, client=client)

    assert sandbox.requests == []


@given(st.data())
def test_an_edited_plan_is_never_applied(data: st.DataObject) -> None:
    """Any one character altered, added or taken out: refused, unless the content is the same."""
    made = make_plan(MODEL, Snapshot(response()), Patch.merge(RENAME))
    text = dumped(made)
    at = data.draw(st.integers(0, len(text) - 1))
    put = data.draw(st.sampled_from(("", "x", "0", '"', " ", text[at] * 2)))
    edited = text[:at] + put + text[at + 1 :]

    if _is_same(edited, text):
        assert strictly_equal(loaded(edited).plan.proposed, loaded(text).plan.proposed)
    else:
        with pytest.raises(patcher.InvalidInputError):
            loaded(edited)


def _is_same(edited: str, text: str) -> bool:
    """Whether the edit changed nothing but space between the members."""
    try:
        return bool(json.loads(edited) == json.loads(text))
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda text: text[: len(text) // 2], "not a valid saved plan"),
        (lambda text: "", "saved plan"),
        (lambda text: "{}", "saved plan"),
        (lambda text: "[]", "saved plan"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "newer version"),
        (lambda text: text.replace('"format": 1', '"format": "1"'), "newer version"),
        (lambda text: text.replace('"Clients"', '"Others"'), "was changed"),
        (lambda text: text.replace('"checksum"', '"checksun"'), "was changed"),
    ],
)
def test_what_is_no_whole_plan_is_refused(plan: Plan, edit: Any, said: str) -> None:
    """Cut short, empty, something else, newer or edited: each is said to be what it is."""
    with pytest.raises(patcher.InvalidInputError, match=said):
        loaded(edit(dumped(plan)))


@pytest.mark.parametrize("key", ["noun", "base", "salt", "digests", "touched"])
def test_a_plan_with_a_sound_checksum_and_no_sense_is_refused(plan: Plan, key: str) -> None:
    """A member that is missing or of another kind is no internal error."""
    from patcher.plan import saved

    content = json.loads(dumped(plan))
    del content["checksum"]
    content[key] = 5
    content["checksum"] = saved._checksum(content)

    with pytest.raises(patcher.InvalidInputError, match="not a plan that this version can read"):
        loaded(json.dumps(content))


@pytest.mark.parametrize(
    ("members", "error", "said"),
    [
        ({"identifier": "email"}, patcher.ConflictError, "/identifier changed"),
        ({"organization_id": "another"}, patcher.InvalidInputError, "organization another"),
    ],
)
def test_a_reading_is_compared_whatever_its_version_says(
    sandbox: Sandbox,
    client: patcher.Client,
    tmp_path: Path,
    members: dict[str, Any],
    error: type[patcher.PatchError],
    said: str,
) -> None:
    """Other content under the same version is drift, and another organization another place."""
    plan = patcher.plan_patch(seed.CONTACTS, RENAME, client=client)
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    other = {**client.read_raw(MODEL.collection, seed.CONTACTS)[0], **members}
    sandbox.fault(faults.raw_body(json.dumps({"data": other}), method="GET"))

    with pytest.raises(error, match=said):
        patcher.apply_plan(saved, client=client)

    assert sandbox.puts() == []


def test_a_plan_that_does_not_do_what_it_shows_is_refused(
    sandbox: Sandbox, client: patcher.Client, plan: Plan, tmp_path: Path
) -> None:
    """A forged file cannot have a credential put where everybody can read it: exit 2."""
    from patcher.plan import saved

    content = json.loads(dumped(plan))
    place = "/configuration/session/api_token"
    content["proposed"]["name"] = content["changes"][0]["new"] = "********"
    content["digests"]["proposed"]["/name"] = content["digests"]["base"][place]
    del content["checksum"]
    path = tmp_path / "forged.json"
    path.write_text(json.dumps({**content, "checksum": saved._checksum(content)}))

    with pytest.raises(patcher.InvalidInputError, match="not do what it shows"):
        patcher.apply_plan(patcher.load_plan(path), client=client)

    assert sandbox.puts() == []


def test_a_pipe_in_the_way_is_not_waited_for(plan: Plan, tmp_path: Path) -> None:
    """What is no regular file is neither read nor replaced, also behind a link."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)

    for path in (pipe, link):
        with pytest.raises(patcher.InvalidInputError, match="not a regular file"):
            patcher.save_plan(plan, path)

    assert (pipe.is_fifo(), link.is_symlink()) == (True, True)


def test_a_link_to_nothing_and_a_newer_plan_are_replaced(plan: Plan, tmp_path: Path) -> None:
    """Nothing of anybody's is lost by that; where the link led to, nothing is made."""
    link, newer = tmp_path / "link.json", tmp_path / "newer.json"
    link.symlink_to(tmp_path / "elsewhere.json")
    newer.write_text('{"kind": "patch-model plan", "format": 99}')

    for path in (link, newer):
        patcher.save_plan(plan, path)
        assert patcher.load_plan(path).plan.changes == plan.changes

    assert not (tmp_path / "elsewhere.json").exists()


def test_a_plan_is_on_disk_whole_or_not_at_all(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full, or a signal, leaves the plan that was there, and no draft."""
    path = tmp_path / "plan.json"
    first = patcher.save_plan(plan, path)

    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):
        monkeypatch.setattr("os.fsync", Mock(side_effect=error))
        with pytest.raises((patcher.OutputError, KeyboardInterrupt)):
            patcher.save_plan(plan, path)
        assert [one for one in tmp_path.iterdir() if one.is_file()] == [path]
        assert patcher.load_plan(path).id == first.id


def test_a_plan_is_not_sent_twice_where_no_version_tells(
    sandbox: Sandbox, client: patcher.Client, plan: Plan, tmp_path: Path
) -> None:
    """Everything is again as the plan found it, version and all: the journal remembers, exit 4."""
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    before, *_ = client.read_raw(MODEL.collection, seed.CONTACTS)
    patcher.apply_plan(saved, client=client)
    sandbox.reset_requests()
    for _ in range(2):
        sandbox.fault(faults.raw_body(json.dumps({"data": before}), method="GET"))

    with pytest.raises(patcher.ConflictError, match="was already applied"):
        patcher.apply_plan(saved, client=client, accept_older=True)

    assert sandbox.puts() == []


def test_only_a_plan_upon_a_reading_is_taken(
    sandbox: Sandbox, client: patcher.Client, plan: Plan, tmp_path: Path
) -> None:
    """What a saved plan shows cannot be saved again, applied or rebased, nor can anything else."""
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    verbs: list[Any] = [
        lambda one: patcher.save_plan(one, tmp_path / "again.json"),
        lambda one: patcher.apply_plan(one, client=client),
        lambda one: patcher.rebase(one, client=client),
    ]

    for verb in verbs:
        with pytest.raises(patcher.InvalidInputError, match="comes from a saved one"):
            verb(saved.plan)
        with pytest.raises(patcher.InvalidInputError, match="got a NoneType"):
            verb(None)
    with pytest.raises(patcher.InvalidInputError, match="got a SavedPlan"):
        verbs[2](saved)
    assert (sandbox.puts(), (tmp_path / "again.json").exists()) == ([], False)


def test_only_a_saved_plan_is_replaced(plan: Plan, tmp_path: Path) -> None:
    """Somebody's own file is left alone; a plan is replaced, and a link is not followed."""
    mine, link, target = tmp_path / "mine.json", tmp_path / "link.json", tmp_path / "target.json"
    mine.write_text("{}")
    (tmp_path / "notes.txt").write_text("not even JSON")
    patcher.save_plan(plan, target)
    before = target.read_text()
    link.symlink_to(target)

    with pytest.raises(patcher.InvalidInputError, match="not changed"):
        patcher.save_plan(plan, mine)
    with pytest.raises(patcher.InvalidInputError, match="not changed"):
        patcher.save_plan(plan, tmp_path / "notes.txt")
    patcher.save_plan(plan, link)

    assert mine.read_text() == "{}"
    assert (link.is_symlink(), target.read_text()) == (False, before)


def test_a_file_that_cannot_be_had_is_said_to_be(plan: Plan, tmp_path: Path) -> None:
    """No such folder, a folder in the way, a file that is not there: exit 2, nothing left."""
    with pytest.raises(patcher.InvalidInputError, match="cannot be written"):
        patcher.save_plan(plan, tmp_path / "no" / "plan.json")
    with pytest.raises(patcher.InvalidInputError, match="cannot be replaced"):
        patcher.save_plan(plan, tmp_path)
    with pytest.raises(patcher.InvalidInputError, match="cannot be read"):
        patcher.load_plan(tmp_path / "plan.json")
    (tmp_path / "file").touch()
    with pytest.raises(patcher.InvalidInputError, match=r"cannot be replaced: Not a directory\."):
        patcher.save_plan(plan, tmp_path / "file" / "plan.json")

    assert not list(tmp_path.glob("*plan*"))


def test_what_a_saved_plan_looks_like_to_its_holder(plan: Plan, tmp_path: Path) -> None:
    """Repr names the plan and shows no document."""
    saved = patcher.save_plan(plan, tmp_path / "plan.json")

    assert repr(saved).startswith(f"SavedPlan({saved.id!r}")
    assert saved.plan.changes == plan.changes
    assert saved.plan.origin.url == plan.origin.url


def test_a_plan_is_confirmed_and_can_be_tried(
    sandbox: Sandbox, client: patcher.Client, plan: Plan, tmp_path: Path
) -> None:
    """A no declines, a dry run stops: neither sends anything."""
    saved = patcher.save_plan(plan, tmp_path / "plan.json")

    declined = patcher.apply_plan(saved, client=client, confirm=lambda plan: False)
    planned = patcher.apply_plan(saved, client=client, dry_run=True)

    assert (declined.status, planned.status, sandbox.puts()) == ("declined", "planned", [])


def test_what_a_saved_plan_shows_is_not_to_be_written(
    sandbox: Sandbox, client: patcher.Client, plan: Plan, tmp_path: Path
) -> None:
    """Without the reading that it was made upon, a write of it could not be undone."""
    saved = patcher.save_plan(plan, tmp_path / "plan.json")

    with pytest.raises(patcher.InvalidInputError, match="comes from a saved one"):
        patcher.apply_plan(saved.plan, client=client)

    assert sandbox.puts() == []


@pytest.fixture
def plain(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model without credentials, which processes find by the environment."""
    monkeypatch.setenv("POLYTOMIC_DEPLOYMENT_URL", sandbox.url)
    monkeypatch.setenv("POLYTOMIC_API_KEY", sandbox.api_key)
    return sandbox.create(without_credentials(seed.contacts()))


class Applying:
    """A process that applies a saved plan."""

    def __init__(self, path: Path) -> None:
        command = (sys.executable, "-m", "patcher", "apply", "--plan", str(path), "--yes")
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            (*command, "--settle-timeout", "0"), stdout=pipe, stderr=pipe, text=True
        )

    def ended(self) -> tuple[int, str]:
        """Its exit code and what it said on standard error."""
        said = self.process.communicate(timeout=60)[1]
        return self.process.returncode, said


def test_of_two_processes_with_one_plan_one_writes(
    sandbox: Sandbox, client: patcher.Client, plain: str, tmp_path: Path
) -> None:
    """In each race there is one PUT, and the other process is refused: exit 4."""
    path = tmp_path / "plan.json"
    for number in range(2):
        plan = patcher.plan_patch(plain, {"name": f"Name {number}"}, client=client)
        patcher.save_plan(plan, path)
        sandbox.reset()
        gate = Gate()  # where both meet, having found the plan as good as new
        for nth in (1, 2):
            sandbox.fault(faults.hold(gate, method="GET", kind="model", nth=nth))
        both = [Applying(path), Applying(path)]
        deadline = time.monotonic() + 30
        while len(sandbox.requests) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        gate.release()
        codes, said = zip(*sorted(one.ended() for one in both), strict=True)

        assert (codes, len(sandbox.puts())) == ((0, 4), 1), said


def test_who_has_a_plan_is_said(
    sandbox: Sandbox,
    client: patcher.Client,
    plain: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While another process writes it, with its number; once that was killed, nobody knows."""
    plan = patcher.plan_patch(plain, RENAME, client=client)
    patcher.save_plan(plan, tmp_path / "plan.json")
    gate = Gate()
    sandbox.fault(faults.hold(gate, "before", method="PUT"))
    first = Applying(tmp_path / "plan.json")
    assert gate.wait_reached(20)

    saved = patcher.load_plan(tmp_path / "plan.json")
    with pytest.raises(patcher.ConflictError, match=f"by process {first.process.pid} on"):
        patcher.apply_plan(saved, client=client)

    first.process.kill()
    first.ended()
    monkeypatch.setattr("patcher.operations.session.DEFAULT_SETTLE_TIMEOUT", 0.0)
    with pytest.raises(patcher.ConflictError, match="with an unknown outcome"):
        patcher.apply_plan(saved, client=client)
    assert len(sandbox.puts()) == 1

    gate.release()  # the PUT of the first lands after all
    while sandbox.stored(plain)["name"] != RENAME["name"]:
        time.sleep(0.01)
    assert patcher.apply_plan(saved, client=client).status == "unchanged"
    assert len(sandbox.puts()) == 1


def test_a_plan_that_settles_what_cannot_be_written_is_applied(
    sandbox: Sandbox, client: patcher.Client, tmp_path: Path
) -> None:
    """The file knows which places the change named, so the same judgement is made again."""
    sandbox.fault(faults.growth({"labels": [{}], "retention": 30}, {}, method="GET", every=True))
    change = {"labels": [seed.ORDERS], "retention": None, "name": "Clients"}
    path = tmp_path / "plan.json"
    patcher.save_plan(patcher.plan_patch(seed.CONTACTS, change, client=client), path)

    saved = patcher.load_plan(path)
    assert set(saved.plan.terms.named) == {("labels",), ("retention",), ("name",)}
    patcher.apply_plan(saved, client=client)

    body = sandbox.puts()[0].json
    assert (body["labels"], body["name"], "retention" in body) == ([seed.ORDERS], "Clients", False)


def test_a_state_older_than_a_plans_is_stale_where_nothing_else_is_known(
    sandbox: Sandbox, client: patcher.Client, tmp_path: Path
) -> None:
    """On another machine the plan itself says what was seen: stale, and not overtaken."""
    sandbox.write_as_other(seed.CONTACTS, {"identifier": "email"})
    plan = patcher.plan_patch(seed.CONTACTS, RENAME, client=client)
    saved = patcher.save_plan(plan, tmp_path / "plan.json")
    shutil.rmtree(tmp_path / "state")
    sandbox.fault(faults.lagging_reads(None, method="GET", kind="model"))
    session = Session(client, clock=FakeClock())

    with pytest.raises(patcher.StaleReadError):
        run_saved(session, saved, Options())

    assert sandbox.puts() == []
