"""The Markdown report, as a Markdown renderer reads it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from patcher.documents.diff import Change
from patcher.documents.wording import Notice
from patcher.render import markdown
from patcher.render.plan import Carried, Outline
from patcher.render.text import printable
from tests.render.plans import HOSTILE, outlines

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = {"h3", "p", "code", "strong", "ul", "li", "details", "summary", "pre"}


class Page(HTMLParser):
    """The tags of a rendered report, its text in code, and its text outside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.code = ""
        self.prose = ""
        self._depth = 0
        self.feed(RENDERER.render(text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes a tag."""
        self.tags.add(tag)
        self.attributes |= set(attrs)
        self._depth += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        """Notes the end of code."""
        self._depth -= tag == "code"

    def handle_data(self, data: str) -> None:
        """Notes text."""
        if self._depth:
            self.code += data
        else:
            self.prose += data

    def handle_comment(self, data: str) -> None:
        """There are none."""
        self.tags.add("comment")


def report(**members: Any) -> str:
    """The report of an outline with these members."""
    bare = Outline('model "M"', "id", "version 1", (), (), (), (), ())
    return markdown.report([bare._replace(**members)])


def test_a_plan_as_a_comment() -> None:
    """Short changes on their line, long ones folded, what goes and what to know before them."""
    text = markdown.report([outlines()["contacts"]])

    assert text.startswith('### Plan for `model "Contacts"`\n')
    assert "**8 changes, 1 cleared, 5 preserved, 2 warnings.** Nothing has been written." in text
    assert "**Cleared by this change:** `/policies`\n" in text
    assert "\n- **Warning** `policies-cleared`: `This removes every policy" in text
    assert "\n- `~` changed `/configuration/timeout_seconds`: `300` becomes `600`\n" in text
    assert (
        "<details><summary><code>~</code> changed <code>/configuration/query</code> (10 lines)"
        "</summary>\n\n```diff\n@@ -1,6 +1,7 @@\n select c.id"
    ) in text
    assert "\n+   and co.country = 'DE'\n```\n\n</details>" in text
    assert "clear these) (5)</summary>\n\n`/identifier`, `/tracking_columns` (2), " in text
    assert "tok_" not in text
    assert '`"******** (before)"` becomes `"******** (after)"`' in text


def test_a_plan_without_changes_is_a_sentence() -> None:
    """Nothing to do is said, and no section stands there empty."""
    text = markdown.report([outlines()["unchanged"]])

    assert "**No changes. Already up to date.**" in text
    assert "Changes**" not in text


@pytest.mark.parametrize("name", ["contacts", "hostile", "unchanged"])
def test_a_renderer_finds_no_tag_but_ours(name: str) -> None:
    """Text of a document becomes neither tag nor link, heading or image."""
    page = Page(markdown.report([outlines()[name]]))

    assert page.tags <= OURS
    assert page.attributes <= {("class", "language-diff"), ("open", None)}
    assert "Approved" not in page.prose
    assert "@everyone" not in page.prose
    assert "example.com" not in page.prose


def test_every_hostile_text_is_there_to_the_letter() -> None:
    """What somebody wrote to deceive is shown as what it is."""
    page = Page(markdown.report([outlines()["hostile"]]))

    for one in HOSTILE[:11]:
        for part in one.split("\n"):
            assert printable(part) in page.code


SHORT = st.text(st.sampled_from("`~<>&\"'\\@#*_[]()!|- \n\x1bab/"), max_size=12)


@given(SHORT, SHORT, SHORT)
def test_no_text_gets_out_of_its_code(name: str, key: str, value: str) -> None:
    """Whatever a name, a key or a value is made of, only our own tags come of it."""
    text = report(
        title=name,
        written=value,
        changes=(
            Change(f"/{key}", "changed", value, f"{value}\n{name}\n"),
            Change(f"/{key}", "added", new=[name * 9, {key: value}]),
            Change(f"/{key}", "removed", old=f"{value}\n{name}"),
            Change(f"/{key}", "reordered", [name, value], [value, name]),
        ),
        cleared=(f"/{key}",),
        carried=(Carried(f"/{key}", ""),),
        warnings=(Notice("code", f"/{key}", name),),
        remarks=(Notice("known-faults", "", value),),
    )
    page = Page(text)

    assert page.tags <= OURS
    assert page.attributes <= {("class", "language-diff")}
    words = set(re.findall(r"[a-z]+", page.prose))
    assert "ab" not in words
    assert page.prose.count("Preserved (") == 1


def test_what_does_not_fit_in_a_comment_is_left_out_and_says_so() -> None:
    """A comment of GitHub takes 65 536 characters; the first line tells that some are missing."""
    long = tuple(Change(f"/configuration/q{i}", "added", new="x" * 9_000) for i in range(20))
    text = report(changes=long)

    assert len(text) < 65_536
    assert text.startswith("**This report is cut:** 14 values left out")
    assert text.count("(left out)") == 14
    assert all(
        f"`/configuration/q{i}`" in text or f">/configuration/q{i}<" in text for i in range(20)
    )
    assert Page(text).tags <= OURS


def test_so_many_changes_that_not_even_their_places_fit_are_cut() -> None:
    """The report of ten thousand changes can still be a comment, and tells that it is cut."""
    many = tuple(Change(f"/fields/{i}", "added", new=f"field_{i}") for i in range(10_000))
    text = report(changes=many)

    assert len(text) < 65_536
    assert text.startswith("**This report is cut:**")
    assert text.endswith("(cut here)\n")


def test_several_plans_are_one_report() -> None:
    """Each plan has its heading, in the order given."""
    text = markdown.report([outlines()["contacts"], outlines()["unchanged"]])

    assert [row for row in text.splitlines() if row.startswith("### ")] == [
        '### Plan for `model "Contacts"`',
        '### Plan for `model "Customers"`',
    ]
