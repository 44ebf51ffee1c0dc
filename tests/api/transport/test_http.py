"""One request, one answer, and proof of whether anything was sent."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from patcher.api import Settings
from patcher.api.transport import AnswerLostError, Exchange, Transport, UnsentError
from tests.api.servers import Script, answer, serving, unused_port

KEY = "transport-key-1"


_made: list[Transport] = []


@pytest.fixture(autouse=True)
def closed_again() -> Iterator[None]:
    """Every transport of a test is closed after it."""
    yield
    while _made:
        _made.pop().close()


def transport(url: str, timeout: float = 5.0) -> Transport:
    """A transport to ``url``."""
    _made.append(Transport(Settings(url, f"Bearer {KEY}", timeout=timeout)))
    return _made[-1]


def test_an_answer_comes_back_whole_whatever_its_status() -> None:
    """Status, the headers that count in lower case, and the bytes of the body."""
    with serving(answer(b"sorry", status="418 Teapot", headers="ETag: 1\r\n")) as (url, seen):
        response = transport(url).send("PUT", "/api/x", body=b"{}", params={"async": "true"})

    assert (response.status, response.body) == (418, b"sorry")
    assert response.headers == {"etag": "1"}
    head = seen[0].decode()
    assert head.startswith("PUT /api/x?async=true HTTP/1.1\r\n")
    assert f"Authorization: Bearer {KEY}\r\n" in head
    assert "X-Polytomic-Version: 2025-09-18\r\n" in head


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temp", "308 Perm"])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_no_redirect_is_followed(method: str, status: str) -> None:
    """A redirect is an answer like any other: nothing is sent to where it points."""
    with serving(answer(b"")) as (elsewhere, there):
        location = f"Location: {elsewhere}/stolen\r\n"
        with serving(answer(b"", status=status, headers=location)) as (url, here):
            response = transport(url).send(method, "/api/x", body=b"{}")

    assert response.status == int(status[:3])
    assert (len(here), there) == (1, [])


@pytest.mark.parametrize("status", ["413 Big", "429 Slow", "503 Down"])
def test_nothing_is_retried(status: str) -> None:
    """Not even a Retry-After makes the transport send a request again."""
    with serving(answer(b"", status=status, headers="Retry-After: 0\r\n")) as (url, seen):
        transport(url).send("PUT", "/api/x", body=b"{}")

    assert len(seen) == 1


def test_netrc_never_replaces_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry for the host in a netrc file does not get in the way of the key."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login u password p\n")
    monkeypatch.setenv("NETRC", str(netrc))

    with serving(answer(b"{}")) as (url, seen):
        transport(url).send("GET", "/api/x")

    assert f"Authorization: Bearer {KEY}".encode() in seen[0]
    assert b"Basic" not in seen[0]


def test_a_refused_connection_is_proof_of_not_sent() -> None:
    """Nobody listens: nothing can have been acted on."""
    with pytest.raises(UnsentError):
        transport(f"http://127.0.0.1:{unused_port()}").send("PUT", "/api/x", body=b"{}")


def test_an_unknown_host_is_proof_of_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that does not resolve: nothing can have been acted on."""

    def unresolvable(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unresolvable)

    with pytest.raises(UnsentError):
        transport("http://localhost:1").send("PUT", "/api/x", body=b"{}")


def test_a_failed_handshake_is_proof_of_not_sent() -> None:
    """TLS that cannot be agreed on: no byte of the request has left."""
    with serving(answer(b"this is not TLS")) as (url, seen):
        secure = url.replace("http://", "https://")
        with pytest.raises(UnsentError):
            transport(secure, timeout=2).send("PUT", "/api/x", body=b"{}")

    assert not any(KEY.encode() in request for request in seen)


def test_a_refusing_proxy_is_proof_of_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that refuses the tunnel has seen a CONNECT and nothing of the request."""
    with serving(answer(b"", status="403 No")) as (proxy, seen):
        monkeypatch.setenv("https_proxy", proxy)
        with pytest.raises(UnsentError):
            transport("https://api.example").send("PUT", "/api/x", body=b"{}")

    assert seen[0].startswith(b"CONNECT api.example:443")
    assert KEY.encode() not in seen[0]


def test_what_is_for_this_machine_goes_to_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain http is not encrypted: a proxy from the environment gets to see none of it."""
    with serving(answer(b"{}")) as (proxy, seen), serving(answer(b"{}")) as (url, here):
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "")
        response = transport(url).send("GET", "/api/x")

    assert (response.status, len(here)) == (200, 1)
    assert seen == []


def hang_up(connection: socket.socket, request: bytes) -> None:
    """Closes without an answer."""


def cut_short(connection: socket.socket, request: bytes) -> None:
    """Promises more than it sends."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")


def say_nothing(connection: socket.socket, request: bytes) -> None:
    """Keeps the connection open without a word until the other side gives up."""
    connection.settimeout(5)
    connection.recv(1)


def drip(connection: socket.socket, request: bytes) -> None:
    """Sends a byte now and then, each well within any timeout for a single read."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    connection.settimeout(0.02)
    for _ in range(500):
        connection.sendall(b"x")
        try:
            if connection.recv(1) == b"":
                return
        except TimeoutError:
            continue


def not_gzip(connection: socket.socket, request: bytes) -> None:
    """Claims an encoding that the body does not have."""
    answer(b"plain", headers="Content-Encoding: gzip\r\n")(connection, request)


def no_http(connection: socket.socket, request: bytes) -> None:
    """Speaks something else."""
    connection.sendall(b"220 smtp ready\r\n")


@pytest.mark.parametrize("script", [hang_up, cut_short, say_nothing, drip, not_gzip, no_http])
def test_a_failure_after_the_first_byte_is_a_lost_answer(script: Script) -> None:
    """Once something was sent, the server may have acted, however it fails."""
    with serving(script) as (url, seen), pytest.raises(AnswerLostError):
        transport(url, timeout=0.2).send("PUT", "/api/x", body=b"{}")

    assert len(seen) == 1


def test_an_endless_answer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body beyond the limit is given up, packed or not."""
    monkeypatch.setattr("patcher.api.transport.http.MAX_ANSWER", 1_000_000)
    bomb = gzip.compress(b"\0" * 5_000_000)

    packed = answer(bomb, headers="Content-Encoding: gzip\r\n")
    with serving(packed) as (url, _), pytest.raises(AnswerLostError, match="longer than"):
        transport(url).send("GET", "/api/x")


def test_no_error_shows_the_key() -> None:
    """Neither message nor hint nor representation of a failure holds the credential."""
    with pytest.raises(UnsentError) as caught:
        transport(f"http://127.0.0.1:{unused_port()}").send("GET", "/api/x")

    error = caught.value
    assert KEY not in f"{error!r} {error.message} {error.hint} {error.__cause__!r}"


def test_each_exchange_is_told_to_who_watches() -> None:
    """Watchers see method, path, status and harmless headers; a failure too."""
    seen: list[Exchange] = []
    with serving(answer(b"{}", headers='ETag: "1"\r\nSet-Cookie: a=b\r\n')) as (url, _):
        watched = Transport(Settings(url, f"Bearer {KEY}"), observe=seen.append)
        watched.send("PUT", "/api/x", body=b"{}", headers={"Idempotency-Key": "k"})
    watched.close()
    with pytest.raises(UnsentError):
        watched.send("GET", "/api/y")

    assert [(one.method, one.path, one.status) for one in seen] == [
        ("PUT", "/api/x", 200),
        ("GET", "/api/y", None),
    ]
    assert seen[0].notable == {"etag": '"1"', "idempotency-key": "k"}
    assert (seen[1].failure or "").startswith("was not sent: connection refused by")
