"""Servers that do not end, send too much, send elsewhere: refused within the timeout and memory."""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import socket
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import patcher
from patcher.api import Settings
from patcher.api.transport import AnswerLostError, Transport
from tests.api.servers import Script, answer, serving
from tests.hostile.conftest import Command

KEY = "hostile-key-0123456789"
MODEL_ID = "248df4b7-aa70-47b8-a036-33ac447e668d"
MIB = 1024 * 1024


def model(**members: Any) -> bytes:
    """The answer to a GET of a small model."""
    raw = {
        "id": MODEL_ID,
        "name": "Contacts",
        "version": 1,
        "connection_id": "19be6d87-7676-5582-8f6a-6fc7b1a81dd0",
        "configuration": {"table": "t"},
        "fields": [{"name": "id"}],
    }
    return json.dumps({"data": {**raw, **members}}).encode()


def dripping(head: bytes, byte: bytes) -> Script:
    """Sends ``head``, and then a byte every 20 ms, each well within any timeout for one wait."""

    def script(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head)
        connection.settimeout(0.02)
        for _ in range(1000):
            connection.sendall(byte)
            try:
                if connection.recv(1) == b"":
                    return
            except TimeoutError:
                continue

    return script


def flooding(head: bytes, piece: bytes) -> Script:
    """Sends ``head``, and then a piece for ever, as fast as it can; no piece is silence."""

    def script(connection: socket.socket, request: bytes) -> None:
        connection.settimeout(10)
        connection.sendall(head)
        while piece:
            connection.sendall(piece)
        connection.recv(1)  # until the other side closes

    return script


@cache
def packed_zeros() -> bytes:
    """200 MB of nothing."""
    packer = zlib.compressobj(1, wbits=31)
    zeros = bytes(MIB)
    return b"".join([packer.compress(zeros) for _ in range(200)]) + packer.flush()


def bomb(connection: socket.socket, request: bytes) -> None:
    """A short answer that inflates to far more than is taken."""
    answer(packed_zeros(), headers="Content-Encoding: gzip\r\n")(connection, request)


def nested(connection: socket.socket, request: bytes) -> None:
    """Packed twice, which inflates a thousand times a thousand times."""
    body = gzip.compress(gzip.compress(b"{}"))
    answer(body, headers="Content-Encoding: gzip, gzip\r\n")(connection, request)


class Row(NamedTuple):
    """What a server does, and what is said about it."""

    script: Script
    said: str


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LATE = "timed out after 0.15 s"

SLOW = {
    "headers": Row(dripping(OK, b"X: y\r\n"), LATE),
    "one header": Row(dripping(OK + b"X-Slow: ", b"y"), LATE),
    "a body": Row(dripping(OK + b"Content-Length: 100000\r\n\r\n", b" "), LATE),
    "a body without a length": Row(dripping(OK + b"\r\n", b" "), LATE),
    "chunks": Row(dripping(CHUNKED, b"1\r\n \r\n"), LATE),
    "the length of a chunk": Row(dripping(CHUNKED, b"0"), LATE),
    "one continue after another": Row(dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), LATE),
    "nothing": Row(dripping(b"", b""), LATE),
}

SIZE = "the response is longer than 64 MiB"

LARGE = {
    "200 MB, as it says": Row(flooding(OK + b"Content-Length: 209715200\r\n\r\n", b""), SIZE),
    "a length that is no number of bytes": Row(
        flooding(OK + b"Content-Length: " + b"9" * 60_000 + b"\r\n\r\n", b""), SIZE
    ),
    "a body that does not end": Row(flooding(OK + b"\r\n", b" " * MIB), SIZE),
    "chunks that do not end": Row(flooding(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"), SIZE),
    "the length of a chunk that does not end": Row(
        flooding(CHUNKED, b"0" * MIB), f"({SIZE}|the answer was cut short)"
    ),
    "what inflates to 200 MB": Row(bomb, SIZE),
    "what is packed twice": Row(nested, "the answer could not be decoded"),
    "a header that does not end": Row(flooding(OK + b"X: ", b"y" * 65536), "the connection broke"),
    "headers that do not end": Row(flooding(OK, b"X: y\r\n" * 200), "the connection broke"),
}


@pytest.fixture
def transport() -> Iterator[Callable[..., Transport]]:
    """Makes transports, and closes them."""
    made: list[Transport] = []

    def make(url: str, timeout: float = 30) -> Transport:
        made.append(Transport(Settings(url, f"Bearer {KEY}", timeout=timeout)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("row", SLOW.values(), ids=SLOW)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_server_that_drips_is_given_up_at_the_timeout(
    row: Row, method: str, transport: Callable[..., Transport]
) -> None:
    """The timeout is for the whole request, however little each wait for it takes."""
    with serving(row.script) as (url, seen), pytest.raises(AnswerLostError) as caught:
        transport(url, 0.15).send(method, "/api/x", body=b"{}")

    assert caught.value.message == f"{method} /api/x: {row.said}."
    assert len(seen) == 1


def test_a_server_that_takes_no_body_is_given_up_at_the_timeout(
    transport: Callable[..., Transport],
) -> None:
    """The same while sending: whoever connects and reads nothing holds nothing up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(AnswerLostError, match=LATE):
            transport(url, 0.15).send("PUT", "/api/x", body=bytes(64 * MIB))


def refused(transport: Transport) -> tuple[AnswerLostError, int]:
    """How a GET fails, and how many bytes were held meanwhile at most."""
    tracemalloc.start()
    try:
        transport.send("GET", "/api/x")
    except AnswerLostError as error:
        _, peak = tracemalloc.get_traced_memory()
        return error, peak
    finally:
        tracemalloc.stop()
    raise AssertionError("it was taken")


@pytest.mark.parametrize("row", LARGE.values(), ids=LARGE)
def test_a_server_that_sends_too_much_is_given_up_before_it_fills_the_memory(
    row: Row, transport: Callable[..., Transport]
) -> None:
    """No more than the limit is ever held, whether it is sent or what was sent inflates to it."""
    with serving(row.script) as (url, _):
        error, peak = refused(transport(url))

    assert re.fullmatch(f"GET /api/x: {row.said}.", error.message)
    assert peak < 100 * MIB


def test_what_is_said_to_be_too_long_is_not_even_read(transport: Callable[..., Transport]) -> None:
    """A Content-Length beyond the limit is refused at once."""
    said = LARGE["200 MB, as it says"]
    with serving(said.script) as (url, _):
        _, peak = refused(transport(url))

    assert peak < 8 * MIB


PACKED = {
    "whole": gzip.compress(b'{"a": 1}'),
    "in several members": gzip.compress(b'{"a"') + gzip.compress(b": 1}"),
    "nothing": b"",
}


@pytest.mark.parametrize("body", PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip"])
def test_a_packed_answer_is_unpacked(
    body: bytes, name: str, transport: Callable[..., Transport]
) -> None:
    """Gzip is asked for, and taken in every form that it has."""
    with serving(answer(body, headers=f"Content-Encoding: {name}\r\n")) as (url, seen):
        response = transport(url).send("GET", "/api/x")

    assert response.body == (b'{"a": 1}' if body else b"")
    assert b"Accept-Encoding: gzip\r\n" in seen[0]


def test_a_large_packed_answer_comes_back_whole(transport: Callable[..., Transport]) -> None:
    """What inflates to many pieces, none of them at an even boundary, loses nothing."""
    noise = random.Random(4).randbytes(300_000)  # noqa: S311 - it only has to be the same
    text = noise.hex().encode() + b" " * 500_000 + b"end"
    packed = answer(gzip.compress(text), headers="Content-Encoding: gzip\r\n")
    with serving(packed) as (url, _):
        assert transport(url).send("GET", "/api/x").body == text


@pytest.mark.parametrize("encoding", ["gzip, gzip", "deflate", "br", "zstd", "nonsense"])
def test_an_encoding_that_was_not_asked_for_is_refused(
    encoding: str, transport: Callable[..., Transport]
) -> None:
    """Only what is unpacked piece by piece is unpacked at all."""
    odd = answer(b"{}", headers=f"Content-Encoding: {encoding}\r\n")
    with serving(odd) as (url, _), pytest.raises(AnswerLostError, match="could not be decoded"):
        transport(url).send("GET", "/api/x")


def test_an_answer_that_is_not_packed_as_it_says_is_refused(
    transport: Callable[..., Transport],
) -> None:
    """Plain text that is called gzip is not taken for the answer."""
    odd = answer(b"plain", headers="Content-Encoding: gzip\r\n")
    with serving(odd) as (url, _), pytest.raises(AnswerLostError, match="could not be decoded"):
        transport(url).send("GET", "/api/x")


def on(method: bytes, script: Script) -> Script:
    """``script`` for requests of one method; the model for all others."""
    good = answer(model())

    def chosen(connection: socket.socket, request: bytes) -> None:
        (script if request.startswith(method) else good)(connection, request)

    return chosen


def client(url: str, timeout: float = 30) -> patcher.Client:
    """A client that does not wait between its attempts."""
    settings = Settings(url, f"Bearer {KEY}", timeout=timeout)
    return patcher.Client(settings=settings, sleep=lambda seconds: None)


@pytest.mark.parametrize("missing", [1, 9, 40])
def test_a_packed_answer_without_its_end_is_never_half_a_model(missing: int) -> None:
    """What is left of one inflates to the whole object or to no JSON, and that is refused."""
    cut = answer(gzip.compress(model())[:-missing], headers="Content-Encoding: gzip\r\n")
    with serving(cut) as (url, _), client(url) as connected:
        try:
            found, *_ = connected.read_raw("/api/models", MODEL_ID)
        except patcher.ApiError:
            assert missing > 8, "the checksum alone was missing"
        else:
            assert found == json.loads(model())["data"]


@pytest.mark.parametrize("name", ["headers", "a body"])
def test_a_reading_that_drips_ends_in_exit_3_and_nothing_is_sent(name: str) -> None:
    """A GET that does not come to its end: refused, and no PUT follows."""
    with serving(on(b"GET", SLOW[name].script)) as (url, seen), client(url, 0.15) as slow:
        with pytest.raises(patcher.ApiError, match=LATE) as caught:
            patcher.patch_model(MODEL_ID, {"name": "New"}, client=slow)

    assert caught.value.exit_code == 3
    assert {request[:4] for request in seen} == {b"GET "}


@pytest.mark.parametrize("name", ["200 MB, as it says", "what inflates to 200 MB"])
def test_a_reading_that_floods_ends_in_exit_3_and_nothing_is_sent(name: str) -> None:
    """A GET of 200 MB, packed or not: refused, and no PUT follows."""
    with serving(on(b"GET", LARGE[name].script)) as (url, seen), client(url) as flooded:
        with pytest.raises(patcher.ApiError, match=SIZE) as caught:
            patcher.patch_model(MODEL_ID, {"name": "New"}, client=flooded)

    assert caught.value.exit_code == 3
    assert {request[:4] for request in seen} == {b"GET "}


WRITES = {
    "headers": (Row(SLOW["headers"].script, "timed out after 0.5 s"), "0.5"),
    "a body": (Row(SLOW["a body"].script, "timed out after 0.5 s"), "0.5"),
    "200 MB": (LARGE["200 MB, as it says"], "30"),
    "what inflates": (LARGE["what inflates to 200 MB"], "30"),
}


@pytest.mark.parametrize(("row", "timeout"), WRITES.values(), ids=WRITES)
def test_a_write_whose_answer_does_not_end_is_settled_by_reading(
    row: Row, timeout: str, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PUT that drips or floods was sent once, and the reading after it says what is known."""
    monkeypatch.setenv("POLYTOMIC_API_KEY", KEY)
    options = ("--yes", "--timeout", timeout, "--settle-timeout", "0")
    with serving(on(b"PUT", row.script)) as (url, seen):
        ended = patch_model("apply", MODEL_ID, "--set", "name=New", "--url", url, *options)

    assert ended.code == 6
    assert f"{row.said}; not visible yet; it may still be applied" in ended.err
    assert [request[:3] for request in seen].count(b"PUT") == 1
    assert KEY not in ended.out + ended.err


REDIRECTS = ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"]


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_no_credential_and_no_document_follows_a_redirect(
    method: str, status: str, patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another host is named with the message, and hears nothing; a GET and a PUT alike."""
    monkeypatch.setenv("POLYTOMIC_API_KEY", KEY)
    with serving(answer(model())) as (elsewhere, there):
        location = f"Location: {elsewhere}/stolen\r\n"
        moved = on(method.encode(), answer(b"", status=status, headers=location))
        with serving(moved) as (url, seen):
            options = ("--yes", "--settle-timeout", "0")
            ended = patch_model("apply", MODEL_ID, "--set", "name=New", "--url", url, *options)

    assert (ended.code, there) == (3, [])
    assert f"It redirects to {elsewhere}/stolen. Give the right address with --url." in ended.err
    assert [request[:3] for request in seen].count(b"PUT") == (method == "PUT")


def test_an_entry_in_the_netrc_of_the_home_is_not_used(
    patch_model: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """~/.netrc neither replaces the key nor goes along with it, on GET and on PUT."""
    monkeypatch.setenv("POLYTOMIC_API_KEY", KEY)
    home = Path(os.environ["HOME"])
    home.mkdir()
    (home / ".netrc").write_text("machine 127.0.0.1 login u password netrc-password\n")
    (home / ".netrc").chmod(0o600)
    options = ("--yes", "--settle-timeout", "0")
    with serving(answer(model())) as (url, seen):
        patch_model("apply", MODEL_ID, "--set", "name=New", "--url", url, *options)

    assert {request[:3] for request in seen} == {b"GET", b"PUT"}
    assert all(f"Authorization: Bearer {KEY}\r\n".encode() in request for request in seen)
    assert not any(b"Basic" in request for request in seen)
