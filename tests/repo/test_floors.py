"""Rooms import only what lies on lower floors; siblings never. Type-only and in-function imports count."""

from __future__ import annotations

import ast

import pytest

from tests.repo.source import PACKAGE, Module, imports, modules

FLOORS = {
    "base": 0,
    "numerics": 1,
    "catalog": 2,
    "isolate": 2,
    "decide": 3,
    "lab": 3,
    "port": 4,
    "new": 4,
    "report": 4,
    "api": 5,
    "cli": 6,
    "web": 6,
    "mcp": 6,
    "__init__": 7,
    "__main__": 7,
}
FOREIGN_ROOTS = ("bakeoff.adapters", "bakeoff.workloads", "bakeoff.isolate.worker", "bakeoff.port.converters")
SHARED = {
    "bakeoff.isolate.worker.arrays": "one definition of a digest: host and worker compute it with the same file",
    "bakeoff.isolate.worker.clock": "the host looks at the resolution of the very clock that workers use",
}
"""Modules of ours that run on both sides; standard library and NumPy only, as `test_foreign.py` holds them to."""
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def floor_problems(module: Module) -> list[str]:
    """Every import of our own package that goes up or sideways, or hides inside a function."""
    problems = []
    for found in imports(module.tree, module.dotted):
        parts = found.target.split(".")
        if parts[0] != "bakeoff":
            continue
        place = f"{module.name}:{found.line}"
        room = parts[1] if len(parts) > 1 and parts[1] in FLOORS else "__init__"
        package_itself = parts[1:] in ([], ["__version__"], ["__file__"])
        if found.target.startswith(FOREIGN_ROOTS) and not found.target.startswith(tuple(SHARED)):
            problems.append(f"{place}: imports foreign code {found.target}")
        elif not package_itself and room != module.room and FLOORS[room] >= FLOORS[module.room]:
            problems.append(f"{place}: {module.room} (floor {FLOORS[module.room]}) imports {found.target}")
        if found.nested:
            problems.append(f"{place}: imports {found.target} inside a function")
    return problems


def test_every_folder_has_a_floor() -> None:
    rooms = {module.room for module in modules()}
    assert rooms <= set(FLOORS), f"give these a floor: {sorted(rooms - set(FLOORS))}"


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_imports_go_down(module: Module) -> None:
    assert floor_problems(module) == []


@pytest.mark.parametrize("module", modules(foreign=True), ids=lambda module: module.name)
def test_foreign_code_never_imports_the_host(module: Module) -> None:
    found = [
        f"{module.name}:{one.line}: {one.target}" for one in imports(module.tree) if one.target.startswith("bakeoff")
    ]
    assert found == []


def test_no_module_is_a_drawer_for_leftovers() -> None:
    names = {path.stem for path in PACKAGE.rglob("*.py")} | {path.name for path in PACKAGE.rglob("*") if path.is_dir()}
    assert not names & FORBIDDEN_NAMES


@pytest.mark.parametrize(
    "source",
    [
        "import bakeoff.lab.store",
        "from bakeoff.lab import store",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from bakeoff.lab import store",
        "from ..lab import store",
        "from bakeoff.cli import main",
        "from bakeoff.workloads import anything",
        "def late():\n    from bakeoff.base import errors",
    ],
)
def test_the_rule_sees_every_way_to_break_it(source: str) -> None:
    module = Module(PACKAGE / "decide" / "made_up.py", "decide/made_up.py", ast.parse(source))
    assert floor_problems(module)


def test_the_rule_lets_lower_floors_pass() -> None:
    tree = ast.parse("from bakeoff.catalog.model import Claim\nfrom . import model\nfrom bakeoff import __version__")
    assert floor_problems(Module(PACKAGE / "decide" / "made_up.py", "decide/made_up.py", tree)) == []
