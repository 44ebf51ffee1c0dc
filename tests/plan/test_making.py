"""Working a plan out: what is refused, what is a warning, what is cleared and carried over."""

from __future__ import annotations

from typing import Any

import pytest

from patcher.cli.items import parse_add, parse_remove
from patcher.documents import jsontext
from patcher.documents.lists import AddItem, RawText
from patcher.documents.masks import MASK, Masks
from patcher.documents.patches import Patch
from patcher.documents.steps import Assign
from patcher.errors import InvalidPatchError, ReadOnlyFieldError, UnknownFieldError
from patcher.plan import Origin, PatchResult, Plan, check_change
from patcher.plan.conflicts import rebase
from patcher.resources.model import MODEL
from patcher.resources.snapshot import Snapshot
from tests.guard.memory import ID, response
from tests.plan.planning import make_plan

MASKS = Masks(MODEL.shape.opaque)


def plan(change: object, raw: dict[str, Any] | None = None, **options: Any) -> Plan:
    """The plan of a change to a response."""
    return make_plan(MODEL, Snapshot(raw or response()), Patch.of(change), **options)


@pytest.mark.parametrize(
    ("url", "organization", "place", "short"),
    [
        ("https://app.polytomic.com", None, "app.polytomic.com", "app.polytomic.com"),
        ("http://127.0.0.1:8930/x", "acme", "127.0.0.1:8930/x (organization acme)", None),
        (
            "elsewhere",
            ID,
            f"elsewhere (organization {ID})",
            f"elsewhere (organization {ID[:8]}...)",
        ),
        ("", None, "", ""),
    ],
)
def test_where_a_plan_is_from(url: str, organization: str, place: str, short: str | None) -> None:
    """The host with what tells it from others, and the organization if it is known."""
    origin = Origin(url, organization)

    assert origin.place == place
    assert origin.short_place == (place if short is None else short)


@pytest.mark.parametrize(("typed", "hint"), [("x", "For JSON: fields:=..."), (None, None)])
def test_typed_text_in_the_place_of_a_list(typed: str | None, hint: str | None) -> None:
    """A text from a command line may have been meant as JSON; from Python it was not."""
    with pytest.raises(InvalidPatchError) as caught:
        check_change(MODEL, Patch((Assign(("fields",), "x", typed),)), MASKS)

    assert caught.value.hint == hint


def test_cleared_and_carried_are_told_apart() -> None:
    """What the change empties is cleared; what it does not mention, and is there, is carried."""
    made = plan(
        {"policies": [], "configuration": {}, "labels": None}, response(labels=[ID], relations=[])
    )

    assert made.cleared == ("/labels", "/policies")
    assert made.carried == ("/fields",)


def test_a_null_at_the_top_is_removal() -> None:
    """Null is never sent for a member that may be absent."""
    made = plan([{"op": "add", "path": "/identifier", "value": None}], response(identifier="id"))

    assert "identifier" not in made.proposed
    assert [(change.kind, change.path) for change in made.changes] == [("removed", "/identifier")]


@pytest.mark.parametrize("key", ["name", "connection_id", "configuration"])
def test_a_required_member_cannot_be_removed(key: str) -> None:
    """Without its required members there is no document."""
    with pytest.raises(InvalidPatchError, match=key):
        plan({key: None})
    with pytest.raises(InvalidPatchError, match=f"/{key}: expected"):
        plan([{"op": "add", "path": f"/{key}", "value": None}])


def test_a_member_nobody_knows_is_refused_with_a_suggestion() -> None:
    """Even where unknown members are carried, the change cannot make one up."""
    carried = response(retention=30)

    made = plan({"retention": 60}, carried, unknown_fields="carry")
    with pytest.raises(InvalidPatchError) as caught:
        plan({"polices": []}, carried, unknown_fields="carry")
    with pytest.raises(InvalidPatchError) as strange:
        plan({"zzz": 1}, carried, unknown_fields="carry")

    assert made.proposed["retention"] == 60
    assert '"policies"' in (caught.value.hint or "")
    assert strange.value.path == "/zzz"


def test_a_fault_that_was_there_is_a_warning() -> None:
    """A model that breaks the schema can still be changed elsewhere; the fault is named."""
    made = plan({"name": "New"}, response(policies=["not-a-uuid"]))

    assert [(notice.code, notice.path) for notice in made.warnings] == [
        ("schema-violation", "/policies/0")
    ]


def test_a_fault_that_the_change_brings_in_is_refused() -> None:
    """A second fault of the same kind is not excused by the first."""
    with pytest.raises(InvalidPatchError, match="/policies/1: expected a UUID"):
        plan({"policies": ["not-a-uuid", "neither"]}, response(policies=["not-a-uuid"]))


@pytest.mark.parametrize(
    "patch",
    [
        Patch.add("policies", MASK),
        Patch.set("configuration.api_token", f"{MASK} (after)"),
        Patch.json_patch([{"op": "add", "path": "/configuration/x", "value": {"y": [MASK]}}]),
    ],
)
def test_a_mask_is_never_written(patch: Patch) -> None:
    """However a mask gets into a change, it does not become a value."""
    with pytest.raises(InvalidPatchError):
        make_plan(MODEL, Snapshot(response()), patch)


def test_a_fetched_mask_stops_whatever_the_options() -> None:
    """A mask in place of a value may stand for a secret; it is not written back."""
    for option in ("error", "carry", "drop"):
        with pytest.raises(UnknownFieldError, match="/configuration/api_token"):
            plan({"name": "N"}, response(configuration={"api_token": MASK}), unknown_fields=option)


def test_a_credential_that_moves_stays_masked() -> None:
    """A value that was under a credential's key is masked under any other as well."""
    move = [{"op": "move", "from": "/configuration/api_token", "path": "/configuration/pw"}]
    made = plan(move)

    assert "s3cr3t-token" not in str(made.to_dict())
    assert [change["kind"] for change in made.to_dict()["changes"]] == ["removed", "added"]


def test_no_representation_shows_a_value() -> None:
    """What a debugger or a log prints of a plan, a patch or a change is not its content."""
    patch = Patch.set("configuration.api_token", "new-secret")
    made = make_plan(MODEL, Snapshot(response()), patch)
    texts = [repr(one) for one in (made, patch, made.changes, made.base, PatchResult.of_plan(made))]

    assert not any("secret" in text or "s3cr3t" in text for text in texts)


@pytest.mark.parametrize(
    ("patch", "kind"),
    [
        (Patch.set("updated_by", "me"), ReadOnlyFieldError),
        (Patch.set("name", 5), InvalidPatchError),
        (Patch.add("labels", 7), InvalidPatchError),
        (Patch.merge({"additional_fields": [{"name": "a", "unique": True}]}), InvalidPatchError),
        (Patch.set("relations.0.to.model_id", "x"), InvalidPatchError),
    ],
)
def test_what_the_change_alone_shows_is_refused(patch: Patch, kind: type[Exception]) -> None:
    """Without a document: members of the server's, and values that fit nowhere."""
    with pytest.raises(kind):
        check_change(MODEL, patch, MASKS)


def test_the_last_word_counts() -> None:
    """A value that a later step replaces is not held against the change."""
    patch = Patch.set("name", 5) + Patch.set("name", "Five")

    check_change(MODEL, patch, MASKS)

    assert make_plan(MODEL, Snapshot(response()), patch).proposed["name"] == "Five"


@pytest.mark.parametrize(
    "patch",
    [
        Patch.set("name", 5) + Patch.set("name", "x"),
        Patch.set("configuration", 5) + Patch.set("configuration.query", "x"),
        Patch.set("relations.0.to.model_id", "x") + Patch.set("relations", []),
        Patch.add("labels", 7) + Patch.set("labels", [ID]),
    ],
)
def test_a_value_that_a_later_step_changes_is_left_to_the_plan(patch: Patch) -> None:
    """At the same place, above it or within it; without that step it is refused at once."""
    check_change(MODEL, patch, MASKS)

    with pytest.raises(InvalidPatchError, match="expected"):
        check_change(MODEL, Patch(patch.steps[:1]), MASKS)


@pytest.mark.parametrize("patch", [Patch.add("labels", 7), Patch.set("labels.-", 7)])
def test_one_appended_item_does_not_replace_another(patch: Patch) -> None:
    """Each has to fit the list."""
    for both in (patch + Patch.add("labels", ID), Patch.add("labels", ID) + patch):
        with pytest.raises(InvalidPatchError, match="expected text"):
            check_change(MODEL, both, MASKS)


@pytest.mark.parametrize(
    ("place", "item", "said"),
    [
        ("additional_fields", '{"nme": "ltv"}', '"name" is required'),
        ("additional_fields", '"ltv"', "expected an object, got text"),
        ("relations", '{"from": "a"}', '"to" is required'),
        ("relations", {"from": 5, "to": {}}, "expected text, got a number"),
        ("fields", 1, "expected text, got a number"),
        ("labels", None, "expected text, got null"),
        ("tracking_columns", {"name": "x"}, "expected text, got an object"),
    ],
)
def test_an_item_that_does_not_fit_its_list_is_refused(place: str, item: Any, said: str) -> None:
    """Before any request, and by the plan."""
    patch = Patch((AddItem((place,), RawText(item) if type(item) is str else item),))
    for refuse in (lambda: check_change(MODEL, patch, Masks()), lambda: plan(patch)):
        with pytest.raises(InvalidPatchError, match=said) as caught:
            refuse()
        assert str(caught.value.path).startswith(f"/{place}")


@pytest.mark.parametrize(
    ("place", "item", "hint"),
    [
        ("relations", RawText("email"), "For JSON: relations+='{...}'"),
        ("relations", RawText('{"from": 5, "to": {}}'), None),
        ("relations", "email", None),
        ("labels", RawText("x"), None),
        ("labels", 7, None),
    ],
)
def test_typed_text_for_an_item_that_is_an_object(place: str, item: Any, hint: str | None) -> None:
    """It has the way to give one; in a list of texts, and from Python, no JSON is missing."""
    with pytest.raises(InvalidPatchError) as caught:
        check_change(MODEL, Patch((AddItem((place,), item),)), MASKS)

    assert caught.value.command_hint == hint


def test_removing_the_enricher_removes_its_fields_without_a_word() -> None:
    """Its fields widen nothing when what they belong to goes with them."""
    enricher = {"enricher_id": ID, "fields": [{"name": "phone"}]}

    made = plan({"enricher": None}, response(enricher=enricher))

    assert made.cleared == ("/enricher",)


def test_an_absent_list_of_fields_is_carried_as_it_is() -> None:
    """A model that is open already is not narrowed, nor refused."""
    made = plan({"name": "New"}, response(fields=None))

    assert "fields" not in made.proposed


def test_adding_to_an_absent_list_of_fields_is_refused() -> None:
    """One field added to "everything" would be the only one."""
    with pytest.raises(InvalidPatchError, match="/fields"):
        make_plan(MODEL, Snapshot(response(fields=None)), Patch.add("fields", "email"))


def test_to_dict_masks_what_looks_like_a_credential() -> None:
    """The JSON form of a plan holds masks, unless it is asked for the values."""
    made = plan({"configuration": {"api_token": "new-secret"}})
    (change,) = made.to_dict()["changes"]
    (shown,) = made.to_dict(show_secrets=True)["changes"]

    assert (change["old"], change["new"]) == ("******** (before)", "******** (after)")
    assert (shown["old"], shown["new"]) == ("s3cr3t-token", "new-secret")


def test_to_dict_is_free_of_what_belongs_to_others() -> None:
    """Changing the result changes no plan."""
    made = plan({"policies": []})
    made.to_dict()["cleared"].append("/name")

    assert made.to_dict()["cleared"] == ["/policies"]


def test_what_only_the_source_can_tell_is_named() -> None:
    """Another source leaves the members that name columns open."""
    change = {"configuration": {"query": "select 2"}}
    made = plan(change, response(identifier="email"))

    assert made.needs_preview == ("/fields", "/identifier")
    assert plan({"name": "New"}).needs_preview == ()
    assert plan({}).needs_preview == ()


POLICY = "9a3bdc27-2a3c-4f0e-8f57-6a4bb3c0a111"
RELATION = {"from": "email", "to": {"model_id": ID, "field": "id"}}
LIKE = {"model_id": ID.upper(), "field": "id"}


@pytest.mark.parametrize(
    "change",
    [
        {"policies": [POLICY.upper()]},
        {"connection_id": "4D7E6C0A-0d34-4d2c-9b59-6f3a7ad0a001"},
        {"relations": [{"from": "email", "to": LIKE}]},
        [{"op": "replace", "path": "/policies/0", "value": POLICY.upper()}],
        [
            {"op": "test", "path": "/policies", "value": [POLICY.upper()]},
            {"op": "test", "path": "/relations/0/to", "value": LIKE},
        ],
        parse_add(f"policies={POLICY.upper()}"),
        parse_add(f"relations={jsontext.dump({'from': 'email', 'to': LIKE})}"),
    ],
)
def test_a_uuid_in_another_case_is_no_change(change: Any) -> None:
    """Where the schema says UUID, the fetched spelling stays."""
    patch = change if isinstance(change, AddItem) else Patch.of(change)
    patch = Patch((patch,)) if isinstance(patch, AddItem) else patch
    made = make_plan(MODEL, Snapshot(response(relations=[RELATION])), patch)

    assert made.is_unchanged
    assert made.proposed["policies"] == [POLICY]


def test_a_uuid_is_removed_in_any_case_and_a_new_one_kept_as_it_is_given() -> None:
    """Only what is known already has a spelling to keep; a text elsewhere keeps its case, too."""
    other = "9A3BDC27-2A3C-4F0E-8F57-6A4BB3C0A999"
    raw = response(policies=[POLICY, other], relations=[RELATION], configuration={"id": POLICY})
    gone = parse_remove(f"relations={jsontext.dump({'from': 'email', 'to': LIKE})}")
    steps = (gone, parse_remove(f"policies={POLICY.upper()}"))
    removed = make_plan(MODEL, Snapshot(raw), Patch(steps))
    added = plan({"policies": [other, POLICY.upper()], "name": POLICY.upper()})
    elsewhere = plan({"configuration": {"id": POLICY.upper()}}, raw)

    assert removed.proposed["policies"] == [other]
    assert not removed.proposed["relations"]
    assert added.proposed["policies"] == [other, POLICY]
    assert added.proposed["name"] == POLICY.upper()
    assert [change.path for change in elsewhere.changes] == ["/configuration/id"]


def test_what_is_no_uuid_keeps_its_case_where_one_should_be() -> None:
    """Texts that break the schema are compared to the letter."""
    raw = response(labels=["abc"])

    with pytest.raises(InvalidPatchError):
        plan({"labels": ["ABC"]}, raw)


def test_a_rebase_onto_the_same_reading_says_nothing() -> None:
    """Where nobody wrote in between there is nothing to merge."""
    plan = make_plan(MODEL, Snapshot(response()), Patch.of({"name": "Five"}))

    rebased = rebase(plan, plan.base)

    assert (rebased.proposed, rebased.warnings) == (plan.proposed, plan.warnings)
