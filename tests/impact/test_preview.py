"""What a preview says, whatever it looks like."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.impact.preview import Preview, PreviewColumn, read_preview
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot

COLUMNS = MODEL.columns

READING = Snapshot(
    {"fields": [{"name": name} for name in ("id", "email", "plan", "score")], "id": "m"}
)
PROPOSED: dict[str, Any] = {
    "fields": ["id", "email", "plan"],
    "identifier": "id",
    "tracking_columns": ["plan", "phone"],
    "additional_fields": [{"name": "score", "label": "Score", "type": "number"}],
    "enricher": {"fields": [{"name": "phone"}]},
}
SCORE = {"name": "score", "user_added": True}


def read(result: Any, **changes: Any) -> Preview:
    """What a result says about the document."""
    return read_preview(result, COLUMNS, READING, {**PROPOSED, **changes})


def named(*names: str) -> list[dict[str, Any]]:
    """Fields as an answer shows them."""
    return [{"name": name, "user_added": False} for name in names]


def test_what_is_as_now_gains_and_loses_nothing() -> None:
    """A preview that shows what is exposed now has nothing to say against the change."""
    preview = read({"fields": [*named("id", "email", "plan"), SCORE]})

    assert preview == Preview("done", exposed=("id", "email", "plan", "score"))
    assert list(preview.notices()) == []


def test_gained_lost_and_who_loses_its_column() -> None:
    """The names are compared, and every place that names a lost column is found."""
    preview = read(
        {"fields": [*named("id", "email", "seats"), SCORE]},
        fields=["id", "email", "plan", "seats", "nowhere"],
    )

    assert (preview.gained, preview.lost) == (("seats",), ("plan",))
    assert preview.columns == (
        PreviewColumn("/fields/2", "plan", "lost"),
        PreviewColumn("/fields/4", "nowhere", "missing"),
        PreviewColumn("/tracking_columns/0", "plan", "lost"),
    )
    assert [(one.code, one.path) for one in preview.notices()] == [
        ("column-lost", "/fields/2"),
        ("column-lost", "/fields/4"),
        ("column-lost", "/tracking_columns/0"),
    ]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda fields: {"fields": fields},
        lambda fields: {"data": {"fields": fields}},
        lambda fields: {"data": fields},
        lambda fields: fields,
        lambda fields: [one["name"] for one in fields],
    ],
)
def test_every_form_of_a_result_is_read(wrap: Any) -> None:
    """The model, one in an envelope, a list of fields, and one of names are all understood."""
    fields = named("id", "email", "plan", "score")
    preview = read(wrap(fields))

    assert (preview.state, preview.lost) == ("done", ())


@pytest.mark.parametrize("result", [None, 5, "x", {}, {"fields": None}, {"data": {"fields": {}}}])
def test_a_result_without_fields_is_not_guessed_at(result: Any) -> None:
    """What holds no list of fields says nothing, and nothing is made of it."""
    assert read(result) == Preview("unavailable", "The preview returned no list of fields.")


@pytest.mark.parametrize("stray", [None, 5, {}, {"name": ""}, {"name": 5}, ""])
def test_a_field_without_a_name_spoils_the_preview(stray: Any) -> None:
    """Where one of the fields cannot be read, none can be said to be lost."""
    preview = read([*named("id"), stray])

    assert preview.state == "unavailable"
    assert preview.message == "1 of the 2 fields in the preview have no name."


def test_a_preview_of_the_whole_source_is_cut_to_what_is_listed() -> None:
    """Columns that the document does not list are not exposed, though the preview shows them."""
    preview = read({"fields": [*named("notes", "id", "email", "plan", "tax"), SCORE]})

    assert preview.exposed == ("id", "email", "plan", "score")
    assert (preview.gained, preview.lost) == ((), ())
    assert preview.unlisted == ("notes", "tax")


@pytest.mark.parametrize("fields", [None, []])
def test_without_a_list_everything_is_exposed(fields: Any) -> None:
    """A document that lists no fields exposes all that the preview shows."""
    preview = read({"fields": [*named("id", "email", "plan", "tax"), SCORE]}, fields=fields)

    assert (preview.gained, preview.unlisted) == (("tax",), ())


def test_added_fields_that_no_preview_shows_are_not_called_lost() -> None:
    """Previews may leave out what users added: then the preview does not tell."""
    preview = read({"fields": named("id", "email", "plan")})
    column = PreviewColumn("/additional_fields/0/name", "score", "unknown")

    assert (preview.lost, preview.columns) == ((), (column,))
    assert [one.code for one in preview.notices()] == ["column-unknown"]


def test_an_added_field_is_lost_where_others_are_shown() -> None:
    """A preview that shows one added field and not another says that the other is gone."""
    added = [*PROPOSED["additional_fields"], {"name": "rank"}]
    preview = read(
        {"fields": [*named("id", "email", "plan"), {"name": "rank", "user_added": True}]},
        additional_fields=added,
    )

    assert preview.lost == ("score",)
    assert preview.columns == (PreviewColumn("/additional_fields/0/name", "score", "lost"),)


def test_many_lost_columns_of_a_list_are_one_warning() -> None:
    """A table without any of the fields is said once, with the first of them."""
    names = [f"f{i}" for i in range(9)]
    preview = read([*named("id")], fields=names, tracking_columns=[], additional_fields=[])
    (notice,) = preview.notices()

    assert notice.path == "/fields"
    assert '"f0", "f1", "f2", "f3", "f4" and 4 more' in notice.message


def test_credentials_are_taken_out_everywhere() -> None:
    """Whatever the source repeats, as a message or as a name, is shown without credentials."""
    preview = Preview(
        "done",
        "s3cr3t",
        ("s3cr3t",),
        ("s3cr3t",),
        ("s3cr3t",),
        ("s3cr3t",),
        (PreviewColumn("/identifier", "s3cr3t", "lost"),),
    ).redacted(lambda text: text.replace("s3cr3t", "***"))

    assert "s3cr3t" not in str(preview.to_dict()) + str(list(preview.notices()))
    assert Preview("done").redacted(str).message is None
