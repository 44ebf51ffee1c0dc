"""Values that a write cannot send, and decisions about unknown keys."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.documents.masks import MASK
from patcher.documents.patches import Patch
from patcher.errors import SettingsError, UnknownFieldError
from patcher.plan import Plan
from patcher.resources.blockers import Blocker, UnknownKeys, is_unknown_fields, one_of, unsettled
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import ID, response
from tests.plan.planning import make_plan

HEADER = {"name": "Authorization", "value": MASK}
ADDED = {"name": "a", "label": "A", "type": "t", "user_added": True}
NAMELESS = [{"name": "x"}, {"label": "A"}]


def plan(members: dict[str, Any], patch: Patch, **options: Any) -> Plan:
    """The plan of a change to a response with ``members``."""
    return make_plan(MODEL, Snapshot(response(**members)), patch, **options)


def whole(members: dict[str, Any], **changes: Any) -> Patch:
    """The document of a response, given back with ``changes``; ... leaves a key out."""
    document, _ = MODEL.document(Snapshot(response(**members)))
    return Patch.document({k: v for k, v in (document | changes).items() if v is not ...})


SETTLED: tuple[tuple[dict[str, Any], Patch], ...] = (
    ({"labels": [{}]}, Patch.unset("labels")),
    ({"labels": [{}]}, Patch.set("labels", [ID])),
    ({"labels": [{}]}, Patch.set("labels", [])),
    ({"labels": [{}]}, Patch.merge({"labels": [ID]})),
    ({"labels": [{}]}, Patch.merge({"labels": None})),
    ({"labels": [{}]}, Patch.unset("labels.0")),
    ({"labels": [{}, {}]}, Patch.unset("labels.0") + Patch.unset("labels.0")),
    ({"labels": [{}]}, Patch.set("labels.0", ID)),
    ({"labels": [{}]}, Patch.json_patch([{"op": "remove", "path": "/labels/0"}])),
    ({"labels": [{}]}, Patch.json_patch([{"op": "replace", "path": "/labels", "value": []}])),
    ({"labels": {"a": 1}}, Patch.set("labels", [ID])),
    ({"labels": {"a": 1}}, Patch.unset("labels")),
    ({"fields": NAMELESS}, Patch.set("fields", ["x"])),
    ({"fields": NAMELESS}, Patch.set("fields.1", "y")),
    ({"fields": NAMELESS}, Patch.unset("fields.1")),
    ({"fields": [{"name": "x", "user_added": "yes"}]}, Patch.set("fields", ["x"])),
    ({"fields": [{"name": "x"}, ADDED | {"pii": 1}]}, Patch.unset("additional_fields.0.pii")),
    ({"fields": [{"name": "x"}, ADDED | {"pii": 1}]}, Patch.set("additional_fields.0.pii", 2)),
    ({"fields": [{"name": "x"}, ADDED | {"pii": 1}]}, Patch.unset("additional_fields")),
    ({"fields": [{"name": "x"}, ADDED | {"pii": 1}]}, Patch.remove("additional_fields", "a")),
    (
        {"fields": [{"name": "x"}, ADDED | {"label": None}]},
        Patch.set("additional_fields.0.label", "L"),
    ),
    ({"retention": 1}, Patch.unset("retention")),
    ({"retention": 1}, Patch.set("retention", 2)),
    ({"retention": {"days": 1}}, Patch.set("retention.days", 2)),
    ({"retention": 1}, Patch.merge({"retention": None})),
    ({"configuration": {"token": MASK}}, Patch.set("configuration.token", "s")),
    ({"configuration": {"token": MASK}}, Patch.unset("configuration.token")),
    ({"configuration": {"token": MASK}}, Patch.set("configuration", {"token": None})),
    ({"configuration": {"token": MASK}}, Patch.merge({"configuration": {"token": None}})),
    ({"configuration": {"a": {"token": MASK}}}, Patch.unset("configuration.a")),
    ({"configuration": {"a": {"token": MASK}}}, Patch.set("configuration.a", "none")),
    ({"configuration": {"headers": [HEADER]}}, Patch.set("configuration.headers.0.value", "s")),
    ({"configuration": {"headers": [HEADER]}}, Patch.set("configuration.headers", [])),
    ({"configuration": {"headers": [HEADER]}}, Patch.unset("configuration.headers.0")),
    ({"enricher": {"configuration": {"token": MASK}}}, Patch.unset("enricher")),
    ({"labels": [{}]}, whole({"labels": [{}]}, labels=[ID])),
    ({"labels": [{}]}, whole({"labels": [{}]}, labels=None)),
    ({"retention": 1}, whole({"retention": 1}, retention=None)),
)


@pytest.mark.parametrize(("members", "patch"), SETTLED)
def test_naming_the_place_or_replacing_its_list_settles_a_blocker(
    members: dict[str, Any], patch: Patch
) -> None:
    """The change says what is to be there: nothing is lost that it does not name."""
    made = plan(members, patch)

    assert made.changes
    found = MODEL.projection(made.base)
    assert unsettled(found.blockers, made.document, made.proposed, made.terms.named) == []
    assert unsettled(found.blockers, made.document, made.document, made.terms.named)


LEFT: tuple[tuple[dict[str, Any], Patch, str], ...] = (
    ({"labels": [{}]}, Patch.set("name", "New"), "/labels/0"),
    ({"labels": [{}]}, Patch(), "/labels/0"),
    ({"labels": [{}]}, Patch.set("labels", [{}]), "/labels/0"),
    ({"labels": [ID, {}]}, Patch.remove("labels", ID), "/labels/1"),
    ({"labels": [{}, {}]}, Patch.unset("labels.0"), "/labels/0"),
    ({"labels": [{}]}, Patch.add("labels", ID), "/labels/0"),
    ({"labels": [{}]}, whole({"labels": [{}]}), "/labels/0"),
    ({"labels": [{}]}, whole({"labels": [{}]}, labels=[ID, {}]), "/labels/0"),
    ({"fields": NAMELESS}, Patch.add("fields", "y"), "/fields/1"),
    ({"fields": NAMELESS}, whole({"fields": NAMELESS}), "/fields/1"),
    (
        {"fields": [{"name": "x"}, ADDED | {"pii": 1}]},
        Patch.set("name", "N"),
        "/additional_fields/0/pii",
    ),
    (
        {"fields": [{"name": "x"}, ADDED, ADDED | {"name": "b", "pii": 1}]},
        Patch.remove("additional_fields", "a"),
        "/additional_fields/1/pii",
    ),
    ({"retention": 1}, Patch.set("retention", 1), "/retention"),
    ({"retention": 1}, whole({"retention": 1}), "/retention"),
    ({"configuration": {"token": MASK}}, Patch.set("configuration", {}), "/configuration/token"),
    (
        {"configuration": {"token": MASK}},
        Patch.set("configuration", {"query": "x"}),
        "/configuration/token",
    ),
    (
        {"configuration": {"token": MASK}},
        whole({"configuration": {"token": MASK}}, configuration={"query": "x"}),
        "/configuration/token",
    ),
    (
        {"configuration": {"a": {"token": MASK}, "b": {}}},
        Patch.json_patch([{"op": "copy", "from": "/configuration/b", "path": "/configuration/a"}]),
        "/configuration/a/token",
    ),
    (
        {"configuration": {"a": {"token": MASK}}},
        Patch.set("configuration", {"a": {"query": "x"}}),
        "/configuration/a/token",
    ),
    (
        {"configuration": {"headers": [HEADER]}},
        Patch.set("configuration.headers.0", {"name": "Authorization"}),
        "/configuration/headers/0/value",
    ),
    (
        {"configuration": {"headers": [HEADER]}},
        Patch.set("configuration", {"query": "x"}),
        "/configuration/headers/0/value",
    ),
)


@pytest.mark.parametrize(("members", "patch", "place"), LEFT)
def test_absence_and_the_value_as_it_is_settle_nothing(
    members: dict[str, Any], patch: Patch, place: str
) -> None:
    """Nothing tells what was left out from what was not known; it is refused by its place."""
    with pytest.raises(UnknownFieldError) as caught:
        plan(members, patch)

    assert caught.value.paths == (place,)
    assert caught.value.exit_code == 2
    assert place in caught.value.message


def test_each_value_that_is_still_there_blocks() -> None:
    """Whichever of the others the change replaces."""
    before = {"labels": [{}], "retention": 1, "row_filter": 2, "tags": 3}
    patch = Patch.set("row_filter", 5) + Patch.set("retention", 1) + Patch.set("tags", 3)

    with pytest.raises(UnknownFieldError) as caught:
        plan(before, patch)

    assert caught.value.paths == ("/labels/0", "/retention", "/tags")


def test_the_message_names_five_places_and_counts_the_rest() -> None:
    """A long list is cut in the message, and whole in the error's paths."""
    with pytest.raises(UnknownFieldError) as caught:
        plan({f"new_{i}": i + 1 for i in range(8)}, Patch.set("name", "N"))

    assert len(caught.value.paths) == 8
    assert caught.value.message == (
        "This model can't be written as it is: /new_0 (unknown key); /new_1 (unknown key); "
        "/new_2 (unknown key); /new_3 (unknown key); /new_4 (unknown key) and 3 more."
    )


def test_the_hint_offers_for_each_place_what_works_there() -> None:
    """Where places differ in what helps, each is named with its own."""
    with pytest.raises(UnknownFieldError) as one:
        plan({"retention": 1}, Patch.set("name", "N"))
    with pytest.raises(UnknownFieldError) as both:
        plan({"retention": 1, "labels": [{}, {}]}, Patch.set("name", "N"))

    unknown = (
        "--unknown-fields carry (send it along), --unknown-fields drop (leave it out, which clears "
        "it) or --unset retention."
    )
    assert one.value.command_hint == f"Use {unknown}"
    assert both.value.command_hint == (
        "For /labels/0, /labels/1: --set 'labels:=[\"UUID\"]' or --unset labels. "
        f"For /retention: {unknown}"
    )


def test_the_note_in_a_document_says_the_same() -> None:
    """A comment on one place names it, the reason and what works there."""
    one = Blocker(("labels", "0"), "no id", ("--unset labels", "--set labels:=[...]"))

    assert one.note == (
        "/labels/0 (no id) can't be written as it is. Use --unset labels or --set labels:=[...]."
    )


def test_what_was_left_out_is_told_from_what_is_still_there() -> None:
    """The message says that leaving it out is no removal."""
    with pytest.raises(UnknownFieldError) as gone:
        plan({"configuration": {"token": MASK}}, Patch.set("configuration", {}))
    with pytest.raises(UnknownFieldError) as caught:
        plan({"configuration": {"token": MASK}}, Patch.set("name", "N"))

    assert gone.value.hint == (
        f"{caught.value.hint} Leaving it out of a document or an edit does not remove it; null "
        "does."
    )


def test_thousands_of_blockers_take_no_time_to_speak_of() -> None:
    """Each list is looked through once, however many there are in it."""
    fields = [{"label": str(i)} for i in range(5_000)]

    made = plan({"fields": fields}, Patch.set("fields", [str(i) for i in range(5_000)]))

    assert len(made.proposed["fields"]) == 5_000


def test_options_are_listed_with_or() -> None:
    """One by itself, the last of several after an or."""
    assert [one_of(one) for one in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a or b",
        "a, b or c",
    ]


VARIABLE = "PATCH_MODEL_UNKNOWN_FIELDS"


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("error", "error"),
        ("carry", "carry"),
        ("drop", "drop"),
        ("row_filter=carry,tags=drop", "row_filter=carry,tags=drop"),
        (" row_filter = carry , tags=drop ", "row_filter=carry,tags=drop"),
        ("a=b=carry", "a=b=carry"),
        ("drop,tags=carry", "drop,tags=carry"),
    ],
)
def test_a_decision_is_one_word_or_one_for_each_key(text: str, spelled: str) -> None:
    """What is read is spelled again as what it means."""
    assert str(UnknownKeys.of(text)) == spelled
    assert UnknownKeys.of(spelled) == UnknownKeys.of(text)
    assert is_unknown_fields(text)


BAD: tuple[Any, ...] = (
    "",
    "keep",
    "Carry",
    "row_filter",
    "row_filter=",
    "=carry",
    "row_filter=keep",
    "row_filter=carry,",
    "row_filter=carry,row_filter=drop",
    "row_filter:carry",
    "carry,drop",
    None,
    True,
    {"row_filter": "carry"},
)


@pytest.mark.parametrize("text", BAD)
def test_a_bad_spelling_is_refused(text: Any) -> None:
    """It is never taken for another decision, and the message shows how it is spelled."""
    with pytest.raises(SettingsError) as caught:
        UnknownKeys.of(text)

    assert caught.value.exit_code == 2
    assert (caught.value.message, caught.value.hint) == (
        "The decision on unknown keys is not valid.",
        "Use error, carry or drop, or one for each key: row_filter=carry,tags=drop",
    )
    assert not isinstance(text, str) or not is_unknown_fields(text)


@pytest.mark.parametrize("text", [*filter(None, BAD[:11]), "carry", "drop", "drop,tags=carry"])
def test_the_environment_decides_key_by_key_only(text: str) -> None:
    """What holds for good holds for no key that nobody has looked at."""
    with pytest.raises(SettingsError) as caught:
        UnknownKeys.from_env({VARIABLE: text})

    assert (caught.value.message, caught.value.hint) == (
        f"{VARIABLE} is not valid.",
        "Use one decision for each key, for example: row_filter=carry,tags=drop",
    )


def test_an_empty_variable_decides_nothing() -> None:
    """As one that is not there."""
    assert UnknownKeys.from_env({VARIABLE: " "}) == UnknownKeys.from_env({}) == UnknownKeys()


@pytest.mark.parametrize(
    ("first", "later", "both"),
    [
        ("a=carry", "error", "a=carry"),
        ("a=carry", "b=drop", "a=carry,b=drop"),
        ("a=carry", "a=drop", "a=drop"),
        ("a=carry", "drop", "drop"),
        ("drop", "a=carry", "drop,a=carry"),
    ],
)
def test_the_later_decision_counts(first: str, later: str, both: str) -> None:
    """Key by key; a word for all keys replaces everything."""
    assert str(UnknownKeys.of(first).then(UnknownKeys.of(later))) == both
