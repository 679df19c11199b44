"""What somebody asks to have measured becomes a request: every word checked before anything is built or downloaded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from bakeoff.api.bench import Bench
from bakeoff.base.errors import InputError, Problem, unknown_name
from bakeoff.catalog.model import Catalog
from bakeoff.lab.adapters import Adapter
from bakeoff.lab.raw import Cell, Request
from bakeoff.lab.workload import Workload

How = Mapping[str, object]
"""Fields of a request, `only` (contestants as typed) and `python` (interpreters by system)."""
OF_BUILDER = ("allow_large", "allow_download")
"""Fields that say how environments may be built, not what is measured."""

_WHERE = "measure"
_LEAST = {"threads": (0, "0 for one per processor"), "launches": (1, ""), "memory_bytes": (0, "0 for what is free")}


def request(bench: Bench, catalog: Catalog, workload: str, how: How) -> Request:
    """The request that was typed.

    Args:
        bench: The adapters and workloads there are.
        catalog: Knows other names of systems.
        workload: Workload id.
        how: Its other fields; those of the builder are passed over.

    Raises:
        InputError: With every word that means nothing here, and what it could have been.
    """
    wanted = {name: value for name, value in how.items() if name not in OF_BUILDER}
    known = bench.workloads.get(workload)
    problems = list(_numbers(wanted))
    if known is None:
        problems.append(unknown_name(_WHERE, "workload", workload, bench.workloads, what="workload"))
        raise InputError(problems)
    size = str(wanted.get("size", ""))
    if size and size not in known.sizes:
        problems.append(unknown_name(_WHERE, "size", size, known.sizes, what=f"size of {workload}"))
    only = cast("Sequence[object]", wanted.pop("only", ()))
    pythons = cast("Mapping[str, Path]", wanted.pop("python", {}))
    cells: list[Cell] = []
    for text in only:
        try:
            cells += _chosen(str(text), known, bench, catalog)
        except InputError as error:
            problems += error.problems
    problems += _interpreters(pythons, bench.adapters)
    if problems:
        raise InputError(problems)
    named = {name: str(path) for name, path in pythons.items()}
    return Request(workload, cells=tuple(cells) or bench.cells(known), pythons=named, **wanted)  # type: ignore[arg-type]


def _numbers(wanted: Mapping[str, object]) -> Iterator[Problem]:
    for name, (least, meaning) in _LEAST.items():
        value = wanted.get(name)
        if isinstance(value, int) and value < least:
            yield Problem(_WHERE, name, f"{value} is too small", f"at least {least}{', ' * bool(meaning)}{meaning}")
    budget, threads = wanted.get("budget_s"), wanted.get("threads")
    if isinstance(budget, (int, float)) and budget <= 0:
        yield Problem(_WHERE, "budget", f"{budget:g} s is no time", "write a duration such as 90s, 3m or 1h")
    processors = len(os.sched_getaffinity(0))
    if isinstance(threads, int) and threads > processors:
        yield Problem(_WHERE, "threads", f"{threads} is too many", f"this process may use {processors} processors")


def _interpreters(pythons: Mapping[str, Path], adapters: Mapping[str, Adapter]) -> Iterator[Problem]:
    for system, path in pythons.items():
        if system not in adapters:
            yield unknown_name(_WHERE, "python", system, adapters, what="system with an adapter")
        if not os.access(path, os.X_OK) or path.is_dir():
            advice = "give the path of a Python interpreter: SYSTEM=PATH"
            yield Problem(_WHERE, f"python.{system}", f"{str(path)!r} is no program", advice)


def _chosen(text: str, known: Workload, bench: Bench, catalog: Catalog) -> Sequence[Cell]:
    """Cells as typed: `system`, `system/setting`, and either with `==version` of the system's package after it."""
    name, _, version = text.partition("==")
    wanted, _, setting = name.partition("/")
    found = catalog.find(wanted)
    adapter = bench.adapters.get(found.id if found else wanted)
    if adapter is None:
        raise InputError([unknown_name(_WHERE, "only", wanted, bench.adapters, what="system with an adapter")])
    if setting and setting not in adapter.settings:
        problem = unknown_name(_WHERE, f"only.{wanted}", setting, adapter.settings, what="setting")
        raise InputError([problem])
    requires = (_pinned(wanted, version, adapter),) if version else ()
    if setting:
        return (Cell(adapter.system, setting, requires),)
    every = [replace(cell, requires=requires) for cell in bench.cells(known) if cell.system == adapter.system]
    return every or (Cell(adapter.system, requires=requires),)


def _pinned(wanted: str, version: str, adapter: Adapter) -> str:
    """`torch==2.12` for `torch==2.12` as for `pytorch==2.12`: the package of the system, here and now."""
    try:
        Version(version)
    except InvalidVersion as error:
        advice = "write system==1.2.3 or system/setting==1.2.3"
        raise InputError.one(_WHERE, f"only.{wanted}", f"{version!r} is not a version", advice) from error
    needed = [one for one in map(Requirement, adapter.spec.requires) if one.marker is None or one.marker.evaluate()]
    same = [one for one in needed if canonicalize_name(one.name) == canonicalize_name(wanted)]
    chosen = (same or needed)[0]
    extras = f"[{','.join(sorted(chosen.extras))}]" if chosen.extras else ""
    return f"{chosen.name}{extras}=={version}"
