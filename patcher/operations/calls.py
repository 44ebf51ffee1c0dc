"""What goes around every verb: a session to work in, and a result for every error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from patcher.api import Client
from patcher.documents.values import strictly_equal
from patcher.errors import InvalidInputError, PatchError
from patcher.operations.session import Session
from patcher.plan import PatchResult, Plan
from patcher.resources.model import MODEL


def failed(error: PatchError, target: str = "", plan: Plan | None = None) -> PatchResult:
    """The result of a change that ended with ``error``, before or after there was a plan."""
    return PatchResult.of_error(error, MODEL, target=target, plan=plan)


def upon_a_reading(plan: object) -> Plan:
    """``plan`` itself, which is upon a reading, as one that was just made is.

    Raises InvalidInputError for anything else: what a saved plan shows has neither its credentials
    nor its reading, and so it could be written, but not be merged or undone.
    """
    if not isinstance(plan, Plan):
        raise InvalidInputError(
            f"This takes a Plan, and not a {type(plan).__name__}.",
            hint="plan_patch makes one.",
        )
    document, _ = plan.resource.document(plan.base, plan.unknown_fields)
    if not strictly_equal(document, plan.document):
        raise InvalidInputError(
            "This plan is what a saved one shows, without its credentials and its reading.",
            hint="Give apply_plan the SavedPlan itself; for anything else make a plan anew, with "
            "plan_patch, upon what is there now.",
        )
    return plan


@contextmanager
def opened(client: Client | None) -> Iterator[Session]:
    """A session as the environment says; a client that was made for it is closed again."""
    session = Session.from_env(client)
    try:
        yield session
    finally:
        if client is None:
            session.client.close()


@contextmanager
def reported(model: str, plan: Plan | None = None) -> Iterator[None]:
    """Sees to it that every error carries a result."""
    if not isinstance(model, str):
        raise InvalidInputError(
            f"A model cannot be named by a {type(model).__name__}.",
            hint="Give its UUID or its name, as text.",
        )
    try:
        yield
    except PatchError as error:
        if error.result is None:
            error.result = failed(error, model, plan)
        raise
