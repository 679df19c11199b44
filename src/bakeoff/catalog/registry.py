"""What the package indexes told: one JSON file per system, written by `refresh`, turned into claims at load.

A fact counts only for what it proves: a wheel tag says that a file exists, never that it works.
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from bakeoff.base.evidence import Evidence, EvidenceKind
from bakeoff.base.records import from_plain
from bakeoff.catalog.model import Claim

SCHEMA = 1
"""Version of the registry files."""
PROPERTIES = frozenset(
    {
        "latest_version",
        "newest_release",
        "first_release",
        "requires_python",
        "wheel_tags",
        "download_bytes",
        "declared_licence",
        "release_cadence",
    }
)
"""What a registry proves; nobody writes these by hand."""
_MONTH_DAYS = 30
_SILENT_DAYS = 1095


@dataclass(frozen=True, slots=True)
class Release:
    """One release of one package."""

    version: str
    """As the registry writes it."""
    released: date
    """Day of its first file."""
    final: bool
    """Neither a pre-release nor a development release."""
    yanked: bool
    """Every file of it was withdrawn."""


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """One package as its registry described it."""

    purl: str
    """The package, without a version."""
    latest: str
    """Newest final release that was not withdrawn, by version order; empty when there is none."""
    releases: tuple[Release, ...]
    """All releases, oldest version first."""
    requires_python: str = ""
    """Range the newest release declares; empty when it declares none or is not a Python package."""
    wheel_tags: tuple[str, ...] = ()
    """`python-abi-platform` of the newest release's wheels, sorted; empty for source-only releases."""
    source_only: bool = False
    """The newest release has no wheel."""
    download_bytes: tuple[int, int] | None = None
    """Smallest and largest file of the newest release; None where the registry does not say."""
    licence: str = ""
    """Licence the package declares, shortened to its first line; empty when it declares none."""


@dataclass(frozen=True, slots=True)
class RegistryFile:
    """What was read about one system's packages."""

    schema: int
    """Version of this record."""
    system: str
    """System id."""
    read: date
    """Day it was read."""
    snapshot: date
    """Newest release date the index knew among all that was read that day: what "today" is for the index."""
    packages: tuple[PackageFacts, ...]
    """In the order of the system's purls."""


def parse(text: str, where: str) -> RegistryFile:
    """Reads a registry file.

    Raises:
        ValueError: If it is not what `refresh` writes; names the place.
    """
    return from_plain(RegistryFile, json.loads(text), where)


def claims(file: RegistryFile) -> tuple[Claim, ...]:
    """The claims a registry file proves, about the first package that has a final release.

    Args:
        file: What was read.
    """
    for facts in file.packages:
        if facts.latest:
            return tuple(_claims(file, facts))
    return ()


def _claims(file: RegistryFile, facts: PackageFacts) -> Iterator[Claim]:
    newest = next(release for release in facts.releases if release.version == facts.latest)
    first = min(facts.releases, key=lambda release: release.released)

    def claim(name: str, value: float | str, release: Release, says: str) -> Claim:
        evidence = Evidence(
            kind=EvidenceKind.REGISTRY,
            source=f"{facts.purl}@{release.version}",
            observed=release.released if isinstance(value, str) else file.snapshot,
            read=file.read,
            says=says,
        )
        return Claim(
            id=f"{file.system}.{name}",
            subject=file.system,
            property=name,
            value=value,
            evidence=(evidence,),
            source_file=f"registry/{file.system}.json",
        )

    day = newest.released.isoformat()
    yield claim("latest_version", facts.latest, newest, f"The newest final release is {facts.latest}, of {day}.")
    yield claim("newest_release", day, newest, f"{facts.latest} was released on {day}.")
    yield claim("first_release", first.released.isoformat(), first, f"{first.version} is the oldest release listed.")
    if facts.requires_python:
        yield claim("requires_python", facts.requires_python, newest, f"Declares Python {facts.requires_python}.")
    if facts.wheel_tags or facts.source_only:
        tags = " ".join(facts.wheel_tags) or "none: source only"
        yield claim("wheel_tags", tags, newest, "Files of these tags exist; whether they work is another question.")
    if facts.download_bytes:
        low, high = facts.download_bytes
        yield claim("download_bytes", str(low) if low == high else f"{low}..{high}", newest, "Size of its files.")
    if facts.licence:
        yield claim("declared_licence", facts.licence, newest, "Licence field of the package metadata.")
    cadence = release_cadence(facts.releases, file.snapshot)
    if cadence is not None:
        points, says = cadence
        yield claim("release_cadence", round(points, 1), newest, says)


def release_cadence(releases: tuple[Release, ...], snapshot: date) -> tuple[float, str] | None:
    """Points for how regularly something is released, and why; None without a final release.

    The gap that counts is the longer of: the median gap between days with a final release over the last two years,
    and the days since any release (pre-releases count: they show that somebody is at work). Thirty days or less are
    100 points, three years or more 0, in between linear in the logarithm. Days are counted up to `snapshot`, since an
    index may lag behind the calendar.
    """
    final = sorted({release.released for release in releases if release.final and not release.yanked})
    if not final:
        return None
    since = snapshot - timedelta(days=730)
    recent = [day for day in final if day >= since]
    gaps = [(later - earlier).days for earlier, later in itertools.pairwise(recent)]
    silent = max(0, (snapshot - max(release.released for release in releases)).days)
    gap = max(silent, statistics.median(gaps) if gaps else silent)
    clipped = min(max(gap, _MONTH_DAYS), _SILENT_DAYS)
    points = 100 * (1 - math.log(clipped / _MONTH_DAYS) / math.log(_SILENT_DAYS / _MONTH_DAYS))
    middle = f", median gap {statistics.median(gaps):g} days" if gaps else ""
    says = f"{len(recent)} days with final releases in two years{middle}, {silent} days since any release"
    return points, f"{says}, as of {snapshot.isoformat()}."
