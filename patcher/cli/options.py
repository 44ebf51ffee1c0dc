"""Options that several commands share, and the session they describe."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from patcher.cli import console
from patcher.cli.help import PATH, F, Number, value_option
from patcher.cli.signals import SIGNALS

if TYPE_CHECKING:
    from patcher.api import Settings
    from patcher.api.transport import Exchange
    from patcher.operations import Options, Session


def _trace(verbosity: int, exchange: Exchange) -> None:
    """Shows an exchange, its notable headers too with -vv."""
    outcome = (exchange.failure or str(exchange.status)).rstrip(".")
    took = f"{exchange.seconds * 1000:.0f} ms"
    console.say(f"{exchange.method} {exchange.path} -> {outcome} ({took})")
    if verbosity > 1:
        for name, value in sorted(exchange.notable.items()):
            console.say(f"    {name}: {value}")


REPORTS: Final = ("markdown", "html")
"""Formats for readers elsewhere, which never show a credential."""


class Connection:
    """Where and how to reach the API, as given before or after the command."""

    url: str | None = None
    api_key_file: str | None = None
    api_version: str | None = None
    timeout: float | None = None
    settle_timeout: float | None = None
    verbose: int = 0

    def arguments(self) -> list[str]:
        """The options that a further command needs to reach the same API."""
        given = {
            "--url": self.url,
            "--api-key-file": self.api_key_file,
            "--api-version": self.api_version,
        }
        return [part for name, value in given.items() if value for part in (name, value)]


def connection() -> Connection:
    """The connection options of this invocation."""
    return click.get_current_context().find_root().ensure_object(Connection)


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Notes an option in any position; one after the command overrides one before it."""
    is_given = bool(value) if parameter.name == "verbose" else value is not None
    if is_given:
        setattr(ctx.find_root().ensure_object(Connection), parameter.name or "", value)


_kept: Final = partial(value_option, callback=_keep, expose_value=False)

_CONNECTION: Final = (
    _kept(
        "--url URL",
        "Address of the API  [env: POLYTOMIC_DEPLOYMENT_URL; default: https://app.polytomic.com]",
    ),
    _kept(
        "--api-key-file FILE",
        "File with the API key  [env: POLYTOMIC_API_KEY holds the key itself]",
        type=click.Path(),
    ),
    _kept("--api-version DATE", "Version of the API  [default: 2025-09-18]"),
    _kept(
        "--timeout SECONDS",
        "Time limit for a request and its response  [default: 60]",
        type=Number(float),
    ),
    _kept(
        "--settle-timeout SECONDS",
        "How long to check an unclear write, or wait for a job  [default: 30]",
        type=Number(float, 0, 86_400),
    ),
    _kept("-v --verbose", "Show each request on standard error (-vv: more)", count=True),
)


def connection_options(command: F) -> F:
    """Adds the connection options, which are accepted before and after the command."""
    for option in reversed(_CONNECTION):
        command = option(command)
    return command


def settings(timeout: float | None = None) -> Settings:
    """The settings that the options and the environment describe.

    ``timeout`` overrides the one that was given.
    """
    from pathlib import Path

    from patcher.api import Settings

    given = connection()
    return Settings.from_env(
        os.environ,
        url=given.url,
        api_key_file=Path(given.api_key_file) if given.api_key_file else None,
        api_version=given.api_version,
        timeout=given.timeout if timeout is None else timeout,
    )


def session() -> Session:
    """The session that the options and the environment describe."""
    from patcher.api import Client
    from patcher.cli.confirmation import show_progress
    from patcher.documents.wording import ignore
    from patcher.operations import Session
    from patcher.operations.session import SystemClock

    given = connection()
    observe = partial(_trace, given.verbose) if given.verbose else None
    client = Client(settings=settings(), sleep=SystemClock.sleep, observe=observe)
    return Session(
        client,
        defer=SIGNALS.defer,
        settle_timeout=given.settle_timeout,
        # Lines about each request would break a line that is overwritten.
        progress=ignore if given.verbose else show_progress,
        note=console.say if given.verbose else None,
    )


def completed_argument(
    name: str, source: Literal["api", "journal", "both"], **attributes: Any
) -> Callable[[F], F]:
    """Adds an argument that names a model or a journal entry, with completion.

    ``source`` says where names come from: the "api", the "journal", or "both" (entries from the
    journal, models from the API).
    """

    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[Any]:
        from patcher.cli import completion

        return completion.items(source, ctx, incomplete)

    return click.argument(name, type=click.UNPROCESSED, shell_complete=complete, **attributes)


_FLAGS: Final = {
    "show-secrets": "Show credentials (on a terminal only)",
    "allow-all-fields": "Allow a change that exposes every source field",
    "strict": "Treat new warnings about the document as errors",
    "accept-older": "Accept a model older than last seen (restored)",
    "refresh": "Refresh the model's source fields",
    "dry-run": "Stop after showing the plan",
    "preview": "Ask the source which fields would be exposed",
    "impact": "Find syncs and models that the change breaks",
    "all": "Select all models",
    "fail-fast": "Start no further write after a failure",
}

_SHARED: Final[dict[str, Callable[[Any], Any]]] = {
    **{name: click.option(f"--{name}", is_flag=True, help=text) for name, text in _FLAGS.items()},
    "unknown-fields": value_option(
        "--unknown-fields RULE", "For unknown keys: error (default), carry or drop", default="error"
    ),
    "literal": value_option(
        "--literal PATH", "Accept the value at PATH, which looks like a mask", multiple=True
    ),
    "async": click.option(
        "--async", "run_async", is_flag=True, help="Let the API write in a job, and wait for it"
    ),
    "yes": click.option("-y", "--yes", is_flag=True, help="Skip the prompt"),
    "on-conflict": value_option(
        "--on-conflict RULE",
        "If others wrote first: fail (default) or rebase",
        type=click.Choice(["fail", "rebase"]),
        default="fail",
    ),
    "where": value_option(
        "--where PATH=VALUE", "Select models with this value (PATH~=REGEX matches)", multiple=True
    ),
    "expect-version": value_option(
        "--expect-version N", "Stop unless the model is at version N", type=Number(int)
    ),
    "base": value_option("--base REV", "Changes since REV, a folder or live (default: HEAD)"),
    "file": value_option(
        "-f --file files FILE",
        "Use model files or folders, not MODEL and CHANGE",
        multiple=True,
        type=PATH,
    ),
    "exclude": value_option("--exclude MODEL", "Leave this model out", multiple=True),
    "concurrency": value_option(
        "--concurrency N",
        "Work on N models at a time",
        type=Number(int, 1, 256),
        default=8,
        show_default=True,
    ),
    "max-rps": value_option(
        "--max-rps N", "Send at most N requests a second", type=Number(float, 0.001)
    ),
    # The default, for who says it; it wins over --fail-fast.
    "keep-going": click.option("--keep-going", is_flag=True, hidden=True),
}

BATCH: Final = "concurrency max-rps keep-going fail-fast"


def shared(names: str, *formats: str, connects: bool = True) -> Callable[[F], F]:
    """Adds options that several commands share, by their names.

    Adds -o with these ``formats``, the first the default, and what a command that ``connects``
    to the API needs.
    """
    named = ", ".join((f"{formats[0]} (default)", *formats[1:-1])) + f" or {formats[-1]}"
    choice = click.Choice(formats)
    output = value_option("-o --output FORMAT", f"Format: {named}", type=choice, default=formats[0])

    def add(command: F) -> F:
        command = output(connection_options(command) if connects else command)
        for name in names.split():
            command = _SHARED[name](command)
        return command

    return add


def options_of(parameters: dict[str, Any], **more: Any) -> Options:
    """The options among a command's parameters, and ``more`` of them."""
    from patcher.operations import Options

    return Options.among(parameters, **more)
