"""Options that several commands share, and what they come to."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import click

from patcher.api.transport import Exchange
from patcher.cli import console
from patcher.cli.signals import SIGNALS
from patcher.errors import SettingsError

if TYPE_CHECKING:
    from patcher.guard import Clock


def tracer(verbosity: int) -> Callable[[Exchange], None] | None:
    """What to call for each exchange, or None when nobody asked."""
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


_LONGEST_SETTLING: Final = 86_400

REPORTS: Final = ("markdown", "html")
"""The formats that are for people elsewhere, and so never hold a credential."""

F = TypeVar("F", bound=Callable[..., Any])


class Connection:
    """Where and how to reach the API, as given before or after the command.

    ``clock`` is what waiting goes by, where it is not the machine's own.
    """

    url: str | None = None
    api_key_file: str | None = None
    api_version: str | None = None
    timeout: float | None = None
    settle_timeout: float | None = None
    verbose: int = 0
    clock: Clock | None = None

    def arguments(self) -> list[str]:
        """What was given of where to reach the API, as a further command has to say it again."""
        given = {
            "--url": self.url,
            "--api-key-file": self.api_key_file,
            "--api-version": self.api_version,
        }
        return [part for name, value in given.items() if value for part in (name, value)]


def connection() -> Connection:
    """What was given in this invocation."""
    given: Connection = click.get_current_context().find_root().ensure_object(Connection)
    return given


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Notes an option wherever it stands; the one after the command comes later and wins."""
    is_given = bool(value) if parameter.name == "verbose" else value is not None
    if is_given:
        setattr(ctx.find_root().ensure_object(Connection), parameter.name or "", value)


_CONNECTION: Final = (
    click.option(
        "--url",
        callback=_keep,
        expose_value=False,
        metavar="URL",
        help="The API's address.  [env: POLYTOMIC_DEPLOYMENT_URL; default: "
        "https://app.polytomic.com]",
    ),
    click.option(
        "--api-key-file",
        callback=_keep,
        expose_value=False,
        type=click.Path(),
        metavar="FILE",
        help="A file with the API key.  [env: POLYTOMIC_API_KEY holds the key itself]",
    ),
    click.option(
        "--api-version",
        callback=_keep,
        expose_value=False,
        metavar="DATE",
        help="The API version to speak.  [default: 2025-09-18]",
    ),
    click.option(
        "--timeout",
        callback=_keep,
        expose_value=False,
        type=float,
        metavar="SECONDS",
        help="How long a request may take, to the last byte of its answer.  [default: 60]",
    ),
    click.option(
        "--settle-timeout",
        callback=_keep,
        expose_value=False,
        type=click.FloatRange(min=0),
        metavar="SECONDS",
        help="How long to look for the outcome of an unclear write or a job.  [default: 30]",
    ),
    click.option(
        "-v",
        "--verbose",
        callback=_keep,
        expose_value=False,
        count=True,
        help="Show each request on standard error; -vv shows more.",
    ),
)


def connection_options(command: F) -> F:
    """Adds the connection options, which are taken before and after the command alike."""
    for option in reversed(_CONNECTION):
        command = option(command)
    return command


def settings(timeout: float | None = None) -> Any:
    """The patcher Settings that the options and the environment describe.

    ``timeout`` goes before the one that was given.
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
    if given.settle_timeout is not None and not given.settle_timeout < _LONGEST_SETTLING:
        raise SettingsError("The settle timeout must be a number of seconds, of at most a day.")
    client = Client(settings=settings(), sleep=clock.sleep, observe=tracer(given.verbose))
    return Session.from_env(
        client,
        defer=SIGNALS.defer,
        settle_timeout=given.settle_timeout,
        clock=clock,
        # Lines about each request and a line that is written over do not go together.
        progress=ignore if given.verbose else show_progress,
        note=console.say if given.verbose else None,
    )


class CompletedName(click.ParamType):  # type: ignore[type-arg]
    """What a model or a journal entry is called, completed while somebody types it.

    ``source`` says where names come from: the "api", the "journal", or for entries the journal
    and for models the API ("both").
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
    return click.option(
        "-o",
        "--output",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="What to print.",
    )


unknown_fields_option = click.option(
    "--unknown-fields",
    default="error",
    show_default=True,
    metavar="WHAT",
    help="Keys of the model that this version does not know: error stops, carry sends them along, "
    "drop leaves them out (which clears them); or key by key, KEY=carry,KEY=drop.  "
    "[env: PATCH_MODEL_UNKNOWN_FIELDS, key by key]",
)

show_secrets_option = click.option(
    "--show-secrets",
    is_flag=True,
    help="Show the values of credentials; on a terminal only.",
)

allow_all_fields_option = click.option(
    "--allow-all-fields",
    is_flag=True,
    help="Let the change leave fields empty, which opens every source field.",
)

strict_option = click.option(
    "--strict", is_flag=True, help="Refuse a change that brings in a fault that is warned of."
)

literal_option = click.option(
    "--literal",
    multiple=True,
    metavar="PATH",
    help="Take the value at PATH as it is, although it looks like a mask. Repeatable.",
)

accept_older_option = click.option(
    "--accept-older",
    is_flag=True,
    help="Work from a state of the model that is older than the one last seen, as after a restore.",
)

async_option = click.option(
    "--async", "run_async", is_flag=True, help="Let the API write in the background, and wait."
)

refresh_option = click.option(
    "--refresh", is_flag=True, help="Ask the API to refresh the model's source fields."
)

on_conflict_option = click.option(
    "--on-conflict",
    type=click.Choice(["fail", "rebase"]),
    default="fail",
    show_default=True,
    help="When somebody else wrote first: stop, or put the change upon theirs if both can stand.",
)


_SELECTION: Final = (
    click.option("--all", is_flag=True, help="Every model, in the place of MODEL."),
    click.option(
        "--where",
        multiple=True,
        metavar="PATH=VALUE",
        help="Only models in which PATH has this value, or with PATH~=REGEX one in which that is "
        "found; of all models where none is named. Repeatable: all must hold.",
    ),
    click.option(
        "--exclude", multiple=True, metavar="MODEL", help="Leave this model alone. Repeatable."
    ),
)

_MANNER: Final = (
    click.option(
        "--concurrency",
        type=click.IntRange(1, 256),
        default=8,
        show_default=True,
        metavar="N",
        help="With many models: how many are worked on at a time.",
    ),
    click.option(
        "--max-rps",
        type=click.FloatRange(min=0, min_open=True),
        metavar="N",
        help="With many models: how many requests are sent in a second, at most.",
    ),
    click.option(
        "--keep-going/--fail-fast",
        "keep_going",
        default=True,
        help="With many models: after one that fails, go on with the others (the default), or "
        "begin nothing new.",
    ),
)


def selection_options(command: F) -> F:
    """Adds the options that choose among all models."""
    for option in reversed(_SELECTION):
        command = option(command)
    return command


def manner_options(command: F) -> F:
    """Adds the options that say how many models are gone about."""
    for option in reversed(_MANNER):
        command = option(command)
    return command


def options_of(parameters: dict[str, Any]) -> Any:
    """The patcher Options among a command's parameters."""
    from patcher.operations import Options

    names = Options.__dataclass_fields__.keys() & parameters.keys()
    return Options(**{name: parameters[name] for name in names})
