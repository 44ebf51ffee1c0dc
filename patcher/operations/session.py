"""A session: one client, one journal, how long to be patient, and who is told how far it got."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from patcher.api import Client
from patcher.documents.jsontext import quoted
from patcher.documents.masks import Masks
from patcher.documents.notices import ignore
from patcher.documents.patches import Patch
from patcher.documents.pointers import parse_path, pointer_to
from patcher.documents.spellings import cut
from patcher.documents.values import Tokens
from patcher.errors import ConflictError, InvalidInputError, SettingsError
from patcher.guard import Accepted, Clock, Defer, Guard, not_deferred, read_fresh
from patcher.journal import Journal
from patcher.operations.api_store import ApiStore
from patcher.plan import Origin, PatchResult, Plan, Terms, check_change, make_plan
from patcher.resources.blockers import OnUnknown, UnknownKeys
from patcher.resources.model import MODEL
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot


class Progress(NamedTuple):
    """``done`` of ``total`` of ``what``, each None where nobody knows; None once all is over."""

    what: str | None
    done: int | None = None
    total: int | None = None


Watch: TypeAlias = Callable[[Progress], None]


DEFAULT_SETTLE_TIMEOUT: Final = 30.0

_RESTORED: Final = (
    "Try again in a moment. If the {noun} was restored to an older state, pass --accept-older "
    "(accept_older=True)."
)

OnConflict: TypeAlias = Literal["fail", "rebase"]
"""What to do when somebody else wrote first: stop, or put the change upon theirs."""


class SystemClock:
    """The machine's own time."""

    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


@dataclass(frozen=True, slots=True)
class Options:
    """How a change is to be made; the command line's options of the same names."""

    expect_version: int | None = None
    run_async: bool = False
    refresh: bool = False
    unknown_fields: OnUnknown = "error"
    allow_all_fields: bool = False
    on_conflict: OnConflict = "fail"
    preview: bool = False
    impact: bool = False
    strict: bool = False
    accept_older: bool = False
    literal: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuses, for callers without a type checker, what no option can be."""
        if self.on_conflict not in ("fail", "rebase"):
            raise SettingsError(
                "on_conflict has an unknown value.", hint="It is 'fail' or 'rebase'."
            )
        if self.on_conflict == "rebase" and self.expect_version is not None:
            raise SettingsError(
                "An expected version and a rebase upon another one contradict each other.",
                hint="Leave out --expect-version (expect_version=), or the rebase.",
            )
        UnknownKeys.of(self.unknown_fields)
        if self.expect_version is not None and type(self.expect_version) is not int:
            raise SettingsError("expect_version must be an integer.")
        _ = self.literal_places

    @property
    def literal_places(self) -> frozenset[Tokens]:
        """The places whose values are what they look like. Raises InvalidPatchError."""
        return frozenset(map(parse_path, self.literal))


class Session(NamedTuple):
    """Where the verbs work: a client and everything around it that is not the change itself."""

    client: Client
    journal: Journal
    resource: Resource = MODEL
    clock: Clock = SystemClock()
    settle_timeout: float = DEFAULT_SETTLE_TIMEOUT
    version_step: int = 1
    mask_words: tuple[str, ...] = ()
    unknown_keys: UnknownKeys = UnknownKeys()
    defer: Defer = not_deferred
    progress: Watch = ignore
    note: Callable[[str], None] | None = None

    @classmethod
    def from_env(
        cls,
        client: Client | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        settle_timeout: float | None = None,
        defer: Defer = not_deferred,
        clock: Clock | None = None,
        progress: Watch = ignore,
        note: Callable[[str], None] | None = None,
    ) -> Session:
        """A session as the environment says; ``client`` defaults to the environment's own.

        ``clock`` defaults to the machine's own; what the client waits by is the client's. ``note``
        is called with a sentence about what of a reading is passed over.

        Takes PATCH_MODEL_STATE_DIR, PATCH_MODEL_VERSION_STEP, PATCH_MODEL_MASK and
        PATCH_MODEL_UNKNOWN_FIELDS. Raises SettingsError.
        """
        environ = os.environ if environ is None else environ
        return cls(
            client=client or Client.from_env(environ),
            journal=journal_of(environ),
            settle_timeout=DEFAULT_SETTLE_TIMEOUT if settle_timeout is None else settle_timeout,
            version_step=_version_step(environ),
            mask_words=mask_words(environ),
            unknown_keys=UnknownKeys.from_env(environ),
            defer=defer,
            clock=clock or SystemClock(),
            progress=progress,
            note=note,
        )

    def unknown_fields(self, options: Options) -> OnUnknown:
        """What to do with unknown keys: what the options say goes before the environment."""
        return str(self.unknown_keys.then(UnknownKeys.of(options.unknown_fields)))

    @property
    def masks(self) -> Masks:
        """Which values are credentials."""
        secrets = self.client.settings.secrets
        return Masks(self.resource.shape.opaque, self.mask_words, secrets)

    def masks_of(self, options: Options) -> Masks:
        """Which values are credentials, and which are no masks though they look so."""
        return replace(self.masks, literal=options.literal_places)

    def check(self, patch: Patch, options: Options) -> None:
        """Refuses what the change alone shows to be wrong, before any request."""
        masks = self.masks_of(options)
        check_change(self.resource, patch, masks, self.unknown_fields(options))

    def plan(
        self, resource_id: str, patch: Patch, options: Options, listed_as: str | None = None
    ) -> Plan:
        """Reads the resource and works out what the change would do to it. Never writes.

        ``listed_as`` is the name by which it was found, or None.
        """
        base = self.expected(resource_id, options, listed_as)
        return make_plan(
            self.resource,
            base,
            patch,
            masks=self.masks_of(options),
            unknown_fields=self.unknown_fields(options),
            allow_all_fields=options.allow_all_fields,
            strict=options.strict,
            origin=self.origin(base),
        )

    def read(self, resource_id: str) -> Snapshot:
        """The resource as it is now. Raises ApiError."""
        return ApiStore(self.client, self.resource).read(resource_id)

    def name_passed_over(self, found: Snapshot) -> None:
        """Tells which keys of a reading belong to something else, where someone wants to know."""
        passed = self.resource.passed_over(found) if self.note is not None else {}
        named = dict.fromkeys(pointer_to((name, "*", key)) for name, _, key in passed)
        if named and self.note is not None:
            label = quoted(found.name or found.id or "")
            self.note(f"{self.resource.noun} {label}: passed over {', '.join(named)}")

    @property
    def accepted(self) -> Accepted:
        """What was last accepted of each resource."""
        folder = self.journal.folder.with_name("accepted")
        return Accepted(folder, self.journal, self.resource.noun)

    def latest(
        self, resource_id: str, *, known: Snapshot | None = None, accept_older: bool = False
    ) -> Snapshot:
        """The resource as it is now, for a plan to be made on; it becomes the last one accepted.

        Raises StaleReadError for a reading that stays older than the last one accepted, or than
        ``known``; ``accept_older`` accepts it. Raises ApiError.
        """
        url, accepted = self.client.settings.url, self.accepted
        last = accepted.last(url, resource_id)
        oldest = known if last is None or (known and last.is_older_than(known)) else last
        with self._telling() as tell:
            now = read_fresh(
                lambda: self.read(resource_id),
                None if accept_older else oldest,
                self.clock,
                self.resource.noun,
                hint=_RESTORED.format(noun=self.resource.noun),
                notify=tell,
            )
        if last is None or now.has_moved_from(last):
            accepted.accept(url, now, older=accept_older)
        self.name_passed_over(now)
        return now

    def expected(
        self, resource_id: str, options: Options, listed_as: str | None = None
    ) -> Snapshot:
        """``latest``, with the name and the version that are expected.

        Raises ConflictError where it has another.
        """
        base = self.latest(resource_id, accept_older=options.accept_older)
        refuse_other_name(self.resource, base, listed_as)
        if options.expect_version is not None and base.version != options.expect_version:
            raise ConflictError(
                f"{self.resource.noun} {shown_name(self, base) or resource_id!r} is at version "
                f"{base.shown_version}, "
                f"not at {options.expect_version}. Nothing was written.",
                expected=options.expect_version,
                found=base.version,
                hint="Look at what changed, then expect the version that you saw.",
            )
        return base

    def refuse_elsewhere(self, origin: Origin, organization: object = None) -> None:
        """Refuses a plan that was made upon another API, or in another organization.

        ``organization`` is the one that this is, where something else than the credentials says
        so. Raises InvalidInputError: two APIs can hold the same ids and versions, as a copy does.
        """
        settings = self.client.settings
        if origin.url != settings.url:
            raise InvalidInputError(
                f"The plan was made for {origin.url}, and this is {settings.url}.",
                hint=f"Say --url {origin.url}, with credentials for it, or make the plan anew.",
            )
        here = organization if organization is not None else settings.organization_id
        if here is not None and origin.organization not in (None, here):
            raise InvalidInputError(
                f"The plan was made for organization {origin.organization}, and this is "
                f"organization {here}.",
                hint="Use credentials of that organization, or make the plan anew.",
            )

    def origin(self, base: Snapshot) -> Origin:
        """Where a plan upon ``base`` comes from."""
        settings = self.client.settings
        owner = base.raw.get("organization_id")
        return Origin(
            url=settings.url,
            organization=settings.organization_id or (owner if type(owner) is str else None),
        )

    def terms(
        self, base: Snapshot, options: Options, written_keys: frozenset[str] = frozenset()
    ) -> Terms:
        """The terms of a plan that replaces the document of ``base`` whole."""
        return Terms(
            masks=self.masks_of(options),
            unknown_fields=self.unknown_fields(options),
            allow_all_fields=options.allow_all_fields,
            written_keys=written_keys,
            origin=self.origin(base),
            strict=options.strict,
        )

    def write(self, plan: Plan, options: Options) -> PatchResult:
        """The guarded write of a plan."""
        with self._telling() as tell:
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
            return guard.write(plan, refresh=options.refresh)

    @contextmanager
    def _telling(self) -> Iterator[Callable[[str], None]]:
        """What says what is being waited for, until it is over."""
        told: list[str] = []

        def tell(text: str) -> None:
            told.append(text)
            self.progress(Progress(text))

        try:
            yield tell
        finally:
            if told:
                self.progress(Progress(None))


def refuse_other_name(resource: Resource, snapshot: Snapshot, listed_as: str | None) -> None:
    """Raises ConflictError for a resource that was found by a name, and now has another one."""
    if listed_as is not None and snapshot.name != listed_as:
        raise ConflictError(
            f"The {resource.noun} listed as {cut(listed_as)!r} is now called "
            f"{cut(snapshot.name or '')!r}, so it may not be the one you mean. "
            "Nothing was written.",
            found=snapshot.version,
            hint=f"If you mean this one, run the command again with its id: {snapshot.id}",
        )


def shown_name(session: Session, snapshot: Snapshot) -> str | None:
    """The name of a resource, without what its snapshot shows to be a credential."""
    name = snapshot.name
    return name and session.masks.on(snapshot.raw).masked_text(name)


def journal_of(environ: Mapping[str, str]) -> Journal:
    """The journal that the environment names. Raises SettingsError."""
    return Journal(state_folder(environ) / "journal")


def mask_words(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The further words of PATCH_MODEL_MASK, with spaces or commas between them."""
    return tuple(environ.get("PATCH_MODEL_MASK", "").replace(",", " ").split())


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where state lives: PATCH_MODEL_STATE_DIR, or the platform's folder for a user's state."""
    named = environ.get("PATCH_MODEL_STATE_DIR")
    if named:
        try:
            return Path(named).expanduser()
        except RuntimeError as error:
            raise SettingsError(f"PATCH_MODEL_STATE_DIR names nobody's home: {named!r}.") from error
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


def several(texts: Iterable[str], what: str) -> tuple[str, ...]:
    """Texts, of which one alone is not to be taken apart into its letters."""
    if isinstance(texts, str):
        raise InvalidInputError(
            f"The {what} are a list of texts, not one text.", hint="Give a list with it: [TEXT]."
        )
    found = tuple(texts)
    if not all(isinstance(one, str) for one in found):
        raise InvalidInputError(f"The {what} are a list of texts.")
    return found
