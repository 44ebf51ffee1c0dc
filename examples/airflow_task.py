"""A change to a model as a task of Airflow, which has to know what may be tried again.

    from airflow.exceptions import AirflowFailException
    from airflow_task import change_model

    PythonOperator(
        task_id="longer_timeout",
        python_callable=change_model,
        op_args=["Contacts", {"configuration": {"timeout_seconds": 600}}],
        op_kwargs={"give_up": AirflowFailException},
        retries=3,
    )

A task that runs again after it has succeeded changes nothing: no change, no write. Nothing here
needs Airflow, so it can be tried from a shell: python examples/airflow_task.py MODEL MERGE_PATCH
"""

from __future__ import annotations

import json
import sys
from typing import Any

import patcher

AGAIN = (patcher.ConflictError, patcher.ApiError, patcher.JournalError)
"""Nothing was written, and a later try may find it otherwise."""


def change_model(
    model: str,
    change: dict[str, Any],
    *,
    give_up: type[Exception] = RuntimeError,
) -> dict[str, Any]:
    """Makes a change, and returns what came of it as JSON can hold it, for XCom.

    Lets through what is worth another try, and raises ``give_up`` for anything else: a change that
    cannot be made however often, and a write whose outcome somebody has to look at.
    """
    try:
        result = patcher.patch_model(model, change, strict=True)
    except patcher.NotFoundError as error:
        raise give_up(error.message) from error
    except AGAIN:
        raise
    except patcher.PatchError as error:
        raise give_up(f"{error.message} {error.hint or ''}".strip()) from error
    return result.to_dict()


if __name__ == "__main__":
    outcome = change_model(sys.argv[1], json.loads(sys.argv[2]))
    print(outcome["status"], [change["path"] for change in outcome["changes"]])
