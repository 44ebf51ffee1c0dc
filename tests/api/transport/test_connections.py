"""The bounds of one request: a moment, and a number of bytes."""

from __future__ import annotations

import gzip
import io
import socket
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.response import HTTPResponse

from patcher.api import Settings
from patcher.api.transport import AnswerLostError, Transport, UnsentError
from patcher.api.transport.connections import BoundedResponse, Bounds, TooLongError, body_of
from tests.api.servers import conversing, serving
from tests.faults.relay import CERTIFICATE

MIB = 1024 * 1024


class Clock:
    """A clock that goes on by a second each time that it is looked at."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two sockets that are connected with one another."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_what_is_left_grows_less_and_then_is_nothing() -> None:
    """Each wait gets what is left of the time, and none when it is up."""
    bounds = Bounds(3.0, MIB, Clock())

    assert [bounds.left(), bounds.left()] == [2.0, 1.0]
    with pytest.raises(TimeoutError):
        bounds.left()
    assert bounds.is_late


def test_a_socket_waits_for_what_is_left_to_a_hundredth() -> None:
    """Its timeout is set where it is missing, too short or too long, and else left alone."""
    with socket.socket() as sock:
        waits = []
        for has in (None, 0.5, 1.0, 1.005, 1.02, 60.0):
            sock.settimeout(has)
            Bounds(1.0, MIB, lambda: 0.0).limit(sock)
            waits.append(sock.gettimeout())

    assert waits == [1.0, 1.0, 1.0, 1.005, 1.0, 1.0]


def test_every_byte_that_comes_is_counted(pair: tuple[socket.socket, socket.socket]) -> None:
    """Also those of headers and of a chunk's length, which no body's limit is for."""
    ours, theirs = pair
    bounds = Bounds(30.0, MIB, lambda: 0.0)
    response = BoundedResponse(ours, bounds)
    theirs.settimeout(10)

    def send_and_read() -> None:
        for _ in range(40):
            theirs.sendall(b"0" * 65536)
            response.fp.read(65536)

    with pytest.raises(TooLongError):
        send_and_read()

    response.close()
    assert bounds.is_exceeded


def test_the_time_is_up_in_the_midst_of_an_answer(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    """What is there already is not waited for any longer either."""
    ours, theirs = pair
    theirs.sendall(b"HTTP/1.1 200 OK\r\n")
    response = BoundedResponse(ours, Bounds(2.0, MIB, Clock()))

    with pytest.raises(TimeoutError):
        response.begin()
    response.close()


def test_a_reader_is_a_file_like_any_other(pair: tuple[socket.socket, socket.socket]) -> None:
    """It can be asked whether it is readable, and for its descriptor."""
    ours, _ = pair

    with BoundedResponse(ours, Bounds(2.0, MIB, lambda: 0.0)) as response:
        assert isinstance(response.fp, io.BufferedReader)
        assert response.fp.readable()
        assert response.fp.fileno() == ours.fileno()


def test_inflating_is_within_the_time() -> None:
    """A body that takes long to inflate is given up as one that takes long to come."""
    packed = io.BytesIO(gzip.compress(bytes(MIB)))
    answer = HTTPResponse(packed, {"Content-Encoding": "gzip"}, preload_content=False)

    with pytest.raises(TimeoutError):
        body_of(answer, Bounds(5.0, MIB, Clock()))


INTERIM = [
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.css>\r\n\r\n",
    b"HTTP/1.1 199 \r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"HTTP/1.0 103 Early Hints\r\nConnection: close\r\n\r\n",
]


class Exchange(NamedTuple):
    """A request, and how it is answered: what comes before the answer, and its framing."""

    method: str
    interim: list[bytes]
    is_chunked: bool
    cuts: list[int]

    def pieces(self, body: bytes) -> Iterator[bytes]:
        """The whole answer, in the pieces in which it is sent."""
        head = b"HTTP/1.1 200 OK\r\n"
        if self.is_chunked:
            framed = b"".join(b"1\r\n" + bytes([one]) + b"\r\n" for one in body) + b"0\r\n\r\n"
            answer = head + b"Transfer-Encoding: chunked\r\n\r\n" + framed
        else:
            answer = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
        text = b"".join(self.interim) + answer
        ends = sorted({one % len(text) for one in self.cuts} | {0, len(text)})
        yield from (text[start:end] for start, end in pairwise(ends))


exchanges = st.lists(
    st.builds(
        Exchange,
        st.sampled_from(("GET", "PUT")),
        st.lists(st.sampled_from(INTERIM), max_size=4),
        st.booleans(),
        st.lists(st.integers(0, 999), max_size=6),
    ),
    min_size=1,
    max_size=5,
)


@given(exchanges)
def test_the_answer_is_the_one_after_all_interim_ones(conversation: list[Exchange]) -> None:
    """Any number of 1xx, cut anywhere, before any answer: each request gets its own (RFC 9110)."""
    served = iter(enumerate(conversation))

    def answers(request: bytes) -> Iterator[bytes]:
        number, exchange = next(served)
        yield from exchange.pieces(b"answer %d" % number)

    with serving(conversing(answers)) as (url, seen):
        transport = Transport(Settings(url, "Bearer key", timeout=5))
        got = [transport.send(one.method, "/api/x", body=b"{}") for one in conversation]
        transport.close()

    assert [(one.status, one.body) for one in got] == [
        (200, b"answer %d" % number) for number in range(len(conversation))
    ]
    assert len(seen) == 1  # one connection for all of them


@pytest.mark.parametrize("before", [b"", INTERIM[2]])
def test_a_change_of_protocol_is_refused(before: bytes) -> None:
    """A 101 is no answer to a request that asked for none, and ends the connection."""
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
    scripts = iter([before + switch, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"])

    with serving(conversing(lambda request: iter([next(scripts)]))) as (url, seen):
        transport = Transport(Settings(url, "Bearer key", timeout=5))
        with pytest.raises(AnswerLostError, match=r"another protocol \(101\)"):
            transport.send("PUT", "/api/x", body=b"{}")
        assert transport.send("GET", "/api/x").body == b"{}"
        transport.close()

    assert len(seen) == 2


def test_a_proxy_may_send_interim_answers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes before a proxy's answer to CONNECT is no refusal."""
    monkeypatch.setenv("https_proxy", "")
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"

    with serving(conversing(lambda request: iter([*INTERIM, refusal]))) as (url, _):
        monkeypatch.setenv("https_proxy", url)
        transport = Transport(Settings("https://api.example", "Bearer key", timeout=5))
        with pytest.raises(UnsentError, match=r"refused to connect to api.example \(403\)"):
            transport.send("PUT", "/api/x", body=b"{}")
        transport.close()


def test_what_comes_with_an_answer_is_not_read_as_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Over TLS, a second answer that nobody asked for is not taken for that of the next request."""
    stray = b"HTTP/1.1 200 OK\r\nContent-Length: 12000\r\n\r\n" + b"s" * 12_000
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))

    with serving(conversing(lambda request: iter([good + stray])), CERTIFICATE) as (url, seen):
        transport = Transport(Settings(url, "Bearer key", timeout=5))
        got = [transport.send("GET", "/api/x").body for _ in range(3)]
        transport.close()

    assert got == [b"{}"] * 3
    assert len(seen) == 1
