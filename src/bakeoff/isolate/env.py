"""Environments of foreign code: resolved, built and checked by uv, or brought along by the user.

An environment is a folder with a state file. The folder is built under a staging name, checked, given its state file,
and only then renamed into place: what has its final name works, and what a killed build left is not an environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.version import Version
from uv import find_uv_bin

from bakeoff.base.errors import MachineError
from bakeoff.base.files import locked, write_atomic
from bakeoff.base.outcome import Outcome
from bakeoff.base.quantity import show_bytes
from bakeoff.base.records import digest, dumps
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.interpreters import OLDEST, Interpreter, choose, searched
from bakeoff.isolate.machine import accelerators
from bakeoff.isolate.resolve import Uv, cpu_variants, with_numpy
from bakeoff.isolate.sources import Sources

__all__ = ["Builder", "Env", "EnvSpec", "Fault", "Progress"]

Progress = Callable[[str], None]
"""Told, in a few words, what is being done."""

_STATE = "bakeoff-environment.json"
_STATE_VERSION = 1
_HEALTH_S = 300
_UNSOLVABLE = "no solution found"  # uv's words when the sources were reached and hold nothing that fits
_HEALTH = """
import importlib, importlib.metadata, json, sys
broken = []
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except BaseException as error:
        broken.append(f"import {name}: {type(error).__name__}: {error}")
found = {d.metadata["Name"]: d.version for d in importlib.metadata.distributions() if d.metadata["Name"]}
told = {"versions": found, "python": ".".join(map(str, sys.version_info[:3])), "broken": broken}
print("\\n" + json.dumps(told))
"""


@dataclass(frozen=True, slots=True)
class EnvSpec:
    """What an environment must hold."""

    name: str
    """System id, for people."""
    python: str
    """PEP 440 range of its interpreter; 3.10 is the oldest a worker runs on."""
    requires: tuple[str, ...]
    """PEP 508 requirements; NumPy is added when absent."""
    large: bool = False
    """A plain resolution pulls gigabytes that a machine without accelerator cannot use."""
    cpu_requires: tuple[str, ...] = ()
    """What to require instead on a machine without accelerator."""
    lock: str = ""
    """Exact versions to prefer, one `name==version` per line; empty for the newest that fit."""
    imports: tuple[str, ...] = ()
    """Modules that must import before the environment counts as built."""


@dataclass(frozen=True, slots=True)
class Env:
    """An environment that exists and was checked."""

    key: str
    """Digest of lock and interpreter, or `python:<digest of the path>` for one brought along."""
    path: Path
    """Its folder."""
    python: Path
    """Its interpreter."""
    versions: Mapping[str, str]
    """Every installed distribution's version."""
    bytes: int
    """Size on disk; 0 for one brought along."""
    built_s: float
    """Wall time it took to build; 0 for one brought along."""
    brought: bool = False
    """The user's own interpreter (`--python`)."""
    name: str = ""
    """System id it was first built for."""
    python_version: str = ""
    """Version of its interpreter, `3.11.7`."""
    lock: str = ""
    """The lock it was built from: exact versions and hashes, no address."""
    fresh: bool = field(default=False, compare=False)
    """Built by this very call, so `built_s` was spent now."""


@dataclass(frozen=True, slots=True)
class _Resolved:
    """What to build: an interpreter and a lock."""

    python: Interpreter
    """Which interpreter."""
    lock: str
    """Exact versions with hashes."""

    @property
    def key(self) -> str:
        """Folder name of the environment: nothing of uv's own is in it, so another version of uv finds it again."""
        return digest({"lock": self.lock, "python": str(self.python.path), "version": self.python.version})


class Builder:
    """Builds environments under one folder.

    Args:
        root: Folder of all environments (`base.files.home() / "envs"`).
        sources: Where packages come from.
        allow_large: Download gigabytes without asking.
        allow_download: Let uv download an interpreter when none fits.
    """

    def __init__(
        self, root: Path, sources: Sources, *, allow_large: bool = False, allow_download: bool = False
    ) -> None:
        self._root = root
        self._allow_large = allow_large
        self._allow_download = allow_download
        self._sources = sources

    def ensure(self, spec: EnvSpec, *, progress: Progress | None = None) -> Env | Fault:
        """The environment of `spec`, built now if it is not there; several processes may ask at once.

        Raises:
            MachineError: If the folder of environments cannot be written, or uv itself is missing.
        """
        tell = progress or _silent
        resolved = self._resolved(spec, tell)
        if isinstance(resolved, Fault):
            return resolved
        if (env := self._read(resolved.key)) is not None:
            return env
        with locked(self._root / "locks" / f"{resolved.key}.lock"):
            return self._read(resolved.key) or self._build(spec, resolved, tell)

    def adopt(self, python: Path) -> Env | Fault:
        """The user's own interpreter as an environment; it must be ≥ 3.10 and import NumPy.

        Its links are kept: a virtual environment's interpreter is one.
        """
        python = python.expanduser().absolute()
        if not python.is_file():
            return Fault(Outcome.MISSING, f"there is no interpreter {python}")
        told = _health(python, ["numpy"], brought=True)
        if isinstance(told, Fault):
            return told
        versions, version = told
        return Env(
            key=f"python:{digest(str(python))}",
            path=python.parent.parent,
            python=python,
            versions=versions,
            bytes=0,
            built_s=0.0,
            brought=True,
            name=str(python),
            python_version=version,
        )

    def estimate(self, spec: EnvSpec) -> int | None:
        """Bytes to download to build `spec` with nothing cached; 0 when it is built, None when unknown."""
        python = self._interpreter(spec.python)
        if isinstance(python, Fault):
            return None
        stored = self._stored_lock(spec, python)
        if stored and self._read(_Resolved(python, stored).key):
            return 0
        sizes = (self._uv().download_bytes(python.path, requires, spec.lock) for requires in self._choices(spec))
        return next((size for size in sizes if size is not None), None)

    def lock(self, spec: EnvSpec) -> str | Fault:
        """Exact versions and hashes of what `ensure` would install, resolved anew."""
        python = self._interpreter(spec.python)
        return python if isinstance(python, Fault) else self._compile(spec, python)

    def list(self) -> tuple[Env, ...]:
        """Every environment built here, by name."""
        keys = [path.parent.name for path in self._root.glob(f"*/{_STATE}")]
        found = [env for env in map(self._read, keys) if env is not None]
        return tuple(sorted(found, key=lambda env: (env.name, env.key)))

    def size(self) -> int:
        """Bytes of everything under the root."""
        return _tree_bytes(self._root)

    def prune(self, keep: Collection[str] = ()) -> tuple[str, ...]:
        """Removes every environment whose key is not in `keep`, and what killed builds left; returns the keys.

        An environment that is being built, or has just been asked for by another process, is left alone.
        """
        removed = []
        for folder in sorted(self._root.glob("*")):
            if folder.name in ("locks", "resolved") or folder.name in keep or not folder.is_dir():
                continue
            key = folder.name.removeprefix("staging-")
            try:
                with locked(self._root / "locks" / f"{key}.lock", wait=False):
                    doomed = folder if folder.name != key else folder.rename(self._root / f"staging-{key}")
                    shutil.rmtree(doomed, ignore_errors=True)
            except MachineError:
                continue
            removed += [key] if folder.name == key else []
        return tuple(removed)

    def _resolved(self, spec: EnvSpec, tell: Progress) -> _Resolved | Fault:
        python = self._interpreter(spec.python)
        if isinstance(python, Fault):
            return python
        stored = self._stored_lock(spec, python)
        if stored:
            return _Resolved(python, stored)
        tell("resolving")
        lock = self._compile(spec, python)
        if isinstance(lock, Fault):
            return lock
        write_atomic(self._lock_path(spec, python), lock)
        return _Resolved(python, lock)

    def _compile(self, spec: EnvSpec, python: Interpreter) -> str | Fault:
        lock = Fault(Outcome.REFUSED, f"{spec.name} names no build for processors", _UNSOLVABLE)
        for requires in self._choices(spec):
            found = self._uv().compile(python.path, requires, spec.lock)
            if not isinstance(found, Fault):
                return found
            lock = found
        return (
            self._refused(spec, python, lock)
            if self._must_be_small(spec) and _UNSOLVABLE in lock.log.casefold()
            else lock
        )

    def _must_be_small(self, spec: EnvSpec) -> bool:
        return spec.large and not self._allow_large and not accelerators()

    def _choices(self, spec: EnvSpec) -> tuple[tuple[str, ...], ...]:
        """What to try to resolve, best first: without an accelerator, the processor's own build."""
        plain = with_numpy(spec.requires)
        if accelerators() or not (spec.large or spec.cpu_requires):
            return (plain,)
        small = with_numpy(spec.cpu_requires or cpu_variants(spec.requires))
        if self._must_be_small(spec):
            return () if small == plain else (small,)
        return (small, plain)

    def _refused(self, spec: EnvSpec, python: Interpreter, words: Fault) -> Fault:
        size = self._uv().download_bytes(python.path, with_numpy(spec.requires), spec.lock)
        cost = f"would download {show_bytes(size)}" if size else "would download several GB"
        detail = (
            f"{cost}: {self._sources.describe()} has no +cpu build of {', '.join(spec.requires)}; pass --allow-large, "
            "or point PIP_FIND_LINKS or UV_FIND_LINKS at a folder with a +cpu wheel, or measure with an interpreter "
            "that has it: --python PATH"
        )
        return Fault(Outcome.REFUSED, detail, words.log)

    def _interpreter(self, wanted: str) -> Interpreter | Fault:
        found = choose(wanted, os.environ)
        if found is not None:
            return found
        if self._allow_download:
            path = self._uv().download_python(wanted)
            return path if isinstance(path, Fault) else Interpreter(path, _version_of(path))
        advice = "install one, set UV_PYTHON to its path, or pass --allow-download"
        return Fault(Outcome.MISSING, f"no CPython {wanted or '>=' + OLDEST}: {searched(os.environ)}; {advice}")

    def _build(self, spec: EnvSpec, resolved: _Resolved, tell: Progress) -> Env | Fault:
        staging = self._root / f"staging-{resolved.key}"
        final = self._root / resolved.key
        shutil.rmtree(staging, ignore_errors=True)
        shutil.rmtree(final, ignore_errors=True)  # damaged, or it would have been read
        began = time.monotonic()
        try:
            built = self._fill(spec, resolved, staging, tell)
            if isinstance(built, Fault):
                return built
            env = {
                "version": _STATE_VERSION,
                "name": spec.name,
                "versions": dict(built),
                "python_version": resolved.python.version,
                "lock": resolved.lock,
                "bytes": _tree_bytes(staging),
                "built_s": time.monotonic() - began,
            }
            write_atomic(staging / _STATE, dumps(env, indent=1))
            staging.rename(final)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return self._read(resolved.key, fresh=True) or Fault(Outcome.FAILED, f"{final} vanished while it was built")

    def _fill(self, spec: EnvSpec, resolved: _Resolved, folder: Path, tell: Progress) -> Mapping[str, str] | Fault:
        """Creates, installs, checks; the installed versions."""
        uv = self._uv()
        tell("creating")
        if fault := uv.create(resolved.python.path, folder, download=self._allow_download):
            return fault
        lock = folder / "lock.txt"
        write_atomic(lock, resolved.lock)
        count = sum(1 for line in resolved.lock.splitlines() if line[:1].isalnum())
        tell(f"installing {count} packages")
        if fault := uv.install(_python_in(folder), lock):
            return fault
        tell("checking")
        told = _health(_python_in(folder), ["numpy", *spec.imports], brought=False)
        return told if isinstance(told, Fault) else told[0]

    def _read(self, key: str, *, fresh: bool = False) -> Env | None:
        """The environment of that key; None when it is not there, or damaged."""
        folder = self._root / key
        try:
            state = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if state.get("version") != _STATE_VERSION or not _python_in(folder).exists():
            return None
        return Env(
            key=key,
            path=folder,
            python=_python_in(folder),
            versions=state["versions"],
            bytes=state["bytes"],
            built_s=state["built_s"],
            name=state["name"],
            python_version=state["python_version"],
            lock=state["lock"],
            fresh=fresh,
        )

    def _stored_lock(self, spec: EnvSpec, python: Interpreter) -> str:
        """What was resolved before: an environment that exists needs no index, and stays what it was."""
        try:
            return self._lock_path(spec, python).read_text(encoding="utf-8")
        except OSError:
            return ""

    def _lock_path(self, spec: EnvSpec, python: Interpreter) -> Path:
        wanted = {
            "choices": self._choices(spec),
            "lock": spec.lock,
            "python": [str(python.path), python.version],
        }
        return self._root / "resolved" / f"{digest(wanted)}.txt"

    def _uv(self) -> Uv:
        folder = self._root / "resolved"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            advice = "set BAKEOFF_HOME to a folder you can write"
            raise MachineError(f"cannot write {folder}: {error.strerror}", advice=advice) from error
        # These make uv act on the environment bakeoff itself runs in, or on another interpreter.
        dropped = ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PYTHON", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH", "PYTHONHOME")
        environ = {name: value for name, value in os.environ.items() if name not in dropped}
        try:
            program = find_uv_bin()
        except FileNotFoundError as error:
            raise MachineError("uv is not installed beside bakeoff", advice="run `python -m pip install uv`") from error
        return Uv(program, self._sources.variables(environ), folder, self._sources)


def _health(python: Path, imports: list[str], *, brought: bool) -> tuple[dict[str, str], str] | Fault:
    """Installed versions and Python's own, from the interpreter itself, which must import what is listed."""
    flags = ["-s"] if brought else ["-I"]
    try:
        done = subprocess.run(  # noqa: S603
            [str(python), *flags, "-c", _HEALTH, json.dumps(imports)],
            capture_output=True,
            text=True,
            timeout=_HEALTH_S,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd="/",
        )
        told = json.loads(done.stdout.rstrip().rpartition("\n")[2])
        versions, version, broken = dict(told["versions"]), str(told["python"]), list(told["broken"])
    except subprocess.TimeoutExpired:
        return Fault(Outcome.TIMEOUT, f"{python} did not import {', '.join(imports)} within {_HEALTH_S} s")
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Fault(Outcome.MISSING, f"{python} is not a working Python: {error}")
    if Version(version) < Version(OLDEST):
        return Fault(Outcome.MISSING, f"{python} is Python {version}; a worker needs {OLDEST} or newer")
    if broken:
        outcome = Outcome.MISSING if brought else Outcome.FAILED
        return Fault(outcome, f"{python}: {'; '.join(broken)}", done.stderr[-2000:])
    return versions, version


def _python_in(folder: Path) -> Path:
    return folder / "bin" / "python"


def _version_of(python: Path) -> str:
    told = _health(python, [], brought=False)
    return "0" if isinstance(told, Fault) else told[1]


def _tree_bytes(folder: Path) -> int:
    """Sum of file sizes; a file linked from uv's cache counts, one linked twice inside counts once."""
    seen: dict[int, int] = {}
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                status = Path(place, name).lstat()
            except OSError:
                continue
            seen[status.st_ino] = status.st_size
    return sum(seen.values())


def _silent(_doing: str) -> None:
    return
