"""A batch in lines: what is about to be done, and how each one ended."""

from __future__ import annotations

from patcher.batch.overview import NamedResource, Refusal
from patcher.errors import ApiError, DeclinedError
from patcher.plan import PatchResult
from patcher.render.overview import outcome_lines, overview_lines
from patcher.render.text import plain
from patcher.resources.model import MODEL

LONG = "The API refused to write it because of " + "very " * 20 + "good reasons."


def test_a_refusal_is_broken_at_spaces() -> None:
    """In the overview and in the outcome no row is wider than the terminal, and no word is cut."""
    refused = [Refusal(NamedResource("Orders", "x"), LONG, "Wait.")]
    failed = PatchResult.of_error(ApiError(LONG), MODEL, target="Orders")
    overview = plain(overview_lines("model", 1, 0, [], refused, 60))
    outcome = plain(outcome_lines(failed, 60))

    for text in (overview, outcome):
        assert LONG in " ".join(text.split())
        assert max(map(len, text.splitlines())) <= 60


def test_one_answer_for_all_is_not_repeated_for_each() -> None:
    """What was declined is only counted."""
    declined = PatchResult.of_error(DeclinedError("Declined."), MODEL, target="Orders")

    assert list(outcome_lines(declined)) == []
