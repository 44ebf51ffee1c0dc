"""The pipe: strict messages, answers to broken ones, and nothing but the protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.mcp.raw import Raw, served
from tests.sandbox import Sandbox


@pytest.fixture(scope="module")
def raw(api: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Raw]:
    """One server, after the handshake, for all broken messages."""
    with served(api, tmp_path_factory.mktemp("raw")) as found:
        found.hello()
        yield found


CALL = '{"jsonrpc": "2.0", "id": 77, "method": "tools/call", "params": %s}'
BROKEN = {
    "half of a message": ('{"jsonrpc": "2.0", "id": 77', -32700, None),
    "no JSON at all": ("hello", -32700, None),
    "bytes that are not UTF-8": (b'{"id": 77, "x": "\xff"}', -32700, None),
    "a duplicate key": (CALL % '{"name": "history", "name": "list_models"}', -32700, 77),
    "NaN": (CALL % '{"name": "history", "arguments": {"limit": NaN}}', -32700, 77),
    "a number that is rounded": (
        CALL % '{"name": "history", "arguments": {"limit": 1.00000000000000000001}}',
        -32700,
        77,
    ),
    "a lone surrogate": (
        CALL % '{"name": "get_model", "arguments": {"model": "\\ud800"}}',
        -32700,
        77,
    ),
    "an ID with a lone surrogate": ('{"jsonrpc": "2.0", "id": "\\ud800"}', -32700, "?"),
    "another version": ('{"jsonrpc": "1.0", "id": 77, "method": "ping"}', -32600, 77),
    "a batch": ("[]", -32600, None),
    "a text": ('"ping"', -32600, None),
}


@pytest.mark.parametrize(("line", "code", "number"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_message_is_answered(
    raw: Raw, line: str | bytes, code: int, number: int | str | None
) -> None:
    """With an error that names the request where it can be found; the server goes on."""
    raw.send(line if isinstance(line, bytes) else line.encode())
    answer = raw.receive()

    assert (answer["error"]["code"], answer["id"]) == (code, number)
    assert raw.ask("ping", {})["result"] == {}


def test_empty_lines_and_late_answers_are_passed_over(raw: Raw) -> None:
    """What needs no answer gets none."""
    raw.send(b"")
    raw.send(b"  ")
    raw.send({"jsonrpc": "2.0", "id": 9999, "result": {}})
    raw.send({"jsonrpc": "2.0", "method": "notifications/unheard_of"})

    assert raw.ask("ping", {})["result"] == {}


def test_an_unknown_tool_is_an_error_of_the_protocol(raw: Raw) -> None:
    """It is no tool that could answer."""
    answer = raw.ask("tools/call", {"name": "delete_model", "arguments": {}})

    assert answer["error"]["code"] == -32602


@pytest.mark.parametrize(
    "params", [{"name": "get_model", "arguments": ["hunter9"]}, {"arguments": {"model": "hunter9"}}]
)
def test_parameters_of_another_form_are_refused(raw: Raw, params: dict[str, object]) -> None:
    """By the SDK, and without repeating them."""
    answer = raw.ask("tools/call", params)

    assert answer["error"]["code"] == -32602
    assert "hunter9" not in json.dumps(answer)


def test_a_character_of_two_halves_is_one_character(raw: Raw) -> None:
    """Escapes of a pair are text, in and out."""
    result = raw.call("plan_change", model="Contacts", set=["name=\U0001f4c8"])

    assert result["structuredContent"]["changes"][0]["new"] == "\U0001f4c8"


def test_a_model_with_a_lone_surrogate_does_not_hang_the_server(raw: Raw, api: Sandbox) -> None:
    """It is shown as an escape, in the text and in the JSON."""
    configuration = {"query": "select '\udc80'"}
    connection = api.stored(api.ids()[0])["connection_id"]
    model = api.create(
        {"name": "Half \ud83d", "connection_id": connection, "configuration": configuration}
    )
    shown = raw.call("get_model", model=model)
    plan = raw.call("plan_change", model=model, unset=["configuration.query"])
    listed = raw.call("list_models", where=["name~=^Half"])
    api.delete(model)

    assert shown["structuredContent"]["name"] == "Half \\ud83d"
    assert "\\udc80" in json.dumps(plan["structuredContent"]["changes"])
    assert "\\ud83d" in listed["content"][0]["text"]


def test_the_schemas_that_clients_see_are_flat(raw: Raw) -> None:
    """No anyOf, no $ref and no null in any schema, and every annotation is set."""
    listed = raw.ask("tools/list", {})["result"]["tools"]
    forbidden = {"anyOf", "oneOf", "allOf", "$ref", "$defs", "definitions"}

    def walk(value: object) -> Iterator[object]:
        yield value
        children = value.values() if isinstance(value, dict) else value
        for child in children if isinstance(children, list | type({}.values())) else ():
            yield from walk(child)

    for tool in listed:
        for schema in (tool["inputSchema"], tool["outputSchema"]):
            for part in walk(schema):
                assert part is not None
                assert part != "null"
                if isinstance(part, dict):
                    assert not forbidden & part.keys()
                    assert isinstance(part.get("type", ""), str | dict)
        assert tool["inputSchema"]["additionalProperties"] is False
        assert all(one["description"] for one in tool["inputSchema"]["properties"].values())
        hints = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint", "title")
        assert set(hints) == tool["annotations"].keys()
        assert tool["annotations"]["readOnlyHint"] is (tool["name"] != "apply_plan")
        assert tool["annotations"]["destructiveHint"] is (tool["name"] == "apply_plan")
