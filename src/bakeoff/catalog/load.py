"""Loading the catalogue: compiled and fast, or from the files people write, strictly and with every mistake at once.

The compiled form is never committed. The wheel carries one made when it was built; in a checkout, or with a folder of
one's own systems, it is made when a file has changed and kept under bakeoff's home, so it cannot be stale.
"""

from __future__ import annotations

import contextlib
import dataclasses
import mmap
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bakeoff.base import files, records
from bakeoff.base.errors import InputError, MachineError, Problem
from bakeoff.base.later import later
from bakeoff.base.record import Struct, fields, replace
from bakeoff.base.records import digest
from bakeoff.base.sha256 import sha256
from bakeoff.catalog import snapshot
from bakeoff.catalog.model import Answer, Axis, Catalog, Claim, Grade, Layer, LifecycleState, Property, System
from bakeoff.catalog.rules import Rules

if TYPE_CHECKING:
    from bakeoff.catalog import authoring, build, field, lines, registry, rulebook, shapes
else:
    # What reads the files people write: needed only where they were changed since they were compiled.
    authoring, build = later("bakeoff.catalog.authoring"), later("bakeoff.catalog.build")
    field, lines = later("bakeoff.catalog.field"), later("bakeoff.catalog.lines")
    registry, rulebook = later("bakeoff.catalog.registry"), later("bakeoff.catalog.rulebook")
    shapes = later("bakeoff.catalog.shapes")

DATA = Path(__file__).parent / "data"
"""The folder people edit; read-only in an installed wheel."""
SNAPSHOT = "compiled.jsonl"
"""Name of the compiled file inside the data folder of a wheel."""
RULES = "compiled.rules.json"
"""Name of the compiled rules beside it."""


_R = TypeVar("_R", Property, Axis, Grade)


class Sources(Struct, frozen=True):
    """The catalogue with the files it came from: what the lints read."""

    catalog: Catalog
    """As built."""
    files: tuple[build.SourceFile, ...]
    """Every system's file."""
    vocabulary: authoring.Vocabulary
    """Closed names the files may use."""
    registry: tuple[registry.RegistryFile, ...] = ()
    """What was read from package indexes."""
    field: field.Field | None = None
    """The tables of the field, where the folder has them."""


def load(extra: Path | None = None, *, compiled: bool = True) -> Catalog:
    """The catalogue that ships with bakeoff, with the systems of `extra` added.

    Args:
        extra: A folder of further systems (`*.toml` anywhere below it), for what only your company knows.
        compiled: Use the compiled form, made on the spot where it is absent; False reads every file anew.

    Raises:
        InputError: If a file has mistakes; carries all mistakes of all files.
    """
    if not compiled:
        return read_sources(DATA, extra=extra).catalog
    shipped = DATA / SNAPSHOT
    if extra is None and shipped.exists():
        catalog = _decoded(shipped)
        if catalog is not None:
            return catalog
    kept = files.home() / "catalog" / f"{_state(extra)}.jsonl"
    if kept.exists():
        catalog = _decoded(kept)
        if catalog is not None:
            return catalog
    text = compile_snapshot(DATA, extra=extra)
    # Keeping it only saves time: a home that is full or read-only makes the next command slower, not this one fail.
    with contextlib.suppress(MachineError):
        files.write_atomic(kept, text)
        _forget_others(kept)
    return _certain(text)


def rules() -> Rules:
    """The rules that ship with bakeoff, checked once and kept as they are compiled, like the catalogue.

    Raises:
        InputError: If a file has mistakes; carries all mistakes of all files.
    """
    kept = DATA / RULES
    if not kept.exists():
        code = [one for folder in (Path(__file__), Path(records.__file__)) for one in _files(folder.parent, ".py")]
        kept = files.home() / "catalog" / f"{_digest([*code, *_files(DATA / 'rules', '.toml')])}.rules.json"
    if kept.exists():
        return records.decoded(Rules, kept.read_bytes())
    text = compile_rules()
    with contextlib.suppress(MachineError):
        files.write_atomic(kept, text)
        _forget_others(kept)
    return records.decoded(Rules, text)


def compile_rules() -> str:
    """The text of the compiled rules: what a wheel carries as `RULES`.

    Raises:
        InputError: If a file has mistakes; carries all mistakes of all files.
    """
    # In the order of the files: it is that of words on screen, and of axes in a weight vector.
    return records.encoded(rulebook.load_rules(DATA / "rules"))


def compile_snapshot(data: Path = DATA, *, extra: Path | None = None) -> str:
    """The text of the compiled catalogue: what a wheel carries as `SNAPSHOT`.

    Raises:
        InputError: If a file has mistakes; carries all mistakes of all files.
    """
    return snapshot.encode(read_sources(data, extra=extra).catalog)


def read_sources(data: Path = DATA, *, extra: Path | None = None) -> Sources:
    """Reads every file people and programs write.

    Raises:
        InputError: If a file has mistakes; carries all mistakes of all files.
    """
    problems: list[Problem] = []
    properties = _properties(data, problems)
    axes = _axes(data, problems)
    constants = _constants(data, problems)
    vocabulary = _vocabulary(properties, data, problems)
    if problems:
        raise InputError(problems)
    table = {item.id: item for item in properties}
    facts = tuple(_registry_files(data, problems))
    paths = [*_below(data / "systems", data), *(_below(extra, extra) if extra else [])]
    sources = tuple(_source_files(paths, vocabulary, problems))
    proven = {item.system: registry.claims(item) for item in facts}
    systems, more = build.systems(sources, table, proven)
    try:
        tables = field.read(data)
    except InputError as error:
        problems += error.problems
    if problems or more:
        raise InputError([*problems, *more])
    catalog = Catalog(
        systems=systems,
        aliases=build.alias_table(systems.values()),
        properties=table,
        axes=axes,
        constants=constants,
        snapshot=max((item.snapshot for item in facts), default=date.min),
        by_layer={layer: tuple(item.id for item in systems.values() if layer in item.layers) for layer in Layer},
    )
    # The digest is that of the compiled text, so that both ways of loading name the same catalogue.
    version = snapshot.version_of(snapshot.encode(catalog))
    return Sources(dataclasses.replace(catalog, version=version), sources, vocabulary, facts, tables)


def read_vocabulary(data: Path = DATA) -> authoring.Vocabulary:
    """The closed names a system's file may use.

    Raises:
        InputError: If the files that hold them have mistakes.
    """
    problems: list[Problem] = []
    properties = _properties(data, problems)
    vocabulary = _vocabulary(properties, data, problems)
    if problems:
        raise InputError(problems)
    return vocabulary


def with_claims(catalog: Catalog, claims: Iterable[Claim]) -> Catalog:
    """The catalogue with further claims, such as what the lab measured; one with a known id replaces the old.

    Claims about systems that are not catalogued are left out.
    """
    by_subject: dict[str, dict[str, Claim]] = {}
    for claim in claims:
        subject = catalog.aliases.get(claim.subject, claim.subject)
        if subject in catalog.systems:
            named = replace(claim, subject=subject)
            named = named if named.id else replace(named, id=build.claim_id(named))
            by_subject.setdefault(subject, {})[named.id] = named
    if not by_subject:
        return catalog
    changed = {}
    for subject, added in by_subject.items():
        system = catalog.systems[subject]
        own = {claim.id: claim for claim in system.claims}
        changed[subject] = replace(system, claims=tuple({**own, **added}.values()))
    version = digest([catalog.version, [list(added.values()) for added in by_subject.values()]])
    return dataclasses.replace(catalog, systems=snapshot.Overlay(catalog.systems, changed), version=version)


def as_of(catalog: Catalog, day: date) -> Catalog:
    """The catalogue as it could have been written on `day`: evidence observed later is gone, and what rested on it.

    A claim without evidence stays only when it is an explicit unknown. What was superseded later is not revived: its
    value is no longer stated anywhere.
    """
    changed = {name: _system_as_of(system, day) for name, system in catalog.systems.items()}
    return dataclasses.replace(
        catalog,
        systems=changed,
        snapshot=min(catalog.snapshot, day),
        version=digest([catalog.version, day]),
    )


def _system_as_of(system: System, day: date) -> System:
    claims = []
    for claim in system.claims:
        evidence = tuple(item for item in claim.evidence if item.observed <= day)
        if any(not item.superseded for item in evidence) or claim.value is Answer.UNKNOWN:
            claims.append(replace(claim, evidence=evidence))
    state = system.lifecycle
    seen = tuple(item for item in state.evidence if item.observed <= day)
    known = bool(seen) and (state.since is None or state.since <= day)
    lifecycle = replace(state, evidence=seen) if known else LifecycleState(evidence=seen)
    return replace(system, claims=tuple(claims), lifecycle=lifecycle)


def _decoded(path: Path) -> Catalog | None:
    with path.open("rb") as file, contextlib.suppress(ValueError):
        # Mapped, not read: most of it is never asked for. A new one takes its place as another file.
        return snapshot.decode(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return None


def _certain(text: str) -> Catalog:
    catalog = snapshot.decode(text)
    if catalog is None:
        raise ValueError("a file just compiled must be of this version")
    return catalog


def _state(extra: Path | None) -> str:
    """A digest of every data file's path, size and time of change, and of the code that compiles them."""
    here = Path(__file__).parent
    watched = [*_files(here, ".py"), *_files(DATA, ".toml"), *_files(DATA / "systems", ".toml", deep=True)]
    watched += _files(DATA / "registry", ".json")
    return _digest([*watched, *(_files(extra, ".toml", deep=True) if extra else [])])


def _files(folder: Path, ending: str, *, deep: bool = False) -> list[os.DirEntry[str]]:
    """Files of a folder by the ending of their names, sorted; with `deep`, of the folders in it too."""
    # By `scandir`, because this happens on every command of a checkout and `Path` costs three times as much.
    found: list[os.DirEntry[str]] = []
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(ending):
                found.append(entry)
            elif deep and entry.is_dir():
                found += _files(Path(entry.path), ending, deep=True)
    return sorted(found, key=lambda entry: entry.path)


def _digest(watched: Iterable[os.DirEntry[str]]) -> str:
    """A digest of the path, size and time of change of files."""
    lines = [f"{one.path}:{(status := one.stat()).st_size}:{status.st_mtime_ns}\n" for one in watched]
    return sha256("".join(lines).encode()).hex()[:16]


def _forget_others(kept: Path) -> None:
    """Removes compiled files nobody will ask for again, keeping the few newest for other checkouts."""
    kind = kept.name.partition(".")[2]
    others = sorted(kept.parent.glob(f"*.{kind}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    for path in others[4:]:
        # One that another process has mapped stays where the system does not let it go.
        with contextlib.suppress(OSError):
            path.unlink()


def _below(folder: Path, root: Path, pattern: str = "*.toml") -> list[tuple[Path, str]]:
    """Files below a folder with the name problems give them, in a fixed order."""
    return [(path, path.relative_to(root).as_posix()) for path in sorted(folder.rglob(pattern))]


def _source_files(
    paths: Iterable[tuple[Path, str]], vocabulary: authoring.Vocabulary, problems: list[Problem]
) -> Iterator[build.SourceFile]:
    for path, where in paths:
        file, told = authoring.read(shapes.SystemFile, path, where)
        problems += told
        if file is None:
            problems += authoring.claims_alone(path, vocabulary, where)
        else:
            found = lines.positions(path.read_text(encoding="utf-8"))
            wrong = authoring.check_names(file, vocabulary, where, found)
            problems += wrong
            if not wrong:
                yield build.SourceFile(where, file, found, path)


def _registry_files(data: Path, problems: list[Problem]) -> Iterator[registry.RegistryFile]:
    for path, where in _below(data / "registry", data, "*.json"):
        try:
            yield registry.parse(path.read_text(encoding="utf-8"), where)
        except ValueError as error:
            problems.append(Problem(where, "", str(error), "write it anew: `bakeoff catalog refresh`"))


def _properties(data: Path, problems: list[Problem]) -> tuple[Property, ...]:
    file, told = authoring.read(shapes.PropertiesFile, data / "properties.toml", "properties.toml")
    problems += told
    entries = file.property if file else ()
    return tuple(
        replace(_same(Property, item), grades=tuple(_same(Grade, grade) for grade in item.grades)) for item in entries
    )


def _vocabulary(properties: Iterable[Property], data: Path, problems: list[Problem]) -> authoring.Vocabulary:
    known = tuple(properties)
    grades = {item.id: tuple(grade.name for grade in item.grades) for item in known if item.grades}
    return authoring.Vocabulary({item.id: item.kind for item in known}, _scopes(data, problems), grades)


def _same(kind: type[_R], entry: object) -> _R:
    """The record that has the fields of a checked entry."""
    return kind(**{item.name: getattr(entry, item.name) for item in fields(kind)})


def _axes(data: Path, problems: list[Problem]) -> tuple[Axis, ...]:
    file, told = authoring.read(shapes.AxesFile, data / "axes.toml", "axes.toml")
    problems += told
    return tuple(_same(Axis, item) for item in (file.axis if file else ()))


def _scopes(data: Path, problems: list[Problem]) -> shapes.ScopesFile:
    file, told = authoring.read(shapes.ScopesFile, data / "scopes.toml", "scopes.toml")
    problems += told
    return file if isinstance(file, shapes.ScopesFile) else shapes.ScopesFile((), (), (), ())


def _constants(data: Path, problems: list[Problem]) -> Mapping[str, float]:
    file, told = authoring.read(dict[str, shapes.ConstantEntry], data / "constants.toml", "constants.toml")
    problems += told
    return {name: float(entry.value) for name, entry in (file or {}).items()}
