"""Reading what a server sends, within bounds: a moment by which it has ended, and a size.

A timeout of the socket is for each wait by itself, so that a byte now and then would hold a
request for ever; and a packed answer can inflate to a thousand times its size.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.client import HTTPResponse, parse_headers
from typing import Any, Final

_PIECE: Final = 64 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS
_BESIDES: Final = 1024 * 1024  # for headers, and for what frames the chunks of a body


class TooLongError(OSError):
    """There is more of an answer than is taken."""


class UnpackingError(OSError):
    """An answer is not packed as it says, or in a way that nobody asked for."""


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


class BoundedResponse(HTTPResponse):
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


def unpacked(chunks: Iterator[bytes], encoding: str, bounds: Bounds) -> Iterator[bytes]:
    """The body that the chunks of an answer make, piece by piece and never more than its bounds.

    ``encoding`` is the Content-Encoding (RFC 9110, section 8.4): gzip, or none. Raises
    TooLongError, TimeoutError, and UnpackingError for any other encoding or for none of its own.
    """
    kind = encoding.strip().lower()
    if kind not in ("", "identity", "gzip", "x-gzip"):
        raise UnpackingError("an encoding that was not asked for")
    pieces = chunks if kind in ("", "identity") else _inflated(chunks, bounds)
    size = 0
    for piece in pieces:
        size += len(piece)
        bounds.refuse_above(size)
        yield piece


def _inflated(chunks: Iterator[bytes], bounds: Bounds) -> Iterator[bytes]:
    """Gzip (RFC 1952) inflated, of several members too, no more than a piece at a time."""
    inflater, is_whole = zlib.decompressobj(_GZIP), True
    for chunk in chunks:
        data = chunk
        while data or not inflater.eof:
            bounds.left()
            if inflater.eof:
                inflater = zlib.decompressobj(_GZIP)
            try:
                piece = inflater.decompress(data, _PIECE)
            except zlib.error as error:
                raise UnpackingError("no gzip") from error
            yield piece
            is_whole = inflater.eof
            data = inflater.unused_data if is_whole else inflater.unconsumed_tail
            if not data and len(piece) < _PIECE:
                break  # nothing is left in the inflater either
    if not is_whole:
        raise UnpackingError("cut short")
