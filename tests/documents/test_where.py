"""Conditions: which documents are meant, and what nobody may choose by."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.documents.masks import MASK, Masks
from patcher.documents.where import Condition
from patcher.errors import InvalidInputError, InvalidPatchError
from patcher.resources.model import MODEL

SHAPE = MODEL.shape
MASKS = Masks(SHAPE.opaque, ("pin",))
DOCUMENT = {
    "name": "Paid = orders",
    "configuration": {
        "query": "select 1\nfrom orders",
        "batch": 7,
        "rate": 1.0,
        "on": True,
        "nothing": None,
        "a.b": {"c": "deep"},
        "hosts": [{"host": "a"}, "b"],
    },
    "labels": ["one", "two"],
    "additional_fields": [{"name": "total", "label": "T", "type": "number"}],
    "relations": [{"from": "a", "to": {"model_id": "b", "field": "c"}}],
}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("name=Paid = orders", True),
        ("name=paid = orders", False),
        ("/name=Paid = orders", True),
        ("name~=^Paid", True),
        ("name~=^orders", False),
        ("name=~^Paid", True),
        ("name=~^orders", False),
        ("name~=~", False),
        ("name~=(?i)PAID", True),
        ("configuration.query~=from orders$", True),
        ("configuration.batch=7", True),
        ("configuration.batch=7.0", False),
        ("configuration.rate=1.0", True),
        ("configuration.on=true", True),
        ("configuration.on=True", False),
        ("configuration.nothing=null", True),
        (r"configuration.a\.b.c=deep", True),
        ("/configuration/a.b/c=deep", True),
        ("labels=two", True),
        ("labels=three", False),
        ("labels~=^t", True),
        ("additional_fields=total", True),
        ("relations=a", False),
        ("configuration.hosts=b", True),
        ("configuration.hosts~=a", False),
        ("configuration=x", False),
        ("configuration~=.", False),
        ("identifier=", False),
        ("identifier~=.*", False),
        ("policies~=.*", False),
    ],
)
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:
    """Texts as they are, other scalars as JSON writes them, lists by member; absent is nothing."""
    condition = Condition.parse(text)
    condition.check(SHAPE, MASKS)

    assert condition.holds(DOCUMENT, SHAPE, MASKS) is holds


@pytest.mark.parametrize("text", ["name", "", r"na\=me", "name~", r"name\=~x"])
def test_without_an_equals_sign_it_is_none(text: str) -> None:
    """What was typed is not repeated: where the sign is forgotten, it is a value."""
    with pytest.raises(InvalidInputError, match="PATH=VALUE") as caught:
        Condition.parse(text)

    assert "name" not in caught.value.message
    assert "--where" in str(caught.value.command_hint)


@pytest.mark.parametrize("text", ["=x", "~=x", "a..b=x", "/a~2=x"])
def test_a_path_that_is_none_is_refused(text: str) -> None:
    """A path is read as everywhere else."""
    with pytest.raises(InvalidPatchError):
        Condition.parse(text)


def test_a_tilde_in_a_pointer_belongs_to_the_sign_only_at_the_end() -> None:
    """~0 and ~1 escape as in every pointer, and ~= still asks for an expression."""
    condition = Condition.parse("/configuration/a~1b~=x")

    assert condition.place == ("configuration", "a/b")
    assert condition.pattern is not None


@pytest.mark.parametrize("pattern", ["(", "[", "a{99999999999999999999}"])
def test_a_broken_expression_is_refused_without_repeating_it(pattern: str) -> None:
    """The error says where and why."""
    with pytest.raises(
        InvalidInputError, match="/name is not a valid regular expression"
    ) as caught:
        Condition.parse(f"name~={pattern}s3cret")

    assert "s3cret" not in caught.value.message
    assert "Python's syntax" in str(caught.value.hint)


@pytest.mark.parametrize(
    "text",
    [
        "configuration.password=hunter2",
        "configuration.password~=^h",
        "configuration.login.apiKey=hunter2",
        "/configuration/tokens/0=hunter2",
        "enricher.configuration.secret.inner=hunter2",
        "configuration.pin_code=hunter2",
    ],
)
def test_nothing_is_chosen_by_a_credential(text: str) -> None:
    """Who could ask whether it begins with an h could ask for all of it."""
    with pytest.raises(InvalidPatchError, match="credential") as caught:
        Condition.parse(text).check(SHAPE, MASKS)

    assert "hunter2" not in caught.value.message + str(caught.value.command_hint)
    assert "another path" in str(caught.value.hint)


def test_a_mask_is_no_value() -> None:
    """A mask copied from a diff matches nothing, and is refused rather than compared."""
    with pytest.raises(InvalidPatchError, match="mask") as caught:
        Condition.parse(f"configuration.query={MASK}")

    assert caught.value.path == "/configuration/query"


@pytest.mark.parametrize(
    ("text", "hint"), [("nmae=x", '"name"'), ("version=3", "Known keys"), ("zzz=1", "Known keys")]
)
def test_what_is_no_part_of_the_document_is_refused(text: str, hint: str) -> None:
    """A misspelt member would choose nothing without a word."""
    with pytest.raises(InvalidPatchError, match="Unknown path") as caught:
        Condition.parse(text).check(SHAPE, MASKS)

    assert hint in str(caught.value.command_hint)
    assert caught.value.path == f"/{text.partition('=')[0]}"


def test_unknown_members_can_be_chosen_by_where_they_are_carried() -> None:
    """With unknown fields carried, a member that this version does not know may be named."""
    condition = Condition.parse("novel=1")
    condition.check(SHAPE, MASKS, allow_unknown=True)
    document: dict[str, Any] = {"novel": 1}

    assert condition.holds(document, SHAPE, MASKS)
    with pytest.raises(InvalidPatchError):
        Condition.parse("version=1").check(SHAPE, MASKS, allow_unknown=True)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("policies=9A3BDC27-2a3c-4f0e-8f57-6a4bb3c0a111", True),
        ("policies.0=9A3BDC27-2a3c-4f0e-8f57-6a4bb3c0a111", True),
        ("connection_id=9A3BDC27-2A3C-4F0E-8F57-6A4BB3C0A222", True),
        ("relations.0.to.model_id=9A3BDC27-2A3C-4F0E-8F57-6A4BB3C0A333", True),
        ("policies=9A3BDC27-2a3c-4f0e-8f57-6a4bb3c0a112", False),
        ("name=9A3BDC27-2A3C-4F0E-8F57-6A4BB3C0A222", False),
        ("configuration.id=9A3BDC27-2A3C-4F0E-8F57-6A4BB3C0A222", False),
    ],
)
def test_a_uuid_is_found_in_any_case(text: str, *, holds: bool) -> None:
    """Where the schema says UUID, and only there."""
    found = "9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a"
    document = {
        "name": f"{found}222",
        "connection_id": f"{found}222",
        "configuration": {"id": f"{found}222"},
        "policies": [f"{found}111"],
        "relations": [{"from": "a", "to": {"model_id": f"{found}333"}}],
    }

    assert Condition.parse(text).holds(document, SHAPE, MASKS) is holds


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("configuration.headers.0.value~=^h", "/configuration/headers/0/value"),
        ("configuration.pair.1~=^h", "/configuration/pair/1"),
        ("configuration.pair=hunter2-orders", "/configuration/pair"),
        ("configuration.copies~=^h", "/configuration/copies"),
        ("configuration.url~=u:h", "/configuration/url"),
        ("configuration.query~='h", "/configuration/query"),
        ("name~=^h", "/name"),
        ("configuration.number=86753090", "/configuration/number"),
    ],
)
def test_no_condition_spells_out_a_credential(text: str, place: str) -> None:
    """Beside its name, copied, within a text or in a URL: nothing is chosen by it."""
    secret = "hunter2-orders"
    document = {
        "name": secret,
        "configuration": {
            "headers": [{"name": "Authorization", "value": secret}, {"name": "A", "value": "b"}],
            "pair": ["x-api-key", secret],
            "copies": ["a", secret],
            "url": f"https://u:{secret}@host/",
            "query": f"select '{secret}'",
            "pin_token": 86753090,
            "number": 86753090,
        },
    }
    with pytest.raises(InvalidPatchError, match="looks like a credential") as caught:
        Condition.parse(text).holds(document, SHAPE, MASKS)

    assert caught.value.path == place
    assert secret not in str(caught.value)
    assert Condition.parse("configuration.headers.1.value=b").holds(document, SHAPE, MASKS)
