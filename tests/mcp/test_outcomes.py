"""Faults: each a tool error that says what is known, and what to do next."""

from __future__ import annotations

import pytest

from tests.mcp.conftest import Agent, Answer, Reply
from tests.sandbox import Fault, faults


def _applied(agent: Agent, fault: Fault) -> tuple[str, dict[str, str], Reply]:
    """A model, a plan for it, and the answer when the plan is applied while a fault waits."""
    model = agent.new_model()
    plan = agent.plan(model, "name=Clients").plan
    agent.sandbox.reset()
    agent.sandbox.fault(fault)
    return model, plan, agent.call("apply_plan", **plan)


def test_a_lost_answer_is_settled_by_reading(agent: Agent) -> None:
    """The write happened, and the answer was lost: read, and reported as written."""
    model, _, reply = _applied(agent, faults.drop_after())

    assert (reply.data["status"], reply.is_error) == ("applied", False)
    assert len(agent.sandbox.puts(model)) == 1


def test_an_unknown_outcome_is_never_repeated(agent: Agent) -> None:
    """The agent learns that it is unknown; asking again writes nothing."""
    model, plan, reply = _applied(agent, faults.drop_before())
    again = agent.call("apply_plan", **plan)

    assert (reply.is_error, reply.data["exit_code"]) == (True, 6)
    assert reply.data["status"] == "unknown"
    assert "Do not write it again" in reply.text
    assert "retry" not in reply.text.lower()
    assert reply.data["journal_entry"] in agent.call("history", target=model).text
    assert again.data["exit_code"] == 6
    assert len(agent.sandbox.puts(model)) == 1


def test_a_model_that_changed_since_the_plan_is_a_conflict(agent: Agent) -> None:
    """Who changed what is in the answer; nothing is asked and nothing written."""
    model = agent.new_model()
    plan = agent.plan(model, "name=Clients").plan
    agent.sandbox.write_as_other(model, {"name": "Theirs"})
    reply = agent.call("apply_plan", **plan)

    assert (reply.is_error, reply.data["exit_code"]) == (True, 4)
    assert reply.data["error"]["conflict"]["both"][0]["path"] == "/name"
    assert "theirs" in reply.text
    assert "plan_change" in reply.data["next"]
    assert (agent.questions, agent.sandbox.puts(model)) == ([], [])


def test_a_model_that_changes_while_the_user_decides_is_a_conflict(agent: Agent) -> None:
    """The model is read again after the answer, and just before the write."""
    model = agent.new_model()
    plan = agent.plan(model, "name=Clients").plan
    agree = agent.answer

    def slow() -> Answer:
        agent.sandbox.write_as_other(model, {"identifier": "theirs"})
        return agree()

    agent.answer = slow
    reply = agent.call("apply_plan", **plan)

    assert (reply.is_error, reply.data["exit_code"]) == (True, 4)
    assert agent.sandbox.puts(model) == []
    assert agent.call("apply_plan", **plan).data["exit_code"] == 4


@pytest.mark.parametrize("shared", ["legacy"], indirect=True)
def test_a_failed_precondition_is_a_conflict(agent: Agent) -> None:
    """412: not written by this delivery, and the model is as before."""
    *_, reply = _applied(agent, faults.status_before(412))

    assert (reply.is_error, reply.data["exit_code"]) == (True, 4)


def test_a_refused_write_shows_what_the_api_says(agent: Agent) -> None:
    """422: the message of the API, marked as data."""
    *_, reply = _applied(agent, faults.status_before(422))

    assert (reply.is_error, reply.data["exit_code"]) == (True, 3)
    assert "Nothing was written" in reply.data["next"]


def test_an_overlapping_write_is_reported(agent: Agent) -> None:
    """Written, but not alone: the agent must not write again."""
    model, _, reply = _applied(agent, faults.concurrent_write({"identifier": "theirs"}))

    assert (reply.is_error, reply.data["exit_code"]) == (True, 5)
    assert reply.data["status"] == "unverified"
    assert "do not write it again" in reply.text
    assert len(agent.sandbox.puts(model)) == 1


def test_an_api_that_is_gone_is_an_error_of_each_tool(agent: Agent) -> None:
    """Not reachable: said by every tool that reads, with nothing written."""
    agent.sandbox.reset()
    agent.sandbox.fault(faults.status_before(403, method="GET", every=True))
    try:
        for tool, arguments in (
            ("list_models", {}),
            ("get_model", {"model": "Contacts"}),
            ("plan_change", {"model": "Contacts", "set": ["name=a"]}),
        ):
            reply = agent.call(tool, **arguments)
            assert (reply.is_error, reply.data["exit_code"]) == (True, 3)
    finally:
        agent.sandbox.reset()
