"""The HTML report in a real browser: nothing sticks out, nothing runs, everything is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from patcher.render import html
from patcher.render.text import printable
from tests.render.browser import measured
from tests.render.plans import HOSTILE, outlines

WIDTHS = (360, 1440)
NAMES = ("contacts", "hostile", "unchanged", "several", "bare")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every report, measured; ``bare`` is the hostile one without its security policy."""
    found = outlines()
    reports = {name: html.report([one]) for name, one in found.items()}
    reports["several"] = html.report(list(found.values()))
    bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", reports["hostile"])
    assert bare != reports["hostile"]
    return measured(tmp_path_factory.mktemp("pages"), {**reports, "bare": bare})


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_sticks_out(pages: dict[str, Any], name: str, width: int) -> None:
    """On a telephone and on a wide screen, no page scrolls sideways, whatever is in it."""
    page = pages[f"{name}-{width}"]

    assert page["width"] == width
    assert page["scrolls_to"] <= page["width"]
    assert page["sticks_out"] == []


def test_nothing_from_a_document_runs(pages: dict[str, Any]) -> None:
    """No text becomes a tag, an attribute or a script, with the security policy or without."""
    ours = {
        *("html", "head", "meta", "title", "style", "body", "a", "header", "h1", "h2", "h3", "p"),
        *("div", "fieldset", "legend", "label", "input", "code", "main", "section", "br", "ul"),
        *("li", "details", "summary", "span", "table", "caption", "colgroup", "col", "thead"),
        *("tbody", "tr", "th", "td", "del", "ins", "b", "i", "pre"),
    }

    assert pages["pwned"] is None
    for name in NAMES:
        page = pages[f"{name}-1440"]
        assert set(page["tags"]) <= ours
        assert page["handlers"] == 0


def test_the_reader_sees_every_text(pages: dict[str, Any]) -> None:
    """What is in the document is on the page to the letter, and what cannot be seen is escaped."""
    text = pages["hostile-1440"]["text"]

    for one in HOSTILE:
        for part in one.split("\n"):
            assert printable(part).strip() in text


def test_the_two_sides_are_beside_each_other_or_below(pages: dict[str, Any]) -> None:
    """Before and after are on one height where there is room, and below each other where not."""
    assert len(set(pages["contacts-1440"]["columns"])) == 1
    assert len(set(pages["contacts-360"]["columns"])) == 2


@pytest.mark.parametrize("width", WIDTHS)
def test_filters_and_folds_work_without_a_script(pages: dict[str, Any], width: int) -> None:
    """A box hides the changes of its kind and says that some are hidden; a heading folds one."""
    page = pages[f"contacts-{width}"]

    assert page["changes"] == 8
    assert 0 < page["hidden"] < 8
    assert page["note"] == 1
    assert page["folded"] is True


def test_it_is_dark_where_that_is_asked_for(tmp_path: Path, pages: dict[str, Any]) -> None:
    """The page follows what the reader has set."""
    page = html.report([outlines()["unchanged"]])
    dark = measured(tmp_path, {"page": page}, "--blink-settings=preferredColorScheme=0")

    assert pages["contacts-360"]["background"] == "rgb(255, 255, 255)"
    assert dark["page-360"]["background"] == "rgb(13, 17, 23)"
