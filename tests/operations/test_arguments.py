"""The options among the arguments of the Python API's functions."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

import patcher
from patcher.operations.arguments import Options

OTHERS = {"model", "change", "client", "plan", "entry", "paths", "base", "fail_fast"}
OTHERS |= {"models", "where", "exclude", "concurrency", "max_rps"}
"""Arguments that are not options of a change."""


@pytest.mark.parametrize(
    "function",
    [
        patcher.plan_patch,
        patcher.patch_model,
        patcher.patch_models,
        patcher.apply_plan,
        patcher.undo,
        patcher.edit_model,
        patcher.plan_files,
        patcher.apply_files,
    ],
)
def test_each_argument_is_an_option_or_known(function: Callable[..., Any]) -> None:
    """No argument of a function is lost on the way to its Options, and defaults are the same."""
    defaults = {one.name: one.default for one in fields(Options)}
    given = inspect.signature(function).parameters

    shared = given.keys() - OTHERS

    assert shared <= defaults.keys()
    assert {name: given[name].default for name in shared} == {
        name: defaults[name] for name in shared
    }


def test_options_are_picked_by_name() -> None:
    """Only what is an option is picked among arguments, and what is added wins."""
    found = Options.among({"model": "m", "strict": True, "dry_run": True}, dry_run=False)

    assert found == Options(strict=True)
