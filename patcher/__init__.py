"""patch-model: change one thing in a Polytomic model without losing the rest.

    import patcher

    result = patcher.patch_model("Customers", {"name": "Clients"})

Names are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from patcher._version import __version__

# Not typing's, whose import alone would double the time of ``patch-model --version``.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from patcher.api import Client, Settings
    from patcher.documents.diff import Change
    from patcher.documents.notices import Notice
    from patcher.documents.patches import Patch
    from patcher.errors import (
        AmbiguousNameError,
        ApiError,
        ConflictError,
        DeclinedError,
        InterruptedWriteError,
        InvalidInputError,
        InvalidPatchError,
        JournalError,
        NotFoundError,
        OutcomeUnknownError,
        OutputError,
        PatchError,
        ReadOnlyFieldError,
        SettingsError,
        StaleReadError,
        UnknownFieldError,
        VerificationError,
    )
    from patcher.impact import Aftermath, Impact, Preview
    from patcher.operations import apply_plan, patch_model, plan_patch, rebase
    from patcher.operations.batch import patch_models
    from patcher.operations.edit import edit_model
    from patcher.operations.saved import load_plan, save_plan
    from patcher.operations.undo import undo
    from patcher.plan import PatchResult, Plan
    from patcher.plan.saved import SavedPlan

__all__ = [
    "Aftermath",
    "AmbiguousNameError",
    "ApiError",
    "Change",
    "Client",
    "ConflictError",
    "DeclinedError",
    "Impact",
    "InterruptedWriteError",
    "InvalidInputError",
    "InvalidPatchError",
    "JournalError",
    "NotFoundError",
    "Notice",
    "OutcomeUnknownError",
    "OutputError",
    "Patch",
    "PatchError",
    "PatchResult",
    "Plan",
    "Preview",
    "ReadOnlyFieldError",
    "SavedPlan",
    "Settings",
    "SettingsError",
    "StaleReadError",
    "UnknownFieldError",
    "VerificationError",
    "__version__",
    "apply_plan",
    "edit_model",
    "load_plan",
    "patch_model",
    "patch_models",
    "plan_patch",
    "rebase",
    "save_plan",
    "undo",
]

_HOMES = {
    "Aftermath": "patcher.impact",
    "Change": "patcher.documents.diff",
    "Client": "patcher.api",
    "Impact": "patcher.impact",
    "Notice": "patcher.documents.notices",
    "Patch": "patcher.documents.patches",
    "PatchResult": "patcher.plan",
    "Plan": "patcher.plan",
    "Preview": "patcher.impact",
    "Settings": "patcher.api",
    "apply_plan": "patcher.operations",
    "edit_model": "patcher.operations.edit",
    "patch_model": "patcher.operations",
    "patch_models": "patcher.operations.batch",
    "plan_patch": "patcher.operations",
    "SavedPlan": "patcher.plan.saved",
    "load_plan": "patcher.operations.saved",
    "rebase": "patcher.operations",
    "save_plan": "patcher.operations.saved",
    "undo": "patcher.operations.undo",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    home = importlib.import_module(_HOMES.get(name, "patcher.errors"))
    return getattr(home, name)


def __dir__() -> list[str]:
    return sorted(__all__)
