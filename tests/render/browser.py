"""A real browser: pages as it shows them, measured by a script that is no part of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    # So that the page around the pages may look into them.
    "--allow-file-access-from-files",
)

_WRAPPER = """<!doctype html><meta charset="utf-8"><body>
%(frames)s
<pre id="result"></pre>
<script>
window.addEventListener("load", () => {
  const measured = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument;
    const all = [...page.querySelectorAll("*")];
    const shown = (kind) => [...page.querySelectorAll(kind)].filter(
      (one) => one.getClientRects().length > 0).length;
    const before = shown(".change");
    const boxes = [...page.querySelectorAll("input")];
    if (boxes.length) boxes[0].click();
    const hidden = before - shown(".change"), note = shown(".hiding");
    if (boxes.length) boxes[0].click();
    const folds = [...page.querySelectorAll("details.change")];
    let folded = null;
    if (folds.length) {
      const height = folds[0].clientHeight;
      folds[0].querySelector("summary").click();
      folded = folds[0].clientHeight < height;
      folds[0].querySelector("summary").click();
    }
    measured[frame.id] = {
      width: page.documentElement.clientWidth,
      scrolls_to: page.documentElement.scrollWidth,
      sticks_out: all.filter((one) =>
        one.getBoundingClientRect().right > page.documentElement.clientWidth + 1
        && one.getClientRects().length && getComputedStyle(one).position !== "absolute"
      ).map((one) => one.tagName + "." + one.className).slice(0, 5),
      tags: [...new Set(all.map((one) => one.tagName.toLowerCase()))].sort(),
      handlers: all.filter((one) => [...one.attributes].some(
        (a) => a.name.startsWith("on") || /^(src|href|action|srcset|style)$/.test(a.name)
          && a.value !== "#plans")).length,
      columns: [...page.querySelectorAll(".diff tr")].slice(1, 2).map((row) =>
        [...row.children].filter((one) => one.getClientRects().length).map(
          (one) => Math.round(one.getBoundingClientRect().top))).flat(),
      background: getComputedStyle(page.body).backgroundColor,
      changes: before, hidden: hidden, note: note, folded: folded,
      text: page.querySelector("main").textContent,
    };
  }
  measured.pwned = window.pwned || null;
  document.getElementById("result").textContent = JSON.stringify(measured);
});
</script>"""


def chromium() -> str:
    """The browser's path. Skips the test, and says so, on a machine that has none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("there is no Chromium here, so the HTML report was not rendered in this run")


def measured(folder: Path, pages: dict[str, str], *flags: str) -> dict[str, Any]:
    """Each page in 360 and in 1440 pixels, as ``NAME-WIDTH``: what came of it in the browser."""
    binary = chromium()
    frames = ""
    for name, content in pages.items():
        (folder / f"{name}.html").write_text(content, encoding="ascii")
        for width in (360, 1440):
            frames += (
                f'<iframe id="{name}-{width}" src="{name}.html" '
                f'style="border:0;width:{width}px;height:900px"></iframe>\n'
            )
    wrapper = folder / "wrapper.html"
    wrapper.write_text(_WRAPPER % {"frames": frames}, encoding="utf-8")
    done = subprocess.run(
        [
            binary,
            *_FLAGS,
            f"--user-data-dir={folder / 'profile'}",
            "--window-size=1600,1000",
            *flags,
            "--dump-dom",
            wrapper.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    result = re.search(r'<pre id="result">(.*?)</pre>', done.stdout, re.DOTALL)
    assert result is not None, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(unescape(result[1]))
    return found
