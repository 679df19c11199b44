"""The one fixture shared by the contract tests that build environments."""

from __future__ import annotations

import pytest

from tests.contract.bench import Bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Shared by all tests, since environments take minutes."""
    return Bench(tmp_path_factory.mktemp("contract"))
