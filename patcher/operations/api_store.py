"""The API behind the guard's protocol: what each response proves (design: the guard's table)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Final

from patcher.api import Client, RawSnapshot, answers
from patcher.api.answers import JobState
from patcher.api.transport import AnswerLostError, Response, UnsentError
from patcher.backoff import TimeLeft
from patcher.documents.pointers import lookup
from patcher.documents.values import Document, strictly_equal
from patcher.errors import ApiError
from patcher.guard.store import Ambiguous, Answer, Answered, Job, NotSent, Refused, Throttled
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot

# A 4xx means that the request was not processed, except: 408 may come after it was, 409 is
# also said of a write in flight, and 429 has a meaning of its own.
_UNCLEAR_4XX = frozenset({408, 409, 429})


SLOW_CONNECTING: Final = 1.0
"""Seconds of connecting for a write above which the resource is read again before it."""


@dataclass(slots=True)
class ApiStore:
    """A kind of resource as the guard reads and writes it.

    ``run_async`` requests jobs. ``known`` is a snapshot that is not parsed again where the same
    text comes. ``last`` is the last snapshot.
    """

    client: Client
    resource: Resource
    run_async: bool = False
    known: Snapshot | None = None
    last: Snapshot | None = None

    def read(self, resource_id: str, left: TimeLeft | None = None) -> Snapshot:
        """The resource as it is now. Raises ApiError."""
        known = self.known
        earlier = RawSnapshot(*known) if known and known.id == resource_id else None
        found = self.client.within(left).read_raw(self.resource.collection, resource_id, earlier)
        self.last = Snapshot(*found)
        return self.last

    def me(self, left: TimeLeft | None = None) -> str | None:
        """The caller's own id; None for keys without one or without permission (api.md, 1.2)."""
        try:
            known = lookup(self.client.within(left).data("/api/me"), ("id",))
        except ApiError:
            return None
        return known if type(known) is str and known else None

    def replace(
        self, resource_id: str, body: Document, idempotency_key: str, if_match: str | None
    ) -> Answer:
        """Sends the whole resource once, and returns what is proven about it.

        Where connecting took long, the resource is read again before anything is sent, since that
        time widens the gap between the guard's read and its write; if it moved, nothing is sent.
        """
        pause = self.client.pause_left
        if pause:
            return Throttled("the API asked for a pause", pause, is_sent=False)
        try:
            response = self.client.put(
                self.resource.collection,
                resource_id,
                body,
                idempotency_key=idempotency_key,
                if_match=if_match,
                run_async=self.run_async,
                on_connected=lambda seconds: self._check_unmoved(resource_id, seconds),
            )
        except UnsentError as error:
            return NotSent(error.message, error.command_hint)
        except AnswerLostError as error:
            return Ambiguous(error.message)
        return self._answer(response)

    def _check_unmoved(self, resource_id: str, seconds: float) -> None:
        """Raises UnsentError where connecting took long and the resource is not as last read."""
        if seconds <= SLOW_CONNECTING:
            return
        before = self.last
        what = f"connecting took {seconds:.1f} s, then {self.resource.noun} {resource_id}"
        try:
            now = self.read(resource_id)
        except ApiError as error:
            raise UnsentError(f"{what} could not be read again: {error.message}") from error
        if before is not None and not strictly_equal(now.raw, before.raw):
            raise UnsentError(f"{what} had changed.")

    def _answer(self, response: Response) -> Answer:
        status = response.status
        if 200 <= status < 300:
            return self._success(response)
        if answers.is_redirect(status):
            hint = answers.redirect_hint(response)
            # RFC 9110, section 15.4.4: a 303 may point to where one hears of a job that goes on.
            is_final = not (self.run_async and status == 303)
            what = f"it answered with a redirect ({status})"
            return Ambiguous(what, status, declined=is_final, hint=hint)
        said = answers.api_message(response)
        if status == 412:
            message, _, details = said or ("its precondition failed", None, None)
            return Refused(status, message, details=details)
        if said is None:
            return Ambiguous(f"it answered {status} with {answers.foreign(response)}", status)
        if status == 429:
            wait = answers.retry_after(response, datetime.now(timezone.utc))
            return Throttled(said.message, wait, said.metadata)
        if 400 <= status < 500 and status not in _UNCLEAR_4XX:
            return Refused(status, *said)
        # A 500 or 409 of the API itself is an outcome, once the resource has stayed as it was; it
        # says nothing about a job that may have begun.
        is_final = status in (409, 500) and not self.run_async
        what = f"{said.message} ({status})"
        return Ambiguous(what, status, declined=is_final, details=said.metadata)

    def _success(self, response: Response) -> Answer:
        try:
            answer = answers.envelope(response, "the answer")
        except ApiError as error:
            return Ambiguous(error.message.rstrip("."), response.status)
        state = answers.job_state(answer, self.resource.write_job)
        if state is not None:
            return self._job(state)
        raw = answer.get("data")
        if type(raw) is not dict:
            return Ambiguous("it answered without the resource", response.status)
        text = answers.text_of_data(response) if len(answer) == 1 else None
        return Answered(Snapshot(raw, text=text))

    def _job(self, state: JobState) -> Job:
        return Job(
            state.id,
            state.status,
            state.error,
            lambda left: self._job(self.client.within(left).job(state)),
            state.metadata,
        )
