from __future__ import annotations

import json
from typing import Any

import pytest

from patcher.documents.diff import Change, compare
from patcher.documents.masks import (
    MASK,
    MASK_AFTER,
    MASK_BEFORE,
    Masks,
    find_masks,
    refuse_masks,
)
from patcher.documents.values import copied, strictly_equal
from patcher.errors import InvalidPatchError

from .strategies import nested

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
            Change("/configuration", "changed", {"token": MASK, "n": 1}, "text"),
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
    {"name": "token", "values": "shown", "value": None},
]


def test_a_key_may_stand_beside_its_value() -> None:
    """A list of headers is masked by their names, and only where the name looks like one."""
    document = {"configuration": {"headers": HEADERS}, "fields": HEADERS}

    shown = MASKS.masked_document(document)

    assert shown["configuration"]["headers"] == [
        {"name": "Authorization", "value": MASK},
        {"Key": "X-API-Key", "Value": MASK},
        {"name": "Accept", "value": "text/csv"},
        {"name": "token", "values": "shown", "value": None},
    ]
    assert shown["fields"] == HEADERS
    assert MASKS.credentials(document) == {f"Bearer {SECRET}", SECRET}


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

    assert MASKS.upon(document).masked_change(change) == expected
    assert MASKS.upon({}) == MASKS


def test_masks_have_one_width() -> None:
    """A mask does not tell how long the credential is, nor whether it is a text."""
    shown = [
        MASKS.masked_document({"configuration": {"token": value}})
        for value in ("", "x", "x" * 1000, 0, False, [], {}, ["x", "y"], {"a": {"b": 1}})
    ]

    assert shown == [{"configuration": {"token": MASK}}] * len(shown)


def test_null_is_no_secret() -> None:
    """A credential that is null is shown as null."""
    assert MASKS.masked_document({"configuration": {"token": None}}) == {
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

    shown = MASKS.masked_document(document)
    shown["configuration"]["l"].clear()
    shown["fields"][0].clear()

    assert strictly_equal(document, kept)


def test_the_deepest_document_can_be_masked() -> None:
    """Masks reach the bottom of the deepest document that is accepted."""
    document = {"configuration": nested(198, {"token": SECRET}, by="both")}

    assert SECRET not in json.dumps(MASKS.masked_document(document))
    assert find_masks(MASKS.masked_document(document))


# Masks that come back


@pytest.mark.parametrize("mask", [MASK, MASK_BEFORE, MASK_AFTER])
def test_masks_are_found(mask: str) -> None:
    """A mask is found as a value and as a key, at any place, and only as the whole text."""
    value = {"a": [1, mask, {"b": mask}], mask: 1, "c": f"{mask}!", "d": f" {mask}", "e": "*"}

    assert find_masks(value) == [("a", "1"), ("a", "2", "b"), (mask,)]
    assert find_masks(mask) == [()]
    assert find_masks({"a": "*", "b": None}) == []


def test_a_mask_is_refused() -> None:
    """A mask in a value is refused by the pointer of where it would be written."""
    with pytest.raises(InvalidPatchError, match="never be written as a value") as caught:
        refuse_masks({"a/b": [MASK_AFTER]}, ("configuration",))

    assert caught.value.path == "/configuration/a~1b/0"
    assert caught.value.path in caught.value.message
    assert caught.value.hint


def test_a_mask_in_the_place_is_refused() -> None:
    """A key on the way to a value is written with it."""
    with pytest.raises(InvalidPatchError) as caught:
        refuse_masks(1, ("configuration", MASK, "x"))

    assert caught.value.path == f"/configuration/{MASK}"


def test_the_whole_value_can_be_a_mask() -> None:
    """A mask as the value itself is refused, too."""
    with pytest.raises(InvalidPatchError) as caught:
        refuse_masks(MASK)

    assert caught.value.path == ""


def test_values_without_masks_pass() -> None:
    """A value without a mask passes."""
    value = {"a": [1, None, "***"]}

    refuse_masks(value, ("configuration",))

    assert find_masks(value) == []


def test_a_credential_of_four_characters_is_known_again_and_a_shorter_one_is_not() -> None:
    """A shorter text would be found in half of all others."""
    document = {"configuration": {"token": ["abcd", {"x": "efgh"}], "secret": "abc", "a": "ijkl"}}

    assert MASKS.credentials(document) == {"abcd", "efgh"}
    assert MASKS.redacted("abcdefgh abc", MASKS.credentials(document)) == f"{MASK}{MASK} abc"
    assert MASKS.redacted("abcdef", frozenset({"abcd", "abcdef"})) == MASK
    assert MASKS.redacted("abcdef", frozenset({"bcde", "abcdef"})) == MASK


def test_a_place_may_lead_through_a_list() -> None:
    """What is opaque may be in one member of a list and not in the next."""
    document = {"l": [{"c": {"token": SECRET}}, {"c": {"token": "shown"}}]}

    masked = Masks((("l", "0", "c"),)).masked_document(document)

    assert masked == {"l": [{"c": {"token": MASK}}, {"c": {"token": "shown"}}]}


def test_a_credential_is_masked_however_deep_it_was_moved() -> None:
    """In lists and objects, on either side of a change; what is beside it stays."""
    change = Change("/a", "changed", old=["x", [SECRET]], new={"k": [{"m": SECRET}, 1], "n": None})

    (masked,) = MASKS.without([change], frozenset({SECRET}))

    assert (masked.old, masked.new) == (["x", [MASK]], {"k": [{"m": MASK}, 1], "n": None})
    assert MASKS.without([change], frozenset()) == (change,)
