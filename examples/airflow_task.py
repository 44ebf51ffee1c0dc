"""A change to a model as an Airflow task that knows which errors are worth a retry.

    from airflow.exceptions import AirflowFailException
    from airflow_task import change_model

    PythonOperator(
        task_id="longer_timeout",
        python_callable=change_model,
        op_args=["Contacts", {"configuration": {"timeout_seconds": 600}}],
        op_kwargs={"give_up": AirflowFailException},
        retries=3,
    )

A task that runs again after it has succeeded changes nothing. Workers come and go, so point
PATCH_MODEL_STATE_DIR at a private volume that stays: the journal there is what undo needs.

Nothing here needs Airflow, so it can be tried from a shell:

    python examples/airflow_task.py MODEL MERGE_PATCH
"""

from __future__ import annotations

import json
import sys
from typing import Any

import patcher


def is_worth_a_retry(error: patcher.PatchError) -> bool:
    """Whether nothing was written, and a later try may succeed.

    A conflict is: the next try plans from what is there then. A refusal by the API (400 to 499,
    but for 408 and 429) is not, nor is a write whose outcome a person has to look at.
    """
    if isinstance(error, patcher.NotFoundError):
        return False
    if isinstance(error, patcher.ApiError):
        return error.status is None or error.status >= 500 or error.status in (408, 429)
    return isinstance(error, (patcher.ConflictError, patcher.JournalError))


def change_model(
    model: str,
    change: dict[str, Any],
    *,
    give_up: type[Exception] = RuntimeError,
) -> dict[str, Any]:
    """Makes a change, and returns the result as JSON can hold it, for XCom.

    Lets errors through that are worth a retry, and raises ``give_up`` for all others.
    """
    try:
        result = patcher.patch_model(model, change, strict=True)
    except patcher.PatchError as error:
        if is_worth_a_retry(error):
            raise
        raise give_up(f"{error.message} {error.hint or ''}".strip()) from error
    return result.to_dict()


if __name__ == "__main__":
    outcome = change_model(sys.argv[1], json.loads(sys.argv[2]))
    print(outcome["status"], [change["path"] for change in outcome["changes"]])
