"""What a project's own manifests say it depends on, as package URLs. Python, npm and Cargo."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from bakeoff.base.errors import Problem

SKIPPED = frozenset({"node_modules", "target", "build", "dist", "site-packages", "__pycache__", "venv"})
"""Folders that hold what others wrote."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """One package a manifest asks for."""

    purl: str
    """Package URL without a version."""
    file: str
    """Manifest that names it, relative to the project."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest, read."""

    file: str
    """Relative to the project."""
    language: str
    """Language token it implies."""
    dependencies: tuple[Dependency, ...]
    """What it asks for."""
    problems: tuple[Problem, ...]
    """What could not be read; the rest was."""


def is_own(folder: str) -> bool:
    """Whether a folder of this name holds the project's own files."""
    return not folder.startswith(".") and folder not in SKIPPED


def read_manifests(folder: Path) -> tuple[Manifest, ...]:
    """Every manifest directly in `folder` or one level below, in the order of their names."""
    found = []
    for path in sorted({*folder.glob("*"), *folder.glob("*/*")}):
        if path.is_file() and all(map(is_own, path.relative_to(folder).parts[:-1])):
            reader = _reader(path.name)
            if reader is not None:
                found.append(_read(path, str(path.relative_to(folder)), *reader))
    return tuple(found)


Names = Callable[[str], Iterable[str]]


def _reader(name: str) -> tuple[str, str, Names] | None:
    if name == "pyproject.toml":
        return ("pypi", "python", _pyproject)
    if re.fullmatch(r"requirements[\w.-]*\.(txt|in)", name):
        return ("pypi", "python", _requirements)
    if name == "package.json":
        return ("npm", "js", _package_json)
    if name == "Cargo.toml":
        return ("cargo", "rust", _cargo)
    return None


def _read(path: Path, file: str, ecosystem: str, language: str, names: Names) -> Manifest:
    try:
        found = dict.fromkeys(names(path.read_text(encoding="utf-8")))
        problems: tuple[Problem, ...] = ()
    except (OSError, ValueError, TypeError, AttributeError) as error:
        found = {}
        problems = (
            Problem(file, "", f"cannot be read: {error}", "it was left out; name what it holds with --must or --pin"),
        )
    dependencies = tuple(Dependency(f"pkg:{ecosystem}/{name}", file) for name in found)
    return Manifest(file, language, dependencies, problems)


def _pyproject(text: str) -> Iterator[str]:
    content = tomllib.loads(text)
    project = content.get("project", {})
    yield from _python_names(project.get("dependencies", []))
    for extra in project.get("optional-dependencies", {}).values():
        yield from _python_names(extra)
    for group in content.get("dependency-groups", {}).values():
        yield from _python_names(entry for entry in group if isinstance(entry, str))
    poetry = content.get("tool", {}).get("poetry", {})
    yield from (canonicalize_name(name) for name in poetry.get("dependencies", {}) if name != "python")


def _requirements(text: str) -> Iterator[str]:
    lines = (re.split(r"\s+#|\s--", line.strip(), maxsplit=1)[0].rstrip("\\ ") for line in text.splitlines())
    yield from _python_names(line for line in lines if line and not line.startswith(("#", "-", ".", "/", "http")))


def _python_names(entries: Iterable[str]) -> Iterator[str]:
    for entry in entries:
        try:
            yield canonicalize_name(Requirement(entry).name)
        except InvalidRequirement:
            # A line pip understands and PEP 508 does not (a path, a URL): it names no package of an index.
            continue


def _package_json(text: str) -> Iterator[str]:
    content: Mapping[str, Any] = json.loads(text)
    for section in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies"):
        yield from (name.replace("@", "%40", 1) for name in content.get(section, {}))


def _cargo(text: str) -> Iterator[str]:
    content = tomllib.loads(text)
    workspace = content.get("workspace", {})
    for table in (content, workspace, *content.get("target", {}).values()):
        for section in ("dependencies", "dev-dependencies", "build-dependencies"):
            for name, entry in table.get(section, {}).items():
                yield entry.get("package", name) if isinstance(entry, dict) else name
