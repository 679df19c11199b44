"""What holds for every test: NumPy's BLAS gets one thread, before NumPy is imported; bakeoff's state is not the user's.

BLAS's idle threads spin. With anything else running on two cores, tests of small arrays took five times as long.
"""

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    """As `bakeoff measure --python`: a system whose packages no source here offers is tested where it is installed."""
    parser.addoption(
        "--python", action="append", default=[], metavar="SYSTEM=PATH", help="interpreter that already has a system"
    )


@pytest.fixture(scope="session", autouse=True)
def state_of_its_own(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home no earlier run left anything in; the catalogue is compiled into it once, for all processes of the run.

    Benchmarks keep the user's: the environments they measure take minutes to build.
    """
    if "BAKEOFF_HOME" in os.environ or any("benchmarks" in item.path.parts for item in request.session.items):
        yield
        return
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAKEOFF_HOME", str(shared / "home"))
        yield
