"""The API's own dry run of a plan: requested, awaited and read."""

from __future__ import annotations

from typing import Final, NamedTuple

from patcher.api import answers
from patcher.api.answers import JobState
from patcher.api.transport import AnswerLostError, Response
from patcher.backoff import pauses, time_left
from patcher.errors import ApiError
from patcher.impact.preview import Preview, read_preview
from patcher.operations.session import Session
from patcher.plan import Plan
from patcher.resources.findings import Columns

_NOT_IN_TIME: Final = (408, 504)
# In the API's own form, these are about the caller or the moment, not the document.
_NOT_ITS_FAULT: Final = (401, 403, 408, 409, 429)


def preview(session: Session, plan: Plan, *, run_async: bool) -> Preview:
    """The source's preview of the proposed document, credentials included. Never raises ApiError.

    ``run_async`` requests a job at once.
    """
    columns, how = plan.resource.columns, plan.resource.preview
    if columns is None or how is None:
        return Preview("unavailable", f"There is no preview for a {plan.resource.noun}.")
    dry_run = _DryRun(session, plan, columns, *how)
    try:
        return dry_run.outcome(dry_run.asked(run_async=run_async))
    except ApiError as error:
        return Preview(
            "unavailable", error.message, status=error.status, key=error.key, details=error.details
        )


class _DryRun(NamedTuple):
    session: Session
    plan: Plan
    columns: Columns
    path: str
    job_type: str

    def asked(self, *, run_async: bool) -> Response:
        """The response; after a timeout it is requested once more as a job."""
        client = self.session.client
        try:
            response = client.ask(self.path, self.plan.proposed, run_async=run_async)
            if run_async or response.status not in _NOT_IN_TIME:
                return response
        except AnswerLostError:
            if run_async:
                raise
        return client.ask(self.path, self.plan.proposed, run_async=True)

    def outcome(self, response: Response) -> Preview:
        """The preview in a response. Raises ApiError where it is not about the document."""
        if 200 <= response.status < 300:
            answer = answers.envelope(response, f"The answer of POST {self.path}")
            state = answers.job_state(answer, self.job_type, whole=True)
            return self._read(answer.get("data")) if state is None else self._follow(state)
        said = answers.api_message(response, whole=True)
        is_verdict = 400 <= response.status <= 500 and response.status not in _NOT_ITS_FAULT
        if said is None or not is_verdict:
            raise answers.failure(response, "POST", self.path)
        message, key, details = said
        return Preview("refused", message, status=response.status, key=key, details=details)

    def _follow(self, state: JobState) -> Preview:
        """Polls a job until it ends. Raises ApiError after the settle timeout."""
        clock, timeout = self.session.clock, self.session.settle_timeout
        left = time_left(clock, timeout)
        for pause in pauses():
            if state.status in ("done", "failed"):
                break
            rest = left()
            if rest <= 0:
                raise ApiError(
                    f"The preview's job {state.id} timed out after {timeout:g} s.",
                    method="POST",
                    path=self.path,
                    hint="A longer --settle-timeout waits longer for it.",
                )
            clock.sleep(min(pause, rest))
            state = self.session.client.job(state, whole=True)
        if state.status == "failed":
            message = state.error or "The job failed without a reason."
            return Preview("refused", message, details=state.metadata)
        return self._read(state.result)

    def _read(self, result: object) -> Preview:
        return read_preview(result, self.columns, self.plan.base, self.plan.proposed)
