"""Credentials that somebody else repeats, in whatever spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.masks import MASK, Masks
from patcher.documents.spellings import LONGEST_SHOWN, _overlap, fits, hidden_keys, is_mask
from patcher.documents.values import JsonValue

MASKS = Masks((("configuration",),), ("dsn",))
WORDS = ("token",)


def knowing(*credentials: str) -> Masks:
    """The masks for a document with these credentials."""
    return MASKS.on({"configuration": {"password": list(credentials)}})


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

    assert knowing(CREDENTIAL).redacted(text) == f"login failed for <{MASK}> twice"


def test_of_two_credentials_the_longer_one_is_masked() -> None:
    """Nothing is left of a credential that begins or ends like another one."""
    redacted = knowing("hunter2-orders", "hunter2-orders-2024", "x-hunter2-orders").redacted

    assert redacted("<hunter2-orders-2024>") == f"<{MASK}>"
    assert redacted("<x-hunter2-orders>") == f"<{MASK}>"


@pytest.mark.parametrize("ellipsis", ["...", "…"])
def test_a_credential_that_is_cut_off_is_masked(ellipsis: str) -> None:
    """The beginning of a credential at the end of a shortened text is masked, the rest stays."""
    redacted = knowing("hunter2-orders", "other-credential").redacted

    assert redacted(f"key is hunter2{ellipsis}") == f"key is {MASK}{ellipsis}"
    assert redacted(f"a hunt{ellipsis}") == f"a {MASK}{ellipsis}"
    assert redacted(f"the hun{ellipsis}") == f"the hun{ellipsis}"
    assert redacted("a hunter2") == "a hunter2"
    assert knowing().redacted(f"a hunter2{ellipsis}") == f"a hunter2{ellipsis}"


def test_a_short_credential_is_masked_as_a_whole_word() -> None:
    """Within words it would occur by chance."""
    redacted = knowing("hu.t", "hunter2").redacted

    assert redacted("hu.t, hunter2: hunt, shu.ter, hunter22") == (
        f"{MASK}, {MASK}: hunt, shu.ter, hunter22"
    )


def test_a_long_text_is_cut_where_the_limit_is() -> None:
    """One of just that length is whole; of a longer one it is said how long it is."""
    whole = "a" * LONGEST_SHOWN

    assert knowing().redacted(whole) == whole
    assert knowing().redacted(f"{whole}b") == f"{whole}... (cut; 4097 characters in all)"


@given(st.text("ab", min_size=1, max_size=12), st.text("ab", max_size=12))
def test_the_longest_beginning_is_what_is_masked(credential: str, text: str) -> None:
    """What a text has of a credential at its end is found as by trying every length."""
    longest = max(
        (size for size in range(len(credential)) if text.endswith(credential[:size])), default=0
    )

    assert _overlap(text, credential) == longest


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgres://reader:s3cr3t@db:5432/x failed", f"postgres://{MASK}@db:5432/x failed"),
        ("https://db:5432/x@y failed", "https://db:5432/x@y failed"),
        ("at https://s3cr3t@db/x", f"at https://{MASK}@db/x"),
        ("mysql+py://u:p@ss#w?rd@db/x", f"mysql+py://{MASK}@db/x"),
        ("Authorization: Bearer abcdefgh.ijk=", f"Authorization: Bearer {MASK}"),
        ("sent BASIC  dXNlcjpwYXNz", f"sent BASIC  {MASK}"),
        ("the bearer of news", "the bearer of news"),
        ('{"password": "a\\"b", "n": 1}', f'{{"password": {MASK}, "n": 1}}'),
        ("{'token':5}", f"{{'token':{MASK}}}"),
        ('password="never closed', f"password={MASK}"),
        ("host=db password=s3cr3t port=1", f"host=db password={MASK} port=1"),
        ("Api-Key='a b';x=1", f"Api-Key={MASK};x=1"),
        ('my.dsn="a b"', f"my.dsn={MASK}"),
        ("unexpected token: FROM", "unexpected token: FROM"),
        ("where id=5", "where id=5"),
    ],
)
def test_a_connection_string_keeps_its_secret(text: str, shown: str) -> None:
    """What a source says of its own connection is masked by its key, and nothing else is."""
    assert MASKS.redacted(text) == shown


@given(
    st.text(min_size=8).filter(lambda one: not set(one) <= {"*"}),
    st.text(alphabet="xyz ", max_size=9),
    st.text(alphabet="xyz ", max_size=9),
)
def test_no_credential_is_left(credential: str, before: str, after: str) -> None:
    """Whatever a credential is made of, surrogates included, its text is not in what is shown."""
    shown = knowing(credential).redacted(before + credential + after)

    assert credential not in shown.replace(MASK, "|")


HUGE = 10_000
PIECES = ["a", "a.", "a=", 'a="', "a='", "://", "://a", "a@", "bearer ", " ", "'k': ", '"k":"\\']
PIECES += ["password=", "\\", '"', "\ud800", "e\u0301", "\n", "ab"]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("start", ["", "x://", 'password="', "bearer "])
def test_a_huge_text_is_redacted_and_cut(start: str, piece: str) -> None:
    """Whatever it is made of: with work that grows as the square, one would take minutes."""
    redacted = knowing("ab" * HUGE, "hunter2-orders").redacted
    text = f"{start}{piece * HUGE} hunter2-orders..."

    shown = redacted(text)

    assert "hunter2" not in shown
    assert len(shown) < LONGEST_SHOWN + 100
    assert len(shown) <= LONGEST_SHOWN or shown.endswith(" characters in all)")


def test_a_beginning_that_begins_again_is_found() -> None:
    """What matched so far may hold the beginning of a later, longer match."""
    assert _overlap("xx-aabaa", "aabaaa") == 5
    assert _overlap("xx-aabaab", "aabaaa") == 3


NAMES = (
    *("k", "n", "id", "header", "field", "param", "parameter", "property", "attribute", "variable"),
    *("var", "option", "setting", "label", "title", "type", "name", "key", "Env-Name", "env_key"),
)
VALUES = ("v", "val", "content", "contents", "data", "text", "value", "values", "env_value")


def test_a_pair_has_halves_of_many_names() -> None:
    """The value of a credential's name is its own, and nothing else of the object is."""
    for name in NAMES:
        assert hidden_keys({name: "A Token", "value": 1, "other": 2}, WORDS) == {"value"}
        assert hidden_keys({name: "else", "value": 1}, WORDS) == set()
        assert hidden_keys({name: 1, "value": 1}, WORDS) == set()
    for value in VALUES:
        assert hidden_keys({"name": "A Token", value: 1}, WORDS) == {value}
        assert hidden_keys({"other": "A Token", value: 1}, WORDS) == set()


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        (["A Token", ["x"]], {"1"}),
        (["A Token", "x", "y"], set()),
        (["A Token"], set()),
        ([1, "A Token"], set()),
        (["x", "y"], set()),
        ({"A Token": 1, "tok": 2}, {"A Token"}),
        ("A Token", set()),
    ],
)
def test_of_two_values_in_a_list_the_first_may_be_the_name(
    value: JsonValue, hidden: set[str]
) -> None:
    """Of exactly two, and a name is a text."""
    assert hidden_keys(value, WORDS) == hidden


@pytest.mark.parametrize("key", ["TOKEN", "\u0422\u041e\u041a\u0415N", "t-o.k_e n", "\u03c4oken"])
@pytest.mark.parametrize("filling", ["", "x" * 150, "x" * 300])
def test_a_word_is_found_however_it_is_written(key: str, filling: str) -> None:
    """In any case, with other signs between, in letters that look alike, in a key of any length."""
    assert fits(f"{filling}{key}{filling}", WORDS)
    assert not fits(f"{filling}{key[:-1]}", WORDS)


@pytest.mark.parametrize(
    ("text", "anywhere", "under_a_key"),
    [
        ("******", True, True),
        ("*****", False, True),
        ("\u2022" * 6, True, True),
        ("\u25cf" * 6, True, True),
        ("XXXXXX", False, False),
        ("[REDACTED]", False, True),
        ("<hidden value>", False, True),
        ("redacted", False, False),
        ("", False, False),
        ("*" * 199, True, True),
        ("*" * 200, False, False),
    ],
)
def test_a_mask_is_signs_or_a_word_in_brackets(
    text: str, *, anywhere: bool, under_a_key: bool
) -> None:
    """Under the key of a credential fewer signs are enough, and words count."""
    assert is_mask(text, is_hidden=False) is anywhere
    assert is_mask(text, is_hidden=True) is under_a_key
