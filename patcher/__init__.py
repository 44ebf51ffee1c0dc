"""Change one thing in a Polytomic model without losing the rest.

    import patcher

    plan = patcher.plan_patch("Customers", {"name": "Clients"})
    print(plan)
    result = patcher.apply_plan(plan)

Models:
    list_models()                every model, as ModelSummary
    get_model(model)             a model's writable document, as a dict
    plan_patch(model, change)    what a change would do, as a Plan; never writes
    patch_model(model, change)   the same change, written safely; returns a PatchResult
    apply_plan(plan)             write a plan made before
    patch_models(models, change) one change in many models, as an iterator of results
    edit_model(model)            a with block around the document; leaving it writes

Afterwards:
    history(model)               the writes made from this machine, as HistoryEntry
    undo(entry)                  take a write back
    rebase(plan)                 the plan on top of what others have changed since

Plans in files:
    save_plan(plan, path)        for review, or for another process
    load_plan(path)              as a SavedPlan, for apply_plan

Models in files:
    pull_models(folder)          a YAML file for each model, as an iterator of PullResults
    plan_files(paths)            what files would change, as an iterator of results
    apply_files(paths)           the same changes, written safely

``model`` is a UUID or an exact name. ``change`` is a dict (a JSON merge patch), a list of JSON
Patch operations, or a Patch. ``client`` defaults to Client.from_env(). Every error is a
PatchError, with ``exit_code``, ``hint`` and the facts as attributes.
"""

from __future__ import annotations

from patcher._version import __version__ as __version__

# Not typing's, whose import alone would double the time of ``patch-model --version``.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from patcher.api import Client as Client
    from patcher.api import Settings as Settings
    from patcher.documents.diff import Change as Change
    from patcher.documents.patches import Patch as Patch
    from patcher.documents.wording import Notice as Notice
    from patcher.errors import AmbiguousNameError as AmbiguousNameError
    from patcher.errors import ApiError as ApiError
    from patcher.errors import ConflictError as ConflictError
    from patcher.errors import DeclinedError as DeclinedError
    from patcher.errors import InterruptedWriteError as InterruptedWriteError
    from patcher.errors import InvalidInputError as InvalidInputError
    from patcher.errors import InvalidPatchError as InvalidPatchError
    from patcher.errors import JournalError as JournalError
    from patcher.errors import NotFoundError as NotFoundError
    from patcher.errors import OutcomeUnknownError as OutcomeUnknownError
    from patcher.errors import OutputError as OutputError
    from patcher.errors import PatchError as PatchError
    from patcher.errors import ReadOnlyFieldError as ReadOnlyFieldError
    from patcher.errors import SettingsError as SettingsError
    from patcher.errors import StaleReadError as StaleReadError
    from patcher.errors import UnknownFieldError as UnknownFieldError
    from patcher.errors import VerificationError as VerificationError
    from patcher.impact import Aftermath as Aftermath
    from patcher.impact import Impact as Impact
    from patcher.impact import Preview as Preview
    from patcher.operations.apply import apply_files as apply_files
    from patcher.operations.apply import plan_files as plan_files
    from patcher.operations.batch import patch_models as patch_models
    from patcher.operations.edit import edit_model as edit_model
    from patcher.operations.pull import PullResult as PullResult
    from patcher.operations.pull import pull_models as pull_models
    from patcher.operations.read import ModelSummary as ModelSummary
    from patcher.operations.read import get_model as get_model
    from patcher.operations.read import list_models as list_models
    from patcher.operations.saved import apply_plan as apply_plan
    from patcher.operations.saved import load_plan as load_plan
    from patcher.operations.saved import save_plan as save_plan
    from patcher.operations.undo import HistoryEntry as HistoryEntry
    from patcher.operations.undo import history as history
    from patcher.operations.undo import undo as undo
    from patcher.operations.write import patch_model as patch_model
    from patcher.operations.write import plan_patch as plan_patch
    from patcher.operations.write import rebase as rebase
    from patcher.plan import PatchResult as PatchResult
    from patcher.plan import Plan as Plan
    from patcher.plan.saved import SavedPlan as SavedPlan

_NAMES = {
    "api": "Client Settings",
    "documents.diff": "Change",
    "documents.wording": "Notice",
    "documents.patches": "Patch",
    "errors": "AmbiguousNameError ApiError ConflictError DeclinedError InterruptedWriteError "
    "InvalidInputError InvalidPatchError JournalError NotFoundError OutcomeUnknownError "
    "OutputError PatchError ReadOnlyFieldError SettingsError StaleReadError UnknownFieldError "
    "VerificationError",
    "impact": "Aftermath Impact Preview",
    "operations.apply": "apply_files plan_files",
    "operations.batch": "patch_models",
    "operations.edit": "edit_model",
    "operations.pull": "PullResult pull_models",
    "operations.read": "ModelSummary get_model list_models",
    "operations.saved": "apply_plan load_plan save_plan",
    "operations.undo": "HistoryEntry history undo",
    "operations.write": "patch_model plan_patch rebase",
    "plan": "PatchResult Plan",
    "plan.saved": "SavedPlan",
}
"""The public names, by the module that each is loaded from when it is first used."""

_HOMES = {name: f"patcher.{home}" for home, names in _NAMES.items() for name in names.split()}

__all__ = sorted(["__version__", *_HOMES])  # noqa: PLE0605 - type checkers have the block above


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
