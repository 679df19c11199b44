"""The repository's own Python, parsed once: what the tests in this folder read."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""
PACKAGE = ROOT / "src" / "bakeoff"
"""The package inside it."""
FOREIGN = ("adapters/", "workloads/", "isolate/worker/", "port/converters/")
"""Folders of the package whose code runs in other processes; never imported by the host."""


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file of the package."""

    path: Path
    """Absolute path."""
    name: str
    """Path inside the package, e.g. `lab/store.py`."""
    tree: ast.Module
    """Its syntax tree."""

    @property
    def room(self) -> str:
        """First folder, or the file's stem for modules beside the rooms (`api`, `__init__`)."""
        head = self.name.split("/")[0]
        return head.removesuffix(".py")

    @property
    def dotted(self) -> str:
        """Import name, e.g. `bakeoff.lab.store`."""
        parts = ["bakeoff", *self.name.removesuffix(".py").split("/")]
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module, wherever in the file it is imported."""

    target: str
    """Absolute dotted name; for `from a import b` it is `a.b`, which may be a module or a name in one."""
    line: int
    """1-based."""
    nested: bool
    """Inside a function."""


@cache
def modules(*, foreign: bool = False) -> tuple[Module, ...]:
    """Every module of the host, or every foreign one, by name."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith(FOREIGN) is foreign:
            found.append(Module(path, name, ast.parse(path.read_text(), filename=name)))
    return tuple(found)


def imports(tree: ast.Module, dotted: str = "") -> Iterator[Import]:
    """Every import of a module: at the top, under TYPE_CHECKING, in functions; relative ones made absolute."""
    nested = {
        id(inner)
        for outer in ast.walk(tree)
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for inner in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, id(node) in nested)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(dotted.split(".")[: -node.level]) if node.level else ""
            origin = ".".join(part for part in (base, node.module or "") if part)
            for alias in node.names:
                yield Import(f"{origin}.{alias.name}", node.lineno, id(node) in nested)


@cache
def tracked() -> tuple[Path, ...]:
    """Files under version control or about to be, absolute; outside a git checkout, those of the source folders."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        folders = ("src", "tests", "docs", "changes", "examples")
        paths = [*ROOT.glob("*.*"), *(path for name in folders for path in (ROOT / name).rglob("*.*"))]
    return tuple(path for path in paths if path.is_file() and not path.is_symlink())


def text_of(path: Path) -> str | None:
    """A file's text, or None for a binary file."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
