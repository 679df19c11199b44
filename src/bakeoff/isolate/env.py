"""Environments of foreign code: resolved, built and checked by uv, or brought along by the user."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bakeoff.isolate.fault import Fault
from bakeoff.isolate.sources import Sources

Progress = Callable[[str], None]
"""Told, in a few words, what is being done."""


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
        raise NotImplementedError

    def ensure(self, spec: EnvSpec, *, progress: Progress | None = None) -> Env | Fault:
        """The environment of `spec`, built now if it is not there; several processes may ask at once."""
        raise NotImplementedError

    def adopt(self, python: Path) -> Env | Fault:
        """The user's own interpreter as an environment; it must be ≥ 3.10 and import NumPy."""
        raise NotImplementedError

    def estimate(self, spec: EnvSpec) -> int | None:
        """Bytes to download to build `spec` with nothing cached; 0 when it is built, None when unknown."""
        raise NotImplementedError

    def lock(self, spec: EnvSpec) -> str | Fault:
        """Exact versions and hashes of what `ensure` would install, resolved anew."""
        raise NotImplementedError

    def list(self) -> tuple[Env, ...]:
        """Every environment built here, by name."""
        raise NotImplementedError

    def size(self) -> int:
        """Bytes of everything under the root."""
        raise NotImplementedError

    def prune(self, keep: Collection[str] = ()) -> tuple[str, ...]:
        """Removes every environment whose key is not in `keep`, and what killed builds left; returns the keys."""
        raise NotImplementedError
