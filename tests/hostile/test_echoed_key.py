"""A server that repeats the API key, in whatever form: it is shown, kept and logged nowhere.

That no file of a test holds the key, the journal among them, is looked at after each (leaks.py).
"""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from urllib.parse import quote

import pytest

import patcher
from patcher.api import Settings
from tests.api.servers import Script, answer, serving
from tests.hostile.conftest import Command
from tests.hostile.test_servers import KEY, MODEL_ID, model, on
from tests.leaks import Watch

ORGANIZATION = "0d6b3a1e-7c1f-4f52-8a77-3f1d9a4be201"
PAIR = f"{ORGANIZATION}:{KEY}"


def encoded(text: str) -> str:
    """A text in base64."""
    return base64.b64encode(text.encode()).decode()


FORMS = {
    "as it is": KEY,
    "as it was sent": f"Authorization: Bearer {KEY}",
    "within a word": f"x{KEY}x",
    "in base64": encoded(KEY),
    "in base64 of the pair": f"Basic {encoded(PAIR)}",
    "the pair": PAIR,
    "percent-encoded": quote(f"Bearer {KEY}"),
    "in a URL": f"https://u:{KEY}@host/",
}
SECRETS = (KEY, encoded(KEY).rstrip("="), encoded(PAIR).rstrip("="))


def saying(text: str) -> dict[str, Script]:
    """The answers that hold a text, by what they are."""
    error = {"message": f"no: {text}", "key": text, "metadata": {text: [text]}}
    body = json.dumps(error).encode()
    escaped = "".join(f"\\u{ord(one):04x}" for one in text)
    page = f"<html><title>{text}</title><body>{text}</body></html>".encode()
    job = {"job": {"job_id": "j1", "type": "updatemodel", "status": "failed", "error": text}}
    return {
        "400": answer(body, status="400 Bad Request"),
        "401": answer(body, status="401 Unauthorized"),
        "403 escaped": answer(f'{{"message": "{escaped}", "key": "x"}}'.encode(), status="403 No"),
        "409": answer(body, status="409 Conflict"),
        "412": answer(body, status="412 Precondition Failed"),
        "422 a text": answer(json.dumps(text).encode(), status="422 No"),
        "500": answer(body, status="500 Broken"),
        "502 a page": answer(page, status="502 Bad", headers="Content-Type: text/html\r\n"),
        "200 a page": answer(page, headers="Content-Type: text/html\r\n"),
        "200 a job": answer(json.dumps(job).encode()),
        "a redirect": answer(b"", status="302 Found", headers=f"Location: https://x/{text}\r\n"),
        "a version": answer(model(), headers=f"X-Polytomic-Version: {text}\r\n"),
        "a header": answer(model(), headers=f'X-Request-Id: {text}\r\nETag: "{text}"\r\n'),
        "no answer": answer(b"", status=f"500 {text}"),
    }


def leaking(text: str) -> list[str]:
    """The forms of the key that are in a text."""
    return [one for one in SECRETS if one in text]


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("form", FORMS)
def test_an_answer_that_repeats_the_key_is_shown_without_it(
    form: str,
    method: str,
    patch_model: Command,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever is answered to a read or a write: in text, in JSON, under -vv and in the history.

    A form is in half of the answers to a read, and in the other half of those to a write.
    """
    monkeypatch.setattr(patcher.Client, "_persistent", lambda self, send, *_, **__: send())
    monkeypatch.setattr("patcher.guard.outcome.PATIENCE", 0.0)
    monkeypatch.setenv("POLYTOMIC_PARTNER_KEY", KEY)
    monkeypatch.setenv("POLYTOMIC_ORGANIZATION_ID", ORGANIZATION)
    caplog.set_level(logging.DEBUG)
    options = ("--yes", "--settle-timeout", "0", "-vv", "-o", "json")
    found = []
    half = (list(FORMS).index(form) + (method == "PUT")) % 2
    for name, script in islice(saying(FORMS[form]).items(), half, None, 2):
        with serving(on(method.encode(), script)) as (url, _):
            ended = patch_model("apply", MODEL_ID, "--set", "name=New", "--url", url, *options)
        found += [(name, one) for one in leaking(ended.out + ended.err)]
    history = patch_model("history", "-o", "json").out

    assert found == []
    assert leaking(history + caplog.text) == []


@pytest.mark.parametrize("form", ["as it is", "in base64", "within a word"])
def test_a_document_that_holds_the_key_is_not_altered(
    form: str,
    patch_model: Command,
    monkeypatch: pytest.MonkeyPatch,
    nothing_leaks: Watch,
    tmp_path: Path,
) -> None:
    """It is a value like any other: masked where it is shown, and sent as it was."""
    monkeypatch.setenv("POLYTOMIC_API_KEY", KEY)
    nothing_leaks.mine(tmp_path / "state")  # the journal holds the document as it is
    configuration = {"note": FORMS[form], "list": [FORMS[form]]}
    held = model(configuration=configuration, identifier=FORMS[form])
    with serving(answer(held)) as (url, seen):
        ended = patch_model(
            *("apply", MODEL_ID, "--set", "name=New", "--unset", "configuration.note"),
            *("--url", url, "--yes", "--settle-timeout", "0"),
        )

    (put,) = (one for one in seen if one.startswith(b"PUT"))
    sent = json.loads(put.partition(b"\r\n\r\n")[2])
    assert sent["configuration"] == {"list": [FORMS[form]]}
    assert sent["identifier"] == FORMS[form]
    assert "/configuration/note" in ended.out
    assert leaking(ended.out + ended.err) == []


@pytest.mark.parametrize(
    ("settings", "others"),
    [
        (lambda: Settings("https://x", "Bearer abc"), {"abc", "YWJj"}),
        (
            lambda: Settings("https://x", f"Basic {encoded('org:a?~')}"),
            {"org:a?~", "a?~", "b3JnOmE/fg", "b3JnOmE_fg"},
        ),
    ],
)
def test_the_forms_of_a_key(settings: Callable[[], Settings], others: set[str]) -> None:
    """The key itself, what is sent of it, and both in either base64."""
    found = settings().secrets

    assert others <= found
    assert "" not in found
    assert not any(one in repr(settings()) for one in found)
    assert patcher.Client(settings=settings()).settings.secrets == found
