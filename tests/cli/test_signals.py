"""Signals within the process: when they count at once, and when they wait."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from patcher.cli.signals import SecondSignal, Signals
from patcher.errors import InterruptedWriteError


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
    with signals, signals.hold("@0") as held:
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(InterruptedWriteError):
            held.let_go()


def test_after_letting_go_signals_count_again() -> None:
    """Between two attempts a signal interrupts at once."""
    signals = Signals()
    with signals:
        with signals.hold("@0") as held:
            held.let_go()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_after_a_settled_write_a_signal_no_longer_interrupts() -> None:
    """What was written is reported to its end, with its own exit code."""
    signals = Signals()
    with signals:
        with signals.hold("@0"):
            pass
        os.kill(os.getpid(), signal.SIGINT)
        reported = True

    assert reported


def test_a_second_signal_names_the_entry() -> None:
    """Whoever insists gets out, and is told where the record is."""
    signals = Signals()
    with signals, signals.hold("@0123456789ab"):
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
    with signals, signals.hold("@0") as held:
        held.let_go()
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
