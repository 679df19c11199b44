"""Every adapter has the agreed shape. Read from the syntax alone: no framework is installed where this runs."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tests.contract.foreign import ADAPTERS, CELLS, PAIRS, WORKLOADS, file_of, tree_of

SYSTEMS = ("jax", "mlx", "numpy", "onnxruntime", "openvino", "pytorch", "tensorflow", "tinygrad")
DOOR = {"describe": [], "device": ["settings"], "sync": ["x"], "to_numpy": ["x"], "memory": []}
WAITING = {"block_until_ready", "numpy", "item", "tolist", "synchronize", "eval", "cpu", "device_get"}
"""Calls that wait for a result or copy it to the host: inside `step` they would hide what is measured."""
FILES = [path for adapter in ADAPTERS.values() for path in sorted(adapter.folder.glob("*.py"))]
DONE = [(system, name) for system, name in PAIRS if file_of(system, name).exists()]


def parameters(node: ast.FunctionDef) -> list[str]:
    """Names of all parameters; `*args` and `**kwargs` with their stars."""
    spread = [f"*{node.args.vararg.arg}"] if node.args.vararg else []
    rest = [f"**{node.args.kwarg.arg}"] if node.args.kwarg else []
    return [one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)] + spread + rest


def functions(body: list[ast.stmt]) -> dict[str, ast.FunctionDef]:
    """Functions defined directly in a body."""
    return {node.name: node for node in body if isinstance(node, ast.FunctionDef)}


def imported(tree: ast.Module) -> Iterator[str]:
    """Roots of everything imported; a relative import gives its dots."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level or (node.module or "").partition(".")[0]


def called(node: ast.AST) -> set[str]:
    """Last names of everything called within a node."""
    calls = (one.func for one in ast.walk(node) if isinstance(one, ast.Call))
    return {
        one.attr if isinstance(one, ast.Attribute) else one.id
        for one in calls
        if isinstance(one, ast.Attribute | ast.Name)
    }


def relative(path: Path) -> str:
    """Short name of a file for test ids."""
    return f"{path.parent.name}/{path.name}"


def test_the_systems_of_the_loop_are_there() -> None:
    assert set(SYSTEMS) <= set(ADAPTERS)
    assert {"mlp-train", "encoder-infer", "decoder-train", "gemm", "fused-chain"} <= set(WORKLOADS)


@pytest.mark.parametrize(("system", "name"), PAIRS)
def test_each_workload_is_done_or_a_declared_gap(system: str, name: str) -> None:
    whole = ADAPTERS[system].gaps.get(name)
    assert file_of(system, name).exists() == (whole is None), "either a file or a gap of the whole workload, not both"


@pytest.mark.parametrize("system", ADAPTERS)
def test_gaps_name_workloads_that_exist(system: str) -> None:
    assert [name for name in ADAPTERS[system].gaps if name.partition("/")[0] not in WORKLOADS] == []


@pytest.mark.parametrize("system", ADAPTERS)
def test_no_file_is_left_over(system: str) -> None:
    known = {"adapter.py", *(workload.module for workload in WORKLOADS.values())}
    assert {path.name for path in ADAPTERS[system].folder.glob("*.py")} - known == set()


@pytest.mark.parametrize("system", ADAPTERS)
def test_the_door_has_its_five_functions(system: str) -> None:
    found = functions(tree_of(ADAPTERS[system].folder / "adapter.py").body)
    assert {name: parameters(found[name]) for name in DOOR if name in found} == DOOR


@pytest.mark.parametrize(("system", "name"), DONE)
def test_build_gives_step_reset_and_read(system: str, name: str) -> None:
    build = functions(tree_of(file_of(system, name)).body)["build"]
    assert parameters(build) == ["spec", "weights", "inputs", "setting"]
    inner = functions(build.body)
    assert {one: parameters(inner[one]) for one in ("step", "reset", "read")} == {
        "step": ["slot"],
        "reset": [],
        "read": [],
    }
    last = build.body[-1]
    assert isinstance(last, ast.Return)
    assert ast.unparse(last) in ("return (step, reset, read)", "return step, reset, read")


@pytest.mark.parametrize(("system", "name"), DONE)
def test_a_step_does_not_wait_for_its_result(system: str, name: str) -> None:
    build = functions(tree_of(file_of(system, name)).body)["build"]
    assert called(functions(build.body)["step"]) & WAITING == set()


@pytest.mark.parametrize(("system", "name"), [pair for pair in DONE if WORKLOADS[pair[1]].training])
def test_training_has_something_to_reset_and_to_read(system: str, name: str) -> None:
    inner = functions(functions(tree_of(file_of(system, name)).body)["build"].body)
    assert not isinstance(inner["reset"].body[-1], ast.Pass)
    assert ast.unparse(inner["read"].body[-1]) != "return {}"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_it_never_times_and_never_prints(path: Path) -> None:
    tree = tree_of(path)
    assert set(imported(tree)) & {"time", "timeit", "datetime", "logging", "cProfile"} == set()
    assert called(tree) & {"print", "perf_counter", "perf_counter_ns", "monotonic"} == set()


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_it_imports_the_standard_library_numpy_and_its_own_system_only(path: Path) -> None:
    permitted = {*sys.stdlib_module_names, "numpy", *ADAPTERS[path.parent.name].imports}
    assert set(imported(tree_of(path))) - permitted == set(), "a few copied lines are right, a shared file is not"


@pytest.mark.parametrize(("system", "setting"), sorted({cell[:2] for cell in CELLS}))
def test_a_setting_cites_its_documentation_and_gets_its_threads(system: str, setting: str) -> None:
    chosen = ADAPTERS[system].settings[setting]
    assert "https://" in chosen.why
    assert any("{threads}" in value for value in chosen.env.values())


@pytest.mark.parametrize("system", ADAPTERS)
def test_the_readme_explains_every_setting_with_links(system: str) -> None:
    text = (ADAPTERS[system].folder / "README.md").read_text(encoding="utf-8")
    assert [setting for setting in ADAPTERS[system].settings if f"`{setting}`" not in text] == []
    assert "https://" in text


@pytest.mark.parametrize("system", ADAPTERS)
def test_the_lock_is_exact_hashed_and_names_no_place(system: str) -> None:
    text = (ADAPTERS[system].folder / "lock.txt").read_text(encoding="utf-8")
    assert re.findall(r"://|^\s*-(?:i|f|-index|-find|-extra)\b", text, re.MULTILINE) == []
    blocks = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert blocks
    assert [block for block in blocks if not re.match(r"[a-z0-9._-]+==[^ ;]+ ", block)] == []
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("system", ADAPTERS)
def test_the_lock_is_what_is_required(system: str) -> None:
    spec = ADAPTERS[system].spec
    pins = [Requirement(line) for line in spec.lock.splitlines()]
    assert any(pin.name == "numpy" for pin in pins), "a worker reads and writes arrays with NumPy"
    wrong = []
    for asked in map(Requirement, spec.requires):
        versions = [str(pin.specifier).removeprefix("==") for pin in pins if pin.name == asked.name]
        if not any(version in asked.specifier for version in versions):
            wrong.append(str(asked))
    assert wrong == []


@pytest.mark.parametrize("system", ADAPTERS)
def test_it_says_which_pythons_it_was_tried_on(system: str) -> None:
    assert "3.11.9" in SpecifierSet(ADAPTERS[system].spec.python)
    assert "3.9.9" not in SpecifierSet(ADAPTERS[system].spec.python)


def test_the_rules_see_what_they_forbid() -> None:
    tree = ast.parse("from . import x\nimport time as t\ndef step(slot):\n    return f(slot).block_until_ready()")
    assert list(imported(tree)) == [".", "time"]
    assert called(tree) & WAITING == {"block_until_ready"}
    assert parameters(functions(tree.body)["step"]) == ["slot"]
