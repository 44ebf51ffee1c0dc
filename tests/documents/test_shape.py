"""The outline of a document."""

from __future__ import annotations

from patcher.documents.shape import Shape


def test_known_members_come_first_in_their_order_and_the_others_as_they_came() -> None:
    """So that what is sent and shown is always in the order of the request."""
    shape = Shape(("a", "b", "c"), required=frozenset(), server_owned=frozenset(), lists={})

    assert list(shape.ordered({"z": 1, "c": 2, "y": 3, "a": 4})) == ["a", "c", "z", "y"]
