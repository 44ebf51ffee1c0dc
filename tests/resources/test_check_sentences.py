"""The checks by themselves: what each says, to the letter, and what it says nothing of."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.documents.values import Document
from patcher.resources.model import MODEL

A, B = "248df4b7-aa70-47b8-a036-33ac447e668d", "9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a111"
FIELDS = ["id", "email"]


def said(document: Document, proposed: Document) -> list[str]:
    """What is said of a change: place, sentence and way out; what was so before is marked."""
    found = MODEL.findings(document, proposed)
    marked = [("", found.introduced), ("before: ", found.existing)]
    return [f"{mark}{one.path}: {one.what} {one.way_out}" for mark, some in marked for one in some]


def nowhere(path: str, way_out: str) -> str:
    """The sentence about a column that is no field, and never was one."""
    return f"{path}: {path} is not in /fields or /additional_fields. {way_out}"


def empty(path: str, whose: str, key: str) -> str:
    """The sentence about an additional field that lacks something."""
    return f"{path}: {path} is missing or empty. Give {whose} a {key}."


def in_two_places(rest: str) -> str:
    """The sentence about tracking columns in the configuration, too."""
    path = "/configuration/tracking_columns"
    what = f"The tracking columns are in {path} as well, and which of the two counts is not"
    way_out = "Change both alike, or take the one in /configuration out."
    return f"{path}: {what} documented{rest}. {way_out}"


def twice(nth: str, path: str, where: str, rule: str, name: str = "a") -> str:
    """The sentence about a name that stands twice."""
    return f'{path}: {path} is "{name}", for the {nth} time in {where}. Take it out: {rule}.'


ONCE, EITHER = "name each field once", "a field is either one of the source's or an additional one"
KEEP = "Keep the field (--add fields={}), or "
ROWS: dict[str, tuple[Document, list[str]]] = {
    "nothing": ({}, []),
    "an identifier that is a field": ({"fields": FIELDS, "identifier": "email"}, []),
    "an identifier that is none": (
        {"fields": FIELDS, "identifier": "zzz"},
        [nowhere("/identifier", KEEP.format("FIELD") + "set another: --set identifier=FIELD.")],
    ),
    "a column that is nearly one, in a shell's quotes": (
        {"fields": ["e mail"], "tracking_columns": ["e maill"]},
        [
            nowhere(
                "/tracking_columns/0",
                'Did you mean "e mail"? Otherwise keep the field (--add fields=FIELD), or '
                "take it out: --remove tracking_columns=FIELD.",
            )
        ],
    ),
    "columns of lists that are none, and of every field": (
        {"fields": [], "identifier": "x", "tracking_columns": 5, "relations": [5, {"from": 5}]},
        [],
    ),
    "an identifier that is no text": ({"fields": FIELDS, "identifier": 5}, []),
    "fields that are no texts": ({"fields": ["id", 5, 5, {"a": 1}], "identifier": "id"}, []),
    "names twice, thrice and once more": (
        {"fields": ["a", "a", "b", "a", "a"]},
        [
            twice("second", "/fields/1", "/fields", ONCE),
            twice("third", "/fields/3", "/fields", ONCE),
            twice("4th", "/fields/4", "/fields", ONCE),
        ],
    ),
    "a name in both lists": (
        {"fields": ["a"], "additional_fields": [{"name": "a", "label": "A", "type": "t"}]},
        [twice("second", "/additional_fields/0/name", "/fields and /additional_fields", EITHER)],
    ),
    "a tracked column twice": (
        {"tracking_columns": ["a", "a"]},
        [twice("second", "/tracking_columns/1", "/tracking_columns", "name each column once")],
    ),
    "an enricher's field twice": (
        {"enricher": {"enricher_id": A, "fields": [{"name": "a"}, {"name": "a"}]}},
        [twice("second", "/enricher/fields/1/name", "/enricher/fields", ONCE)],
    ),
    "additional fields that say nothing": (
        {
            "additional_fields": [
                5,
                {"name": "s", "label": "", "type": None},
                {"name": 5, "type": "t"},
            ]
        },
        [
            empty("/additional_fields/1/label", '"s"', "label"),
            empty("/additional_fields/1/type", '"s"', "type"),
            empty("/additional_fields/2/label", "this additional field", "label"),
        ],
    ),
    "tracking columns in two places, alike": (
        {"configuration": {"tracking_columns": ["a", "b", "a"]}, "tracking_columns": ["b", "a"]},
        [in_two_places("")],
    ),
    "tracking columns in two places, none in one": (
        {"configuration": {"tracking_columns": None}, "tracking_columns": ["a"]},
        [in_two_places("; they differ")],
    ),
    "a configuration that is none": ({"configuration": 5, "tracking_columns": ["a"]}, []),
}


@pytest.mark.parametrize(("proposed", "expected"), ROWS.values(), ids=ROWS)
def test_each_check_says_what_is_wrong_and_what_to_do(
    proposed: Document, expected: list[str]
) -> None:
    """Place, sentence, way out; and the same is not the change's finding where it was so before."""
    assert said({}, proposed) == expected
    assert said(proposed, {**proposed, "name": "x"}) == [f"before: {one}" for one in expected]


def test_one_tracked_column_is_as_good_as_a_list_of_one() -> None:
    """The API takes both; that they are said alike is no difference."""
    both = {"configuration": {"tracking_columns": "a"}, "tracking_columns": ["a"]}

    assert "they differ" not in said({}, both)[0]


@pytest.mark.parametrize(
    ("before", "after", "is_brought"),
    [
        # The same name twice, but of more, or of another: that is new.
        ({"fields": ["a", "a"]}, {"fields": ["a", "a", "a"]}, True),
        ({"fields": ["a", "a", "b"]}, {"fields": ["a", "b", "b"]}, True),
        ({"fields": ["a", "a", "b"]}, {"fields": ["b", "a", "a"]}, False),
        # Another field without a label, and another member of the same one.
        (
            {"additional_fields": [{"name": "s", "type": "t"}]},
            {"additional_fields": [{"name": "r", "type": "t"}]},
            True,
        ),
        (
            {"additional_fields": [{"name": "s", "type": "t"}]},
            {"additional_fields": [{"name": "s", "label": "S"}]},
            True,
        ),
        # Two places that came apart, or that differ in another way than before.
        (
            {"configuration": {"tracking_columns": ["a"]}, "tracking_columns": ["a"]},
            {"configuration": {"tracking_columns": ["a"]}, "tracking_columns": ["b"]},
            True,
        ),
        (
            {"configuration": {"tracking_columns": ["a"]}, "tracking_columns": ["b"]},
            {"configuration": {"tracking_columns": ["c"]}, "tracking_columns": ["b"]},
            True,
        ),
        (
            {"configuration": {"tracking_columns": ["a"]}, "tracking_columns": ["a"]},
            {"configuration": {"tracking_columns": ["b"]}, "tracking_columns": ["b"]},
            False,
        ),
    ],
)
def test_what_makes_it_worse_is_the_changes_fault(
    before: Document, after: Document, is_brought: bool
) -> None:
    """A finding is known by what it is about, wherever in its list it stands."""
    found = MODEL.findings(before, after)

    assert bool(found.introduced) is is_brought
    assert found.introduced or found.existing


WIDE = "every field of the source is open, later ones too. Keep those that are meant in"


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ({"fields": ["a"]}, {}, "/fields"),
        ({"fields": ["a"]}, {"fields": []}, "/fields"),
        (
            {"enricher": {"enricher_id": A, "fields": ["a"]}},
            {"enricher": {"enricher_id": A, "fields": []}},
            "/enricher/fields",
        ),
        ({"fields": []}, {}, None),
        ({"fields": ["a"]}, {"fields": ["b"]}, None),
        ({"enricher": {"fields": ["a"]}}, {}, None),
        ({"enricher": {"fields": ["a"]}}, {"enricher": 5}, None),
    ],
)
def test_a_list_that_is_emptied_opens_everything(
    before: Document, after: Document, path: str | None
) -> None:
    """Said of either list, by its own path; an enricher that goes takes its list along."""
    expected = [] if path is None else [f"{path}: Without {path} {WIDE} {path}."]

    assert said(before, after) == expected


@pytest.mark.parametrize(
    ("before", "after", "how", "present"),
    [
        ({"enricher_id": A}, {"x": 1}, "is missing", f", {A}"),
        ({"enricher_id": A}, {"enricher_id": B}, "changes", f", {A}"),
        ({"x": 1}, {"x": 2}, "is missing", ""),
        ({"enricher_id": A}, {"enricher_id": A, "x": 1}, None, ""),
        ({"x": 1}, {"enricher_id": A}, None, ""),
        ({}, {"x": 1}, None, ""),
        ({"x": 1}, {}, None, ""),
        (5, {"x": 1}, None, ""),
        ({"x": 1}, 5, None, ""),
        (None, {"enricher_id": A}, None, ""),
    ],
)
def test_an_enrichment_is_known_by_its_id(
    before: Any, after: Any, how: str | None, present: str
) -> None:
    """Without it, or with another one, it is made anew; the present id is named."""
    found = MODEL.findings({"enricher": before}, {"enricher": after})
    expected = f"/enricher/enricher_id {how}, so that the enrichment is replaced and not updated."

    assert [one.what for one in (*found.introduced, *found.existing)] == (
        [] if how is None else [expected]
    )
    for one in (*found.introduced, *found.existing):
        assert one.way_out == f"Send it with the id of the present one{present}."


@pytest.mark.parametrize("root", ["", "enricher"])
@pytest.mark.parametrize(
    ("before", "after", "is_moved"),
    [
        ((A, {"q": 1}), (B, {"q": 1}), True),
        ((A, {"q": 1}), (B, {"q": 2}), False),
        ((A, {"q": 1}), (A, {"q": 1}), False),
        ((A, {}), (B, {}), False),
        ((None, {"q": 1}), (B, {"q": 1}), False),
        ((A, {"q": 1}), (None, {"q": 1}), False),
        ((A, {"q": 1}), (B, {"q": 1.0}), False),
    ],
)
def test_a_connection_under_an_old_configuration(
    root: str, before: tuple[Any, Any], after: tuple[Any, Any], is_moved: bool
) -> None:
    """Said of the model's and of the enricher's own, where the configuration stays as is."""

    def document(pair: tuple[Any, Any]) -> Document:
        members = {"connection_id": pair[0], "configuration": pair[1]}
        return {root: {**members, "enricher_id": A}} if root else members

    path, beside = (f"{root and f'/{root}'}/{key}" for key in ("connection_id", "configuration"))
    expected = (
        f"{path}: {path} changes and {beside} does not, although that was written for the old "
        f"connection. Look whether what {beside} names is there in the new connection, too."
    )

    assert said(document(before), document(after)) == [expected] * is_moved
