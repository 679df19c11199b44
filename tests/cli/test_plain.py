"""What plain words mean is what the parser makes of them; whatever is not plain is left to it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.base.errors import InputError
from bakeoff.cli import call, parser, plain
from bakeoff.cli.commands import DOORS
from bakeoff.cli.doors import Argument, Door, Kind

PARSER = parser.build()
WORDS = {
    Kind.INTEGER: "7",
    Kind.NUMBER: "0.5",
    Kind.DAY: "2026-05-17",
    Kind.DURATION: "3m",
    Kind.SIZE: "4GB",
    Kind.WEIGHTS: "performance=0.3",
    Kind.PINS: "serving=a",
    Kind.PATHS: "torch=/usr/bin/python3",
}


def _parsed(words: list[str]) -> tuple[Door, dict[str, Any], bool]:
    """What the parser hands over."""
    found: list[tuple[Door, dict[str, Any], bool]] = []

    def run(door: Door, typed: dict[str, Any], *, as_json: bool) -> int:
        found.append((door, typed, as_json))
        return 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parser, "load", lambda _place: run)
        PARSER(args=words, standalone_mode=False)
    (only,) = found
    return only


def _typed(argument: Argument, *, joined: bool) -> list[str]:
    value = WORDS.get(argument.kind, "word")
    if argument.positional:
        return [value]
    if argument.kind is Kind.FLAG:
        return [argument.option]
    return [f"{argument.option}={value}"] if joined else [argument.option, value]


@st.composite
def lines(draw: st.DrawFn) -> list[str]:
    door = draw(st.sampled_from(DOORS))
    chosen = [one for one in door.arguments if one.required or draw(st.booleans())]
    groups = [_typed(one, joined=draw(st.booleans())) for one in chosen]
    again = [one for one in chosen if one.kind in (Kind.TEXTS, Kind.PINS) and not one.positional]
    groups += [_typed(one, joined=False) for one in again if draw(st.booleans())]
    groups += [["--json"]] if draw(st.booleans()) else []
    return [*door.name.split(), *(word for group in draw(st.permutations(groups)) for word in group)]


def _call(door: Door, typed: Any) -> object:
    try:
        return call.read(door, typed)
    except InputError as error:
        return error.problems


@settings(max_examples=60, deadline=None)
@given(lines())
def test_plain_words_are_read_as_the_parser_reads_them(words: list[str]) -> None:
    found = plain.read(words)
    door, typed, as_json = _parsed(words)
    if found is None:
        # Left to the parser only where the table has a positional argument that is more than a word.
        assert any(one.positional and one.kind is not Kind.TEXT and one.kind is not Kind.PATH for one in door.arguments)
        return
    assert (found.door, found.as_json) == (door, as_json)
    assert _call(door, found.typed) == _call(door, typed)


@pytest.mark.parametrize(
    "line",
    [
        "", "--help", "decide --help", "decide p.toml -h", "catalog", "nothing", "decide a b", "decide --seed x",
        "decide --seed", "decide --domain -x", "decide --seed 1 --seed 2", "decide --dom vision", "decide --json=1",
        "decide -- p.toml", "catalog show", "decide --domain=", "measure --full-ranking=1", "decide --unknown 1",
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_the_parser(line: str) -> None:
    assert plain.read(line.split()) is None


def test_plain_words_need_no_parser() -> None:
    program = (
        "import sys, json; sys.argv = ['bakeoff', 'decide', '--domain', 'nonsense', '--json']\n"
        "from bakeoff.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as left:\n    print(json.dumps([left.code, sorted(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    code, loaded = json.loads(done.stdout)
    assert code == 2
    assert "nonsense" in json.loads(done.stderr)["problems"][0]["message"]
    assert not {"typer", "click", "rich"} & set(loaded)
