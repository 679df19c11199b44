"""Every change a user can notice has a fragment, of a known type, with a sentence in it."""

from __future__ import annotations

import re
import tomllib

from bakeoff import __version__
from tests.repo.source import ROOT

FOLDER = ROOT / "changes"
TYPES = {one["directory"] for one in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]["type"]}
FRAGMENTS = sorted(path for path in FOLDER.iterdir() if path.name != "README.md")


def test_fragments_have_a_known_type() -> None:
    allowed = re.compile(rf"(\d+|\+[a-z0-9-]+)\.({'|'.join(sorted(TYPES))})(\.\d+)?\.md")
    assert [path.name for path in FRAGMENTS if not allowed.fullmatch(path.name)] == []


def test_fragments_say_something() -> None:
    assert [path.name for path in FRAGMENTS if len(path.read_text().split()) < 4] == []


def test_the_types_are_explained() -> None:
    explained = set(re.findall(r"^\| `(\w+)` \|", (FOLDER / "README.md").read_text(), re.MULTILINE))
    assert explained == TYPES


def test_what_is_not_released_has_a_fragment() -> None:
    changelog = ROOT / "CHANGELOG.md"
    released = changelog.exists() and f"## {__version__} " in changelog.read_text()
    assert released or FRAGMENTS, "add a file to changes/: changes/README.md says how"
