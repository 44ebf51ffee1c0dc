"""Reading what a server sends, within bounds: a moment by which it has ended, and a size.

A timeout of the socket is for each wait by itself, so that a byte now and then would hold a
request for ever; and a packed answer can inflate to a thousand times its size.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPResponse as PlainResponse
from http.client import parse_headers
from typing import Any, Final

from urllib3.response import BaseHTTPResponse

_PIECE: Final = 64 * 1024
_BESIDES: Final = 1024 * 1024  # for headers, and for what frames the chunks of a body


class TooLongError(OSError):
    """There is more of an answer than is taken."""


class UnpackingError(OSError):
    """An answer is packed in a way that nobody asked for."""


class SwitchedError(OSError):
    """The server switches to another protocol, which nobody asked for."""


class Bounds:
    """How long one request may take in all, and how many bytes its answer may have.

    ``seconds`` begin now, by ``monotonic``; ``size`` is of the body, packed or not.
    """

    def __init__(self, seconds: float, size: int, monotonic: Callable[[], float]) -> None:
        self.size = size
        self.is_exceeded = False
        self._monotonic = monotonic
        self._deadline = monotonic() + seconds
        self._received = 0

    @property
    def is_late(self) -> bool:
        """Whether the time is up."""
        return self._monotonic() >= self._deadline

    def left(self) -> float:
        """The seconds that are left. Raises TimeoutError when there are none."""
        seconds = self._deadline - self._monotonic()
        if seconds <= 0:
            raise TimeoutError("the time is up")
        return seconds

    def receive(self, count: int) -> None:
        """Counts bytes that came over the wire, headers and all. Raises TooLongError."""
        self._received += count
        self.refuse_above(self._received - _BESIDES)

    def refuse_above(self, size: int) -> None:
        """Raises TooLongError for a body of this size, if that is too much."""
        if size > self.size:
            self.is_exceeded = True
            raise TooLongError("the answer is too long")


class BoundedResponse(PlainResponse):
    """An answer of which every byte, from its first header on, is read within bounds."""

    def __init__(self, sock: Any, bounds: Bounds, *args: Any, **kwargs: Any) -> None:
        super().__init__(_Source(sock, bounds), *args, **kwargs)  # type: ignore[arg-type]

    def _read_status(self) -> tuple[str, int, str]:
        """The status line of the answer, after all interim ones (RFC 9110, section 15.2).

        http.client itself reads on after a 100 alone, and takes a 102 or 103 for the answer, so
        that the answer would be read as that of the next request. It asks here for the status of
        a proxy's answer to CONNECT, too.
        """
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if status == HTTPStatus.SWITCHING_PROTOCOLS:
                raise SwitchedError("101")
            if status >= HTTPStatus.OK:
                return version, status, reason
            parse_headers(self.fp)


class _Source:
    """A socket, as far as an answer is read from it."""

    def __init__(self, sock: Any, bounds: Bounds) -> None:
        self._sock = sock
        self._bounds = bounds

    def makefile(self, mode: str) -> io.BufferedReader:
        """The file to read from, as of a socket; it keeps the socket open as that does."""
        return io.BufferedReader(_BoundedFile(self._sock, self._bounds, mode))


class _BoundedFile(io.RawIOBase):
    """Gives each wait what is left of the time, and counts."""

    def __init__(self, sock: Any, bounds: Bounds, mode: str) -> None:
        super().__init__()
        self._sock = sock
        self._bounds = bounds
        self._raw = sock.makefile(mode, buffering=0)

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        number: int = self._raw.fileno()
        return number

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._bounds.left())
        count: int | None = self._raw.readinto(buffer)
        self._bounds.receive(count or 0)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


def body_of(raw: BaseHTTPResponse, bounds: Bounds) -> bytes:
    """The body of an answer, inflated by urllib3 in bounded pieces, each of which is counted.

    Raises TooLongError, TimeoutError, what urllib3 does for a body that is not packed as its
    Content-Encoding (RFC 9110, section 8.4) says, and UnpackingError for any encoding but gzip.
    """
    encoding = raw.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise UnpackingError("an encoding that was not asked for")
    body = bytearray()
    for piece in raw.stream(_PIECE, decode_content=True):
        body += piece
        bounds.refuse_above(len(body))
        bounds.left()
    return bytes(body)
