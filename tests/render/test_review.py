"""What a preview and a look downstream look like, where the command line's tests do not show it."""

from __future__ import annotations

from dataclasses import replace

from patcher.documents.patches import Patch
from patcher.impact import Aftermath, Preview
from patcher.impact.downstream import Checked, Problem, Unread
from patcher.impact.preview import PreviewColumn
from patcher.render.review import aftermath_lines, review_lines
from patcher.render.text import plain
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import response
from tests.plan.planning import make_plan


def shown(preview: Preview) -> str:
    """The text of a preview."""
    plan = make_plan(MODEL, Snapshot(response()), Patch.of({"name": "New"}))
    return plain(review_lines(replace(plan, preview=preview)))


def test_every_part_of_a_preview_is_shown() -> None:
    """Gained, lost and left out, and places whose column is lost, missing or not known."""
    columns = (
        PreviewColumn("/fields/0", "old", "lost"),
        PreviewColumn("/fields/1", "nowhere", "missing"),
        PreviewColumn("/identifier", "old", "lost"),
        PreviewColumn("/additional_fields/0/name", "score", "unknown"),
    )
    preview = Preview("done", None, ("a", "new"), ("new",), ("old",), ("x", "y"), columns)

    assert shown(preview) == (
        "\nPreview: 2 fields would be exposed.\n"
        "  + gained   new\n"
        "  - lost     old\n"
        "    left out x, y\n"
        '  ! /fields/1 "nowhere" names a column that the source does not have\n'
        '  ! /identifier "old" would lose its column\n'
        '  ! /additional_fields/0/name "score" may lose its column: the preview does not say\n'
    )


def test_many_names_take_several_lines() -> None:
    """A long list is wrapped below its own beginning, so that eighty columns hold it."""
    names = tuple(f"field_number_{number}" for number in range(12))
    rows = shown(Preview("done", None, (), (), names)).splitlines()

    assert [row[:13] for row in rows[2:]] == ["  - lost     ", *[" " * 13] * (len(rows) - 3)]
    assert len(rows) > 4
    assert max(map(len, rows)) <= 85


def test_a_preview_without_a_difference_says_so() -> None:
    """What is exposed as now is said in one line."""
    assert shown(Preview("done", None, ("a",))) == "\nPreview: 1 field would be exposed, as now.\n"


def test_what_could_not_be_had_is_not_shown_as_refused() -> None:
    """A preview that nobody could give is told apart from one that the source refused."""
    text = shown(Preview("unavailable", "no\x1b[2J end", status=403))

    assert text == "\nPreview: unavailable (403)\n      no\\u001b[2J end\n"


def test_syncs_that_could_not_be_read_again_are_not_counted() -> None:
    """After a write, a sync that was not read is not among those without problems."""
    problem = Problem(None, None, None, None)
    syncs = (Checked("a", None, (problem,)), Checked("b", "B", None))
    text = plain(aftermath_lines(Aftermath(syncs, (Unread("/api/syncs/b", "gone"),))))

    assert text == (
        "\nDownstream after the write: 1 sync read again, 1 with problems.\n"
        "  ? not read: /api/syncs/b: gone\n"
        "  ! sync a\n"
        "      problem: no explanation\n"
    )
