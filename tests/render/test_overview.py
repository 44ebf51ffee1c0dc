"""A batch in lines: what is about to be done, and how each one ended."""

from __future__ import annotations

from pathlib import Path

from patcher.batch.overview import NamedResource, Overview, Refusal
from patcher.batch.spool import Spool
from patcher.documents.masks import Masks
from patcher.errors import ApiError, DeclinedError
from patcher.plan import PatchResult
from patcher.render.overview import outcome_lines, overview_lines
from patcher.render.text import plain
from patcher.resources.model import MODEL

LONG = "The API refused to write it because of " + "very " * 20 + "good reasons."


def test_a_refusal_is_broken_at_spaces(tmp_path: Path) -> None:
    """In the overview and in the outcome no row is wider than the terminal, and no word is cut."""
    refusal = Refusal(NamedResource("Orders", "x"), LONG, "Wait.")
    failed = PatchResult.of_error(ApiError(LONG), MODEL, target="Orders")
    with Spool(tmp_path, MODEL, Masks()) as spool:
        batch = Overview(spool, 1)
        batch.refused.append(refusal)
        overview = plain(overview_lines(batch, "model", 60))
    outcome = plain(outcome_lines(failed, 60))

    for text in (overview, outcome):
        assert LONG in " ".join(text.split())
        assert max(map(len, text.splitlines())) <= 60


def test_one_answer_for_all_is_not_repeated_for_each() -> None:
    """What was declined is only counted."""
    declined = PatchResult.of_error(DeclinedError("Declined."), MODEL, target="Orders")

    assert list(outcome_lines(declined)) == []
