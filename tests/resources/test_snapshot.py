"""What can be told from one reading of a resource."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.resources.snapshot import Snapshot, moment


def snapshot(version: Any = 1, updated_at: Any = "2026-01-01T00:00:00Z") -> Snapshot:
    """A reading with this version and time."""
    return Snapshot({"version": version, "updated_at": updated_at})


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000001Z"),
        ("2026-01-01T00:00:00.9Z", "2026-01-01T00:00:00.91Z"),
        ("2026-01-01T00:00:00.25Z", "2026-01-01T00:00:00.5Z"),
        ("2026-01-01T00:45:00+00:30", "2026-01-01T00:16:00Z"),
        ("2026-01-01T00:14:00Z", "2026-01-01T00:45:00+00:30"),
        ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:01Z"),
        ("2026-01-01T00:00:00Z", "2025-12-31T23:30:00-01:00"),
        ("2025-12-31T23:59:59.999999999Z", "2026-01-01T00:00:00Z"),
    ],
)
def test_times_are_ordered_to_the_nanosecond_and_across_zones(earlier: str, later: str) -> None:
    """RFC 3339 timestamps compare by the moment they name."""
    first, second = moment(earlier), moment(later)

    assert first is not None
    assert second is not None
    assert first < second


def test_one_moment_has_several_spellings() -> None:
    """Zeros at the end of the fraction, another zone and other letters are no other time."""
    spellings = (
        "2026-01-01T00:00:00.5Z",
        "2026-01-01t00:00:00.500z",
        "2026-01-01 01:30:00.50+01:30",
        "2025-12-31T22:30:00.5-01:30",
    )

    assert len({moment(text) for text in spellings}) == 1


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-01-01",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "2026-01-01T00:00:00.\u0665Z",
    ],
)
def test_what_is_no_time_is_unknown(text: str | None) -> None:
    """A timestamp that cannot be read orders nothing."""
    assert moment(text) is None


@pytest.mark.parametrize(
    ("after", "is_newer"),
    [
        (snapshot(2), True),
        (snapshot(1, "2026-01-01T00:00:01Z"), True),
        (snapshot(2, "2026-01-01T00:00:01Z"), True),
        (snapshot(1), False),
        (snapshot(0, "2026-01-01T00:00:01Z"), False),
        (snapshot(2, "2025-01-01T00:00:00Z"), False),
        (snapshot(None, "2026-01-01T00:00:01Z"), True),
        (snapshot(None, None), False),
        (snapshot(True), False),
    ],
)
def test_newer_means_ahead_in_one_and_behind_in_none(after: Snapshot, is_newer: bool) -> None:
    """A later state is ahead by version or time, and not behind by the other."""
    assert after.is_newer_than(snapshot()) is is_newer


def test_facts_are_told_only_where_they_are_plain() -> None:
    """A fact of another type than documented is no fact."""
    odd = Snapshot({"id": 7, "name": None, "version": True, "updated_at": 5, "updated_by": "x"})

    assert (odd.id, odd.name, odd.version, odd.updated_at, odd.author) == (None,) * 5


@pytest.mark.parametrize(
    ("actor", "shown"),
    [
        ({"id": "u", "name": "Ann"}, "Ann"),
        ({"id": "u", "name": ""}, "u"),
        ({"id": "u", "name": 5}, "u"),
        ({"id": "", "name": None}, None),
        ({"id": 7}, None),
        ({}, None),
    ],
)
def test_the_author_is_a_name_or_an_id(actor: dict[str, Any], shown: str | None) -> None:
    """Who wrote last is named as well as the response can."""
    assert Snapshot({"updated_by": actor}).author == shown


@pytest.mark.parametrize(
    ("now", "is_older"),
    [
        (snapshot(4), True),
        (snapshot(4, "2027-01-01T00:00:00Z"), True),
        (snapshot(5), False),
        (snapshot(6, "2025-01-01T00:00:00Z"), False),
        (snapshot(5, "2025-12-31T23:59:59Z"), True),
        (snapshot(None, "2025-12-31T23:59:59Z"), True),
        (snapshot("4", "2026-01-01T00:00:00Z"), False),
        (snapshot("4", "2025-12-31T23:59:59Z"), True),
        (snapshot(True), False),
        (snapshot(4.0), False),
        (snapshot(None, None), False),
        (snapshot(5, "yesterday"), False),
    ],
)
def test_older_means_a_lower_version_or_the_same_at_an_earlier_time(
    now: Snapshot, is_older: bool
) -> None:
    """Only integers are counted; where they say nothing the time decides."""
    assert now.is_older_than(snapshot(5)) is is_older


@pytest.mark.parametrize(
    ("known", "now", "is_older"),
    [
        ("2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123456Z", False),
        ("2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00Z", False),
        ("2026-01-01T00:00:00.123456789Z", "2026-01-01T00:00:00.123455Z", True),
        ("2026-01-01T00:00:00.12Z", "2026-01-01T00:00:00.119999Z", True),
        ("2026-01-01T01:00:00.5+01:00", "2026-01-01T00:00:00.500Z", False),
    ],
)
def test_a_time_stored_less_precisely_is_not_older(known: str, now: str, is_older: bool) -> None:
    """A server that answers in nanoseconds and stores microseconds does not lag behind."""
    assert snapshot(5, now).is_older_than(snapshot(5, known)) is is_older


@pytest.mark.parametrize(
    ("one", "other", "differs"),
    [
        (3, 3, False),
        (3, 4, True),
        ("3", "3", False),
        ("3", 3, True),
        ("3", "4", True),
        (1, True, True),
        (1, 1.0, True),
        (None, "3", True),
    ],
)
def test_versions_are_compared_as_the_values_that_they_are(
    one: Any, other: Any, differs: bool
) -> None:
    """A version that is text, or a number of another kind, is a version all the same."""
    assert snapshot(one).has_other_version(snapshot(other)) is differs
    assert snapshot(one).has_moved_from(snapshot(other)) is differs
    assert bool(snapshot(one).version_change(snapshot(other))) is differs


@pytest.mark.parametrize(
    ("version", "shown"), [(7, "7"), ("7", '"7"'), (None, "none"), ("x" * 99, '"' + "x" * 39)]
)
def test_a_version_is_shown_as_what_it_is(version: Any, shown: str) -> None:
    """Text is told from a number, and is cut."""
    assert snapshot(version).shown_version == shown


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"updated_by": {"name": "Bo"}, "updated_at": "t"}, " by Bo at t"),
        ({"updated_by": {"name": "Bo"}}, " by Bo"),
        ({"updated_at": "t"}, " at t"),
        ({}, ""),
    ],
)
def test_who_wrote_last_is_told_as_far_as_it_is_known(raw: dict[str, Any], words: str) -> None:
    """By whom, when, both or neither."""
    assert Snapshot(raw).last_write == words
