"""Masks in the files of models: what they stand for, and where that is not certain."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.documents.masks import MASK, Masks
from patcher.errors import InvalidInputError, InvalidPatchError
from patcher.files.masked import as_in_files, file_document, resolved

MASKS = Masks((("configuration",),))
LIVE: dict[str, Any] = {
    "name": "X",
    "configuration": {"password": "hunter2-secret", "hosts": [{"token": ["tok-1234567"]}, "a"]},
}


def test_a_mask_on_a_path_of_keys_is_the_live_value() -> None:
    """The credential is put back, and its place is named."""
    masked = file_document(LIVE, MASKS)
    document = {**masked, "name": "Y"}

    found, kept = resolved(document, LIVE, masked, MASKS)

    assert found == {**LIVE, "name": "Y"}
    assert ("configuration", "password") in kept


def test_a_mask_where_the_model_has_nothing_is_refused() -> None:
    """There is no value that it could stand for."""
    masked = file_document(LIVE, MASKS)
    document = {**masked, "configuration": {**masked["configuration"], "api_key": MASK}}

    with pytest.raises(InvalidPatchError, match="no value there") as caught:
        resolved(document, LIVE, masked, MASKS)
    assert caught.value.path == "/configuration/api_key"


def test_a_mask_in_a_changed_item_is_refused() -> None:
    """However deep it lies: another item may have moved to its place."""
    masked = file_document(LIVE, MASKS)
    hosts = [{**masked["configuration"]["hosts"][0], "port": 1}, "a"]
    document = {**masked, "configuration": {**masked["configuration"], "hosts": hosts}}

    with pytest.raises(InvalidPatchError, match="list around it"):
        resolved(document, LIVE, masked, MASKS)


def test_a_copy_inside_a_text_keeps_the_document_out_of_files() -> None:
    """For a comparison alone the live document is used as it is."""
    live = {**LIVE, "name": "uses hunter2-secret here"}

    with pytest.raises(InvalidInputError, match="part of the text"):
        as_in_files(live, MASKS, [], refuse=True)
    assert as_in_files(live, MASKS, [], refuse=False) == live
