"""The foreign side keeps its promises: standard library only, Python 3.10, nothing of ours but files and a pipe."""

from __future__ import annotations

import ast
import errno
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bakeoff.isolate
from bakeoff.base.outcome import Outcome
from bakeoff.isolate.interpreters import choose
from bakeoff.isolate.protocol import PROTOCOL

ISOLATE = Path(bakeoff.isolate.__file__).parent
WORKER = ISOLATE / "worker"
ALLOWED = {"worker.py": set(), "clock.py": set(), "arrays.py": {"numpy"}, "__init__.py": set(), "supervisor.py": set()}

ADAPTER = """
def describe(): return {"versions": {"toy": 1}, "build": None, "devices": []}
def device(settings): pass
def sync(x): pass
def to_numpy(x): return x
def memory(): return {}
"""
# Enough of NumPy for arrays.py to be loaded: 3.10 itself is what is tested.
NUMPY = "class ndarray: pass\n"
CLOCK = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("clock", sys.argv[1])
clock = importlib.util.module_from_spec(spec)
sys.modules["clock"] = clock
spec.loader.exec_module(clock)
program = clock.Program(lambda s: s, lambda x: None, lambda: None, lambda x: x, lambda x: {}, 10)
block = clock.Player(program, clock.Plan([0] * 1000, 5, 1000, [7])).play()
print(json.dumps(block))
"""


@pytest.fixture(scope="module")
def python_3_10() -> Path:
    found = choose("==3.10.*", os.environ)
    if found is None:
        pytest.skip("no CPython 3.10 on this machine")
    return found.path


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_imports_are_the_standard_librarys(name: str) -> None:
    path = ISOLATE / name if name == "supervisor.py" else WORKER / name
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    assert found - set(sys.stdlib_module_names) == ALLOWED[name]


def test_the_host_imports_only_what_both_sides_share() -> None:
    worker = WORKER / "worker.py"
    for path in ISOLATE.glob("*.py"):
        assert "isolate.worker.worker" not in path.read_text(encoding="utf-8"), path
    assert f"PROTOCOL = {PROTOCOL}\n" in worker.read_text(encoding="utf-8")


def test_the_clock_runs_on_python_3_10(python_3_10: Path) -> None:
    command = [str(python_3_10), "-I", "-W", "error", "-c", CLOCK, str(WORKER / "clock.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    block = json.loads(done.stdout)
    assert sum(sample[1] for sample in block["samples"]) == 995
    assert [digest["at"] for digest in block["digests"]] == [7]


def test_the_worker_answers_on_python_3_10(python_3_10: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    (tmp_path / "numpy.py").write_text(NUMPY, encoding="utf-8")
    environ = {"PYTHONPATH": str(tmp_path), "PATH": os.defpath}
    requests = [{"op": "hello"}, {"op": "reset"}, {"op": "bye"}]
    hello, reset, bye = talk([str(python_3_10), "-s", "-W", "error"], tmp_path, requests, environ)
    assert hello["ok"]
    assert hello["python"].startswith("3.10.")
    assert hello["versions"] == {"toy": "1"}
    assert (reset["ok"], reset["outcome"]) == (False, "failed")
    assert bye["ok"]


def test_a_worker_of_another_version_refuses(tmp_path: Path) -> None:
    (tmp_path / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        talk([sys.executable, "-I"], tmp_path, [{"op": "hello"}], {}, protocol=PROTOCOL + 1)
    assert f"protocol {PROTOCOL}" in caught.value.stderr


def test_a_request_it_does_not_know_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "adapter.py").write_text(ADAPTER, encoding="utf-8")
    replies = talk([sys.executable, "-I"], tmp_path, [{"op": "hello"}, {"op": "nonsense"}], {})
    assert replies[0]["ok"]
    assert (replies[1]["ok"], replies[1]["outcome"]) == (False, "failed")


@pytest.mark.parametrize(
    ("error", "outcome", "says"),
    [
        (MemoryError("12 GB"), "out_of_memory", "12 GB"),
        (NotImplementedError("no such operator"), "unsupported", "no such operator"),
        (ModuleNotFoundError("No module named 'x'"), "missing", "'x'"),
        (ImportError("libx.so.1: cannot open shared object file"), "missing", "libx.so.1"),
        (OSError(errno.ENOSPC, "No space left on device"), "failed", "no space left on the disk"),
        (ValueError("shapes"), "failed", "ValueError: shapes"),
        (SystemExit(3), "failed", "3"),
    ],
)
def test_what_foreign_code_raises_has_a_word(error: BaseException, outcome: str, says: str) -> None:
    spec = importlib.util.spec_from_file_location("worker_under_test", WORKER / "worker.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found, detail = module.explain(error)
    assert (found, says in detail) == (outcome, True)
    assert Outcome(found) is not Outcome.OK


def talk(
    python: list[str],
    adapter: Path,
    requests: list[dict[str, Any]],
    environ: dict[str, str],
    *,
    protocol: int = PROTOCOL,
) -> list[dict[str, Any]]:
    """Starts a worker without a session and has it answer."""
    reads, asks = os.pipe()
    answers, writes = os.pipe()
    options = {"protocol": protocol, "adapter": str(adapter), "threads": 1, "requests": reads, "replies": writes}
    lines = [json.dumps({**request, "id": number}) for number, request in enumerate(requests)]
    with open(asks, "w", encoding="utf-8") as stream:  # noqa: PTH123  (a descriptor)
        stream.write("".join(line + "\n" for line in lines))
    command = [*python, str(WORKER / "worker.py"), json.dumps(options)]
    try:
        subprocess.run(command, pass_fds=(reads, writes), env=environ, capture_output=True, text=True, check=True)
    finally:
        os.close(reads)
        os.close(writes)
    with open(answers, encoding="utf-8") as stream:  # noqa: PTH123
        return [json.loads(line) for line in stream]
