"""Evidence: where a statement comes from, when it was true, and how much that kind of source is worth."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from bakeoff.base.quantity import Interval
from bakeoff.base.record import Struct


class EvidenceKind(StrEnum):
    """How we know: closed vocabulary, strongest first."""

    MEASURED_HERE = "measured-here"
    REGISTRY = "registry"
    MEASURED_ELSEWHERE = "measured-elsewhere"
    DOCUMENTED = "documented"
    REPORTED = "reported"
    IMPRESSION = "impression"


class Evidence(Struct, frozen=True, array_like=True):
    """One source for one claim."""

    kind: EvidenceKind
    """How we know."""
    source: str
    """A pointer precise enough to find the passage: address and section, `run:<id>`, or a purl with a version."""
    observed: date
    """When it was true (publication, release, measurement)."""
    read: date
    """When we saw it."""
    says: str = ""
    """What the source states, in our own words."""
    value: float | None = None
    """Points on the property's 0..100 anchor, where this evidence states its own value."""
    interval: Interval | None = None
    """Points on the property's 0..100 anchor with the measured interval; only for measurements."""
    by_vendor: bool = False
    """The source belongs to the subject's own vendor."""
    method: str = ""
    """How it was measured, for the measured kinds; empty lowers the level."""
    superseded: bool = False
    """Known to be no longer true; kept and shown struck out, never used."""
    run: str | None = None
    """Id of the stored run behind a measurement."""
