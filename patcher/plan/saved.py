"""Saves a plan as text to be reviewed and applied later, and loads it. Pure.

The text has both documents, but for credentials and texts that contain one: each is replaced by a
mask with a salted digest, which shows whether a credential has changed but not what it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any, Final, TypeAlias

from patcher.documents import jsontext
from patcher.documents.diff import Change, compare
from patcher.documents.masks import MASK, Masks
from patcher.documents.pointers import lookup, pointer_to, tokens_of
from patcher.documents.steps import replaced
from patcher.documents.values import MISSING, Document, JsonValue, Tokens, entries, walk
from patcher.documents.wording import Notice
from patcher.errors import InvalidInputError, InvalidPatchError
from patcher.plan.plan import Origin, Plan, Terms
from patcher.resources.blockers import UnknownKeys
from patcher.resources.resource import Resource
from patcher.resources.schema import DocumentSchema, conforms
from patcher.resources.snapshot import Snapshot

_MOST: Final = 64
"""Maximum number of digests; each is slow on purpose."""

COST: Final = 2**14
"""scrypt's n: makes digests slow, so that guessing a password is too."""

Digests: TypeAlias = dict[str, str]
"""The digests of the masked values of a document, by JSON Pointer."""


def _sealed(
    document: Document, masks: Masks, digest_of: Callable[[str], str]
) -> tuple[Document, Digests]:
    """Masks the credentials of a document and every text that contains one.

    ``digest_of`` digests canonical JSON. Raises InvalidInputError where there are too many.
    """
    places = list(_masked_places(document, masks.masked_value(document), ()))
    if len(places) > _MOST:
        raise _unsavable(f"the document contains credentials in more than {_MOST} places")
    digests: Digests = {}
    for place in places:
        digests[pointer_to(place)] = digest_of(jsontext.canonical(lookup(document, place)))
        document = replaced(document, place, MASK)
    return document, digests


def _restored(document: Document, digests: Digests, known: Mapping[str, JsonValue]) -> Document:
    """``document`` with the values that are known by digest instead of their masks."""
    for place, found in digests.items():
        if found in known:
            document = replaced(document, tokens_of(place), known[found])
    return document


def digest(value: JsonValue, salt: bytes) -> str:
    """The salted digest of a value; slow on purpose."""
    return _digest(jsontext.canonical(value), salt)


def _digest(text: str, salt: bytes) -> str:
    return hashlib.scrypt(text.encode("ascii"), salt=salt, n=COST, r=8, p=1, dklen=32).hex()


def _masked_places(value: JsonValue, masked: JsonValue, at: Tokens) -> Iterator[Tokens]:
    """The places that are masked, and of texts that are masked in part."""
    if type(value) is not type(masked) or (type(value) is str and value != masked):
        yield at
        return
    for (key, below), (_, shown) in zip(entries(value), entries(masked), strict=True):
        yield from _masked_places(below, shown, (*at, key))


FORMAT: Final = 1
"""The file format; a higher one is refused."""

KIND: Final = "patch-model plan"

_FORM: Final = DocumentSchema("saved_plan.schema.json")


@dataclass(frozen=True, slots=True, repr=False)
class SavedPlan:
    """A loaded plan. Credentials in its documents are masked.

    Attributes:
        id: its ID in the journal, once it has been applied.
        created: when it was saved (RFC 3339).
        plan: the plan to show; it must not be written, since it has masks.
        salt: goes into the digests.
        base_digests, proposed_digests: those of the credentials in either document.
    """

    id: str
    created: str
    plan: Plan
    salt: bytes
    base_digests: Digests
    proposed_digests: Digests

    def __repr__(self) -> str:
        return f"SavedPlan({self.id!r}, {self.plan!r})"

    def on(self, live: Document) -> tuple[Document, Document]:
        """The base and the proposed document, with the credentials of ``live``.

        A credential that ``live`` no longer has stays masked, so the base differs from ``live``.
        """
        places = sorted({*self.base_digests, *self.proposed_digests})
        values = (lookup(live, tokens_of(place)) for place in places)
        known = {digest(one, self.salt): one for one in values if one is not MISSING}
        return (
            _restored(self.plan.document, self.base_digests, known),
            _restored(self.plan.proposed, self.proposed_digests, known),
        )


def dump(plan: Plan, *, plan_id: str, created: str, salt: bytes, tool: str) -> str:
    """The text of a saved plan.

    ``salt`` is random, new for each plan. Raises InvalidInputError when the plan changes a
    credential or has one in a key, since the file must not contain it.
    """
    masks, terms = plan.masks, plan.terms
    digest_of = cache(partial(_digest, salt=salt))  # most credentials are in both documents
    base, base_digests = _sealed(plan.document, masks, digest_of)
    proposed, proposed_digests = _sealed(plan.proposed, masks, digest_of)
    _refuse_a_credential(plan, base, proposed)
    content: Document = {
        "kind": KIND,
        "format": FORMAT,
        "id": plan_id,
        "created": created,
        "tool": tool,
        "url": plan.origin.url,
        "organization": plan.origin.organization,
        "noun": plan.resource.noun,
        f"{plan.resource.noun}_id": plan.base.id,
        "name": plan.name,
        "version": plan.base.raw.get("version"),
        "updated_at": plan.base.updated_at,
        "updated_by": plan.base.author and masks.masked_text(plan.base.author),
        "changes": [change.to_dict() for change in plan.changes],
        "cleared": list(plan.cleared),
        "carried": list(plan.carried),
        "warnings": [
            notice._replace(message=masks.redacted(notice.message)).to_dict()
            for notice in plan.warnings
        ],
        "unknown_fields": terms.unknown_fields,
        "allow_all_fields": terms.allow_all_fields,
        "mentioned": sorted(terms.written_keys),
        "touched": [pointer_to(place) for place in terms.read_paths],
        "base": base,
        "proposed": proposed,
        "salt": salt.hex(),
        "digests": {"base": base_digests, "proposed": proposed_digests},
    }
    if terms.named:
        content["named"] = [pointer_to(place) for place in terms.named]
    if terms.masks.literal:
        content["literal"] = sorted(map(pointer_to, terms.masks.literal))
    return jsontext.dump_pretty({**content, "checksum": _checksum(content)}) + "\n"


def load(text: str | bytes, resource: Resource, masks: Masks, *, what: str) -> SavedPlan:
    """The plan in a text, which ``what`` names in errors.

    Raises InvalidInputError for anything but a complete, unaltered plan of this format.
    """
    content = _content(text, what)
    if content.pop("checksum", None) != _checksum(content):
        raise InvalidInputError(
            f"{what} was changed after it was saved: its checksum doesn't match.",
            hint="Create a new plan; a saved plan is applied exactly as it was saved.",
        )
    try:
        return _plan(content, resource, masks)
    except (TypeError, ValueError, InvalidInputError) as error:
        raise InvalidInputError(
            f"{what} is not a plan that this version can read.", hint="Create a new plan."
        ) from error


def is_saved_plan(text: str | bytes) -> bool:
    """Whether a text is a saved plan of any format, altered or not."""
    try:
        content = jsontext.parse(text, what="the file")
    except InvalidPatchError:
        return False
    return type(content) is dict and content.get("kind") == KIND


def _content(text: str | bytes, what: str) -> Document:
    try:
        content: Any = jsontext.parse(text, what="it")
    except InvalidPatchError as error:
        raise InvalidInputError(f"{what} is not a valid saved plan: {error.message}") from error
    if type(content) is not dict or content.get("kind") != KIND:
        raise InvalidInputError(
            f"{what} is not a saved plan.", hint="Create one with patch-model plan ... --out FILE."
        )
    if type(content.get("format")) is not int or content["format"] > FORMAT:
        raise InvalidInputError(
            f"{what} was written by a newer version of patch-model.",
            hint="Use that version, or create a new plan.",
        )
    return content


def _refuse_a_credential(plan: Plan, base: Document, proposed: Document) -> None:
    """Refuses a plan whose masked documents show other changes, or reveal a credential."""
    # Also where none is set or removed: two credentials in a list become two equal masks.
    if compare(base, proposed, plan.resource.shape.lists) != plan.changes:
        raise _unsavable(
            "it changes a credential, or text that contains one, and so the file would contain it"
        )
    shape, masks = plan.resource.shape, plan.masks
    unknown = ((key,) for key in base.keys() | proposed.keys() if key not in shape.members)
    free = (*shape.opaque, *unknown)  # only below these places can keys be anything
    paths = [*plan.terms.read_paths, *plan.terms.named]
    paths += [place for document in (base, proposed) for place, _ in walk(document)]
    paths += [tokens_of(notice.path) for notice in plan.warnings]
    for path in paths:
        for end, token in enumerate(path, 1):
            is_free = any(len(start) < end and path[: len(start)] == start for start in free)
            if not is_free or masks.masked_text(token) == token:
                continue
            # A key that has its value masked, such as password, reveals nothing.
            if masks.masked_from(path) != path[:end]:
                raise _unsavable("a key contains a credential, and so would the file")


def _unsavable(why: str) -> InvalidInputError:
    return InvalidInputError(
        f"This plan can't be saved: {why}.",
        hint="Apply the change directly with patch-model apply.",
    )


def _digests(content: Document, key: str) -> Digests:
    """The digests of one document. Raises ValueError where they have a place without a mask."""
    digests: Digests = content["digests"][key]
    if any(lookup(content[key], tokens_of(place)) != MASK for place in digests):
        raise ValueError(key)
    return digests


def _checked_changes(content: Document, resource: Resource) -> tuple[Change, ...]:
    """The changes from base to proposed. Raises ValueError where the content is not valid."""
    if content.get("noun") != resource.noun or not conforms(content, _FORM.content):
        raise ValueError
    UnknownKeys.of(content["unknown_fields"])
    # People review the changes, but the documents are applied: the two must agree.
    changes = compare(content["base"], content["proposed"], resource.shape.lists)
    shown = sorted(map(jsontext.canonical, content["changes"]))
    if shown != sorted(jsontext.canonical(change.to_dict()) for change in changes):
        raise ValueError
    return changes


def _plan(content: Document, resource: Resource, masks: Masks) -> SavedPlan:
    """The plan in a content. Raises TypeError or ValueError where it is not valid."""
    changes = _checked_changes(content, resource)
    base = Snapshot(
        {
            "id": content[f"{resource.noun}_id"],
            "name": content["name"],
            "version": content["version"],
            "updated_at": content["updated_at"],
            "updated_by": {"name": content["updated_by"]},
        }
    )
    literal = frozenset(map(tokens_of, content.get("literal", ())))
    plan = Plan(
        resource=resource,
        base=base,
        document=content["base"],
        proposed=content["proposed"],
        changes=changes,
        cleared=tuple(content["cleared"]),
        carried=tuple(content["carried"]),
        warnings=tuple(Notice(**notice) for notice in content["warnings"]),
        terms=Terms(
            masks=replace(masks, literal=literal),
            unknown_fields=content["unknown_fields"],
            allow_all_fields=content["allow_all_fields"],
            written_keys=frozenset(content["mentioned"]),
            read_paths=tuple(map(tokens_of, content["touched"])),
            named=tuple(map(tokens_of, content.get("named", ()))),
            origin=Origin(content["url"], content["organization"], saved_plan=content["id"]),
        ),
    )
    return SavedPlan(
        id=content["id"],
        created=content["created"],
        plan=plan,
        salt=bytes.fromhex(content["salt"]),
        base_digests=_digests(content, "base"),
        proposed_digests=_digests(content, "proposed"),
    )


def _checksum(content: Document) -> str:
    """The checksum of everything but itself, whatever the order of keys."""
    return hashlib.sha256(jsontext.canonical(content).encode("ascii")).hexdigest()
