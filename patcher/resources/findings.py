"""Checks of a change beyond its schema: references, duplicates, and what the API clears.

They compare two documents and ask nothing of the API. Values that break the schema are left to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import partial
from shlex import quote
from typing import Final, NamedTuple, TypeAlias

from patcher.documents.jsontext import dump, quoted
from patcher.documents.pointers import lookup, of_kind, pointer_to
from patcher.documents.values import UUID, Document, JsonValue, Tokens, strictly_equal
from patcher.documents.wording import did_you_mean
from patcher.resources.snapshot import Snapshot


class Columns(NamedTuple):
    """Where a document refers to the columns of its source.

    Attributes:
        source: the keys that decide which columns exist.
        listed: the list of exposed columns; absent or empty, all are exposed.
        added: the list of objects for fields that a user added.
        named: the kinds of place that name a column.
        exposed: the response's list of exposed fields, objects with a ``name``, and with an ``id``
            that others refer to.
        flag: the key that is true there for fields that a user added.
        enriched: the list of fields that an enrichment adds.
        enricher_ids: the place of the enrichment's ID.
    """

    source: tuple[str, ...]
    listed: str
    added: str
    named: tuple[Tokens, ...]
    exposed: str
    flag: str
    enriched: Tokens
    enricher_ids: Tokens

    def references(self, document: Document) -> Iterator[tuple[Tokens, str]]:
        """Every place in ``document`` that names a column, with the name."""
        for kind in self.named:
            yield from ((place, name) for place, name in _texts(document, *kind) if name)

    def in_doubt(self, document: Document, proposed: Document) -> tuple[str, ...]:
        """The keys of ``proposed`` whose columns are unknown without a preview; mostly none."""
        is_same_source = all(
            strictly_equal(document.get(key), proposed.get(key)) for key in self.source
        )
        if is_same_source:
            return (self.listed,) if widens(document, proposed, (self.listed,)) else ()
        there = {place[0]: None for place, _ in self.references(proposed)}
        return (self.listed, *(key for key in there if key != self.listed))

    def exposed_now(self, snapshot: Snapshot) -> dict[str, str | None]:
        """The names that a snapshot exposes, each with its ID where it has one."""
        members = snapshot.raw.get(self.exposed)
        return {
            one["name"]: one["id"] if type(one.get("id")) is str else None
            for one in (members if type(members) is list else ())
            if type(one) is dict and type(one.get("name")) is str
        }


class Finding(NamedTuple):
    """One problem of a document, and how to fix it.

    Attributes:
        code: its stable name (docs/warnings.md).
        place: where it is.
        what: what is wrong, in a sentence.
        advice: what to do, in a sentence, or a function that makes it: the search for a similar
            name is slow, and most findings are existing ones, whose advice is never shown.
        fingerprint: equal for the same finding elsewhere, whatever index it has moved to.
    """

    code: str
    place: Tokens
    what: str
    advice: str | Callable[[], str]
    fingerprint: Hashable = None

    @property
    def identity(self) -> Hashable:
        """Equal for the same finding in another document."""
        return self.code, self.fingerprint

    @property
    def path(self) -> str:
        """Where it is, as a JSON Pointer (RFC 6901)."""
        return pointer_to(self.place)

    @property
    def way_out(self) -> str:
        """What to do about it, in a sentence."""
        return self.advice if isinstance(self.advice, str) else self.advice()


Check: TypeAlias = Callable[[Document, Document], Iterator[Finding]]
"""Finds problems of writing the second document in place of the first."""


class Findings(NamedTuple):
    """Findings that a change introduces or makes worse, and those it has found there."""

    introduced: tuple[Finding, ...] = ()
    existing: tuple[Finding, ...] = ()


def _texts(document: Document, *kind: str) -> Iterator[tuple[Tokens, str]]:
    """The texts at a kind of place, each with its place."""
    return ((place, text) for place, text in of_kind(document, kind) if type(text) is str)


def _all_names(document: Document) -> list[str]:
    """The names in both lists of fields, in order; without their places, which are slow."""
    fields = document.get("fields")
    names = [name for name in fields if type(name) is str] if type(fields) is list else []
    return [*names, *(name for _, name in _texts(document, "additional_fields", "-", "name"))]


_REFERRING: Final = (
    ("identifier-not-in-fields", ("identifier",), "or set another: --set identifier=FIELD"),
    (
        "tracking-column-not-in-fields",
        ("tracking_columns", "-"),
        "or remove it: --remove tracking_columns={}",
    ),
    (
        "relation-not-in-fields",
        ("relations", "-", "from"),
        "or remove the relation: --remove relations={}",
    ),
)
"""The kinds of place that name a field: the code of a finding there, and what else to do."""


def unknown_columns(document: Document, proposed: Document) -> Iterator[Finding]:
    """Identifier, tracking columns and relations that name a column which is not a field.

    The message repeats the name only where the model had a field of that name: other text may be
    anything, such as a password in the wrong place.
    """
    if not proposed.get("fields"):
        return  # every column of the source is a field
    names, before = frozenset(_all_names(proposed)), frozenset(_all_names(document))
    for code, kind, otherwise in _REFERRING:
        for place, name in _texts(proposed, *kind):
            if name in names or (place == ("identifier",) and not name):
                continue
            is_known = name in before
            said = f"{quoted(name)}, which is not" if is_known else "not"
            yield Finding(
                code,
                place,
                f"{pointer_to(place)} is {said} in /fields or /additional_fields.",
                partial(_keep_or, name, names, otherwise, is_known=is_known),
                name,
            )


def _keep_or(name: str, names: frozenset[str], otherwise: str, *, is_known: bool) -> str:
    near = None if is_known else did_you_mean(name, names)  # what was a field is not misspelled
    meant = f"{near} Otherwise keep" if near else "Keep"
    shown = quote(quoted(name)[1:-1]) if is_known else "FIELD"
    return f"{meant} the field (--add fields={shown}), {otherwise.format(shown)}."


def repeated_names(_: Document, proposed: Document) -> Iterator[Finding]:
    """A name that occurs twice in a list; what the API does then is not documented."""
    names = _all_names(proposed)
    if len(set(names)) < len(names):
        plain = list(_texts(proposed, "fields", "-"))
        yield from _repeated("/fields", plain, "name each field once")
        yield from _repeated(
            "/fields and /additional_fields",
            [*plain, *_texts(proposed, "additional_fields", "-", "name")],
            "a field is either one of the source's or an additional one",
            only_after=len(plain),
        )
    tracked = _texts(proposed, "tracking_columns", "-")
    yield from _repeated("/tracking_columns", tracked, "name each column once")
    enriched = _texts(proposed, "enricher", "fields", "-", "name")
    yield from _repeated("/enricher/fields", enriched, "name each field once")


def _repeated(
    where: str, used: Iterable[tuple[Tokens, str]], rule: str, only_after: int = 0
) -> Iterator[Finding]:
    seen: Counter[str] = Counter()
    for number, (place, name) in enumerate(used):
        seen[name] += 1
        if seen[name] > 1 and number >= only_after:
            yield Finding(
                "duplicate-name",
                place,
                f"{pointer_to(place)} repeats {quoted(name)}, which is in {where} already.",
                f"Remove it: {rule}.",
                (where, name, seen[name]),
            )


def incomplete_fields(_: Document, proposed: Document) -> Iterator[Finding]:
    """An additional field whose label or type is missing or blank; the API requires both."""
    for place, member in of_kind(proposed, ("additional_fields", "-")):
        if type(member) is not dict:
            continue
        for key in ("label", "type"):
            value = member.get(key)
            if value is None or (type(value) is str and not value.strip()):
                name = member.get("name")
                shown = quoted(name) if type(name) is str else "this additional field"
                yield Finding(
                    "additional-field-incomplete",
                    (*place, key),
                    f"{pointer_to((*place, key))} is missing or empty.",
                    f"Give {shown} a {key}.",
                    (dump(name), key),
                )


def tracking_twice(_: Document, proposed: Document) -> Iterator[Finding]:
    """Tracking columns in the configuration too; which the API uses is not documented."""
    configuration = proposed.get("configuration")
    if type(configuration) is not dict or "tracking_columns" not in configuration:
        return
    inside, outside = configuration["tracking_columns"], proposed.get("tracking_columns")
    is_same = _as_set(inside) == _as_set(outside)
    yield Finding(
        "tracking-columns-twice",
        ("configuration", "tracking_columns"),
        "The tracking columns are also in /configuration/tracking_columns; which of the two the "
        f"API uses is not documented{'' if is_same else ', and they differ'}.",
        "Change both, or remove those in /configuration.",
        "same" if is_same else (_as_set(inside), _as_set(outside)),
    )


def _as_set(value: JsonValue) -> str:
    members = value if type(value) is list else [] if value is None else [value]
    return dump(sorted(set(map(dump, members))))


def widens(document: Document, proposed: Document, place: Tokens) -> bool:
    """Whether a change removes or empties a list, and not the object that holds it."""
    is_held = type(lookup(proposed, place[:-1], None)) is dict
    return is_held and bool(lookup(document, place, None)) and not lookup(proposed, place, None)


def widened(document: Document, proposed: Document) -> Iterator[Finding]:
    """A list of fields that is removed or emptied, which exposes every field."""
    for place in (("fields",), ("enricher", "fields")):
        if widens(document, proposed, place):
            path = pointer_to(place)
            yield Finding(
                "fields-widened",
                place,
                f"Without {path} every field is exposed, including future ones.",
                f"Keep the fields you want in {path}.",
            )


def replaced_enrichment(document: Document, proposed: Document) -> Iterator[Finding]:
    """An enrichment without its ID, or with another one, which the API replaces."""
    was, now = document.get("enricher"), proposed.get("enricher")
    if not was or not now or type(was) is not dict or type(now) is not dict:
        return
    before, after = was.get("enricher_id"), now.get("enricher_id")
    if after and (not before or after == before):
        return
    how = "changes" if after else "is missing"
    known = f", {before}" if type(before) is str and UUID.fullmatch(before) else ""
    yield Finding(
        "enricher-replaced",
        ("enricher", "enricher_id"),
        f"/enricher/enricher_id {how}, so the enrichment is replaced instead of updated.",
        f"Send it with its current ID{known}.",
        dump(after),
    )


def cleared_policies(document: Document, proposed: Document) -> Iterator[Finding]:
    """Policies that are all removed, and with them who may see and change the model."""
    if document.get("policies") and not proposed.get("policies"):
        yield Finding(
            "policies-cleared",
            ("policies",),
            "This removes every policy and the access they grant; whether the API restores its "
            "default is not documented.",
            "Keep the policies that should stay, at least the built-in one.",
        )


def moved_connections(document: Document, proposed: Document) -> Iterator[Finding]:
    """A new connection with a configuration that was written for the old one."""
    for root in ((), ("enricher",)):
        place, other = (*root, "connection_id"), (*root, "configuration")
        before, after = lookup(document, place, None), lookup(proposed, place, None)
        if before is None or after is None or before == after:
            continue
        was, now = lookup(document, other, None), lookup(proposed, other, None)
        if now and strictly_equal(was, now):
            yield Finding(
                "connection-moved",
                place,
                f"{pointer_to(place)} changes but {pointer_to(other)} does not, although it was "
                "written for the old connection.",
                f"Check that what {pointer_to(other)} names exists in the new connection too.",
            )


CHECKS: Final[tuple[Check, ...]] = (
    unknown_columns,
    repeated_names,
    incomplete_fields,
    tracking_twice,
    widened,
    replaced_enrichment,
    cleared_policies,
    moved_connections,
)
