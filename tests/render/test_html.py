"""The HTML report as a file: one whole, nothing from outside, fit for everybody's eyes."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import patcher.render
from patcher.documents.diff import Change
from patcher.documents.wording import Notice
from patcher.render import html
from patcher.render.plan import Attachment, Carried, Outline
from patcher.render.text import Span, line, printable
from tests.render.plans import HOSTILE, outlines

CSS = (Path(patcher.render.__file__).parent / "report.css").read_text()
VOID = {"meta", "br", "input", "col"}


class Page(HTMLParser):
    """The elements of a report in order, and the text of each; asserts that all are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element."""
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Closes the innermost element, which must be of that name."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Notes text."""
        self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of that name."""
        return [attributes for name, attributes in self.elements if name == tag]


def report(**members: Any) -> str:
    """The report of an outline with these members."""
    bare = Outline('model "M"', "id", "version 1", (), (), (), (), ())
    return html.report([bare._replace(**members)])


@pytest.mark.parametrize("name", ["contacts", "hostile", "unchanged"])
def test_the_file_is_whole_in_itself(name: str) -> None:
    """It names nothing to be loaded, holds no script, and lets no browser load or run anything."""
    text = html.report([outlines()[name]])
    page = Page(text)
    (policy,) = (one["content"] for one in page.named("meta") if "http-equiv" in one)
    style = text[text.index("<style>") + 7 : text.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert text.isascii()
    assert "url(" not in style
    assert "@import" not in style
    assert {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "base"} == set()
    assert {
        (key, value) for _, found in page.elements for key, value in found.items() if key == "href"
    } == {("href", "#plans")}
    assert not {key for _, found in page.elements for key in found if key.startswith("on")}
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


@pytest.mark.parametrize("name", ["contacts", "hostile"])
def test_it_is_accessible(name: str) -> None:
    """Language, title, headings in order, a label for each box, a caption and heads for tables."""
    page = Page(html.report([outlines()[name]]))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h\d", tag)]
    boxes = [one["id"] for one in page.named("input")]

    assert page.named("html") == [{"lang": "en"}]
    assert len(page.named("title")) == len(page.named("main")) == 1
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))
    assert boxes == [one["for"] for one in page.named("label")]
    assert len(boxes) == len(set(boxes)) > 2
    assert len(page.named("table")) == len(page.named("caption"))
    assert all(one["scope"] == "col" for one in page.named("th"))
    assert len(page.named("details")) == len(page.named("summary"))
    assert "user-scalable" not in str(page.named("meta"))


def test_the_verdict_and_where_it_was_made_come_before_the_filters() -> None:
    """Numbers, time and API are read first, and the numbers stand there once."""
    shown = outlines()["contacts"]._replace(made="Planned 2026-01-02 for https://x.example")
    text = html.report([shown])

    assert text.index("8 changes, 1 cleared") < text.index("x.example") < text.index("<fieldset>")
    assert text.count("8 changes, 1 cleared") == 1


def test_colour_is_never_all_that_tells() -> None:
    """Each kind of change and each side of a diff has its sign and its element."""
    text = html.report([outlines()["contacts"]])

    assert '<span class="kind">+ added</span>' in text
    assert '<span class="sign">-</span> <del>' in text
    assert '<span class="sign">+</span> <ins>' in text


def _colours(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", light if scheme == "light" else dark))


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


PAIRS = (
    ("text", "page"),
    ("text", "soft"),
    ("quiet", "page"),
    ("quiet", "soft"),
    ("quiet", "none"),
    ("link", "page"),
    ("before-text", "before"),
    ("before-text", "before-strong"),
    ("before-text", "soft"),
    ("before-text", "page"),
    ("after-text", "after"),
    ("after-text", "after-strong"),
    ("after-text", "soft"),
    ("after-text", "page"),
    ("warning-text", "warning"),
    ("warning-text", "soft"),
    ("warning-text", "page"),
    ("alarm-text", "alarm"),
    ("before-text", "alarm"),
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_read_on_its_ground(scheme: str) -> None:
    """Every pair of colours has the contrast of WCAG 2.2, level AA: 4.5 to 1."""
    colours = _colours(scheme)

    for front, back in PAIRS:
        pair = sorted((_luminance(colours[front]), _luminance(colours[back])))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, (front, back)


def test_paper_shows_all() -> None:
    """In print, folded parts are open, filters hide nothing, and dark is not asked for."""
    text = html.report([outlines()["contacts"]])
    printed = CSS[CSS.index("@media print") :]

    assert "details::details-content { content-visibility: visible" in printed
    assert "@media screen{body:has(#k-added:not(:checked)) .k-added{display:none}" in text
    assert "@media screen and (prefers-color-scheme: dark)" in CSS


def test_credentials_are_masked() -> None:
    """A changed credential is a mask on either side."""
    text = html.report([outlines()["contacts"]])

    assert "tok_" not in text
    assert "******** (" in text


TEXTS = st.text(max_size=20) | st.sampled_from(HOSTILE)


@given(TEXTS, TEXTS, TEXTS)
def test_any_text_is_text(name: str, key: str, value: str) -> None:
    """Whatever a name, a key or a value holds, the elements stay the same and it is there."""

    def page(name: str, key: str, value: str) -> Page:
        return Page(
            report(
                title=name,
                id=value,
                written=key,
                changes=(
                    Change(f"/a/{key}", "changed", name, [value]),
                    Change(f"/b/{key}", "added", new={key: value}),
                    Change(f"/c/{key}", "removed", old=value),
                ),
                cleared=(key,),
                carried=(Carried(key, " (3)"),),
                warnings=(Notice(key, key, value),),
                remarks=(Notice("known-faults", "", name),),
                attachments=(Attachment(name, (line(Span(value, "quiet"), key),)),),
            )
        )

    found, plain = page(name, key, value), page("n", "k", "v")

    drop = {"b", "i", "br"}
    assert {tag for tag, _ in found.elements} - drop == {tag for tag, _ in plain.elements} - drop
    assert printable(name) in found.text
    assert printable(key) in found.text
    assert printable(value) in found.text


def test_one_change_needs_no_filter() -> None:
    """Boxes are there where there is something to choose from."""
    page = Page(report(changes=(Change("/name", "changed", "a", "b"),)))

    assert page.named("input") == []


def test_several_plans_are_one_file() -> None:
    """Each plan has its section under a heading of its own."""
    page = Page(html.report(list(outlines().values())))

    assert [one["aria-labelledby"] for one in page.named("section")] == [
        "plan-0",
        "plan-1",
        "plan-2",
    ]
    assert "3 plans" in page.text
