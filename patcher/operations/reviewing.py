"""A plan with what else was asked about it: the source's preview, and who is downstream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from patcher.errors import ApiError
from patcher.operations.session import Options, Session
from patcher.plan import PatchResult, Plan

_SHOWN: Final = 2_000


def reviewed(session: Session, plan: Plan, options: Options) -> Plan:
    """``plan`` with the preview and the impact that ``options`` ask for.

    A plan that changes nothing, or has them already, is returned as it is. Never raises ApiError:
    what could not be had is in there.
    """
    wants_preview = options.preview and plan.preview is None
    wants_impact = options.impact and plan.impact is None
    if plan.is_unchanged or not (wants_preview or wants_impact):
        return plan
    preview, impact = plan.preview, plan.impact
    said = preview
    notices = list(plan.warnings)
    redact = _redactor(plan)
    if wants_preview:
        from patcher.operations.previewing import preview as ask

        said = ask(session, plan, run_async=options.run_async)
        details = plan.redacted_details(said.details)
        preview = said.redacted(redact)._replace(details=details)
        if preview.message:
            preview = preview._replace(message=_brief(preview.message))
        notices += preview.notices()
    columns = plan.resource.columns
    if wants_impact and columns is not None:
        from patcher.operations.scanning import Scan

        impact = Scan(session, plan, columns, redact).impact(said)
        notices += impact.notices()
    return replace(plan, preview=preview, impact=impact, warnings=tuple(notices))


def refusal(plan: Plan) -> ApiError | None:
    """The error for a plan whose preview was asked for and did not succeed; else None.

    Its sentence has the first line of what the source said; all of it is in the plan's preview.
    """
    preview = plan.preview
    if preview is None or preview.is_done:
        return None
    status = f" ({preview.status})" if preview.status and preview.state == "refused" else ""
    first, *more = (preview.message or "").split("\n")
    said = f"{first} (and more)" if more else first.rstrip(".")
    what = "was refused" if preview.state == "refused" else "could not be had"
    path, _ = plan.resource.preview or ("", "")
    hint = "Mend what the message names, and run the command again."
    if preview.state != "refused":
        hint = "Leave out --preview (preview=True) to go without it."
    error = ApiError(
        f"The preview of {plan.label} {what}: {said}{status}. Nothing was written.",
        status=preview.status,
        method="POST",
        path=path,
        key=preview.key,
        hint=hint,
    )
    error.details = preview.details
    error.result = PatchResult.of_error(error, plan.resource, plan=plan)
    return error


def approved(session: Session, plan: Plan, options: Options) -> Plan:
    """``reviewed``, for a plan that is to be written.

    Raises ApiError for one whose preview was asked for and did not succeed.
    """
    plan = reviewed(session, plan, options)
    error = refusal(plan)
    if error is not None:
        raise error
    return plan


def looked_after(session: Session, result: PatchResult) -> PatchResult:
    """The result of a write with what those downstream say after it, where they were looked for."""
    plan = result.plan
    if plan is None or plan.impact is None or plan.impact.syncs is None:
        return result
    from patcher.operations.scanning import look_again

    aftermath = look_again(session, plan.impact, _redactor(plan))
    notices = (*result.notices, *aftermath.notices())
    return replace(result, aftermath=aftermath, notices=notices)


def _redactor(plan: Plan) -> Callable[[str], str]:
    return plan.masks.redacted


def _brief(text: str) -> str:
    """As much of a message as a person reads, cut only where no credential can be cut through."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
