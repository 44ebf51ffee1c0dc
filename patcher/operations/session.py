"""The session that all operations work in, and the options of a change."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from patcher.api import Client
from patcher.backoff import Clock
from patcher.documents.jsontext import quoted
from patcher.documents.masks import Masks
from patcher.documents.patches import Patch
from patcher.documents.pointers import pointer_to
from patcher.documents.spellings import cut
from patcher.documents.values import JsonValue
from patcher.documents.wording import ignore
from patcher.errors import ConflictError, InvalidInputError, PatchError, SettingsError
from patcher.guard.accepted import Accepted, read_fresh
from patcher.guard.guard import Defer, Guard, not_deferred
from patcher.journal import Journal
from patcher.operations.api_store import ApiStore
from patcher.operations.arguments import Options
from patcher.plan import Origin, PatchResult, Plan, Terms, check_change
from patcher.resources.blockers import OnUnknown, UnknownKeys
from patcher.resources.model import MODEL
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot

if TYPE_CHECKING:
    from patcher.api.pace import Pace
    from patcher.batch.pool import BatchControl


logger = logging.getLogger("patcher")


class Progress(NamedTuple):
    """``done`` of ``total`` of ``what``, each None where unknown; all None once it is over."""

    what: str | None
    done: int | None = None
    total: int | None = None


DEFAULT_SETTLE_TIMEOUT: Final = 30.0


class SystemClock:
    """The machine's own time."""

    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


class Session:
    """What every operation works with: a client, the journal, and the settings around them.

    Attributes:
        client: the API.
        journal: where writes are recorded.
        resource: the kind of resource.
        clock: what waiting for an outcome goes by.
        settle_timeout: seconds to wait for the outcome of a write.
        version_step: how far one write moves a version.
        unknown_keys: what to do with unknown keys, key by key.
        defer: what keeps signals away while a write is on its way.
        progress: called with how far a scan or a wait has got.
        note: called with a sentence about keys that are passed over; None without.
        masks: which values are credentials.
        accepted: the snapshot last accepted of each resource.
        run: the name of the batch that its plans are part of, or None.
    """

    def __init__(
        self,
        client: Client | None = None,
        journal: Journal | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        settle_timeout: float | None = None,
        defer: Defer = not_deferred,
        progress: Callable[[Progress], None] = ignore,
        note: Callable[[str], None] | None = None,
    ) -> None:
        """Client and journal default to those that the environment names.

        Reads PATCH_MODEL_STATE_DIR, PATCH_MODEL_VERSION_STEP, PATCH_MODEL_MASK and
        PATCH_MODEL_UNKNOWN_FIELDS. Raises SettingsError.
        """
        environ = os.environ if environ is None else environ
        self.client = client or Client.from_env(environ)
        self.journal = journal or journal_of(environ)
        self.resource: Resource = MODEL
        self.clock = clock or SystemClock()
        self.settle_timeout = DEFAULT_SETTLE_TIMEOUT if settle_timeout is None else settle_timeout
        self.version_step = _version_step(environ)
        self.unknown_keys = UnknownKeys.from_env(environ)
        self.defer = defer
        self.progress = progress
        self.note = note
        self.masks = masks_from(environ, self.client.settings.secrets)
        self.run: str | None = None
        folder = self.journal.folder.with_name("accepted")
        self.accepted = Accepted(folder, self.journal, self.resource.noun)

    def for_batch(self, pace: Pace, control: BatchControl) -> Session:
        """This session for the threads of a new batch: at one pace, and stopped by ``control``."""
        own = copy(self)
        own.run = f"run-{os.urandom(6).hex()}"
        own.client = self.client.at_pace(pace, control.sleep)
        own.clock = control
        own.defer = control.defer
        own.progress = ignore
        return own

    def unknown_fields(self, options: Options) -> OnUnknown:
        """What to do with unknown keys: the options take precedence over the environment."""
        return str(self.unknown_keys.then(UnknownKeys.of(options.unknown_fields)))

    def masks_of(self, options: Options) -> Masks:
        """Which values are credentials, and which only look like masks."""
        return replace(self.masks, literal=options.literal_places)

    def check(self, patch: Patch, options: Options) -> None:
        """Refuses what the change alone shows to be wrong, before any request."""
        check_change(self.resource, patch, self.masks_of(options), self.unknown_fields(options))

    def read(self, resource_id: str) -> Snapshot:
        """The resource as it is now. Raises ApiError."""
        return ApiStore(self.client, self.resource).read(resource_id)

    def name_passed_over(self, found: Snapshot) -> None:
        """Notes which keys of a snapshot are passed over."""
        if self.note is None:
            return
        passed = self.resource.passed_over(found)
        named = dict.fromkeys(pointer_to((name, "*", key)) for name, _, key in passed)
        if named:
            label = quoted(found.name or found.id or "")
            self.note(f"{self.resource.noun} {label}: ignored {', '.join(named)}")

    def latest(
        self, resource_id: str, *, known: Snapshot | None = None, accept_older: bool = False
    ) -> Snapshot:
        """The resource as it is now, to make a plan on; it becomes the last one accepted.

        Raises StaleReadError for a snapshot that stays older than the last one accepted, or than
        ``known``; ``accept_older`` accepts it. Raises ApiError.
        """
        url = self.client.settings.url
        last = self.accepted.last(url, resource_id)
        oldest = known if last is None or (known and last.is_older_than(known)) else last
        restored = f"If the {self.resource.noun} was restored to an older state"
        with self._waiting() as tell:
            now = read_fresh(
                lambda: self.read(resource_id),
                None if accept_older else oldest,
                self.clock,
                self.resource.noun,
                hint=f"Try again in a moment. {restored}, pass --accept-older.",
                notify=tell,
            )
        if last is None or now.has_moved_from(last):
            self.accepted.accept(url, now, older=accept_older)
        self.name_passed_over(now)
        return now

    def expected(
        self, resource_id: str, options: Options, listed_as: str | None = None
    ) -> Snapshot:
        """``latest``, with the expected name and version. Raises ConflictError for another one.

        ``listed_as`` is the name by which it was found, or None.
        """
        base = self.latest(resource_id, accept_older=options.accept_older)
        refuse_other_name(self.resource, base, listed_as)
        if options.expect_version is not None and base.version != options.expect_version:
            raise ConflictError(
                f"{self.resource.noun} {shown_name(self, base) or resource_id!r} is at version "
                f"{base.shown_version}, not at {options.expect_version}. Nothing was written.",
                expected=options.expect_version,
                found=base.version,
                hint="Check what changed, then pass the new version.",
            )
        return base

    def refuse_other_place(
        self, what: str, url: str, organization: str | None = None, owner: JsonValue = None
    ) -> None:
        """Raises InvalidInputError unless what is at ``url``, and of ``organization``, is here.

        ``what`` is a sentence that either completes. Two APIs can hold the same ids and versions,
        as a copy does. Organizations are compared if both are known; ``owner`` is as for
        ``organization``.
        """
        here = self.client.settings.url
        if url != here:
            raise InvalidInputError(
                f"{what} {url}, but this is {here}.",
                hint=f"Use --url {url} with credentials for it.",
            )
        current = self.organization(owner)
        if current and organization not in (None, current):
            raise InvalidInputError(
                f"{what} organization {organization}, but this is organization {current}.",
                hint="Use credentials of that organization.",
            )

    def refuse_elsewhere(self, origin: Origin, owner: JsonValue = None) -> None:
        """``refuse_other_place`` for a plan."""
        self.refuse_other_place("The plan was made for", origin.url, origin.organization, owner)

    def organization(self, owner: JsonValue) -> JsonValue:
        """The organization of a resource: its ``owner``, or that of the credentials where None."""
        return self.client.settings.organization_id if owner is None else owner

    def origin(self, base: Snapshot) -> Origin:
        """Where a plan made on ``base`` comes from."""
        settings = self.client.settings
        return Origin(settings.url, settings.organization_id or base.organization, run=self.run)

    def terms(self, base: Snapshot, options: Options) -> Terms:
        """The terms of a plan made on ``base``."""
        return Terms(
            masks=self.masks_of(options),
            unknown_fields=self.unknown_fields(options),
            allow_all_fields=options.allow_all_fields,
            origin=self.origin(base),
            strict=options.strict,
        )

    def write(self, plan: Plan, options: Options) -> PatchResult:
        """The guarded write of a plan."""
        with self._waiting() as tell:
            guard = Guard(
                store=ApiStore(self.client, plan.resource, options.run_async, plan.base),
                journal=self.journal,
                clock=self.clock,
                settle_timeout=self.settle_timeout,
                version_step=self.version_step,
                defer=self.defer,
                notify=tell,
                accept=lambda now: self.accepted.accept(self.client.settings.url, now),
            )
            what = f"{plan.resource.noun} {plan.base.id}"
            try:
                result = guard.write(plan, refresh=options.refresh)
            except PatchError as error:
                logger.info("%s: %s", what, type(error).__name__)
                raise
            versions = (result.version_before, result.version_after)
            logger.info("%s: written, version %s -> %s", what, *versions)
            return result

    @contextmanager
    def _waiting(self) -> Iterator[Callable[[str], None]]:
        """Shows what is being waited for, until it is over."""
        has_shown = False

        def tell(text: str) -> None:
            nonlocal has_shown
            has_shown = True
            self.progress(Progress(text))

        try:
            yield tell
        finally:
            if has_shown:
                self.progress(Progress(None))


@contextmanager
def opened(client: Client | None) -> Iterator[Session]:
    """A session for the environment's settings; closes the client if it made it."""
    session = Session(client)
    try:
        yield session
    finally:
        if client is None:
            session.client.close()


@contextmanager
def reported(model: str, plan: Plan | None = None) -> Iterator[None]:
    """Gives every error a result."""
    if not isinstance(model, str):
        raise InvalidInputError(
            f"Expected a model's UUID or name as text, got a {type(model).__name__}."
        )
    try:
        yield
    except PatchError as error:
        if error.result is None:
            error.result = failed(error, model, plan)
        raise


def failed(error: PatchError, target: str = "", plan: Plan | None = None) -> PatchResult:
    """The result of a change that ended with ``error``, before or after there was a plan."""
    return PatchResult.of_error(error, MODEL, target=target, plan=plan)


def refuse_other_name(resource: Resource, snapshot: Snapshot, listed_as: str | None) -> None:
    """Raises ConflictError for a resource that no longer has the name it was found by."""
    if listed_as is not None and snapshot.name != listed_as:
        raise ConflictError(
            f"The {resource.noun} listed as {cut(listed_as)!r} is now called "
            f"{cut(snapshot.name or '')!r}, so it may not be the one you mean. "
            "Nothing was written.",
            found=snapshot.version,
            hint=f"If you mean this one, run the command again with its ID: {snapshot.id}",
        )


def shown_name(session: Session, snapshot: Snapshot) -> str | None:
    """The name of a resource, credentials masked."""
    name = snapshot.name
    return name and session.masks.on(snapshot.raw).masked_text(name)


def journal_of(environ: Mapping[str, str]) -> Journal:
    """The journal that the environment names. Raises SettingsError."""
    return Journal(state_folder(environ) / "journal")


def masks_from(environ: Mapping[str, str], secrets: frozenset[str] = frozenset()) -> Masks:
    """Which values are credentials: ``secrets``, and by the words of PATCH_MODEL_MASK."""
    words = environ.get("PATCH_MODEL_MASK", "").replace(",", " ").split()
    return Masks(MODEL.shape.opaque, tuple(words), secrets)


def state_folder(environ: Mapping[str, str]) -> Path:
    """The folder for state: PATCH_MODEL_STATE_DIR, or the platform's user state folder."""
    named = environ.get("PATCH_MODEL_STATE_DIR")
    if named:
        try:
            return Path(named).expanduser()
        except RuntimeError as error:
            raise SettingsError(
                f"PATCH_MODEL_STATE_DIR names the home folder of an unknown user: {named!r}."
            ) from error
    from platformdirs import user_state_path

    return user_state_path("patch-model", appauthor=False)


def _version_step(environ: Mapping[str, str]) -> int:
    text = environ.get("PATCH_MODEL_VERSION_STEP", "1")
    if text.isascii() and text.isdecimal() and 0 < int(text[:6]) < 1000:
        return int(text)
    raise SettingsError(
        "PATCH_MODEL_VERSION_STEP is not a positive number.",
        hint="It is how far one write moves a version: a positive number, 1 by default.",
    )
