"""A plan as a file that can be read, reviewed and applied later: text in, text out. Pure.

The documents are in it whole, but for the credentials and the texts that hold one: in place of
each is a mask with a salted digest, so that the plan can tell whether a credential is still what
it was, and nobody can read it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import NoneType
from typing import Any, Final, NamedTuple

from patcher.documents import jsontext
from patcher.documents.diff import compare
from patcher.documents.masks import MASK, Masks
from patcher.documents.notices import Notice
from patcher.documents.pointers import lookup, pointer_to, tokens_of
from patcher.documents.steps import replaced
from patcher.documents.values import MISSING, Document, JsonValue, Tokens
from patcher.errors import InvalidInputError, InvalidPatchError
from patcher.plan.plan import Origin, Plan, Terms
from patcher.resources.blockers import OnUnknown, UnknownKeys
from patcher.resources.resource import Resource
from patcher.resources.snapshot import Snapshot

_MOST: Final = 64
"""How many texts are digested at most; each takes a while, on purpose."""

COST: Final = 2**14
"""How slow a digest is (scrypt's n): passwords can be guessed, so many a second and no more."""


class Seal(NamedTuple):
    """The digests of what has been masked in a document, by JSON Pointer, and their salt."""

    salt: bytes
    digests: Mapping[str, str]

    def opened(self, live: Document, *others: Seal) -> dict[str, JsonValue]:
        """The values of ``live`` that are known by a digest of this seal, or of the others'."""
        places = {place for seal in (self, *others) for place in seal.digests}
        values = (lookup(live, tokens_of(place), MISSING) for place in sorted(places))
        return {digest(one, self.salt): one for one in values if one is not MISSING}

    def restored(self, document: Document, known: Mapping[str, JsonValue]) -> Document:
        """``document`` with each known value in its place again."""
        for place, found in self.digests.items():
            if found in known:
                document = replaced(document, tokens_of(place), known[found])
        return document


def sealed(document: Document, masks: Masks, salt: bytes) -> tuple[Document, Seal]:
    """``document`` without values under masked keys, and without texts that hold such a value.

    ``masks`` know the credentials that count. Raises InvalidInputError where they are too many to
    be told by digests.
    """
    masked: Document = _without_holders(document, masks.masked_document(document))
    places = list(_masked_places(document, masked, ()))
    if len(places) > _MOST:
        raise InvalidInputError(
            f"This plan cannot be saved: a credential's text is in more than {_MOST} places of the "
            "document.",
            hint="Apply the change directly, with patch-model apply.",
        )
    digests = {pointer_to(place): digest(lookup(document, place), salt) for place in places}
    return masked, Seal(salt, digests)


def refuse_telling_keys(paths: Iterable[Tokens], masks: Masks, free: Iterable[Tokens]) -> None:
    """Raises InvalidInputError where a key in one of ``paths`` holds a credential's text.

    Only below the ``free`` places can keys be anything. One that is masked for itself (password,
    say) tells nothing.
    """
    starts = tuple(free)
    for path in paths:
        for end, token in enumerate(path, 1):
            if masks.masked_text(token) == token:
                continue
            is_free = any(len(start) < end and path[: len(start)] == start for start in starts)
            if is_free and masks.masked_from(path) != path[:end]:
                raise InvalidInputError(
                    "This plan cannot be saved: a key holds a credential's text, and so would the "
                    "file.",
                    hint="Apply the change directly, with patch-model apply.",
                )


def keys_of(value: JsonValue, at: Tokens = ()) -> Iterator[Tokens]:
    """The places of all members of objects in ``value``."""
    if type(value) is dict:
        for key, member in value.items():
            yield (*at, key)
            yield from keys_of(member, (*at, key))
    elif type(value) is list:
        for index, member in enumerate(value):
            yield from keys_of(member, (*at, str(index)))


def digest(value: JsonValue, salt: bytes) -> str:
    """What a value is known by; slow on purpose."""
    text = jsontext.canonical(value).encode("ascii")
    return hashlib.scrypt(text, salt=salt, n=COST, r=8, p=1, dklen=32).hex()


def _masked_places(value: JsonValue, masked: JsonValue, at: Tokens) -> Iterator[Tokens]:
    if masked == MASK and value != MASK:
        yield at
    elif type(value) is dict:
        for key, member in value.items():
            yield from _masked_places(member, masked[key], (*at, key))
    elif type(value) is list:
        for index, member in enumerate(value):
            yield from _masked_places(member, masked[index], (*at, str(index)))


def _without_holders(value: JsonValue, shown: JsonValue) -> JsonValue:
    """``shown``, with one mask for each text of ``value`` of which a part is masked in it."""
    if type(value) is not type(shown):
        return shown
    if type(value) is str:
        return value if value == shown else MASK
    if type(value) is dict:
        return {key: _without_holders(member, shown[key]) for key, member in value.items()}
    if type(value) is list:
        return [_without_holders(*both) for both in zip(value, shown, strict=True)]
    return value


FORMAT: Final = 1
"""The format of a saved plan; a reader refuses a higher one."""

KIND: Final = "patch-model plan"

_TEXT: Final = (str,)
_TEXT_OR_NULL: Final = (str, NoneType)

# What the members of a file are, but for the resource's id, whose name has its noun in it.
_MEMBERS: Final[Mapping[str, tuple[type, ...]]] = {
    "id": _TEXT,
    "created": _TEXT,
    "tool": _TEXT,
    "url": _TEXT,
    "organization": _TEXT_OR_NULL,
    "noun": _TEXT,
    "name": _TEXT_OR_NULL,
    "version": (int, float, bool, str, list, dict, NoneType),
    "updated_at": _TEXT_OR_NULL,
    "updated_by": _TEXT_OR_NULL,
    "changes": (list,),
    "cleared": (list,),
    "carried": (list,),
    "warnings": (list,),
    "unknown_fields": _TEXT,
    "allow_all_fields": (bool,),
    "mentioned": (list,),
    "touched": (list,),
    "literal": (list,),
    "named": (list,),
    "base": (dict,),
    "proposed": (dict,),
    "salt": _TEXT,
    "digests": (dict,),
}
_LISTS_OF_TEXTS: Final = ("cleared", "carried", "mentioned", "touched", "named", "literal")


@dataclass(frozen=True, slots=True, repr=False)
class SavedPlan:
    """A plan as it was saved. Credentials in its documents are masked.

    Attributes:
        id: what the journal knows the plan by, once it has been applied.
        created: when it was saved (RFC 3339).
        url: the API that it was made upon.
        organization: the organization there, where the credentials or the resource named one.
        plan: the plan, to be looked at; it cannot be written as it is.
        base_seal, proposed_seal: the digests of the credentials in either document.
    """

    id: str
    created: str
    url: str
    organization: str | None
    plan: Plan
    base_seal: Seal
    proposed_seal: Seal

    def __repr__(self) -> str:
        return f"SavedPlan({self.id!r}, {self.plan!r})"

    def on(self, live: Document) -> tuple[Document, Document]:
        """The base and the proposed document, with the credentials that ``live`` has.

        One that is not in ``live`` any more stays masked, and so differs from what is there.
        """
        known = self.base_seal.opened(live, self.proposed_seal)
        return (
            self.base_seal.restored(self.plan.document, known),
            self.proposed_seal.restored(self.plan.proposed, known),
        )


def dump(plan: Plan, *, plan_id: str, created: str, salt: bytes, tool: str) -> str:
    """The text of a saved plan.

    ``salt`` is fresh and random for each. Raises InvalidInputError when the plan changes a
    credential, or has its text in a key: the file could not hold it.
    """
    masks = plan.masks
    base, base_seal = sealed(plan.document, masks, salt)
    proposed, proposed_seal = sealed(plan.proposed, masks, salt)
    _refuse_a_credential(plan, base, proposed)
    terms = plan.terms
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
        "digests": {"base": base_seal.digests, "proposed": proposed_seal.digests},
    }
    if terms.named:
        content["named"] = [pointer_to(place) for place in terms.named]
    if terms.masks.literal:
        content["literal"] = sorted(map(pointer_to, terms.masks.literal))
    return jsontext.dump_pretty({**content, "checksum": _checksum(content)}) + "\n"


def load(text: str | bytes, resource: Resource, masks: Masks, *, what: str) -> SavedPlan:
    """The plan in a text, which ``what`` names in errors.

    Raises InvalidInputError for what is not a whole and unaltered plan of this format.
    """
    content = _content(text, what)
    if content.pop("checksum", None) != _checksum(content):
        raise InvalidInputError(
            f"{what} was edited, or is not whole: its checksum does not fit.",
            hint="Make the plan anew; a plan is applied as it was made, or not at all.",
        )
    try:
        _refuse_other_members(content, resource)
        return _plan(content, resource, masks)
    except (KeyError, TypeError, ValueError, InvalidInputError) as error:
        raise InvalidInputError(
            f"{what} is no plan that this version can read.", hint="Make the plan anew."
        ) from error


def is_saved_plan(text: str | bytes) -> bool:
    """Whether a text is a saved plan, of whatever format, edited or not."""
    try:
        content = jsontext.parse(text, what="the file")
    except InvalidPatchError:
        return False
    return type(content) is dict and content.get("kind") == KIND


def _content(text: str | bytes, what: str) -> Document:
    try:
        content: Any = jsontext.parse(text, what=what)
    except InvalidPatchError as error:
        raise InvalidInputError(
            f"{what} is no saved plan, or not the whole of one: {error.message}"
        ) from error
    if type(content) is not dict or content.get("kind") != KIND:
        raise InvalidInputError(
            f"{what} is no saved plan.", hint="patch-model plan ... --out FILE makes one."
        )
    if type(content.get("format")) is not int or content["format"] > FORMAT:
        raise InvalidInputError(
            f"{what} was written by a newer version of patch-model.",
            hint="Use that version, or make the plan anew.",
        )
    return content


def _refuse_a_credential(plan: Plan, base: Document, proposed: Document) -> None:
    """Refuses a plan of which the masked documents do not tell the same changes, or tell more."""
    # Not only where one is set, moved or removed: two of them in a list are two equal masks.
    if compare(base, proposed, plan.resource.shape.lists) != plan.changes:
        raise InvalidInputError(
            "A plan that changes a credential, or a text that holds one, cannot be saved: the file "
            "would hold it.",
            hint="Apply this change directly, with patch-model apply.",
        )
    shape = plan.resource.shape
    unknown = ((key,) for key in base.keys() | proposed.keys() if key not in shape.members)
    places = [*keys_of(base), *keys_of(proposed), *plan.terms.read_paths, *plan.terms.named]
    places += [tokens_of(notice.path) for notice in plan.warnings]
    refuse_telling_keys(places, plan.masks, (*shape.opaque, *unknown))


def _refuse_other_members(content: Document, resource: Resource) -> None:
    """Raises KeyError, TypeError or ValueError for a member that is not what it has to be."""
    kinds = {**_MEMBERS, f"{resource.noun}_id": _TEXT_OR_NULL}
    content.setdefault("named", [])
    content.setdefault("literal", [])
    for name, allowed in kinds.items():
        if type(content[name]) not in allowed:
            raise TypeError(name)
    for name in _LISTS_OF_TEXTS:
        if any(type(one) is not str for one in content[name]):
            raise TypeError(name)
    for notice in content["warnings"]:
        if any(type(value) is not str for value in dict(notice).values()):
            raise TypeError("warnings")
    if content["noun"] != resource.noun:
        raise ValueError
    UnknownKeys.of(content["unknown_fields"])
    # The changes are what people read; the documents are what is done.
    seen = compare(content["base"], content["proposed"], resource.shape.lists)
    told = sorted(map(jsontext.canonical, content["changes"]))
    if told != sorted(jsontext.canonical(change.to_dict()) for change in seen):
        raise ValueError("changes")


def _seal(salt: bytes, digests: Any, document: Document) -> Seal:
    """The seal of ``document``.

    Raises TypeError where it is none, ValueError where it is of what is not masked in there.
    """
    if type(digests) is not dict:
        raise TypeError("digests")
    for place, found in digests.items():
        if lookup(document, tokens_of(place), MISSING) != MASK or type(found) is not str:
            raise ValueError(place)
    return Seal(salt, digests)


def _plan(content: Document, resource: Resource, masks: Masks) -> SavedPlan:
    base = Snapshot(
        {
            "id": content[f"{resource.noun}_id"],
            "name": content["name"],
            "version": content["version"],
            "updated_at": content["updated_at"],
            "updated_by": {"name": content["updated_by"]},
        }
    )
    unknown_fields: OnUnknown = content["unknown_fields"]
    literal = frozenset(map(tokens_of, content["literal"]))
    plan = Plan(
        resource=resource,
        base=base,
        document=content["base"],
        proposed=content["proposed"],
        changes=compare(content["base"], content["proposed"], resource.shape.lists),
        cleared=tuple(content["cleared"]),
        carried=tuple(content["carried"]),
        warnings=tuple(Notice(**notice) for notice in content["warnings"]),
        terms=Terms(
            masks=replace(masks, literal=literal),
            unknown_fields=unknown_fields,
            allow_all_fields=content["allow_all_fields"],
            written_keys=frozenset(content["mentioned"]),
            read_paths=tuple(map(tokens_of, content["touched"])),
            named=tuple(map(tokens_of, content["named"])),
            origin=Origin(content["url"], content["organization"], saved_plan=content["id"]),
        ),
    )
    salt = bytes.fromhex(content["salt"])
    return SavedPlan(
        id=content["id"],
        created=content["created"],
        url=content["url"],
        organization=content["organization"],
        plan=plan,
        base_seal=_seal(salt, content["digests"]["base"], content["base"]),
        proposed_seal=_seal(salt, content["digests"]["proposed"], content["proposed"]),
    )


def _checksum(content: Document) -> str:
    """Of everything but itself, whatever the order of the members."""
    return hashlib.sha256(jsontext.canonical(content).encode("ascii")).hexdigest()
