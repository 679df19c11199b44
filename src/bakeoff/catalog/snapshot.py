"""The catalogue as one file that loads in milliseconds: a line of indexes, then the systems, read on demand.

The line says where each system lies, and a system where its claims about each property lie: what nobody asks for is
neither decoded nor copied, nor read from disk where the file is mapped into memory.

The rows are positional, in the order of the records' fields; `SCHEMA` changes with them.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from mmap import mmap
from typing import Any, cast

from bakeoff.base.evidence import Evidence
from bakeoff.base.record import Struct
from bakeoff.base.records import decoded, decoder, to_plain
from bakeoff.base.sha256 import sha256
from bakeoff.catalog.model import (
    Answer,
    Axis,
    Catalog,
    Claim,
    Inheritance,
    Layer,
    LifecycleState,
    Property,
    Scope,
    System,
)
from bakeoff.catalog.scope import EVERYWHERE

SCHEMA = 4
"""Version of this file format; a file of another version is made anew."""
_CONTENT = 1
"""Version of the form that is digested, which is not how the file is laid out: equal content has an equal digest."""
_BEGINNING = f'{{"schema":{SCHEMA},'.encode()
"""What a file of this version begins with."""
_ANSWERS = {answer.value: answer for answer in Answer}
Bytes = bytes | mmap
"""A compiled file, in memory or mapped into it."""

_Place = tuple[int, int]
"""Where something begins and ends."""


class _Head(Struct, frozen=True):
    """The first line."""

    schema: int
    ids: tuple[str, ...]
    layers: dict[Layer, tuple[str, ...]]
    aliases: dict[str, str]
    properties: tuple[Property, ...]
    axes: tuple[Axis, ...]
    constants: dict[str, float]
    snapshot: date
    version: str
    places: tuple[_Place, ...]
    """Of the rows of systems, counted from the line's end."""


class _SystemRow(Struct, frozen=True, array_like=True):
    """A system without its claims; what follows says where, counted from the row's end, those of a property lie."""

    id: str
    name: str
    layers: tuple[Layer, ...]
    summary: str
    licence: str
    governance: str
    vendor: str
    packages: tuple[str, ...]
    aliases: tuple[str, ...]
    lineage: tuple[str, ...]
    parent: str | None
    closed: tuple[str, ...]
    notes: str
    suffixes: tuple[str, ...]
    inherits: tuple[Inheritance, ...]
    lifecycle: LifecycleState
    places: dict[str, _Place]
    order: _Place
    """Of the places of the claims among all, by property."""


class _ClaimRow(Struct, frozen=True, array_like=True):
    """A claim, without what it is about."""

    id: str
    value: Any
    answered: bool
    """Whether the value is an answer."""
    object: str | None
    scope: Scope | None
    evidence: tuple[Evidence, ...]
    source_file: str
    via: str | None = None
    note: str = ""
    because: str = ""
    settled_by: str = ""
    inherited_from: str | None = None
    grade: str = ""


_system_row = decoder(_SystemRow)
_claim_rows = decoder(list[_ClaimRow])


class LazySystems(Mapping[str, System]):
    """Systems by id, each decoded the first time it is asked for."""

    def __init__(self, data: Bytes, places: Mapping[str, _Place], start: int) -> None:
        self._data = data
        self._places = places
        self._start = start
        self._done: dict[str, System] = {}

    def __getitem__(self, name: str) -> System:
        system = self._done.get(name)
        if system is None:
            start, end = self._places[name]
            row = _system_row(self._data[self._start + start : self._start + end])
            system = self._done[name] = _system(row, StoredClaims(row, self._data, self._start + end))
        return system

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, name: object) -> bool:
        return name in self._places


class StoredClaims(Sequence[Claim]):
    """The claims of a system as they lie in the file: those about one property are decoded when they are asked for.

    A decision reads a quarter of the claims there are.
    """

    def __init__(self, row: _SystemRow, data: Bytes, start: int) -> None:
        self._row = row
        self._data = data
        self._start = start
        self._about: dict[str, tuple[Claim, ...]] = {}
        self._all: tuple[Claim, ...] | None = None

    def about(self, name: str) -> tuple[Claim, ...]:
        """Claims about one property, in the order of the file."""
        found = self._about.get(name)
        if found is None:
            place = self._row.places.get(name)
            if place is None:
                return ()
            subject, rows = self._row.id, _claim_rows(self._cell(place))
            found = self._about[name] = tuple([_claim(row, subject, name) for row in rows])
        return found

    def __getitem__(self, index: Any) -> Any:
        return self._whole()[index]

    def __len__(self) -> int:
        return len(self._whole())

    def __iter__(self) -> Iterator[Claim]:
        return iter(self._whole())

    def __eq__(self, other: object) -> bool:
        return self._whole() == (other._whole() if isinstance(other, StoredClaims) else other)

    def __hash__(self) -> int:
        return hash(self._whole())

    def __repr__(self) -> str:
        return repr(self._whole())

    def _whole(self) -> tuple[Claim, ...]:
        if self._all is None:
            claims = [claim for name in self._row.places for claim in self.about(name)]
            placed = zip(decoded(list[int], self._cell(self._row.order)), claims, strict=True)
            self._all = tuple([claim for _, claim in sorted(placed, key=lambda pair: pair[0])])
        return self._all

    def _cell(self, place: _Place) -> bytes:
        return self._data[self._start + place[0] : self._start + place[1]]


def about(system: System, name: str) -> tuple[Claim, ...]:
    """The claims of a system about one property, without decoding the others."""
    if isinstance(system.claims, StoredClaims):
        return system.claims.about(name)
    return tuple([claim for claim in system.claims if claim.property == name])


class Overlay(Mapping[str, System]):
    """Systems of one mapping, some of them replaced."""

    def __init__(self, base: Mapping[str, System], changed: Mapping[str, System]) -> None:
        self._base = base
        self._changed = changed

    def __getitem__(self, name: str) -> System:
        return self._changed[name] if name in self._changed else self._base[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._base)

    def __len__(self) -> int:
        return len(self._base)


def encode(catalog: Catalog) -> str:
    """The text of the compiled file; the catalogue's own `version` is replaced by the digest of its content."""
    rows = [_encode_system(system) for system in catalog.systems.values()]
    lines = [_dump(row) for row in rows]
    head: dict[str, Any] = {
        "ids": list(catalog.systems),
        "layers": {
            layer.value: [system.id for system in catalog.systems.values() if layer in system.layers] for layer in Layer
        },
        "aliases": dict(catalog.aliases),
        "properties": to_plain(tuple(catalog.properties.values())),
        "axes": to_plain(catalog.axes),
        "constants": dict(catalog.constants),
        "snapshot": catalog.snapshot.isoformat(),
    }
    digest = sha256("\n".join([_dump({"schema": _CONTENT, **head}), *lines]).encode()).hex()[:16]
    laid_out = [_laid_out(row) for row in rows]
    texts = ["".join(cells) for cells in laid_out]
    ends = list(itertools.accumulate(_size(text) for text in texts))
    places = [(start, start + _size(cells[0])) for start, cells in zip([0, *ends], laid_out, strict=False)]
    return _dump({"schema": SCHEMA, **head, "version": digest, "places": places}) + "\n" + "".join(texts)


def decode(text: str | Bytes) -> Catalog | None:
    """The catalogue of a compiled file; None when the file is of another version of bakeoff."""
    data = text.encode() if isinstance(text, str) else text
    start = data.find(b"\n") + 1
    line = data[:start]
    if not line.startswith(_BEGINNING):
        return None
    head = decoded(_Head, line)
    return Catalog(
        systems=LazySystems(data, dict(zip(head.ids, head.places, strict=True)), start),
        aliases=head.aliases,
        properties={item.id: item for item in head.properties},
        axes=head.axes,
        constants=head.constants,
        snapshot=head.snapshot,
        version=head.version,
        by_layer=head.layers,
    )


def version_of(text: str) -> str:
    """The version a compiled file states: the digest of its content."""
    return decoded(_Head, text.partition("\n")[0]).version


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _encode_system(system: System) -> list[Any]:
    """A row: head fields, the evidence of the whole system once, and claims that point into it."""
    table: dict[Evidence, int] = {}

    def cite(evidence: tuple[Evidence, ...]) -> list[int]:
        return [table.setdefault(item, len(table)) for item in evidence]

    state = system.lifecycle
    claims = [_encode_claim(claim, cite(claim.evidence)) for claim in system.claims]
    since = state.since.isoformat() if state.since else None
    lifecycle = [state.status.value, since, cite(state.evidence)]
    return [
        [system.id, system.name, list(system.layers), system.summary, system.licence, system.governance],
        [
            system.vendor,
            system.packages,
            system.aliases,
            system.lineage,
            system.parent,
            system.closed,
            system.notes,
            system.suffixes,
        ],
        [[item.system, item.properties, item.because] for item in system.inherits],
        [_encode_evidence(item) for item in table],
        lifecycle,
        claims,
    ]


def _laid_out(row: list[Any]) -> list[str]:
    """A system's row as cells: what is not claimed, the claims by property with their evidence, and their order."""
    head, more, inherits, table, (status, since, cited), claims = row
    known = [_shortened(evidence, Evidence) for evidence in table]
    groups: dict[str, list[list[Any]]] = {}
    places: dict[str, list[int]] = {}
    for place, (name, about_, value, answered, other, where, evidence, via, *rest, file, grade) in enumerate(claims):
        found = [name, value, answered, other, where, [known[index] for index in evidence], file, via, *rest, grade]
        groups.setdefault(about_, []).append(_shortened(found, _ClaimRow))
        places.setdefault(about_, []).append(place)
    cells = [_dump(found) for found in groups.values()]
    cells.append(_dump([place for found in places.values() for place in found]))
    ends = list(itertools.accumulate(map(_size, cells)))
    spans = list(itertools.pairwise([0, *ends]))
    lifecycle = [status, since, [known[index] for index in cited]]
    first = [*head, *more, inherits, lifecycle, dict(zip(groups, spans, strict=False)), spans[-1]]
    return [_dump(first), *cells]


def _size(text: str) -> int:
    return len(text.encode())


def _shortened(row: list[Any], kind: type[Struct]) -> list[Any]:
    """A record's row without the values at its end that are its defaults: reading it fills them in again.

    >>> _shortened(["registry", "pkg", "2026-01-01", "2026-01-02", "says", 50.0, None], Evidence)[4:]
    ['says', 50.0]
    """
    usual = kind.__struct_defaults__
    first = len(kind.__struct_fields__) - len(usual)
    kept = row[:]
    while len(kept) > first and kept[-1] == usual[len(kept) - 1 - first]:
        kept.pop()
    return kept


def _encode_evidence(item: Evidence) -> list[Any]:
    interval = [item.interval.low, item.interval.mid, item.interval.high] if item.interval else None
    row: list[Any] = [item.kind.value, item.source, item.observed.isoformat(), item.read.isoformat(), item.says]
    rest: list[Any] = [item.value, interval, item.by_vendor, item.method, item.superseded, item.run]
    return row + rest if any(rest) or item.value is not None else row


def _encode_claim(claim: Claim, evidence: list[int]) -> list[Any]:
    value = claim.value.value if isinstance(claim.value, Answer) else claim.value
    scope = claim.scope
    where = None
    if scope != EVERYWHERE:
        where = [
            scope.versions,
            scope.device,
            scope.os,
            scope.python,
            scope.domain,
            scope.activity,
            scope.precision,
            scope.language,
        ]
    row = [claim.id, claim.property, value, isinstance(claim.value, Answer), claim.object, where, evidence]
    rest = [
        claim.via,
        claim.note,
        claim.because,
        claim.settled_by,
        claim.inherited_from,
        claim.source_file,
        claim.grade,
    ]
    return row + rest


def _system(row: _SystemRow, claims: StoredClaims) -> System:
    return System(
        id=row.id,
        name=row.name,
        layers=row.layers,
        summary=row.summary,
        licence=row.licence,
        governance=row.governance,
        vendor=row.vendor,
        packages=row.packages,
        aliases=row.aliases,
        lineage=row.lineage,
        parent=row.parent,
        lifecycle=row.lifecycle,
        closed=row.closed,
        inherits=row.inherits,
        # Ugly, because everywhere else claims are a tuple, and only who asks for some of them can tell.
        claims=cast("tuple[Claim, ...]", claims),
        notes=row.notes,
        suffixes=row.suffixes,
    )


def _claim(row: _ClaimRow, subject: str, about_: str) -> Claim:
    return Claim(
        row.id, subject, about_, _ANSWERS[row.value] if row.answered else row.value, row.object, row.via,
        EVERYWHERE if row.scope is None else row.scope, row.note, row.because, row.evidence, row.settled_by,
        row.inherited_from, row.source_file, row.grade,
    )  # fmt: skip
