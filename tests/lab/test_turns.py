"""A machine that changes its pace for some programs after others have left: what is said of those that left."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bakeoff.lab.conclude import PACE, at_any_pace
from bakeoff.numerics.effects import Table, fit

ROUNDS, LEFT = 50, 10


def played(*, mood: float, immune: bool) -> Table:
    """Arms 0 and 2 play all rounds, arm 1 takes 20 times as long as 0 and leaves; the first rounds have a mood."""
    rng = np.random.default_rng(3)
    rows = []
    for number in range(ROUNDS):
        slow = math.log(mood) if number < LEFT else 0.0
        for arm, log_s in ((0, 0.0), (1, math.log(20)), (2, 0.5)):
            if arm != 1 or number < LEFT:
                moved = log_s + (0.0 if arm == 1 and immune else slow) + rng.normal(0, 0.01)
                rows.append((arm, number % 2, number, math.exp(moved)))
    return Table.of(rows)


@pytest.mark.parametrize("mood", [1.5, 1 / 1.5])
@pytest.mark.parametrize("immune", [True, False])
def test_the_interval_of_an_arm_that_left_holds_at_either_pace(mood: float, immune: bool) -> None:  # noqa: FBT001
    table = played(mood=mood, immune=immune)
    ratio = fit(table).ratio(1, 0)
    assert ratio is not None
    assert (ratio.low <= 20 <= ratio.high) is not immune
    found = at_any_pace(table, 1, 0, ratio)
    assert found.low <= 20 <= found.high
    assert found.low <= ratio.low
    assert ratio.high <= found.high
    other = fit(table).ratio(0, 1)
    assert other is not None
    turned = at_any_pace(table, 0, 1, other)
    assert (1 / turned.high, 1 / turned.mid, 1 / turned.low) == pytest.approx((found.low, found.mid, found.high))


def test_arms_that_stayed_and_small_changes_are_left_as_they_are() -> None:
    table = played(mood=1.5, immune=True)
    ratio = fit(table).ratio(2, 0)
    assert ratio is not None
    assert at_any_pace(table, 2, 0, ratio) == ratio
    calm = played(mood=1 + PACE / 2, immune=True)
    seen = fit(calm).ratio(1, 0)
    assert seen is not None
    assert at_any_pace(calm, 1, 0, seen) == seen


def test_too_short_a_part_tells_nothing() -> None:
    table = played(mood=1.5, immune=True)
    assert table.turned(0, 1) == pytest.approx(math.log(1.5), abs=0.02)
    assert table.until(LEFT + 3).turned(0, 1) == 0.0
