"""Modules imported on use: not before, and then the very module; written beside the import the type checker reads."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from bakeoff.base.later import later
from tests.repo.source import Module, modules


def test_a_module_is_imported_when_something_in_it_is_used() -> None:
    program = (
        "import sys; from bakeoff.base.later import later; csv = later('csv'); print('csv' in sys.modules);"
        "print(csv.QUOTE_ALL == 1, 'csv' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]


def test_a_name_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = later("bakeoff.base.files").nothing_like_it


def _checked(tree: ast.Module) -> dict[str, str]:
    """Names bound under `if TYPE_CHECKING:`, with the module they mean."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for one in node.body:
                if isinstance(one, ast.ImportFrom):
                    found.update({alias.asname or alias.name: f"{one.module}.{alias.name}" for alias in one.names})
                elif isinstance(one, ast.Import):
                    found.update({alias.asname or alias.name: alias.name for alias in one.names})
    return found


def _later(tree: ast.Module) -> dict[str, str]:
    """Names bound to `later(...)`, with the module asked for."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets = node.targets[0].elts if isinstance(node.targets[0], ast.Tuple) else node.targets
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            for target, value in zip(targets, values, strict=False):
                if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "later":
                    assert isinstance(target, ast.Name)
                    assert isinstance(value.args[0], ast.Constant)
                    found[target.id] = str(value.args[0].value)
    return found


USING = [module for module in modules() if _later(module.tree)]


@pytest.mark.parametrize("module", USING, ids=lambda module: module.name)
def test_what_is_imported_late_is_what_types_and_floors_are_checked_against(module: Module) -> None:
    checked, late = _checked(module.tree), _later(module.tree)
    assert {name: checked.get(name) for name in late} == late
