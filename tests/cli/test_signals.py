"""Signals within the process: when they count at once, and when they wait."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from patcher.cli.signals import SecondSignal, Signals
from patcher.errors import InterruptedWriteError
from patcher.journal import Journal
from tests import warm
from tests.sandbox import Sandbox, seed


def test_outside_a_write_a_signal_interrupts() -> None:
    """Before a write begins, every signal that ends a process is an interrupt."""
    with Signals(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGHUP)


def test_the_handlers_are_as_before_afterwards() -> None:
    """What the signals did before is what they do afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    with Signals():
        assert signal.getsignal(signal.SIGTERM) != before

    assert signal.getsignal(signal.SIGTERM) == before


def test_a_write_that_was_not_processed_lets_a_waiting_signal_through() -> None:
    """The signal that waited for a write which never was ends the work: nothing was written."""
    signals = Signals()
    with signals, signals.defer("@0") as release:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(InterruptedWriteError):
            release()


def test_after_letting_go_signals_count_again() -> None:
    """Between two attempts a signal interrupts at once."""
    signals = Signals()
    with signals:
        with signals.defer("@0") as release:
            release()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_after_a_settled_write_a_signal_no_longer_interrupts() -> None:
    """What was written is reported to its end, with its own exit code."""
    signals = Signals()
    with signals:
        with signals.defer("@0"):
            pass
        os.kill(os.getpid(), signal.SIGINT)
        reported = True

    assert reported


def test_a_second_signal_names_the_entry() -> None:
    """Whoever insists gets out, and is told where the record is."""
    signals = Signals()
    with signals, signals.defer("@0123456789ab"):
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(SecondSignal) as caught:
            os.kill(os.getpid(), signal.SIGTERM)

    assert caught.value.entry == "@0123456789ab"


def test_in_another_thread_signals_are_left_alone() -> None:
    """Only the main thread may set handlers; elsewhere nothing is touched."""
    before = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with Signals():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [before]


def test_a_signal_just_after_letting_go_is_not_lost() -> None:
    """Nothing is on its way any more: it interrupts at once, and not after the next write."""
    signals = Signals()
    with signals, signals.defer("@0") as release:
        release()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_an_ignored_signal_stays_ignored() -> None:
    """Under nohup the end of the terminal is none of our business."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Signals():
            os.kill(os.getpid(), signal.SIGHUP)
            ignored = signal.getsignal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert ignored is signal.SIG_IGN


def test_a_second_signal_while_one_unwinds_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at once are one interruption; where nothing ends for a while, a further one counts."""
    now = time.monotonic()
    monkeypatch.setattr("patcher.cli.signals.time.monotonic", lambda: now)
    with Signals():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        now += 10
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_once_the_outcome_is_settled_signals_are_only_noted() -> None:
    """Also those of a run of many, which could stop nothing any more."""
    signals = Signals()
    with signals:
        signals.settle()
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
        assert signals.is_pending


# Sends a signal at every call and return of a function, from when the last byte of the result is
# written, or the first of an error, to the very end of the interpreter.
STORM = r"""
import os, signal, sys
number, last = int(sys.argv[1]), sys.argv[2].encode()
sys.argv[1:] = sys.argv[3:]
models = 3 if "--all" in sys.argv else 1
written, write = b"", os.write
def storm(*_):
    os.kill(os.getpid(), number)
def watched(descriptor, data):
    global written
    done = write(descriptor, data)
    if descriptor == 2 and last == b"Error:" and bytes(data).startswith(last):
        sys.setprofile(storm)
    elif descriptor == 1:
        written += bytes(data[:done])
        if written.rstrip().endswith(last) and written.count(b"\n") >= models:
            sys.setprofile(storm)
    return done
os.write = watched
from patcher.__main__ import main
main()
"""

RENAME = ("--set", "name=Clients")


# What only shows something ends like `get`, and a write like `apply`.
ENDS = (
    (("get", "Contacts", "-o", "json"), "}", 0),
    (("plan", "Contacts", *RENAME, "--exit-code", "-o", "json"), "}", 1),
    (("apply", "Contacts", *RENAME, "-y"), ".", 0),
    (("apply", "Contacts", *RENAME, "--expect-version", "9", "-y", "-o", "json"), "}", 4),
    (("apply", "--all", "--set", "identifier=key", "-y", "-o", "json"), "}", 0),
    (("--help",), "interrupted.", 0),
)
ALIKE = (
    (("list",), "", 0),
    (("plan", "Contacts", "--unset", "labels"), ")", 0),
    (("plan", "--all", "--set", "identifier=key", "-o", "json"), "}", 0),
    (("apply", "Contacts", *RENAME, "-y", "--impact", "-o", "json"), "}", 0),
    (("apply", "Nobody", *RENAME, "-y", "-o", "json"), "}", 3),
    (("history", "-o", "json"), "}", 0),
)
WRITE = (("apply", "Contacts", *RENAME, "-y", "-o", "json"), "}", 0)


@pytest.mark.parametrize(
    ("number", "arguments", "last", "code"),
    [
        *((signal.SIGINT, *one) for one in ENDS),
        *(pytest.param(signal.SIGINT, *one, marks=pytest.mark.full) for one in ALIKE),
        *((one, *WRITE) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)),
    ],
)
def test_signals_after_the_result_change_nothing(
    sandbox: Sandbox, number: int, arguments: tuple[str, ...], last: str, code: int
) -> None:
    """However many come between the last byte and the end of the process, and whenever."""
    done = subprocess.run(
        [sys.executable, "-c", STORM, str(int(number)), last, *arguments],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=120,
        check=False,
    )

    assert done.returncode == code
    assert "Interrupted" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "Stopping" not in done.stderr
    if "-o" in arguments:
        if "--all" in arguments:
            assert len(list(map(json.loads, done.stdout.splitlines()))) == 3
        else:
            assert json.loads(done.stdout).get("exit_code", code) == code


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("apply", "Nobody", *RENAME, "-y"), 3),
        (("get", "Nobody", "-o", "json"), 3),
        (("apply", "Contacts", *RENAME, "--nope", "-o", "json"), 2),
        (("apply", "--all", "--where", "(", "-y", "-o", "json"), 2),
    ],
)
def test_signals_while_an_error_is_reported_change_nothing(
    sandbox: Sandbox, arguments: tuple[str, ...], code: int
) -> None:
    """From its first word on it is said to the end, with its hint, its object and its code."""
    done = subprocess.run(
        [sys.executable, "-c", STORM, str(int(signal.SIGINT)), "Error:", *arguments],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=120,
        check=False,
    )

    assert done.returncode == code
    assert "Hint:" in done.stderr
    assert "Interrupted" not in done.stderr
    if "-o" in arguments:
        assert json.loads(done.stdout)["exit_code"] == code


# Sends one signal at the given call or return of a function, counted from when a write is recorded.
ONCE = """
import os, signal, sys
number, left = int(sys.argv[1]), int(sys.argv[2])
sys.argv[1:] = sys.argv[3:]
def count(frame, event, arg):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), number)
from patcher import journal
record = journal.Journal.open
def begin(*arguments, **named):
    sys.setprofile(count)
    return record(*arguments, **named)
journal.Journal.open = begin
from patcher.__main__ import main
main()
"""


@pytest.mark.parametrize("call", [1, 2_000, 4_000, 5_000, 6_000, 8_000])
def test_a_signal_at_any_step_leaves_one_truth(sandbox: Sandbox, call: int) -> None:
    """One object, whose exit code is the process's; 130 only where nothing was sent."""
    arguments = ("apply", "Contacts", *RENAME, "-y", "-o", "json")
    done = subprocess.run(
        [sys.executable, "-c", ONCE, str(int(signal.SIGINT)), str(call), *arguments],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=120,
        check=False,
    )

    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)["exit_code"] == done.returncode
    assert (done.returncode, len(sandbox.puts())) in ((0, 1), (130, 0))


def _blocked(*arguments: str) -> tuple[subprocess.Popen[str], int, int]:
    """The command, before a pipe that is full; the end to read it from, and what is in it."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    full = 0
    with suppress(BlockingIOError):
        while True:
            full += os.write(write, b"." * 4096)
    os.set_blocking(write, True)
    process = subprocess.Popen(
        [*warm.words(), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    os.close(write)
    return process, read, full


def _ended(process: subprocess.Popen[str], read: int, full: int) -> tuple[int, str]:
    """The exit code and the output, once the reader reads."""
    with os.fdopen(read, "rb") as pipe:
        shown = pipe.read()[full:].decode()
    process.communicate(timeout=60)
    return process.returncode, shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_result_that_is_waited_for_is_whole(sandbox: Sandbox, number: int) -> None:
    """While a slow reader has not taken what a write did, no signal takes anything from it."""
    process, *pipe = _blocked("apply", "Contacts", *RENAME, "-y", "-o", "json")
    journal = Journal(Path(os.environ["PATCH_MODEL_STATE_DIR"]) / "journal")
    while not any(one.ending for one in journal.entries()[0]):
        time.sleep(0.05)
    for _ in range(3):
        time.sleep(0.3)
        process.send_signal(number)
    code, shown = _ended(process, *pipe)

    assert code == 0
    assert json.loads(shown)["status"] == "applied"


def test_what_is_only_shown_can_be_cut_short(sandbox: Sandbox) -> None:
    """A slow reader of a result does not keep its command from being interrupted."""
    process, *pipe = _blocked("get", "Contacts", "-o", "json")
    while not any(seed.CONTACTS in one.path for one in sandbox.requests):
        time.sleep(0.05)
    time.sleep(1)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    code, shown = _ended(process, *pipe)

    assert code == 130
    assert json.loads(shown)["exit_code"] == 130
