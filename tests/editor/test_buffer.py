"""The text that is edited: what is put into it comes out of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents import yamltext
from patcher.documents.threeway import Collision
from patcher.documents.values import MISSING, strictly_equal
from patcher.editor.buffer import Buffer, Format
from patcher.errors import InvalidPatchError
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.documents.strategies import documents
from tests.guard.memory import response

FORMATS: tuple[Format, ...] = ("yaml", "json")
MARKS = {"yaml": "#", "json": "//"}


def buffer(format_: Format, **members: Any) -> Buffer:
    """The text form of one reading."""
    return Buffer(MODEL, Snapshot(response(**members)), format_)


@given(documents, st.sampled_from(FORMATS), st.text(max_size=5), st.booleans())
def test_any_document_comes_out_as_it_went_in(
    document: dict[str, Any], format_: Format, reason: str, collides: bool
) -> None:
    """With header, reasons and notes about collisions, the text says just the document."""
    here = buffer(format_)
    collisions = [Collision("/a/b", document, MISSING, "x\ny")] if collides else []

    text = here.headed(here.body_of(here.text(document, collisions)), [reason])

    assert strictly_equal(here.document_of(here.body_of(text)), document)


@pytest.mark.parametrize("format_", FORMATS)
def test_lines_are_counted_from_the_first_one_of_the_file(format_: Format) -> None:
    """A fault's line is the one an editor shows, whatever stands above it."""
    here = buffer(format_)
    body = {"yaml": "name: a\n# mine\nfields: [\n- b\n", "json": '{\n// mine\n"name": a\n}\n'}[
        format_
    ]
    text = here.headed(body, ["no"])
    above = text.count("\n") - body.count("\n")

    with pytest.raises(InvalidPatchError) as caught:
        here.document_of(here.body_of(text), above)

    found = re.search(r"line (\d+), column (\d+)", caught.value.message)
    assert found
    line = text.split("\n")[int(found[1]) - 1]
    assert line[int(found[2]) - 1 :].startswith({"yaml": "-", "json": "a"}[format_])


def test_what_looks_like_a_comment_within_a_text_is_none() -> None:
    """Neither slashes nor odd line separators in a JSON text are taken for a comment."""
    here = buffer("json")
    document = {"a": "// x", "b": "x\u2028// y"}

    body = '{"a": "// x",\n"b": "x\u2028// y"}'

    assert here.document_of(body) == document


@pytest.mark.parametrize("format_", FORMATS)
def test_a_place_has_a_line(format_: Format) -> None:
    """Nested members and list members have the line that they begin on, others their parent's."""
    here = buffer(format_)
    body = here.body_of(here.text({"name": "a", "configuration": {"b": [1, {"c": 2}]}}))
    rows = body.split("\n")

    deep = here.line_of(body, "/configuration/b/1/c")
    missing = here.line_of(body, "/configuration/nowhere/at/all")

    assert deep is not None
    assert missing is not None
    assert "c" in rows[deep - 1]
    assert "configuration" in rows[missing - 1]
    assert here.line_of(body, "/nowhere") is None
    assert here.line_of(body, None) is None


def test_a_text_that_cannot_be_read_has_no_lines() -> None:
    """Where nothing can be located, nothing is."""
    assert yamltext.lines("a: [") == {}


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("rest", ["", "\n \n", "MARK only a note\n\n  MARK another"])
def test_a_text_without_content_is_empty(format_: Format, rest: str) -> None:
    """Space and comments are no content."""
    assert buffer(format_).is_empty(rest.replace("MARK", MARKS[format_]))


@pytest.mark.parametrize("format_", FORMATS)
def test_without_the_headers_last_line_all_is_text(format_: Format) -> None:
    """Who deletes the header, or half of it, has still written a document."""
    here = buffer(format_)
    document = {"name": "a"}
    text = here.text(document)
    body = here.body_of(text)
    last = text.removesuffix(body).rstrip("\n").rsplit("\n", 1)[1]

    for left in (body, text.replace(f"{last}\n", "")):
        assert here.document_of(here.body_of(left)) == document


def test_the_header_is_made_of_comments_whatever_the_name() -> None:
    """A name with line breaks or escapes cannot get out of its comment, or move a cursor."""
    here = buffer("yaml", name="a\nname: evil\x1b[2J")

    header = here.header(["no\nname: evil\x1b[2J"])

    assert all(line.startswith("#") for line in header)
    assert "\x1b" not in "".join(header)
    assert here.document_of(here.body_of(here.text({"name": "b"}))) == {"name": "b"}


def test_both_values_stand_above_the_place() -> None:
    """What it was and what is theirs, SQL line by line; yours is in the text, or is gone."""
    here = buffer("yaml")
    theirs = "select 3\nfrom y\n"
    document = {"configuration": {"query": "select 2\n"}, "name": "a"}

    text = here.text(
        document,
        [
            Collision("/configuration/query", "select 1\n", "select 2\n", theirs),
            Collision("/labels", ["x"], MISSING, ["y"]),
        ],
    )

    rows = here.body_of(text).split("\n")
    at = rows.index("  query: |")
    above = "\n".join(rows[:at])
    assert "#     select 3\n#     from y" in above
    assert "select 1" in above
    assert "CONFLICT at /labels" in text
    assert "(not there)" in text


def test_the_note_on_a_removed_member_is_above_its_list() -> None:
    """Its index is that of the base: the member which stands there now is another one."""
    here = buffer("yaml")
    gone, ours, theirs = ({"name": "x", "label": label} for label in ("gone", "ours", "theirs"))

    text = here.text(
        {"name": "a", "additional_fields": [ours]},
        [
            Collision("/additional_fields/0", gone, MISSING, theirs),
            Collision("/additional_fields/0/label", MISSING, "ours", "theirs"),
        ],
    )

    rows = here.body_of(text).split("\n")
    notes = [i for i, row in enumerate(rows) if row.startswith("# CONFLICT")]
    assert rows[0] == "name: a"
    assert notes[0] < rows.index("additional_fields:") < notes[1]


@pytest.mark.parametrize(("format_", "body"), [("yaml", "- a\n"), ("json", "[]")])
def test_only_an_object_is_a_document(format_: Format, body: str) -> None:
    """A list or a text is refused."""
    with pytest.raises(InvalidPatchError, match="must be an object"):
        buffer(format_).document_of(body)
