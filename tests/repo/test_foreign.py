"""Foreign code, checked without its frameworks: it parses on Python 3.10 and imports only what it declared."""

from __future__ import annotations

import ast
import sys
import tomllib
from pathlib import Path

import pytest

from tests.repo.source import PACKAGE, Module, imports, modules

OLDEST = (3, 10)
"""Foreign code runs in the framework's environment, which may be older than the host's."""


def roots(module: Module) -> set[str]:
    """Third-party import roots this file may use."""
    parts = module.name.split("/")
    if parts[0] == "isolate":
        return {"numpy"} if parts[-1] == "arrays.py" else set()
    if parts[0] == "adapters":
        declared = tomllib.loads((PACKAGE / "adapters" / parts[1] / "adapter.toml").read_text())
        return {"numpy", *declared["imports"]}
    return {"numpy"}


def beside(module: Module) -> set[str]:
    """Names of the files in the same folder, which may import each other."""
    return {path.stem for path in Path(module.path).parent.glob("*.py")}


@pytest.mark.parametrize("module", modules(foreign=True), ids=lambda module: module.name)
def test_it_parses_on_the_oldest_python(module: Module) -> None:
    ast.parse(module.path.read_text(), filename=module.name, feature_version=OLDEST)


@pytest.mark.parametrize("module", modules(foreign=True), ids=lambda module: module.name)
def test_it_imports_only_what_it_declared(module: Module) -> None:
    permitted = {*sys.stdlib_module_names, "__future__", *roots(module), *beside(module)}
    wrong = [one for one in imports(module.tree) if one.target.split(".")[0] not in permitted]
    assert [f"{module.name}:{one.line}: {one.target}" for one in wrong] == []
