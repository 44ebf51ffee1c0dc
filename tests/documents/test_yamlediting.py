"""YAML text changed in place: only what differs is rewritten."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents import yamltext
from patcher.documents.values import strictly_equal
from patcher.documents.yamlediting import edited, leading_comments

TEXT = """\
# head

name: 'Old'  # why
configuration:
  # about the query
  query: |
    select 1

    from t
  "quoted": "x"
  flow: [1, 2]  # two
  none:
fields:
- id
# about email
- email

- name
relations:
  - from: a
    to: {x: 1}
  - from: b
    to:
      y: 2
last: |+
  kept

"""


def changed(change: Any, text: str = TEXT) -> str:
    """The text after ``change`` has been made to its document, in place or by a new one."""
    old = yamltext.parse(text, what="the text")
    new = yamltext.parse(text, what="the text")
    made = change(new)
    new = new if made is None else made
    result = edited(text, old, new)
    assert strictly_equal(yamltext.parse(result, what="the result"), new)
    return result


def rows(text: str) -> list[str]:
    """The lines of a text."""
    return text.split("\n")


def difference(result: str, text: str = TEXT) -> tuple[list[str], list[str]]:
    """The lines that went, and those that came."""
    before, after = rows(text), rows(result)
    return [one for one in before if one not in after], [one for one in after if one not in before]


def at(*place: Any) -> Any:
    """What sets a place to the last of the arguments."""
    *path, key, value = place

    def change(document: Any) -> None:
        for step in path:
            document = document[step]
        document[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "gone", "come"),
    [
        (at("name", "MAX"), ["name: 'Old'  # why"], ["name: MAX  # why"]),
        (
            at("configuration", "query", "select 2\n"),
            ["    select 1", "    from t"],
            ["    select 2"],
        ),
        (
            at("configuration", "query", "select 3"),
            ["  query: |", "    select 1", "    from t"],
            ["  query: select 3"],
        ),
        (at("configuration", "quoted", 5), ['  "quoted": "x"'], ['  "quoted": 5']),
        (
            at("configuration", "flow", [1, {"a": "é"}]),
            ["  flow: [1, 2]  # two"],
            ['  flow: [1, {"a": "\\u00e9"}]  # two'],
        ),
        (
            at("configuration", "flow", "one"),
            ["  flow: [1, 2]  # two"],
            ["  flow: one  # two"],
        ),
        (at("configuration", "none", 1), ["  none:"], ["  none: 1"]),
        (at("configuration", "new", True), [], ["  new: true"]),
        (
            at("name", "one\ntwo"),
            ["name: 'Old'  # why"],
            ["name: |-  # why", "  one", "  two"],
        ),
        (at("fields", ["id", "email", "more", "name"]), [], ["- more"]),
        (at("fields", ["first", "id", "email", "name"]), [], ["- first"]),
        (at("fields", ["id", "name"]), ["- email"], []),
        (at("fields", ["email", "name"]), ["- id"], []),
        (at("fields", ["id", "other", "name"]), ["- email"], ["- other"]),
        (at("fields", ["id", {"a": 1, "b": 2}, "name"]), ["- email"], ["- a: 1", "  b: 2"]),
        (at("relations", 1, "to", "y", 3), ["      y: 2"], ["      y: 3"]),
        (at("relations", 0, "from", "c"), ["  - from: a"], ["  - from: c"]),
        (at("relations", 0, "also", 1), [], ["    also: 1"]),
        (at("last", "x\n"), ["last: |+", "  kept"], ["last: |", "  x"]),
    ],
)
def test_only_what_differs_is_rewritten(change: Any, gone: list[str], come: list[str]) -> None:
    """A changed value has its lines changed; comments, quotes and blank lines elsewhere stay."""
    result = changed(change)
    went, came = difference(result)

    assert [one for one in went if "# about" in one or one.startswith("# head")] == []
    assert ([one for one in went if one], [one for one in came if one]) == (gone, come)


HUNDREDS = "- 'a'  # one\n" * 200


@pytest.mark.parametrize(
    ("text", "new", "written"),
    [
        # Items of a list are paired by what they are, and others in their order.
        (
            "l:\n  - a  # 1\n  - 'b'  # 2\n  - c  # 3\n",
            {"l": ["a", "c"]},
            "l:\n  - a  # 1\n  - c  # 3\n",
        ),
        ("l:\n  - 'a'  # 1\n", {"l": ["b", "a"]}, "l:\n  - b\n  - 'a'  # 1\n"),
        (
            "l:\n- a  # 1\n- 'b'  # 2\n- c  # 3\n",
            {"l": ["a", "x", "z", "c"]},
            "l:\n- a  # 1\n- x  # 2\n- z\n- c  # 3\n",
        ),
        (
            "l:\n- a  # 1\n- 'b'  # 2\n- 'c'  # 3\n- d\n",
            {"l": ["a", "b", "c", "x"]},
            "l:\n- a  # 1\n- 'b'  # 2\n- 'c'  # 3\n- x\n",
        ),
        (
            "l:\n- a  # 1\n- b  # 2\n- 'k'  # 3\n",
            {"l": ["c", "d", "k"]},
            "l:\n- c  # 1\n- d  # 2\n- 'k'  # 3\n",
        ),
        (f"l:\n{HUNDREDS}", {"l": ["b"] + ["a"] * 200}, f"l:\n- b\n{HUNDREDS}"),
        # Where the first of an item goes, its line has the dash, too: the item is written again.
        ("l:\n- - 1\n  - 2\n# c\nm: 1\n", {"l": [[2]], "m": 1}, "l:\n- - 2\n# c\nm: 1\n"),
        ("l:\n- a: 1\n  b: 2\n# c\nm: 1\n", {"l": [{"b": 2}], "m": 1}, "l:\n- b: 2\n# c\nm: 1\n"),
        # What is new comes right behind the text of the value before it.
        (
            "a: |\n  1 + 1\n\nb: 'x'\n",
            {"a": "1 + 1\n", "c": 3, "b": "x"},
            "a: |\n  1 + 1\nc: 3\n\nb: 'x'\n",
        ),
        (
            "a: >\n  x\n  y\nb: 'x'\n",
            {"a": "x y\n", "c": 2, "b": "x"},
            "a: >\n  x\n  y\nc: 2\nb: 'x'\n",
        ),
        (
            "a:\n  b: |\n    x\n    y\n\nd: 'x'\n",
            {"a": {"b": "x\ny\n"}, "c": 3, "d": "x"},
            "a:\n  b: |\n    x\n    y\nc: 3\n\nd: 'x'\n",
        ),
        ("a:\n  b:\nd: 'x'\n", {"a": {"b": None}, "c": 3, "d": "x"}, "a:\n  b:\nc: 3\nd: 'x'\n"),
        (
            "l:\n- a\nm: 'x'\n",
            {"l": ["a", "b"], "no": 1, "m": "x"},
            "l:\n- a\n- b\n\"no\": 1\nm: 'x'\n",
        ),
        # What cannot be changed in place is written again, and nothing but that.
        ("a: 1  # c\nl:\n  - 1\n", {"a": 2, "l": []}, "a: 2  # c\nl: []\n"),
        ("a: [1,\n  2]\nb: 2  # c\n", {"a": [1], "b": 2}, "a:\n  - 1\nb: 2  # c\n"),
        ("a:\n  b: 1  # c\n", {"a": {"b": "x\n\ny\n"}}, "a:\n  b: |  # c\n    x\n\n    y\n"),
        ("\na: 1  # c\n", {"a": 2}, "\na: 2  # c\n"),
        ("a: |  # c\n  x\nb: 1\n", {"a": "x\n", "b": 2}, "a: |  # c\n  x\nb: 2\n"),
    ],
)
def test_what_stays_has_its_bytes_and_what_comes_its_place(
    text: str, new: dict[str, Any], written: str
) -> None:
    """Quotes, comments and blank lines stay with their values; a new one follows the one before."""
    assert changed(lambda _document: new, text) == written


def test_a_key_may_go_where_another_comes() -> None:
    """The last key of an object goes, and a new one comes behind that object: the rest stays."""

    def change(document: Any) -> Any:
        del document["configuration"]["none"]
        return {
            "name": document.pop("name"),
            "configuration": document.pop("configuration"),
            "e": 1,
            **document,
        }

    went, came = difference(changed(change))

    assert ([one for one in went if one], [one for one in came if one]) == (["  none:"], ["e: 1"])


def test_a_key_that_goes_leaves_the_comments_around_it() -> None:
    """Its own lines go, and no others."""
    result = changed(lambda document: document["configuration"].pop("query") and None)

    assert difference(result)[0] == ["  query: |", "    select 1", "    from t"]
    assert "  # about the query\n" in result


def test_new_keys_come_behind_the_one_before_them() -> None:
    """Also at the very end, and behind a block of which the last empty lines are text."""

    def change(document: Any) -> Any:
        document["configuration"]["deep"] = {"a": [1]}
        document["after"] = [{"b": 1}]
        return {"first": 0, **document}

    result = changed(change)

    assert result.index("name: 'Old'") < result.index("first: 0") < result.index("configuration:")
    assert "  none:\n  deep:\n    a:\n      - 1\nfields:" in result
    assert result.endswith("  kept\n\nafter:\n  - b: 1\n")


def test_nested_ends_come_before_outer_ones() -> None:
    """What is added at the end of an object and right behind it keeps its order."""
    text = "a:\n  b: 1\nc: 2"

    def change(document: Any) -> Any:
        return {"a": {"b": 1, "d": 3}, "e": 4, "c": 2, "f": 5}

    assert changed(change, text) == "a:\n  b: 1\n  d: 3\ne: 4\nc: 2\nf: 5"


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("l:\n- 1\n# c\n- 2\n", {"l": []}),
        ("# c\n{a: 1}\n", {"a": "x"}),  # brackets stay, see below
        ("a: 1\nb: 2\n", {}),  # nothing is left of it
        ("a: 1\n", {"b": 2}),
        ("? a\n: 1\nb: 3\n", {"a": 2, "b": 3}),  # a key with a mark
        ("b: 3\n? a\n: 1\n", {"a": 2, "b": 3}),
        ("l:\n-\n  a: 1\n- 2\n", {"l": [{"a": 2}, 2]}),  # a dash on a line of its own
        ("l:\n- - 1\n  - 2\n", {"l": [[2]]}),  # the first of a list in a list goes
        ("l:\n-\n- 2\n", {"l": [None, 3]}),  # a dash without a value
        ("l:\n- a: 1\n  b: 2\n", {"l": [{"b": 2}]}),
        ("a: x # c\n", {"a": "\u2028\nb\nc"}),  # the comment would be within the quotes
        ("a: 1\nb: 2", {"a": 1, "b": "x\ny\n"}),  # no line break at the end
        ("a: 'x\n  y'\n", {"a": 1}),  # on two lines
        ("a: |+\n  x\n", {"a": "y", "b": 1}),
        ("a: 1", {"a": {}}),
        ("a:\n  b: {}\nc: 1", {"a": {"b": {"d": 1}}}),
        ("a: 1\nb: 2", {"a": 1}),
        ("l: [1]\n", {"l": {"a": 1}}),
    ],
)
def test_any_layout_is_written_right(text: str, new: dict[str, Any]) -> None:
    """Where a value cannot be changed in place, what is around it is written again."""
    assert changed(lambda _document: new, text).endswith("\n") or not text.endswith("\n")


def test_what_cannot_be_edited_is_written_whole_below_its_comments() -> None:
    """The first comments, of which one names the model, stay in any case."""
    assert edited("# one\n\n# two\na: x # c\n", {"a": "x"}, {"a": "\u2028\nb\nc"}).startswith(
        "# one\n\n# two\n"
    )
    assert list(leading_comments("# only\n")) == ["# only\n"]
    assert edited("{a: 1}\n", {"a": 1}, {"a": 2}) == '{"a": 2}\n'


VALUES = st.recursive(
    st.sampled_from([None, True, 1, 2.5, "", "x", "- x", "a: b", "one\ntwo\n", "\tx\n y", "é #"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcdefg"), inner, max_size=4)
    ),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.sampled_from("pqrstu"), VALUES, min_size=1, max_size=5)


@given(DOCUMENTS, DOCUMENTS)
def test_every_document_becomes_any_other(old: dict[str, Any], new: dict[str, Any]) -> None:
    """Whatever is changed, the text says exactly the new document, and keeps its first comment."""
    text = "# head\n" + yamltext.dump(old)
    result = edited(text, old, new)

    assert strictly_equal(yamltext.parse(result, what="it"), new)
    assert result.startswith("# head\n")
    assert edited(result, new, new) == result
