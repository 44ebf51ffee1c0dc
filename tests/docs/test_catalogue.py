"""The texts that users read, held to the words that they know."""

from __future__ import annotations

import re

from tests.docs.catalogue import catalogue

AVOIDED = re.compile(
    r"\b(anew|upon|beside|besides|somebody|nobody|thereby|whatever|mend|cannot be told"
    r"|those that are meant|(?<![Tt]here )(?:is|are) no [a-z]+|Say --|takes no|of its own accord"
    r"|member of a list|so already|goes on with|wants it)\b"
)
"""Words and phrases that a reader has to translate."""


def test_the_catalogue_finds_messages_of_every_room() -> None:
    """The catalogue has errors, hints, help and lines, each with its file."""
    rooms = {place.split("/")[0].split(":")[0] for place, _ in catalogue()}

    assert {"api", "batch", "cli", "documents", "editor", "guard", "operations", "plan"} <= rooms
    assert len(catalogue()) > 400


def test_messages_use_plain_words() -> None:
    """No message uses a word that reads as translated."""
    found = [f"{place} {text}" for place, text in catalogue() if AVOIDED.search(text)]

    assert found == []
