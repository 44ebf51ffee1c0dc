"""Many models from Python: each under its own guard, results as they come."""

from __future__ import annotations

import gc
import inspect
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import patcher
from patcher import Client, errors
from patcher.api.client import Client as AnyClient
from patcher.api.pace import Pace
from patcher.batch.batch import BatchOptions
from patcher.batch.overview import Overview
from patcher.batch.pool import BatchControl
from patcher.operations import Options, Session
from patcher.operations.batch import BatchRun
from patcher.operations.read import Selection
from tests.sandbox import Gate, Sandbox, faults, seed

MODELS = 9
LABEL = "8c3a1b1e-1111-4222-8333-123456789abc"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with more models than workers."""
    with Sandbox(models=MODELS) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """A client of the sandbox."""
    with Client(sandbox.url, sandbox.api_key) as connected:
        yield connected


def patched(client: Client, models: Any, change: Any, **options: Any) -> list[patcher.PatchResult]:
    """All results of patch_models."""
    return list(patcher.patch_models(models, change, client=client, **options))


def statuses(results: list[patcher.PatchResult]) -> list[str]:
    """How they ended, in order."""
    return sorted(result.status for result in results)


def test_every_model_is_written_once_and_loses_nothing(sandbox: Sandbox, client: Client) -> None:
    """Three requests a model, one of them a PUT; everything but the change is as it was."""
    before = {one: sandbox.stored(one) for one in sandbox.ids()}
    sandbox.reset_requests()
    results = patched(client, sandbox.ids(), {"identifier": "key"})

    assert statuses(results) == ["applied"] * MODELS
    assert len(sandbox.requests) == 3 * MODELS
    for one in sandbox.ids():
        assert len(sandbox.puts(one)) == 1
        assert sandbox.stored(one) == {**before[one], "identifier": "key"}
    assert len({result.journal_entry for result in results}) == MODELS


def test_no_write_comes_before_the_last_plan(sandbox: Sandbox, client: Client) -> None:
    """All plans are made first: the first PUT comes after one GET of each model."""
    patched(client, None, {"identifier": "key"}, concurrency=3)
    methods = [request.method for request in sandbox.requests]

    assert methods.index("PUT") >= 1 + MODELS


def test_nothing_happens_before_the_first_result_is_asked_for(
    sandbox: Sandbox, client: Client
) -> None:
    """Arguments are checked at once, requests are made when results are wanted."""
    results = patcher.patch_models(None, {"identifier": "key"}, client=client)
    assert sandbox.requests == []

    assert next(results).status == "applied"


def test_results_come_as_they_are_done(sandbox: Sandbox, client: Client) -> None:
    """One that hangs does not hold the results of the others back."""
    gate = Gate()
    sandbox.fault(faults.hold(gate, path=seed.CONTACTS))
    results = patcher.patch_models(None, {"identifier": "key"}, client=client, concurrency=2)
    first = list(itertools.islice(results, MODELS - 1))
    gate.release()

    assert seed.CONTACTS not in {result.plan.base.id for result in first if result.plan}
    assert [result.status for result in results] == ["applied"]


def test_running_it_again_does_only_what_is_left(sandbox: Sandbox, client: Client) -> None:
    """Two of nine refused; the second time those two are written and seven are unchanged."""
    for one in sandbox.ids()[:2]:
        sandbox.fault(faults.status_before(403, path=one))
    first = patched(client, None, {"identifier": "key"})
    second = patched(client, None, {"identifier": "key"})

    assert statuses(first) == ["applied"] * (MODELS - 2) + ["failed"] * 2
    assert statuses(second) == ["applied"] * 2 + ["unchanged"] * (MODELS - 2)


def test_a_conflict_in_the_middle_is_that_models_own(sandbox: Sandbox, client: Client) -> None:
    """Somebody else writes one model between its plan and its write: it alone is left alone."""
    other = sandbox.ids()[4]

    def confirm(overview: Overview) -> bool:
        sandbox.write_as_other(other, {"name": "Theirs"})
        return True

    results = patched(client, None, {"identifier": "key"}, confirm=confirm)
    (failed,) = [result for result in results if result.status != "applied"]

    assert isinstance(failed.error, errors.ConflictError)
    assert failed.plan is not None
    assert failed.plan.base.id == other
    assert sandbox.puts(other) == []
    assert sandbox.stored(other)["name"] == "Theirs"


def test_a_rebase_keeps_both(sandbox: Sandbox, client: Client) -> None:
    """With a rebase what they changed elsewhere stays, and so does the change."""
    other = sandbox.ids()[4]

    def confirm(overview: Overview) -> bool:
        sandbox.write_as_other(other, {"name": "Theirs"})
        return True

    results = patched(client, None, {"identifier": "key"}, confirm=confirm, on_conflict="rebase")

    assert statuses(results) == ["applied"] * MODELS
    assert sandbox.stored(other)["name"] == "Theirs"
    assert sandbox.stored(other)["identifier"] == "key"


def test_what_is_written_is_what_was_shown(sandbox: Sandbox, client: Client) -> None:
    """A rebase whose outcome is another than the overview's is a conflict, and not written."""
    other = seed.ACCOUNTS

    def confirm(overview: Overview) -> bool:
        sandbox.write_as_other(other, {"labels": [LABEL]})
        return True

    change = [{"op": "add", "path": "/labels/-", "value": LABEL}]
    results = patched(client, [other, seed.CONTACTS], change, confirm=confirm, on_conflict="rebase")
    by_id = {result.plan.base.id: result for result in results if result.plan}

    assert by_id[seed.CONTACTS].status == "applied"
    assert by_id[other].status in ("unchanged", "conflict")
    assert sandbox.puts(other) == []


def test_a_refused_plan_leaves_the_others_to_go_on(sandbox: Sandbox, client: Client) -> None:
    """One model that holds what cannot be carried is refused and shown; the rest is written."""
    sandbox.fault(faults.growth({"novel": 1}, method="GET", path=seed.ORDERS, every=True))
    seen: list[Overview] = []

    def confirm(overview: Overview) -> bool:
        seen.append(overview)
        return True

    results = patched(client, None, {"identifier": "key"}, confirm=confirm)

    assert statuses(results) == ["applied"] * (MODELS - 1) + ["failed"]
    assert [one.named.name for one in seen[0].refused] == ["Orders"]
    assert "/novel" in seen[0].refused[0].message
    assert sandbox.puts(seed.ORDERS) == []


def test_failing_fast_writes_nothing_after_a_refused_plan(sandbox: Sandbox, client: Client) -> None:
    """With fail_fast a refused plan ends the run before anything is written or asked."""
    sandbox.fault(faults.growth({"novel": 1}, method="GET", path=seed.ORDERS, every=True))
    results = patched(
        client,
        None,
        {"identifier": "key"},
        fail_fast=True,
        confirm=lambda one: pytest.fail("asked"),
    )

    assert statuses(results) == ["failed"] + ["not-begun"] * (MODELS - 1)
    assert sandbox.puts() == []


def test_failing_fast_begins_nothing_after_a_failed_write(sandbox: Sandbox, client: Client) -> None:
    """With one worker and the third write refused, two are written and six not begun."""
    sandbox.fault(faults.status_before(403, nth=3))
    results = patched(client, None, {"identifier": "key"}, fail_fast=True, concurrency=1)

    assert [result.status for result in results[:3]] == ["applied", "applied", "failed"]
    assert statuses(results[3:]) == ["not-begun"] * (MODELS - 3)
    assert len(sandbox.puts()) == 3
    assert {result.exit_code for result in results[3:]} == {130}


def test_declining_writes_nothing(sandbox: Sandbox, client: Client) -> None:
    """One no is a no for all of them."""
    results = patched(client, None, {"identifier": "key"}, confirm=lambda overview: False)

    assert statuses(results) == ["declined"] * MODELS
    assert sandbox.puts() == []


def test_a_dry_run_ends_with_the_plans(sandbox: Sandbox, client: Client) -> None:
    """Each result has its plan, and nobody is asked."""
    results = patched(
        client, None, {"name": "Contacts"}, dry_run=True, confirm=lambda one: pytest.fail("asked")
    )

    assert statuses(results) == ["planned"] * (MODELS - 1) + ["unchanged"]
    assert sandbox.puts() == []


def test_nothing_to_write_asks_nobody(sandbox: Sandbox, client: Client) -> None:
    """Where all is as it should be already there is no question."""
    results = patched(
        client, [seed.CONTACTS], {"name": "Contacts"}, confirm=lambda one: pytest.fail("asked")
    )

    assert statuses(results) == ["unchanged"]


def test_the_overview_groups_what_changes_alike(sandbox: Sandbox, client: Client) -> None:
    """Models with the same old and new value are one group, those without the old one another."""
    seen: list[Any] = []

    def confirm(overview: Overview) -> bool:
        seen.extend(overview.groups())
        assert (overview.total, overview.changing, overview.unchanged) == (MODELS, MODELS, 0)
        return False

    patched(client, None, {"identifier": "key"}, confirm=confirm)
    (group,) = seen

    assert len(group.members) == MODELS
    assert [(one.path, one.old, one.new) for one in group.changes] == [("/identifier", "id", "key")]


def test_a_closed_iterator_begins_nothing_new(sandbox: Sandbox, client: Client) -> None:
    """Who stops looking after the first result gets no write begun after that."""
    results = patcher.patch_models(None, {"identifier": "key"}, client=client, concurrency=1)
    next(results)
    assert inspect.isgenerator(results)
    results.close()
    written = len(sandbox.puts())

    assert written <= 2
    stored = [sandbox.stored(one)["identifier"] for one in sandbox.ids()]
    assert stored.count("key") == written


def test_a_fault_of_ours_in_one_does_not_end_the_others(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An internal error is the result of its model, with exit code 70."""
    reading = AnyClient.read_raw

    def broken(self: Any, collection: str, resource_id: str, *rest: Any) -> Any:
        if resource_id == seed.ORDERS:
            raise ZeroDivisionError
        return reading(self, collection, resource_id, *rest)

    monkeypatch.setattr(AnyClient, "read_raw", broken)
    results = patched(client, None, {"identifier": "key"})
    (failed,) = [result for result in results if result.error]

    assert failed.exit_code == 70
    assert "ZeroDivisionError" in str(failed.error)
    assert statuses(results).count("applied") == MODELS - 1


class Stillstand:
    """A clock that stands still until everybody waits for it, and then goes on to the next."""

    def __init__(self, sleepers: int) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self.at_stillstand: list[int] = []
        self.look: Callable[[], int] = lambda: 0
        self._sleepers = sleepers
        self._until: list[float] = []
        self._changed = threading.Condition()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Waits until all are waiting, and the time of this one has come."""
        with self._changed:
            until = self.now + seconds
            self.waits.append(seconds)
            self._until.append(until)
            if len(self._until) == self._sleepers:
                self.at_stillstand.append(self.look())
                self.now = max(self._until)
                self._until.clear()
                self._changed.notify_all()
            assert self._changed.wait_for(lambda: self.now >= until, 20)


class SleepyControl(BatchControl):
    """A flight that waits by a clock of the test's."""

    def __init__(self, clock: Stillstand) -> None:
        super().__init__()
        self.clock = clock

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)


def run_on(
    client: Client, clock: Stillstand, concurrency: int, max_rps: float | None = None
) -> list[patcher.PatchResult]:
    """A change of all models, by a clock of the test's."""
    pace = Pace(max_rps, monotonic=clock.monotonic)
    batch_options = BatchOptions(concurrency)
    run = BatchRun(Session(client), SleepyControl(clock), batch_options, pace)
    change = patcher.Patch.of({"identifier": "key"})
    return list(run.patches(Selection(None), change, Options()))


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_429_is_waited_for_and_the_run_goes_on(
    sandbox: Sandbox, client: Client, method: str
) -> None:
    """Told to pause four times, more often than one model is tried, every model is written."""
    clock = Stillstand(1)
    for nth in range(1, 5):
        where: Any = {"method": method, "path": "/models/", "nth": nth}
        sandbox.fault(faults.status_before(429, headers={"Retry-After": "9"}, **where))
    results = run_on(client, clock, 1)

    assert statuses(results) == ["applied"] * MODELS
    assert clock.waits.count(9.0) == 4
    assert {sandbox.stored(one)["identifier"] for one in sandbox.ids()} == {"key"}
    answered = len(sandbox.puts()) - (4 if method == "PUT" else 0)
    assert answered == MODELS


def test_while_one_was_told_to_pause_nobody_sends_anything(
    sandbox: Sandbox, client: Client
) -> None:
    """After a 429 all workers wait: when the last of them does, no further request has arrived."""
    clock = Stillstand(3)
    clock.look = lambda: len([one for one in sandbox.requests if one.path != "/api/models"])
    where: Any = {"method": "GET", "path": "/models/", "nth": 2}
    sandbox.fault(faults.status_before(429, headers={"Retry-After": "9"}, **where))

    assert statuses(run_on(client, clock, 3)) == ["applied"] * MODELS
    # The second was told; the others' were on their way, and each may have begun one more.
    assert clock.at_stillstand[0] <= 5


def test_a_write_is_not_sent_into_a_pause(sandbox: Sandbox, client: Client) -> None:
    """A pause between the last reading and the write: it waits, reads again, and is written."""
    clock = Stillstand(1)
    pace = Pace(monotonic=clock.monotonic)
    read = AnyClient.read_raw
    seen: list[str] = []

    def get(self: Any, collection: str, resource_id: str, *rest: Any) -> Any:
        found = read(self, collection, resource_id, *rest)
        seen.append(resource_id)
        if len(seen) == 2:
            pace.throttled(30)
        return found

    run = BatchRun(Session(client), SleepyControl(clock), BatchOptions(1), pace)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AnyClient, "read_raw", get)
        change = patcher.Patch.of({"identifier": "key"})
        results = list(run.patches(Selection((seed.ORDERS,)), change, Options()))

    assert statuses(results) == ["applied"]
    assert 30.0 in clock.waits
    assert [one.method for one in sandbox.requests] == ["GET", "GET", "GET", "PUT"]


def test_a_rate_is_kept(sandbox: Sandbox, client: Client) -> None:
    """At two requests a second, 28 requests take 27 halves of a second, and no write waits."""
    clock = Stillstand(1)
    assert statuses(run_on(client, clock, 1, max_rps=2)) == ["applied"] * MODELS

    assert len(sandbox.requests) == 1 + 3 * MODELS
    # The last one is a write, which goes at once and is only counted.
    assert clock.now == pytest.approx(26 / 2)


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ({"where": ["name~=^Model"]}, 6),
        ({"where": ["name~=^Model", "labels~=."]}, 3),
        ({"where": ["name=Contacts"]}, 1),
        ({"where": ["name~=^Model"], "exclude": ["Model 00004", seed.CONTACTS]}, 5),
        ({"exclude": ["Contacts"]}, 8),
        ({"where": ["name=nobody"]}, 0),
    ],
)
def test_conditions_choose(
    sandbox: Sandbox, client: Client, options: dict[str, Any], meant: int
) -> None:
    """All conditions must hold, and what is excluded is left alone."""
    assert len(patched(client, None, {"identifier": "key"}, **options)) == meant
    assert len(sandbox.puts()) == meant


def test_conditions_choose_among_those_that_are_named(sandbox: Sandbox, client: Client) -> None:
    """Named models that do not fulfil the conditions are left alone; each is meant once."""
    models = ["Contacts", seed.CONTACTS, seed.CONTACTS.upper(), "Orders", "name:Accounts"]
    results = patched(client, models, {"identifier": "key"}, where=["tracking_columns=plan"])

    names = [str(result.plan.base.name) for result in results if result.plan]
    assert sorted(names) == ["Accounts", "Contacts"]


def test_one_that_no_longer_fulfils_the_conditions_is_left_alone(
    sandbox: Sandbox, client: Client
) -> None:
    """What the list said is looked at again in the reading that the plan is made upon."""
    sandbox.fault(faults.concurrent_write({"identifier": "theirs"}, method="GET", path=seed.ORDERS))
    results = patched(client, None, {"name": "X"}, where=["identifier=id"])
    (failed,) = [result for result in results if result.error]

    assert isinstance(failed.error, errors.ConflictError)
    assert sandbox.puts(seed.ORDERS) == []


def test_a_uuid_that_is_not_listed_is_looked_at_all_the_same(
    sandbox: Sandbox, client: Client
) -> None:
    """The list may miss a model that is written meanwhile; a condition on it is still judged."""
    hidden = sandbox.create({**seed.orders(), "name": "Hidden"})
    sandbox.fault(faults.raw_body('{"data": []}', method="GET", kind="models"))
    results = patched(client, [hidden], {"identifier": "key"}, where=["name=Hidden"])
    sandbox.fault(faults.raw_body('{"data": []}', method="GET", kind="models"))
    none = patched(client, [hidden], {"identifier": "key"}, where=["name=Other"])

    assert statuses(results) == ["applied"]
    assert none == []


def test_uuids_alone_need_no_list(sandbox: Sandbox, client: Client) -> None:
    """Two models by UUID are six requests."""
    patched(client, [seed.CONTACTS, seed.ORDERS], {"identifier": "key"}, exclude=[seed.ACCOUNTS])

    assert len(sandbox.requests) == 6


@pytest.mark.parametrize(
    ("models", "options", "kind", "said"),
    [
        (["Contacts", "nobody", "no one"], {}, errors.NotFoundError, "'nobody', 'no one'"),
        (["Contcats"], {}, errors.NotFoundError, "'Contcats'"),
        (None, {"exclude": ["nobody"]}, errors.NotFoundError, "'nobody'"),
        (["Twin"], {}, errors.AmbiguousNameError, "2 models are called 'Twin'"),
        (None, {"exclude": ["Twin"]}, errors.AmbiguousNameError, "Twin"),
        (["Contacts", ""], {}, errors.InvalidInputError, "empty"),
        (None, {"where": ["version=1"]}, errors.InvalidPatchError, "Unknown path"),
    ],
)
def test_models_that_cannot_be_told_stop_everything(
    sandbox: Sandbox,
    client: Client,
    models: Any,
    options: dict[str, Any],
    kind: type[Exception],
    said: str,
) -> None:
    """A name that is nobody's, or two models', ends the run before any model is read."""
    for _ in range(2):
        sandbox.create({**seed.orders(), "name": "Twin"})
    with pytest.raises(kind, match=said):
        patched(client, models, {"identifier": "key"}, **options)

    assert sandbox.puts() == []
    assert all(request.path == "/api/models" for request in sandbox.requests)


def test_many_missing_names_are_not_all_listed(sandbox: Sandbox, client: Client) -> None:
    """Of a long list of names that are nobody's the first few are said, and how many more."""
    with pytest.raises(errors.NotFoundError, match="and 4 more"):
        patched(client, [f"nobody {number}" for number in range(9)], {"identifier": "key"})


def test_two_models_of_one_name_can_both_be_meant(sandbox: Sandbox, client: Client) -> None:
    """By condition both are chosen, and the overview tells them apart by id."""
    twins = {sandbox.create({**seed.orders(), "name": "Twin"}) for _ in range(2)}
    seen: list[Any] = []

    def confirm(overview: Overview) -> bool:
        seen.extend(one for group in overview.groups() for one in group.members)
        return True

    patched(client, None, {"identifier": "key"}, where=["name=Twin"], confirm=confirm)

    assert {one.id for one in seen} == twins
    assert {sandbox.stored(one)["identifier"] for one in twins} == {"key"}


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("Contacts", {}), errors.InvalidInputError),
        ((["Contacts", 3], {}), errors.InvalidInputError),
        ((None, "name=x"), errors.InvalidPatchError),
    ],
)
def test_arguments_are_refused_at_once(arguments: tuple[Any, Any], kind: type[Exception]) -> None:
    """What cannot be is refused when it is said, not when the first result is asked for."""
    with pytest.raises(kind):
        patcher.patch_models(*arguments)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"concurrency": 0}, errors.SettingsError),
        ({"concurrency": 257}, errors.SettingsError),
        ({"concurrency": True}, errors.SettingsError),
        ({"max_rps": 0}, errors.SettingsError),
        ({"where": "name=x"}, errors.InvalidInputError),
        ({"where": ["name"]}, errors.InvalidInputError),
        ({"exclude": "x"}, errors.InvalidInputError),
        ({"on_conflict": "ask"}, errors.SettingsError),
    ],
)
def test_options_are_refused_at_once(options: dict[str, Any], kind: type[Exception]) -> None:
    """Likewise what goes with them."""
    with pytest.raises(kind):
        patcher.patch_models(None, {}, **options)


def test_indices_are_for_one_model(sandbox: Sandbox, client: Client) -> None:
    """A JSON Patch by index is refused for two models and done for one that was chosen."""
    change = [{"op": "remove", "path": "/fields/0"}]
    with pytest.raises(errors.InvalidPatchError, match="by its index"):
        patched(client, ["Contacts", "Orders"], change)
    assert all(request.path == "/api/models" for request in sandbox.requests)

    assert statuses(patched(client, None, change, where=["name=Orders"])) == ["applied"]
    assert "id" not in sandbox.stored(seed.ORDERS)["fields"]


def test_an_index_into_a_list_of_somebody_elses_is_refused_for_the_model_that_has_it(
    sandbox: Sandbox, client: Client
) -> None:
    """Where only a document shows that a number is an index, the plan of that model is refused."""
    sandbox.write_as_other(seed.ORDERS, {"configuration": {"hosts": ["a"]}})
    sandbox.write_as_other(seed.ACCOUNTS, {"configuration": {"hosts": {"0": "a"}}})
    change = [{"op": "replace", "path": "/configuration/hosts/0", "value": "b"}]
    results = patched(client, ["Orders", "Accounts"], change)
    by_id = {result.plan.base.id if result.plan else result.target: result for result in results}

    assert by_id[seed.ACCOUNTS].status == "applied"
    assert "by its index" in str(by_id[seed.ORDERS].error)


def test_the_run_is_in_every_entry(sandbox: Sandbox, client: Client) -> None:
    """All writes of one run carry its name, two runs have two."""
    first = patched(client, None, {"identifier": "key"})
    second = patched(client, None, {"identifier": "id2"})
    names = [
        {result.plan.origin.run for result in results if result.plan} for results in (first, second)
    ]

    assert all(len(one) == 1 for one in names)
    assert names[0] != names[1]


def test_plans_and_results_are_not_kept(sandbox: Sandbox, client: Client) -> None:
    """Plans are on disk between the overview and the writes, but for one or two a worker."""
    most = 0
    gc.freeze()  # what is there already need not be looked through each time
    for _ in patcher.patch_models(None, {"identifier": "key"}, client=client, concurrency=1):
        gc.collect()
        most = max(most, sum(type(one) is patcher.Plan for one in gc.get_objects()))
    gc.unfreeze()

    assert 0 < most <= 4
