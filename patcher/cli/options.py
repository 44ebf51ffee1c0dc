"""Options that several commands share, and the session they describe."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import click

from patcher.cli import console
from patcher.cli.help import Number
from patcher.cli.signals import SIGNALS

if TYPE_CHECKING:
    from patcher.api.transport import Exchange
    from patcher.backoff import Clock


def tracer(verbosity: int) -> Callable[[Exchange], None] | None:
    """What to call for each exchange, or None without -v."""
    if verbosity <= 0:
        return None

    def trace(exchange: Exchange) -> None:
        outcome = (exchange.failure or str(exchange.status)).rstrip(".")
        console.say(
            f"{exchange.method} {exchange.path} -> {outcome} ({exchange.seconds * 1000:.0f} ms)"
        )
        if verbosity > 1:
            for name, value in sorted(exchange.notable.items()):
                console.say(f"    {name}: {value}")

    return trace


REPORTS: Final = ("markdown", "html")
"""Formats for readers elsewhere, which never show a credential."""

F = TypeVar("F", bound=Callable[..., Any])


class Connection:
    """Where and how to reach the API, as given before or after the command.

    ``clock`` replaces the machine's clock.
    """

    url: str | None = None
    api_key_file: str | None = None
    api_version: str | None = None
    timeout: float | None = None
    settle_timeout: float | None = None
    verbose: int = 0
    clock: Clock | None = None

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
    given: Connection = click.get_current_context().find_root().ensure_object(Connection)
    return given


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Notes an option in any position; one after the command overrides one before it."""
    is_given = bool(value) if parameter.name == "verbose" else value is not None
    if is_given:
        setattr(ctx.find_root().ensure_object(Connection), parameter.name or "", value)


def _kept(*names: str, **attributes: Any) -> Callable[[F], F]:
    return click.option(*names, callback=_keep, expose_value=False, **attributes)


_CONNECTION: Final = (
    _kept(
        "--url",
        metavar="URL",
        help="Address of the API  "
        "[env: POLYTOMIC_DEPLOYMENT_URL; default: https://app.polytomic.com]",
    ),
    _kept(
        "--api-key-file",
        type=click.Path(),
        metavar="FILE",
        help="File with the API key  [env: POLYTOMIC_API_KEY holds the key itself]",
    ),
    _kept("--api-version", metavar="DATE", help="Version of the API  [default: 2025-09-18]"),
    _kept(
        "--timeout",
        type=Number(float),
        metavar="SECONDS",
        help="Time limit for a request and its response  [default: 60]",
    ),
    _kept(
        "--settle-timeout",
        type=Number(float, 0, 86_400),
        metavar="SECONDS",
        help="How long to check an unclear write, or wait for a job  [default: 30]",
    ),
    _kept("-v", "--verbose", count=True, help="Show each request on standard error (-vv: more)"),
)


def connection_options(command: F) -> F:
    """Adds the connection options, which are accepted before and after the command."""
    for option in reversed(_CONNECTION):
        command = option(command)
    return command


def settings(timeout: float | None = None) -> Any:
    """The patcher Settings that the options and the environment describe.

    ``timeout`` overrides the one that was given.
    """
    from patcher.api import Settings

    given = connection()
    return Settings.from_env(
        os.environ,
        url=given.url,
        api_key_file=Path(given.api_key_file) if given.api_key_file else None,
        api_version=given.api_version,
        timeout=given.timeout if timeout is None else timeout,
    )


def session() -> Any:
    """The session that the options and the environment describe; a patcher Session."""
    from patcher.api import Client
    from patcher.cli import console
    from patcher.cli.confirmation import show_progress
    from patcher.documents.notices import ignore
    from patcher.operations import Session
    from patcher.operations.session import SystemClock

    given = connection()
    clock = given.clock or SystemClock()
    client = Client(settings=settings(), sleep=clock.sleep, observe=tracer(given.verbose))
    return Session.from_env(
        client,
        defer=SIGNALS.defer,
        settle_timeout=given.settle_timeout,
        clock=clock,
        # Lines about each request would break a line that is overwritten.
        progress=ignore if given.verbose else show_progress,
        note=console.say if given.verbose else None,
    )


class CompletedName(click.ParamType):  # type: ignore[type-arg]
    """The name of a model or a journal entry, with completion.

    ``source`` says where names come from: the "api", the "journal", or "both" (entries from the
    journal, models from the API).
    """

    name = "text"

    def __init__(self, source: Literal["api", "journal", "both"]) -> None:
        self.source = source

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[Any]:
        """The words that ``incomplete`` may become."""
        from patcher.cli import completion

        return completion.items(self.source, ctx, incomplete)


def output_option(*formats: str) -> Callable[[F], F]:
    """Adds -o with these formats, the first the default."""
    named = ", ".join((f"{formats[0]} (default)", *formats[1:-1])) + f" or {formats[-1]}"
    return click.option(
        "-o",
        "--output",
        type=click.Choice(formats),
        default=formats[0],
        metavar="FORMAT",
        help=f"Format: {named}",
    )


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
    "unknown-fields": click.option(
        "--unknown-fields",
        default="error",
        metavar="RULE",
        help="For unknown keys: error (default), carry or drop",
    ),
    "literal": click.option(
        "--literal",
        multiple=True,
        metavar="PATH",
        help="Accept the value at PATH, which looks like a mask",
    ),
    "async": click.option(
        "--async", "run_async", is_flag=True, help="Let the API write in a job, and wait for it"
    ),
    "yes": click.option("-y", "--yes", is_flag=True, help="Skip the prompt"),
    "on-conflict": click.option(
        "--on-conflict",
        type=click.Choice(["fail", "rebase"]),
        default="fail",
        metavar="RULE",
        help="If others wrote first: fail (default) or rebase",
    ),
    "where": click.option(
        "--where",
        multiple=True,
        metavar="PATH=VALUE",
        help="Select models with this value (PATH~=REGEX matches)",
    ),
    "base": click.option(
        "--base", metavar="REV", help="Changes since REV, a folder or live (default: HEAD)"
    ),
    "file": click.option(
        "-f",
        "--file",
        "files",
        multiple=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Use model files or folders, not MODEL and CHANGE",
    ),
    "exclude": click.option(
        "--exclude", multiple=True, metavar="MODEL", help="Leave this model out"
    ),
    "concurrency": click.option(
        "--concurrency",
        type=Number(int, 1, 256),
        default=8,
        show_default=True,
        metavar="N",
        help="Work on N models at a time",
    ),
    "max-rps": click.option(
        "--max-rps", type=Number(float, 0.001), metavar="N", help="Send at most N requests a second"
    ),
    # The default, for who says it; it wins over --fail-fast.
    "keep-going": click.option("--keep-going", is_flag=True, hidden=True),
}

BATCH: Final = "concurrency max-rps keep-going fail-fast"


def shared(names: str) -> Callable[[F], F]:
    """Adds options that several commands share, by their names."""

    def add(command: F) -> F:
        for name in names.split():
            command = _SHARED[name](command)
        return command

    return add


def options_of(parameters: dict[str, Any], **more: Any) -> Any:
    """The patcher Options among a command's parameters, and ``more`` of them."""
    from patcher.operations import Options

    names = Options.__dataclass_fields__.keys() & parameters.keys()
    return Options(**{name: parameters[name] for name in names}, **more)
