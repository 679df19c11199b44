"""Refreshing what package registries prove: read, doubt, write, tell. Touches nothing but `data/registry/*.json`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from bakeoff.base import files, records
from bakeoff.base.errors import InputError, unknown_name
from bakeoff.catalog.load import DATA, Sources
from bakeoff.catalog.model import System
from bakeoff.catalog.registries import Cargo, Npm, Reader, Refusal, version_of
from bakeoff.catalog.registries_pypi import PyPI
from bakeoff.catalog.registries_wheels import WheelFolders
from bakeoff.catalog.registry import SCHEMA, PackageFacts, RegistryFile

_MOST_LOST = 0.1
_MOST_MOVED = 0.05
_SAID_EVERY = 10


@dataclass(frozen=True, slots=True)
class Change:
    """One fact that is different now."""

    system: str
    """System id."""
    purl: str
    """The package."""
    what: str
    """What changed, in words."""


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh did."""

    read: date
    """Day it was read."""
    snapshot: date
    """Newest release date the indexes knew: what every fact is "as of"."""
    packages: int
    """How many packages were read."""
    changes: tuple[Change, ...]
    """What is different now."""
    refused: tuple[Refusal, ...]
    """Packages and registries nothing was taken over from, and why; their old facts stay."""
    written: tuple[str, ...]
    """Files written or removed, relative to the data folder."""


def readers(index: str = "", wheel_folders: Sequence[Path] = ()) -> tuple[Reader, ...]:
    """A reader per kind of registry, the first that passes its canary being used for its kind.

    Args:
        index: Python package index of the user's configuration; empty for the client's default.
        wheel_folders: Folders of wheels of the user's configuration, for when there is no index.
    """
    return (PyPI(index), WheelFolders(wheel_folders), Npm(), Cargo())


def refresh(
    sources: Sources,
    asked: Iterable[Reader],
    *,
    today: date,
    only: Sequence[str] = (),
    data: Path = DATA,
    progress: Callable[[str], None] | None = None,
) -> RefreshReport:
    """Reads the packages of every system, or of `only`, and writes what holds up.

    Args:
        sources: The catalogue with its files and what was read before.
        asked: The registries to ask, as `readers` gives them.
        today: Day of reading.
        only: Ids of systems; all when empty.
        data: Folder whose `registry` is written.
        progress: Told, in a few words, how far it is.

    Raises:
        InputError: If `only` names a system that is not catalogued.
        MachineError: If a file cannot be written.
    """
    systems = _chosen(sources, only)
    trusted, refused = _trusted(asked, systems)
    before = {facts.purl: facts for file in sources.registry for facts in file.packages}
    read: dict[str, PackageFacts] = {}
    asking = list(dict.fromkeys(purl for system in systems for purl in system.packages))
    for place, purl in enumerate(asking):
        if progress is not None and place % _SAID_EVERY == 0:
            progress(f"{place} of {len(asking)} packages read; next {purl}")
        reader = next((item for item in trusted if purl.startswith(item.scheme)), None)
        if reader is None:
            continue
        facts = reader.read(purl)
        doubt = facts if isinstance(facts, Refusal) else doubts(before.get(purl), facts, today)
        if isinstance(facts, PackageFacts) and doubt is None:
            read[purl] = _remembering(before.get(purl), facts)
        elif doubt is not None:
            refused.append(doubt)
    snapshot = _snapshot([*read.values(), *before.values()], today)
    written = _write(systems, sources, read, today=today, snapshot=snapshot, data=data)
    changes = [change for system in systems for change in _changes(system, before, read)]
    return RefreshReport(today, snapshot, len(read), tuple(changes), tuple(refused), tuple(written))


def doubts(old: PackageFacts | None, new: PackageFacts, today: date) -> Refusal | None:
    """Why new facts are not believable beside the old ones, or None when they are."""
    releases = {item.version: item for item in new.releases}
    late = [item.version for item in releases.values() if item.released and item.released > today + timedelta(days=1)]
    if late:
        return Refusal(new.purl, f"releases from the future: {', '.join(late[:3])}")
    if not releases:
        return Refusal(new.purl, "no release that can be ordered")
    if old is None:
        return None
    former = {item.version: item for item in old.releases if item.final}
    lost = [version for version in former if version not in releases]
    # A client that tells the newest version only cannot lose the others.
    if len(releases) > 1 and len(lost) > max(1, _MOST_LOST * len(former)):
        return Refusal(new.purl, f"{len(lost)} of {len(former)} known releases are gone, such as {lost[0]}")
    shared = [(former[version], item) for version, item in releases.items() if version in former]
    moved = [mine.version for mine, now in shared if mine.released and now.released and mine.released != now.released]
    if len(moved) > _MOST_MOVED * max(len(shared), 1):
        return Refusal(
            new.purl, f"{len(moved)} of {len(shared)} known releases are dated otherwise, such as {moved[0]}"
        )
    return _backwards(old, new)


def _backwards(old: PackageFacts, new: PackageFacts) -> Refusal | None:
    """The newest release may only go back when the one known was withdrawn."""
    then, now = version_of(old.latest), version_of(new.latest)
    if then is None or (now is not None and now >= then):
        return None
    held = next((item for item in new.releases if item.version == old.latest), None)
    if held is not None and held.yanked:
        return None
    return Refusal(new.purl, f"the newest release went back from {old.latest} to {new.latest or 'none'}")


def _remembering(old: PackageFacts | None, new: PackageFacts) -> PackageFacts:
    """The new facts with the earlier releases of a registry that tells only the newest."""
    if old is None or len(new.lines) > 1:
        return new
    return replace(new, lines=(*(line for line in old.lines if line not in new.lines), *new.lines))


def _chosen(sources: Sources, only: Sequence[str]) -> list[System]:
    catalog = sources.catalog
    if not only:
        return list(catalog.systems.values())
    found = [(name, catalog.find(name)) for name in only]
    absent = [name for name, system in found if system is None]
    if absent:
        known = [*catalog.systems, *catalog.aliases]
        raise InputError([unknown_name("option", "only", name, known, what="system") for name in absent])
    return [system for _, system in found if system is not None]


def _trusted(asked: Iterable[Reader], systems: Iterable[System]) -> tuple[list[Reader], list[Refusal]]:
    """One reader per kind of registry that is needed and passes its canary."""
    needed = {purl.split("/", 1)[0] + "/" for system in systems for purl in system.packages}
    trusted: list[Reader] = []
    refused: list[Refusal] = []
    for reader in asked:
        if reader.scheme in needed and not any(item.scheme == reader.scheme for item in trusted):
            doubt = reader.canary()
            if doubt is None:
                trusted.append(reader)
            else:
                refused.append(Refusal(reader.scheme, doubt.why))
    held = {item.scheme for item in trusted}
    # What another reader of the same kind could tell is no refusal.
    return trusted, [item for item in refused if item.purl not in held]


def _snapshot(facts: Iterable[PackageFacts], today: date) -> date:
    days = [item.released for held in facts for item in held.releases if item.released]
    return min(max(days, default=today), today)


def _write(
    systems: Iterable[System],
    sources: Sources,
    read: Mapping[str, PackageFacts],
    *,
    today: date,
    snapshot: date,
    data: Path,
) -> list[str]:
    former = {file.system: file for file in sources.registry}
    written = []
    for system in systems:
        known = {facts.purl: facts for facts in (former[system.id].packages if system.id in former else ())}
        fresh = [purl for purl in system.packages if purl in read]
        if not fresh:
            continue
        packages = tuple((read.get(purl) or known[purl]) for purl in system.packages if purl in read or purl in known)
        file = RegistryFile(SCHEMA, system.id, today, snapshot, packages)
        where = f"registry/{system.id}.json"
        files.write_atomic(data / where, records.dumps(file, indent=1) + "\n")
        # Part of the package, not of somebody's state: whoever may run it must be able to read it.
        (data / where).chmod(0o644)
        written.append(where)
    for name in former:
        if name not in sources.catalog.systems:
            (data / "registry" / f"{name}.json").unlink(missing_ok=True)
            written.append(f"registry/{name}.json")
    return written


def _changes(system: System, before: Mapping[str, PackageFacts], read: Mapping[str, PackageFacts]) -> list[Change]:
    found = []
    for purl in system.packages:
        new, old = read.get(purl), before.get(purl)
        if new is None:
            continue
        if old is None:
            found.append(Change(system.id, purl, f"read for the first time: {new.latest or 'no final release'}"))
            continue
        pairs = (
            ("newest release", old.latest, new.latest),
            ("licence", old.licence, new.licence),
            ("Python", old.requires_python, new.requires_python),
            ("wheel tags", f"{len(old.wheel_tags)} tags", f"{len(new.wheel_tags)} tags"),
        )
        found += [Change(system.id, purl, f"{what}: {was} -> {now}") for what, was, now in pairs if was != now]
        withdrawn = {item.version for item in new.releases if item.yanked} - {
            item.version for item in old.releases if item.yanked
        }
        found += [Change(system.id, purl, f"withdrawn: {version}") for version in sorted(withdrawn)]
    return found
