"""The interview: context first, weights only while they are worth asking, everything asked is a word that exists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from bakeoff.api import Bakeoff
from bakeoff.catalog.model import Catalog
from bakeoff.catalog.rulebook import load_rules
from bakeoff.catalog.rules import Rules
from bakeoff.decide import worth
from bakeoff.new import interview as room
from bakeoff.new.interview import interview
from tests.decide.world import catalog, small

TODAY = date(2026, 11, 22)
Answer = Callable[[str, Sequence[str]], str | None]


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load_rules()


@pytest.fixture(scope="module")
def known() -> Catalog:
    return catalog(small())


class Person:
    """Answers with the first word of a script that is among those offered for the next question."""

    def __init__(self, *script: str | None) -> None:
        self.script = list(script)
        self.asked: list[str] = []

    def __call__(self, question: str, options: Sequence[str] = ()) -> str | None:
        self.asked.append(question)
        answer = self.script.pop(0) if self.script else None
        assert answer is None or not options or answer in options
        return answer


def test_context_comes_first_and_hardware_is_asked_for_what_the_activity_does(known: Catalog, rules: Rules) -> None:
    serving = Person("serving", "vision", "cpu-only", None, "python", None, "offline")
    told = interview(serving, known, rules, today=TODAY)
    assert serving.asked[:3] == ["What will the project do?", "What is it about?", "What does it run on?"]
    assert not any("train on" in question for question in serving.asked)
    assert told.profile["constraints"] == ("offline",)
    research = Person("research", "vision")
    interview(research, known, rules, today=TODAY)
    assert any("train on" in question for question in research.asked)
    assert not any("run on" in question for question in research.asked)


@pytest.mark.parametrize(("value", "asked"), [(0.0, 0), (10.0, 3)])
def test_weights_are_asked_while_knowing_them_is_worth_it(
    value: float, asked: int, known: Catalog, rules: Rules, monkeypatch: pytest.MonkeyPatch
) -> None:
    axes = ("performance", "ecosystem", "production", "hardware")
    monkeypatch.setattr(room, "of_weights", lambda _model: worth.WeightsWorth(value, axes))
    person = Person("serving", "vision", "cpu-only", None, None, None, *axes[:3])
    told = interview(person, known, rules, today=TODAY)
    assert sum(question in room._RANKS for question in person.asked) == asked
    assert told.profile.get("order", ()) == axes[:asked]
    assert bool(told.notes) == (asked == 0)


def test_a_misspelt_second_word_is_asked_again(known: Catalog, rules: Rules) -> None:
    person = Person("serving", "vision", "cpu-only", "andriod", "android", None)
    told = interview(person, known, rules, today=TODAY)
    assert told.profile["serve_on"] == ("cpu-only", "android")
    assert any("did you mean android?" in question for question in person.asked)


def test_the_file_written_is_a_profile_and_nothing_answered_leaves_a_blank_one(tmp_path: Path) -> None:
    product = Bakeoff(tmp_path / "home", today=TODAY)
    person = Person("research", "scientific-ml", "nvidia-single", None, "python")
    product.projects.profile_init(tmp_path / "asked.toml", ask=person)
    read = product.projects.profile_check(tmp_path / "asked.toml")
    assert (read.activity, read.domain, read.train_on) == ("research", "scientific-ml", ("nvidia-single",))
    product.projects.profile_init(tmp_path / "nobody.toml", ask=Person())
    product.projects.profile_init(tmp_path / "blank.toml")
    assert (tmp_path / "nobody.toml").read_text() == (tmp_path / "blank.toml").read_text()
