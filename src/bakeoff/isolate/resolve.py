"""Running uv: resolving, creating, installing. What it says when it fails is passed on in its own words."""

from __future__ import annotations

import subprocess
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bakeoff.base.outcome import Outcome
from bakeoff.isolate.fault import Fault
from bakeoff.isolate.sources import Sources

_WORDS_CHARS = 3_000
_UNREACHABLE = ("dns error", "failed to fetch", "error sending request", "connect", "network", "offline")


@dataclass(frozen=True, slots=True)
class Uv:
    """uv, and the sources and settings it runs with."""

    program: str
    """Path of uv itself."""
    environ: Mapping[str, str]
    """Its variables, package sources included."""
    folder: Path
    """Where it runs: outside of any project."""
    sources: Sources
    """Where packages come from."""

    def compile(self, python: Path, requires: Sequence[str], constraints: str = "") -> str | Fault:
        """Exact versions and hashes of `requires` for this machine, without any address."""
        style = ["--generate-hashes", "--no-annotate"]
        return self._compile(python, requires, constraints, style)

    def download_bytes(self, python: Path, requires: Sequence[str], constraints: str = "") -> int | None:
        """Sum of the sizes of the files an installation would need; None when an index does not state sizes."""
        text = self._compile(python, requires, constraints, ["--format", "pylock.toml"])
        if isinstance(text, Fault):
            return None
        total = 0
        for package in tomllib.loads(text).get("packages", ()):
            files = package.get("wheels") or [package[key] for key in ("sdist", "archive") if key in package]
            sizes = [file["size"] for file in files if "size" in file]
            local = any("path" in file or str(file.get("url", "")).startswith("file:") for file in files)
            if not sizes and not local:
                return None
            total += 0 if local else min(sizes)
        return total

    def create(self, python: Path, folder: Path, *, download: bool) -> Fault | None:
        """An empty environment that still works after its folder is renamed."""
        allow = [] if download else ["--no-python-downloads"]
        done = self._run(["venv", "--relocatable", "--no-project", *allow, "--python", str(python), str(folder)])
        return done if isinstance(done, Fault) else None

    def install(self, python: Path, lock: Path) -> Fault | None:
        """Exactly what the lock lists; compiled to bytecode, so that no first import pays for it."""
        hashes = ["--require-hashes"] if "--hash=" in lock.read_text(encoding="utf-8") else []
        flags = ["--compile-bytecode", *self.sources.arguments(), *hashes]
        done = self._run(["pip", "sync", *flags, "--python", str(python), str(lock)])
        return done if isinstance(done, Fault) else None

    def download_python(self, wanted: str) -> Path | Fault:
        """Has uv fetch an interpreter inside the PEP 440 range `wanted`."""
        done = self._run(["python", "install", wanted or "3"])
        if isinstance(done, Fault):
            return done
        found = self._run(["python", "find", "--managed-python", "--no-project", wanted or "3"])
        return found if isinstance(found, Fault) else Path(found.strip())

    def _compile(self, python: Path, requires: Sequence[str], constraints: str, style: list[str]) -> str | Fault:
        arguments = [
            "pip",
            "compile",
            "-",
            *self.sources.arguments(),
            "--no-header",
            "--no-python-downloads",
            "--python",
            str(python),
            *style,
        ]
        with tempfile.NamedTemporaryFile("w", dir=self.folder, suffix=".txt", encoding="utf-8") as staged:
            if constraints:
                staged.write(constraints)
                staged.flush()
                arguments += ["--constraint", staged.name]
            return self._run(arguments, "\n".join(requires) + "\n")

    def _run(self, arguments: Sequence[str], text: str = "") -> str | Fault:
        command = [self.program, *arguments, "--quiet", "--color", "never"]
        done = subprocess.run(  # noqa: S603
            command, input=text, capture_output=True, text=True, check=False, env=dict(self.environ), cwd=self.folder
        )
        return done.stdout if done.returncode == 0 else self._failed(done.stderr.strip())

    def _failed(self, words: str) -> Fault:
        low, sources = words.casefold(), self.sources.describe()
        if "no space left" in low:
            why = "no space left on the disk; free some (`bakeoff env prune`) or set BAKEOFF_HOME elsewhere"
        elif any(sign in low for sign in _UNREACHABLE):
            why = f"the package source cannot be reached ({sources}); check the network, or set PIP_INDEX_URL"
        else:
            why = f"uv could not provide it from {sources}"
        return Fault(Outcome.FAILED, f"{why}. uv said: {words[:_WORDS_CHARS]}", words[-_WORDS_CHARS:])


def with_numpy(requires: Sequence[str]) -> tuple[str, ...]:
    """The requirements and NumPy, which every worker needs."""
    names = {canonicalize_name(Requirement(text).name) for text in requires}
    return tuple(requires) if "numpy" in names else (*requires, "numpy")


def cpu_variants(requires: Sequence[str]) -> tuple[str, ...]:
    """The requirements with every exact pin turned to its `+cpu` build, `torch==2.1` to `torch==2.1+cpu`."""
    return tuple(_cpu_variant(text) for text in requires)


def _cpu_variant(text: str) -> str:
    requirement = Requirement(text)
    pins = [spec for spec in requirement.specifier if spec.operator == "=="]
    if len(pins) != 1 or len(requirement.specifier) != 1 or "+" in pins[0].version or pins[0].version.endswith("*"):
        return text
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}=={pins[0].version}+cpu{marker}"
