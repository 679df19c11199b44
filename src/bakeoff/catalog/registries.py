"""Asking package registries, through the client each has: what a reader promises, and what none of them may do.

A reader names no host: it uses the client's own configuration or default. It returns facts or the reason why not.
"""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from urllib.parse import unquote

from packaging.version import InvalidVersion, Version

from bakeoff.catalog.registry import PackageFacts, Release

_CARGO_VERSION = re.compile(r"(\S+)(?: \(latest (\S+)\))?")
_CLIENT_LIMIT_S = 120
_MOST_INVERSIONS = 0.1
_DAY_LIKE = 19_000_000
_SLIPS = 0.1


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was taken over about a package."""

    purl: str
    """The package, or the kind of registry when all of it is refused."""
    why: str
    """In words, the client's own where it gave any."""


class Reader(Protocol):
    """One kind of registry."""

    @property
    def scheme(self) -> str:
        """Beginning of the purls it reads, such as `pkg:pypi/`."""

    def canary(self) -> Refusal | None:
        """Reads something whose facts never change; a refusal means that this registry cannot be trusted today."""

    def read(self, purl: str) -> PackageFacts | Refusal:
        """What the registry says about one package."""


def name_of(purl: str) -> str:
    """The name of a package as its client wants it.

    >>> name_of("pkg:npm/%40huggingface/transformers"), name_of("pkg:pypi/mlx")
    ('@huggingface/transformers', 'mlx')
    """
    return unquote(purl.split("/", 1)[1])


def version_of(text: str) -> Version | None:
    """A version that can be ordered, or None."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def listed(releases: Iterable[Release]) -> tuple[str, tuple[str, ...]]:
    """The newest final release that was not withdrawn, and the lines worth keeping: finals and the newest pre-release.

    Versions that cannot be ordered are left out: they are older than the rules of versions, or somebody's build. So
    are a few versions that look like a day among many that do not: such a slip would hide every later release.
    """
    ordered = [(version, item) for item in releases if (version := version_of(item.version)) is not None]
    ordered.sort(key=lambda pair: pair[0])
    days = [pair for pair in ordered if pair[0].major >= _DAY_LIKE]
    if len(days) <= _SLIPS * (len(ordered) - len(days)):
        ordered = [pair for pair in ordered if pair not in days]
    finals = [item for _, item in ordered if item.final]
    valid = [item for item in finals if not item.yanked]
    before = [item for _, item in ordered if not item.final]
    # Of equal days, or none, the last in version order.
    newest_pre = max(reversed(before), key=lambda item: item.released or date.min, default=None)
    kept = [item for _, item in ordered if item.final or item is newest_pre]
    return (valid[-1].version if valid else ""), tuple(item.line() for item in kept)


def with_trusted_dates(releases: Sequence[Release]) -> tuple[tuple[Release, ...], str]:
    """The releases, without their dates where these contradict the order of versions; and then why.

    Some mirrors date a release by the day they copied it: then old versions look newer than their successors.
    """
    finals = [(version_of(item.version), item.released) for item in releases if item.final and item.released]
    ordered = [day for version, day in sorted((v, d) for v, d in finals if v is not None and d is not None)]
    backwards = sum(later < earlier for earlier, later in itertools.pairwise(ordered))
    # Fixes for an older line come after its successor now and then; a mirror's copying shows everywhere.
    if backwards > max(1, _MOST_INVERSIONS * len(ordered)):
        undated = tuple(Release(item.version, None, item.final, item.yanked) for item in releases)
        return undated, f"{backwards} of {len(ordered)} releases are dated before an older version: dates dropped"
    return tuple(releases), ""


def ask(program: str, arguments: Sequence[str], purl: str) -> str | Refusal:
    """Runs a registry's own client in an empty folder, away from anybody's project, and returns what it printed."""
    found = shutil.which(program)
    if found is None:
        return Refusal(purl, f"{program} is not installed")
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(  # noqa: S603 - a client found on PATH, with arguments from our own catalogue
                [found, *arguments], cwd=folder, capture_output=True, text=True, timeout=_CLIENT_LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired:
            return Refusal(purl, f"{program} gave no answer within {_CLIENT_LIMIT_S} s")
    if done.returncode != 0:
        words = " ".join(done.stderr.split())[-300:]
        return Refusal(purl, f"{program} failed: {words or f'exit code {done.returncode}'}")
    return done.stdout


class Npm:
    """npm's registry, through the npm client and its configuration."""

    @property
    def scheme(self) -> str:
        """Beginning of its purls."""
        return "pkg:npm/"

    def canary(self) -> Refusal | None:
        """The client is a package of its own registry, under a licence that is its own too."""
        facts = self.read("pkg:npm/npm")
        if isinstance(facts, Refusal):
            return facts
        return None if facts.licence == "Artistic-2.0" else Refusal(self.scheme, f"says npm is {facts.licence!r}")

    def read(self, purl: str) -> PackageFacts | Refusal:
        """Versions, licence and, where they can be trusted, dates."""
        text = ask("npm", ["view", name_of(purl), "name", "versions", "time", "license", "--json"], purl)
        if isinstance(text, Refusal):
            return text
        try:
            answer = json.loads(text)
        except ValueError:
            return Refusal(purl, "npm answered something that is not JSON")
        return npm_facts(purl, answer)


def npm_facts(purl: str, answer: Mapping[str, Any]) -> PackageFacts | Refusal:
    """The facts in what `npm view NAME name versions time license --json` printed."""
    if answer.get("name") != name_of(purl):
        return Refusal(purl, f"asked for {name_of(purl)}, was told about {answer.get('name')!r}")
    versions = answer.get("versions") or []
    times = answer.get("time") or {}
    releases = []
    for text in [versions] if isinstance(versions, str) else versions:
        version = version_of(text)
        stamp = times.get(text)
        day = date.fromisoformat(stamp[:10]) if isinstance(stamp, str) else None
        final = version is not None and not version.is_prerelease and "-" not in text
        releases.append(Release(text, day, final))
    trusted, _ = with_trusted_dates(releases)
    latest, lines = listed(trusted)
    licence = answer.get("license")
    return PackageFacts(purl, latest, lines, licence=licence if isinstance(licence, str) else "")


class Cargo:
    """The crate registry, through cargo and its configuration. cargo tells the newest version only, without a date."""

    @property
    def scheme(self) -> str:
        """Beginning of its purls."""
        return "pkg:cargo/"

    def canary(self) -> Refusal | None:
        """A crate everybody uses has been under both licences since 2015."""
        facts = self.read("pkg:cargo/serde")
        if isinstance(facts, Refusal):
            return facts
        good = facts.licence == "MIT OR Apache-2.0"
        return None if good else Refusal(self.scheme, f"says serde is {facts.licence!r}")

    def read(self, purl: str) -> PackageFacts | Refusal:
        """Newest version and licence."""
        text = ask("cargo", ["info", "--quiet", "--color", "never", name_of(purl)], purl)
        return text if isinstance(text, Refusal) else cargo_facts(purl, text)


def cargo_facts(purl: str, text: str) -> PackageFacts | Refusal:
    """The facts in what `cargo info NAME` printed."""
    rows = dict(line.split(": ", 1) for line in text.splitlines()[1:] if ": " in line and not line.startswith(" "))
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    if first != name_of(purl):
        return Refusal(purl, f"asked for {name_of(purl)}, was told about {first!r}")
    found = _CARGO_VERSION.match(rows.get("version", ""))
    version = version_of((found.group(2) or found.group(1)) if found else "")
    if version is None:
        return Refusal(purl, "cargo named no version")
    if found and found.group(2) and version.is_prerelease:
        return Refusal(
            purl, f"cargo shows {found.group(1)}, which is what this machine's compiler takes, not the newest"
        )
    release = Release(str(version), None, final=not version.is_prerelease)
    latest, lines = listed([release])
    licence = rows.get("license", "")
    return PackageFacts(purl, latest, lines, licence="" if licence == "unknown" else licence)
