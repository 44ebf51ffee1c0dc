"""The editor: which one, how it is run, and whether it waited."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from patcher.editor.program import Program
from patcher.errors import DeclinedError, InterruptedWriteError, InvalidInputError


class Ticks:
    """A clock that a test sets."""

    now = 0.0

    def monotonic(self) -> float:
        """The time that it was set to."""
        return self.now


def program(*command: str) -> Program:
    """A program with a clock that stands still."""
    return Program(command, Ticks().monotonic)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A file to be edited."""
    path = tmp_path / "text.yaml"
    path.write_text("a\n")
    return path


@pytest.mark.parametrize(
    ("environ", "command"),
    [
        ({"VISUAL": "one", "EDITOR": "two"}, ("one",)),
        ({"VISUAL": " ", "EDITOR": "code --wait"}, ("code", "--wait")),
        ({"EDITOR": "'/a b/c' -x \"y z\""}, ("/a b/c", "-x", "y z")),
    ],
)
def test_the_environment_names_the_editor(
    environ: dict[str, str], command: tuple[str, ...]
) -> None:
    """VISUAL goes before EDITOR, and arguments may be quoted."""
    chosen = Program.chosen(environ, Ticks().monotonic, has_terminal=False)

    assert chosen.command == command


def test_a_path_with_spaces_needs_no_quotes(tmp_path: Path) -> None:
    """What is a file as it stands is the editor."""
    path = tmp_path / "my editor"
    path.write_text("")

    chosen = Program.chosen({"EDITOR": str(path)}, Ticks().monotonic, has_terminal=False)

    assert chosen.command == (str(path),)


def test_an_open_quotation_mark_is_an_error() -> None:
    """It cannot be told where the command ends."""
    with pytest.raises(InvalidInputError, match="quotation mark"):
        Program.chosen({"EDITOR": "'vi"}, Ticks().monotonic, has_terminal=True)


def test_without_a_setting_a_usual_one_is_taken_on_a_terminal(tmp_path: Path) -> None:
    """One that is there; without one, or without a terminal, the error says what to set."""
    (tmp_path / "nano").write_text("")
    (tmp_path / "nano").chmod(0o755)
    environ = {"PATH": str(tmp_path)}

    chosen = Program.chosen(environ, Ticks().monotonic, has_terminal=True)

    assert chosen.name == "nano"
    for wrong, has_terminal in ((environ, False), ({"PATH": "/nowhere"}, True)):
        with pytest.raises(InvalidInputError, match="EDITOR") as caught:
            Program.chosen(wrong, Ticks().monotonic, has_terminal=has_terminal)
        assert "code --wait" in (caught.value.hint or "")


def test_an_editor_that_is_not_there_cannot_be_started(text: Path) -> None:
    """It is named, with the reason."""
    with pytest.raises(InvalidInputError, match="/nowhere/editor cannot be started"):
        program("/nowhere/editor").visit(text)


@pytest.mark.parametrize(("code", "said"), [("exit 3", "exit code 3"), ("kill -9 $$", "SIGKILL")])
def test_an_editor_that_fails_declines(text: Path, code: str, said: str) -> None:
    """Its exit code or the signal that ended it is named."""
    with pytest.raises(DeclinedError, match=said):
        program("sh", "-c", code).visit(text)


@pytest.mark.parametrize("code", ["kill -INT $$", "exit 130"])
def test_an_editor_that_was_interrupted_interrupts(text: Path, code: str) -> None:
    """Ctrl-C that ended the editor ends the edit."""
    with pytest.raises(InterruptedWriteError):
        program("sh", "-c", code).visit(text)


def test_an_interrupt_that_the_editor_survives_is_its_own(text: Path) -> None:
    """A signal to us alone while it runs changes nothing, and the handler is as before after."""
    before = signal.getsignal(signal.SIGINT)

    assert program("sh", "-c", f"kill -INT {os.getpid()}; exit 0").visit(text)
    assert signal.getsignal(signal.SIGINT) is before


def test_ended_from_outside_the_editor_ends_too(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stops the waiting stops the editor, one that does not listen by force."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    pid = tmp_path / "pid"
    end = f"kill -TERM {os.getpid()}"
    code = f"trap '' TERM; echo $$ > {pid}; sleep 0.2; {end}; while :; do sleep 1; done"
    monkeypatch.setattr("patcher.editor.program.GRACE", 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            program("sh", "-c", code).visit(text)
    finally:
        signal.signal(signal.SIGTERM, before)

    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_a_signal_while_the_editor_is_being_started_ends_it_too(
    text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits until there is an editor to end; none is left running with nobody to end it."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def interrupted(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*arguments, **options))
        signal.raise_signal(signal.SIGTERM)
        return started[0]

    before = signal.signal(signal.SIGTERM, stop)
    monkeypatch.setattr("subprocess.Popen", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            program("sh", "-c", "exec sleep 60").visit(text)
        assert signal.getsignal(signal.SIGTERM) is stop
    finally:
        signal.signal(signal.SIGTERM, before)

    assert started[0].poll() == -signal.SIGTERM


@pytest.mark.parametrize(("seconds", "hasty"), [(0.0, True), (1.9, True), (2.0, False)])
def test_an_editor_that_exits_at_once_is_noticed(text: Path, seconds: float, hasty: bool) -> None:
    """Within two seconds nobody has edited a text; whether it changed is for others to say."""
    times = iter((10.0, 10.0 + seconds))

    assert Program(("true",), lambda: next(times)).visit(text) is hasty


def test_the_editors_output_stays_out_of_a_pipe(
    text: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Where standard output is no terminal, what the editor prints goes to standard error."""
    program("sh", "-c", "echo noise").visit(text)

    streams = capfd.readouterr()
    assert (streams.out, streams.err) == ("", "noise\n")


def test_in_another_thread_signals_are_left_alone(text: Path) -> None:
    """Only the main thread may set a handler; elsewhere the editor runs without."""
    visits: list[bool] = []
    thread = threading.Thread(target=lambda: visits.append(program("true").visit(text)))
    thread.start()
    thread.join()

    assert visits == [True]
