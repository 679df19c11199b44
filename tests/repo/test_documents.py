"""What is written is true: blocks of the README and the guide are run or checked, links lead somewhere."""

from __future__ import annotations

import ast
import doctest
import importlib
import json
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from bakeoff.cli import call
from bakeoff.cli.commands import DOORS
from bakeoff.cli.doors import Argument, Door, Kind
from bakeoff.cli.values import Raw
from tests.repo.source import ROOT, Module, modules, text_of, tracked

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]
ELSEWHERE = {
    "python3 -m pip install uv",
    "python3 -m venv .venv",
    ". .venv/bin/activate",
    "git clone",
    "cd bakeoff",
}
"""Set-up lines that a test cannot repeat; `.ci/run` runs the first on a bare machine."""
SAFE = {"profile words", "profile check", "catalog list", "catalog show", "catalog why", "catalog coverage"}
"""Commands that read shipped data only: these are run here, in process."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    page: Path
    line: int
    kind: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(*kinds: str) -> list[Block]:
    found = []
    for page in PAGES:
        text = page.read_text() if page.exists() else ""
        fences = re.finditer(r"^```(.*)\n((?:.*\n)*?)```$", text, re.MULTILINE)
        found += [Block(page, text[: one.start()].count("\n") + 1, one[1], one[2]) for one in fences]
    return [block for block in found if block.kind.split(" ")[0] in kinds]


def commands() -> list[tuple[str, str]]:
    """(place, command) of every line typed at a prompt."""
    typed = []
    for block in blocks("console", "sh", "bash", "shell"):
        for line in block.text.splitlines():
            text = line.removeprefix("$ ").split("  #")[0].strip()
            if line.startswith("$ ") or (not block.kind.startswith("console") and text):
                typed += [(block.place, part.strip()) for part in text.split("&&")]
    return typed


def bare(command: str) -> str:
    """A command without the ways of starting it."""
    return command.removeprefix("python3 -m uv run ").removeprefix("uv run ").split(" > ")[0].strip()


def door_of(words: list[str]) -> Door | None:
    return max(
        (door for door in DOORS if words[: len(door.name.split())] == door.name.split()),
        key=lambda door: len(door.name),
        default=None,
    )


def typed(door: Door, words: list[str]) -> dict[str, Raw]:
    """What the parser would hand over for these words."""
    options = {one.option: one for one in door.arguments if one.option}
    places = iter([one for one in door.arguments if one.positional])
    many: dict[str, list[str]] = {}
    found: dict[str, Raw] = {}
    rest = iter(words)
    for word in rest:
        if word == "--json":
            continue
        argument: Argument = options[word] if word.startswith("--") else next(places)
        if argument.kind is Kind.FLAG:
            found[argument.key] = True
        elif word.startswith("--"):
            many.setdefault(argument.key, []).append(next(rest))
        else:
            found[argument.key] = word
    kinds = {one.key: one.kind for one in door.arguments}
    several = (Kind.TEXTS, Kind.WEIGHTS, Kind.PINS, Kind.PATHS)
    found |= {key: words if kinds[key] in several else words[-1] for key, words in many.items()}
    return found


@pytest.mark.parametrize(("place", "command"), commands(), ids=lambda value: str(value)[:60])
def test_every_command_exists_with_those_arguments(place: str, command: str) -> None:
    words = shlex.split(bare(command))
    if words[0] == "nox":
        assert words[1:] == ["-l"] or words[2] in sessions(), place
    elif words[0] == "bakeoff":
        door = door_of(words[1:])
        assert door is not None, f"{place}: no such command: {command}"
        call.read(door, typed(door, words[1 + len(door.name.split()) :]))
    elif words[0] != ".ci/run":
        assert any(command.startswith(known) for known in ELSEWHERE), f"{place}: neither run nor checked: {command}"


@pytest.mark.parametrize(("place", "command"), commands(), ids=lambda value: str(value)[:60])
def test_files_a_command_reads_are_there(place: str, command: str) -> None:
    named = re.findall(r"\b(examples/\S+)", command)
    assert [name for name in named if not (ROOT / name).exists()] == [], place


@pytest.mark.parametrize(
    "command",
    sorted({bare(one) for _, one in commands() if (door := door_of(shlex.split(bare(one))[1:])) and door.name in SAFE}),
)
def test_reading_commands_run(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main = importlib.import_module("bakeoff.cli.main")
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("sys.argv", [*shlex.split(command), "--json"])
    with pytest.raises(SystemExit) as left:
        main.main()
    assert left.value.code in (0, None)
    assert json.loads(capsys.readouterr().out)


def sessions() -> set[str]:
    tree = ast.parse((ROOT / "noxfile.py").read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list}


def test_the_test_command_is_what_ci_runs() -> None:
    ci = (ROOT / ".ci" / "run").read_text()
    assert "\npython3 -m uv run nox -s tests\n" in ci
    assert "python3 -m uv run nox -s tests" in (ROOT / "README.md").read_text()


def test_every_session_ci_runs_exists() -> None:
    called = re.findall(r"nox -s ([\w ]+?)(?: --|$)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert {name for line in called for name in line.split()} <= sessions()


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.place)
def test_toml_blocks_are_read(block: Block) -> None:
    table = tomllib.loads(block.text)
    if "profile" in block.kind:
        api = importlib.import_module("bakeoff.api")
        assert api.Bakeoff().decisions.decide(None, asked=table).profile.name == table["name"]


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.place)
def test_python_blocks_run(block: Block) -> None:
    subprocess.run([sys.executable, "-c", block.text], check=True, cwd=ROOT, capture_output=True, timeout=60)


@pytest.mark.parametrize(
    "page", [path for path in tracked() if path.suffix == ".md"], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", text_of(page) or "", flags=re.DOTALL)
    links = re.findall(r"(?<!`)\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    broken = [
        link
        for link in links
        if "://" not in link and not link.startswith("mailto:") and not (page.parent / link).exists()
    ]
    assert broken == []


@pytest.mark.parametrize(
    "module", [one for one in modules() if ">>>" in one.path.read_text()], ids=lambda module: module.name
)
def test_examples_in_docstrings_hold(module: Module) -> None:
    result = doctest.testmod(importlib.import_module(module.dotted))
    assert result.attempted > 0
    assert result.failed == 0


def test_the_reference_is_current() -> None:
    done = subprocess.run([sys.executable, "docs/reference.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
