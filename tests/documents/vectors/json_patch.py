"""JSON Patch, case by case: (what, document, operations, result), REFUSED where none is allowed.

The cases follow RFC 6902 and what the public suite json-patch-tests asks of an implementation,
retold on objects: a list or a scalar that stands alone there is a member here.
"""

from __future__ import annotations

from typing import Any, Final

Case = tuple[str, Any, Any, Any]

REFUSED: Final = object()


def add(path: str, value: Any) -> dict[str, Any]:
    """An add operation."""
    return {"op": "add", "path": path, "value": value}


def remove(path: str) -> dict[str, Any]:
    """A remove operation."""
    return {"op": "remove", "path": path}


def replace(path: str, value: Any) -> dict[str, Any]:
    """A replace operation."""
    return {"op": "replace", "path": path, "value": value}


def move(source: str, path: str) -> dict[str, Any]:
    """A move operation."""
    return {"op": "move", "from": source, "path": path}


def copy(source: str, path: str) -> dict[str, Any]:
    """A copy operation."""
    return {"op": "copy", "from": source, "path": path}


def test(path: str, value: Any) -> dict[str, Any]:
    """A test operation."""
    return {"op": "test", "path": path, "value": value}


APPENDIX_A: list[Case] = [
    ("A.1 add a member", {"k": "v"}, [add("/n", "w")], {"k": "v", "n": "w"}),
    ("A.2 add an element", {"l": ["x", "z"]}, [add("/l/1", "y")], {"l": ["x", "y", "z"]}),
    ("A.3 remove a member", {"a": 1, "b": 2}, [remove("/a")], {"b": 2}),
    ("A.4 remove an element", {"l": ["x", "y", "z"]}, [remove("/l/1")], {"l": ["x", "z"]}),
    ("A.5 replace a value", {"a": "x", "b": "y"}, [replace("/a", "z")], {"a": "z", "b": "y"}),
    (
        "A.6 move a value",
        {"from": {"keep": 1, "take": 2}, "to": {"there": 3}},
        [move("/from/take", "/to/taken")],
        {"from": {"keep": 1}, "to": {"there": 3, "taken": 2}},
    ),
    ("A.7 move an element", {"l": [1, 2, 3, 4]}, [move("/l/1", "/l/3")], {"l": [1, 3, 4, 2]}),
    (
        "A.8 test a value",
        {"t": "x", "l": ["a", 2, "c"]},
        [test("/t", "x"), test("/l/1", 2)],
        {"t": "x", "l": ["a", 2, "c"]},
    ),
    ("A.9 a failing test", {"t": "x"}, [test("/t", "y")], REFUSED),
    ("A.10 add an object", {"a": 1}, [add("/o", {"in": {}})], {"a": 1, "o": {"in": {}}}),
    (
        "A.11 ignore what is not defined",
        {"a": 1},
        [{**add("/b", 2), "comment": "why"}],
        {"a": 1, "b": 2},
    ),
    ("A.12 add to what is not there", {"a": 1}, [add("/b/c", 2)], REFUSED),
    (
        "A.13 two ops in one operation",
        {"a": 1},
        '[{"op": "add", "path": "/b", "value": 2, "op": "remove"}]',
        REFUSED,
    ),
    (
        "A.14 tilde before slash when unescaping",
        {"/": 9, "~1": 10},
        [test("/~01", 10)],
        {"/": 9, "~1": 10},
    ),
    ("A.15 a text is not a number", {"/": 9, "~1": 10}, [test("/~01", "10")], REFUSED),
    ("A.16 append a list", {"l": ["x"]}, [add("/l/-", ["y", "z"])], {"l": ["x", ["y", "z"]]}),
]

ADD: list[Case] = [
    ("nothing to do in nothing", {}, [], {}),
    ("nothing to do", {"a": 1}, [], {"a": 1}),
    ("an existing member is replaced", {"a": None}, [add("/a", 1)], {"a": 1}),
    ("an element in front", {"l": [1]}, [add("/l/0", 0)], {"l": [0, 1]}),
    ("an element behind", {"l": [1]}, [add("/l/1", 2)], {"l": [1, 2]}),
    ("an element of an empty list", {"l": []}, [add("/l/0", 1)], {"l": [1]}),
    ("an index that is a key", {"o": {}}, [add("/o/0", "x")], {"o": {"0": "x"}}),
    ("a key that looks like a number", {}, [add("/1e0", "x")], {"1e0": "x"}),
    ("the empty key", {}, [add("/", 1)], {"": 1}),
    ("the empty key, deeper", {"a": {}}, [add("/a/", 1)], {"a": {"": 1}}),
    ("a list as a value", {"a": 1}, [add("/b", [1, 2])], {"a": 1, "b": [1, 2]}),
    ("into an object in a list", {"l": [{"a": 1}]}, [add("/l/0/b", 2)], {"l": [{"a": 1, "b": 2}]}),
    ("true", {"a": 1}, [add("/b", True)], {"a": 1, "b": True}),
    ("false", {"a": 1}, [add("/b", False)], {"a": 1, "b": False}),
    ("null", {"a": 1}, [add("/b", None)], {"a": 1, "b": None}),
    ("a list is one value", {"l": [1, 2]}, [add("/l/1", [8, 9])], {"l": [1, [8, 9], 2]}),
    ("an object in a list", {"l": []}, [add("/l/-", {"a": [1]})], {"l": [{"a": [1]}]}),
    ("appended twice", {"l": []}, [add("/l/-", 1), add("/l/-", 2)], {"l": [1, 2]}),
    ("appended inside", {"l": [1, [2, [3]]]}, [add("/l/1/1/-", 4)], {"l": [1, [2, [3, 4]]]}),
    ("a dash as a key", {"o": {}}, [add("/o/-", 1)], {"o": {"-": 1}}),
    ("beyond the end", {"l": [1]}, [add("/l/2", 2)], REFUSED),
    ("far beyond the end", {"l": []}, [add("/l/" + "9" * 5000, 2)], REFUSED),
    ("before the beginning", {"l": [1]}, [add("/l/-1", 0)], REFUSED),
    ("a word as an index", {"l": [1]}, [add("/l/x", 0)], REFUSED),
    ("a leading zero", {"l": [1, 2]}, [add("/l/01", 0)], REFUSED),
    ("two zeros", {"l": [1, 2]}, [add("/l/00", 0)], REFUSED),
    ("an exponent", {"l": [1, 2]}, [add("/l/1e0", 0)], REFUSED),
    ("a plus sign", {"l": [1, 2]}, [add("/l/+1", 0)], REFUSED),
    ("an underscore", {"l": [1, 2]}, [add("/l/1_0", 0)], REFUSED),
    ("a digit of another script", {"l": [1, 2]}, [add("/l/\u0661", 0)], REFUSED),
    ("an index and a newline", {"l": [1, 2]}, [add("/l/1\n", 0)], REFUSED),
    ("into a text", {"a": "text"}, [add("/a/0", "x")], REFUSED),
    ("into null", {"a": None}, [add("/a/b", "x")], REFUSED),
    ("into a number", {"a": 1}, [add("/a/b", "x")], REFUSED),
    ("below the end of a list", {"l": []}, [add("/l/-/a", 1)], REFUSED),
]

REMOVE_AND_REPLACE: list[Case] = [
    ("the last member", {"a": 1}, [remove("/a")], {}),
    ("an inner member", {"a": {"b": 1, "c": 2}}, [remove("/a/b")], {"a": {"c": 2}}),
    ("an inner element", {"l": [{"a": [1, 2]}]}, [remove("/l/0/a/0")], {"l": [{"a": [2]}]}),
    ("a null", {"a": None}, [remove("/a")], {}),
    ("the first element twice", {"l": [1, 2, 3]}, [remove("/l/0"), remove("/l/0")], {"l": [3]}),
    ("from the back", {"l": [1, 2, 3]}, [remove("/l/2"), remove("/l/0")], {"l": [2]}),
    ("the empty key", {"": 1, "a": 2}, [remove("/")], {"a": 2}),
    ("twice what is there once", {"a": 1}, [remove("/a"), remove("/a")], REFUSED),
    ("what is not there", {"a": 1}, [remove("/b")], REFUSED),
    ("below what is not there", {"a": 1}, [remove("/b/c")], REFUSED),
    ("beyond the end", {"l": [1]}, [remove("/l/1")], REFUSED),
    ("a word as an index", {"l": [1]}, [remove("/l/x")], REFUSED),
    ("an exponent", {"l": [1, 2]}, [remove("/l/1e0")], REFUSED),
    ("the end of a list", {"l": [1]}, [remove("/l/-")], REFUSED),
    ("a character of a text", {"a": "text"}, [remove("/a/0")], REFUSED),
    ("a value by another kind", {"a": [1]}, [replace("/a", {"b": None})], {"a": {"b": None}}),
    ("a value by null", {"a": 1}, [replace("/a", None)], {"a": None}),
    ("an element", {"l": [1, 2]}, [replace("/l/1", "x")], {"l": [1, "x"]}),
    ("an element by a list", {"l": [1, 2]}, [replace("/l/0", [7, 8])], {"l": [[7, 8], 2]}),
    ("an inner element", {"l": [{"a": 1}]}, [replace("/l/0/a", 2)], {"l": [{"a": 2}]}),
    ("replace what is not there", {"a": 1}, [replace("/b", 2)], REFUSED),
    ("replace below what is not there", {"a": 1}, [replace("/b/c", 2)], REFUSED),
    ("replace beyond the end", {"l": [1]}, [replace("/l/1", 2)], REFUSED),
    ("replace the end of a list", {"l": [1]}, [replace("/l/-", 2)], REFUSED),
    ("replace at an exponent", {"l": [1, 2]}, [replace("/l/1e0", 2)], REFUSED),
]

MOVE_AND_COPY: list[Case] = [
    ("move to where it is", {"a": 1}, [move("/a", "/a")], {"a": 1}),
    ("move a member", {"a": 1, "b": 2}, [move("/a", "/c")], {"b": 2, "c": 1}),
    ("move over a member", {"a": 1, "b": 2}, [move("/a", "/b")], {"b": 1}),
    (
        "move into a list",
        {"o": {"a": 1}, "l": [0]},
        [move("/o/a", "/l/0")],
        {"o": {}, "l": [1, 0]},
    ),
    ("move to the end of a list", {"l": [1, 2]}, [move("/l/0", "/l/-")], {"l": [2, 1]}),
    ("move to a name that begins alike", {"a": 1}, [move("/a", "/ab")], {"ab": 1}),
    ("move a value out of itself", {"a": {"b": 1}}, [move("/a/b", "/a")], {"a": 1}),
    ("move a value into itself", {"a": {"b": 1}}, [move("/a", "/a/b")], REFUSED),
    ("move what is not there", {"a": 1}, [move("/b", "/a")], REFUSED),
    ("move to below what is not there", {"a": 1}, [move("/a", "/b/c")], REFUSED),
    ("move from an exponent", {"l": [1, 2]}, [move("/l/1e0", "/a")], REFUSED),
    ("move from the end of a list", {"l": [1]}, [move("/l/-", "/a")], REFUSED),
    ("move beyond the end it leaves", {"l": [1, 2]}, [move("/l/0", "/l/2")], REFUSED),
    ("copy a member", {"a": {"b": 1}}, [copy("/a", "/c")], {"a": {"b": 1}, "c": {"b": 1}}),
    ("copy to where it is", {"a": 1}, [copy("/a", "/a")], {"a": 1}),
    ("copy null", {"a": None}, [copy("/a", "/b")], {"a": None, "b": None}),
    ("copy into a list", {"a": 1, "l": [2]}, [copy("/a", "/l/-")], {"a": 1, "l": [2, 1]}),
    ("copy an element", {"l": [1, 2]}, [copy("/l/1", "/l/0")], {"l": [2, 1, 2]}),
    (
        "copy a value into itself",
        {"a": {"b": 1}},
        [copy("/a", "/a/c")],
        {"a": {"b": 1, "c": {"b": 1}}},
    ),
    ("copy the whole", {"a": 1}, [copy("", "/b")], {"a": 1, "b": {"a": 1}}),
    (
        "a copy is not the original",
        {"a": {"b": 1}},
        [copy("/a", "/c"), replace("/c/b", 2)],
        {"a": {"b": 1}, "c": {"b": 2}},
    ),
    ("copy what is not there", {"a": 1}, [copy("/b", "/a")], REFUSED),
    ("copy from an exponent", {"l": [1, 2]}, [copy("/l/1e0", "/a")], REFUSED),
    ("copy beyond the end", {"a": 1, "l": []}, [copy("/a", "/l/1")], REFUSED),
]

_ODD_KEYS = {"": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8}

TEST: list[Case] = [
    (
        "every key of RFC 6901",
        _ODD_KEYS,
        [
            test("/", 0),
            test("/a~1b", 1),
            test("/c%d", 2),
            test("/e^f", 3),
            test("/g|h", 4),
            test("/i\\j", 5),
            test('/k"l', 6),
            test("/ ", 7),
            test("/m~0n", 8),
        ],
        _ODD_KEYS,
    ),
    ("the whole document", {"a": [1]}, [test("", {"a": [1]})], {"a": [1]}),
    ("another whole document", {"a": [1]}, [test("", {"a": [2]})], REFUSED),
    (
        "the order of members",
        {"o": {"a": 1, "b": 2}},
        [test("/o", {"b": 2, "a": 1})],
        {"o": {"a": 1, "b": 2}},
    ),
    ("the order of elements", {"l": [1, 2]}, [test("/l", [2, 1])], REFUSED),
    ("an object less than there is", {"o": {"a": 1, "b": 2}}, [test("/o", {"a": 1})], REFUSED),
    ("null is null", {"a": None}, [test("/a", None)], {"a": None}),
    ("null is not what is not there", {"a": 1}, [test("/b", None)], REFUSED),
    ("null is not false", {"a": None}, [test("/a", False)], REFUSED),
    ("an empty list is not an empty object", {"a": []}, [test("/a", {})], REFUSED),
    ("numbers are compared by value", {"a": 1}, [test("/a", 1.0)], {"a": 1}),
    ("true is not one", {"a": True}, [test("/a", 1)], REFUSED),
    ("zero is not false", {"a": 0}, [test("/a", False)], REFUSED),
    ("true is not one, deeper", {"a": [{"b": True}]}, [test("/a", [{"b": 1}])], REFUSED),
    ("a key that looks like a number", {"1e0": 1}, [test("/1e0", 1)], {"1e0": 1}),
    ("an exponent", {"l": [1, 2]}, [test("/l/1e0", 2)], REFUSED),
    ("a leading zero", {"l": [1, 2]}, [test("/l/00", 1)], REFUSED),
    ("the end of a list", {"l": [1]}, [test("/l/-", 1)], REFUSED),
    ("a character of a text", {"a": "text"}, [test("/a/0", "t")], REFUSED),
    ("after a change", {"a": 1}, [replace("/a", 2), test("/a", 2)], {"a": 2}),
    (
        "before a change that then counts for nothing",
        {"a": 1},
        [replace("/a", 2), test("/a", 1)],
        REFUSED,
    ),
]

MALFORMED: list[Case] = [
    ("no list", {}, {"op": "add"}, REFUSED),
    ("a text", {}, "remove", REFUSED),
    ("an operation that is a number", {}, [1], REFUSED),
    ("an operation that is null", {}, [None], REFUSED),
    ("no op", {"a": 1}, [{"path": "/a"}], REFUSED),
    ("an op that is no text", {"a": 1}, [{"op": None, "path": "/a"}], REFUSED),
    ("an unknown op", {"a": 1}, [{"op": "spam", "path": "/a"}], REFUSED),
    ("an op in capitals", {"a": 1}, [{"op": "REMOVE", "path": "/a"}], REFUSED),
    ("no path", {"a": 1}, [{"op": "remove"}], REFUSED),
    ("a path that is null", {"a": 1}, [{"op": "remove", "path": None}], REFUSED),
    ("a path that is a number", {"a": 1}, [{"op": "remove", "path": 0}], REFUSED),
    ("a path without a slash", {"a": 1}, [remove("a")], REFUSED),
    ("a tilde with something else", {"a~2": 1}, [remove("/a~2")], REFUSED),
    ("a tilde at the end", {"a~": 1}, [remove("/a~")], REFUSED),
    ("add without a value", {"a": 1}, [{"op": "add", "path": "/a"}], REFUSED),
    ("replace without a value", {"a": 1}, [{"op": "replace", "path": "/a"}], REFUSED),
    ("test without a value", {"a": None}, [{"op": "test", "path": "/a"}], REFUSED),
    ("a misspelt value", {"a": 1}, [{"op": "add", "path": "/a", "valeu": 1}], REFUSED),
    ("move without from", {"a": 1}, [{"op": "move", "path": "/a"}], REFUSED),
    ("copy without from", {"a": 1}, [{"op": "copy", "path": "/a"}], REFUSED),
    ("a from that is null", {"a": 1}, [{"op": "copy", "path": "/b", "from": None}], REFUSED),
    ("a from without a slash", {"a": 1}, [copy("a", "/b")], REFUSED),
]

ROOT: list[Case] = [
    ("replace the whole by an object", {"a": 1}, [replace("", {"b": 2})], REFUSED),
    ("replace the whole by a list", {"a": 1}, [replace("", [])], REFUSED),
    ("add the whole", {"a": 1}, [add("", {"b": 2})], REFUSED),
    ("remove the whole", {"a": 1}, [remove("")], REFUSED),
    ("move to the whole", {"a": {"b": 1}}, [move("/a", "")], REFUSED),
    ("move the whole", {"a": 1}, [move("", "/b")], REFUSED),
    ("copy to the whole", {"a": {"b": 1}}, [copy("/a", "")], REFUSED),
]
"""RFC 6902 allows these; a document here is never replaced in passing."""

CASES: list[Case] = [
    *APPENDIX_A,
    *ADD,
    *REMOVE_AND_REPLACE,
    *MOVE_AND_COPY,
    *TEST,
    *MALFORMED,
    *ROOT,
]
