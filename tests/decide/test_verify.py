"""A stored decision is reproduced to 1e-4, or every place that differs is named."""

from __future__ import annotations

from datetime import date

from bakeoff.base.quantity import Interval
from bakeoff.base.record import replace
from bakeoff.decide.model import Component, Decision, Profile, RankedStack, Verdict
from bakeoff.decide.verify import verify


def make(value: float = 50.0) -> Decision:
    stack = RankedStack((Component("framework", "a"),), Interval(40.0, value, 60.0), 0.5, 0.9, 0.6, (), ())
    return Decision(
        profile=Profile(),
        verdict=Verdict.LEANING, stacks=(stack,), near_ties=(), feasible=1, conditional=(),
        shares=(),
        reasons=(), exclusions=(), flips=(), pitfalls=(), refuted=(), impression_share=0.5,
        conflicts=(), relaxations=(),
        read=("a.x",), draws=100, error=0.01, seed=3, today=date(2026, 1, 1), catalog="c", snapshot=date(2026, 1, 1),
    )  # fmt: skip


def test_the_same_decision_verifies() -> None:
    assert verify(make(), make()).same


def test_a_rounding_step_is_tolerated_and_two_are_not() -> None:
    assert verify(make(), make(50.0001)).same
    assert verify(make(), make(50.0002)).differences == ("stacks[0].value.mid: 50.0, now 50.0002",)


def test_words_and_lengths_are_compared_exactly() -> None:
    other = replace(make(), verdict=Verdict.TOSS_UP, read=("a.x", "a.y"))
    assert verify(make(), other).differences == ("read: 1 entries, now 2 entries", "verdict: leaning, now toss-up")


def test_a_changed_catalogue_is_told_apart() -> None:
    found = verify(make(), replace(make(), catalog="d"))
    assert (found.same, found.catalog_changed) == (False, True)
