"""The session, and what the verbs take and refuse."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

import patcher
from patcher.operations import Options, Session
from patcher.operations.session import state_folder
from tests.sandbox import Sandbox, seed


@pytest.mark.parametrize("step", ["0", "-1", "two", "1.5", "", "99999"])
def test_an_unusable_version_step_is_refused(step: str) -> None:
    """How far a write moves the version is a positive number."""
    with pytest.raises(patcher.SettingsError, match="PATCH_MODEL_VERSION_STEP"):
        Session(environ={"POLYTOMIC_API_KEY": "k", "PATCH_MODEL_VERSION_STEP": step})


def test_the_environment_makes_the_session(tmp_path: Path) -> None:
    """Words for masks, the step of the version and the folder come from the environment."""
    session = Session(
        environ={
            "POLYTOMIC_API_KEY": "k",
            "PATCH_MODEL_MASK": "pin, otp",
            "PATCH_MODEL_VERSION_STEP": "2",
            "PATCH_MODEL_STATE_DIR": str(tmp_path),
        }
    )

    assert (session.version_step, session.journal.folder) == (2, tmp_path / "journal")
    assert session.masks.is_masked_place(("configuration", "PIN"))
    assert session.masks.is_masked_place(("configuration", "password"))


def test_state_has_a_folder_without_being_told() -> None:
    """By default it is the platform's folder for a user's state."""
    assert state_folder({}).name == "patch-model"


def test_nobodys_home_is_no_folder() -> None:
    """A tilde that stands for nobody is said to."""
    with pytest.raises(patcher.SettingsError, match="PATCH_MODEL_STATE_DIR"):
        state_folder({"PATCH_MODEL_STATE_DIR": "~no-such-user-here/x"})


@pytest.mark.parametrize("options", [{"unknown_fields": "keep"}, {"expect_version": "3"}])
def test_what_no_option_can_be_is_refused(options: dict[str, Any]) -> None:
    """Callers without a type checker are told."""
    with pytest.raises(patcher.SettingsError):
        Options(**options)


@pytest.mark.parametrize("model", [None, 5, b"x", uuid.uuid4()])
def test_a_model_is_named_by_text(model: Any) -> None:
    """Anything else is refused, with a result like every error."""
    with pytest.raises(patcher.InvalidInputError) as caught:
        patcher.plan_patch(model, {"name": "x"})

    assert caught.value.exit_code == 2


def test_an_empty_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """No text, no model."""
    monkeypatch.setenv("POLYTOMIC_API_KEY", "k")
    for name in ("", "name:"):
        with pytest.raises(patcher.InvalidInputError, match="empty"):
            patcher.plan_patch(name, {"name": "x"})


def test_the_verbs_work_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a client the environment's own is used, and closed."""
    with Sandbox(models=1) as sandbox:
        monkeypatch.setenv("POLYTOMIC_DEPLOYMENT_URL", sandbox.url)
        monkeypatch.setenv("POLYTOMIC_API_KEY", sandbox.api_key)
        plan = patcher.plan_patch("Contacts", {"name": "A"})
        applied = patcher.apply_plan(plan)
        dry = patcher.patch_model("A", {"name": "B"}, dry_run=True)
        declined = patcher.patch_model("A", {"name": "B"}, confirm=lambda plan: False)

    assert [one.status for one in (applied, dry, declined)] == ["applied", "planned", "declined"]
    assert declined.exit_code == 1
    assert sandbox.url not in repr(applied)


def test_every_error_of_a_verb_carries_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """How far it got is on the error, from the first line of a verb to its last."""
    with Sandbox(models=1) as sandbox, patcher.Client(sandbox.url, sandbox.api_key) as client:
        plan = patcher.plan_patch(seed.CONTACTS, {"name": "A"}, client=client)
    with pytest.raises(patcher.SettingsError) as early:
        patcher.plan_patch("x", {"name": "A"})
    with pytest.raises(patcher.SettingsError) as late:
        patcher.apply_plan(plan)

    assert early.value.result.to_dict()["name"] == "x"
    assert late.value.result.plan is plan
