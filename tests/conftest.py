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
from hypothesis import HealthCheck, is_hypothesis_test, settings

from tests import leaks, warm

ROOT = Path(__file__).parent

# The same examples each time, so that a suite that passed passes again, coverage and all.
settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=20,
)
# `make fuzz`: the same laws upon other examples, for as long as one likes.
settings.register_profile(
    "fuzz",
    settings.get_profile("suite"),
    derandomize=False,
    max_examples=int(os.environ.get("EXAMPLES", "5000")),
)
settings.load_profile("suite")


# Tests of the whole: what they run is reached by the tests of its own room, too.
_UNTRACED = {"architecture", "docs", "faults", "fuzz", "hostile"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Neither they nor laws are traced, which would nearly double the time that they take."""
    for item in items:
        of_the_whole = not _UNTRACED.isdisjoint(item.path.relative_to(ROOT).parts)
        if of_the_whole or is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("no_cover")


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
    """A suite run under nohup ignores SIGHUP, and so would every command that it starts."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True, scope="session")
def every_module() -> None:
    """Imported before a test that is not traced is the first to need it."""
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
