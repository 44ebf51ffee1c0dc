"""A change as a value: building, checking and applying it."""

from __future__ import annotations

import re
from collections import OrderedDict
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents import jsontext
from patcher.documents.lists import AddItem, RawText, RemoveItem
from patcher.documents.patches import Applied, Patch, Renamed, refuse_indices
from patcher.documents.pointers import parse_path, pointer_to
from patcher.documents.shape import KeyedList, Shape
from patcher.documents.values import MAX_DEPTH, MISSING, Document, copied, strictly_equal
from patcher.documents.wording import Notice
from patcher.errors import InvalidPatchError, PatchError, ReadOnlyFieldError
from patcher.resources.model import MODEL
from tests.documents.strategies import LISTS, documents, keys, names, nested, values

SHAPE = Shape(
    members=("name", "configuration", "texts", "named", "links", "wide", "outer"),
    required=frozenset({"name"}),
    server_owned=frozenset({"id", "version"}),
    lists={
        ("texts",): KeyedList(),
        ("named",): KeyedList(("name",)),
        ("links",): KeyedList(("from", "to")),
        ("outer", "named"): KeyedList(("name",)),
        ("wide",): KeyedList(),
    },
    widening=frozenset({("wide",)}),
    opaque=(("configuration",),),
    alternatives={("texts",): ("named",), ("named",): ("texts",)},
)
DOCUMENT: Document = {
    "name": "N",
    "configuration": {"keys": ["do-not-print-me"], "mixed": [1, "a", {"b": 1}], "none": []},
    "texts": ["id", "email", "phone"],
    "named": [{"name": "ltv", "type": "number"}, {"name": "age", "type": "number"}],
    "links": [
        {"from": "a", "to": {"x": "1"}},
        {"from": "a", "to": {"x": "2"}},
        {"from": "b", "to": {"x": "1"}},
    ],
    "wide": ["w"],
}

paths = st.lists(keys, min_size=1, max_size=2).map(tuple)
steps = (
    st.builds(Patch.merge, documents)
    | st.builds(lambda place, value: Patch.set(pointer_to(place), value), paths, values)
    | st.builds(lambda place: Patch.unset(pointer_to(place)), paths)
    | st.builds(Patch.add, st.sampled_from(["texts", "named", "a"]), names | values)
    | st.builds(Patch.remove, st.sampled_from(["texts", "named", "links", "a"]), names | values)
)


def _add(path: str, text: str) -> Patch:
    return Patch((AddItem(parse_path(path), RawText(text)),))


def _remove(path: str, text: str) -> Patch:
    return Patch((RemoveItem(parse_path(path), RawText(text)),))


def _applied(patch: Patch) -> Applied:
    before = copied(DOCUMENT)
    applied = patch.apply(DOCUMENT, SHAPE)
    assert strictly_equal(DOCUMENT, before)
    return applied


def _refusal(patch: Patch) -> InvalidPatchError:
    with pytest.raises(InvalidPatchError) as caught:
        _applied(patch)
    return caught.value


@given(documents)
def test_the_empty_patch_is_the_identity(document: Document) -> None:
    """No step, an empty merge patch and an empty JSON Patch change nothing."""
    for patch in (Patch(), Patch.of({}), Patch.of([])):
        applied = patch.apply(document, SHAPE)
        assert strictly_equal(applied.document, document)
        assert applied.notices == ()


@given(documents, st.lists(steps | st.none(), max_size=4))
def test_a_patch_gives_the_same_every_time_and_mutates_nothing(
    document: Document, parts: list[Patch | None]
) -> None:
    """Whatever it is made of; when it does not fit, the error is ours."""
    before = copied(document)
    try:
        patch = sum((part for part in parts if part), Patch())
        once = patch.apply(document, SHAPE)
        twice = patch.apply(document, SHAPE)
    except PatchError:
        assert strictly_equal(document, before)
        return

    assert strictly_equal(once.document, twice.document)
    assert once.notices == twice.notices
    assert strictly_equal(document, before)


@given(st.text(alphabet="/~01.-a") | st.text(), values, documents)
def test_any_path_at_all_is_set_or_refused(path: str, value: Any, document: Document) -> None:
    """Nothing but our own error comes out of a patch."""
    for make in (Patch.set, Patch.add, Patch.remove):
        try:
            applied = make(path, value).apply(document, SHAPE)
        except PatchError:
            continue
        assert type(applied.document) is dict


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "M"}, "M"),
        (OrderedDict(name="M"), "M"),
        (MappingProxyType({"name": "M"}), "M"),
        ([{"op": "replace", "path": "/name", "value": "M"}], "M"),
        (({"op": "replace", "path": "/name", "value": "M"},), "M"),
        (Patch.set("name", "M"), "M"),
    ],
)
def test_what_a_change_can_be(change: Any, expected: str) -> None:
    """A mapping is a merge patch, a sequence a JSON Patch, and a Patch itself."""
    assert _applied(Patch.of(change)).document["name"] == expected


@pytest.mark.parametrize("change", [None, 1, "name=x", b"{}", {1, 2}, object()])
def test_what_a_change_cannot_be(change: Any) -> None:
    """The hint says what is taken."""
    with pytest.raises(InvalidPatchError, match="cannot be of type") as caught:
        Patch.of(change)

    assert type(change).__name__ in caught.value.message
    assert "a merge patch" in str(caught.value.command_hint)


@pytest.mark.parametrize(
    "change", [{"a": float("nan")}, {"a": {1: 2}}, {"a": {1, 2}}, [{"op": "add", "value": b"x"}]]
)
def test_a_change_holds_json_values_only(change: Any) -> None:
    """What JSON cannot say is refused before anything is done."""
    with pytest.raises(InvalidPatchError, match="not valid JSON"):
        Patch.of(change)


def test_a_patch_is_not_reached_by_later_changes_of_what_it_was_made_from() -> None:
    """The arguments are copied, and never mutated."""
    merge = {"configuration": {"a": [1]}}
    operations = [{"op": "add", "path": "/texts/-", "value": "x"}]
    patch = Patch.of(merge) + Patch.of(operations) + Patch.document({**DOCUMENT, "name": "M"})
    first = patch.apply(DOCUMENT, SHAPE).document
    merge["configuration"]["a"].append(2)
    operations[0]["value"] = "y"
    operations.clear()

    assert strictly_equal(patch.apply(DOCUMENT, SHAPE).document, first)


def test_patches_are_added_in_order() -> None:
    """Later steps see what earlier ones did."""
    patch = Patch.set("name", "A") + Patch.set("name", "B") + Patch.unset("name")

    assert "name" not in _applied(patch).document
    assert len(patch.steps) == 3
    assert repr(patch) == "Patch(Assign, Assign, Unset)"
    with pytest.raises(TypeError):
        patch + {"name": "C"}  # type: ignore[operator]


def test_the_members_that_a_patch_mentions() -> None:
    """Those it writes at the top, and all that a whole document holds; not those it only reads."""
    patch = (
        Patch.merge({"name": None, "outer": {}})
        + Patch.of([{"op": "test", "path": "/wide", "value": 1}])
        + Patch.of([{"op": "copy", "from": "/links", "path": "/texts"}])
        + Patch.add("named", {"name": "x"})
    )

    assert patch.written_keys() == {"name", "outer", "texts", "named"}
    assert Patch.document({"a": 1, "b": None}).written_keys() == {"a", "b"}
    assert Patch().written_keys() == frozenset()


@pytest.mark.parametrize(
    "patch",
    [
        Patch.merge({"version": 3}),
        Patch.merge({"id": None}),
        Patch.document({"name": "N", "version": 1}),
        Patch.set("version", 3),
        Patch.unset("id"),
        Patch.add("id", "x"),
        Patch.remove("id.x", "x"),
        Patch.of([{"op": "test", "path": "/version", "value": 3}]),
        Patch.of([{"op": "copy", "from": "/id", "path": "/name"}]),
        Patch.of([{"op": "move", "from": "/version/x", "path": "/name"}]),
    ],
)
def test_what_belongs_to_the_server_is_refused(patch: Patch) -> None:
    """However it is named, written or read, and before there is a document."""
    with pytest.raises(ReadOnlyFieldError) as caught:
        patch.check(SHAPE, allow_unknown=True)

    named = str(caught.value.path).split("/")[1]
    assert f"/{named}" in caught.value.message
    assert ("--expect-version" in str(caught.value.command_hint)) == (named == "version")
    assert ("Leave it out" in str(caught.value.command_hint)) == (named != "version")


def test_every_place_is_looked_at_though_one_is_the_whole_document() -> None:
    """Reading the whole document is no reason to stop looking."""
    patch = Patch.of([{"op": "copy", "from": "", "path": "/texts"}]) + Patch.set("version", 1)

    with pytest.raises(ReadOnlyFieldError):
        patch.check(SHAPE)


def test_what_is_not_known_is_refused_unless_allowed() -> None:
    """With what may have been meant, or with all there is."""
    for patch in (Patch.set("nmae", 1), Patch.of([{"op": "remove", "path": "/nmae"}])):
        with pytest.raises(InvalidPatchError) as caught:
            patch.check(SHAPE, known=())
        assert caught.value.path == "/nmae"
        assert caught.value.command_hint == 'Did you mean "name"?'
        patch.check(SHAPE, allow_unknown=True)
    with pytest.raises(InvalidPatchError, match="Unknown key") as caught:
        Patch.set("zzz.a", 1).check(SHAPE, known=("zz",))
    assert caught.value.path == "/zzz"
    assert "Known keys: name, configuration" in str(caught.value.command_hint)
    Patch.set("zzz.a", 1).check(SHAPE, known=("zzz",))
    with pytest.raises(InvalidPatchError, match="nmae"):
        (Patch.set("zzz.a", 1) + Patch.set("nmae", 1)).check(SHAPE, known=("zzz",))
    Patch.of([{"op": "test", "path": "/nmae", "value": 1}]).check(SHAPE)  # only read, so far


def test_without_a_document_only_a_misspelling_is_refused() -> None:
    """A document may have keys that are not known here, to be set or removed."""
    Patch.set("zzz.a", 1).check(SHAPE)
    Patch.unset("nmae").check(SHAPE)
    with pytest.raises(InvalidPatchError, match="nmae"):
        Patch.set("nmae", 1).check(SHAPE)


def test_what_is_known_passes() -> None:
    """Reading the whole document is allowed, and an unknown key deeper is not our business."""
    patch = Patch.of([{"op": "copy", "from": "", "path": "/configuration/all"}])
    patch += Patch.merge({"configuration": {"version": 1}})

    patch.check(SHAPE)
    assert _applied(patch).document["configuration"]["version"] == 1


@pytest.mark.parametrize(
    ("patch", "place", "expected"),
    [
        (_add("texts", "new"), "texts", ["id", "email", "phone", "new"]),
        (_add("texts", '{"a": 1}'), "texts", ["id", "email", "phone", '{"a": 1}']),
        (_add("wide", "x"), "wide", ["w", "x"]),
        (Patch.add("texts", "new"), "texts", ["id", "email", "phone", "new"]),
        (
            _add("named", '{"name": "x", "type": "string"}'),
            "named",
            [*DOCUMENT["named"], {"name": "x", "type": "string"}],
        ),
        (
            _add("links", '{"from": "b", "to": {"x": "2"}}'),
            "links",
            [*DOCUMENT["links"], {"from": "b", "to": {"x": "2"}}],
        ),
        (_add("outer.named", '{"name": "x"}'), "outer", {"named": [{"name": "x"}]}),
        (_remove("texts", "email"), "texts", ["id", "phone"]),
        (Patch.remove("texts", "email"), "texts", ["id", "phone"]),
        (_remove("named", "ltv"), "named", [DOCUMENT["named"][1]]),
        (_remove("named", '{"type": "number", "name": "ltv"}'), "named", [DOCUMENT["named"][1]]),
        (Patch.remove("named", DOCUMENT["named"][1]), "named", [DOCUMENT["named"][0]]),
        (Patch.remove("named", "age"), "named", [DOCUMENT["named"][0]]),
        (_remove("links", "b"), "links", DOCUMENT["links"][:2]),
        (_remove("links", '{"from": "a", "to": {"x": "2"}}'), "links", DOCUMENT["links"][::2]),
        (_remove("wide", "w"), "wide", []),
    ],
)
def test_members_come_and_go(patch: Patch, place: str, expected: Any) -> None:
    """By value or by name; a list of texts takes the text itself, one of objects JSON."""
    applied = _applied(patch)

    assert strictly_equal(applied.document[place], expected)
    assert applied.notices == ()


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("configuration.keys", "x", ["do-not-print-me", "x"]),
        ("configuration.mixed", "2", [1, "a", {"b": 1}, 2]),
        ("configuration.mixed", '{"c": []}', [1, "a", {"b": 1}, {"c": []}]),
    ],
)
def test_a_list_that_is_not_described_is_judged_by_its_members(
    path: str, text: str, expected: Any
) -> None:
    """All texts: a text is added; anything else: JSON."""
    applied = _applied(_add(path, text))

    assert strictly_equal(applied.document["configuration"][path.split(".")[1]], expected)


@pytest.mark.parametrize(
    ("patch", "code", "said"),
    [
        (_add("texts", "email"), "already-there", '"email"'),
        (
            _add("named", '{"type": "number", "name": "ltv"}'),
            "already-there",
            '"ltv"',
        ),
        (
            Patch.add("links", DOCUMENT["links"][0]),
            "already-there",
            "/links already has it.",
        ),
        (
            _remove("texts", "emial"),
            "not-there",
            'Did you mean "email"?',
        ),
        (_remove("named", "lvt"), "not-there", 'Did you mean "ltv"?'),
        (
            _remove("named", '{"name": "ltv"}'),
            "not-there",
            "/named has no such item.",
        ),
        (Patch.remove("named", {"name": "x"}), "not-there", "/named has no such item."),
        (_remove("outer.named", "x"), "not-there", "/outer/named is empty"),
    ],
)
def test_nothing_to_add_or_remove_is_a_notice(patch: Patch, code: str, said: str) -> None:
    """The document stays as it is, and it is said, with what may have been meant."""
    applied = _applied(patch)

    assert strictly_equal(applied.document, DOCUMENT)
    assert [one.code for one in applied.notices] == [code]
    assert said in applied.notices[0].message
    assert applied.notices[0].message.endswith((".", "?"))
    assert ("Did you mean" in applied.notices[0].message) == ("Did you mean" in said)


@pytest.mark.parametrize(
    ("patch", "said", "hint"),
    [
        (_remove("texts", "ltv"), '"ltv" is not in /texts but in /named.', "--remove named=ltv"),
        (Patch.remove("named", "email"), "not in /named but in /texts", "--remove texts=email"),
        (
            _remove("links", "a"),
            "/links has 2 such items: /links/0, /links/1.",
            "the whole item",
        ),
        (_add("named", '{"name": "ltv"}'), 'already has "ltv"', "--set named.0.KEY=..."),
        (_add("named", "ltv"), "is not valid JSON", '{"name": "..."}'),
        (_add("name", "x"), "/name is text, not a list.", "--set name=..."),
        (_remove("name", "x"), "/name is text, not a list.", "--set name=..."),
        (_add("configuration.none", "x"), "it is unknown", "--set configuration.none:='[...]'"),
        (_add("configuration.new", "x"), "it is unknown", "--set configuration.new:='[...]'"),
        (_add("configuration.mixed", "x y"), "is not valid JSON", "text in double quotes"),
        (_remove("configuration.mixed", "x y"), "is not valid JSON", "text in double quotes"),
        (_add("links", "{"), "The item for /links is not valid JSON", '"from": "...", "to": ".'),
        (_remove("named", " {"), "The item for /named is not valid JSON", '{"name": "..."}'),
    ],
)
def test_members_that_do_not_fit_are_refused(patch: Patch, said: str, hint: str) -> None:
    """The error names the list and what is wrong, the hint what to write."""
    error = _refusal(patch)
    ((place, _),) = patch.steps[0].writes()

    assert said in error.message
    assert hint in str(error.command_hint)
    assert str(error.path).startswith(pointer_to(tuple(token for token in place if token != "-")))


def test_an_item_without_an_identity_is_added_as_it_is() -> None:
    """What the schema says of it is asked for elsewhere; it is no namesake of another one."""
    for place, item in (("named", {"nme": "ltv"}), ("links", ["a"]), ("texts", 1)):
        document = {place: [*DOCUMENT[place], {"other": 1}]}
        applied = Patch.add(place, item).apply(document, SHAPE)

        assert applied.document == {place: [*document[place], item]}
        assert applied.notices == ()


def test_all_that_are_called_the_same_are_shown_when_which_is_not_clear() -> None:
    """Each by its place, and never by what it holds; the error is about the list."""
    several = _refusal(_remove("links", "a"))
    assert several.message.endswith(": /links/0, /links/1.")
    assert several.path == "/links"

    document: Document = {"configuration": {"keys": ["b", "a", "a"], "o": [{"a": 1}] * 2}}
    for path, member in (("keys", "a"), ("o", {"a": 1})):
        with pytest.raises(InvalidPatchError) as caught:
            Patch.remove(f"configuration.{path}", member).apply(document, SHAPE)
        where = f"/configuration/{path}"
        first = len(document["configuration"][path]) - 2
        assert caught.value.message.endswith(f"such items: {where}/{first}, {where}/{first + 1}.")
        assert caught.value.path == where


def test_members_of_somebody_elses_list_are_never_shown() -> None:
    """Not even where only their content could tell them apart."""
    shape = SHAPE._replace(lists={("configuration", "l"): KeyedList(("name",))})
    members = [{"name": "x", "v": "do-not-print-me"}, {"name": "x", "v": 2}]
    with pytest.raises(InvalidPatchError, match="/configuration/l has 2 such") as caught:
        Patch.remove("configuration.l", "x").apply({"configuration": {"l": members}}, shape)

    assert "do-not-print-me" not in f"{caught.value.message} {caught.value.command_hint}"


def test_all_that_are_found_are_counted() -> None:
    """Those that are the same, and those that only have the same name."""
    x, y = ({"from": "a", "to": one} for one in "xy")
    with pytest.raises(InvalidPatchError, match="/links has 3 such items"):
        Patch.remove("links", "a").apply({"links": [y, x, x]}, SHAPE)


def test_two_that_are_the_same_among_others_of_the_name_have_an_index() -> None:
    """A member there twice cannot be given whole, so the hint is its index."""
    pair = {"from": "a", "to": "x"}
    with pytest.raises(InvalidPatchError) as caught:
        Patch.remove("links", "a").apply({"links": [pair, pair, {"from": "a", "to": "y"}]}, SHAPE)

    assert "--unset links.0" in str(caught.value.command_hint)


def test_two_of_a_name_with_different_content_are_shown_though_the_names_are_equal() -> None:
    """What tells them apart is asked for."""
    members = [{"name": "x", "v": 1}, {"name": "x", "v": 2}]
    with pytest.raises(InvalidPatchError, match="/named has 2 such items") as caught:
        Patch.remove("named", "x").apply({"named": members}, SHAPE)

    assert "the whole item" in str(caught.value.command_hint)


@pytest.mark.parametrize("text", ['"x"', "[1]", " [1]", "1"])
def test_json_that_is_no_object_names_no_member_of_a_keyed_list(text: str) -> None:
    """Among objects told apart by name, other text is a name, and is not there."""
    applied = _applied(_remove("named", text))

    assert [one.code for one in applied.notices] == ["not-there"]
    assert [one.path for one in applied.notices] == ["/named"]


def test_space_before_an_object_carries_no_meaning() -> None:
    """As it is typed in a shell, JSON may begin with a space."""
    gone = _applied(_remove("named", ' {"type": "number", "name": "ltv"}'))

    assert gone.document["named"] == [DOCUMENT["named"][1]]
    assert list(_add("named", ' {"name": "x"}').steps[0].writes()) == [
        (("named", "-"), {"name": "x"})
    ]
    assert list(_add("mixed", " [1]").steps[0].writes()) == [(("mixed", "-"), [1])]


def test_a_list_that_nothing_describes_has_texts_by_name_and_the_rest_by_value() -> None:
    """A number is not found by its text, and a text not as a number."""
    document = {"configuration": {"mixed": [1, "1", True]}}

    by_text = Patch.remove("configuration.mixed", "1").apply(document, SHAPE)
    by_value = Patch.remove("configuration.mixed", 1).apply(document, SHAPE)
    nothing = Patch.remove("configuration.mixed", 2).apply(document, SHAPE)

    assert by_text.document["configuration"]["mixed"] == [1, True]
    assert strictly_equal(by_value.document["configuration"]["mixed"], ["1", True])
    assert [one.code for one in nothing.notices] == ["not-there"]


@pytest.mark.parametrize("given_one", [None, False, 2, "a", {"b": 2}])
def test_what_is_not_in_a_list_takes_nothing_out_of_it(given_one: Any) -> None:
    """Members without a name are not called what is given, whatever that is."""
    document = {"configuration": {"mixed": [1, [], {"b": 1}]}}
    applied = Patch.remove("configuration.mixed", given_one).apply(document, SHAPE)

    assert strictly_equal(applied.document, document)
    assert [one.code for one in applied.notices] == ["not-there"]


def test_members_of_other_kinds_do_not_stand_in_the_way_of_a_name() -> None:
    """A list that should hold objects, and holds other things as well, is still searched."""
    document: Document = {"named": [1, "x", None, {"name": 5}, {"name": "a"}, {}]}

    gone = Patch.remove("named", "a").apply(document, SHAPE).document
    missed = Patch.remove("named", "b").apply(document, SHAPE)

    assert strictly_equal(gone, {"named": [1, "x", None, {"name": 5}, {}]})
    assert [one.code for one in missed.notices] == ["not-there"]


def test_what_a_member_is_made_of_is_checked_with_its_list_in_the_message() -> None:
    """A member that is not JSON, or that is too deep where it goes, is refused at once."""
    for make in (Patch.add, Patch.remove):
        with pytest.raises(InvalidPatchError, match="The item for /texts is not valid JSON"):
            make("texts", float("nan"))
    deep = nested(MAX_DEPTH - 2, 1)
    with pytest.raises(InvalidPatchError, match="The value for /a/b/- would be nested"):
        Patch.add("a.b", deep)
    assert Patch.add("a", deep).written_keys() == {"a"}
    typed = _add("configuration.mixed", jsontext.dump(deep))
    assert "The value for /configuration/mixed/- would be nested" in _refusal(typed).message


@pytest.mark.parametrize("wide", [{}, {"wide": []}, {"wide": None}])
def test_one_member_is_not_added_to_everything(wide: Document) -> None:
    """Where an absent or empty list means all, adding one would leave only that one."""
    with pytest.raises(InvalidPatchError) as caught:
        Patch.add("wide", "x").apply({"name": "N", **wide}, SHAPE)

    assert "only that one would be left" in caught.value.message
    assert caught.value.path == "/wide"
    assert "--set wide:='[...]'" in str(caught.value.command_hint)


def test_an_absent_list_that_is_described_is_created() -> None:
    """What it is a list of is known from the shape."""
    assert Patch.add("texts", "x").apply({}, SHAPE).document == {"texts": ["x"]}
    assert Patch.add("texts", "x").apply({"texts": None}, SHAPE).document == {"texts": ["x"]}


def test_a_member_that_is_there_twice_is_removed_by_its_index() -> None:
    """Which of them is meant cannot be guessed."""
    document: Document = {"texts": ["a", "b", "a"], "named": [{"name": "x"}, {"name": "x"}]}
    for path in ("texts", "named"):
        with pytest.raises(InvalidPatchError) as caught:
            Patch.remove(path, document[path][0]).apply(document, SHAPE)
        assert f"/{path} has 2 such items: /{path}/0" in caught.value.message
        assert f"--unset {path}.0" in str(caught.value.command_hint)


@pytest.mark.parametrize(
    "patch",
    [
        _remove("configuration.keys", "do-not-print-m"),
        _add("configuration.keys", "do-not-print-me"),
    ],
)
def test_what_is_in_somebody_elses_schema_is_not_quoted(patch: Patch) -> None:
    """It may be a credential, and so it is not even suggested."""
    applied = _applied(patch)

    assert len(applied.notices) == 1
    assert "do-not-print" not in applied.notices[0].message


@pytest.mark.parametrize(
    ("patch", "writes"),
    [
        (_add("texts", "x"), [(("texts", "-"), "x")]),
        (_add("named", '{"name": "x"}'), [(("named", "-"), {"name": "x"})]),
        (_add("texts", "{x}"), [(("texts", "-"), "{x}")]),
        (Patch.add("texts", 1), [(("texts", "-"), 1)]),
        (_remove("texts", "x"), [(("texts",), MISSING)]),
        (Patch.set("a.b", None), [(("a", "b"), None)]),
        (Patch.unset("a.b"), [(("a", "b"), MISSING)]),
    ],
)
def test_the_places_that_a_patch_writes(patch: Patch, writes: Any) -> None:
    """With the value as far as it can be told without the document."""
    assert [write for step in patch.steps for write in step.writes()] == writes
    assert [place for step in patch.steps for place in step.reads()] == []


def test_what_does_not_change_is_shared_with_the_document() -> None:
    """A patch of one member does not pay for the others."""
    applied = _applied(Patch.set("configuration.new", 1) + Patch.remove("wide", "w"))

    assert applied.document["named"] is DOCUMENT["named"]
    assert applied.document["configuration"] is not DOCUMENT["configuration"]
    assert _applied(Patch()).document is not DOCUMENT


NARROW = Shape(
    members=("name", "texts", "named", "configuration"),
    required=frozenset({"name"}),
    server_owned=frozenset({"id", "version"}),
    lists=LISTS,
)
TOPS = st.sampled_from(["name", "texts", "configuration", "id", "version", "nmae", "zzz"])
PLACES = st.tuples(TOPS) | st.tuples(TOPS, st.sampled_from(["id", "a", "0"]))


def _json_patch(op: str, path: str, source: str, value: Any) -> Patch:
    return Patch.json_patch([{"op": op, "path": path, "from": source, "value": value}])


@st.composite
def patches(draw: st.DrawFn) -> tuple[Patch, set[str], set[str]]:
    """A patch of one step, the top-level members that it names, and those that it writes."""
    (top, *rest), (other, *_) = draw(PLACES), draw(PLACES)
    path, value = pointer_to((top, *rest)), draw(values)
    kind = draw(st.sampled_from(["set", "unset", "add", "merge", "document", "test", "copy"]))
    if kind == "copy":
        return _json_patch("copy", path, f"/{other}", value), {top, other}, {top}
    if kind == "test":
        return _json_patch("test", path, "", value), {top}, set()
    made = {
        "set": lambda: Patch.set(path, value),
        "unset": lambda: Patch.unset(path),
        "add": lambda: Patch.add(path, value),
        "merge": lambda: Patch.merge({top: value}),
        "document": lambda: Patch.document({top: value}),
    }
    return made[kind](), {top}, {top}


@given(st.lists(patches(), max_size=3), st.booleans())
def test_the_check_is_about_the_names_and_nothing_else(
    parts: list[tuple[Patch, set[str], set[str]]], allow_unknown: bool
) -> None:
    """What the server owns is always refused, what is not known unless it is allowed."""
    patch = sum((one for one, _, _ in parts), Patch())
    named = {name for _, names, _ in parts for name in names}
    owned, unknown = (
        named & NARROW.server_owned,
        named - {*NARROW.members, *NARROW.server_owned},
    )
    raised: PatchError | None = None
    try:
        patch.check(NARROW, known=(), allow_unknown=allow_unknown)
    except PatchError as error:
        raised = error

    refused = owned if allow_unknown else owned | unknown
    assert (raised is not None) == bool(refused)
    if isinstance(raised, InvalidPatchError):
        name = str(raised.path).split("/")[1]
        assert name in refused
        assert isinstance(raised, ReadOnlyFieldError) == (name in owned)
        assert raised.command_hint
    assert patch.written_keys() == {name for _, _, written in parts for name in written}


@given(documents, patches(), patches(), patches())
def test_adding_patches_is_applying_one_after_the_other(
    document: Document, first: Any, second: Any, third: Any
) -> None:
    """However they are grouped; the empty patch adds nothing."""
    a, b, c = first[0], second[0], third[0]
    assert (a + b) + c == a + (b + c)
    assert Patch() + a == a == a + Patch()
    try:
        at_once = (a + b + c).apply(document, NARROW)
    except PatchError:
        return

    one = a.apply(document, NARROW)
    two = b.apply(one.document, NARROW)
    three = c.apply(two.document, NARROW)
    assert strictly_equal(at_once.document, three.document)
    assert at_once.notices == (*one.notices, *two.notices, *three.notices)


@given(documents, values, documents)
def test_no_patch_can_be_reached_through_what_it_was_made_from(
    document: Document, value: Any, other: Document
) -> None:
    """Callers may do with their arguments and with the result what they like."""
    arguments: Any = [copied(value), copied(other), [{"op": "add", "path": "/j", "value": [1]}]]
    patch = (
        Patch.set("s", arguments[0])
        + Patch.merge(arguments[1])
        + Patch.json_patch(arguments[2])
        + Patch.set("m", {"l": [arguments[0]]})
    )
    expected = copied(patch.apply(copied(document), NARROW).document)
    result = patch.apply(copied(document), NARROW).document
    for each in [*arguments, result]:
        _spoil(each)

    assert strictly_equal(patch.apply(document, NARROW).document, expected)


def _spoil(value: Any) -> None:
    """Empties every object and list in ``value``."""
    if type(value) in {dict, list}:
        for member in value.values() if type(value) is dict else value:
            _spoil(member)
        value.clear()


def test_a_patch_is_itself() -> None:
    """Patch.of hands a Patch on as it is, and its steps cannot be put in or out."""
    patch = Patch.set("name", "M")

    assert Patch.of(patch) is patch
    assert Patch() == Patch.of(Patch())
    assert Patch().steps == ()


def test_a_notice_is_plain_data() -> None:
    """Its code, its place and its sentence."""
    assert Notice("code", "/a", "Sentence.").to_dict() == {
        "code": "code",
        "path": "/a",
        "message": "Sentence.",
    }


CONTACTS: dict[str, Any] = {
    "name": "Contacts",
    "connection_id": "248df4b7-aa70-47b8-a036-33ac447e668d",
    "configuration": {"parts": ["x", "y"]},
    "fields": ["id", "email", "plan"],
    "additional_fields": [{"name": "score", "label": "Score", "type": "number"}],
    "relations": [{"from": "id", "to": {"model_id": "m", "field": "id"}}],
}
FIELDS, ADDED = ("fields",), ("additional_fields",)


def found(patch: Patch) -> tuple[Renamed, ...]:
    """What a patch says to be called otherwise."""
    return patch.apply(CONTACTS, MODEL.shape).renames


def operation(op: str, path: str, **more: Any) -> dict[str, Any]:
    """One operation of a JSON Patch."""
    return {"op": op, "path": path, **more}


@pytest.mark.parametrize(
    ("patch", "renamed"),
    [
        (Patch.set("fields.2", "tier"), [Renamed(FIELDS, "plan", "tier")]),
        (Patch.set("/additional_fields/0/name", "rank"), [Renamed(ADDED, "score", "rank")]),
        (
            Patch.json_patch([operation("replace", "/fields/1", value="mail")]),
            [Renamed(FIELDS, "email", "mail")],
        ),
        (
            Patch.set("fields.2", "a") + Patch.set("fields.2", "b"),
            [Renamed(FIELDS, "plan", "a"), Renamed(FIELDS, "a", "b")],
        ),
        (
            Patch.json_patch(
                [operation("remove", "/fields/0"), operation("replace", "/fields/1", value="tier")]
            ),
            [Renamed(FIELDS, "plan", "tier")],
        ),
        (
            Patch.json_patch(
                [operation("move", "/additional_fields/0/name", **{"from": "/fields/0"})]
            ),
            [Renamed(ADDED, "score", "id")],
        ),
    ],
)
def test_another_name_in_the_place_of_a_member_is_a_rename(
    patch: Patch, renamed: list[Renamed]
) -> None:
    """A change that writes another name where one stood says that it is the same member."""
    assert list(found(patch)) == renamed


@pytest.mark.parametrize(
    "patch",
    [
        Patch.merge({"fields": ["id", "email", "tier"]}),
        Patch.remove("fields", "plan") + Patch.add("fields", "tier"),
        Patch.json_patch(
            [operation("remove", "/fields/2"), operation("add", "/fields/2", value="tier")]
        ),
        Patch.json_patch([operation("move", "/fields/0", **{"from": "/fields/2"})]),
        Patch.set("fields.2", "plan"),
        Patch.set("fields.-", "tier"),
        Patch.set("additional_fields.0.label", "Rank"),
        Patch.set("/relations/0/from", "email"),
        Patch.set("/configuration/parts/0", "z"),
        Patch.set("name", "Customers"),
    ],
)
def test_one_that_goes_while_another_comes_is_no_rename(patch: Patch) -> None:
    """Two lists alone say nothing, nor do moves, nor members that are not known by one text."""
    assert found(patch) == ()


def test_a_list_that_is_made_or_replaced_whole_is_none() -> None:
    """Where there was no list before the write, nothing in it can have been renamed."""
    patch = Patch.unset("fields") + Patch.json_patch([operation("add", "/fields", value=["x"])])
    patch += Patch.set("fields.0", "y")

    assert found(patch) == (Renamed(FIELDS, "x", "y"),)
    assert found(Patch.json_patch([operation("add", "/labels", value=[])])) == ()
    first = Patch.json_patch([operation("add", "/labels", value=["a"])])
    assert found(first + Patch.set("labels.-", "b")) == ()


def test_a_member_without_a_name_is_none() -> None:
    """A member that has no identity is not followed."""
    document = {**CONTACTS, "additional_fields": [{"label": "Score"}]}
    patch = Patch.set("/additional_fields/0/name", "rank")

    assert patch.apply(document, MODEL.shape).renames == ()


HOSTS = {
    "configuration": {"hosts": ["a", "b"], "by_number": {"0": "x"}},
    "fields": ["id"],
}


@pytest.mark.parametrize(
    "patch",
    [
        Patch.json_patch([{"op": "remove", "path": "/fields/0"}]),
        Patch.json_patch([{"op": "replace", "path": "/additional_fields/2/label", "value": "x"}]),
        Patch.json_patch([{"op": "test", "path": "/labels/1", "value": "x"}]),
        Patch.json_patch([{"op": "copy", "from": "/policies/0", "path": "/policies/-"}]),
        Patch.set("relations.0.from", "x"),
        Patch.unset("enricher.fields.3"),
        Patch.set("name", "x") + Patch.unset("fields.0"),
        Patch.add("enricher.fields.0.path", "x"),
        Patch.remove("enricher.fields.0.path", "x"),
    ],
)
def test_an_index_into_a_known_list_is_refused(patch: Patch) -> None:
    """The shape alone tells, before any document is read."""
    with pytest.raises(InvalidPatchError, match="by its index") as caught:
        refuse_indices(patch, MODEL.shape)

    assert re.fullmatch(r"/[a-z_/]+/[0-9]", str(caught.value.path))
    assert "by value" in str(caught.value.hint)


def test_an_index_into_another_list_is_refused_where_it_is_one() -> None:
    """In somebody else's part of the document the document itself tells."""
    patch = Patch.json_patch([{"op": "replace", "path": "/configuration/hosts/0", "value": "x"}])
    refuse_indices(patch, MODEL.shape)

    with pytest.raises(InvalidPatchError, match="/configuration/hosts/0"):
        refuse_indices(patch, MODEL.shape, HOSTS)


@pytest.mark.parametrize(
    "patch",
    [
        Patch.json_patch([{"op": "add", "path": "/fields/-", "value": "x"}]),
        Patch.json_patch([{"op": "replace", "path": "/configuration/by_number/0", "value": 1}]),
        Patch.json_patch([{"op": "test", "path": "", "value": {}}]),
        Patch.set("configuration.by_number.0", "x"),
        Patch.add("fields", "x") + Patch.remove("fields", "0"),
        Patch.merge({"configuration": {"hosts": {"0": "x"}}}),
    ],
)
def test_what_is_no_index_is_not_refused(patch: Patch) -> None:
    """The end of a list, a key that is a number, a member by value: the same in every document."""
    refuse_indices(patch, MODEL.shape, HOSTS)

    assert patch.steps
