"""From words to calls: values, mappings, follow-ups, exit codes, errors, JSON. The product is a recording stand-in."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bakeoff.api.answers import Written
from bakeoff.base.errors import BakeoffError, InputError, InternalError, MachineError, Problem
from bakeoff.base.records import to_plain
from bakeoff.cli import main as program
from tests.report import samples


@dataclass
class Method:
    """One method that records its calls."""

    calls: list[tuple[tuple[object, ...], dict[str, object]]]
    gives: object

    def __call__(self, *args: object, **named: object) -> object:
        self.calls.append((args, named))
        if isinstance(self.gives, BaseException):
            raise self.gives
        return self.gives


@dataclass
class Product:
    """Stands in for `Bakeoff`: any method of any part, each giving what the test says."""

    gives: dict[str, object] = field(default_factory=dict)
    calls: dict[str, list[tuple[tuple[object, ...], dict[str, object]]]] = field(default_factory=dict)

    def __getattr__(self, part: str) -> Any:
        return Part(self, part)


@dataclass
class Part:
    """One part of the stand-in."""

    product: Product
    name: str

    def __getattr__(self, method: str) -> Method:
        path = f"{self.name}.{method}"
        return Method(self.product.calls.setdefault(path, []), self.product.gives.get(path))


@pytest.fixture
def product(monkeypatch: pytest.MonkeyPatch) -> Product:
    made = Product({"decisions.decide": samples.decision(), "decisions.plan": samples.plan()})
    monkeypatch.setattr("bakeoff.cli.run.product", lambda: made)
    return made


def run(words: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["bakeoff", *words])
    with pytest.raises(SystemExit) as left:
        program.main()
    code = left.value.code
    assert code is None or isinstance(code, int)
    return code or 0


def test_options_become_fields_of_a_profile(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    words = "decide p.toml --domain vision --serve-on x86-cpu,ios --serve-on gpu --must offline --weight performance=3"
    more = "--pin serving=a --pin serving=b --exclude c --as-of 2026-05-17 --seed 4 --language rust"
    assert run([*words.split(), *more.split()], monkeypatch) == 0
    ((args, named),) = product.calls["decisions.decide"]
    assert args == (Path("p.toml"),)
    assert named == {
        "asked": {
            "domain": "vision",
            "serve_on": ("x86-cpu", "ios", "gpu"),
            "constraints": ("offline",),
            "weights": {"performance": 3.0},
            "pinned": {"serving": ("a", "b")},
            "excluded": ("c",),
            "languages": ("rust",),
        },
        "as_of": date(2026, 5, 17),
        "seed": 4,
    }


def test_nothing_typed_passes_nothing(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    run(["decide"], monkeypatch)
    assert product.calls["decisions.decide"] == [((), {"asked": {}})]


@pytest.mark.usefixtures("product")
def test_json_is_the_record_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["decide", "--json"], monkeypatch) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == to_plain(samples.decision())
    assert shown.err == ""


@pytest.mark.usefixtures("product")
def test_a_decision_is_shown_with_its_answer_reasons_and_flips(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    run(["decide"], monkeypatch)
    out = capsys.readouterr().out
    for text in (
        "Leaning  slate · arc-format · kiln · ledger9",
        "1.9 times as fast",
        "weight ergonomics",
        "62\u202f%",
        "2 by offline",
    ):
        assert text in out


def test_follow_ups_get_the_record_and_their_value(
    product: Product, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    product.gives["decisions.write_html"] = Written("report.html", "report")
    assert run(["decide", "--html", "report.html"], monkeypatch) == 0
    assert product.calls["decisions.write_html"] == [((samples.decision(), Path("report.html")), {})]
    assert "wrote the report: report.html" in capsys.readouterr().out


def test_an_option_that_stands_alone_replaces_the_call(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    product.gives["decisions.check"] = ()
    assert run(["decide", "--check", "docs/adr"], monkeypatch) == 0
    assert product.calls == {"decisions.check": [((Path("docs/adr"),), {})]}


def test_an_option_that_does_not_stand_alone_keeps_the_arguments(
    product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    product.gives["decisions.since"] = InputError.one("x", "", "enough")
    run(["decide", "p.toml", "--since", "old.json", "--domain", "nlp"], monkeypatch)
    assert product.calls["decisions.since"] == [((Path("old.json"), Path("p.toml")), {"asked": {"domain": "nlp"}})]


def test_how_to_measure(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    product.gives["lab.measure"] = (samples.campaign(),)
    words = "measure encoder-infer --budget 3m --memory 2GiB --only a/jit,b --full-ranking"
    assert run([*words.split(), "--python", "c=/usr/bin/python3", "--json"], monkeypatch) == 0
    ((args, named),) = product.calls["lab.measure"]
    assert args == ("encoder-infer",)
    assert callable(named.pop("progress"))
    assert named == {
        "how": {
            "budget_s": 180.0,
            "memory_bytes": 2**31,
            "only": ("a/jit", "b"),
            "full_ranking": True,
            "python": {"c": Path("/usr/bin/python3")},
        }
    }


def test_measuring_for_a_profile(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    product.gives["lab.measure"] = (samples.campaign(),)
    run(["measure", "--for", "p.toml", "--json"], monkeypatch)
    ((args, named),) = product.calls["lab.measure"]
    assert (args, named["profile"]) == ((), Path("p.toml"))


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (
            InputError([Problem("p.toml", "domain", "unknown domain 'visoin'", "did you mean vision?", 3)]),
            2,
            "p.toml:3: domain",
        ),
        (MachineError("no index reachable", advice="check the network"), 1, "check the network"),
        (InternalError("a promise was broken"), 3, "a promise was broken"),
        (ZeroDivisionError("division by zero"), 3, "this is a bug in bakeoff"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_exit_codes(
    raised: BaseException,
    code: int,
    said: str,
    product: Product,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    product.gives["decisions.decide"] = raised
    assert run(["decide"], monkeypatch) == code
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""


def test_errors_are_json_too(
    product: Product, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    product.gives["decisions.decide"] = InputError([Problem("p.toml", "a", "one"), Problem("p.toml", "b", "two")])
    assert run(["decide", "--json"], monkeypatch) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [one["key"] for one in json.loads(shown.err)["problems"]] == ["a", "b"]


def test_finished_but_not_ok(product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    product.gives["decisions.decide"] = samples.impossible()
    assert run(["decide"], monkeypatch) == 1


def test_every_problem_of_the_command_line_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = "decide --as-of tomorrow --weight performance --pin serving= --check a --verify b"
    assert run(words.split(), monkeypatch) == 2
    err = capsys.readouterr().err
    for text in (
        "4 problems",
        "'tomorrow' is not a day",
        "--weight: 'performance'",
        "--pin: 'serving='",
        "--check and --verify",
    ):
        assert text in err


@pytest.mark.parametrize(
    "words", [["decid"], ["decide", "--nonsense"], ["catalog", "shw"], ["why-not"], ["decide", "--seed", "x"]]
)
def test_what_the_parser_refuses_is_bad_input(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words, monkeypatch) == 2
    assert "Error" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--version"], [], ["-h"], ["catalog", "--help"]])
def test_what_only_tells(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(words, monkeypatch) == 0
    assert "bakeoff" in capsys.readouterr().out


def test_our_errors_have_the_documented_codes() -> None:
    assert {kind.__name__: kind.exit_code for kind in (InputError, MachineError, InternalError, BakeoffError)} == {
        "InputError": 2,
        "MachineError": 1,
        "InternalError": 3,
        "BakeoffError": 3,
    }
