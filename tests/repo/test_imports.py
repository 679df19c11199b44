"""Which room may import which third-party package. The table is the whole permission; unused lines must go."""

from __future__ import annotations

import sys

import pytest

from tests.repo.source import Import, Module, imports, modules

ALLOWED: dict[str, dict[str, str]] = {
    "base/": {"msgspec": "what records are made of"},
    "numerics/": {"numpy": "the room's purpose", "ml_dtypes": "bf16 and fp16 comparison"},
    "catalog/": {"packaging": "version ranges and names", "numpy": "populations of beliefs"},
    "catalog/authoring.py": {"pydantic": "strict reading of what people write"},
    "catalog/lint.py": {"tomlkit": "repairs files without losing their comments"},
    "isolate/": {"packaging": "requirements and version ranges", "numpy": "arrays handed to and read from workers"},
    "isolate/env.py": {"uv": "finds the uv program"},
    "decide/": {"numpy": "draws"},
    "decide/conflict.py": {"clingo": "minimal conflicts, cheapest repair, differential oracle"},
    "lab/": {"numpy": "samples and oracles", "packaging": "version ranges", "ml_dtypes": "oracles in low precision"},
    "report/": {"jinja2": "pages", "markupsafe": "pages: escaping is jinja2's own"},
    "api/": {"packaging": "versions", "yaml": "cases of a back-test"},
    "cli/": {"typer": "parsing", "rich": "rendering"},
    "port/": {"numpy": "outputs"},
    "new/": {
        "jinja2": "templates",
        "packaging": "requirements of a project being read",
        "tomlkit": "profiles with comments",
    },
}
REFRESH = {"pypi_simple", "packaging", "requests"}
"""Only modules of the catalogue whose name begins with `refresh` or `registries` may talk to registries."""


def allowed(module: Module) -> set[str]:
    """Roots a module may import: those of its room, and its own."""
    roots = {root for place, table in ALLOWED.items() if module.name.startswith(place) for root in table}
    if module.name.startswith(("catalog/refresh", "catalog/registries")):
        roots |= REFRESH
    return roots


def outside(module: Module) -> list[Import]:
    """Imports that are neither ours nor the standard library's."""
    found = imports(module.tree, module.dotted)
    return [one for one in found if one.target.split(".")[0] not in {"bakeoff", "__future__", *sys.stdlib_module_names}]


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_third_parties_stay_in_their_room(module: Module) -> None:
    permitted = allowed(module)
    wrong = [one for one in outside(module) if one.target.split(".")[0] not in permitted]
    assert [f"{module.name}:{one.line}: {one.target}" for one in wrong] == []


def test_the_solver_is_imported_only_when_a_conflict_must_be_explained() -> None:
    solver = [(module.name, one) for module in modules() for one in outside(module) if one.target.startswith("clingo")]
    assert [f"{name}:{one.line}" for name, one in solver if not one.nested] == []
