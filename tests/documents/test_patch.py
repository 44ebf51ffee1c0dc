"""Patches as values: put together in any way, checked before there is a document."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.notices import Notice
from patcher.documents.patches import Patch
from patcher.documents.pointers import pointer_to
from patcher.documents.shape import Shape
from patcher.documents.values import Document, copied, strictly_equal
from patcher.errors import InvalidPatchError, PatchError, ReadOnlyFieldError
from tests.documents.strategies import LISTS, documents, values

SHAPE = Shape(
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
    owned, unknown = named & SHAPE.server_owned, named - {*SHAPE.members, *SHAPE.server_owned}
    raised: PatchError | None = None
    try:
        patch.check(SHAPE, known=(), allow_unknown=allow_unknown)
    except PatchError as error:
        raised = error

    refused = owned if allow_unknown else owned | unknown
    assert (raised is not None) == bool(refused)
    if isinstance(raised, InvalidPatchError):
        name = str(raised.path).split("/")[1]
        assert name in refused
        assert isinstance(raised, ReadOnlyFieldError) == (name in owned)
        assert raised.hint
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
        at_once = (a + b + c).apply(document, SHAPE)
    except PatchError:
        return

    one = a.apply(document, SHAPE)
    two = b.apply(one.document, SHAPE)
    three = c.apply(two.document, SHAPE)
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
    expected = copied(patch.apply(copied(document), SHAPE).document)
    result = patch.apply(copied(document), SHAPE).document
    for each in [*arguments, result]:
        _spoil(each)

    assert strictly_equal(patch.apply(document, SHAPE).document, expected)


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
