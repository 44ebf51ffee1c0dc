"""The bounds of one request: a moment, and a number of bytes."""

from __future__ import annotations

import gzip
import io
import socket
from collections.abc import Iterator

import pytest

from patcher.api.transport.reading import BoundedResponse, Bounds, TooLongError, unpacked

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
    response = BoundedResponse(ours, Bounds(2.0, MIB, lambda: 0.0))

    with response.fp as file:
        assert isinstance(file, io.BufferedReader)
        assert file.readable()
        assert file.fileno() == ours.fileno()


def test_inflating_is_within_the_time() -> None:
    """A body that takes long to inflate is given up as one that takes long to come."""
    packed = gzip.compress(bytes(MIB))

    with pytest.raises(TimeoutError):
        list(unpacked(iter([packed]), "gzip", Bounds(5.0, MIB, Clock())))
