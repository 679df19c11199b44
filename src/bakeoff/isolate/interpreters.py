"""CPython interpreters on this machine, from `UV_PYTHON`, PATH and pyenv: each is asked, none believed by its name."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version

OLDEST = "3.10"
"""The oldest CPython a worker runs on."""

_NAME = re.compile(r"python3(\.\d+)?")
_ASK_S = 20
# `sys.executable` of a shim or of a virtual environment is not the interpreter itself: its base is.
_ASK = """
import json, sys
base = getattr(sys, "_base_executable", sys.executable)
print(json.dumps([sys.implementation.name, list(sys.version_info[:3]), base]))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One CPython that answered."""

    path: Path
    """The interpreter itself, links resolved."""
    version: str
    """`3.11.7`."""


def find_interpreters(environ: Mapping[str, str]) -> tuple[Interpreter, ...]:
    """Every CPython >= 3.10 found, each once, in order of preference: `UV_PYTHON`, our own, then newest first."""
    chosen = [found for found in map(_ask, _chosen(environ)) if found]
    others = {found.path: found for found in map(_ask, _candidates(environ)) if found}
    newest = sorted(others.values(), key=lambda found: Version(found.version), reverse=True)
    unique = {found.path: found for found in (*chosen, *newest) if Version(found.version) >= Version(OLDEST)}
    # `dict` keeps the first place of a key but the last value; both are the same interpreter.
    return tuple(unique.values())


def choose(wanted: str, environ: Mapping[str, str]) -> Interpreter | None:
    """The first interpreter inside the PEP 440 range `wanted` (`""` for any); None when there is none."""
    spec = SpecifierSet(wanted)
    return next((found for found in find_interpreters(environ) if spec.contains(found.version)), None)


def searched(environ: Mapping[str, str]) -> str:
    """Where interpreters were looked for and which were found, for an error."""
    found = ", ".join(f"{one.version} ({one.path})" for one in find_interpreters(environ)) or "none"
    return f"looked at UV_PYTHON, PATH and pyenv's versions in {_pyenv(environ)}; found {found}"


def _chosen(environ: Mapping[str, str]) -> Iterator[str]:
    wanted = environ.get("UV_PYTHON", "")
    if os.sep in wanted:
        yield wanted
    yield sys.executable


def _candidates(environ: Mapping[str, str]) -> Iterator[str]:
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        if folder and "shims" not in Path(folder).parts:  # pyenv's shims answer for whichever version is current
            yield from _interpreters_in(Path(folder))
    versions = _pyenv(environ)
    if versions.is_dir():
        for version in sorted(versions.iterdir()):
            yield str(version / "bin" / "python3")


def _interpreters_in(folder: Path) -> Iterator[str]:
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208  (names only: PATH folders hold thousands of files)
    except OSError:
        return
    for name in names:
        if _NAME.fullmatch(name):
            yield str(folder / name)


def _pyenv(environ: Mapping[str, str]) -> Path:
    root = environ.get("PYENV_ROOT")
    return (Path(root) if root else Path.home() / ".pyenv") / "versions"


def _ask(path: str) -> Interpreter | None:
    """What the interpreter at `path` says of itself; None when it is no CPython, or does not answer."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return _ask_file(str(Path(path).absolute()), status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=256)
def _ask_file(path: str, _changed_ns: int, _bytes: int) -> Interpreter | None:
    try:
        answer = subprocess.run(  # noqa: S603
            [path, "-I", "-S", "-c", _ASK], capture_output=True, timeout=_ASK_S, check=True, stdin=subprocess.DEVNULL
        )
        name, version, base = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return Interpreter(Path(base).resolve(), ".".join(map(str, version))) if name == "cpython" else None
