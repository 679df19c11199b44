"""What the package indexes told: one JSON file per system, written by `refresh`, turned into claims at load.

A fact counts only for what it proves: a wheel tag says that a file exists, never that it works.
"""

from __future__ import annotations

import itertools
import json
import math
import re
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
_OLD_MANYLINUX = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
_MONTH_DAYS = 30
_SILENT_DAYS = 1095


@dataclass(frozen=True, slots=True)
class Release:
    """One release of one package."""

    version: str
    """As the registry writes it."""
    released: date | None
    """Day of its first file; None where the registry gives no date one could trust."""
    final: bool
    """Neither a pre-release nor a development release."""
    yanked: bool = False
    """Every file of it was withdrawn."""

    def line(self) -> str:
        """The release as one line of a registry file.

        >>> Release("2.0", date(2026, 1, 2), True).line()
        '2.0 2026-01-02'
        """
        marks = [*([] if self.final else ["pre"]), *(["yanked"] if self.yanked else [])]
        return " ".join([self.version, self.released.isoformat() if self.released else "undated", *marks])

    @classmethod
    def read(cls, line: str) -> Release:
        """The release of a line.

        Raises:
            ValueError: If it is not such a line.

        >>> Release.read("2.0rc1 undated pre")
        Release(version='2.0rc1', released=None, final=False, yanked=False)
        """
        version, day, *marks = line.split(" ")
        if set(marks) - {"pre", "yanked"}:
            raise ValueError(f"not a release: {line!r}")
        released = None if day == "undated" else date.fromisoformat(day)
        return cls(version, released, final="pre" not in marks, yanked="yanked" in marks)


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """One package as its registry described it."""

    purl: str
    """The package, without a version."""
    latest: str
    """Newest final release that was not withdrawn, by version order; empty when there is none."""
    lines: tuple[str, ...]
    """Final releases and the newest pre-release, oldest version first, each as `Release.line` writes it."""
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

    @property
    def releases(self) -> tuple[Release, ...]:
        """The releases, oldest version first."""
        return tuple(map(Release.read, self.lines))


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
    releases = facts.releases
    newest = next(release for release in releases if release.version == facts.latest)

    def claim(name: str, value: float | str, says: str, *, observed: date | None = None) -> Claim:
        evidence = Evidence(
            kind=EvidenceKind.REGISTRY,
            source=f"{facts.purl}@{facts.latest}",
            observed=observed or newest.released or file.read,
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

    yield claim("latest_version", facts.latest, f"The newest final release is {facts.latest}.")
    if newest.released:
        day = newest.released.isoformat()
        yield claim("newest_release", day, f"{facts.latest} was released on {day}.")
    dated = [(release.released, release) for release in releases if release.released]
    if dated:
        day_of_first, first = min(dated, key=lambda pair: pair[0])
        says = f"{first.version}, of {day_of_first.isoformat()}, is the oldest release listed."
        yield claim("first_release", day_of_first.isoformat(), says)
    if facts.requires_python:
        yield claim("requires_python", facts.requires_python, f"Declares Python {facts.requires_python}.")
    if facts.wheel_tags or facts.source_only:
        tags = " ".join(facts.wheel_tags) or "none: source only"
        exist = f"Files of these tags exist{floors(facts.wheel_tags)}" if facts.wheel_tags else "No wheel, only sources"
        yield claim("wheel_tags", tags, f"{exist}; whether they work is open.")
    if facts.download_bytes:
        low, high = facts.download_bytes
        yield claim("download_bytes", str(low) if low == high else f"{low}..{high}", "Size in bytes of its files.")
    if facts.licence:
        yield claim("declared_licence", facts.licence, "Licence field of the package metadata.")
    cadence = release_cadence(releases, file.snapshot)
    if cadence is not None:
        points, says = cadence
        yield claim("release_cadence", round(points, 1), says, observed=file.snapshot)


def floors(tags: tuple[str, ...]) -> str:
    """The oldest glibc and macOS the wheels accept, in words; empty when no tag names one.

    >>> floors(("cp312-cp312-manylinux_2_28_x86_64", "cp312-cp312-macosx_14_0_arm64"))
    ' (glibc 2.28 or newer, macOS 14.0 or newer)'
    """
    text = " ".join(tags)
    glibc = [(int(major), int(minor)) for major, minor in re.findall(r"manylinux_(\d+)_(\d+)_", text)]
    glibc += [_OLD_MANYLINUX[name] for name in re.findall(r"(manylinux(?:1|2010|2014))_", text)]
    macos = [(int(major), int(minor)) for major, minor in re.findall(r"macosx_(\d+)_(\d+)_", text)]
    words = [f"{name} {low[0]}.{low[1]} or newer" for name, low in _lowest(("glibc", glibc), ("macOS", macos))]
    return f" ({', '.join(words)})" if words else ""


def _lowest(*pairs: tuple[str, list[tuple[int, int]]]) -> list[tuple[str, tuple[int, int]]]:
    return [(name, min(versions)) for name, versions in pairs if versions]


def release_cadence(releases: tuple[Release, ...], snapshot: date) -> tuple[float, str] | None:
    """Points for how regularly something is released, and why; None without a final release.

    The gap that counts is the longer of: the median gap between days with a final release over the last two years,
    and the days since any release (pre-releases count: they show that somebody is at work). Thirty days or less are
    100 points, three years or more 0, in between linear in the logarithm. Days are counted up to `snapshot`, since an
    index may lag behind the calendar.
    """
    final = sorted({item.released for item in releases if item.final and not item.yanked and item.released})
    if not final:
        return None
    since = snapshot - timedelta(days=730)
    recent = [day for day in final if day >= since]
    gaps = [(later - earlier).days for earlier, later in itertools.pairwise(recent)]
    silent = max(0, (snapshot - max(item.released for item in releases if item.released)).days)
    gap = max(silent, statistics.median(gaps) if gaps else silent)
    clipped = min(max(gap, _MONTH_DAYS), _SILENT_DAYS)
    points = 100 * (1 - math.log(clipped / _MONTH_DAYS) / math.log(_SILENT_DAYS / _MONTH_DAYS))
    middle = f", median gap {statistics.median(gaps):g} days" if gaps else ""
    says = f"{len(recent)} days with final releases in two years{middle}, {silent} days since any release"
    return points, f"{says}, as of {snapshot.isoformat()}."
