"""The report: who follows, what is warned of, and that nothing left unread is forgotten."""

from __future__ import annotations

from patcher.impact.downstream import (
    Aftermath,
    Checked,
    Impact,
    Problem,
    Relating,
    Schedule,
    Sync,
    Unread,
    followers,
)
from patcher.impact.fieldchange import Reference
from tests.impact.test_references import CHANGE


def sync(its_id: str, *after: str, broken: str | None = None) -> Sync:
    """A sync that runs after others, and may be broken."""
    found = (Reference("/fields/0/source", broken, "name", "dropped"),) if broken else ()
    schedule = Schedule("runafter", {}, after, ())
    return Sync(its_id, f"Sync {its_id}", True, "update", schedule, False, found)


def test_followers_are_found_over_several_steps() -> None:
    """A sync that runs after one that runs after ours follows, too; a circle ends."""
    found = followers(
        [sync("d", "c"), sync("c", "b", "x"), sync("b", "a"), sync("x"), sync("y", "x"),
         sync("e", "f", "a"), sync("f", "e")],
        ["a"],
    )  # fmt: skip

    assert {one.sync.id: one.after for one in found} == {
        "b": ("a",), "c": ("b",), "d": ("c",), "e": ("f", "a"), "f": ("e",),
    }  # fmt: skip


def test_no_schedule_follows_nobody() -> None:
    """A sync whose schedule is not known is not said to follow."""
    assert followers([sync("b")._replace(schedule=None)], ["a"]) == ()


def test_what_breaks_is_warned_of() -> None:
    """Syncs and models that break are one warning each, with the first names and the fields."""
    broken = tuple(sync(str(i), broken="plan") for i in range(5))
    relation = Reference("/relations/0/to", "id", "name", "dropped")
    impact = Impact(CHANGE, broken, (Relating("m", None, (relation,)),), (), ())

    assert [(one.code, one.message) for one in impact.notices()] == [
        (
            "breaks-syncs",
            (
                'The change breaks 5 syncs ("Sync 0", "Sync 1", "Sync 2" and 2 more), '
                "which refer to plan."
            ),
        ),
        ("breaks-relations", 'The change breaks 1 model ("m"), which refers to id.'),
    ]
    assert list(Impact(CHANGE, (sync("a"),), (), (), ()).notices()) == []


def test_what_is_not_read_is_warned_of() -> None:
    """That something could not be read is a warning, before the write and after it."""
    unread = tuple(Unread(f"/api/syncs/{i}", "no") for i in range(5))
    (before,) = Impact(CHANGE, None, None, None, unread).notices()
    (after,) = Aftermath((), unread[:1]).notices()

    assert before.code == after.code == "impact-incomplete"
    assert before.message.endswith("/api/syncs/2 (no) and 2 more.")


def test_what_could_not_be_listed_is_null() -> None:
    """An empty list says that there is nobody; null that nobody knows."""
    shown = Impact(CHANGE, None, (), None, ()).to_dict()

    assert (shown["syncs"], shown["models"], shown["run_after"]) == (None, [], None)
    assert shown["after"] is None


def test_problems_after_the_write_are_warned_of() -> None:
    """Each sync with problems is a warning; those without, and those not read, are none."""
    found = (Problem("gone", None, None, None), Problem(None, "no x", "p", "error"))
    syncs = (
        Checked("a", "One", (*found, Problem(None, None, None, None))),
        Checked("b", None, ()),
        Checked("c", None, None),
    )
    aftermath = Aftermath(syncs)
    (notice,) = aftermath.notices()

    assert notice.message == 'After the write, sync "One" has problems: gone; no x; ?.'
    assert [one["problems"] for one in aftermath.to_dict()["syncs"]][1:] == [[], None]
