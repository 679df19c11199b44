"""Every module, public class and function says what it is for; every record field has its line."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.repo.source import Module, modules


def is_record(node: ast.ClassDef) -> bool:
    """Whether a class is a dataclass or a pydantic-style model of fields."""
    names = {ast.unparse(one.func if isinstance(one, ast.Call) else one) for one in node.decorator_list}
    return bool(names & {"dataclass", "dataclasses.dataclass"})


def bare_fields(node: ast.ClassDef) -> Iterator[str]:
    """Fields of a record without a line of prose under them."""
    for one, below in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(one, ast.AnnAssign) and not ast.unparse(one.target).startswith("_"):
            explained = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            if not explained:
                yield f"{node.lineno}: field {node.name}.{ast.unparse(one.target)}"


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Public things of a module without a docstring."""
    if not ast.get_docstring(tree):
        yield "1: module"
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and is_record(node):
            yield from bare_fields(node)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    public: list[ast.Module | ast.ClassDef] = [tree, *classes]
    for owner in public:
        for node in owner.body:
            kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
            if isinstance(node, kinds) and not node.name.startswith("_") and not ast.get_docstring(node):
                yield f"{node.lineno}: {node.name}"


@pytest.mark.parametrize("module", [*modules(), *modules(foreign=True)], ids=lambda module: module.name)
def test_everything_public_is_documented(module: Module) -> None:
    # The functions of an adapter are the same names everywhere, explained once by the contract; its file says the rest.
    by_contract = module.name.startswith("adapters/") and not module.name.endswith("/adapter.py")
    found = undocumented(module.tree)
    assert [f"{module.name}:{one}" for one in found if not (by_contract and one.endswith(": build"))] == []


def test_the_rule_sees_what_is_missing() -> None:
    tree = ast.parse("@dataclass\nclass A:\n    '''Doc.'''\n    x: int\n    y: int\n    '''Why.'''\ndef f(): ...")
    assert list(undocumented(tree)) == ["1: module", "2: field A.x", "7: f"]
