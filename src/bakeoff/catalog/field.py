"""The field as a whole: comparison and hardware matrix, adoption by year, eras, kernel libraries, stated quantities.

Tables of what a source said, each cell leading to the claims that carry it now or to an explicit unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from bakeoff.base.errors import InputError, Problem
from bakeoff.base.evidence import EvidenceKind
from bakeoff.catalog import authoring
from bakeoff.catalog.shapes import STRICT, Config

STATUSES = ("open", "confirmed", "refuted")
"""What became of a stated quantity."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a matrix."""

    __pydantic_config__: ClassVar[Config] = STRICT

    said: str = ""
    """What the source said; empty where it said nothing."""
    claims: tuple[str, ...] = ()
    """Ids of the claims that carry it now."""
    unknown: str = ""
    """For a cell without claims: that nobody knows, and what would settle it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a matrix."""

    id: str
    """System or device the row is about."""
    label: str
    """Name on screen; empty to use the system's own."""
    devices: tuple[str, ...]
    """Devices a row of the hardware matrix stands for."""
    note: str
    """What the source said of the row as a whole."""
    cells: Mapping[str, Cell]
    """By column."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A table of a source."""

    source: str
    """Where it stands."""
    observed: date
    """When it was true."""
    read: date
    """When we saw it."""
    columns: tuple[str, ...]
    """Axes of the comparison matrix, systems of the hardware matrix."""
    rows: tuple[Row, ...]
    """In the order of the source."""
    grades: Mapping[str, int]
    """Points of each letter grade; empty for the hardware matrix."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Where a system is heading, as a source puts it."""

    __pydantic_config__: ClassVar[Config] = STRICT

    system: str
    """System id."""
    says: str
    """In our words."""
    claims: tuple[str, ...] = ()
    """Claims that carry it."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """Shares by year."""

    __pydantic_config__: ClassVar[Config] = STRICT

    source: str
    """Where it stands."""
    observed: date
    """When it was true."""
    read: date
    """When we saw it."""
    kind: EvidenceKind
    """How the source knows."""
    test: str
    """What would settle it."""
    definition: str
    """Share of what."""
    year: tuple[dict[str, int | str], ...]
    """One row per year: `year`, then percent or words by system."""
    trend: tuple[Trend, ...] = ()
    """What the source expects."""


@dataclass(frozen=True, slots=True)
class Era:
    """A period of the field."""

    __pydantic_config__: ClassVar[Config] = STRICT

    id: str
    """Unique name."""
    name: str
    """Name on screen."""
    from_: int
    """First year."""
    to: int
    """Last year."""
    says: str
    """What happened, in our words."""
    systems: tuple[str, ...]
    """Ids of the systems it is about."""


@dataclass(frozen=True, slots=True)
class StackLayer:
    """One layer of the unbundled stack."""

    __pydantic_config__: ClassVar[Config] = STRICT

    order: int
    """Position from the top."""
    layer: str
    """Its name."""
    says: str
    """What it is for."""
    systems: tuple[str, ...]
    """Ids of its typical systems."""


@dataclass(frozen=True, slots=True)
class Eras:
    """The history of the field and the layering it ended with."""

    __pydantic_config__: ClassVar[Config] = STRICT

    source: str
    """Where it stands."""
    observed: date
    """When it was true."""
    read: date
    """When we saw it."""
    era: tuple[Era, ...]
    """Oldest first."""
    stack_layer: tuple[StackLayer, ...] = ()
    """From the top."""


@dataclass(frozen=True, slots=True)
class KernelLibrary:
    """One library of fused kernels."""

    __pydantic_config__: ClassVar[Config] = STRICT

    system: str
    """System id."""
    by: str
    """Who made it."""
    says: str
    """What the source says of it."""
    catalogued: bool
    """Whether it is a system of the catalogue."""
    correction: str = ""
    """Where the source is wrong."""


@dataclass(frozen=True, slots=True)
class KernelLibraries:
    """The kernel libraries a source names."""

    __pydantic_config__: ClassVar[Config] = STRICT

    source: str
    """Where it stands."""
    observed: date
    """When it was true."""
    read: date
    """When we saw it."""
    library: tuple[KernelLibrary, ...]
    """In the order of the source."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with a number or a factor."""

    __pydantic_config__: ClassVar[Config] = STRICT

    id: str
    """Unique name."""
    subject: str
    """System it is about."""
    says: str
    """In our words."""
    section: str
    """Where in the source."""
    quantity: str
    """The number, with its unit."""
    test: str
    """What would settle it."""
    status: str
    """open | confirmed | refuted."""
    claims: tuple[str, ...] = ()
    """Claims that carry it."""
    note: str = ""
    """What a reader must know."""
    workload: str = ""
    """Workload of the lab that tests it, where one does."""


@dataclass(frozen=True, slots=True)
class Statements:
    """Everything quantitative a source states."""

    __pydantic_config__: ClassVar[Config] = STRICT

    source: str
    """Where it stands."""
    observed: date
    """When it was true."""
    read: date
    """When we saw it."""
    statement: tuple[Statement, ...]
    """In the order of the source."""


@dataclass(frozen=True, slots=True)
class Field:
    """All tables of the field."""

    comparison: Matrix
    """Systems by axis."""
    hardware: Matrix
    """Devices by system."""
    adoption: Adoption
    """Shares by year."""
    eras: Eras
    """History."""
    kernels: KernelLibraries
    """Kernel libraries."""
    statements: Statements
    """Stated quantities."""

    def references(self) -> Iterator[tuple[str, str, str]]:
        """Every name that must lead somewhere: (file, `claim` or `system`, name)."""
        for name, matrix in (("matrix.toml", self.comparison), ("hardware.toml", self.hardware)):
            for row in matrix.rows:
                yield from ((name, "system", one) for one in (row.id, *row.devices))
                yield from ((name, "claim", one) for cell in row.cells.values() for one in cell.claims)
        yield from (("hardware.toml", "system", column) for column in self.hardware.columns)
        for trend in self.adoption.trend:
            yield "adoption.toml", "system", trend.system
            yield from (("adoption.toml", "claim", one) for one in trend.claims)
        yield from (("eras.toml", "system", one) for era in self.eras.era for one in era.systems)
        yield from (("eras.toml", "system", one) for layer in self.eras.stack_layer for one in layer.systems)
        yield from (
            ("kernel_libraries.toml", "system", item.system) for item in self.kernels.library if item.catalogued
        )
        for statement in self.statements.statement:
            yield "statements.toml", "system", statement.subject
            yield from (("statements.toml", "claim", one) for one in statement.claims)


@dataclass(frozen=True, slots=True)
class _MatrixFile:
    """`matrix.toml` and `hardware.toml` as written: rows mix fixed keys with one key per column."""

    __pydantic_config__: ClassVar[Config] = STRICT

    source: str
    """Where it stands."""
    observed: date
    """When it was true."""
    read: date
    """When we saw it."""
    columns: tuple[str, ...]
    """Names of the columns."""
    row: tuple[dict[str, str | tuple[str, ...] | Cell], ...]
    """The rows."""
    grades: dict[str, int] | None = None
    """Points of each letter grade."""


def read(data: Path) -> Field | None:
    """The tables of `data/field`; None where that folder is absent.

    Raises:
        InputError: If a file has mistakes; carries all mistakes of all files.
    """
    folder = data / "field"
    if not folder.is_dir():
        return None
    problems: list[Problem] = []

    def file(kind: Any, name: str) -> Any:
        document, told = authoring.read(kind, folder / name, f"field/{name}")
        problems.extend(told)
        return document

    matrix, hardware = file(_MatrixFile, "matrix.toml"), file(_MatrixFile, "hardware.toml")
    adoption, eras = file(Adoption, "adoption.toml"), file(Eras, "eras.toml")
    kernels, statements = file(KernelLibraries, "kernel_libraries.toml"), file(Statements, "statements.toml")
    for index, item in enumerate(statements.statement if statements else ()):
        if item.status not in STATUSES:
            key = f"statement[{index}].status"
            problems.append(
                Problem("field/statements.toml", key, f"{item.status!r}", f"allowed: {', '.join(STATUSES)}")
            )
    if problems:
        raise InputError(problems)
    tables = _matrix(matrix, "field/matrix.toml", "system"), _matrix(hardware, "field/hardware.toml", "device")
    return Field(*tables, adoption, eras, kernels, statements)


def _matrix(file: _MatrixFile, where: str, key: str) -> Matrix:
    problems: list[Problem] = []
    rows = []
    for index, row in enumerate(file.row):
        cells = {name: cell for name, cell in row.items() if isinstance(cell, Cell)}
        problems += [
            Problem(where, f"row[{index}].{name}", "is a column in only one of rows and header", "compare `columns`")
            for name in sorted(set(cells) ^ set(file.columns))
        ]
        problems += [
            Problem(
                where, f"row[{index}].{name}", "has both claims and unknown, or neither", "a cell is one of the two"
            )
            for name, cell in cells.items()
            if bool(cell.claims) == bool(cell.unknown)
        ]
        devices = row.get("devices", ())
        named = str(row.get(key, ""))
        if not named:
            problems.append(Problem(where, f"row[{index}].{key}", "is missing", "name what the row is about"))
        rows.append(
            Row(
                id=named,
                label=str(row.get("label", "")),
                devices=devices if isinstance(devices, tuple) else (),
                note=str(row.get("said_note", "")),
                cells=cells,
            )
        )
    if problems:
        raise InputError(problems)
    return Matrix(file.source, file.observed, file.read, file.columns, tuple(rows), file.grades or {})
