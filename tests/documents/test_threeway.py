"""Three documents merged into one: what stands, what collides, and the laws of both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.pointers import lookup, tokens_of
from patcher.documents.shape import Shape, keys_of
from patcher.documents.threeway import Collision, Merged, merge
from patcher.documents.values import MISSING, Document, copied, strictly_equal
from patcher.resources.model import MODEL
from tests.documents.strategies import LISTS, documents, pairs, values

SHAPE = Shape(members=(), required=frozenset(), server_owned=frozenset(), lists=LISTS)
KEYS = ("a", "b", "c")


def merged(base: Any, yours: Any, theirs: Any, touched: tuple[str, ...] = ()) -> Merged:
    """The merge of three model documents."""
    return merge(base, yours, theirs, MODEL.shape, tuple(map(tokens_of, touched)))


def paths(found: Merged) -> list[str]:
    """Where both sides collide."""
    return [one.path for one in found.collisions]


def in_any_order(document: Document) -> Document:
    """The document with its keyed lists in one order, so that order is not compared."""
    sorted_lists: Document = copied(document)
    for place, keyed in LISTS.items():
        holder = lookup(sorted_lists, place[:-1], None)
        members = holder.get(place[-1]) if type(holder) is dict else None
        keys = keys_of(members, keyed) if type(members) is list else None
        if keys is not None and type(members) is list:
            order = sorted(range(len(keys)), key=lambda i: repr(keys[i]))
            holder[place[-1]] = [members[i] for i in order]
    return sorted_lists


@given(pairs())
def test_one_side_alone_is_what_it_made(pair: tuple[Document, Document]) -> None:
    """Where only one side changed anything, the merge is that side, strictly, and none collide."""
    base, changed = pair

    for yours, theirs in ((changed, base), (base, changed), (changed, changed)):
        found = merge(base, yours, theirs, SHAPE)
        assert strictly_equal(found.document, changed)
        assert found.collisions == ()


@given(pairs(), documents)
def test_the_merge_takes_any_three_and_alters_none(
    pair: tuple[Document, Document], theirs: Document
) -> None:
    """No three documents break it, none is altered, and nothing mutable is shared with them."""
    base, yours = pair
    before = copied([base, yours, theirs])

    found = merge(base, yours, theirs, SHAPE)
    _scribble(found.document)

    assert strictly_equal([base, yours, theirs], before)


def _scribble(value: Any) -> None:
    """Alters every object and list in a value."""
    if type(value) is dict:
        for member in value.values():
            _scribble(member)
        value["scribbled"] = 1
    elif type(value) is list:
        for member in value:
            _scribble(member)
        value.append("scribbled")


@given(pairs(), documents)
def test_swapping_the_sides_collides_at_the_same_places(
    pair: tuple[Document, Document], theirs: Document
) -> None:
    """Neither side is preferred: the same number collides, and else the content is the same."""
    base, yours = pair

    one, other = merge(base, yours, theirs, SHAPE), merge(base, theirs, yours, SHAPE)

    assert len(one.collisions) == len(other.collisions)
    if not one.collisions:
        assert strictly_equal(in_any_order(one.document), in_any_order(other.document))


@given(pairs(), documents)
def test_a_collision_is_a_place_that_both_made_different(
    pair: tuple[Document, Document], theirs: Document
) -> None:
    """At each collision both differ from the base and from each other, and yours stands."""
    base, yours = pair

    for one in merge(base, yours, theirs, SHAPE).collisions:
        assert not strictly_equal(one.base, one.yours)
        assert not strictly_equal(one.base, one.theirs)
        assert not strictly_equal(one.yours, one.theirs)


DISJOINT = st.fixed_dictionaries(dict.fromkeys(KEYS, values))
SIDES = st.fixed_dictionaries({key: st.sampled_from(("yours", "theirs", "none")) for key in KEYS})


@given(DISJOINT, DISJOINT, SIDES, st.sampled_from(((), ("configuration",))))
def test_disjoint_changes_are_both_applied_in_either_order(
    base: Document, new: Document, sides: dict[str, str], at: tuple[str, ...]
) -> None:
    """Where each place has one author, the merge is what applying both in either order gives."""

    def changed_by(*who: str) -> Document:
        members = {key: new[key] if sides[key] in who else base[key] for key in KEYS}
        return {"configuration": members} if at else members

    found = merge(changed_by(), changed_by("yours"), changed_by("theirs"), SHAPE)

    assert found.collisions == ()
    assert strictly_equal(found.document, changed_by("yours", "theirs"))


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2), max_size=6),
    st.dictionaries(st.sampled_from("abcdef"), st.none() | st.integers(0, 2), max_size=6),
    SIDES,
)
def test_members_of_a_keyed_list_are_merged_one_by_one(
    base: dict[str, int], new: dict[str, int | None], sides: dict[str, str]
) -> None:
    """Members that each have one author, added, removed or changed, all come out as meant."""
    author = {name: "yours" if name < "d" else "theirs" for name in "abcdef"}

    def changed_by(*who: str) -> dict[str, int]:
        mine = {name: value for name, value in new.items() if author[name] in who}
        return {n: v for n, v in {**base, **mine}.items() if v is not None}

    def listed(members: dict[str, int]) -> Document:
        return {"named": [{"name": name, "value": value} for name, value in members.items()]}

    yours, theirs = listed(changed_by("yours")), listed(changed_by("theirs"))
    found = merge(listed(changed_by()), yours, theirs, SHAPE)

    got = {one["name"]: one["value"] for one in found.document["named"]}
    assert found.collisions == ()
    assert got == changed_by("yours", "theirs")


@given(st.permutations("abcd"), st.sets(st.sampled_from("wxyz")))
def test_their_order_stays_and_yours_comes_after(order: list[str], more: set[str]) -> None:
    """A list that they put in another order keeps it; what you appended comes at its end."""
    base = {"texts": list("abcd")}

    found = merge(base, {"texts": [*"abcd", *sorted(more)]}, {"texts": order}, SHAPE)

    assert found.document["texts"] == [*order, *sorted(more)]


@pytest.mark.parametrize(
    ("base", "yours", "theirs", "result"),
    [
        (["a", "b"], ["c"], ["a", "b", "d"], ["d", "c"]),
        (["a", "b"], ["a", "b", "c"], ["a", "b", "d"], ["a", "b", "d", "c"]),
        (["a", "b"], ["x", "a", "b"], ["a", "b", "d"], ["x", "a", "b", "d"]),
        (["a", "b"], ["a", "x", "y", "b"], ["b"], ["x", "y", "b"]),
        (["a", "b"], ["b", "a"], ["a", "b", "c"], ["b", "a", "c"]),
        (["a", "b"], ["b", "a"], ["b", "a"], ["b", "a"]),
        (["a", "b"], ["a", "b", "c"], ["a", "b", "c"], ["a", "b", "c"]),
        (["a", "b", "c"], ["c", "b", "a", "x"], ["c", "b", "a", "y"], ["c", "b", "a", "y", "x"]),
        ([], ["a"], ["b"], ["b", "a"]),
        (None, ["a"], ["b"], ["b", "a"]),
        (["a"], [], ["a", "b"], ["b"]),
    ],
)
def test_a_list_takes_what_both_sides_did(
    base: list[str] | None, yours: list[str], theirs: list[str], result: list[str]
) -> None:
    """A list that one side replaced does not swallow a member that the other side added."""
    found = merged({} if base is None else {"labels": base}, {"labels": yours}, {"labels": theirs})

    assert (found.document, found.collisions) == ({"labels": result}, ())


FIELD = {"name": "score", "label": "Score", "type": "number"}


@pytest.mark.parametrize(
    ("base", "yours", "theirs", "where"),
    [
        ({"name": "a"}, {"name": "b"}, {"name": "c"}, ["/name"]),
        ({"name": "a"}, {}, {"name": "c"}, ["/name"]),
        ({"name": "a"}, {"name": "b"}, {}, ["/name"]),
        ({}, {"name": "b"}, {"name": "c"}, ["/name"]),
        ({"a": 1}, {"a": 1.0}, {"a": True}, ["/a"]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, {"a": 5}, ["/a"]),
        ({"a": [1]}, {"a": [1, 2]}, {"a": [3, 1]}, ["/a"]),
        ({}, {"a": {"b": 1}}, {"a": {"c": 1}}, ["/a"]),
        (
            {"additional_fields": [FIELD]},
            {"additional_fields": [{**FIELD, "label": "S"}]},
            {"additional_fields": [{**FIELD, "label": "T"}]},
            ["/additional_fields/0/label"],
        ),
        (
            {"additional_fields": [FIELD, {**FIELD, "name": "x"}]},
            {"additional_fields": [FIELD]},
            {"additional_fields": [FIELD, {**FIELD, "name": "x", "label": "T"}]},
            ["/additional_fields/1"],
        ),
        (
            {"additional_fields": []},
            {"additional_fields": [FIELD]},
            {"additional_fields": [{**FIELD, "label": "T"}]},
            ["/additional_fields/0"],
        ),
        ({"labels": ["a", "a"]}, {"labels": ["a"]}, {"labels": ["a", "a", "b"]}, ["/labels"]),
        (
            {"labels": ["a", "b", "c"]},
            {"labels": ["b", "a", "c"]},
            {"labels": ["a", "c", "b"]},
            ["/labels"],
        ),
        ({"labels": ["a"]}, {}, {"labels": ["a", "b"]}, ["/labels"]),
        ({"labels": 5}, {"labels": ["a"]}, {"labels": ["b"]}, ["/labels"]),
    ],
)
def test_what_both_made_different_collides(
    base: Document, yours: Document, theirs: Document, where: list[str]
) -> None:
    """Changed, removed, added or reordered differently by both: yours stands, and it is said."""
    found = merged(base, yours, theirs)

    assert paths(found) == where
    place = tokens_of(where[0])
    assert strictly_equal(found.collisions[0].yours, lookup(found.document, place, MISSING)) or (
        found.collisions[0].yours is MISSING
    )


@pytest.mark.parametrize("place", [("fields",), ("enricher", "fields")])
@pytest.mark.parametrize(
    ("base", "yours", "theirs"),
    [
        (["a", "b"], ["a"], ["b"]),
        ([], ["a"], ["b"]),
        (None, ["a"], ["b"]),
        (["a"], [], ["a", "b"]),
        (["a"], ["a", "b"], []),
    ],
)
def test_a_list_that_stands_for_everything_is_never_emptied_by_a_merge(
    place: tuple[str, ...], base: list[str] | None, yours: list[str], theirs: list[str]
) -> None:
    """Where an empty or absent list means every field, both sides' changes collide instead."""

    def document(names: list[str] | None) -> Document:
        members: list[Any] | None = names
        if len(place) > 1 and names is not None:
            members = [{"name": name} for name in names]
        inner = {} if members is None else {"fields": members}
        return {"enricher": {"id": 1, **inner}} if len(place) > 1 else inner

    found = merged(document(base), document(yours), document(theirs))

    assert paths(found) == ["/" + "/".join(place)]


def test_a_name_belongs_in_one_of_two_lists() -> None:
    """A field that one side added as the source's and the other as its own collides."""
    base: Document = {"fields": ["id"]}
    yours: Document = {"fields": ["id", "score"]}
    theirs: Document = {"fields": ["id"], "additional_fields": [FIELD]}

    found = merged(base, yours, theirs)

    assert [(one.path, one.yours, one.theirs) for one in found.collisions] in (
        [("/additional_fields/0", "score", FIELD)],
        [("/fields/1", "score", FIELD)],
    )


def test_a_name_that_was_in_both_lists_before_is_nobodys_collision() -> None:
    """What a side had doubled already is not the merge's doing."""
    doubled: Document = {"fields": ["score"], "additional_fields": [FIELD]}

    found = merged(doubled, {**doubled, "name": "x"}, {**doubled, "labels": ["y"]})

    assert found.collisions == ()


@pytest.mark.parametrize(
    ("touched", "where"),
    [
        ("/identifier", ["/identifier"]),
        ("/labels/0", ["/labels"]),
        ("/configuration/session/role", ["/configuration/session/role"]),
        ("/policies", []),
        ("/name", []),
    ],
)
def test_what_a_change_rests_on_must_not_have_changed(touched: str, where: list[str]) -> None:
    """The from and test paths of a JSON Patch collide where they changed them, and only there."""
    base: Document = {
        "name": "a",
        "identifier": "id",
        "labels": ["x"],
        "configuration": {"session": {"role": "r"}},
        "policies": ["p"],
    }
    yours = {**base, "name": "same"}
    theirs = {
        **base,
        "name": "same",
        "identifier": "email",
        "labels": ["y", "x"],
        "configuration": {"session": {"role": "w"}},
    }

    assert paths(merged(base, yours, theirs, (touched,))) == where


@pytest.mark.parametrize("whose", ["yours", "theirs"])
def test_a_name_that_one_side_put_in_both_lists_is_that_sides_doing(whose: str) -> None:
    """The merge has put it there no more than the side that meant it."""
    base: Document = {"fields": ["id"]}
    doubled: Document = {"fields": ["id", "score"], "additional_fields": [FIELD]}
    other: Document = {"fields": ["id"], "name": "x"}

    found = merged(base, *((doubled, other) if whose == "yours" else (other, doubled)))

    assert (found.document, found.collisions) == ({**doubled, "name": "x"}, ())


def test_the_index_of_a_name_in_two_lists_counts_every_member() -> None:
    """Also those beside it that have no name: the collision points at the member itself."""
    base: Document = {"fields": ["id"], "additional_fields": [{"label": "nameless"}]}
    yours: Document = {**base, "fields": ["id", "score"]}
    theirs: Document = {**base, "additional_fields": [{"label": "nameless"}, FIELD]}

    found = merged(base, yours, theirs)

    [one] = found.collisions
    assert lookup(found.document, tokens_of(one.path)) == FIELD
    assert (one.base, one.yours, one.theirs) == (MISSING, "score", FIELD)


def test_two_collisions_at_one_index_are_two() -> None:
    """What yours removed is counted in the base, what it added in the merge; neither hides."""
    new = {**FIELD, "name": "new"}
    base: Document = {"additional_fields": [FIELD]}
    yours: Document = {"additional_fields": [new]}
    theirs: Document = {"additional_fields": [{**new, "label": "N"}, {**FIELD, "label": "S"}]}

    found = merged(base, yours, theirs)

    assert found.document == yours
    assert {(one.path, one.yours is MISSING) for one in found.collisions} == {
        ("/additional_fields/0", True),
        ("/additional_fields/0", False),
    }


@pytest.mark.parametrize("touched", ["", "/configuration", "/configuration/session"])
def test_of_an_object_that_a_change_rests_on_only_what_moved_collides(touched: str) -> None:
    """A test of all of it does not put all of it into the report."""
    base: Document = {"name": "a", "configuration": {"query": "q", "session": {"role": "r"}}}
    theirs: Document = {"name": "a", "configuration": {"query": "q", "session": {"role": "w"}}}

    [one] = merged(base, {**base, "name": "b"}, theirs, (touched,)).collisions

    assert tuple(one) == ("/configuration/session/role", "r", "r", "w", True)


def test_members_without_a_name_are_in_no_two_lists() -> None:
    """What cannot be told apart by name is left to the lists themselves."""
    base: Document = {"fields": [5], "additional_fields": [FIELD]}

    found = merged(base, {**base, "name": "x"}, {**base, "labels": ["y"]})

    assert (found.document["fields"], found.collisions) == ([5], ())


def test_a_collision_holds_what_each_side_made_of_what() -> None:
    """Base, yours and theirs, in the same order wherever it is; MISSING where there is none."""
    assert merged({"a": 1}, {"a": 2}, {"a": 3}).collisions == (Collision("/a", 1, 2, 3),)
    assert merged({}, {"a": 2}, {"a": 3}).collisions == (Collision("/a", MISSING, 2, 3),)
    assert merged({"a": 1}, {}, {"a": 3}).collisions == (Collision("/a", 1, MISSING, 3),)
    relations = [[{"from": "a", "to": {"model_id": "m", "field": "f"}, "x": x}] for x in (1, 2, 3)]
    base, yours, theirs = ({"relations": one} for one in relations)
    assert merged(base, yours, theirs).collisions == (Collision("/relations/0/x", 1, 2, 3),)


def test_a_list_of_which_each_side_took_the_other_half_is_empty() -> None:
    """Only where an empty list stands for everything is that for a person to decide."""
    found = merged(
        {"tracking_columns": ["a", "b"]}, {"tracking_columns": ["a"]}, {"tracking_columns": ["b"]}
    )
    assert (found.document, found.collisions) == ({"tracking_columns": []}, ())

    wide = merged({"fields": ["a", "b"]}, {"fields": ["a"]}, {"fields": ["b"]})
    assert paths(wide) == ["/fields"]


def test_a_keyed_list_within_an_object_is_merged_by_its_members() -> None:
    """Both sides added one, and both are there."""
    base, yours, theirs = (
        {"enricher": {"fields": [{"name": one} for one in names]}} for names in ("a", "ab", "ac")
    )

    found = merged(base, yours, theirs)

    names = {one["name"] for one in found.document["enricher"]["fields"]}
    assert (names, found.collisions) == ({"a", "b", "c"}, ())


@pytest.mark.parametrize(
    ("yours", "theirs", "expected"),
    [
        ("zaxybc", "abcd", "zaxybcd"),
        ("abce", "abcd", "abcde"),
        ("axc", "abcd", "axcd"),
        ("abxyc", "dabc", "dabxyc"),
    ],
)
def test_what_one_side_added_stands_where_it_put_it(yours: str, theirs: str, expected: str) -> None:
    """Behind what it followed, in the order in which it came; at the end what came at the end."""
    base, ours, their = ({"tracking_columns": list(one)} for one in ("abc", yours, theirs))
    found = merged(base, ours, their)

    assert "".join(found.document["tracking_columns"]) == expected
    assert found.collisions == ()


def test_a_uuid_in_another_case_is_the_same_one_on_both_sides() -> None:
    """It collides with nothing, and keeps the spelling of the base, or else of theirs."""
    one, two = (f"9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a{end}" for end in ("111", "222"))
    base = {"policies": [one], "connection_id": two, "name": one}
    yours = {"policies": [one.upper(), two.upper()], "connection_id": two, "name": one}
    theirs = {"policies": [one, two], "connection_id": two.upper(), "name": one}
    found = merged(base, yours, theirs)

    assert found.collisions == ()
    assert found.document == {**base, "policies": [one, two]}
    removed = merged(base, {**base, "policies": [one.upper()]}, {**base, "policies": []})
    assert (removed.document["policies"], removed.collisions) == ([], ())


@pytest.mark.parametrize(
    ("sides", "shown"),
    [
        ((1, 2, 3), {"base": 1, "yours": 2, "theirs": 3}),
        ((MISSING, 2, None), {"yours": 2, "theirs": None}),
        ((1, MISSING, 3), {"base": 1, "theirs": 3}),
    ],
)
@pytest.mark.parametrize("touched", [False, True])
def test_a_collision_has_the_sides_that_there_are(
    sides: tuple[Any, Any, Any], shown: dict[str, Any], *, touched: bool
) -> None:
    """JSON output leaves out a side that has no value there, and keeps null."""
    collision = Collision("/name", *sides, touched)

    assert collision.to_dict() == {"path": "/name", **shown, "touched": touched}
