"""What servers send, and what settings say: any status, header and body, any text."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from patcher.api import Client, answers
from patcher.api.settings import Settings, checked_url
from patcher.api.transport import Response
from patcher.documents import jsontext
from patcher.documents.patches import Patch
from patcher.errors import ApiError
from patcher.guard.store import Answered
from patcher.guard.verification import is_as_before, verify
from patcher.operations.api_store import ApiStore
from patcher.operations.read import resolve
from patcher.resources.blockers import OnUnknown
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests import leaks
from tests.fuzz.damage import altered, damaged, odd_texts, odd_values, only_ours, shaped
from tests.guard.memory import ID, FakeClock, MemoryStore, guard_of, plan_of, response
from tests.plan.planning import make_plan

FULL = response(
    fields=[
        {"name": "email", "id": "f-1", "user_added": False, "unique": True},
        {"name": "phone", "user_added": True, "label": "Phone", "type": "string", "example": "1"},
    ],
    labels=["a", {"id": ID}],
    relations=[{"from": "a", "to": {"model_id": "m", "field": "f"}}],
    enricher={"fields": [{"name": "a", "id": "1"}], "configuration": {"token": "t"}},
)
ENVELOPE = json.dumps({"data": FULL, "job": None}).encode()
MESSAGE = json.dumps({"status": 422, "message": "no", "key": "bad"}).encode()
NOW = datetime(2026, 11, 24, 17, tzinfo=timezone.utc)

statuses = st.sampled_from((200, 202, 301, 404, 409, 412, 422, 429, 500, 503)) | st.integers(
    100, 599
)
dates = st.sampled_from(
    (
        "Tue, 24 Nov 2026 17:00:05 GMT",
        "Tue, 24 Nov 2026 17:00:05 -0000",
        "Tue, 24 Nov 99999999999999999999 17:00:05 GMT",
        "Tue, 24 Nov 2026 17:00:05 +999999999999999",
        "24 Nov 0 0:0:0 +9999",
        "9" * 400,
        "-5",
        "1e3",
        "٣",
        "²",
    )
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "retry-after": dates
        | dates.flatmap(lambda text: st.permutations(text.split())).map(" ".join)
        | odd_texts,
        "etag": st.sampled_from(('"a"', 'W/"a"', '"', '""')) | odd_texts,
        "location": odd_texts,
        "x-polytomic-version": st.sampled_from(("2025-09-18",)) | odd_texts,
    },
)
jobs = shaped(
    {
        "job_id": st.just("j-1"),
        "type": st.just("updatemodel"),
        "status": odd_texts,
        "error": odd_texts,
    }
)
contents = st.one_of(
    altered({"data": FULL}),
    shaped({"job": jobs, "data": jobs | st.just(FULL)}),
    shaped({"message": odd_texts, "key": odd_texts, "status": statuses, "error": odd_values}),
    shaped({"data": st.lists(st.just(FULL) | odd_values, max_size=3)}),
    shaped({"data": st.none(), "pagination": shaped({"next_page_token": odd_texts})}),
    odd_values,
)
bodies = st.one_of(
    contents.map(lambda one: jsontext.dump(one).encode()),
    damaged(ENVELOPE),
    damaged(MESSAGE),
    st.binary(),
)
responses = st.builds(Response, statuses, headers, bodies)


class Scripted(Client):
    """A client that is answered what the test says, again and again."""

    def __init__(self, answer: Response) -> None:
        super().__init__("https://api.test", "key", sleep=lambda seconds: None)
        transport: Any = self._transport
        transport.send = lambda *arguments, **more: answer


@given(responses, st.sampled_from(("GET", "PUT")))
def test_an_answer_of_any_kind(response: Response, method: str) -> None:
    """It is understood, or it is an error of the API; a header is understood, or is not there."""
    message = answers.api_message(response)
    assert message is None or type(message.message) is str
    assert isinstance(answers.failure(response, method, "/api/models"), ApiError)
    tag = answers.strong_etag(response)
    assert tag is None or tag.startswith('"')
    wait = answers.retry_after(response, NOW)
    assert wait is None or wait >= 0
    with only_ours():
        answers.job_state(answers.envelope(response, "the answer"), "updatemodel")


@given(responses)
def test_an_answer_to_the_client(response: Response) -> None:
    """A resource, a page, a name, a job and a write: an answer, or an error of the API."""
    with contextlib.closing(Scripted(response)) as client:
        store = ApiStore(client, MODEL)
        with only_ours():
            store.read(ID)
        with only_ours():
            list(client.pages("/api/models"))
        with only_ours():
            resolve(client, MODEL, "Customers")
        with only_ours():
            client.job(answers.JobState("j-1", "updatemodel", "created"))
        with only_ours():
            store.replace(ID, {}, "key", None)


@given(altered(FULL), st.sampled_from(("error", "carry", "drop")))
def test_a_resource_of_any_form(raw: Any, on_unknown: OnUnknown) -> None:
    """A reading gives a document, and a plan that can be told, or what stops it is named."""
    if type(raw) is not dict:
        raw = {"": raw}
    snapshot = Snapshot(raw)
    assert (snapshot.is_newer_than(snapshot), snapshot.has_moved_from(snapshot)) == (False, False)
    assert snapshot.is_newer_than(Snapshot(FULL)) in (True, False)
    assert repr((snapshot, snapshot.id, snapshot.name, snapshot.version, snapshot.author))
    with only_ours():
        document, notices = MODEL.document(snapshot, on_unknown)
        assert jsontext.parse(jsontext.dump(document), what="it") == document
        plan = make_plan(MODEL, snapshot, Patch.of({"name": "x"}), unknown_fields=on_unknown)
        assert set(notices) <= set(plan.warnings)
        assert jsontext.dump(plan.to_dict())


@given(altered(FULL))
def test_a_reading_after_the_write(raw: Any) -> None:
    """Whatever the server says that it stores, it is compared with what was sent."""
    store = MemoryStore(FULL)
    plan = plan_of(store, {"name": "Clients"})
    after = Snapshot(raw if type(raw) is dict else {"": raw})
    verdict = verify(plan, plan.base, after)
    assert verdict.is_as_sent in (True, False)
    assert is_as_before(plan, plan.base, after) in (True, False)


@given(altered(response()), altered(response()))
def test_a_write_under_the_guard(answer: Any, later: Any) -> None:
    """An answer and a later reading of any form end in one of our errors, or in a result."""
    store = MemoryStore()

    def replaced(here: MemoryStore, body: dict[str, Any]) -> Answered:
        here.raw = later if type(later) is dict else {}
        return Answered(Snapshot(answer if type(answer) is dict else {}))

    store.on_replace = replaced
    plan = plan_of(store, {"name": "Clients"})
    with tempfile.TemporaryDirectory() as folder:
        guard = guard_of(store, Path(folder), FakeClock())
        with only_ours():
            assert guard.write(plan).status == "applied"
        assert len(guard.journal.names()) == 1
        assert guard.journal.entries()[1] == []


texts = odd_texts | st.sampled_from(
    (
        "https://app.polytomic.com",
        "http://localhost:80",
        "http://[::1]:8000/",
        "http://[::1%25lo]/",
        "https://[v1.x]/",
        "https://x:99999",
        "https://u:p@x/",
        "//x",
        "https://x/?#",
        "https://[::1",
        "https://%00/",
        "\uff12\uff10\uff12\uff15-09-18",
        "2025-09-18",
    )
)
mixed = st.tuples(texts, odd_texts).map("".join) | texts
# An address and a version may be repeated; Hypothesis takes texts of ours, a test's key among them.
shown = mixed.filter(lambda text: not any(key in text for key in leaks.KEYS))


@given(shown)
def test_any_text_as_a_url(text: str) -> None:
    """It is the URL of an API, which stays what it is, or it is refused without its password."""
    with only_ours():
        url = checked_url(text)
        assert url.startswith(("https://", "http://"))
        assert checked_url(url) == url


names = (
    "POLYTOMIC_API_KEY",
    "POLYTOMIC_DEPLOYMENT_URL",
    "POLYTOMIC_ORGANIZATION_ID",
    "POLYTOMIC_PARTNER_KEY",
    "POLYTOMIC_DEPLOYMENT_KEY",
)
environments = st.fixed_dictionaries(
    {}, optional={**dict.fromkeys(names, mixed), "POLYTOMIC_DEPLOYMENT_URL": shown}
)


@given(environments, st.none() | shown, st.none() | st.floats(), st.none() | st.binary())
def test_any_environment(
    environ: Mapping[str, str], version: str | None, timeout: float | None, key: bytes | None
) -> None:
    """Settings that can be sent as they are, or a clear error without the key in it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "key"
        file.write_bytes(key or b"")
        with only_ours():
            settings = Settings.from_env(
                environ,
                api_key_file=file if key is not None else None,
                api_version=version,
                timeout=timeout,
            )
            for header in (settings.authorization, settings.api_version):
                assert header.isascii()
                assert header.isprintable()
            assert 0 < settings.timeout < 86_400


def test_what_is_right_is_taken() -> None:
    """The refusals above are no accident: sound answers and settings pass."""
    client = Scripted(Response(200, {}, ENVELOPE))
    assert client.read_raw(MODEL.collection, ID)[0] == FULL
    assert Settings.from_env({"POLYTOMIC_API_KEY": "k"}).authorization == "Bearer k"
    client.close()
