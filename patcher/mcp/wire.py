"""The pipe to the client: lines of JSON, read strictly, and nothing else on standard output.

Not the SDK's own: that one drops what is not valid JSON without an answer, accepts duplicate keys
and NaN, and stops at a lone surrogate.
"""

from __future__ import annotations

import json
import math
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import anyio
import mcp_types
from mcp.shared.message import SessionMessage

from patcher.documents import jsontext
from patcher.errors import InvalidInputError, PatchError

_CHUNK: Final = 65_536
_FLUSH: Final = 1.0
"""Seconds that the last answers have to get out."""


def parsed(line: bytes) -> SessionMessage | dict[str, Any]:
    """The message in a line, or the error that answers it, which repeats no value."""
    try:
        value = jsontext.parse(line, what="The message")
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        reason = "The message has half of a surrogate pair, which is not text."
        return _error(mcp_types.PARSE_ERROR, reason, line)
    except PatchError as error:
        return _error(mcp_types.PARSE_ERROR, error.message, line)
    try:
        message = mcp_types.jsonrpc_message_adapter.validate_python(value, by_name=False)
    except ValueError:
        return _error(mcp_types.INVALID_REQUEST, "This is not a message of JSON-RPC.", line)
    return SessionMessage(message)


def _error(code: int, reason: str, line: bytes) -> dict[str, Any]:
    error = {"code": code, "message": reason}
    return {"jsonrpc": "2.0", "id": _request_of(line), "error": error}


def _request_of(line: bytes) -> str | int | None:
    """The ID of the request in a line, read leniently, so that its sender does not wait."""
    with suppress(ValueError, RecursionError):
        found = json.loads(line)
        request = found.get("id") if isinstance(found, dict) else None
        if isinstance(request, str):
            return request.encode("ascii", "replace").decode("ascii")
        if type(request) is int:
            return request
    return None


class Wire:
    """Standard input and output, kept for the protocol, as the streams that the SDK serves.

    Both descriptors lead elsewhere then, so that nothing else gets between the messages. Made
    within an event loop, whose ``call_soon_threadsafe`` it gets; ``at_end`` is called when the
    client is gone or ``end`` is called, in any thread.
    """

    def __init__(self, call_soon: Callable[..., object], at_end: Callable[[], None]) -> None:
        if sys.stdin is None or sys.stdout is None:
            raise InvalidInputError(
                "Standard input or output is closed.", hint="An MCP client starts this command."
            )
        self._source, self._target = os.dup(0), os.dup(1)
        os.set_blocking(self._source, True)
        os.set_blocking(self._target, True)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        try:
            os.dup2(2, 1)
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        self._call_soon = call_soon
        self._at_end = at_end
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._arriving, self.incoming = anyio.create_memory_object_stream[
            SessionMessage | Exception
        ](math.inf)
        self.outgoing, self._leaving = anyio.create_memory_object_stream[SessionMessage](0)

    def start(self) -> None:
        """Reads and writes, in threads that end with the process."""
        self._writer.start()
        threading.Thread(target=self._read, daemon=True).start()

    def end(self) -> None:
        """Ends the incoming stream, from any thread."""
        self._at_end()
        self._soon(self._arriving.close)

    async def pump(self) -> None:
        """Writes what the SDK sends, until it closes its stream."""
        async with self._leaving:
            async for one in self._leaving:
                self._send(one.message.model_dump(by_alias=True, exclude_unset=True))

    def flush(self) -> None:
        """Waits until what was sent is written, unless the client does not read it."""
        self._answers.put(None)
        self._writer.join(_FLUSH)

    def _read(self) -> None:
        rest = b""
        with suppress(OSError):
            while chunk := os.read(self._source, _CHUNK):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in filter(bytes.strip, lines):
                    found = parsed(line)
                    if isinstance(found, SessionMessage):
                        self._soon(self._arriving.send_nowait, found)
                    else:
                        self._send(found)
        self.end()

    def _send(self, message: dict[str, Any]) -> None:
        """Queues a message; text that is not ASCII goes as escapes."""
        self._answers.put(jsontext.dump(message).encode("ascii") + b"\n")

    def _write(self) -> None:
        with suppress(OSError):
            while (data := self._answers.get()) is not None:
                while data:
                    data = data[os.write(self._target, data) :]

    def _soon(self, what: Callable[..., object], *arguments: object) -> None:
        def quietly() -> None:
            with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
                what(*arguments)

        with suppress(RuntimeError):  # the loop has ended
            self._call_soon(quietly)
