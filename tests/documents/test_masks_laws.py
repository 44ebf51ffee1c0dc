from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patcher.documents.diff import compare
from patcher.documents.masks import (
    MASK_AFTER,
    MASK_BEFORE,
)
from patcher.documents.shape import KeyedList
from patcher.documents.values import Document, JsonValue
from patcher.errors import InvalidPatchError
from tests.documents.rebuilding import apply_changes

from .strategies import objects, values
from .test_masks import CREDENTIAL_KEYS, MASKS, OTHER, PLACES, SECRET


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
@settings(max_examples=120, deadline=None)
def test_no_change_shows_a_secret(base: Document, proposed: Document, *, backwards: bool) -> None:
    """Whatever becomes of a document with credentials, no text of one is in what is shown."""
    pair = (proposed, base) if backwards else (base, proposed)
    masks = MASKS.on(*pair)
    changes = masks.masked_changes(compare(*pair, {("configuration", "k"): KeyedList(("token",))}))

    shown = json.dumps([change.to_dict() for change in changes])

    assert SECRET not in shown
    assert OTHER not in shown
    assert SECRET not in json.dumps(MASKS.masked_document(base))


@given(_documents(SECRET))
@settings(max_examples=30, deadline=None)
def test_a_changed_secret_is_still_a_change(base: Document) -> None:
    """Where only a credential changes, that it does is shown."""
    proposed = json.loads(json.dumps(base).replace(SECRET, OTHER))

    changes = MASKS.on(base).masked_changes(compare(base, proposed, {}))

    assert [(c.kind, c.old, c.new) for c in changes] == [("changed", MASK_BEFORE, MASK_AFTER)]


@given(_documents(SECRET))
@settings(max_examples=30, deadline=None)
def test_masked_changes_cannot_be_applied(base: Document) -> None:
    """Changes that were masked do not fit the document: a mask is never written that way."""
    proposed = json.loads(json.dumps(base).replace(SECRET, OTHER))

    with pytest.raises(InvalidPatchError):
        apply_changes(base, MASKS.on(base).masked_changes(compare(base, proposed, {})), {})
