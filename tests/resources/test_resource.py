"""What a kind of resource says of an item in a list of its kind."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.documents.values import Tokens
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import response

DEEP = {"a": {"b": 1, "null": None}, "text": "x"}


@pytest.mark.parametrize(
    ("members", "place", "shows"),
    [
        ({"identifier": "id"}, ("identifier",), True),
        ({"identifier": None}, ("identifier",), True),
        ({"identifier": ...}, ("identifier",), False),
        # Null for what every model has: the list leaves it out.
        ({"configuration": None}, ("configuration",), False),
        ({"configuration": None}, ("configuration", "a"), False),
        ({"configuration": DEEP}, ("configuration",), True),
        ({"configuration": DEEP}, ("configuration", "a"), True),
        ({"configuration": DEEP}, ("configuration", "a", "b"), True),
        ({"configuration": DEEP}, ("configuration", "a", "null"), True),
        ({"configuration": DEEP}, ("configuration", "b"), False),
        ({"configuration": DEEP}, ("configuration", "b", "a"), False),
        ({"configuration": DEEP}, ("configuration", "a", "c"), False),
        # There is nothing below a text, and that is known.
        ({"configuration": DEEP}, ("configuration", "text", "c"), True),
        # Both lists of the document come out of one of the response.
        ({"fields": [{"name": "id"}]}, ("additional_fields", "0"), True),
        ({"fields": ...}, ("additional_fields", "0"), False),
        ({"fields": ...}, ("fields",), False),
    ],
)
def test_an_item_of_a_list_shows_what_it_has(
    members: dict[str, Any], place: Tokens, shows: bool
) -> None:
    """What it leaves out may exist, and what it says is null is null, unless a model needs it."""
    item = {key: value for key, value in response(**members).items() if value is not ...}
    document, _ = MODEL.document(Snapshot(item))

    assert MODEL.tells(item, document, place) is shows
