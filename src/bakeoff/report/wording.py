"""How figures and records are put into words, the same on every page, record and summary."""

from __future__ import annotations

from datetime import date

from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.catalog.model import Catalog, Claim, Property, PropertyKind
from bakeoff.decide.model import RankedStack, Verdict

THIN = "\u202f"
"""Narrow space that never breaks: between a figure and its unit, and between thousands."""

KINDS = {
    EvidenceKind.MEASURED_HERE: "measured here",
    EvidenceKind.REGISTRY: "package registry",
    EvidenceKind.MEASURED_ELSEWHERE: "measured elsewhere",
    EvidenceKind.DOCUMENTED: "documented",
    EvidenceKind.REPORTED: "reported",
    EvidenceKind.IMPRESSION: "impression",
}
"""Name on screen of each kind of evidence, strongest first."""

VERDICTS = {
    Verdict.DECIDED: "Decided",
    Verdict.LEANING: "Leaning",
    Verdict.TOSS_UP: "Toss-up",
    Verdict.IMPOSSIBLE: "Impossible",
}
"""Name on screen of each verdict."""


def percent(share: float) -> str:
    """A share in whole percent; never 0 or 100 unless it is.

    >>> percent(0.5), percent(0.001), percent(0.999), percent(1.0)
    ('50\u202f%', '<\u202f1\u202f%', '>\u202f99\u202f%', '100\u202f%')
    """
    whole = round(100 * share)
    if whole == 0 and share > 0:
        return f"<{THIN}1{THIN}%"
    if whole == 100 and share < 1:
        return f">{THIN}99{THIN}%"
    return f"{whole}{THIN}%"


def times(value: float) -> str:
    """A ratio with three significant digits and a multiplication sign.

    >>> times(1.9), times(0.12345), times(15.27)
    ('1.90×', '0.123×', '15.3×')
    """
    decimals = 2 if 1 <= value < 10 else 1 if 10 <= value < 100 else 0 if value >= 100 else 3
    return f"{value:.{decimals}f}×"


def points(value: float) -> str:
    """Points on the 0..100 scale, to one decimal below ten and whole above.

    >>> points(72.4), points(3.25)
    ('72', '3.2')
    """
    return f"{value:.1f}" if abs(value) < 10 and value != 0 else f"{value:.0f}"


def count(value: int) -> str:
    """A whole number with thin spaces between thousands.

    >>> count(10000)
    '10\u202f000'
    """
    return f"{value:,}".replace(",", THIN)


def between(interval: Interval) -> str:
    """The bounds of an interval in points."""
    return f"{points(interval.low)}–{points(interval.high)}"


def speed_of(ratio: Interval) -> Interval:
    """Turns a ratio of times into a ratio of speeds: above 1 is faster."""
    return Interval(1 / ratio.high, 1 / ratio.mid, 1 / ratio.low)


def age(observed: date, today: date) -> str:
    """How long ago something was true.

    >>> age(date(2026, 5, 17), date(2026, 11, 22)), age(date(2026, 11, 22), date(2026, 11, 22))
    ('6 months ago', 'today')
    """
    days = (today - observed).days
    if days <= 0:
        return "today"
    if days < 60:
        return f"{days} day{'s' if days > 1 else ''} ago"
    if days < 730:
        return f"{round(days / 30.44)} months ago"
    return f"{round(days / 365.25)} years ago"


def systems(name: str) -> str:
    """The systems of a stack given by its key, in a line.

    >>> systems("framework=keras library=keras format=onnx")
    'keras · onnx'
    """
    return " · ".join(dict.fromkeys(part.partition("=")[2] or part for part in name.split()))


def brief(stack: RankedStack) -> str:
    """A stack as its systems, joined for a sentence."""
    return " + ".join(dict.fromkeys(one.system for one in stack.components))


def stack_claims(stack: RankedStack) -> tuple[str, ...]:
    """Every claim a stack's place stands on: its value's, then its joins', then its conditions'."""
    valued = [claim for axis in stack.axes for claim in axis.claims]
    return tuple(dict.fromkeys([*valued, *stack.joins, *stack.conditions]))


def statement(claim: Claim, catalog: Catalog) -> str:
    """A claim as one sentence, without its evidence."""
    subject = name_of(claim.subject, catalog)
    described = catalog.properties.get(claim.property)
    if claim.object is not None:
        via = f" {name_of(claim.via, catalog)} to" if claim.via else ""
        verb = claim.property.replace("_", " ")
        return f"{subject} {verb}{via} {name_of(claim.object, catalog)}: {claim.value}"
    if isinstance(claim.value, float | int) and described is not None:
        grade = f" ({claim.grade})" if claim.grade else ""
        return f"{subject}, {_title(described)}: {points(float(claim.value))} of 100{grade}"
    return f"{subject}, {_title(described) if described else claim.property}: {claim.value}"


def meaning(claim: Claim, catalog: Catalog) -> str:
    """What the ends of a measure's scale mean; empty for anything else."""
    described = catalog.properties.get(claim.property)
    if described is None or described.kind is not PropertyKind.MEASURE:
        return ""
    ends = f"0 = {described.anchor_0}; 100 = {described.anchor_100}"
    grade = next((grade for grade in described.grades if grade.name == claim.grade), None)
    return f"{grade.name}: {grade.when} {ends}" if grade else ends


def name_of(system: str | None, catalog: Catalog) -> str:
    """A system's name as its makers write it; the id itself where it is not catalogued, empty for none."""
    found = catalog.find(system) if system else None
    return found.name if found else system or ""


def _title(described: Property) -> str:
    return described.id.replace("_", " ")
