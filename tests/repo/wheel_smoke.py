"""Uses an installed wheel as a user would, in an empty folder and an empty home. Run by `nox -s wheel`."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

WANTED = (
    "adapters/numpy/adapter.toml",
    "adapters/numpy/adapter.py",
    "workloads/encoder-infer/workload.toml",
    "workloads/encoder-infer/reference.py",
    "isolate/worker/worker.py",
    "catalog/data/axes.toml",
    "catalog/data/compiled.jsonl",
    "catalog/data/constants.toml",
    "catalog/data/systems/",
    "catalog/data/rules/",
    "report/templates/",
    "new/tour/profile.toml",
    "py.typed",
)
"""What the wheel must contain beside the host's modules; folders end with a slash."""
COMMANDS = (
    ("--help",),
    ("--version",),
    ("catalog", "list", "--json"),
    ("profile", "words", "--json"),
    ("decide", "{profile}", "--json"),
    ("decide", "{profile}", "--html", "report.html"),
)


def contents(wheel: Path) -> list[str]:
    """What is missing from the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    return [one for one in WANTED if not any(name.startswith(f"bakeoff/{one}") for name in names)]


def main() -> int:
    """Checks contents, then every command; returns the exit code."""
    missing = contents(Path(sys.argv[1]))
    if missing:
        print(f"the wheel lacks: {', '.join(missing)}", file=sys.stderr)
        return 1
    program = Path(sysconfig.get_path("scripts")) / "bakeoff"
    profile = Path(sysconfig.get_path("purelib")) / "bakeoff" / "new" / "tour" / "profile.toml"
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "HOME": folder, "BAKEOFF_HOME": f"{folder}/state"}
        for command in COMMANDS:
            words = [str(program), *(word.format(profile=profile) for word in command)]
            print("$ bakeoff", *words[1:], flush=True)
            done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
                return 1
        if not (Path(folder) / "report.html").stat().st_size:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
