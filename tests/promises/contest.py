"""Many writers on one model at once, and an account of whose updates were lost to whom.

Each writer adds marks of its own to the configuration, one after the other, and takes none away: a
mark that was there before a write and not after it was taken away by that write. The account is
taken on the server (ledger.py); what the writers were told is laid beside it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import requests

from patcher.api import Client, Settings
from patcher.api.settings import basic
from patcher.api.transport import Exchange, connections
from patcher.documents.patches import Patch
from patcher.errors import ConflictError, PatchError
from patcher.journal import Journal
from patcher.operations import Options, Session
from patcher.operations.arguments import OnConflict
from patcher.operations.write import run_patch
from patcher.plan import Plan
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from patcher.sandbox import Sandbox
from patcher.sandbox.messages import PARTNER, USER
from tests.promises.ledger import Ledger, Write

Kind: TypeAlias = Literal["rebase", "fail", "bare"]
"""patch-model putting its change upon theirs; patch-model, run again after a conflict; neither."""

ATTEMPTS = 500
"""How often a command is run again that ended with a conflict."""


class Writer(NamedTuple):
    """One writer: what it needs to work in a thread or in a process of its own.

    ``pause`` is the longest time between two of its updates, and ``thought`` that between what it
    reads and what it writes, in seconds.
    """

    kind: Kind
    number: int
    updates: int
    pause: float
    thought: float
    url: str
    authorization: str
    model_id: str
    folder: str
    timed: bool


class Told(NamedTuple):
    """What a writer was told about one mark: an exit code, and the keys of the write."""

    kind: Kind
    mark: str
    exit_code: int
    keys: tuple[str, ...] = ()
    conflicts: int = 0


class Window(NamedTuple):
    """From the second reading to the write: milliseconds by the clock, and of the processor."""

    wall: float
    own: float


def work(writer: Writer, start: Any, results: Any) -> None:
    """Makes a writer's updates, once all stand ready, and hands over what it was told."""
    windows: list[Window] = []
    observe = timing(windows) if writer.timed and writer.kind != "bare" else None
    settings = Settings(writer.url, writer.authorization)
    told = []
    with Client(settings=settings, observe=observe) as client, requests.Session() as http:
        session = Session(client, Journal(Path(writer.folder) / f"{writer.kind}-{writer.number}"))
        start.wait(timeout=60)
        for update in range(writer.updates):
            idle(writer.pause)
            mark = f"{writer.kind}-{writer.number}-{update}"
            if writer.kind == "bare":
                told.append(bare(http, writer, mark))
            else:
                told.append(guarded(session, writer, mark))
    results.put((told, windows))


def idle(longest: float) -> None:
    """Some time that a writer spends otherwise; none at all where there is to be none."""
    if longest:
        time.sleep(random.uniform(0, longest))  # noqa: S311 - not a secret


def guarded(session: Session, writer: Writer, mark: str) -> Told:
    """A mark by way of patch-model, tried again as a pipeline would until it is no conflict."""
    change = Patch.set(f"configuration.{mark}", "made")

    def think(_: Plan) -> bool:
        idle(writer.thought)
        return True

    on_conflict: OnConflict = "rebase" if writer.kind == "rebase" else "fail"
    options = Options(on_conflict=on_conflict, confirm=think, attended=False)
    for conflicts in range(ATTEMPTS):
        try:
            result = run_patch(session, writer.model_id, change, options)
        except ConflictError:
            continue
        except PatchError as error:
            result = error.result
        entry = session.journal.entry(result.journal_entry or "")
        return Told(writer.kind, mark, result.exit_code, entry.intent.keys, conflicts)
    return Told(writer.kind, mark, 4, conflicts=ATTEMPTS)


def bare(http: requests.Session, writer: Writer, mark: str) -> Told:
    """A mark by a careful fetch, merge and put: every member is carried, nothing is checked."""
    url = f"{writer.url}/api/models/{writer.model_id}"
    headers = {"Authorization": writer.authorization}
    raw = http.get(url, headers=headers, timeout=60).json()["data"]
    body, _ = MODEL.document(Snapshot(raw))
    body["configuration"][mark] = "made"
    idle(writer.thought)
    http.put(url, json=body, headers=headers, timeout=60).raise_for_status()
    return Told(writer.kind, mark, 0)


def timing(windows: list[Window]) -> Callable[[Exchange], None]:
    """Measures, in a process with one writer, the time between a reading and a write."""
    last = [(0.0, 0.0)]
    send = connections._WatchedConnection.send

    def watched(self: Any, data: Any) -> None:
        if bytes(data[:4]) == b"PUT ":
            now = (time.perf_counter(), time.thread_time())
            windows.append(Window(*((b - a) * 1000 for a, b in zip(last[0], now, strict=True))))
        send(self, data)

    def note(exchange: Exchange) -> None:
        if exchange.method == "GET":
            last[0] = (time.perf_counter(), time.thread_time())

    connections._WatchedConnection.send = watched  # type: ignore[method-assign]
    return note


class Removed(NamedTuple):
    """A mark that a write took away: who wrote, and the exit code that its writer saw."""

    mark: str
    by: Literal["patch-model", "bare"]
    exit_code: int


class Account(NamedTuple):
    """How a contest ended.

    ``told`` is what the writers were told, ``removed`` every mark taken away, ``missing`` the
    marks that are not there in the end, although their writer was told that they were written.
    """

    told: list[Told]
    removed: list[Removed]
    missing: list[str]
    windows: list[Window]

    def silent(self, by: str) -> list[Removed]:
        """The marks that were taken away without a word."""
        return [one for one in self.removed if one.by == by and one.exit_code == 0]


class Kit(NamedTuple):
    """What writers run in: threads or processes, with a barrier and a queue for them."""

    runner: Callable[..., Any]
    barrier: Callable[[int], Any]
    queue: Callable[[], Any]


def contest(
    sandbox: Sandbox,
    model_id: str,
    kit: Kit,
    kinds: Iterable[Kind],
    folder: Path,
    *,
    updates: int,
    pause: float = 0.0,
    thought: float = 0.0,
    timed: bool = False,
) -> Account:
    """Lets a writer of each of ``kinds`` make so many updates, all at once."""
    bearer = f"Bearer {sandbox.api_key}"
    partner = basic(sandbox.organization_id, sandbox.partner_key, source="key")
    ledger = Ledger(sandbox, {})
    ledger.watch(sandbox)
    writers = [
        Writer(
            *(kind, number, updates, pause, thought, sandbox.url),
            *(partner if kind == "bare" else bearer, model_id, str(folder), timed),
        )
        for number, kind in enumerate(kinds)
    ]
    start, results = kit.barrier(len(writers)), kit.queue()
    runners = [kit.runner(target=work, args=(one, start, results), daemon=True) for one in writers]
    for one in runners:
        one.start()
    ended = [results.get(timeout=120) for _ in runners]
    for one in runners:
        one.join()
    return account(ledger.writes, [told for ended_, _ in ended for told in ended_])._replace(
        windows=[window for _, windows in ended for window in windows]
    )


def account(writes: list[Write], told: list[Told]) -> Account:
    """Lays what the writers were told beside what their writes did."""
    codes = {key: one.exit_code for one in told for key in one.keys}
    removed = []
    for write in writes:
        by: Any = {USER["name"]: "patch-model", PARTNER["name"]: "bare"}[write.by]
        code = codes[write.key or ""] if by == "patch-model" else 0
        removed += [
            Removed(place[1], by, code)
            for place in write.before.keys() - write.after.keys()
            if place[0] == "configuration"
        ]
    left = {place[1] for place in writes[-1].after if place[0] == "configuration"}
    missing = [one.mark for one in told if one.exit_code in (0, 5) and one.mark not in left]
    return Account(told, removed, missing, [])
