"""What every test starts from: a clean environment, and a state folder of its own."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import leaks, warm

# The same examples each time, so that a suite that passed passes again.
settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=10,
)
# `make fuzz`: the same laws on other examples, and the readers for as long as one likes.
settings.register_profile(
    "laws", settings.get_profile("suite"), derandomize=False, max_examples=200
)
settings.register_profile(
    "fuzz",
    settings.get_profile("suite"),
    derandomize=False,
    max_examples=int(os.environ.get("EXAMPLES", "5000")),
)
settings.load_profile("suite")


_OURS = ("POLYTOMIC_", "PATCH_MODEL_", "NO_COLOR", "FORCE_COLOR", "VISUAL", "EDITOR", "NETRC")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the person who runs the tests reaches them, and none of theirs gets out."""
    for name in list(os.environ):
        if name.startswith(_OURS) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATCH_MODEL_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture(autouse=True)
def nothing_leaks(
    clean_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[leaks.Watch]:
    """Fails the test in which a key or a credential is printed or written where it must not be."""
    with contextmanager(leaks.watch)(monkeypatch) as watch:
        yield watch
        watch.see_files(tmp_path)
        assert watch.leaks() == []


@pytest.fixture(autouse=True, scope="session")
def signals_as_they_come() -> None:
    """A suite under nohup ignores SIGHUP, one in the background SIGINT; its commands would too."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def every_module() -> None:
    """Imported before the first test, as in the process that forks the commands."""
    warm.import_everything()


@pytest.fixture(autouse=True, scope="session")
def quick_digests(every_module: None) -> None:
    """The digests of a saved plan are slow on purpose, which proves nothing a thousand times."""
    warm.make_digests_quick()


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """A connection to anything but this machine fails the test that makes it."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        is_ip = self.family in (socket.AF_INET, socket.AF_INET6)
        if is_ip and not str(address[0]).startswith(("127.", "::1", "localhost")):
            raise AssertionError(f"a test reached out to {address[0]}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[assignment, method-assign]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]
