"""The end of a server: a write in progress gets its outcome, or the journal settles it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.mcp.conftest import Agent
from tests.mcp.raw import Raw, served
from tests.sandbox import Gate, Sandbox, faults


@pytest.fixture
def model(api: Sandbox) -> str:
    """The ID of a model that the test changes."""
    document = api.stored(api.ids()[-1])
    document.pop("organization_id", None)
    return api.create({**document, "name": "To be changed"})


def _writing(raw: Raw, api: Sandbox, model: str) -> Gate:
    """Begins a write whose answer waits at a gate."""
    raw.hello()
    gate = Gate()
    api.fault(faults.hold(gate, "after"))
    _agreed(raw, raw.plan(model, "name=Clients"), gate)
    return gate


def _agreed(raw: Raw, plan: dict[str, str], gate: Gate) -> int:
    """Applies a plan, with the user's yes, as far as the gate; the ID of the call."""
    call = raw.start_call("apply_plan", **plan)
    raw.agree()
    assert gate.wait_reached(20)
    return call


@pytest.mark.parametrize("number", [None, signal.SIGTERM])
def test_a_write_in_progress_gets_its_outcome(
    api: Sandbox, model: str, tmp_path: Path, number: signal.Signals | None
) -> None:
    """The client goes away, and a signal follows: the server waits, and records the outcome."""
    with served(api, tmp_path) as raw:
        gate = _writing(raw, api, model)
        assert raw.process.stdin is not None
        assert raw.process.stderr is not None
        raw.process.stdin.close()
        if number is not None:
            raw.process.send_signal(number)
        lines = [raw.process.stderr.readline().decode() for _ in range(2)]
        assert "waiting for its outcome" in lines[-1]
        if number is not None:
            raw.process.send_signal(number)
        assert raw.process.poll() is None
        gate.release()
        code, _ = raw.end()

    (ending,) = (tmp_path / "state" / "journal").glob("*.ending.json")
    assert code == 0
    assert '"applied"' in ending.read_text()
    assert api.stored(model)["name"] == "Clients"


def test_after_a_kill_the_journal_settles_it(api: Sandbox, model: str, tmp_path: Path) -> None:
    """The next server knows the plan's ID and its write, and can undo it."""
    with served(api, tmp_path) as raw:
        gate = _writing(raw, api, model)
        raw.process.kill()
        raw.end()
        gate.release()
    with served(api, tmp_path) as raw:
        raw.hello()
        listed = raw.call("history")["structuredContent"]["entries"]
        intent = next((tmp_path / "state" / "journal").glob("*.intent.json")).read_text()
        plan_id = intent[intent.index("plan-") :][:17]
        again = raw.call("apply_plan", plan_id=plan_id, model="x", summary="y")
        undo = raw.call("plan_undo", target=listed[0]["entry"])

    assert [one["state"] for one in listed] == ["unrecorded"]
    assert (again["isError"], again["structuredContent"]["status"]) == (True, "unrecorded")
    assert again["structuredContent"]["exit_code"] == 6
    assert "Do not write it again" in again["structuredContent"]["next"]
    assert "earlier process" in again["content"][0]["text"]
    assert undo["structuredContent"]["changes"][0]["new"] == "To be changed"


def test_a_client_that_leaves_before_the_write_stops_it(
    api: Sandbox, model: str, tmp_path: Path
) -> None:
    """Agreed, but nothing is sent yet: no write begins for a client that is gone."""
    with served(api, tmp_path) as raw:
        raw.hello()
        plan = raw.plan(model, "name=Clients")
        gate = Gate()
        api.fault(faults.hold(gate, method="GET", path=model, nth=3))
        _agreed(raw, plan, gate)
        assert raw.process.stderr is not None
        assert raw.process.stdin is not None
        raw.process.stdin.close()
        raw.process.stderr.readline()
        assert "waiting" in raw.process.stderr.readline().decode()
        gate.release()
        code, _ = raw.end()

    assert code == 0
    assert api.puts(model) == []


def test_an_idle_server_ends_at_once(api: Sandbox, tmp_path: Path) -> None:
    """A signal ends it; its log has the host, and its greeting the instructions."""
    host = api.url.removeprefix("http://")
    with served(api, tmp_path) as raw:
        hello = raw.hello()
        raw.process.send_signal(signal.SIGTERM)
        code = raw.process.wait(20)
        _, log = raw.end()

    assert code == 0
    assert hello["serverInfo"]["name"] == "patch-model"
    assert host in hello["instructions"]
    assert log == f"Serving MCP for {host}; stop with Ctrl-C.\n"


def test_a_cancelled_call_is_written_once_or_not_at_all(
    api: Sandbox, model: str, tmp_path: Path
) -> None:
    """Cancelled while asking nothing is written; cancelled while writing it is, and said so."""
    with served(api, tmp_path) as raw:
        raw.hello()
        plan = raw.plan(model, "name=Clients")
        asked = raw.start_call("apply_plan", **plan)
        question = raw.receive()
        raw.send(_cancel(asked))
        assert raw.receive()["method"] == "notifications/cancelled"
        raw.send({"jsonrpc": "2.0", "id": question["id"], "result": {"action": "accept"}})
        raw.ask("ping", {})
        assert api.puts(model) == []

        gate = Gate()
        api.fault(faults.hold(gate, "after"))
        raw.send(_cancel(_agreed(raw, plan, gate)))
        writing = raw.call("apply_plan", **plan)["structuredContent"]
        gate.release()
        while (found := raw.call("apply_plan", **plan)["structuredContent"])["status"] == "writing":
            pass

    assert writing["status"] == "writing"
    assert found["status"] == "applied"
    assert len(api.puts(model)) == 1


def _cancel(request: int) -> dict[str, object]:
    return {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": request},
    }


def test_what_others_print_is_not_on_standard_output(agent: Agent) -> None:
    """The log has the host and no value; a fault of the code has its kind there, not its words."""
    agent.call("plan_change", model="Contacts", set=["configuration.session.api_token=hunter9"])

    assert agent.log().startswith("Serving MCP for 127.0.0.1")
    assert "hunter9" not in agent.log()
