"""Credentials that somebody else repeats, in whatever spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.masks import MASK, Masks

MASKS = Masks((("configuration",),), ("dsn",))
CREDENTIAL = 'p@ss/w\'rd "é" +1'


@pytest.mark.parametrize(
    "spelled",
    [
        CREDENTIAL,
        "p%40ss%2Fw%27rd%20%22%C3%A9%22%20%2B1",
        "p%40ss%2Fw%27rd+%22%C3%A9%22+%2B1",
        'p@ss/w\'rd \\"\\u00e9\\" +1',
        'p@ss/w\'rd \\"é\\" +1',
        "p@ss/w''rd \"é\" +1",
    ],
)
def test_a_credential_is_found_in_every_spelling(spelled: str) -> None:
    """A credential is masked as it is, percent-encoded, in JSON and in SQL."""
    text = f"login failed for <{spelled}> twice"

    assert MASKS.redacted(text, frozenset({CREDENTIAL})) == f"login failed for <{MASK}> twice"


@pytest.mark.parametrize("ellipsis", ["...", "…"])
def test_a_credential_that_is_cut_off_is_masked(ellipsis: str) -> None:
    """The beginning of a credential at the end of a shortened text is masked, the rest stays."""
    known = frozenset({"hunter2-orders", "other-credential"})

    assert MASKS.redacted(f"key is hunter2{ellipsis}", known) == f"key is {MASK}{ellipsis}"
    assert MASKS.redacted(f"a hunt{ellipsis}", known) == f"a {MASK}{ellipsis}"
    assert MASKS.redacted(f"the hun{ellipsis}", known) == f"the hun{ellipsis}"
    assert MASKS.redacted("a hunter2", known) == "a hunter2"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://reader:s3cr3t@db:5432/x failed", f"postgres://reader:{MASK}@db:5432/x failed"),
        ("https://db:5432/x@y failed", "https://db:5432/x@y failed"),
        ("host=db password=s3cr3t port=1", f"host=db password={MASK} port=1"),
        ("Api-Key='a b';x=1", f"Api-Key={MASK};x=1"),
        ('my.dsn="a b"', f"my.dsn={MASK}"),
        ("unexpected token: FROM", "unexpected token: FROM"),
        ("where id=5", "where id=5"),
    ],
)
def test_a_connection_string_keeps_its_secret(text: str, shown: str) -> None:
    """What a source says of its own connection is masked by its key, and nothing else is."""
    assert MASKS.redacted(text, frozenset()) == shown


@given(
    st.text(min_size=4).filter(lambda one: not set(one) <= {"*"}),
    st.text(alphabet="xyz ", max_size=9),
    st.text(alphabet="xyz ", max_size=9),
)
def test_no_credential_is_left(credential: str, before: str, after: str) -> None:
    """Whatever a credential is made of, surrogates included, its text is not in what is shown."""
    shown = MASKS.redacted(before + credential + after, frozenset({credential}))

    assert credential not in shown.replace(MASK, "|")
