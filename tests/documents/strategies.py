"""Random documents that love traps, and pairs of documents that differ a little."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from patcher.documents.shape import KeyedList, ListKeys
from patcher.documents.values import Document, JsonValue, Tokens, copied

LISTS: ListKeys = {
    ("texts",): KeyedList(),
    ("named",): KeyedList(("name",)),
    ("links",): KeyedList(("from", "to")),
    ("outer", "inner"): KeyedList(("name",)),
}
"""The keyed lists of the documents here."""

TEXTS = (
    "",
    "a",
    "b",
    "A",
    "0",
    "1",
    "true",
    "null",
    "-0.0",
    "a\nb",
    "a\nb\n",
    "\ud800",
    "é",
    "e\u0301",
)
NUMBERS = (0, 1, -1, 0.0, -0.0, 1.0, 2**53, 2**53 + 1, float(2**53), 10**400, 1e308, 0.1)
KEYS = (
    "",
    "a",
    "b",
    "0",
    "-",
    "__a",
    "__",
    "a/b",
    "~",
    "~1",
    "a'b\"c",
    "a.b",
    "x y",
    "\ud800",
    "root[0]",
)
NAMES = ("a", "b", "c", "d", "e")

texts = st.sampled_from(TEXTS) | st.text(max_size=3)
scalars: st.SearchStrategy[JsonValue] = st.sampled_from(
    (None, True, False, *NUMBERS)
) | st.sampled_from(TEXTS)
keys = st.sampled_from(KEYS) | st.text(max_size=2)
values: st.SearchStrategy[JsonValue] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(NAMES)
objects = st.dictionaries(keys, values, max_size=3)


def _with_name(member: Document, name: JsonValue) -> Document:
    return {"name": name, **member}


named_members = st.builds(_with_name, st.dictionaries(keys, scalars, max_size=2), names)
links = st.builds(
    lambda start, end, label: {"from": start, "to": end, "label": label},
    names,
    names | st.fixed_dictionaries({"model": names, "field": names}),
    scalars,
)


def keyed(members: st.SearchStrategy[JsonValue]) -> st.SearchStrategy[list[JsonValue]]:
    """Lists of which most can be keyed; the others have a key twice, or a member without one."""
    return st.lists(members, max_size=4, unique_by=_identity) | st.lists(
        members | scalars, max_size=3
    )


def _identity(member: JsonValue) -> str:
    if type(member) is dict:
        return str(member["name"] if "name" in member else (member["from"], member["to"]))
    return str(member)


documents: st.SearchStrategy[Document] = st.builds(
    lambda rest, special: {**rest, **special},
    objects,
    st.fixed_dictionaries(
        {},
        optional={
            "texts": keyed(names),
            "named": keyed(named_members),
            "links": keyed(links),
            "outer": st.fixed_dictionaries(
                {"inner": keyed(named_members), "named": keyed(named_members)}
            ),
            "opaque": values,
        },
    ),
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Document, Document]:
    """Two documents; mostly the second is the first after a few edits."""
    first = draw(documents)
    if draw(st.integers(0, 5)) == 0:
        return first, draw(documents)
    second = copied(first)
    for _ in range(draw(st.integers(0, 3))):
        _edit(draw, second)
    return first, second


def _edit(draw: st.DrawFn, document: Document) -> None:
    """One edit of any object or list in the document, in place."""
    place = draw(st.sampled_from(list(_containers(document))))
    if type(place) is dict:
        key = draw(st.sampled_from([*place, "a", "__new"]))
        if draw(st.booleans()):
            place[key] = draw(values)
        else:
            place.pop(key, None)
        return
    kind = draw(st.sampled_from(("shuffle", "insert", "drop", "repeat", "replace")))
    index = draw(st.integers(0, max(len(place) - 1, 0)))
    if kind == "shuffle":
        place[:] = draw(st.permutations(place))
    elif kind == "insert":
        place.insert(index, draw(values | named_members))
    elif kind == "repeat" and place:
        place.append(copied(place[index]))
    elif kind == "replace" and place:
        place[index] = draw(values)
    else:
        del place[index : index + 1]


def _containers(value: JsonValue) -> Any:
    if type(value) is dict or type(value) is list:
        yield value
        for member in value.values() if type(value) is dict else value:
            yield from _containers(member)


def nested(depth: int, leaf: JsonValue, *, by: str = "object") -> JsonValue:
    """``leaf`` under ``depth`` objects or lists, or both in turns."""
    value = leaf
    for level in range(depth):
        as_list = by == "list" or (by == "both" and level % 2 == 0)
        value = [value] if as_list else {"k": value}
    return value


def named(*texts: str, **more: JsonValue) -> list[JsonValue]:
    """Members of a list keyed by name, each with ``more``."""
    return [{"name": text, **more} for text in texts]


def places_in(value: Any, at: Tokens = ()) -> list[Tokens]:
    """Every place in a value, the root first."""
    found = [at]
    members: Any = ()
    if type(value) is dict:
        members = value.items()
    elif type(value) is list:
        members = enumerate(value)
    for key, member in members:
        found += places_in(member, (*at, str(key)))
    return found
