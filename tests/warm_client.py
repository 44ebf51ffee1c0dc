"""``patch-model`` without its imports: has tests/warm.py run a command, and ends as it does.

Run by itself and without the site module; it imports next to nothing (not even ``socket``), since
starts are what it is to save.
"""

import _signal as signal  # type: ignore[import-not-found]
import _socket as socket
import os
import sys

SOCKET, *ARGUMENTS = sys.argv[1:]
SHOWN_BY_A_START = {"PYTHONUTF8", "PYTHONWARNINGS", "PYTHONCOERCECLOCALE", "COVERAGE_PROCESS_START"}
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Runs the command as a fork where that shows the same, and by a start of its own otherwise."""
    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_CTYPE", "LANG"))), "UTF-8")
    if "UTF-8" not in locale.upper() or not SHOWN_BY_A_START.isdisjoint(os.environ) or has_closed():
        start_for_real()
    ignored = [int(one) for one in FORWARDED if signal.getsignal(one) is signal.SIG_IGN]
    early: list[int] = []
    child = 0

    def forward(number: int, _frame: object) -> None:
        if child:
            send(child, number)
        else:
            early.append(number)

    for one in FORWARDED:
        if one not in ignored:
            signal.signal(one, forward)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(SOCKET)
    request = (ARGUMENTS, dict(os.environ), os.getcwd(), ignored, False)  # noqa: PTH109
    text = f"{request!a}\n".encode()
    files = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    sent = connection.sendmsg([text], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
    # Even nothing can't be sent to a command that has ended.
    if rest := text[sent:]:
        connection.sendall(rest)
    child = answer(connection)
    for number in early:
        send(child, number)
    code = answer(connection)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def send(process: int, number: int) -> None:
    """Sends a signal to a command, unless it has ended and its exit code is on the way."""
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return


def answer(connection: socket.socket) -> int:
    """The number on the next line."""
    line = b""
    while not line.endswith(b"\n"):
        line += connection.recv(1) or b"1\n"
    return int(line)


def has_closed() -> bool:
    """Whether a standard stream is closed."""
    try:
        return not all(map(os.fstat, (0, 1, 2)))
    except OSError:
        return True


def start_for_real() -> None:
    """Becomes a real process of the command."""
    os.execv(sys.executable, [sys.executable, "-m", "patcher", *ARGUMENTS])


main()
