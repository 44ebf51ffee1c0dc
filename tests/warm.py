"""Processes of patch-model that need not import it first: forks of one that has.

A start costs a third of a second of processor time, nearly all of it imports, and the suite starts
the command hundreds of times. ``words()`` is what stands in a command line in place of
``python -m patcher``, ``command(folder)`` writes a ``patch-model`` to put on PATH, and ``start`` is
for terminals. All hand arguments, environment, folder and open files to a process that has imported
everything and forks for each; what a fork cannot show (locales, closed streams) is left to a real
start. The tests of starting and of the interpreter's end use none of this.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import gc
import importlib
import os
import pkgutil
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, NamedTuple, NoReturn, TextIO, TypeAlias

ROOT: Final = Path(__file__).parents[1]
CLIENT: Final = Path(__file__).with_name("warm_client.py")
_LIBRARIES: Final = ("requests", "jsonpatch", "jsonschema", "deepdiff", "rich.console")
_AGENTS: Final = ("patcher.mcp.service", "patcher.mcp.agent")

# Arguments, environment, folder, signals that are ignored, and whether a terminal is to be its own.
_Request: TypeAlias = tuple[list[str], dict[str, str], str, list[int], bool]


class Started(NamedTuple):
    """A command that runs: its process, and the connection on which its end is reported."""

    pid: int
    connection: socket.socket

    def wait(self) -> int:
        """Waits for its end; the exit code, or minus the signal."""
        with self.connection, self.connection.makefile() as lines:
            return int(lines.readline())


@lru_cache
def server(*modules: str, under: tuple[str, ...] = ()) -> str:
    """The socket of the process that forks, and imports ``modules`` too; it ends with this one.

    ``under`` are the words that start it, such as setpriv's.
    """
    folder = tempfile.mkdtemp(prefix="warm-")
    path = f"{folder}/socket"
    process = subprocess.Popen(
        [*under, sys.executable, "-m", "tests.warm", path, *modules],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"

    def end() -> None:
        process.communicate()
        Path(path).unlink()
        Path(folder).rmdir()

    atexit.register(end)
    return path


def words(*, for_agents: bool = False, under: tuple[str, ...] = ()) -> list[str]:
    """What the words of a command go behind; ``for_agents`` it has imported the server for them."""
    socket_path = server(*(_AGENTS if for_agents else ()), under=under)
    return [sys.executable, "-SI", str(CLIENT), socket_path]


def command(folder: Path) -> Path:
    """Writes ``patch-model`` into a folder; its path."""
    script = folder / "patch-model"
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words())} "$@"\n')
    script.chmod(0o755)
    return script


def start(
    arguments: Sequence[str], environ: Mapping[str, str], folder: Path, files: Sequence[int]
) -> Started:
    """Starts patch-model in a session of its own, with the terminal that ``files`` are open on."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(server())
    request: _Request = (list(arguments), dict(environ), str(folder), [], True)
    socket.send_fds(connection, [f"{request!a}\n".encode()], list(files))
    pid = b""
    while not pid.endswith(b"\n"):
        pid += connection.recv(1)
    return Started(int(pid), connection)


def _serve(path: str) -> None:
    """Forks for each connection until standard input is closed.

    What was imported is frozen: a collection of garbage in a fork would copy all of its memory.
    """
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that wait
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        wanted = (listener.fileno(), sys.stdin.fileno())
        while sys.stdin.fileno() not in select.select(wanted, [], [])[0]:
            connection, _ = listener.accept()
            if not os.fork():
                listener.close()
                _attend(connection)
            connection.close()


def _attend(connection: socket.socket) -> NoReturn:
    """Runs one command, and reports its process and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, files, _, _ = socket.recv_fds(connection, 65536, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(65536)
    request: _Request = ast.literal_eval(text.decode())
    child = os.fork()
    if not child:
        connection.close()
        _become(request, files)
    for file in files:
        os.close(file)
    with contextlib.suppress(OSError):
        connection.sendall(b"%d\n" % child)
    ended = os.pidfd_open(child)
    if connection.fileno() in select.select((connection.fileno(), ended), (), ())[0]:
        os.kill(child, signal.SIGKILL)  # whoever started it was killed
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(OSError):
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(request: _Request, files: list[int]) -> NoReturn:
    """Is the command from here on."""
    arguments, environ, folder, ignored, has_terminal = request
    if has_terminal:
        import fcntl
        import termios

        os.setsid()
        fcntl.ioctl(files[0], termios.TIOCSCTTY, 0)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    sys.stdin = _stream(0, "r", "surrogateescape")
    sys.stdout = output = _stream(1, "w", "strict")
    sys.stderr = error = _stream(2, "w", "backslashreplace", buffering=1)
    sys.argv = ["patch-model", *arguments]
    tempfile.tempdir = None
    code = 1
    try:
        importlib.import_module("patcher.__main__").main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
    finally:
        try:
            for stream in filter(None, {sys.stdout, sys.stderr, output, error}):
                if not stream.closed:
                    stream.flush()
        except OSError:
            code = 120  # as the interpreter ends when it cannot
        os._exit(code)


def _stream(number: int, mode: Literal["r", "w"], errors: str, buffering: int = -1) -> TextIO:
    encoding, _, wanted = os.environ.get("PYTHONIOENCODING", "utf-8").partition(":")
    if number != 2:
        errors = wanted or ("strict" if "PYTHONIOENCODING" in os.environ else errors)
    return open(number, mode, buffering, encoding=encoding, errors=errors, closefd=False)


def import_everything() -> None:
    """Imports the package, but for the servers that it has, and the libraries it stands on."""
    import patcher

    for name in _LIBRARIES:
        importlib.import_module(name)
    for module in pkgutil.walk_packages(patcher.__path__, "patcher."):
        if not module.name.startswith(("patcher.sandbox", "patcher.mcp")):
            importlib.import_module(module.name)


def make_digests_quick() -> None:
    """Has plans that are saved here or by a fork digest credentials at no cost, and so agree."""
    from patcher.plan import saved

    saved.COST = 2  # type: ignore[misc]


if __name__ == "__main__":
    import_everything()
    make_digests_quick()
    for name in sys.argv[2:]:
        importlib.import_module(name)
    _serve(sys.argv[1])
