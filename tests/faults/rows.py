"""The rows of the fault matrix, by what kind of fault it is."""

from __future__ import annotations

from collections.abc import Mapping

from tests.faults.matrix import NEW, THEIRS, Cell, Command, Cut, Row, row, step

APPLIED = Cell("new", 1, 0, "applied", "Written: ")
TWICE = APPLIED._replace(puts=2)
REFUSED = Cell("old", 1, 3, "not-written", "Nothing was written")
UNSENT = REFUSED._replace(puts=0)
UNKNOWN = Cell("old", 1, 6, "unknown", "not visible yet; it may still be applied")
STALE = Cell("old", 0, 4, "not-written", "shows an older state")
STILL_LANDS = UNKNOWN._replace(lands=True)


def unclear(says: str) -> Cell:
    """Not written so far, for all that can be seen, after this answer."""
    return UNKNOWN._replace(says=f"{says}; not visible yet; it may still be applied")


def refused(says: str) -> Cell:
    """Refused, with these words."""
    return REFUSED._replace(says=says)


ASYNC: Command = "apply --async"
ELSEWHERE = "http://127.0.0.1:9/elsewhere"
ANOTHER = "00000000-0000-4000-8000-000000000000"
HOUR: Mapping[str, str] = {"Retry-After": "3600"}
INTERIM = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
)
SOON: Mapping[str, str] = {"Retry-After": "2"}

CONNECTION: tuple[Row, ...] = (
    row("nothing goes wrong", APPLIED),
    row(
        "100, 102 and 103 before each answer",
        APPLIED,
        cut=Cut("plain", None, interim=INTERIM),
    ),
    row(
        "101 in place of the answer",
        UNKNOWN._replace(says="it switched to another protocol (101)"),
        step("status_before", 101, body="empty"),
    ),
    row(
        "could not connect: nothing listens",
        UNSENT._replace(journal="none", says="was not sent: connection refused by"),
        cut=Cut("plain", 0, ("closed",)),
    ),
    row(
        "could not connect: nothing listens any more at the write",
        UNSENT._replace(says="was not sent: connection refused by"),
        cut=Cut("plain", 2, ("closed",)),
    ),
    row(
        "reset before sending: the idle connection is gone",
        APPLIED,
        cut=Cut("plain", 2, ()),
    ),
    row(
        "reset in the TLS handshake of the write, once",
        APPLIED,
        cut=Cut("tls", 2, ("reset",)),
    ),
    row(
        "reset in each TLS handshake from the write on",
        UNSENT,
        cut=Cut("tls", 2, ("reset",) * 9),
    ),
    row(
        "the proxy refuses the tunnel for the write, once",
        APPLIED,
        cut=Cut("tunnel", 2, ("refused",)),
    ),
    row(
        "the proxy refuses each tunnel from the write on",
        UNSENT._replace(says="(https_proxy) refused to connect to polytomic.test (502)"),
        cut=Cut("tunnel", 2, ("refused",) * 9),
    ),
    row("reset before it is processed", UNKNOWN, step("drop_before")),
    row("reset after the write", APPLIED, step("drop_after")),
    row("answer lost halfway", APPLIED, step("garbage", "cut short")),
    row(
        "slow beyond the timeout, before the write",
        STILL_LANDS,
        step("hold", None, "before"),
        timeout=0.5,
    ),
    row(
        "slow beyond the timeout, after the write",
        APPLIED,
        step("hold", None, "after"),
        timeout=0.5,
    ),
)

CLIENT_ERRORS: tuple[Row, ...] = (
    *(
        row(f"{status}", refused(f"fault: {status} ({status})"), step("status_before", status))
        for status in (400, 401, 403, 404)
    ),
    row("404 from a gateway", UNKNOWN, step("status_before", 404, body="html")),
    *(
        row(
            f"{status} from a gateway, with a message in JSON",
            unclear(f'"gateway: {status}", which is not in the API\'s error form'),
            step("status_before", status, body="message"),
        )
        for status in (400, 403, 409, 422, 429, 500)
    ),
    row(
        "403 from a gateway, with a message in JSON, after the write",
        APPLIED,
        step("status_after", 403, body="message"),
    ),
    row("408 before the write", unclear("fault: 408 (408)"), step("status_before", 408)),
    row("408 after the write", APPLIED, step("status_after", 408)),
    row(
        "409 before the write",
        refused("fault: 409 (409)"),
        step("status_before", 409),
        unlike={ASYNC: UNKNOWN},
    ),
    row("409 from a gateway", UNKNOWN, step("status_before", 409, body="html")),
    row("409 after the write", APPLIED, step("status_after", 409)),
    row(
        "412",
        Cell("old", 1, 4, "not-written", "unchanged, yet the precondition of the write failed"),
        step("status_before", 412),
    ),
    row("422", refused("fault: 422 (422)"), step("status_before", 422)),
    row("429 with Retry-After, once", TWICE, step("status_before", 429, headers=SOON)),
    row("429 without Retry-After, once", TWICE, step("status_before", 429)),
    row(
        "429 with a Retry-After of an hour",
        refused("Try again in 3600 seconds"),
        step("status_before", 429, headers=HOUR),
    ),
    row(
        "429 at every attempt",
        refused("accepts no more requests for now (3 attempts)")._replace(puts=3),
        step("status_before", 429, every=True),
        # A batch starts over while the API asks for pauses.
        unlike={
            "apply -f": refused("accepts no more requests for now (3 attempts)")._replace(puts=15)
        },
    ),
    row("429 from a gateway", UNKNOWN, step("status_before", 429, body="html")),
)

SERVER_ERRORS: tuple[Row, ...] = (
    row(
        "500 before the write",
        refused("fault: 500 (500)"),
        step("status_before", 500),
        unlike={ASYNC: UNKNOWN},
    ),
    row("500 after the write", APPLIED, step("status_after", 500)),
    row("500 from a gateway, before the write", UNKNOWN, step("status_before", 500, body="html")),
    row(
        "502 before the write",
        unclear('it answered 502 with a web page ("Gateway") instead of JSON'),
        step("status_before", 502, body="html"),
    ),
    row("502 after the write", APPLIED, step("status_after", 502, body="html")),
    row("503 before the write", unclear("fault: 503 (503)"), step("status_before", 503)),
    row("503 after the write", APPLIED, step("status_after", 503)),
    row("504 before the write", unclear("fault: 504 (504)"), step("status_before", 504)),
    row("504 after the write", APPLIED, step("status_after", 504)),
)

REDIRECTS: tuple[Row, ...] = (
    *(
        row(
            f"{status}",
            refused(f"It redirects to {ELSEWHERE}"),
            step("status_before", status, body="empty", headers={"Location": ELSEWHERE}),
            unlike={ASYNC: unclear("it answered with a redirect (303)")} if status == 303 else None,
        )
        for status in (301, 302, 303, 307, 308)
    ),
    row("303 after the write", APPLIED, step("status_after", 303, body="empty")),
)

ANSWERS: tuple[Row, ...] = (
    row("HTML instead of JSON, before the write", UNKNOWN, step("status_before", 200, body="html")),
    row("HTML instead of JSON, after the write", APPLIED, step("garbage", "html")),
    row("truncated JSON", APPLIED, step("garbage", "truncated")),
    row("another model in the answer", APPLIED, step("growth", top={"id": ANOTHER})),
    row("the model as it was before, in the answer", UNKNOWN, step("replay")),
    row(
        "the model as it was before, in the answer after the write",
        APPLIED,
        step("replay", written=True),
    ),
)

JOBS: tuple[Row, ...] = (
    row("a job that ends", APPLIED, step("job", forced=True)),
    row(
        "a job that fails",
        refused("failed: no such table. Nothing was written"),
        step("job", error="no such table", forced=True),
    ),
    row(
        "a job that fails after the write",
        APPLIED._replace(says="but what was sent is stored"),
        step("job", error="no such table", written=True, forced=True),
    ),
    row(
        "a job that never ends",
        UNKNOWN._replace(says="is still running"),
        step("job", endless=True, forced=True),
    ),
    row(
        "a job that ends too late",
        STILL_LANDS._replace(says="is still running"),
        step("job", polls=99, forced=True, alone=True),
    ),
    row(
        "a job that cannot be followed, and ends",
        APPLIED,
        step("job", polls=3, forced=True, alone=True),
        step("status_before", 503, method="GET", kind="job", every=True),
    ),
    row(
        "a job that cannot be followed, and ends too late",
        STILL_LANDS._replace(says="cannot be followed"),
        step("job", polls=99, forced=True, alone=True),
        step("status_before", 503, method="GET", kind="job", every=True),
    ),
)

IN_THE_ANSWER: tuple[Command, ...] = ("apply", "apply --plan", "edit", "undo")
"""The commands whose write acts before its answer, and is not left to a job."""

TAKEN: tuple[Row, ...] = (
    *(
        row(
            f"the first delivery acts, and the second is answered {status}",
            APPLIED,
            step("status_after", status),
            commands=IN_THE_ANSWER,
        )
        for status in (412, 429)
    ),
    *(
        row(
            f"the same with {status}, and someone else writes on top",
            Cell("new and theirs", 1, 6, "unknown", "A proxy may have delivered it twice"),
            step("concurrent_write", THEIRS, "after"),
            step("status_after", status),
            commands=IN_THE_ANSWER,
        )
        for status in (412, 429)
    ),
    *(
        row(
            f"{status}, and someone else wrote before it",
            Cell("old and theirs", 1, 4, "not-written", "was changed by Bo Other"),
            step("concurrent_write", THEIRS, "before"),
            step("status_before", status),
        )
        for status in (412, 429)
    ),
    row(
        "reset before it is processed, and someone else writes the same",
        APPLIED._replace(says="is known from a read alone"),
        step("concurrent_write", {"name": NEW}, "after"),
        step("drop_before"),
    ),
    row(
        "a job that fails, and someone else wrote before it",
        Cell("old and theirs", 1, 4, "not-written", "failed: no such table"),
        step("concurrent_write", THEIRS, "before"),
        step("job", error="no such table", forced=True),
    ),
)

LAGGING: tuple[Row, ...] = (
    row(
        "the first reading shows an older state than was planned on before, for a moment",
        APPLIED,
        step("lagging_reads", 2, method="GET", kind="model"),
    ),
    row(
        "the first reading shows an older state than was planned on before, for good",
        STALE._replace(journal="none", says="pass --accept-older"),
        step("lagging_reads", None, method="GET", kind="model"),
    ),
    row(
        "the second reading lags behind the first, for a moment",
        APPLIED,
        step("lagging_reads", 2, method="GET", kind="model", nth=2),
    ),
    row(
        "the second reading lags behind the first, for good",
        STALE,
        step("lagging_reads", None, method="GET", kind="model", nth=2),
    ),
    row(
        "reset after the write, and two reads show the state before it",
        APPLIED,
        step("lagging_reads", 2),
        step("drop_after"),
    ),
    row(
        "reset after the write, and no read shows it",
        UNKNOWN._replace(stored="new"),
        step("lagging_reads", None),
        step("drop_after"),
        commands=IN_THE_ANSWER,
    ),
    row(
        "a job that ends, and two reads show the state before it",
        APPLIED,
        step("lagging_reads", 2),
        step("job", polls=0, forced=True),
    ),
    row(
        "500 before the write, one read shows someone else's write, the next ones do not",
        Cell("old and theirs", 1, 6, "unknown", "it has changed"),
        step("status_before", 500),
        step("concurrent_write", THEIRS, "before", method="GET", nth=3),
        step("lagging_reads", None, method="GET", nth=4),
    ),
)

MORE: Mapping[str, int] = {"retention": 30}
"""What the server stores with the model, though neither the model nor the change had it."""

GROWN = tuple(step("growth", top=MORE, method="GET", kind="model", nth=nth) for nth in range(3, 30))
"""Each read after the write shows it."""

ADDED: tuple[Row, ...] = (
    row(
        "the answer shows a key that the server added",
        APPLIED._replace(says="The server added /retention"),
        step("growth", top=MORE, method="PUT"),
        commands=IN_THE_ANSWER,
    ),
    row(
        "reset after the write, and each read shows such a key",
        UNKNOWN._replace(stored="new", says="the server added or hides /retention"),
        *GROWN,
        step("drop_after"),
        commands=IN_THE_ANSWER,
    ),
    row(
        "reset before it is processed, and each read shows such a key",
        UNKNOWN._replace(says="it has changed"),
        *GROWN,
        step("drop_before"),
    ),
)

DELETED: tuple[Row, ...] = (
    row(
        "the model deleted before the second reading",
        UNSENT._replace(stored="gone"),
        step("delete", method="GET", nth=2),
    ),
    row(
        "the model deleted just before the write",
        REFUSED._replace(stored="gone", says="not found (404). Nothing was written"),
        step("delete"),
    ),
    row(
        "the model deleted after the write, whose answer is lost",
        UNKNOWN._replace(stored="gone", says="it has been deleted"),
        step("drop_after"),
        step("delete", method="GET", nth=3),
    ),
)

LATE: tuple[Row, ...] = (
    *(
        row(
            f"{name}, and the write lands after the second look", APPLIED, step("late_write", 2, at)
        )
        for name, at in (("reset", None), ("408", 408), ("409", 409), ("500", 500), ("504", 504))
    ),
    *(
        row(
            f"{name}, and the write lands after the settle timeout",
            STILL_LANDS,
            step("late_write", None, at),
        )
        for name, at in (("reset", None), ("408", 408), ("504", 504))
    ),
)

SIGNALS: tuple[Row, ...] = (
    row("signals once the write is reported", APPLIED, is_signalled=True),
    row(
        "signals once the refusal is reported",
        refused("fault: 403 (403)"),
        step("status_before", 403),
        is_signalled=True,
    ),
    row(
        "signals once it is said that the outcome is unknown",
        UNKNOWN,
        step("drop_before"),
        is_signalled=True,
    ),
)

SECTIONS: Mapping[str, tuple[Row, ...]] = {
    "The connection": CONNECTION,
    "Answers of the 400s": CLIENT_ERRORS,
    "Answers of the 500s": SERVER_ERRORS,
    "Redirects": REDIRECTS,
    "Answers that are none": ANSWERS,
    "Jobs": JOBS,
    "Delivered twice, or written by someone else": TAKEN,
    "Reads that lag behind": LAGGING,
    "What the server adds": ADDED,
    "The model deleted in between": DELETED,
    "Writes that land late": LATE,
    "Signals after the result": SIGNALS,
}

ROWS: tuple[Row, ...] = tuple(one for rows in SECTIONS.values() for one in rows)
