"""Masks credentials in files; a mask stands for the live value in its place."""

from __future__ import annotations

import re
from collections.abc import Iterable

from patcher.documents.masks import MASK, Masks
from patcher.documents.pointers import pointer_to, shown
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, strictly_equal, walk
from patcher.errors import InvalidInputError, InvalidPatchError


def file_document(document: Document, masks: Masks) -> Document:
    """``document`` as it goes into a file: the mask in the place of each credential.

    Raises InvalidInputError, naming the place, where a credential is within another text.
    """
    masked: Document = masks.on(document).masked_value(document)
    return {key: _whole(document[key], value, (key,)) for key, value in masked.items()}


def _whole(value: JsonValue, masked: JsonValue, at: Tokens) -> JsonValue:
    if type(value) is dict and type(masked) is dict:
        return {key: _whole(value[key], one, (*at, key)) for key, one in masked.items()}
    if type(value) is list and type(masked) is list:
        pairs = zip(value, masked, strict=True)
        return [_whole(one, other, (*at, str(i))) for i, (one, other) in enumerate(pairs)]
    if masked in (value, MASK) or type(value) is not str:
        return masked
    if "://" in value and not re.search(r"\s", value):
        return MASK  # a URL with a password in it
    raise InvalidInputError(
        f"A credential is part of the text at {shown(at)}, which must not get into a file.",
        hint="Remove the credential from that text, or manage this model without a file.",
    )


def as_in_files(
    live: Document, masks: Masks, files: Iterable[Document], *, refuse: bool
) -> Document:
    """The live document with a mask where a file has one, and the value where a file has just it.

    What is masked by now and was not when a file was written stays comparable that way, and the
    other way round.
    """
    try:
        masked = file_document(live, masks)
    except InvalidInputError:
        if refuse:
            raise
        masked = live
    for file in files:
        masked = _adapted(masked, live, file)
    return masked


def _adapted(masked: JsonValue, live: JsonValue, file: JsonValue) -> JsonValue:
    if type(masked) is dict and type(live) is dict and type(file) is dict:
        return {
            key: _adapted(one, live[key], file[key]) if key in file else one
            for key, one in masked.items()
        }
    if type(masked) is list and type(live) is list and type(file) is list:
        below = [_adapted(*three) for three in zip(masked, live, file, strict=False)]
        return [*below, *masked[len(below) :]]
    if file == MASK and live is not None:
        return MASK
    return live if strictly_equal(file, live) else masked


def resolved(
    document: Document, live: Document, masked: Document, masks: Masks
) -> tuple[Document, list[Tokens]]:
    """``document`` with the live value in the place of each mask, and where these are.

    Raises InvalidPatchError where it is not certain which value a mask stands for.
    """
    kept: list[Tokens] = []

    def items(value: list[JsonValue], live: JsonValue, masked: JsonValue, at: Tokens) -> JsonValue:
        found = list(value)
        for i, item in enumerate(value):
            found_masks = (place for place, one in walk(item, (*at, str(i))) if one == MASK)
            holders = [place for place in found_masks if place not in masks.literal]
            if not holders:
                continue
            same = type(masked) is list and i < len(masked) and strictly_equal(item, masked[i])
            if not same or (item == MASK and not strictly_equal(value, masked)):
                raise _unresolvable(holders[0], "the list around it is not as the model has it")
            kept.extend(holders)
            found[i] = live[i]
        return found

    def whole(value: JsonValue, live: JsonValue, masked: JsonValue, at: Tokens) -> JsonValue:
        if value == MASK and at not in masks.literal:
            if live is MISSING or live is None:
                raise _unresolvable(at, "the model has no value there")
            kept.append(at)
            return live
        if type(value) is list:
            return items(value, live, masked, at)
        if type(value) is not dict:
            return value
        return {
            key: whole(one, _at(live, key), _at(masked, key), (*at, key))
            for key, one in value.items()
        }

    return whole(document, live, masked, ()), kept


def _at(value: JsonValue, key: str) -> JsonValue:
    return value.get(key, MISSING) if type(value) is dict else MISSING


def _unresolvable(at: Tokens, why: str) -> InvalidPatchError:
    return InvalidPatchError(
        f"The mask at {shown(at)} cannot stand for the current credential: {why}.",
        path=pointer_to(at),
        hint="Give the value itself there, or restore the rest of the text.",
    )
