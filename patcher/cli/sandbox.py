"""``sandbox`` runs the emulator until Ctrl-C; ``demo`` demonstrates the main job on it.

Each scene of the demonstration runs real commands, and then checks what it claims.
"""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from typing import TYPE_CHECKING, Any

import click

from patcher.cli import console, exits
from patcher.cli.help import FILE, Command, Number, value_option
from patcher.cli.options import Connection
from patcher.cli.signals import SIGNALS
from patcher.documents.values import Document, strictly_equal
from patcher.documents.wording import counted
from patcher.errors import InvalidInputError, PatchError
from patcher.render.text import Span, line

if TYPE_CHECKING:
    from patcher.sandbox import Sandbox


@click.command("sandbox", cls=Command)
@value_option(
    "--port N",
    "Port on 127.0.0.1; 0 picks a free one",
    type=Number(int, 0, 65535),
    default=8930,
    show_default=True,
)
@value_option(
    "--db FILE", "Keep models and syncs in this SQLite file  [default: in memory]", type=FILE
)
@value_option(
    "--models N",
    "Number of models at the start",
    type=Number(int, 0, 100_000),
    default=3,
    show_default=True,
)
@value_option(
    "--latency SECONDS", "Delay before each response", type=Number(float, 0, 60), default=0.0
)
@click.option("--fixed-ids", is_flag=True, help="Use the same model IDs at each start")
@click.option("--light-lists", is_flag=True, help="List models without their content")
@click.option("--echo-blanks", is_flag=True, help="Store missing configuration keys as blanks")
@click.option("--json-examples", is_flag=True, help="Return examples as JSON values, not texts")
@click.option("--new-keys", is_flag=True, help="Add unknown keys to columns and labels")
@value_option("--redaction TEXT", "Return TEXT instead of each credential", default="")
def sandbox_command(**options: Any) -> None:
    """Run an emulator of the API on this machine.

    Prints the two environment variables that point patch-model at it, and runs until Ctrl-C. The
    options from --light-lists on imitate what other servers plausibly do.

    \b
    Examples:
      patch-model sandbox --port 8930 --models 10
      patch-model sandbox --light-lists --redaction '******'
    """
    with open_sandbox(**options) as sandbox:
        try:
            console.write(
                f"export POLYTOMIC_DEPLOYMENT_URL={sandbox.url}\n"
                f"export POLYTOMIC_API_KEY={sandbox.api_key}\n",
                sys.stdout,
            )
            if console.output.lost:
                return  # its address was not printed
            console.say(f"Serving {len(sandbox.ids())} models; stop with Ctrl-C.")
            sandbox.wait()
        except KeyboardInterrupt:
            SIGNALS.settle()
            console.say("", "Stopped.")


def open_sandbox(**options: Any) -> Sandbox:
    """A running sandbox. Raises InvalidInputError if it cannot be started."""
    import sqlite3

    try:
        from patcher.sandbox import Sandbox
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            f"The sandbox needs {error.name}, which is not installed.",
            hint="python -m pip install 'polytomic-patcher[sandbox]'",
        ) from error
    try:
        return Sandbox(**options)
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(f"The sandbox cannot be started: {reason}.") from error


class ClaimError(PatchError):
    """A claim of the demonstration is false."""


@click.command("demo", cls=Command)
def demo_command() -> None:
    """Demonstrate the main job on the emulator.

    Uses nothing outside this machine. Exits with 70 if one of its claims is false.

    \b
    Example:
      patch-model demo
    """
    with open_sandbox() as sandbox, _environment(sandbox):
        for scene in (_bare_put, _guarded, _conflict, _lost_answer):
            scene(sandbox, _contacts(sandbox))
    console.result(map(line, ("", "Every claim above was checked against what the server stores.")))


def _bare_put(sandbox: Sandbox, model_id: str) -> None:
    _heading("1. What a plain update does", "PUT replaces the whole model.")
    from patcher.api import Client
    from patcher.guard.guard import fresh_key

    before = sandbox.stored(model_id)
    keys = ("connection_id", "configuration")
    body = {"name": "Customers", **{key: before[key] for key in keys}}
    body_shown = "{name: Customers, connection_id: ..., configuration: ...}   (a new name)"
    _say(f"  PUT /api/models/{model_id}", f"  {body_shown}", "")
    with Client(sandbox.url, sandbox.api_key) as client:
        answer = client.put("/api/models", model_id, body, idempotency_key=fresh_key())
    _claim("the API answers with a success", answer.status == 200)
    after = sandbox.stored(model_id)
    lost = _lost(before, after)
    for key in before:
        _show_key(key, before[key], after.get(key), is_lost=key in lost)
    _say("")
    _claim(f"{len(lost)} of {len(before)} keys are lost or altered", len(lost) == 8)


def _guarded(sandbox: Sandbox, model_id: str) -> None:
    _heading(
        "2. The same change with patch-model",
        "It shows what it will change, and changes only that.",
    )
    before = sandbox.stored(model_id)
    code = _command("apply", "Contacts", "name=Customers", "--yes")
    after = sandbox.stored(model_id)
    _claim("the exit code is 0", code == 0)
    _claim("the name is new", after["name"] == "Customers")
    _claim(
        f"{len(before) - 1} of {len(before) - 1} other keys are unchanged",
        strictly_equal(before, {**after, "name": before["name"]}),
    )


def _conflict(sandbox: Sandbox, model_id: str) -> None:
    from patcher.sandbox import faults

    _heading("3. Someone else got there first", "Their edit lands between the plan and the write.")
    theirs = {"identifier": "email"}
    sandbox.fault(faults.concurrent_write(theirs, "before", method="GET", kind="model", nth=2))
    code = _command("apply", "Contacts", "name=Customers", "--yes", quiet=True)
    _claim("the exit code is 4", code == 4)
    _claim("nothing was sent", not sandbox.puts(model_id))
    _claim("their edit is still there", sandbox.stored(model_id)["identifier"] == "email")


def _lost_answer(sandbox: Sandbox, model_id: str) -> None:
    from patcher.sandbox import faults

    _heading("4. The response is lost", "The connection breaks after the server has written.")
    sandbox.fault(faults.drop_after())
    code = _command("apply", "Contacts", "name=Customers", "--yes", "-v", quiet=True)
    _claim("the exit code is 0: reading the model again shows the write", code == 0)
    _claim("it was sent exactly once", len(sandbox.puts(model_id)) == 1)
    _claim("it is stored", sandbox.stored(model_id)["name"] == "Customers")


def _lost(before: Document, after: Document) -> list[str]:
    """The keys that changed, other than the name that was to change."""
    return [
        key for key in before if key != "name" and not strictly_equal(before[key], after.get(key))
    ]


def _contacts(sandbox: Sandbox) -> str:
    """A new model with all twelve writable keys, the only one in the sandbox."""
    from patcher.sandbox import seed

    for model_id in sandbox.ids():
        sandbox.delete(model_id)
    return sandbox.create(seed.contacts())


def _command(*arguments: str, quiet: bool = False) -> int:
    """Runs a patch-model command as if it had been typed; returns its exit code.

    ``quiet`` leaves out the plan, which the reader has seen already.
    """
    from patcher.cli.main import cli

    _say(f"  $ patch-model {shlex.join(arguments)}")
    console.output.is_muted = quiet
    # Messages go to standard output too, so that they stay in order.
    with redirect_stderr(sys.stdout):
        code = exits.invoke(cli, list(arguments), Connection())
    console.output.is_muted = False
    if SIGNALS.is_pending:
        raise KeyboardInterrupt
    # The demonstration goes on after the command's signals and output are settled.
    SIGNALS.count_again()
    console.output.is_work = True
    _say("")
    return code


@contextmanager
def _environment(sandbox: Sandbox) -> Iterator[None]:
    """The sandbox as the API, and a temporary journal."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="patch-model-demo-") as folder:
        os.environ["POLYTOMIC_DEPLOYMENT_URL"] = sandbox.url
        os.environ["POLYTOMIC_API_KEY"] = sandbox.api_key
        os.environ["PATCH_MODEL_STATE_DIR"] = folder
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def _heading(title: str, text: str) -> None:
    console.show([line(), line(Span(title, "title")), line(text), line()])


def _say(*texts: str) -> None:
    console.show(map(line, texts))


def _show_key(key: str, before: Any, after: Any, *, is_lost: bool) -> None:
    mark, said = " ", Span("changed" if key == "name" else "kept", "quiet")
    if is_lost:
        was = counted(len(before), "item") if isinstance(before, list) else "set"
        now = "cleared" if not after else f"now {len(after)}: every column of the source"
        mark, said = "!", Span(f"{was}, {now}", "alarm")
    console.show([line(f"  {mark} {key:<18}", said)])


def _claim(text: str, is_true: bool) -> None:
    """Prints a claim that is true. Raises ClaimError for one that is false."""
    if not is_true:
        raise ClaimError(f"The demonstration failed. This is not true: {text}.")
    console.show([line(Span("  ok", "added"), f"  {text}")])
