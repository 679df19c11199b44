"""The one fixture shared by the contract tests that build environments."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.bench import Bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Bench:
    """Shared by all tests, since environments take minutes."""
    brought = dict(item.split("=", 1) for item in pytestconfig.getoption("--python"))
    return Bench(tmp_path_factory.mktemp("contract"), {system: Path(path) for system, path in brought.items()})
