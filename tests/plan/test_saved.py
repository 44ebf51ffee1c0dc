"""The text of a saved plan: what is in it, what never is, and what is not taken for one."""

from __future__ import annotations

import copy
import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patcher.documents.masks import MASK, Masks
from patcher.documents.patches import Patch
from patcher.documents.values import Document, strictly_equal
from patcher.documents.wording import Notice
from patcher.errors import InvalidInputError
from patcher.plan import Plan, saved
from patcher.plan.saved import SavedPlan, dump, is_saved_plan, load
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.documents.strategies import values
from tests.guard.memory import response
from tests.plan.planning import make_plan

RENAME = {"name": "Clients"}
SALT = bytes(range(16))
TOKEN = "s3cr3t-token"  # the one of the response


def planned(change: Any = None, words: tuple[str, ...] = (), **members: Any) -> Plan:
    """The plan of a change (by default a rename) to a model with these members."""
    patch = Patch.of(RENAME if change is None else change)
    masks = Masks(MODEL.shape.opaque, words)
    return make_plan(MODEL, Snapshot(response(**members)), patch, masks=masks)


def dumped(plan: Plan, salt: bytes = SALT) -> str:
    """The text of a plan, the same for the same plan."""
    return dump(plan, plan_id="p1", created="2026-11-24T17:00:00Z", salt=salt, tool="0.1.0")


def loaded(text: str | bytes, words: tuple[str, ...] = ()) -> SavedPlan:
    """The plan in a text."""
    return load(text, MODEL, Masks(MODEL.shape.opaque, words), what="plan.json")


def sealed_again(content: Document) -> str:
    """The text of a content whose checksum fits, as an attacker would write it."""
    content = {key: value for key, value in content.items() if key != "checksum"}
    return json.dumps({**content, "checksum": saved._checksum(content)})


@given(values, values)
def test_documents_come_back_strictly(before: Any, after: Any) -> None:
    """1 stays 1 and 1.0 stays 1.0, -0.0, lone surrogates and long numbers are what they were."""
    made = planned(
        [{"op": "add", "path": "/configuration/value", "value": after}],
        configuration={"value": before},
    )

    back = loaded(dumped(made))

    assert strictly_equal(back.plan.document, made.document)
    assert strictly_equal(back.plan.proposed, made.proposed)
    assert json.dumps(back.plan.proposed) == json.dumps(made.proposed)  # the order, too
    assert (back.plan.changes, back.plan.cleared) == (made.changes, made.cleared)
    assert (back.plan.carried, back.plan.warnings) == (made.carried, made.warnings)


def test_what_the_plan_was_made_under_comes_back() -> None:
    """Terms, reading and origin are those of the plan, and the id is the file's."""
    tested = [
        {"op": "test", "path": "/identifier", "value": "email"},
        {"op": "replace", "path": "/name", "value": "Clients"},
    ]
    made = planned(tested, identifier="email")

    back = loaded(dumped(made))

    assert back.plan.terms == made.terms._replace(origin=back.plan.origin)
    assert back.plan.origin == made.origin._replace(saved_plan="p1")
    assert (back.id, back.created) == ("p1", "2026-11-24T17:00:00Z")
    for name in ("id", "name", "version", "updated_at", "author"):
        assert getattr(back.plan.base, name) == getattr(made.base, name)


def test_what_only_looks_like_a_mask_still_does() -> None:
    """The places whose value is to be taken as it stands come back with the plan."""
    literal = frozenset({("configuration", "note")})
    masks = Masks(MODEL.shape.opaque, literal=literal)
    change = Patch.of({"configuration": {"note": "*******"}})

    back = loaded(dumped(make_plan(MODEL, Snapshot(response()), change, masks=masks)))

    assert back.plan.terms.masks.literal == literal


def test_the_order_of_the_members_carries_no_meaning() -> None:
    """A file whose keys were sorted by some other program is the same plan."""
    text = dumped(planned({"name": "Clients", "configuration": {"query": "SELECT 2", "a": 1}}))

    back = loaded(json.dumps(json.loads(text), sort_keys=True))

    assert set(back.plan.changes) == set(loaded(text).plan.changes)
    assert strictly_equal(back.plan.proposed, loaded(text).plan.proposed)


@settings(max_examples=15)  # each digest is slow on purpose
@given(st.text(min_size=4, max_size=12).map(lambda text: f"§{text}§"), st.data())
def test_a_credential_is_nowhere_in_the_text(secret: str, data: st.DataObject) -> None:
    """Under its key, copied to any text of the model, or in its author's name: it is not there."""
    copies: Document = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "name": st.just(f"the {secret}"),
                "updated_by": st.just({"id": "u-2", "name": secret}),
                "identifier": st.just(secret),
                "tracking_columns": st.just(["a", secret]),
            },
        )
    )
    configuration = {"password": {"a": [secret]}, "copy": {"b": [secret, 1]}}
    members = {**copies, "configuration": configuration}
    if "name" in copies:
        members["name"] = secret

    content = json.loads(dumped(planned({"policies": None}, **members)))

    assert secret not in json.dumps(content, ensure_ascii=False)


def test_a_mask_has_a_digest_and_null_has_none() -> None:
    """Each masked place is named once in either document; null is told, as everywhere."""
    made = planned(configuration={"token": TOKEN, "secret": None, "copies": [0, TOKEN]})

    content = json.loads(dumped(made))

    configuration = {"token": MASK, "secret": None, "copies": [0, MASK]}
    assert content["base"]["configuration"] == configuration
    assert content["proposed"]["configuration"] == configuration
    for side in ("base", "proposed"):
        assert set(content["digests"][side]) == {
            "/configuration/token",
            "/configuration/copies/1",
        }


def test_a_warning_holds_no_credential() -> None:
    """What the change itself names, and finds to be one, is not in the file either."""
    warned = dataclasses.replace(planned(), warnings=(Notice("w", "/name", f"Not {TOKEN}."),))

    back = loaded(dumped(warned))

    assert back.plan.warnings == (Notice("w", "/name", f"Not {MASK}."),)


def test_digests_are_salted_by_the_file() -> None:
    """The same credential has another digest in another file."""
    one, other = (json.loads(dumped(planned(), salt)) for salt in (SALT, bytes(16)))

    assert one["digests"]["base"].keys() == other["digests"]["base"].keys()
    assert not set(one["digests"]["base"].values()) & set(other["digests"]["base"].values())


def test_a_digest_is_slow_on_purpose() -> None:
    """The cost is scrypt's as it is commonly advised, whatever the suite sets it to meanwhile."""
    source = Path(saved.__file__).read_text()

    assert re.search(r"^COST: Final = 2\*\*14$", source, re.MULTILINE)
    assert len(saved.digest("x", SALT)) == 64


def test_only_what_is_named_is_digested(monkeypatch: pytest.MonkeyPatch) -> None:
    """A digest takes a while: of the live document only the places in the file get one."""
    back = loaded(dumped(planned(configuration={"api_token": TOKEN, "query": "SELECT 1"})))
    digested: list[Any] = []
    digest = saved.digest

    def counted(value: Any, salt: bytes) -> str:
        digested.append(value)
        return digest(value, salt)

    monkeypatch.setattr("patcher.plan.saved.digest", counted)
    live, _ = MODEL.document(Snapshot(response()), "error")
    base, proposed = back.on(live)

    assert digested == [TOKEN]
    assert base["configuration"]["api_token"] == TOKEN == proposed["configuration"]["api_token"]


def test_a_credential_is_found_where_the_change_moved_its_neighbours() -> None:
    """A list that grew at its head holds the credential at another index; it is filled in."""
    hosts = [{"token": TOKEN}]
    made = planned(
        [{"op": "add", "path": "/configuration/hosts/0", "value": {"port": 1}}],
        configuration={"hosts": hosts},
    )

    back = loaded(dumped(made))

    for live in (made.document, made.proposed):
        base, proposed = back.on(live)
        assert strictly_equal(base, made.document)
        assert strictly_equal(proposed, made.proposed)


def test_a_credential_that_changed_since_stays_masked() -> None:
    """Nothing is put in the place of one that is not known any more, so that it is drift."""
    made = planned()
    live = copy.deepcopy(made.document)
    live["configuration"]["api_token"] = "another-token"

    base, proposed = loaded(dumped(made)).on(live)

    assert base["configuration"]["api_token"] == MASK == proposed["configuration"]["api_token"]


@pytest.mark.parametrize(("saving", "loading"), [(("query",), ()), ((), ("query",))])
def test_the_digests_decide_what_is_filled_in(
    saving: tuple[str, ...], loading: tuple[str, ...]
) -> None:
    """Which words are masked when the plan is loaded does not alter what it does."""
    made = planned(words=saving)

    base, proposed = loaded(dumped(made), loading).on(made.document)

    assert strictly_equal(base, made.document)
    assert strictly_equal(proposed, made.proposed)


@pytest.mark.parametrize(
    "change",
    [
        {"configuration": {"api_token": "new-token"}},
        {"configuration": {"api_token": None}},
        {"configuration": {"copy": TOKEN}},
        [{"op": "move", "from": "/configuration/api_token", "path": "/identifier"}],
        [
            {"op": "remove", "path": "/tracking_columns/1"},
            {"op": "add", "path": "/tracking_columns/-", "value": "new"},
        ],
    ],
)
def test_a_change_that_cannot_be_told_without_credentials_is_refused(change: Any) -> None:
    """Set, removed, copied, moved, or beside two in one list, of which a mask could be either."""
    made = planned(
        change,
        configuration={"api_token": TOKEN, "password": "pass-word"},
        tracking_columns=[TOKEN, "old", "pass-word"],
    )

    with pytest.raises(InvalidInputError, match="changes a credential") as caught:
        dumped(made)

    assert "patch-model apply" in (caught.value.command_hint or "")
    assert TOKEN not in str(caught.value)


MEMBERS = sorted(json.loads(dumped(planned())))
OTHER_KINDS: tuple[Any, ...] = (None, True, 5, 0.5, "x", [], [5], [["a", 1]], {}, {"base": 5})
MAY_BE_NULL = {"organization", "model_id", "name", "version", "updated_at", "updated_by"}


@pytest.mark.parametrize("name", [name for name in MEMBERS if name != "checksum"])
def test_a_member_that_is_missing_or_of_another_kind_is_refused(name: str) -> None:
    """Even where the checksum fits: never an internal error, and never taken for what it is not."""
    content = json.loads(dumped(planned()))
    without = {key: value for key, value in content.items() if key != name}
    kind = type(content[name])
    others = [
        one
        for one in OTHER_KINDS
        if type(one) is not kind
        and name != "version"  # whatever the API shows as one
        and not (one is None and name in MAY_BE_NULL)
        and not (isinstance(one, str) and name in MAY_BE_NULL)
    ]

    for content in (without, *({**content, name: one} for one in others)):
        with pytest.raises(InvalidInputError, match=r"plan\.json"):
            loaded(sealed_again(content))


@pytest.mark.parametrize(
    "members",
    [
        {"noun": "sync"},
        {"unknown_fields": "perhaps"},
        {"cleared": [5]},
        {"touched": [["name"]]},
        {"touched": ["name"]},
        {"warnings": [{"code": "a", "path": "b"}]},
        {"warnings": [{"code": "a", "path": "b", "message": 5}]},
        {"warnings": ["x"]},
        {"salt": "no hex"},
        {"digests": {"base": {}}},
        {"digests": {"base": 5, "proposed": {}}},
        {"digests": {"base": [[True, None]], "proposed": {}}},
        {"digests": {"base": {"/name": "00"}, "proposed": {}}},
        {"digests": {"base": {"/no/where": "00"}, "proposed": {}}},
        {"digests": {"base": {"no pointer": "00"}, "proposed": {}}},
        {"digests": {"base": {"/configuration/api_token": 5}, "proposed": {}}},
        {"changes": []},
        {"changes": [{"path": "/name", "kind": "changed", "old": "Customers", "new": "Others"}]},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(members: Document) -> None:
    """Above all one whose changes, which people read, are not what the documents come to."""
    content = {**json.loads(dumped(planned())), **members}

    with pytest.raises(InvalidInputError, match="not a plan that this version can read"):
        loaded(sealed_again(content))


def test_a_saved_plan_is_frozen_and_shows_no_document() -> None:
    """It cannot be altered once it is loaded, and its repr names it and no more."""
    back = loaded(dumped(planned()))

    with pytest.raises(dataclasses.FrozenInstanceError):
        back.id = "p2"  # type: ignore[misc]
    assert "SELECT" not in repr(back)


def test_a_plan_is_known_by_its_kind() -> None:
    """Whatever its format, edited or not; other JSON, and what is none, is not one."""
    text = dumped(planned())

    assert is_saved_plan(text)
    assert is_saved_plan('{"kind": "patch-model plan", "format": 99}')
    for other in ("", "[]", '{"kind": "plan"}', text[:-9], b"\xff"):
        assert not is_saved_plan(other)
