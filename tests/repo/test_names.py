"""Knowledge is data: no framework, library, trainer or serving runtime is named in host code.

Compared: identifiers and string literals of the host's Python with every id of those layers in the catalogue.
Docstrings and comments are prose for readers and are not looked at.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache

import pytest

from tests.repo.source import PACKAGE, Module, modules

LAYERS = {"framework", "library", "trainer", "serving"}
ALLOWED: dict[str, str] = {
    "numpy": "the oracle and the reference arm; a dependency of the host itself",
    "none": "an English word; the tracker that stands for having none",
}
"""Id to reason, for the whole host."""
ALLOWED_IN: dict[tuple[str, str], str] = {
    ("new/survey.py", "mojo"): "a language by the ending of its files, and the vocabulary's word for it",
}
"""(file, id) to reason. A line that no longer applies must go."""


@cache
def names() -> dict[str, re.Pattern[str]]:
    """Every id of the layers that matter, with the pattern that finds it as a whole word."""
    ids = set()
    for path in sorted((PACKAGE / "catalog" / "data" / "systems").rglob("*.toml")):
        system = tomllib.loads(path.read_text()).get("system", {})
        if LAYERS & set(system.get("layers", ())):
            ids.add(system["id"])
    return {one: re.compile(rf"(?<![a-z0-9]){re.sub(r'[^a-z0-9]+', '[^a-z0-9]?', one)}(?![a-z0-9])") for one in ids}


@cache
def anything() -> re.Pattern[str]:
    """One pattern that finds any of the ids: most texts name none, and are done with after it."""
    return re.compile("|".join(pattern.pattern for pattern in names().values()))


def words(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every identifier and every string literal that is not documentation."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield line, node.value
        elif isinstance(node, ast.Name):
            yield line, node.id
        elif isinstance(node, ast.Attribute):
            yield line, node.attr
        elif isinstance(node, (ast.arg, ast.keyword)):
            yield line, node.arg or ""
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield line, node.name
        elif isinstance(node, ast.alias):
            yield line, f"{node.name} {node.asname or ''}"


@cache
def named(module: Module) -> tuple[tuple[str, str], ...]:
    """(id, place and text) of every mention that the allow-list does not cover for the whole host."""
    found = []
    for line, text in words(module.tree):
        spoken = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).lower()
        if not (anything().search(spoken) or anything().search(text.lower())):
            continue
        for one, pattern in names().items():
            if one not in ALLOWED and (pattern.search(spoken) or pattern.search(text.lower())):
                found.append((one, f"{module.name}:{line}: {text[:60]!r}"))
    return tuple(found)


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_host_code_names_no_system(module: Module) -> None:
    assert [f"{place} names {one}" for one, place in named(module) if (module.name, one) not in ALLOWED_IN] == []


def test_exceptions_still_apply() -> None:
    used = {(module.name, one) for module in modules() for one, _ in named(module)}
    assert set(ALLOWED_IN) <= used


@pytest.mark.parametrize(
    "source", ["mlx = 1", "def use_mlx(): ...", "x = 'try mlx first'", "x.mlx", "f(mlx=1)", "class MlxArm: ..."]
)
def test_the_rule_sees_names_and_strings(source: str) -> None:
    assert named(Module(PACKAGE / "lab" / "made_up.py", "lab/made_up.py", ast.parse(source)))


def test_the_rule_leaves_prose_alone() -> None:
    tree = ast.parse('"""Like mlx."""\nx = 1\n"""mlx again."""')
    assert named(Module(PACKAGE / "lab" / "made_up.py", "lab/made_up.py", tree)) == ()
