"""Numbers with a unit and a doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.base.quantity import Interval, show_bytes, show_seconds


@pytest.mark.parametrize("bounds", [(2, 1, 3), (1, 3, 2), (1, 2, float("inf")), (float("nan"), 1, 2)])
def test_an_interval_out_of_order_or_not_finite_is_refused(bounds: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="interval"):
        Interval(*bounds)


triples = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3).map(sorted).map(lambda v: Interval(*v))


@given(triples, triples)
def test_overlap_is_symmetric_and_means_a_shared_point(one: Interval, other: Interval) -> None:
    shared = max(one.low, other.low) <= min(one.high, other.high)
    assert one.overlaps(other) == other.overlaps(one) == shared


@given(triples, st.floats(0.01, 100))
def test_scaling_keeps_the_order_and_scales_the_width(interval: Interval, factor: float) -> None:
    assert interval.scaled(factor).half_width == pytest.approx(interval.half_width * factor, abs=1e-6)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ns"),
        (2.5e-9, "2.50 ns"),
        (3.14159e-4, "314 µs"),
        (0.0999, "99.9 ms"),
        (12.34, "12.3 s"),
        (61, "1 min 1 s"),
    ],
)
def test_durations_are_shown_with_three_digits(seconds: float, text: str) -> None:
    assert show_seconds(seconds) == text


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.50 kB"), (2.2e9, "2.20 GB")])
def test_sizes_are_shown_in_decimal_units(size: float, text: str) -> None:
    assert show_bytes(size) == text
