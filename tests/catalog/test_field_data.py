"""The tables of the field: every cell leads to claims that exist, or says that nobody knows."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.catalog.load import DATA
from bakeoff.catalog.model import Catalog
from tests import shipped as shipped_files

FILES = sorted((DATA / "field").glob("*.toml"))


@pytest.fixture(scope="module")
def shipped() -> Catalog:
    return shipped_files.sources().catalog


def _cells(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _cells(value)
    elif isinstance(node, list):
        for value in node:
            yield from _cells(value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_reference_leads_somewhere(path: Path, shipped: Catalog) -> None:
    known = {claim.id for system in shipped.systems.values() for claim in system.claims}
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    for cell in _cells(document):
        assert set(cell.get("claims", ())) <= known
        named = [cell[key] for key in ("system", "subject", "device") if isinstance(cell.get(key), str)]
        named += [name for key in ("systems", "devices") for name in cell.get(key, ())]
        assert [name for name in named if shipped.find(name) is None] == []
    assert {"source", "observed", "read"} <= set(document)


@pytest.mark.parametrize("name", ["matrix", "hardware"])
def test_every_cell_of_a_matrix_is_claimed_or_unknown(name: str) -> None:
    document = tomllib.loads((DATA / "field" / f"{name}.toml").read_text(encoding="utf-8"))
    for row in document["row"]:
        for column in document["columns"]:
            assert ("claims" in row[column]) != ("unknown" in row[column]), (row, column)


def test_every_statement_names_its_test() -> None:
    document = tomllib.loads((DATA / "field" / "statements.toml").read_text(encoding="utf-8"))
    ids = [statement["id"] for statement in document["statement"]]
    assert len(ids) == len(set(ids))
    assert all(statement["test"] and statement["quantity"] for statement in document["statement"])
    assert {statement["status"] for statement in document["statement"]} <= {"open", "refuted", "confirmed"}
