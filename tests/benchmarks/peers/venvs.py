"""Builds the peers' environments with uv, once, under bakeoff's home; and runs their scripts in them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from uv import find_uv_bin

from bakeoff.base.records import digest
from bakeoff.isolate.env import Builder, Env
from bakeoff.isolate.sources import Sources
from bakeoff.lab import adapters

_FILE = Path(__file__).parent / "peers.toml"
_WHERE = "import pathlib, torch; print(pathlib.Path(torch.__file__).parents[1])"
_DONE = "works"
_LIMIT_S = 900


class AbsentPeerError(Exception):
    """A peer that cannot run on this machine, with the reason."""


class Peers:
    """Environments of the peers.

    Args:
        root: Where they are kept.
        builder: Builds the one that has torch, where a processor build can be had.
        sources: Where packages come from.
    """

    def __init__(self, root: Path, builder: Builder, sources: Sources) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._sources = sources
        self._builder = builder
        self._known: Mapping[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
        self._absent: dict[str, str] = {}

    def title(self, name: str) -> str:
        """Name and version for the table."""
        return str(self._known[name]["title"])

    def python(self, name: str) -> Path:
        """The interpreter of a peer's environment.

        Raises:
            AbsentPeerError: If it cannot be had here.
        """
        if name in self._absent:
            raise AbsentPeerError(self._absent[name])
        try:
            return self._ready(name)
        except AbsentPeerError as error:
            self._absent[name] = str(error)
            raise

    def run(self, name: str, script: str, request: Mapping[str, object], *, threads: int = 1) -> Any:
        """Runs a script of the folder beside this file with a request and returns what it answered: JSON each way.

        Raises:
            AbsentPeerError: If the peer cannot be had here or its script fails.
        """
        file = self._root / f"request-{os.getpid()}.json"
        command = [str(self.python(name)), str(Path(__file__).parent / "scripts" / script), str(file)]
        file.write_text(json.dumps(request))
        environ = {**os.environ, "PYTHONPATH": "", "LOG_LEVEL": "ERROR", "LOG_TO_FILE": "0"}
        environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=_LIMIT_S, env=environ, cwd=self._root, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise AbsentPeerError(f"no answer within {_LIMIT_S} s") from error
        finally:
            file.unlink()
        if done.returncode:
            raise AbsentPeerError(f"its code fails here: {_last(done.stderr)}")
        return json.loads(done.stdout.splitlines()[-1])

    def _ready(self, name: str) -> Path:
        known = self._known[name]
        folder = self._root / f"{name}-{digest(known)[:8]}"
        python = folder / "bin" / "python"
        if (folder / _DONE).exists():
            return python
        shutil.rmtree(folder, ignore_errors=True)
        if known.get("torch"):
            base, packages = self._torch()
            self._uv("venv", "--python", str(base), str(folder))
            # What the base knows comes after what is installed here, as with an ordinary path file.
            (site,) = folder.glob("lib/python3*/site-packages")
            (site / "torch-of-this-machine.pth").write_text(f"{packages}\n")
        else:
            self._uv("venv", str(folder))
        self._install(python, known["requires"])
        if known.get("exact"):
            self._install(python, ["--no-deps", *known["exact"]])
        checked = subprocess.run([str(python), "-c", known["check"]], capture_output=True, text=True, check=False)
        if checked.returncode:
            raise AbsentPeerError(f"it does not import: {_last(checked.stderr)}")
        (folder / _DONE).touch()
        return python

    def _torch(self) -> tuple[Path, Path]:
        """An interpreter that has torch already, and where it lies: its CUDA build is never downloaded for this."""
        for candidate in ("/usr/bin/python3", shutil.which("python3") or ""):
            if candidate and (packages := _torch_of(Path(candidate))):
                return Path(candidate), packages
        spec = next(one.spec for one in adapters.load_all().values() if "torch" in one.imports)
        built = self._builder.ensure(spec)
        if isinstance(built, Env) and (packages := _torch_of(built.python)):
            return built.python, packages
        raise AbsentPeerError("it needs torch, and no processor build can be had here")

    def _install(self, python: Path, what: Sequence[str]) -> None:
        self._uv("pip", "install", "--quiet", *self._sources.arguments(), "--python", str(python), *what)

    def _uv(self, *arguments: str) -> None:
        environ = self._sources.variables(os.environ)
        command = [find_uv_bin(), *arguments]
        # In a folder of its own: a project around it would lay its own constraints on the peers.
        done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=self._root, check=False)
        if done.returncode:
            raise AbsentPeerError(f"uv {arguments[0]}: {_last(done.stderr)}")


def _torch_of(python: Path) -> Path | None:
    found = subprocess.run([str(python), "-c", _WHERE], capture_output=True, text=True, check=False)
    return None if found.returncode else Path(found.stdout.strip())


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["no words"])[-1][:200]
