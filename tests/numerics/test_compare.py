"""The comparator: what passes, what fails, and how a failure is named."""

from __future__ import annotations

import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.numerics.compare import (
    Match,
    Rule,
    compare_projections,
    compare_steps,
    error_base,
    looks_like,
    rms,
    ulp,
)


def product(seed: int, kind: type = np.float32) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Factors, float64 truth and NumPy's own product in `kind`."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(32, 64)), rng.normal(size=(64, 16))
    return a, b, a @ b, a.astype(kind) @ b.astype(kind)


def test_numpy_itself_passes_at_ratio_one() -> None:
    _, _, truth, own = product(0)
    match = compare_steps([{"c": own}], [{"c": truth}], [{"c": own}], Rule())
    assert match.passed
    assert match.ratio == pytest.approx(1.0)
    assert match.checks == 1


def test_another_summation_order_passes() -> None:
    a, b, truth, own = product(1)
    other = np.zeros_like(own)
    for k in range(a.shape[1]):
        other += np.outer(a[:, k], b[k]).astype(np.float32)
    match = compare_steps([{"c": other}], [{"c": truth}], [{"c": own}], Rule())
    assert match.passed


@pytest.mark.parametrize(
    ("short", "name"),
    [(ml_dtypes.bfloat16, "bf16"), (np.float16, "fp16/TF32")],
)
def test_silent_low_precision_fails_and_is_named(short: type, name: str) -> None:
    a, b, truth, own = product(2)
    low = (a.astype(short).astype(np.float32) @ b.astype(short).astype(np.float32)).astype(np.float32)
    match = compare_steps([{"c": low}], [{"c": truth}], [{"c": own}], Rule())
    assert not match.passed
    assert match.ratio > 500
    suspects = {
        label: [a.astype(kind).astype(np.float64) @ b.astype(kind).astype(np.float64)]
        for label, kind in (("bf16", ml_dtypes.bfloat16), ("fp16/TF32", np.float16))
    }
    assert looks_like([low], [truth], suspects).startswith(f"looks like {name}:")


def test_values_that_fit_a_short_type_are_named_without_suspects() -> None:
    _, _, truth, _ = product(3)
    low = truth.astype(ml_dtypes.bfloat16).astype(np.float32)
    assert "bf16" in looks_like([low], [truth], {})


def test_an_unrelated_fault_is_not_blamed_on_precision() -> None:
    a, b, truth, _ = product(4)
    suspects = {"bf16": [a.astype(ml_dtypes.bfloat16).astype(float) @ b]}
    assert looks_like([(truth * 1.01).astype(np.float32)], [truth], suspects) == ""


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (np.zeros((2, 3), np.float32), "shape"),
        (np.zeros((2, 2), np.float64), "declared float32"),
        (np.full((2, 2), np.nan, np.float32), "NaN"),
        (np.full((2, 2), np.inf, np.float32), "infinite"),
    ],
)
def test_what_has_no_ratio_is_named(found: np.ndarray, word: str) -> None:
    truth = np.ones((2, 2))
    match = compare_steps([{"y": found}], [{"y": truth}], [{"y": truth.astype(np.float32)}], Rule())
    assert not match.passed
    assert math.isinf(match.ratio)
    assert word in match.detail


def test_missing_and_unexpected_outputs_and_steps_are_named() -> None:
    one = np.ones(2, np.float32)
    truth = {"y": np.ones(2)}
    assert "missing" in compare_steps([{}], [truth], [{"y": one}], Rule()).detail
    assert "unexpected" in compare_steps([{"y": one, "z": one}], [truth], [{"y": one}], Rule()).detail
    assert "expected 2 steps" in compare_steps([{"y": one}], [truth] * 2, [{"y": one}] * 2, Rule()).detail


def test_integers_are_exact_in_any_width() -> None:
    truth = np.array([1, 2, 3])
    rule = Rule()
    assert compare_steps([{"t": truth.astype(np.int32)}], [{"t": truth}], [{"t": truth}], rule).passed
    wrong = compare_steps([{"t": truth + np.array([0, 0, 1])}], [{"t": truth}], [{"t": truth}], rule)
    assert not wrong.passed
    assert "1 of 3 integers differ" in wrong.detail


def test_one_wrong_step_among_many_is_not_diluted() -> None:
    rng = np.random.default_rng(5)
    truths = [rng.normal(size=256) for _ in range(50)]
    owns = [truth.astype(np.float32) for truth in truths]
    founds = [own.copy() for own in owns]
    founds[37] += np.float32(1e-4)
    match = compare_steps(
        [{"y": f} for f in founds], [{"y": t} for t in truths], [{"y": o} for o in owns], Rule(), where="size small"
    )
    assert not match.passed
    assert "size small: y, step 37" in match.detail


def test_a_lucky_scalar_does_not_fail_its_neighbours() -> None:
    truth = [np.asarray(0.1 * k + 1 / 3) for k in range(10)]
    lucky = [np.asarray(value, np.float32) for value in truth]
    lucky[4] = np.asarray(truth[4]).astype(np.float32)
    found = [np.nextafter(np.float32(value), np.float32(9)) for value in truth]
    steps = [{"loss": np.asarray(value, np.float32)} for value in found]
    assert compare_steps(steps, [{"loss": t} for t in truth], [{"loss": o} for o in lucky], Rule()).passed


def test_solvers_are_held_to_their_own_tolerance() -> None:
    truth = [{"y": np.ones(4)}]
    rule = Rule(tolerance=1e-4)
    own = [{"y": np.ones(4, np.float32)}]
    assert compare_steps([{"y": np.full(4, 1 + 9e-4, np.float32)}], truth, own, rule).passed
    assert not compare_steps([{"y": np.full(4, 1 + 2e-3, np.float32)}], truth, own, rule).passed


def test_bfloat16_is_judged_by_its_own_ulp_even_through_a_file() -> None:
    a, b, truth, _ = product(6)
    own = (a.astype(ml_dtypes.bfloat16) @ b.astype(ml_dtypes.bfloat16)).astype(ml_dtypes.bfloat16)
    raw = np.asarray(own).view("V2")
    rule = Rule(dtype="bfloat16")
    assert compare_steps([{"c": raw}], [{"c": truth}], [{"c": own}], rule).passed
    worse = (own * ml_dtypes.bfloat16(1.25)).view("V2")
    assert not compare_steps([{"c": worse}], [{"c": truth}], [{"c": own}], rule).passed


def test_error_base_is_never_zero() -> None:
    assert error_base([np.zeros(3)], [np.zeros(3)], "float32") > 0
    assert error_base([], [], "float32") == ulp("float32")


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3))
def test_the_ratio_does_not_depend_on_scale(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=64)
    noise = rng.normal(size=64) * 1e-3
    ratios = []
    for factor in (1.0, scale):
        own = (truth * factor * (1 + 1e-6)).astype(np.float64)
        found = (truth + noise) * factor
        rule = Rule(dtype="float64")
        ratios.append(compare_steps([{"y": found}], [{"y": truth * factor}], [{"y": own}], rule).ratio)
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-6)


def test_digests_estimate_the_same_ratio() -> None:
    rng = np.random.default_rng(7)
    truth = rng.normal(size=4096)
    ratios = []
    for _ in range(200):
        error = rng.normal(size=4096) * 1e-6
        signs = rng.choice([-1.0, 1.0], size=(8, 4096))
        ratios.append(compare_projections(tuple(signs @ (truth + error)), tuple(signs @ truth), 1e-6, 4096))
    assert rms(np.asarray(ratios)) == pytest.approx(1.0, abs=0.1)
    assert max(ratios) < 2.5


def test_digests_that_cannot_be_compared_are_infinitely_wrong() -> None:
    assert math.isinf(compare_projections((math.nan,), (1.0,), 1.0, 4))
    assert math.isinf(compare_projections((1.0,), (1.0, 2.0), 1.0, 4))
    assert math.isinf(compare_projections((), (), 1.0, 4))


def test_nothing_to_compare_is_not_agreement() -> None:
    assert not Match.merged([]).passed
