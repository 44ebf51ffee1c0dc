"""Every fault."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.sandbox import Fault, Gate, Sandbox, faults, seed
from tests.sandbox.conftest import Api, ApiFor

NEW = {**seed.contacts(), "name": "New"}
SYNCS = "/api/syncs"


def version(sandbox: Sandbox) -> int:
    """How often the model was written, plus one."""
    return int(sandbox.model(seed.CONTACTS)["version"])


def one(api: Api, sync_id: str) -> dict[str, Any]:
    """What GET shows of a sync."""
    shown: dict[str, Any] = api.get(f"{SYNCS}/{sync_id}").json()["data"]
    return shown


@pytest.mark.parametrize(
    ("fault", "written"), [(faults.drop_before(), False), (faults.drop_after(), True)]
)
def test_drop(sandbox: Sandbox, api: Api, fault: Fault, written: bool) -> None:
    """The connection is reset, with the write done or not; the request is in the log."""
    sandbox.fault(fault)
    with pytest.raises(requests.ConnectionError, match=r"reset|aborted"):
        api.model("PUT", json=NEW)

    assert (sandbox.stored(seed.CONTACTS) == NEW) is written
    assert len(sandbox.puts()) == 1
    assert api.model("PUT", json=NEW).status_code == 200


@pytest.mark.parametrize("status", [408, 409, 412, 422, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("written", [False, True])
def test_status(sandbox: Sandbox, api: Api, status: int, written: bool) -> None:
    """A status of choice, before or after the write, in the API's error form."""
    make = faults.status_after if written else faults.status_before
    sandbox.fault(make(status, headers={"Retry-After": "7"}))
    answer = api.model("PUT", json=NEW)

    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["Retry-After"] == "7"
    assert (version(sandbox) == 2) is written


@pytest.mark.parametrize(
    ("body", "sent"), [("html", b"<html>"), ("message", b'{"message":"gateway: '), ("empty", b"")]
)
def test_status_without_the_error_form(sandbox: Sandbox, api: Api, body: Any, sent: bytes) -> None:
    """An error can come as a gateway's page, or with no body."""
    sandbox.fault(faults.status_before(502, body))
    answer = api.model("PUT", json=NEW)

    assert answer.status_code == 502
    assert answer.content.startswith(sent)


def test_a_2xx_without_a_model(sandbox: Sandbox, api: Api) -> None:
    """A write can be answered with success and no body at all."""
    sandbox.fault(faults.status_after(204, "empty"))
    answer = api.model("PUT", json=NEW)

    assert (answer.status_code, answer.content, version(sandbox)) == (204, b"", 2)


@pytest.mark.parametrize("when", ["before", "after"])
def test_slow(sandbox: Sandbox, api: Api, when: Any) -> None:
    """An answer slower than the client's patience: with the write done, or not yet."""
    sandbox.fault(faults.slow(30, when))
    with pytest.raises(requests.ReadTimeout):
        api.model("PUT", json=NEW, timeout=0.2)

    assert version(sandbox) == (2 if when == "after" else 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect(sandbox: Sandbox, api: Api, status: int) -> None:
    """A redirect names its location, and nothing is written."""
    sandbox.fault(faults.status_before(status, "empty", {"Location": "http://elsewhere.example/"}))
    answer = api.model("PUT", json=NEW)

    assert (answer.status_code, answer.headers["Location"]) == (status, "http://elsewhere.example/")
    assert version(sandbox) == 1


@pytest.mark.parametrize("form", ["html", "truncated", "cut short"])
def test_garbage(sandbox: Sandbox, api: Api, form: Any) -> None:
    """The write is done, and its answer cannot be read: a page, half a JSON text, half a body."""
    sandbox.fault(faults.garbage(form))
    with pytest.raises((ValueError, requests.exceptions.ChunkedEncodingError)):
        api.model("PUT", json=NEW).json()

    assert version(sandbox) == 2


@pytest.mark.parametrize("written", [False, True])
def test_replay(sandbox: Sandbox, api: Api, written: bool) -> None:
    """A 200 that shows the model as it was, with the write done or not."""
    before = sandbox.model(seed.CONTACTS)
    sandbox.fault(faults.replay(written=written))
    answer = api.model("PUT", json=NEW)

    assert answer.status_code == 200
    assert answer.json()["data"] == before
    assert version(sandbox) == (2 if written else 1)


@pytest.mark.parametrize("status", [None, 504])
def test_a_late_write_lands_after_reads(sandbox: Sandbox, api: Api, status: int | None) -> None:
    """The answer is lost, or an error, and two reads still see the model as it was."""
    sandbox.fault(faults.late_write(reads=2, status=status))
    if status is None:
        with pytest.raises(requests.ConnectionError):
            api.model("PUT", json=NEW)
    else:
        assert api.model("PUT", json=NEW).status_code == status
    api.model("GET", seed.ORDERS)

    names = [api.model("GET").json()["data"]["name"] for _ in range(3)]
    assert names == ["Contacts", "Contacts", "New"]


@pytest.mark.parametrize(("reads", "seen"), [(2, ["Contacts", "Contacts", "New"]), (None, None)])
def test_reads_lag_behind_a_write(
    sandbox: Sandbox, api: Api, reads: int | None, seen: list[str] | None
) -> None:
    """The write is answered, and its model is read as it was before, for a while or for good."""
    sandbox.fault(faults.lagging_reads(reads))
    assert api.model("PUT", json=NEW).json()["data"]["name"] == "New"

    names = [api.model("GET").json()["data"]["name"] for _ in range(3)]
    assert names == (seen or ["Contacts"] * 3)

    sandbox.release()
    assert api.model("GET").json()["data"]["name"] == "New"


def test_a_list_can_be_light(sandbox: Sandbox, api: Api) -> None:
    """Its items lack keys that the models have."""
    sandbox.fault(faults.lightness(["configuration", "nope"], method="GET", every=True))

    models = api.get("/api/models").json()["data"]
    assert {"configuration" in one for one in models} == {False}
    assert "name" in models[0]
    assert "configuration" not in api.model("GET").json()["data"]


def test_reads_begin_to_lag_behind_the_last_write(sandbox: Sandbox, api: Api) -> None:
    """For a GET it begins with that reading; a model never written shows what it is."""
    api.model("PUT", json=NEW)
    for model_id, expected in ((seed.CONTACTS, ["Contacts", "New"]), (seed.ORDERS, ["Orders"] * 2)):
        sandbox.fault(faults.lagging_reads(1, method="GET"))
        names = [api.model("GET", model_id).json()["data"]["name"] for _ in range(2)]
        assert names == expected


def test_a_late_write_can_be_released(sandbox: Sandbox, api: Api) -> None:
    """Without a number of reads the write waits for the release; its key is used from then on."""
    key = {"Idempotency-Key": "late-write-1"}
    sandbox.fault(faults.late_write(status=503))
    api.model("PUT", json=NEW, headers=key)
    assert version(sandbox) == 1

    assert sandbox.release() == 1
    assert sandbox.stored(seed.CONTACTS) == NEW
    assert api.model("PUT", json=NEW, headers=key).json()["data"]["version"] == 2


def test_a_concurrent_write_before_the_second_read(sandbox: Sandbox, api: Api) -> None:
    """Somebody else's change can come between two reads."""
    change = {"policies": None, "name": "Theirs"}
    sandbox.fault(faults.concurrent_write(change, method="GET", kind="model", nth=2))
    names = [api.model("GET").json()["data"]["name"] for _ in range(3)]

    assert names == ["Contacts", "Theirs", "Theirs"]
    assert "policies" not in sandbox.stored(seed.CONTACTS)
    assert version(sandbox) == 2


@pytest.mark.parametrize(("when", "name"), [("before", "New"), ("after", "Theirs")])
def test_a_concurrent_write_around_the_put(
    sandbox: Sandbox, api: Api, when: Any, name: str
) -> None:
    """Somebody else's change before the PUT is overwritten; after it, it wins."""
    sandbox.fault(faults.concurrent_write({"name": "Theirs"}, when, actor="Eve"))
    answer = api.model("PUT", json=NEW).json()["data"]

    assert answer["version"] == (3 if when == "before" else 2)
    assert sandbox.stored(seed.CONTACTS)["name"] == name
    assert version(sandbox) == 3


def test_a_model_can_be_deleted_underfoot(sandbox: Sandbox, api: Api) -> None:
    """The model is deleted just before the request, which gets a 404."""
    sandbox.fault(faults.delete())

    assert api.model("PUT", json=NEW).status_code == 404
    assert seed.CONTACTS not in sandbox.ids()


def test_growth(sandbox: Sandbox, api: Api) -> None:
    """Answers show keys the description does not have, also within lists; nothing is stored."""
    grown = faults.growth({"filters": [], "labels": [{}]}, {"pii": True}, method="*", every=True)
    sandbox.fault(grown)
    models = [
        api.model("GET").json()["data"],
        api.model("PUT", json=seed.contacts()).json()["data"],
        *api.get("/api/models").json()["data"],
    ]

    assert all(model["filters"] == [] and model["labels"] == [{}] for model in models)
    assert all(field["pii"] for model in models for field in model["fields"])
    assert sandbox.stored(seed.CONTACTS) == seed.contacts()


def test_refusals_are_left_alone(sandbox: Sandbox, api: Api) -> None:
    """Faults that change the model in an answer leave an answer without a model as it is."""
    sandbox.fault(faults.growth({"filters": []}))
    answer = api.model("PUT", json={})

    assert (answer.status_code, answer.json()["key"]) == (400, "bad_request")


def test_raw_body(sandbox: Sandbox, api: Api) -> None:
    """These very bytes come back, such as duplicate keys and NaN."""
    raw = b'{"data": {"id": NaN, "id": 1e400}}'
    sandbox.fault(faults.raw_body(raw, method="GET"))
    answer = api.model("GET")

    assert (answer.status_code, answer.content) == (200, raw)


@pytest.mark.parametrize("when", ["before", "after"])
def test_hold(sandbox: Sandbox, api: Api, when: Any) -> None:
    """A request waits at a gate, before or after its write, until it is released."""
    gate = Gate()
    sandbox.fault(faults.hold(gate, when))
    with ThreadPoolExecutor(1) as thread:
        held = thread.submit(api.model, "PUT", json=NEW)
        assert gate.wait_reached()
        assert version(sandbox) == (2 if when == "after" else 1)
        assert not held.done()
        sandbox.release()

        assert held.result().status_code == 200


def test_closing_lets_held_requests_go(api_for: ApiFor) -> None:
    """A sandbox can be closed while a request stands at a gate."""
    gate = Gate()
    with ThreadPoolExecutor(1) as thread, Sandbox(models=1) as sandbox:
        sandbox.fault(faults.hold(gate))
        held = thread.submit(api_for(sandbox).model, "PUT", json=NEW)
        assert gate.wait_reached()
        sandbox.close()

        assert held.exception() or held.result()


@pytest.mark.parametrize(
    ("where", "hit"),
    [
        ({}, [2]),
        ({"nth": 2}, [3]),
        ({"every": True}, [2, 3]),
        ({"method": "GET"}, [0]),
        ({"method": "GET", "kind": "model"}, [1]),
        ({"method": "*"}, [0]),
        ({"path": "models/7", "method": "*", "nth": 3}, [3]),
        ({"kind": "preview"}, []),
    ],
)
def test_faults_find_their_request(
    sandbox: Sandbox, api: Api, where: dict[str, Any], hit: list[int]
) -> None:
    """Method, kind, path and count choose the request; one hit is enough unless told otherwise."""
    sandbox.fault(faults.status_before(418, **where))
    statuses = [
        api.get("/api/me").status_code,
        api.model("GET").status_code,
        api.model("PUT", json=NEW).status_code,
        api.model("PUT", json=NEW).status_code,
    ]

    assert [number for number, status in enumerate(statuses) if status == 418] == hit


def test_faults_can_meet(sandbox: Sandbox, api: Api) -> None:
    """Several faults on one request all happen, the first scripted outermost."""
    sandbox.fault(faults.status_after(500))
    sandbox.fault(faults.concurrent_write({"name": "Theirs"}, "after"))

    assert api.model("PUT", json=NEW).status_code == 500
    assert sandbox.stored(seed.CONTACTS)["name"] == "Theirs"
    assert version(sandbox) == 3


@pytest.mark.parametrize(
    "fault",
    [
        faults.concurrent_write({"name": "X"}, method="*"),
        faults.delete(method="*"),
        faults.replay(method="*"),
        faults.lagging_reads(method="*"),
    ],
    ids=["concurrent_write", "delete", "replay", "lagging_reads"],
)
def test_a_fault_needs_a_model(sandbox: Sandbox, api: Api, fault: Fault) -> None:
    """A script that names none is wrong, and is not answered as the API would."""
    sandbox.fault(fault)

    answer = api.get("/api/models")

    assert (answer.status_code, answer.json()["key"]) == (500, "fault_without_model")
