"""Workloads: a computation stated exactly (`workload.toml`) with its NumPy float64 oracle (`reference.py`)."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

import bakeoff
from bakeoff.base.errors import InputError, Problem
from bakeoff.lab.strict import Table, load_folders, parse

Array = npt.NDArray[np.generic]
Named = dict[str, Array]
Spec = Mapping[str, object]

ROOT = Path(bakeoff.__file__).parent / "workloads"
"""The workloads shipped with the product."""

_KINDS = ("training", "inference")
_DTYPES = ("float32", "float64", "float16", "bfloat16")


class Oracle(Protocol):
    """What `reference.py` defines. NumPy only; run by the lab, never by a worker."""

    def weights(self, spec: Spec, seed: int) -> Named:
        """Initial weights, float64."""

    def inputs(self, spec: Spec, seed: int, count: int) -> list[Named]:
        """Inputs of `count` slots, floats in float64."""

    def run(
        self, spec: Spec, weights: Named, inputs: Sequence[Named], order: Sequence[int], dtype: npt.DTypeLike
    ) -> tuple[list[Named], Named]:
        """Outputs after each step of `order` from fresh weights, and the final state ({} for inference)."""

    def cost(self, spec: Spec) -> dict[str, float]:
        """`flops`, `bytes` and `units` of one step."""


@dataclass(frozen=True, slots=True)
class Informs:
    """Which belief of the catalogue a result may narrow, and through which anchor."""

    property: str
    """Property id, such as `speed_infer`."""
    domains: tuple[str, ...]
    """Domains it says something about."""
    activities: tuple[str, ...]
    """Activities it says something about."""
    device: str
    """Device it was measured on."""
    layers: tuple[str, ...]
    """Layers whose systems it speaks about."""
    ratio_0: float
    """Throughput over the reference arm that is worth 0 points."""
    ratio_100: float
    """Throughput over the reference arm that is worth 100 points."""
    transfer_width: float
    """Points added to each side of the measured interval: this workload is not the profile's own."""
    transfer_widths: Mapping[str, float]
    """The same for single domains."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A computation every adapter does alike."""

    id: str
    """Unique name, that of its folder."""
    version: int
    """Raised when results stop being comparable."""
    title: str
    """What it computes, for people."""
    training: bool
    """One step is an optimiser step inside an episode; else a forward pass."""
    dtype: str
    """Declared numeric type of every arm."""
    unit: str
    """What is counted: sequence, example, product."""
    ring: int
    """Different inputs that are placed beforehand and rotated through."""
    episode: int
    """Steps between two resets; 0 for inference."""
    sizes: Mapping[str, Spec]
    """Parameters by size; the first is the default."""
    edges: tuple[Spec, ...]
    """Further shapes that must agree with the oracle as well."""
    factor: float
    """Allowed error over its base, see `numerics.compare`."""
    compare: tuple[str, ...]
    """Names of the outputs compared; `state` for the final weights."""
    informs: Informs
    """What a result may be used for."""
    folder: Path
    """Where it lives."""
    oracle: Oracle
    """Its reference implementation."""

    @property
    def module(self) -> str:
        """Name of the file an adapter does it in."""
        return f"{self.id.replace('-', '_')}.py"

    def size(self, name: str) -> str:
        """The size of that name, the default one for an empty name.

        Raises:
            InputError: If there is no such size.
        """
        if name and name not in self.sizes:
            raise InputError.one(self.id, "size", f"unknown size {name!r}", f"known: {', '.join(self.sizes)}")
        return name or next(iter(self.sizes))


def load(folder: Path) -> Workload:
    """Reads one workload.

    Raises:
        InputError: If `workload.toml` has any problem (all of them are named) or `reference.py` lacks a function.
    """
    path = folder / "workload.toml"
    problems: list[Problem] = []
    top = Table(str(path), parse(path), problems)
    name = top.text("id")
    if name and name != folder.name:
        top.complain("id", f"is {name!r} but the folder is {folder.name!r}")
    training = top.choice("kind", _KINDS) == "training"
    agreement = top.table("agreement")
    sizes = {size: dict(table.data) for size, table in top.tables("sizes").items()}
    if not sizes:
        top.complain("sizes", "at least one size is needed", "add a table [sizes.small]")
    workload = Workload(
        id=name,
        version=top.whole("version"),
        title=top.text("title"),
        training=training,
        dtype=top.choice("dtype", _DTYPES, "float32"),
        unit=top.text("unit"),
        ring=top.whole("ring", 8),
        episode=top.whole("episode", None if training else 0),
        sizes=sizes,
        edges=tuple(_edges(top)),
        factor=agreement.number("factor", 8.0),
        compare=agreement.texts("compare"),
        informs=_informs(top.table("informs")),
        folder=folder,
        oracle=_oracle(folder / "reference.py", problems),
    )
    if workload.ring < 3:
        top.complain("ring", f"is {workload.ring}: at least 3 different inputs are needed to tell work from replay")
    agreement.close()
    top.close()
    if problems:
        raise InputError(problems)
    return workload


def load_all(root: Path = ROOT) -> dict[str, Workload]:
    """Every workload below a folder, by id.

    Raises:
        InputError: With the problems of all of them.
    """
    return load_folders(root, "workload.toml", load)


def _edges(top: Table) -> list[Spec]:
    values = top.raw("edge", list, [])
    wrong = [value for value in values if not isinstance(value, dict)]
    if wrong:
        top.complain("edge", f"expected tables, found {wrong[0]!r}", "write [[edge]] above each")
    return [value for value in values if isinstance(value, dict)]


def _informs(table: Table) -> Informs:
    widths = table.table("transfer_widths")
    informs = Informs(
        property=table.text("property"),
        domains=table.texts("domain"),
        activities=table.texts("activity"),
        device=table.text("device"),
        layers=table.texts("layers"),
        ratio_0=table.number("ratio_0"),
        ratio_100=table.number("ratio_100"),
        transfer_width=table.number("transfer_width"),
        transfer_widths={domain: widths.number(domain) for domain in widths.data},
    )
    table.close()
    if not 0 < informs.ratio_0 < informs.ratio_100:
        table.complain("ratio_100", f"must be above ratio_0 > 0, found {informs.ratio_0} and {informs.ratio_100}")
    for domain, width in {"": informs.transfer_width, **informs.transfer_widths}.items():
        if width < 5.0:
            place = f"transfer_widths.{domain}" if domain else "transfer_width"
            table.complain(place, f"is {width:g} points; one small workload never speaks about a task within 5 points")
    return informs


def _oracle(path: Path, problems: list[Problem]) -> Oracle:
    """Loads `reference.py` by its path: nothing imports it by name, so it can be read and replaced like data."""
    name = f"bakeoff_reference_{path.parent.name.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        problems.append(Problem(str(path), "", "is missing"))
        return cast(Oracle, None)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # noqa: BLE001  # any fault of a data folder is the author's, named with its file
        problems.append(Problem(str(path), "", f"cannot be loaded: {type(error).__name__}: {error}"))
    absent = [function for function in ("weights", "inputs", "run", "cost") if function not in vars(module)]
    problems.extend(Problem(str(path), function, "the function is missing") for function in absent)
    return cast(Oracle, module)
