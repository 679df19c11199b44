"""What deciding imports of ours: this list and no more. Whoever makes it longer makes every decision slower."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff.catalog import load

PROFILE = Path(__file__).parents[2] / "examples" / "cpu-serving.toml"
PROGRAM = """
import json, sys
sys.argv = ["bakeoff", "decide", *{words!r}]
from bakeoff.cli.main import main
try:
    main()
except SystemExit as left:
    assert not left.code, left.code
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
OURS = """
api api.bench api.decisions api.workspace
base base.errors base.evidence base.files base.later base.quantity base.record base.records base.sha256
catalog catalog.hearing catalog.index catalog.load catalog.model catalog.resolve catalog.rules catalog.scope
catalog.snapshot catalog.votes catalog.weigh
cli cli.call cli.commands cli.doors cli.judge cli.lazy cli.main cli.plain cli.run cli.values
decide decide.bonus decide.build decide.draws decide.engine decide.entries decide.enumerate decide.explain decide.facts
decide.feasible decide.flips decide.joins decide.model decide.profile decide.side decide.situation decide.smaa
decide.space decide.value
"""
SHOWN = "cli.render_decision cli.screen report report.ranking report.wording"
THEIRS = {"msgspec", "numpy", "typing_extensions"}
"""Third parties that deciding needs; the last comes with the first."""
HEAVY = {"difflib", "email", "hashlib", "importlib.metadata", "numpy.ma", "numpy.random", "sqlite3", "statistics"}
"""Modules of the standard library and of NumPy that once came along."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the catalogue and the rules lie compiled."""
    found = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAKEOFF_HOME", str(found))
        load.load()
        load.rules()
    return found


def _loaded(home: Path, words: list[str]) -> set[str]:
    program = PROGRAM.format(words=[str(PROFILE), *words])
    environment = {"BAKEOFF_HOME": str(home), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def _ours(loaded: set[str]) -> set[str]:
    return {name.removeprefix("bakeoff.") for name in loaded if name.startswith("bakeoff.")}


def test_a_decision_imports_what_it_needs_and_no_more(home: Path) -> None:
    loaded = _loaded(home, ["--json"])
    assert _ours(loaded) == set(OURS.split())
    roots = {name.partition(".")[0] for name in loaded} - {"bakeoff", "__main__"}
    assert {one for one in roots if one not in sys.stdlib_module_names and not one.startswith("_")} == THEIRS
    assert not HEAVY & loaded


def test_showing_it_adds_the_screen_and_what_puts_it_into_words(home: Path) -> None:
    loaded = _loaded(home, [])
    assert _ours(loaded) == {*OURS.split(), *SHOWN.split()}
    assert not {"typer", "click", "jinja2", "pydantic", "markupsafe"} & loaded
