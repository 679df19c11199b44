"""The catalogue as one file that loads in milliseconds: a line of indexes, then a line per system, read on demand.

Of a system that is read its claims are not, until somebody asks for those about a property.

The rows are positional, in the order of the records' fields; `SCHEMA` changes with them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, cast

from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.base.records import from_plain, to_plain
from bakeoff.catalog.model import (
    Answer,
    Axis,
    Catalog,
    Claim,
    Grade,
    Inheritance,
    Layer,
    Lifecycle,
    LifecycleState,
    Property,
    PropertyKind,
    Scope,
    System,
)
from bakeoff.catalog.scope import EVERYWHERE

SCHEMA = 3
"""Version of this file format; a file of another version is made anew."""
_CONTENT = 1
"""Version of the form that is digested, which is not how the file is laid out: equal content has an equal digest."""
_CELL = b"\t"
"""Between the cells of a row; JSON writes a tab inside a text another way."""
_ANSWERS = {answer.value: answer for answer in Answer}
_CLAIM = (None, "", "", "", None, "")
"""What most rows of claims end with: via, note, because, settled_by, inherited_from, grade."""
_EVIDENCE = (None, None, False, "", False, None)
"""What most rows of evidence end with: value, interval, by_vendor, method, superseded, run."""
_KINDS = {kind.value: kind for kind in EvidenceKind}


class LazySystems(Mapping[str, System]):
    """Systems by id, each decoded the first time it is asked for."""

    def __init__(self, rows: Mapping[str, bytes]) -> None:
        self._rows = rows
        self._done: dict[str, System] = {}

    def __getitem__(self, name: str) -> System:
        system = self._done.get(name)
        if system is None:
            system = self._done[name] = _decode_system(self._rows[name].split(_CELL))
        return system

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows


class StoredClaims(Sequence[Claim]):
    """The claims of a system as they lie in the file: those about one property are decoded when they are asked for.

    A decision reads a quarter of the claims there are.
    """

    def __init__(self, subject: str, groups: Mapping[str, bytes], places: bytes) -> None:
        self._subject = subject
        self._groups = groups
        self._places = places
        self._about: dict[str, tuple[Claim, ...]] = {}
        self._all: tuple[Claim, ...] | None = None

    def about(self, name: str) -> tuple[Claim, ...]:
        """Claims about one property, in the order of the file."""
        found = self._about.get(name)
        if found is None:
            if name not in self._groups:
                return ()
            rows = _loads(self._groups[name])
            found = self._about[name] = tuple([_decode_claim(row, self._subject, name) for row in rows])
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
            claims = [claim for name in self._groups for claim in self.about(name)]
            placed = zip(_loads(self._places), claims, strict=True)
            self._all = tuple([claim for _, claim in sorted(placed, key=lambda pair: pair[0])])
        return self._all


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
    digest = hashlib.sha256("\n".join([_dump({"schema": _CONTENT, **head}), *lines]).encode()).hexdigest()[:16]
    laid_out = [_laid_out(row) for row in rows]
    return "\n".join([_dump({"schema": SCHEMA, **head, "version": digest}), *laid_out]) + "\n"


def decode(text: str | bytes) -> Catalog | None:
    """The catalogue of a compiled file; None when the file is of another version of bakeoff."""
    first, *rest = (text.encode() if isinstance(text, str) else text).removesuffix(b"\n").split(b"\n")
    head = json.loads(first)
    if head["schema"] != SCHEMA:
        return None
    rows = dict(zip(head["ids"], rest, strict=True))
    properties = [_decode_property(item) for item in head["properties"]]
    return Catalog(
        systems=LazySystems(rows),
        aliases=head["aliases"],
        properties={item.id: item for item in properties},
        axes=tuple(from_plain(Axis, item) for item in head["axes"]),
        constants=head["constants"],
        snapshot=date.fromisoformat(head["snapshot"]),
        version=head["version"],
        by_layer={Layer(name): tuple(ids) for name, ids in head["layers"].items()},
    )


def version_of(text: str) -> str:
    """The version a compiled file states: the digest of its content."""
    return str(json.loads(text.partition("\n")[0])["version"])


def _decode_property(item: dict[str, Any]) -> Property:
    # By hand, because there are a hundred: reading them by their annotations costs more than the rest of the file.
    kind, layers = PropertyKind(item.pop("kind")), tuple(map(Layer, item.pop("layers")))
    grades = tuple(Grade(**grade) for grade in item.pop("grades"))
    return Property(kind=kind, layers=layers, grades=grades, unstated=tuple(item.pop("unstated")), **item)


_DECODER = json.JSONDecoder()


def _loads(cell: bytes) -> Any:
    """The JSON value of a cell; `json.loads` asks each time what it was given, and what follows."""
    return _DECODER.raw_decode(cell.decode())[0]


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


def _laid_out(row: list[Any]) -> str:
    """A system's row as cells: what is not claimed, the claims by property with their evidence, and their order."""
    head, more, inherits, table, (status, since, cited), claims = row
    known = [_shortened(evidence, 5, _EVIDENCE) for evidence in table]
    groups: dict[str, list[list[Any]]] = {}
    places: dict[str, list[int]] = {}
    for place, (name, about_, value, answered, other, where, evidence, via, *rest, file, grade) in enumerate(claims):
        found = [name, value, answered, other, where, [known[index] for index in evidence], file, via, *rest, grade]
        groups.setdefault(about_, []).append(_shortened(found, 7, _CLAIM))
        places.setdefault(about_, []).append(place)
    lifecycle = [status, since, [known[index] for index in cited]]
    first = [head, more, inherits, lifecycle, list(groups)]
    order = [place for found in places.values() for place in found]
    return _CELL.decode().join(map(_dump, [first, *groups.values(), order]))


def _shortened(row: list[Any], start: int, usual: tuple[Any, ...]) -> list[Any]:
    """A row without the values at its end that are the usual ones, `usual` being those from place `start` on.

    >>> _shortened(["a", 1, 2, 3], 1, (0, 2, 3))
    ['a', 1]
    """
    kept = row[:]
    while len(kept) > start and kept[-1] == usual[len(kept) - 1 - start]:
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


def _decode_system(cells: list[bytes]) -> System:
    head, more, inherits, (status, since, known), names = _loads(cells[0])
    claims = StoredClaims(head[0], dict(zip(names, cells[1:-1], strict=True)), cells[-1])
    evidence = tuple([_decode_evidence(row) for row in known])
    return System(
        id=head[0],
        name=head[1],
        layers=tuple(map(Layer, head[2])),
        summary=head[3],
        licence=head[4],
        governance=head[5],
        vendor=more[0],
        packages=tuple(more[1]),
        aliases=tuple(more[2]),
        lineage=tuple(more[3]),
        parent=more[4],
        lifecycle=LifecycleState(Lifecycle(status), date.fromisoformat(since) if since else None, evidence),
        closed=tuple(more[5]),
        inherits=tuple(Inheritance(item[0], tuple(item[1]), item[2]) for item in inherits),
        # Ugly, because everywhere else claims are a tuple, and only who asks for some of them can tell.
        claims=cast("tuple[Claim, ...]", claims),
        notes=more[6],
        suffixes=tuple(more[7]),
    )


def _decode_evidence(row: list[Any]) -> Evidence:
    row += _EVIDENCE[len(row) - 5 :]
    kind, source, observed, read, says, value, interval, by_vendor, method, superseded, run = row
    return Evidence(
        _KINDS[kind], source, date.fromisoformat(observed), date.fromisoformat(read), says,
        value, Interval(*interval) if interval else None, by_vendor, method, superseded, run,
    )  # fmt: skip


def _decode_claim(row: list[Any], subject: str, about_: str) -> Claim:
    row += _CLAIM[len(row) - 7 :]
    name, value, answered, other, where, known, file, via, note, because, settled_by, inherited_from, grade = row
    evidence = tuple([_decode_evidence(item) for item in known])
    scope = _decode_scope(*where) if where else EVERYWHERE
    said = _ANSWERS[value] if answered else value
    return Claim(
        name, subject, about_, said, other, via, scope, note, because,
        evidence, settled_by, inherited_from, file, grade,
    )  # fmt: skip


def _decode_scope(versions: str, *where: Any) -> Scope:
    device, os, python, domain, activity, precision, language = where
    return Scope(
        versions, tuple(device), tuple(os), python, tuple(domain), tuple(activity), tuple(precision), tuple(language)
    )
