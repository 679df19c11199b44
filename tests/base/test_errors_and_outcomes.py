"""Errors say where and what to do; every outcome has advice of its own."""

from __future__ import annotations

import pytest

from bakeoff.base.errors import BakeoffError, InputError, InternalError, MachineError, Problem, near, unknown_name
from bakeoff.base.outcome import Outcome


def test_every_outcome_has_advice_of_its_own() -> None:
    advice = {outcome.advice for outcome in Outcome}
    assert len(advice) == len(Outcome)
    assert all(text.endswith(".") for text in advice)


def test_only_what_was_timed_counts_as_measured() -> None:
    assert {outcome for outcome in Outcome if outcome.measured} == {Outcome.OK, Outcome.NOISY}


def test_an_input_error_shows_every_problem_with_its_place() -> None:
    problems = [
        Problem("a.toml", "x.y", "must be a number", "for example 3", line=7),
        Problem("a.toml", "", "is empty"),
    ]
    text = str(InputError(problems))
    assert "2 problems" in text
    assert "a.toml:7: x.y: must be a number\n    for example 3" in text
    assert "a.toml: is empty" in text


@pytest.mark.parametrize(
    ("error", "code"), [(InputError.one("f", "", "m"), 2), (MachineError("m"), 1), (InternalError("m"), 3)]
)
def test_exit_codes_tell_bad_input_machine_and_bug_apart(error: BakeoffError, code: int) -> None:
    assert error.exit_code == code


def test_near_names_ignore_case_and_stay_silent_when_nothing_is_close() -> None:
    assert near("PyTroch", ["pytorch", "jax"]) == "did you mean pytorch?"
    assert near("zzz", ["pytorch", "jax"]) == ""


def test_an_unknown_name_lists_what_is_known_when_nothing_is_close() -> None:
    assert unknown_name("f", "k", "zzz", ["b", "a"], what="colour").advice == "known: a, b"
    assert "(40 in all)" in unknown_name("f", "k", "zzz", map(str, range(40)), what="number").advice
