"""The client: reads that are tried again, pages, jobs, and answers that are no use."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from patcher.api import Client, Settings, answers
from patcher.api.answers import JobState
from patcher.api.transport import Response, UnsentError
from patcher.documents import jsontext
from patcher.errors import ApiError, InvalidInputError, NotFoundError
from tests.api.servers import answer, serving, unused_port
from tests.sandbox import Sandbox, faults, seed

MODELS = "/api/models"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of its own for each test."""
    with Sandbox(models=3) as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    """How long the client has waited."""
    return []


@pytest.fixture
def client(sandbox: Sandbox, waits: list[float]) -> Iterator[Client]:
    """A client that does not really wait."""
    settings = Settings(sandbox.url, f"Bearer {sandbox.api_key}")
    with Client(settings=settings, sleep=waits.append) as connected:
        yield connected


def response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer with this body."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, headers or {}, raw)


def test_a_client_of_url_and_key_works_and_can_be_closed(sandbox: Sandbox) -> None:
    """The constructor of the README, as a context."""
    with Client(url=sandbox.url, api_key=sandbox.api_key) as client:
        raw, etag, _ = client.read_raw(MODELS, seed.CONTACTS)

    assert (raw["name"], etag) == ("Contacts", None)


def test_the_same_text_is_not_parsed_again(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the byte what is known: the known object, and no time spent on it."""
    known = client.read_raw(MODELS, seed.CONTACTS)
    monkeypatch.setattr(jsontext, "parse", lambda *_, **__: pytest.fail("parsed again"))

    again = client.read_raw(MODELS, seed.CONTACTS, known)

    assert again.resource is known.resource


def test_any_other_text_is_parsed(sandbox: Sandbox, client: Client) -> None:
    """One character is enough for another reading."""
    known = client.read_raw(MODELS, seed.CONTACTS)
    sandbox.write_as_other(seed.CONTACTS, {"name": "Contactz"})

    assert client.read_raw(MODELS, seed.CONTACTS, known).resource["name"] == "Contactz"


def test_the_tag_is_that_of_the_new_answer() -> None:
    """The same text may come with another ETag, and that is the one that If-Match needs."""
    with Sandbox(models=1, etags=True) as strict, Client(strict.url, strict.api_key) as client:
        known = client.read_raw(MODELS, seed.CONTACTS)._replace(etag='"old"')

        assert client.read_raw(MODELS, seed.CONTACTS, known).etag not in (None, '"old"')


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_read_is_tried_again(
    sandbox: Sandbox, client: Client, waits: list[float], status: int
) -> None:
    """What passes is waited for, as long as it says or a little longer each time."""
    sandbox.fault(faults.status_before(status, method="GET"))
    sandbox.fault(faults.status_before(status, method="GET", nth=2, headers={"Retry-After": "7"}))

    assert client.read_raw(MODELS, seed.CONTACTS)[0]["name"] == "Contacts"
    assert waits == [0.25, 7.0]


def test_a_read_is_tried_three_times(sandbox: Sandbox, client: Client, waits: list[float]) -> None:
    """What does not pass is an error with the API's words."""
    sandbox.fault(faults.status_before(503, method="GET", every=True))

    with pytest.raises(ApiError) as caught:
        client.read_raw(MODELS, seed.CONTACTS)

    assert (caught.value.status, len(waits)) == (503, 2)


def test_a_long_wait_is_not_waited(sandbox: Sandbox, client: Client, waits: list[float]) -> None:
    """A Retry-After of an hour is passed on."""
    sandbox.fault(faults.status_before(429, method="GET", headers={"Retry-After": "3600"}))

    with pytest.raises(ApiError, match="429"):
        client.read_raw(MODELS, seed.CONTACTS)

    assert waits == []


def test_an_unreachable_api_is_tried_three_times(waits: list[float]) -> None:
    """Nobody listens: three attempts, then the address is doubted."""
    settings = Settings(f"http://127.0.0.1:{unused_port()}", "Bearer k")

    with pytest.raises(UnsentError) as caught:
        Client(settings=settings, sleep=waits.append).read_raw(MODELS, seed.CONTACTS)

    assert waits == [0.25, 0.5]
    assert "right address" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("status", "words"), [(401, "POLYTOMIC_API_KEY"), (403, "permission"), (404, "deleted")]
)
def test_a_refusal_says_what_to_do(
    sandbox: Sandbox, client: Client, status: int, words: str
) -> None:
    """Each common refusal has its hint."""
    sandbox.fault(faults.status_before(status, method="GET"))

    with pytest.raises(ApiError) as caught:
        client.read_raw(MODELS, seed.CONTACTS)

    assert words in (caught.value.hint or "")
    assert isinstance(caught.value, NotFoundError) is (status == 404)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>", "a web page"),
        (b"<xml/>", "is not valid JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "without the resource"),
        (b'{"data": []}', "without the resource"),
        (b'{"data": {"id": "other"}}', "another resource"),
        (b'{"data": {"id": 1, "id": 2}}', "twice"),
        (b'{"data": {"version": NaN}}', "NaN"),
        (b'{"data": {"version": 1e400}}', "exactly"),
        (b'{"data": {"version": 0.1234567890123456789}}', "exactly"),
        (b"[" * 100_000, "nested"),
        (b"\xff", "UTF-8"),
    ],
)
def test_an_answer_that_is_not_a_model_is_refused(
    sandbox: Sandbox, client: Client, body: bytes, words: str
) -> None:
    """What cannot be understood exactly is an error and not a guess."""
    sandbox.fault(faults.raw_body(body, method="GET"))

    with pytest.raises(ApiError, match=words) as caught:
        client.read_raw(MODELS, seed.CONTACTS)

    assert caught.value.exit_code == 3


@pytest.mark.parametrize("model_id", ["", ".", "..", "a/b", "a?b", "a#b", "%2e%2e", "a\nb", "ä"])
def test_an_id_cannot_address_something_else(client: Client, model_id: str) -> None:
    """An id that is more than an id is refused before any request."""
    with pytest.raises(InvalidInputError):
        client.read_raw(MODELS, model_id)


def test_pages_end_when_they_go_in_a_circle() -> None:
    """A next page that was there before is an error and not an endless loop."""
    page = {"data": [{"id": "1"}, 5], "pagination": {"next_page_token": "again"}}
    with serving(answer(json.dumps(page).encode())) as (url, _):
        client = Client(url, "key")
        pages = client.pages(MODELS)

        assert next(pages) == [{"id": "1"}, 5]
        assert next(pages) == [{"id": "1"}, 5]
        with pytest.raises(ApiError, match="same next page"):
            next(pages)
        client.close()


@pytest.mark.parametrize("page", [{"data": None}, {"data": [], "pagination": None}])
def test_an_empty_page_is_empty(page: dict[str, Any]) -> None:
    """No data is no models, however it is spelled."""
    body = json.dumps(page).encode()
    with serving(answer(body)) as (url, _), Client(url, "key") as client:
        assert list(client.pages(MODELS)) == [[]]


@pytest.mark.parametrize("job", [{}, None, {"job_id": "other", "status": "done"}])
def test_an_answer_without_the_job_is_refused(job: Any) -> None:
    """A poll that shows another job, or none, says nothing about ours."""
    body = json.dumps({"data": job}).encode()
    state = JobState("j-1", "updatemodel", "running")
    with serving(answer(body)) as (url, _), Client(url, "key") as client:
        with pytest.raises(ApiError, match="without the job"):
            client.job(state)


@pytest.mark.parametrize(
    ("job", "state"),
    [
        (
            {"job_id": "j", "type": "t", "status": "failed", "error": "no"},
            JobState("j", "t", "failed", "no"),
        ),
        ({"job_id": "j"}, JobState("j", "updatemodel", "created")),
        (
            {"job_id": "j", "error": "x" * 900},
            JobState("j", "updatemodel", "created", "x" * 300 + "..."),
        ),
        ({}, None),
        (None, None),
        ({"job_id": 5}, None),
        ({"job_id": "../models"}, None),
        ({"job_id": "\ud800"}, None),
        ({"job_id": "j", "type": "../x"}, JobState("j", "updatemodel", "created")),
    ],
)
def test_a_job_is_read_leniently_where_nothing_depends_on_it(
    job: Any, state: JobState | None
) -> None:
    """Only its id must be there; a type and a state that are missing have defaults."""
    assert answers.job_state({"job": job}, "updatemodel") == state


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"message": "no", "status": 400}, 400, "no"),
        ({"message": "no", "key": "bad"}, 400, "no"),
        ({"message": "no", "metadata": {}}, 400, "no"),
        ({"message": "no", "status": 400, "key": "bad", "metadata": {}}, 400, "no"),
        ({"message": "no", "key": "bad", "status": None}, 400, "no"),
        ({"message": "no"}, 400, None),
        ({"message": "no", "key": None, "metadata": None, "status": None}, 400, None),
        ({"message": "no", "request_id": "r-1"}, 400, None),
        ({"message": "no", "statusCode": 400}, 400, None),
        ({"error": {"message": "no"}}, 400, None),
        ({"error": {"code": 400, "message": "no", "status": "INVALID"}}, 400, None),
        ({"message": "no", "key": "bad", "status": 500}, 400, None),
        ({"message": "no", "key": "bad", "status": "400"}, 400, None),
        ({"message": "no", "status": 400.0}, 400, None),
        ({"message": 5}, 400, None),
        ({"key": "bad"}, 400, None),
        ([], 400, None),
        (b"<html>", 400, None),
    ],
)
def test_the_apis_own_errors_are_told_from_others(
    body: Any, status: int, message: str | None
) -> None:
    """Only an error in the API's own form proves what the API did."""
    found = answers.api_message(response(body, status))

    assert (found.message if found else None) == message


def test_what_the_api_says_besides_its_message_is_kept() -> None:
    """The metadata of an error goes along, without what stands under a credential's key."""
    metadata = {"errors": [{"field": "fields[2]"}], "password": "hunter2"}
    body = {"message": "Validation failed", "metadata": metadata}

    said = answers.api_message(response(body, 422))
    error = answers.failure(response(body, 422), "GET", "/api/models")

    assert said is not None
    assert said.metadata == metadata
    assert error.details == {"errors": [{"field": "fields[2]"}], "password": "********"}


def test_the_error_of_a_job_may_have_metadata_too() -> None:
    """A job's error is a text; one in the API's error form is read as well."""
    error = {"message": "no such table", "metadata": {"table": "t"}}
    state = answers.job_state({"job": {"job_id": "j", "status": "failed", "error": error}}, "t")

    assert state == JobState("j", "t", "failed", "no such table", None, {"table": "t"})


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"<!DOCTYPE html><title>Sign in</title>", "", 'a web page ("Sign in") instead of JSON'),
        (b"\xef\xbb\xbf\n<HTML><head><TITLE\n>A &amp; B", "", 'a web page ("A & B") instead'),
        (b"Welcome", "Text/HTML; charset=x", "a web page instead of JSON"),
        (b"<title>\xff\x1b[2J</title>", "text/html", '("\ufffd\\u001b[2J")'),
        (b" ", "application/json", "an empty body"),
        ({"message": "Forbidden"}, "", '"Forbidden", which is not in the API\'s error form'),
        ([], "", "a body that is not in the API's error form"),
    ],
)
def test_what_answers_in_place_of_the_api_is_named(body: Any, kind: str, words: str) -> None:
    """A web page with its title, nothing, a gateway's message: each in one phrase, made safe."""
    assert words in answers.foreign(response(body, 403, {"content-type": kind}))


def test_a_long_page_is_looked_at_in_linear_time() -> None:
    """A page made of nothing but beginnings of a title costs no more than its length."""
    begun = time.perf_counter()
    answers.foreign(response(b"<html>" + b"<title" * 1_000_000))
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize("status", [200, 401, 403, 404, 502])
def test_a_login_page_is_named_once_with_what_to_check(status: int) -> None:
    """An HTML page in place of a model: said once, with the address, the proxy and a login."""
    page = b"<html><head><title>Sign in</title></head></html>"
    script = answer(page, status=f"{status} X", headers="Content-Type: text/html\r\n")
    with serving(script) as (url, _), Client(url, "key", sleep=lambda seconds: None) as client:
        with pytest.raises(ApiError) as caught:
            client.read_raw(MODELS, seed.CONTACTS)

    error = caught.value
    assert not isinstance(error, NotFoundError)
    assert error.message.count("web page") == error.message.count(str(status)) == 1
    assert "not valid JSON" not in error.message
    assert all(word in (error.command_hint or "") for word in ("--url", "proxy", "login"))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Mon, 23 Nov 2026 17:00:10 GMT", 10.0),
        ("Mon, 23 Nov 2026 16:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("", None),
        ("²", None),
        ("Mon, 23 Nov 99999999999999999999 17:00:10 GMT", None),
        ("Mon, 23 Nov 2026 17:00:10 -0000", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    """Both forms of RFC 9110 are understood; anything else is as if it were not there."""
    now = datetime(2026, 11, 23, 17, tzinfo=timezone.utc)

    assert answers.retry_after(response({}, headers={"retry-after": header}), now) == seconds


@pytest.mark.parametrize(
    ("header", "tag"), [('"v1"', '"v1"'), ('W/"v1"', None), ("v1", None), ("", None), ('"', None)]
)
def test_only_a_strong_etag_counts(header: str, tag: str | None) -> None:
    """If-Match needs a strong validator."""
    assert answers.strong_etag(response({}, headers={"etag": header})) == tag


@pytest.mark.parametrize("version", ["2024-02-08", "2099-01-01", ""])
def test_another_version_than_asked_for_is_refused(version: str) -> None:
    """A model in the words of another version may have another form, and is not understood."""
    body = json.dumps({"data": {"id": seed.CONTACTS}}).encode()
    script = answer(body, headers=f"X-Polytomic-Version: {version}\r\n")
    with serving(script) as (url, _), Client(url, "key") as client:
        with pytest.raises(ApiError, match="responded with version"):
            client.read_raw(MODELS, seed.CONTACTS)


@pytest.mark.parametrize("page", [{}, {"data": {}}, {"data": "x"}])
def test_a_list_without_a_list_is_refused(page: dict[str, Any]) -> None:
    """What is no list of models is not taken for an empty one."""
    body = json.dumps(page).encode()
    with serving(answer(body)) as (url, _), Client(url, "key") as client:
        with pytest.raises(ApiError, match="without a list"):
            list(client.pages(MODELS))


def test_a_read_on_a_connection_that_is_gone_is_made_again(
    sandbox: Sandbox, client: Client, waits: list[float]
) -> None:
    """A lost answer to a read costs nothing but another one."""
    sandbox.fault(faults.drop_after(method="GET"))

    assert client.read_raw(MODELS, seed.CONTACTS)[0]["name"] == "Contacts"
    assert waits == [0.25]


def test_a_client_of_its_own_kind_stays_one_within_a_time(sandbox: Sandbox) -> None:
    """What a subclass does is done with a limit of time, too, over the same connections."""

    class Noting(Client):
        read: list[str] = []  # noqa: RUF012 - of this test

        def data(self, path: str) -> Any:
            self.read.append(path)
            return super().data(path)

    with Noting(sandbox.url, sandbox.api_key) as client:
        client.within(lambda: 1.0).data("/api/me")
        assert client.left is None

    assert Noting.read == ["/api/me"]


@pytest.mark.parametrize(
    ("left", "told", "waited"),
    [(100.0, "5", [5.0, 5.0]), (7.0, "5", [5.0, 2.0]), (3.0, "5", [3.0]), (0.0, "5", [])],
)
def test_no_pause_is_longer_than_the_callers_time(
    sandbox: Sandbox, left: float, told: str, waited: list[float]
) -> None:
    """A Retry-After is cut to what is left, and the attempt after that is the last one."""
    sandbox.fault(
        faults.status_before(429, headers={"Retry-After": told}, method="GET", every=True)
    )
    waits: list[float] = []
    settings = Settings(sandbox.url, f"Bearer {sandbox.api_key}")

    with Client(settings=settings, sleep=waits.append) as client, pytest.raises(ApiError):
        client.within(lambda: left - sum(waits)).read_raw(MODELS, seed.CONTACTS)

    assert waits == waited
    assert len(sandbox.requests) == len(waited) + 1
