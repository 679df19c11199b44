"""Adapters as the lab sees them: `adapter.toml`, read strictly. Their Python is foreign code, never imported here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet

import bakeoff
from bakeoff.base.errors import InputError, Problem, unknown_name
from bakeoff.isolate.env import EnvSpec
from bakeoff.isolate.resolve import cpu_variants
from bakeoff.lab.strict import Table, load_folders, parse

ROOT = Path(bakeoff.__file__).parent / "adapters"
"""The adapters shipped with the product."""
REFERENCE = "numpy"
"""System of the reference arm: NumPy with OpenBLAS, in every campaign."""

_TRACKS = ("default", "tuned")
_GAP_KINDS = ("ours", "upstream", "never")


@dataclass(frozen=True, slots=True)
class Setting:
    """A named variant of an adapter worth its own column."""

    name: str
    """Short name."""
    track: str
    """`default`: as its documentation recommends; `tuned`: what an expert would add."""
    why: str
    """Why it is written so, with a link."""
    env: Mapping[str, str]
    """Variables set before the interpreter starts; `{threads}` and `{cache}` are replaced."""
    needs: tuple[str, ...]
    """Programs that must be on PATH, alternatives joined by `|`."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something an adapter does not do, and whose gap it is."""

    kind: str
    """ours | upstream | never."""
    why: str
    """The reason."""
    date: date
    """When that was found."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """One system's way of doing workloads."""

    system: str
    """System id, that of its folder."""
    version: int
    """Raised when results stop being comparable."""
    spec: EnvSpec
    """The environment it runs in."""
    imports: tuple[str, ...]
    """Third-party modules it may import besides NumPy."""
    settings: Mapping[str, Setting]
    """In the order they are shown."""
    gaps: Mapping[str, Gap]
    """By `workload` or `workload/setting`."""
    folder: Path
    """Where it lives."""
    download_bytes: int | None = None
    """What its environment downloaded into an empty cache when that was last tried; None where nobody has."""

    def gap(self, workload: str, setting: str) -> Gap | None:
        """The declared gap that covers a workload in a setting."""
        return self.gaps.get(f"{workload}/{setting}") or self.gaps.get(workload)

    def requiring(self, requires: tuple[str, ...]) -> Adapter:
        """The same adapter with other versions of what it requires; the lock then no longer applies."""
        names = {Requirement(text).name.lower() for text in requires}
        kept = tuple(text for text in self.spec.requires if Requirement(text).name.lower() not in names)
        cpu = tuple(text for text in self.spec.cpu_requires if Requirement(text).name.lower() not in names)
        built_small = {Requirement(text).name.lower() for text in self.spec.cpu_requires if "+cpu" in text}
        asked = tuple(
            small if Requirement(text).name.lower() in built_small else text
            for text, small in zip(requires, cpu_variants(requires), strict=True)
        )
        spec = replace(
            self.spec,
            requires=(*kept, *requires),
            cpu_requires=(*cpu, *asked) if self.spec.cpu_requires else (),
            lock="",
        )
        return replace(self, spec=spec)


def load(folder: Path) -> Adapter:
    """Reads one adapter.

    Raises:
        InputError: With every problem of its `adapter.toml`.
    """
    path = folder / "adapter.toml"
    problems: list[Problem] = []
    top = Table(str(path), parse(path), problems)
    system = top.text("system")
    if system and system != folder.name:
        top.complain("system", f"is {system!r} but the folder is {folder.name!r}")
    settings = {name: _setting(name, table) for name, table in top.tables("settings").items()}
    if not settings:
        top.complain("settings", "at least one setting is needed", "add a table [settings.default]")
    gaps = {name: _gap(table) for name, table in top.tables("gaps").items()}
    for name in gaps:
        setting = name.partition("/")[2]
        if setting and setting not in settings:
            problems.append(unknown_name(str(path), f"gaps.{name}", setting, settings, what="setting"))
    adapter = Adapter(
        system=system,
        version=top.whole("version"),
        spec=_env_spec(system, top, folder),
        imports=top.texts("imports"),
        settings=settings,
        gaps=gaps,
        folder=folder,
        download_bytes=top.whole("download_bytes") if "download_bytes" in top.data else None,
    )
    top.close()
    if problems:
        raise InputError(problems)
    return adapter


def load_all(root: Path = ROOT) -> dict[str, Adapter]:
    """Every adapter below a folder, by system.

    Raises:
        InputError: With the problems of all of them.
    """
    return load_folders(root, "adapter.toml", load)


def _setting(name: str, table: Table) -> Setting:
    env = table.table("env")
    setting = Setting(
        name=name,
        track=table.choice("track", _TRACKS),
        why=table.text("why"),
        env={key: env.text(key) for key in env.data},
        needs=table.texts("needs"),
    )
    table.close()
    return setting


def _gap(table: Table) -> Gap:
    gap = Gap(kind=table.choice("kind", _GAP_KINDS), why=table.text("why"), date=table.day("date"))
    table.close()
    return gap


def _env_spec(system: str, top: Table, folder: Path) -> EnvSpec:
    python = top.text("python")
    try:
        SpecifierSet(python)
    except InvalidSpecifier:
        top.complain("python", f"{python!r} is not a range of versions", 'write it like ">=3.11,<3.14"')
    requires, cpu_requires = top.texts("requires"), top.texts("cpu_requires")
    for key, values in (("requires", requires), ("cpu_requires", cpu_requires)):
        for text in values:
            try:
                Requirement(text)
            except InvalidRequirement as error:
                top.complain(key, f"{text!r} is not a requirement: {error}")
    return EnvSpec(
        name=system,
        python=python,
        requires=requires,
        large=top.flag("large"),
        cpu_requires=cpu_requires,
        lock=_pins(folder / "lock.txt"),
        imports=top.texts("imports"),
    )


def _pins(path: Path) -> str:
    """The `name==version` pins of a lock file, without hashes and comments; empty when there is none."""
    if not path.is_file():
        return ""
    lines = (line.strip().rstrip("\\").strip() for line in path.read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if "==" in line and not line.startswith(("#", "-")))
