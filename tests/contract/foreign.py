"""What the contract tests read: adapters and workloads as data, and adapter files as syntax trees."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from bakeoff.lab import adapters, workload

ADAPTERS = adapters.load_all()
WORKLOADS = workload.load_all()

PAIRS = [(system, name) for system in ADAPTERS for name in WORKLOADS]
"""Every system with every workload."""
CELLS = [(system, setting, name) for system, name in PAIRS for setting in ADAPTERS[system].settings]
"""Every system in every setting with every workload."""


def file_of(system: str, name: str) -> Path:
    """Where an adapter would do a workload, whether or not the file exists."""
    return ADAPTERS[system].folder / WORKLOADS[name].module


def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def load(path: Path) -> ModuleType:
    """Runs a file under a name of its own, as a worker would."""
    name = f"contract_{path.parent.name.replace('-', '_')}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
