"""Help is immediate: nothing heavy is imported, and it costs little more than importing the parser."""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

HEAVY = ("numpy", "pydantic", "clingo", "jinja2", "rich", "uv", "ml_dtypes", "packaging")
ROOMS = ("numerics", "catalog", "isolate", "decide", "lab", "port", "new", "report", "api")
PROBE = """
import json, sys
sys.argv = ["bakeoff", *{words!r}]
from bakeoff.cli.main import main
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words", [["--help"], ["decide", "--help"], ["catalog", "show", "-h"], ["--version"], ["decide", "--as-of", "x"]]
)
def test_nothing_heavy_is_imported(words: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", PROBE.format(words=words)], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert [one for one in HEAVY if one in loaded] == []
    assert [one for one in ROOMS if f"bakeoff.{one}" in loaded] == []
    # Records are for results and for mistakes, which become JSON.
    assert ("msgspec" in loaded) is (words == ["decide", "--as-of", "x"])


def test_help_costs_at_most_half_as_much_again_as_importing_the_parser() -> None:
    typer, shown = (float("inf"), float("inf"))
    for _ in range(7):  # the fastest of several, taken in turns: other processes only ever add
        typer = min(typer, _seconds(["-c", "import typer"]))
        shown = min(shown, _seconds(["-m", "bakeoff.cli.main", "--help"]))
    assert shown <= 1.5 * typer


def _seconds(words: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
