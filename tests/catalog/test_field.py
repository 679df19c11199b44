"""The tables of the field: strict reading, and the shipped ones lead somewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bakeoff.base.errors import InputError
from bakeoff.catalog import field
from bakeoff.catalog.load import DATA


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(DATA / "field", tmp_path / "field")
    return tmp_path


def change(folder: Path, name: str, old: str, new: str) -> list[str]:
    """Keys of the problems after one change of a file."""
    path = folder / "field" / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as raised:
        field.read(folder)
    return [problem.key for problem in raised.value.problems]


def test_the_shipped_tables_are_complete() -> None:
    held = field.read(DATA)
    assert held is not None
    assert [era.id for era in held.eras.era] == ["toolkits", "consolidation", "pluralism"]
    assert [row["year"] for row in held.adoption.year] == [2020, 2022, 2024, 2026]
    for matrix in (held.comparison, held.hardware):
        assert all(set(row.cells) == set(matrix.columns) for row in matrix.rows)
    assert all(statement.test for statement in held.statements.statement)
    assert len({statement.id for statement in held.statements.statement}) == len(held.statements.statement)


def test_a_folder_without_tables_is_fine(tmp_path: Path) -> None:
    assert field.read(tmp_path) is None


@pytest.mark.parametrize(
    ("name", "old", "new", "key"),
    [
        ("statements.toml", 'status = "open"', 'status = "maybe"', "statement[0].status"),
        ("eras.toml", "from = 2010", "form = 2010", "era[0].form"),
        ("matrix.toml", "ergonomics = {", "ergonomic = {", "row[0].ergonomic"),
        ("matrix.toml", 'claims = ["pytorch.api_quality"]', "claims = []", "row[0].ergonomics"),
        ("hardware.toml", '[[row]]\ndevice = "', '[[row]]\ndevices_ = "', "row[0].device"),
    ],
)
def test_mistakes_are_told_by_key(folder: Path, name: str, old: str, new: str, key: str) -> None:
    assert key in change(folder, name, old, new)
