"""One set of pins: requirements.lock, the constraints generated from it, and what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement

from tests.repo.source import ROOT

LOCK = (ROOT / "requirements.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pins() -> list[str]:
    """The pinned requirements of the lock, markers included, in its order."""
    return [line.rstrip(" \\") for line in LOCK.splitlines() if line and not line.startswith((" ", "#"))]


def test_the_constraints_are_the_lock() -> None:
    assert PROJECT["tool"]["uv"]["constraint-dependencies"] == pins(), "run `python3 -m uv run nox -s lock`"


def test_every_pin_is_exact_and_hashed() -> None:
    blocks = re.split(r"\n(?=[a-z0-9])", LOCK)[1:]
    assert len(blocks) == len(pins())
    assert [block for block in blocks if "--hash=sha256:" not in block] == []
    assert [pin for pin in pins() if not re.match(r"[a-z0-9._-]+==[^ ;]+( ;.*)?$", pin)] == []


def test_the_lock_says_nothing_of_where_packages_came_from() -> None:
    assert "://" not in LOCK
    assert not re.search(r"^\s*-(i|f|-index|-find|-extra)", LOCK, re.MULTILINE)


def test_every_requirement_is_pinned_within_its_range() -> None:
    locked: dict[str, list[str]] = {}
    for pin in map(Requirement, pins()):
        locked.setdefault(pin.name, []).extend(spec.version for spec in pin.specifier)
    asked = map(Requirement, [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]])
    wrong = [
        str(one) for one in asked if not locked.get(one.name) or not all(map(one.specifier.contains, locked[one.name]))
    ]
    assert wrong == []


def test_uv_writes_its_own_lock_outside_version_control() -> None:
    assert "uv.lock" in (ROOT / ".gitignore").read_text().split()
