"""One pytest session that forks a child for each mutant, and runs in it the tests that can tell."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import sys
import time
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from types import FrameType
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import pytest

from tests import warm
from tests.mutation.mutating import ROOT, Key, Mutant, remake_constant

End: TypeAlias = Literal["killed", "survived", "timed out", "undecided"]
"""``undecided``: it survived as many of the tests as there was time for."""

_EXAMPLES: Final = 10
_ALL: Final = "*"
"""In the place of a scope: any function of the file."""

_PATIENCE: Final = 20
"""How many times as long as without a fault a test may work, and on a busy machine wait."""

_GRACE: Final = 3.0
"""Seconds that it may work beyond that."""


class Calls(NamedTuple):
    """How many seconds each test takes, and which functions of the package it calls."""

    seconds: dict[str, float]
    places: dict[str, set[tuple[str, str]]]


class Runner:
    """The plugin.

    ``report`` is called with each mutant and how it ended. Tests that take longer than
    ``slowest`` seconds are left out, and each mutant is put to as many, the likeliest to tell
    first, as take ``budget`` seconds. What is ``known`` of the tests is not found out again, and
    the mutants that have ``survived`` all of them are only put to the others.
    """

    def __init__(
        self,
        mutants: Iterable[Mutant],
        report: Callable[[Mutant, End], None],
        slowest: float,
        budget: float,
        known: Calls,
        survived: frozenset[Key],
    ) -> None:
        """A session to come."""
        self._mutants = mutants
        self._report = report
        self._slowest = slowest
        self._budget = budget
        self.calls = known
        self._old = frozenset(known.seconds)
        self._survived = survived
        self._killers: dict[str, set[str]] = {}
        self._turns: dict[str, int] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """The same few examples for each mutant; one that fails is enough, not made smaller."""
        from hypothesis import Phase, settings  # pytest wants to be the first to load it

        settings.register_profile(
            "mutants",
            settings.get_profile("suite"),
            max_examples=_EXAMPLES,
            derandomize=True,
            database=None,
            phases=(Phase.explicit, Phase.generate),
        )
        settings.load_profile("mutants")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """As few examples for the tests that ask for a number of their own."""
        from hypothesis import settings

        for item in items:
            test = getattr(item, "obj", None)
            own = getattr(test, "_hypothesis_internal_use_settings", None)
            if own is not None and own.max_examples > _EXAMPLES:
                few = settings(own, max_examples=_EXAMPLES)
                test._hypothesis_internal_use_settings = few  # type: ignore[union-attr]

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Runs all tests once, to see what each calls, and then some for each mutant."""
        tests = {item.nodeid: item for item in session.items}
        new = [test for name, test in tests.items() if name not in self.calls.seconds]
        # What each child would import, and what a collection of garbage would copy in each.
        warm.import_everything()
        gc.collect()
        gc.freeze()
        self._turns = _turns(tests)
        calls: Calls | None = _in_child(lambda: _watched(new))
        if calls is None:
            raise pytest.UsageError("a test fails as it is, without any mutant")
        self.calls.seconds.update(calls.seconds)
        self.calls.places.update(calls.places)
        for mutant in self._mutants:
            passed = self._old if mutant.key in self._survived else ()
            able = [name for name in self._able(mutant) if name not in passed]
            within = self._within_budget(able)
            chosen = [(tests[name], _PATIENCE * self.calls.seconds[name]) for name in within]
            try:
                killer = _in_child(lambda: _killer(mutant, chosen))  # noqa: B023
            except TimeoutError:
                self._report(mutant, "timed out")
                continue
            if killer:
                self._killers.setdefault(mutant.scope, set()).add(killer)
            end: End = "survived" if within == able else "undecided"
            self._report(mutant, "killed" if killer else end)
        return True

    def _within_budget(self, able: list[str]) -> list[str]:
        """As many of the tests as there is time for, in their order, and one at least."""
        until = accumulate(self.calls.seconds[name] for name in able[:-1])
        return able[: 1 + bisect(list(until), self._budget)]

    def _able(self, mutant: Mutant) -> list[str]:
        """The tests that run what is mutated, the likeliest to tell first.

        Those that killed its neighbours, those of its module, those of its room; of these and the
        rest one case of each test before another, those that are about little else first.
        """
        place = (mutant.file, _ALL if mutant.is_constant else mutant.scope)
        killers = self._killers.get(mutant.scope, ())
        calls = self.calls
        able = [name for name, places in calls.places.items() if place in places]
        # A file of data is called by nobody, so that any test may tell.
        _, room, name_of_file = mutant.file.split("/")
        own = f"tests/{room}/test_{name_of_file}"
        return sorted(
            (
                name
                for name in able or calls.places
                if name in self._turns and calls.seconds[name] <= self._slowest
            ),
            key=lambda name: (
                name not in killers,
                not name.startswith(own),
                not name.startswith(f"tests/{room}/"),
                self._turns[name],
                len(calls.places[name]),
                calls.seconds[name],
            ),
        )


def _turns(names: Iterable[str]) -> dict[str, int]:
    """How many cases of the same test come before each."""
    seen: Counter[str] = Counter()
    turns = {}
    for name in names:
        test = name.partition("[")[0]
        turns[name] = seen[test]
        seen[test] += 1
    return turns


def _in_child(work: Callable[[], Any]) -> Any:
    """What ``work`` gives in a forked child, "crash" where the child did not get that far.

    Raises TimeoutError when the child ran out of the time that it gave itself.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        with contextlib.suppress(BaseException), os.fdopen(writing, "wb") as pipe:
            pipe.write(pickle.dumps(work()))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) in (-signal.SIGPROF, -signal.SIGALRM):
        raise TimeoutError
    return pickle.loads(answer) if answer else "crash"  # noqa: S301 - it is from our own child


def _killer(mutant: Mutant, tests: list[tuple[pytest.Item, float]]) -> str | None:
    """The first of the tests that fails in a process that is the mutant, or None.

    With each test is how many seconds it may work; one that goes on ends the process.
    """
    mutant.put_in()
    _forget_what_was_worked_out(mutant.file)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for test, limit in tests:
        signal.setitimer(signal.ITIMER_PROF, _GRACE + limit)
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE * (_GRACE + limit))
        if _fails(test):
            return test.nodeid
    return None


def _forget_what_was_worked_out(file: str = "") -> None:
    """What was worked out before, it was without the fault; and who asks again calls nothing."""
    for name, module in tuple(sys.modules.items()):
        for one in vars(module).values() if name.startswith("patcher.") else ():
            if hasattr(one, "cache_clear"):
                one.cache_clear()
    model = "patcher/resources/model.py"
    if file != model:  # which has it already, where it is
        remake_constant(model, "_SCHEMA")


def _fails(test: pytest.Item) -> bool:
    """Runs one test, with its fixtures, and says nothing of it."""
    from _pytest.runner import runtestprotocol

    with Path(os.devnull).open("w") as void, contextlib.redirect_stdout(void):
        reports = runtestprotocol(test, log=False, nextitem=None)
    return any(report.failed for report in reports)


def _watched(tests: list[pytest.Item]) -> Calls | None:
    """What the tests call, or None where one fails."""
    calls = Calls({}, {})
    package = f"{Path(sys.modules['patcher'].__file__ or '').parent}{os.sep}"
    seen: set[tuple[str, str]] = set()

    def watch(frame: FrameType, event: str, argument: object) -> None:
        code: Any = frame.f_code  # qualified names are of Python 3.11
        if event == "call" and code.co_filename.startswith(package):
            seen.add((code.co_filename, code.co_qualname))

    for test in tests:
        seen.clear()
        _forget_what_was_worked_out()
        began = time.process_time()
        sys.setprofile(watch)
        has_failed = _fails(test)
        sys.setprofile(None)
        if has_failed:
            print(f"{test.nodeid} fails", file=sys.stderr)
            return None
        calls.seconds[test.nodeid] = time.process_time() - began
        calls.places[test.nodeid] = set(_places(seen))
    return calls


def _places(seen: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for filename, name in seen:
        file = Path(filename).relative_to(ROOT).as_posix()
        yield file, name.partition(".<locals>")[0]
        yield file, _ALL
