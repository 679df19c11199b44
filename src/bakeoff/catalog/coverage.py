"""How much of the catalogue is known, and how well: by layer, by kind of evidence, and for what decisions read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.catalog.model import Answer, Catalog, Claim, Layer, Lifecycle, PropertyKind, System

STRENGTH = tuple(EvidenceKind)
"""Kinds of evidence, strongest first."""


@dataclass(frozen=True, slots=True)
class LayerCoverage:
    """What is known about the systems whose home is one layer."""

    layer: str
    """Layer."""
    systems: int
    """How many systems."""
    claims: int
    """How many claims about them, inherited ones included."""
    by_kind: Mapping[str, int]
    """Claims by the strongest kind of evidence behind them; `none` for explicit unknowns."""
    cells: int
    """Measures and capabilities asked of these systems."""
    unknown_share: float
    """Share of those cells without an answer, 0..1."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the catalogue is known."""

    systems: int
    """How many systems."""
    claims: int
    """How many claims."""
    by_kind: Mapping[str, int]
    """Claims by the strongest kind of evidence behind them; `none` for explicit unknowns."""
    above_impression_share: float
    """Share of the claims counted that have evidence above an impression, 0..1; unknowns count as not."""
    lint_errors: int | None
    """Errors of the lints, where they were run."""
    layers: tuple[LayerCoverage, ...]
    """By layer, the layers of a stack first."""
    decisive: bool
    """Only claims that decisions read were counted."""
    properties: Mapping[str, int]
    """Claims by property, most first."""


def coverage(catalog: Catalog, *, read: Iterable[str] | None = None, lint_errors: int | None = None) -> Coverage:
    """Counts what is known.

    Args:
        catalog: The catalogue.
        read: Ids of the claims that some decisions read (`Decision.read`); then only these are counted, once each.
        lint_errors: Errors of the lints, where somebody ran them.
    """
    chosen = None if read is None else set(read)
    counted = [
        claim for system in catalog.systems.values() for claim in system.claims if chosen is None or claim.id in chosen
    ]
    kinds = Counter(kind_of(claim) for claim in counted)
    above = sum(count for kind, count in kinds.items() if kind not in ("none", EvidenceKind.IMPRESSION.value))
    held = {claim.id for claim in counted}
    return Coverage(
        systems=len(catalog.systems),
        claims=len(counted),
        by_kind=_ordered(kinds),
        above_impression_share=above / len(counted) if counted else 0.0,
        lint_errors=lint_errors,
        layers=tuple(_layer(catalog, layer, held) for layer in Layer),
        decisive=chosen is not None,
        properties=dict(Counter(claim.property for claim in counted).most_common()),
    )


def kind_of(claim: Claim) -> str:
    """The strongest kind of live evidence behind a claim; `none` for an explicit unknown or nothing."""
    live = [item for item in claim.evidence if not item.superseded]
    if claim.value is Answer.UNKNOWN or not live:
        return "none"
    return min(live, key=_rank).kind.value


def _rank(item: Evidence) -> int:
    return STRENGTH.index(item.kind)


def _layer(catalog: Catalog, layer: Layer, held: set[str]) -> LayerCoverage:
    systems = [system for system in catalog.layer(layer) if system.layers[0] is layer]
    claims = [claim for system in systems for claim in system.claims if claim.id in held]
    cells = known = 0
    for system in systems:
        if system.lifecycle.status is not Lifecycle.HISTORIC:
            asked, answered = _cells(catalog, system)
            cells += asked
            known += answered
    return LayerCoverage(
        layer=layer.value,
        systems=len(systems),
        claims=len(claims),
        by_kind=_ordered(Counter(kind_of(claim) for claim in claims)),
        cells=cells,
        unknown_share=1 - known / cells if cells else 0.0,
    )


def _cells(catalog: Catalog, system: System) -> tuple[int, int]:
    """How many properties are asked of a system by name of its layer, and how many of them somebody answered."""
    asked = {
        about.id
        for about in catalog.properties.values()
        if about.kind in (PropertyKind.MEASURE, PropertyKind.CAPABILITY) and system.layers[0] in about.layers
    }
    known = {claim.property for claim in system.claims if claim.value is not Answer.UNKNOWN}
    return len(asked), len(asked & known)


def _ordered(kinds: Counter[str]) -> dict[str, int]:
    return {kind: kinds[kind] for kind in (*(item.value for item in STRENGTH), "none") if kinds[kind]}
