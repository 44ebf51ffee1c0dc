"""JSON Patch as RFC 6902 has it, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.documents import jsontext
from patcher.documents.patches import Patch
from patcher.documents.shape import Shape
from patcher.documents.values import copied, strictly_equal
from patcher.errors import InvalidPatchError
from tests.documents.vectors.json_patch import CASES, REFUSED

BARE = Shape(members=(), required=frozenset(), server_owned=frozenset(), lists={})


def _applied(document: Any, operations: Any) -> Any:
    if isinstance(operations, str):
        operations = jsontext.parse(operations, what="the patch")
    patch = Patch.json_patch(operations)
    return patch.apply(document, BARE).document


@pytest.mark.parametrize(
    ("document", "operations", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_every_case_is_as_the_standard_has_it(
    document: Any, operations: Any, expected: Any
) -> None:
    """The result is strictly what the case says, or the patch is refused; nothing is mutated."""
    before = copied(document), copied(operations)

    if expected is REFUSED:
        with pytest.raises(InvalidPatchError):
            _applied(document, operations)
    else:
        assert strictly_equal(_applied(document, operations), expected)
    assert strictly_equal((document, operations), before) or (document, operations) == before


def test_there_are_about_as_many_cases_as_in_the_public_suite() -> None:
    """The public suite has 108 enabled cases; a case that got lost here would show."""
    assert len(CASES) >= 108
    assert len({(case[0], str(case[1:3])) for case in CASES}) == len(CASES)
