"""The API's own dry run of a plan: requested, awaited and read."""

from __future__ import annotations

from typing import Final

from patcher.api import Client, answers
from patcher.api.answers import JobState
from patcher.api.transport import AnswerLostError, Response
from patcher.backoff import pauses, time_left
from patcher.documents.values import Document
from patcher.errors import ApiError
from patcher.impact.preview import Preview, read_preview
from patcher.operations.session import Session
from patcher.plan import Plan

_NOT_IN_TIME: Final = (408, 504)
# In the API's own form, these are about the caller or the moment, not the document.
_NOT_ITS_FAULT: Final = (401, 403, 408, 409, 429)


def preview(session: Session, plan: Plan, *, run_async: bool) -> Preview:
    """The source's preview of the proposed document, credentials included. Never raises ApiError.

    ``run_async`` requests a job at once.
    """
    path, job_type = plan.resource.preview
    try:
        response = _asked(session.client, path, plan.proposed, run_async=run_async)
        if not 200 <= response.status < 300:
            return _refused(response, path)
        answer = answers.envelope(response, f"The answer of POST {path}")
        state, result = answers.job_state(answer, job_type, whole=True), answer.get("data")
        if state is not None:
            state = _ended(session, path, state)
            result = state.result
        if state is not None and state.status == "failed":
            message = state.error or "The job failed without a reason."
            return Preview("refused", message, details=state.metadata)
        return read_preview(result, plan.resource.columns, plan.base, plan.proposed)
    except ApiError as error:
        return Preview(
            "unavailable", error.message, status=error.status, key=error.key, details=error.details
        )


def _asked(client: Client, path: str, document: Document, *, run_async: bool) -> Response:
    """The response; after a timeout it is requested once more as a job."""
    try:
        response = client.ask(path, document, run_async=run_async)
        if run_async or response.status not in _NOT_IN_TIME:
            return response
    except AnswerLostError:
        if run_async:
            raise
    return client.ask(path, document, run_async=True)


def _refused(response: Response, path: str) -> Preview:
    """The preview that was refused. Raises ApiError where that is not about the document."""
    said = answers.api_message(response, whole=True)
    is_verdict = 400 <= response.status <= 500 and response.status not in _NOT_ITS_FAULT
    if said is None or not is_verdict:
        raise answers.failure(response, "POST", path)
    message, key, details = said
    return Preview("refused", message, status=response.status, key=key, details=details)


def _ended(session: Session, path: str, state: JobState) -> JobState:
    """Polls a job until it ends. Raises ApiError after the settle timeout."""
    clock, timeout = session.clock, session.settle_timeout
    left, pause = time_left(clock, timeout), pauses()
    while state.status not in ("done", "failed"):
        rest = left()
        if rest <= 0:
            raise ApiError(
                f"The preview's job {state.id} timed out after {timeout:g} s.",
                method="POST",
                path=path,
                hint="A longer --settle-timeout waits longer for it.",
            )
        clock.sleep(min(next(pause), rest))
        state = session.client.job(state, whole=True)
    return state
