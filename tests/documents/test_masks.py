"""What looks like a credential is never shown."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patcher.documents.diff import Change, compare
from patcher.documents.masks import (
    MASK,
    MASK_AFTER,
    MASK_BEFORE,
    Masks,
)
from patcher.documents.shape import KeyedList
from patcher.documents.values import Document, JsonValue, copied, strictly_equal
from patcher.errors import InvalidPatchError
from tests.documents.rebuilding import apply_changes
from tests.documents.strategies import nested, objects, values

PLACES = (("configuration",), ("enricher", "configuration"))
MASKS = Masks(PLACES)

SECRET = "hunter2-9f8e7d"
OTHER = "swordfish-1a2b3c"

CREDENTIAL_KEYS = [
    "password",
    "Password",
    "db_password",
    "PASSWORDS",
    "pass-word",
    "apiKey",
    "API-KEY",
    "x.api.key",
    "X_API_KEY_2",
    "api key",
    "privateKey",
    "private_key_pem",
    "secret",
    "clientSecret",
    "tokens",
    "access_token",
    "passphrase",
    "credentials",
    "awsCredentials",
    "Authorization",
    "Proxy-Authorization",
    "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44",
    "pass\u200bword",
    "passwd",
    "db.PWD",
    "bearer_value",
    "p\u0430ssw\u043erd",  # Cyrillic
    "\u0420ASSWORD",
    "t\u03bfken",  # Greek
    "\u03a4\u039fKEN",
    "se\u0441ret\u0455",
    "passw\u00f6rd",
    "p\u200dass\u0301word",
    "\U0001d429\U0001d41a\U0001d42c\U0001d42c\U0001d430\U0001d428\U0001d42b\U0001d41d",
]


@pytest.mark.parametrize("key", CREDENTIAL_KEYS)
def test_keys_that_look_like_credentials(key: str) -> None:
    """A key holds a word in any case, with anything but letters and digits in between."""
    assert MASKS.is_masked_place(("configuration", key))
    assert MASKS.is_masked_place(("enricher", "configuration", "a", "0", key))
    assert MASKS.is_masked_place(("configuration", key, "anything", "0"))


@pytest.mark.parametrize(
    "place",
    [
        (),
        ("configuration",),
        ("password",),
        ("enricher", "password"),
        ("fields", "0", "token"),
        ("configuration", "query"),
        ("configuration", "pass"),
        ("configuration", "key"),
        ("configuration", "api", "key"),
        ("configuration", ""),
    ],
)
def test_places_that_are_shown(place: tuple[str, ...]) -> None:
    """What is outside the opaque places, or under another key, is shown."""
    assert not MASKS.is_masked_place(place)


def test_more_words_are_compared_alike() -> None:
    """Words given in addition are found in any spelling, and do not replace the others."""
    masks = Masks(PLACES, ("Customer-PIN", "", "--"))

    assert masks.is_masked_place(("configuration", "customerPin"))
    assert masks.is_masked_place(("configuration", "token"))
    assert not masks.is_masked_place(("configuration", "pinned"))
    assert masks == Masks(masks.places, masks.words)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            Change("/configuration/password", "changed", SECRET, OTHER),
            Change("/configuration/password", "changed", MASK_BEFORE, MASK_AFTER),
        ),
        (
            Change("/configuration/password", "changed", None, OTHER),
            Change("/configuration/password", "changed", None, MASK_AFTER),
        ),
        (
            Change("/configuration/password", "added", new=SECRET),
            Change("/configuration/password", "added", new=MASK),
        ),
        (
            Change("/configuration/password", "removed", old=[SECRET]),
            Change("/configuration/password", "removed", old=MASK),
        ),
        (
            Change("/configuration/tokens/0", "added", new=SECRET),
            Change("/configuration/tokens", "changed", MASK_BEFORE, MASK_AFTER),
        ),
        (
            Change(f"/configuration/a/tokens/{SECRET}/since", "changed", 1, 2),
            Change("/configuration/a/tokens", "changed", MASK_BEFORE, MASK_AFTER),
        ),
        (
            Change("/configuration/tokens", "reordered", [SECRET, OTHER], [OTHER, SECRET]),
            Change("/configuration/tokens", "changed", MASK_BEFORE, MASK_AFTER),
        ),
        (
            Change("/configuration/users", "reordered", [SECRET, OTHER], [OTHER, SECRET]),
            Change("/configuration/users", "changed", MASK_BEFORE, MASK_AFTER),
        ),
        (
            Change("/configuration", "added", new={"url": "u", "auth": [{"Token": SECRET}]}),
            Change("/configuration", "added", new={"url": "u", "auth": [{"Token": MASK}]}),
        ),
        (
            Change("/configuration", "changed", {"token": SECRET, "n": 1}, "text"),
            Change("/configuration", "changed", {"token": MASK, "n": 1}, MASK),
        ),
        (
            Change("/enricher", "removed", old={"configuration": {"token": SECRET}, "token": 1}),
            Change("/enricher", "removed", old={"configuration": {"token": MASK}, "token": 1}),
        ),
        (
            Change("/fields", "reordered", ["token", "a"], ["a", "token"]),
            Change("/fields", "reordered", ["token", "a"], ["a", "token"]),
        ),
        (
            Change("/name", "changed", "token", "password"),
            Change("/name", "changed", "token", "password"),
        ),
        (
            Change("", "changed", {"configuration": {"token": SECRET}}, None),
            Change("", "changed", {"configuration": {"token": MASK}}, None),
        ),
    ],
)
def test_masked_changes(change: Change, expected: Change) -> None:
    """A change shows masks of one width, and nothing of what is under a masked key."""
    assert expected == MASKS.masked_change(change)


@pytest.mark.parametrize(
    ("place", "masked"),
    [
        (("token_options",), None),
        (("token_options", "token"), 2),
        (("token_options", "a", "token", "token"), 3),
        (("token_options", "inner", "api_key", "a"), 3),
        (("token",), None),
        ((), None),
    ],
)
def test_a_place_is_masked_from_the_outermost_key_below_an_opaque_object(
    place: tuple[str, ...], masked: int | None
) -> None:
    """Neither the object itself nor what is beside it is masked for its own name."""
    masks = Masks((("token_options", "inner", "api_key"), ("token_options",)))

    assert masks.masked_from(place) == (None if masked is None else place[:masked])


def test_changes_below_one_masked_key_become_one() -> None:
    """Neither the names nor the number of the members under a masked key are shown."""
    base = {"configuration": {"credentials": {"user": "u", SECRET: 1, "l": [1, 2, 3]}, "n": 1}}
    proposed = {"configuration": {"credentials": {"user": "v", OTHER: 1, "l": []}, "n": 2}}

    assert MASKS.masked_changes(compare(base, proposed, {})) == (
        Change("/configuration/credentials", "changed", MASK_BEFORE, MASK_AFTER),
        Change("/configuration/n", "changed", 1, 2),
    )


HEADERS: list[Any] = [
    {"name": "Authorization", "value": f"Bearer {SECRET}"},
    {"Key": "X-API-Key", "Value": [SECRET]},
    {"name": "Accept", "value": "text/csv"},
    {"name": "token", "values": "a list", "value": None},
]


def test_a_key_may_stand_beside_its_value() -> None:
    """A list of headers is masked by their names, and only where the name looks like one."""
    document = {"configuration": {"headers": HEADERS}, "fields": HEADERS}

    shown = MASKS.masked_value(document)

    assert shown["configuration"]["headers"] == [
        {"name": "Authorization", "value": MASK},
        {"Key": "X-API-Key", "Value": MASK},
        {"name": "Accept", "value": "text/csv"},
        {"name": "token", "values": MASK, "value": None},
    ]
    assert shown["fields"] == [{"name": "Authorization", "value": f"Bearer {MASK}"}, *HEADERS[1:]]
    assert MASKS.on(document).credentials == {f"Bearer {SECRET}", SECRET, "a list"}


@pytest.mark.parametrize(
    "pair",
    [
        {"k": "token", "v": SECRET},
        {"field": "db_password", "value": SECRET},
        {"key": "api_key", "value": SECRET},
        {"header": "Authorization", "content": SECRET},
        {"headerName": "X-Api-Key", "headerValue": SECRET},
        {"param": "pwd", "val": {"deep": [SECRET]}},
        {"K": "\u0430uthorization", "V": SECRET},
        {"id": "secret", "default_value": SECRET},
        ["Authorization", SECRET],
        ["x-api-key", [SECRET]],
    ],
)
def test_a_pair_is_masked_whatever_its_halves_are_called(pair: Any) -> None:
    """What has its key beside it is masked, in a list of pairs too, and is known elsewhere."""
    document = {"configuration": {"pairs": [pair]}, "name": SECRET, "identifier": "Authorization"}

    masks = MASKS.on(document)

    assert SECRET not in json.dumps(MASKS.masked_value(document)["configuration"])
    assert masks.masked_value(document)["name"] == MASK
    assert masks.masked_value(document)["identifier"] == "Authorization"
    assert masks.masked_changes([Change("/name", "changed", SECRET, "x")]) == (
        Change("/name", "changed", MASK, "x"),
    )


@pytest.mark.parametrize(
    "value",
    [
        {"name": "Accept", "value": SECRET},
        {"name": 5, "value": SECRET},
        {"value": SECRET},
        ["Authorization", "x", SECRET],
        ["x", SECRET],
        [["Authorization"], SECRET],
        {"description": "the password", "value": SECRET},
    ],
)
def test_what_is_no_such_pair_is_shown(value: Any) -> None:
    """Another name, no name, or a list of another length hides nothing."""
    document = {"configuration": {"a": value}}

    assert MASKS.on(document).masked_value(document) == document


@pytest.mark.parametrize("secret", ["text-1234", 86753090, 1234.5, "86753090"])
def test_a_copy_is_masked_where_it_is_a_whole_value(secret: Any) -> None:
    """A text or a number, and a number that was copied as text."""
    masks = MASKS.on({"configuration": {"pin_secret": {"a": [secret]}}})
    copies = {"name": str(secret), "fields": [secret, {"a": secret}], "other": [1, True, None, "x"]}

    assert masks.masked_value(copies) == {
        "name": MASK,
        "fields": [MASK, {"a": MASK}],
        "other": [1, True, None, "x"],
    }


def test_within_a_text_a_credential_of_eight_characters_is_masked() -> None:
    """The occurrence and not the text; a shorter one may be there by chance."""
    masks = MASKS.on({"configuration": {"token": ["long-enough", "short"], "max_tokens": 4096}})

    shown = masks.masked_text("select 'long-enough', short limit 4096")

    assert shown == f"select '{MASK}', short limit 4096"


def test_userinfo_is_masked_wherever_it_stands() -> None:
    """In a URL or within a text, outside the opaque places too."""
    document = {"name": "at ftp://u:p@h/x", "configuration": {"url": "https://tok3n@h"}}

    assert MASKS.masked_value(document) == {
        "name": f"at ftp://{MASK}@h/x",
        "configuration": {"url": f"https://{MASK}@h"},
    }


def test_a_change_of_which_all_is_masked_is_still_seen_to_be_one() -> None:
    """Where only a credential within a text changes, the masks say before and after."""
    url = "postgres://u:{}@h/x"
    change = Change("/configuration/url", "changed", url.format("old"), url.format("new"))

    (shown,) = MASKS.masked_changes([change])

    assert (shown.old, shown.new) == (
        f"postgres://{MASK_BEFORE}@h/x",
        f"postgres://{MASK_AFTER}@h/x",
    )


@pytest.mark.parametrize("value", [SECRET, 86753090, f'{{"password": "{SECRET}"}}'])
def test_a_configuration_that_is_no_object_is_masked_whole(value: Any) -> None:
    """It has no keys to go by: a file's text, say, that was meant as JSON."""
    document = {"configuration": value, "name": value, "enricher": {"configuration": value}}
    change = Change("/configuration", "changed", value, {"a": 1})

    masks = MASKS.on(document)

    assert masks.masked_value(document) == {
        "configuration": MASK,
        "name": MASK,
        "enricher": {"configuration": MASK},
    }
    assert masks.masked_changes([change]) == (Change("/configuration", "changed", MASK, {"a": 1}),)
    assert str(value) not in repr(masks)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            Change("/configuration/headers/0/value", "changed", SECRET, OTHER),
            Change("/configuration/headers/0/value", "changed", MASK_BEFORE, MASK_AFTER),
        ),
        (
            Change("/configuration/headers/1/Value/0", "removed", SECRET),
            Change("/configuration/headers/1/Value", "changed", MASK_BEFORE, MASK_AFTER),
        ),
        (
            Change("/configuration/headers/2/value", "changed", "text/csv", "text/html"),
            Change("/configuration/headers/2/value", "changed", "text/csv", "text/html"),
        ),
        (
            Change("/configuration/headers/0/name", "changed", "Authorization", "Accept"),
            Change("/configuration/headers/0/name", "changed", "Authorization", "Accept"),
        ),
        (
            Change("/configuration/headers/0", "removed", HEADERS[0]),
            Change("/configuration/headers/0", "removed", {**HEADERS[0], "value": MASK}),
        ),
    ],
)
def test_changes_of_a_value_beside_its_key(change: Change, expected: Change) -> None:
    """Upon a document, a place tells whether the name beside it looks like a credential's."""
    document = {"configuration": {"headers": HEADERS}}

    assert MASKS.on(document).masked_change(change) == expected
    assert MASKS.on({}) == MASKS


def test_masks_have_one_width() -> None:
    """A mask does not tell how long the credential is, nor whether it is a text."""
    shown = [
        MASKS.masked_value({"configuration": {"token": value}})
        for value in ("", "x", "x" * 1000, 0, False, [], {}, ["x", "y"], {"a": {"b": 1}})
    ]

    assert shown == [{"configuration": {"token": MASK}}] * len(shown)


def test_null_is_no_secret() -> None:
    """A credential that is null is shown as null."""
    assert MASKS.masked_value({"configuration": {"token": None}}) == {
        "configuration": {"token": None}
    }


def test_a_single_value_is_masked_for_its_place() -> None:
    """A value by itself is masked by the place it is at."""
    assert MASKS.masked_value(SECRET, ("configuration", "token")) == MASK
    assert MASKS.masked_value([SECRET], ("configuration", "token", "x")) == MASK
    assert MASKS.masked_value({"token": SECRET}, ("configuration",)) == {"token": MASK}
    assert MASKS.masked_value({"token": SECRET}, ("configuration", "a")) == {"token": MASK}
    assert MASKS.masked_value({"token": SECRET}, ("fields",)) == {"token": SECRET}


def test_masking_alters_nothing() -> None:
    """Masking gives a copy that shares nothing with the document."""
    document = {"configuration": {"token": SECRET, "l": [1]}, "fields": [{"name": "a"}]}
    kept = copied(document)

    shown = MASKS.masked_value(document)
    shown["configuration"]["l"].clear()
    shown["fields"][0].clear()

    assert strictly_equal(document, kept)


def test_the_deepest_document_can_be_masked() -> None:
    """Masks reach the bottom of the deepest document that is accepted."""
    document = {"configuration": nested(198, {"token": SECRET}, by="both")}

    assert SECRET not in json.dumps(MASKS.masked_value(document))
    assert MASKS.find(MASKS.masked_value(document))


# Masks that come back


@pytest.mark.parametrize("mask", [MASK, MASK_BEFORE, MASK_AFTER])
def test_masks_are_found(mask: str) -> None:
    """A mask is found as a value and as a key, at any place, and only as the whole text."""
    value = {"a": [1, mask, {"b": mask}], mask: 1, "c": f"{mask}!", "d": f" {mask}", "e": "*"}

    assert MASKS.find(value) == (("a", "1"), ("a", "2", "b"), (mask,))
    assert MASKS.find(mask) == ((),)
    assert MASKS.find({"a": "*", "b": None}) == ()


THEIRS = ["*", "***", "******", "*" * 25, "\u2022\u2022\u2022", "\u25cf", "\uff0a\uff0a", " **** "]
WORDS = ["[REDACTED]", "<hidden>", "(masked)", "{Filtered}", "[sensitive]", "(sensitive value)"]
WORDS += ["<< redacted >>", "**REDACTED**", "[masked data]"]


@pytest.mark.parametrize("mask", THEIRS + WORDS)
@pytest.mark.parametrize(
    "value",
    [
        {"password": None},
        {"a": [{"api_key": None}]},
        {"tokens": ["x", {"deep": None}]},
        {"headers": [{"name": "Authorization", "value": None}]},
        {"pairs": [["x-api-key", None]]},
        {"k": "pwd", "v": None},
    ],
)
def test_somebody_elses_mask_is_found_where_a_credential_belongs(value: Any, mask: str) -> None:
    """Under its key or beside it, whatever is used for one, alone."""
    held = json.loads(json.dumps(value).replace("null", json.dumps(mask)))
    document = {"configuration": held, "name": mask, "enricher": {"x": {"token": mask}}}

    (found,) = MASKS.find(document)

    assert found[0] == "configuration"
    assert MASKS.find(held, ("configuration",)) == (found,)
    assert MASKS.find(held, ("fields",)) == ()
    assert MASKS.find([mask], ("configuration", "pwd")) == (("configuration", "pwd", "0"),)


@pytest.mark.parametrize(
    ("value", "is_mask"),
    [
        ("******", True),
        ("\u2022\u2022\u25cf***", True),
        ("*****", False),
        ("****** ", True),
        ("[redacted]", False),
        ("a******", False),
        ("select * from t", False),
        ("", False),
        ("*" * 500, False),
    ],
)
def test_elsewhere_in_a_configuration_only_a_row_of_signs_is_one(
    value: str, *, is_mask: bool
) -> None:
    """Six and more, alone; a word in brackets may be meant."""
    assert bool(MASKS.find({"note": value}, ("configuration",))) is is_mask
    assert MASKS.find(value, ("name",)) == ()
    if not is_mask:
        text = f"x{value}"
        assert MASKS.find({"password": text}, ("configuration",)) == ()


def test_a_literal_value_is_no_mask() -> None:
    """At just the place that was named, ours as well; an index stands for a new item."""
    masks = Masks(PLACES, literal=frozenset({("configuration", "a", "1"), ("name",)}))
    document = {"name": MASK, "identifier": MASK, "configuration": {"a": ["******"] * 3}}

    assert masks.find(document) == (
        ("identifier",),
        ("configuration", "a", "0"),
        ("configuration", "a", "2"),
    )
    masks.refuse("******", ("configuration", "a", "-"))
    with pytest.raises(InvalidPatchError) as caught:
        masks.refuse("******", ("configuration", "b"))
    assert "--literal configuration.b" in str(caught.value.command_hint)


def test_a_mask_is_refused() -> None:
    """A mask in a value is refused by the pointer of where it would be written."""
    with pytest.raises(InvalidPatchError, match="never be written as a value") as caught:
        MASKS.refuse({"a/b": [MASK_AFTER]}, ("configuration",))

    assert caught.value.path == "/configuration/a~1b/0"
    assert caught.value.path in caught.value.message
    assert caught.value.command_hint


def test_a_mask_in_the_place_is_refused() -> None:
    """A key on the way to a value is written with it."""
    with pytest.raises(InvalidPatchError) as caught:
        MASKS.refuse(1, ("configuration", MASK, "x"))

    assert caught.value.path == f"/configuration/{MASK}"


def test_the_whole_value_can_be_a_mask() -> None:
    """A mask as the value itself is refused, too."""
    with pytest.raises(InvalidPatchError) as caught:
        MASKS.refuse(MASK)

    assert caught.value.path == ""


def test_values_without_masks_pass() -> None:
    """A value without a mask passes."""
    value = {"a": [1, None, "***"]}

    MASKS.refuse(value, ("configuration",))

    assert MASKS.find(value) == ()


def test_a_credential_of_four_characters_is_known_again_and_a_shorter_one_is_not() -> None:
    """A shorter text would be found in half of all others."""
    document = {"configuration": {"token": ["abcd", {"x": "efgh"}], "secret": "abc", "a": "ijkl"}}

    assert MASKS.on(document).credentials == {"abcd", "efgh"}
    assert MASKS.on(document).redacted("'abcd' efgh abc") == f"'{MASK}' {MASK} abc"
    assert MASKS.on(document).redacted("abcdefgh ijkl") == "abcdefgh ijkl"
    pairs = [["token", "1234567"], ["token", "12345678"]]  # a list of two may be no pair
    assert MASKS.on({"configuration": {"a": pairs}}).credentials == {"12345678"}


def knowing(*credentials: str) -> Masks:
    """The masks for a document with these credentials."""
    return MASKS.on({"configuration": {"token": list(credentials)}})


def test_the_longest_credential_is_masked_first() -> None:
    """One within another, or across it, leaves nothing of either."""
    assert knowing("abcdefgh", "abcdefghij").redacted("abcdefghij") == MASK
    assert knowing("bcdefghi", "abcdefghij").redacted("abcdefghij") == MASK
    assert knowing("******", "********", "***********").redacted("a *** b") == "a *** b"
    assert knowing("****", "********").credentials == frozenset()


def test_a_place_may_lead_through_a_list() -> None:
    """What is opaque may be in one member of a list and not in the next."""
    document = {"l": [{"c": {"token": SECRET}}, {"c": {"token": "shown"}}]}

    masked = Masks((("l", "0", "c"),)).masked_value(document)

    assert masked == {"l": [{"c": {"token": MASK}}, {"c": {"token": "shown"}}]}


def test_a_credential_is_masked_however_deep_it_was_moved() -> None:
    """In lists and objects, on either side of a change; what is beside it stays."""
    change = Change("/a", "changed", old=["x", [SECRET]], new={"k": [{"m": SECRET}, 1], "n": None})

    (masked,) = knowing(SECRET).masked_changes([change])

    assert (masked.old, masked.new) == (["x", [MASK]], {"k": [{"m": MASK}, 1], "n": None})
    assert MASKS.masked_changes([change]) == (change,)


def _holding(secret: str) -> st.SearchStrategy[JsonValue]:
    """A value with the secret in it, as all of it, as a member or as a key."""
    leaf = st.sampled_from((secret, f"Bearer {secret}", f"{secret}\nmore"))
    return leaf | st.recursive(
        leaf,
        lambda inner: (
            st.tuples(values, inner).map(list)
            | st.dictionaries(st.sampled_from(("a", "b", secret)), inner, min_size=1, max_size=2)
        ),
        max_leaves=3,
    )


@st.composite
def _planted(draw: st.DrawFn, secret: str) -> JsonValue:
    """An object of the opaque kind with the secret somewhere, under a credential's key."""
    key, held = draw(st.sampled_from(CREDENTIAL_KEYS)), draw(_holding(secret))
    if draw(st.booleans()):
        value: Any = {**draw(objects), key: held}
    else:
        names, values_ = draw(st.sampled_from((("name", "value"), ("Key", "Value"))))
        value = {**draw(objects), names: key, values_: held}
    for way in draw(st.lists(st.sampled_from(("object", "list", "long list")), max_size=3)):
        if way == "object":
            value = {**draw(objects), "k": value}
        else:
            value = [value] if way == "list" else [*draw(st.lists(values, max_size=2)), value]
    return {"k": value}


@st.composite
def _documents(draw: st.DrawFn, secret: str) -> Document:
    place = draw(st.sampled_from(PLACES))
    document: Document = {"name": "n", "configuration": draw(values), "enricher": draw(objects)}
    inner = document
    for token in place[:-1]:
        inner = inner[token]
    inner[place[-1]] = draw(_planted(secret))
    return document


_NEXT = st.one_of(
    _documents(OTHER),
    _documents(SECRET),
    st.fixed_dictionaries({"configuration": values, "enricher": values | objects}),
    st.just({}),
)


@given(base=_documents(SECRET), proposed=_NEXT, backwards=st.booleans())
def test_no_change_shows_a_secret(base: Document, proposed: Document, *, backwards: bool) -> None:
    """Whatever becomes of a document with credentials, no text of one is in what is shown."""
    pair = (proposed, base) if backwards else (base, proposed)
    masks = MASKS.on(*pair)
    changes = masks.masked_changes(compare(*pair, {("configuration", "k"): KeyedList(("token",))}))

    shown = json.dumps([change.to_dict() for change in changes])

    assert SECRET not in shown
    assert OTHER not in shown
    assert SECRET not in json.dumps(MASKS.masked_value(base))


@given(_documents(SECRET))
def test_a_changed_secret_is_still_a_change(base: Document) -> None:
    """Where only a credential changes, that it does is shown."""
    proposed = json.loads(json.dumps(base).replace(SECRET, OTHER))

    changes = MASKS.on(base).masked_changes(compare(base, proposed, {}))

    assert [(c.kind, c.old, c.new) for c in changes] == [("changed", MASK_BEFORE, MASK_AFTER)]


@given(_documents(SECRET))
def test_masked_changes_cannot_be_applied(base: Document) -> None:
    """Changes that were masked do not fit the document: a mask is never written that way."""
    proposed = json.loads(json.dumps(base).replace(SECRET, OTHER))

    with pytest.raises(InvalidPatchError):
        apply_changes(base, MASKS.on(base).masked_changes(compare(base, proposed, {})), {})


@pytest.mark.parametrize(
    "key",
    [
        *("password", "passwd", "passphrase", "pwd", "secret", "token", "api_key", "private_key"),
        *("credential", "authorization", "bearer", "X-API-Key", "PrivateKeyPEM", "dbPasswd"),
    ],
)
def test_a_key_of_a_credential_is_known_by_a_word_in_it(key: str) -> None:
    """However it is written; a key that only resembles it is another."""
    document = {"configuration": {key: SECRET, "query": "x", "keyboard": "y"}}

    assert MASKS.masked_value(document) == {
        "configuration": {key: MASK, "query": "x", "keyboard": "y"}
    }
