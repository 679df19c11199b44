"""A profile by a few questions: the context first, and weights only while the answer is worth the asking.

What a project is about decides far more than how it weighs speed against comfort, so that is asked first. Then the
expected value of knowing the weights is worked out on the answers so far: where one stack is best under any weights
this profile leaves open, nobody is asked about them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from bakeoff.base.errors import near
from bakeoff.catalog.model import Catalog
from bakeoff.catalog.rules import Rules
from bakeoff.decide.build import build
from bakeoff.decide.profile import parse
from bakeoff.decide.worth import of_weights
from bakeoff.new.profiles import Field

Ask = Callable[[str, Sequence[str]], str | None]

_RANKS = ("What matters most here?", "And after that?", "And then?")


@dataclass(frozen=True, slots=True)
class Interview:
    """What was answered."""

    profile: dict[str, Field]
    """Fields of the profile; empty when nothing was answered."""
    notes: tuple[str, ...]
    """What was not asked, and why."""


def interview(ask: Ask, catalog: Catalog, rules: Rules, *, today: date) -> Interview:
    """Asks what matters, in the order in which it matters.

    Args:
        ask: Puts a question with the words that answer it; None is no answer.
        catalog: What is claimed, for what weights are worth.
        rules: The vocabulary.
        today: Day the profile is for.
    """
    answers: dict[str, Field] = {}
    _one(ask, answers, "activity", "What will the project do?", tuple(rules.activities))
    _one(ask, answers, "domain", "What is it about?", tuple(rules.domains))
    activity = rules.activities.get(str(answers.get("activity", "")))
    hardware = tuple(rules.hardware)
    if activity is None or activity.trains:
        _several(ask, answers, "train_on", "What does it train on?", hardware)
    if activity is None or activity.serves:
        _several(ask, answers, "serve_on", "What does it run on?", hardware)
    _several(ask, answers, "languages", "Which language do its authors write?", tuple(rules.languages))
    _several(ask, answers, "constraints", "What must hold, whatever it costs?", tuple(rules.requirements))
    if not answers:
        return Interview({}, ())
    return Interview(answers, _weigh(ask, answers, catalog, rules, today))


def _weigh(ask: Ask, answers: dict[str, Field], catalog: Catalog, rules: Rules, today: date) -> tuple[str, ...]:
    """Asks for the most important axes while that can change the choice; says what the rest would be worth."""
    bar = rules.constants["ask_points"]
    for question in _RANKS:
        open_weights = of_weights(build(parse(answers, rules, catalog), catalog, rules, today=today))
        told = f"Knowing the weights better would be worth {open_weights.all:.2f} points"
        if open_weights.all < bar:
            return (f"{told}: not asked for.",)
        order = tuple(answers.get("order", ()))
        options = tuple(axis for axis in open_weights.axes if axis not in order)
        answer = ask(question, options)
        if answer is None:
            return (f"{told}: left open.",)
        answers["order"] = (*order, answer)
    return ()


def _one(ask: Ask, answers: dict[str, Field], field: str, question: str, options: tuple[str, ...]) -> None:
    answer = ask(question, options)
    if answer is not None:
        answers[field] = answer


def _several(ask: Ask, answers: dict[str, Field], field: str, question: str, options: tuple[str, ...]) -> None:
    found: list[str] = []
    answer = ask(question, options)
    while answer is not None:
        found.append(answer)
        answer = _another(ask, tuple(option for option in options if option not in found))
    if found:
        answers[field] = tuple(found)


def _another(ask: Ask, left: tuple[str, ...]) -> str | None:
    """One more of the same; the words were listed with the first, so they are not listed again."""
    question = "And? Nothing more: leave it empty."
    while True:
        answer = ask(question, ())
        if answer is None or answer in left:
            return answer
        question = f"There is no {answer!r} left: {near(answer, left) or 'leave it empty to go on.'}"
