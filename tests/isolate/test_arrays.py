"""Fingerprints of arrays, and arrays in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.isolate.worker import arrays

SIGNS_FIRST = [-1, -1, -1, 1, 1, 1, -1, -1]
SIGNS_LAST = [-1, -1, 1, 1, 1, 1, 1, 1]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), size=st.integers(1, 40_000), name=st.text(min_size=1, max_size=8))
def test_a_projection_is_a_signed_sum(seed: int, size: int, name: str) -> None:
    unit = np.zeros(size)
    unit[size // 2] = 1.0
    assert np.all(np.abs(arrays.project(unit, seed, name)) == 1.0)
    ones = arrays.project(np.ones(size), seed, name)
    assert np.all((ones - size) % 2 == 0)
    assert np.all(np.abs(ones) <= size)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_projections_are_linear(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=999), rng.normal(size=999)
    together = arrays.project(2 * a + b, 3, "y")
    np.testing.assert_allclose(together, 2 * arrays.project(a, 3, "y") + arrays.project(b, 3, "y"), rtol=0, atol=1e-10)


def test_the_signs_are_these_for_ever() -> None:
    # Both sides of the pipe compute them, with different versions of NumPy: the stream must not change.
    signs = arrays.project(np.array([1.0, 0, 0, 0]), 7, "loss"), arrays.project(np.array([0, 0, 0, 1.0]), 7, "loss")
    assert [int(value) for value in signs[0]] == SIGNS_FIRST
    assert [int(value) for value in signs[1]] == SIGNS_LAST


def test_the_signs_are_balanced_and_differ_by_name_and_seed() -> None:
    size = 100_000
    ones = arrays.project(np.ones(size), 1, "y")
    assert np.all(np.abs(ones) < 5 * np.sqrt(size))
    assert not np.array_equal(ones, arrays.project(np.ones(size), 2, "y"))
    assert not np.array_equal(ones, arrays.project(np.ones(size), 1, "z"))


def test_rounding_moves_a_projection_little_and_a_fault_moves_it_much() -> None:
    rng = np.random.default_rng(0)
    exact = rng.normal(size=(64, 256))
    rounded, faulty = exact.astype(np.float32), exact[::-1]
    there = np.array(arrays.digest(exact, 5, "y")["sums"])
    error = np.sqrt(np.mean((rounded - exact) ** 2))
    assert np.all(np.abs(arrays.digest(rounded, 5, "y")["sums"] - there) < 6 * error * np.sqrt(exact.size))
    assert np.all(np.abs(arrays.digest(faulty, 5, "y")["sums"] - there) > 100 * error * np.sqrt(exact.size))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_counted_and_has_no_sums(bad: float) -> None:
    value = np.ones((2, 3), dtype=np.float32)
    value[1, 1:] = bad
    assert arrays.digest(value, 0, "y") == {"shape": [2, 3], "dtype": "float32", "sums": None, "nonfinite": 2}


def test_order_in_memory_does_not_matter_but_shape_is_kept() -> None:
    value = np.arange(12.0).reshape(3, 4)
    assert arrays.digest(np.asfortranarray(value), 1, "y") == arrays.digest(value, 1, "y")
    assert arrays.digest(np.array(2.5), 1, "y")["shape"] == []


def test_complex_arrays_are_projected_part_by_part() -> None:
    value = np.array([1 + 2j, 3 - 4j])
    assert arrays.digest(value, 1, "y")["sums"] == arrays.project(np.array([1.0, 2, 3, -4]), 1, "y").tolist()


def test_steps_come_back_as_they_went(tmp_path: Path) -> None:
    steps: list[dict[str, np.ndarray]] = [
        {"a/b": np.array(index, np.float32), "file": np.arange(index)} for index in range(12)
    ]
    arrays.save_steps(str(tmp_path / "steps.npz"), steps)
    back = arrays.load_steps(str(tmp_path / "steps.npz"))
    assert [sorted(step) for step in back] == [["a/b", "file"]] * 12
    assert all(step["a/b"] == index and step["a/b"].shape == () for index, step in enumerate(back))
    assert [step["file"].tolist() for step in back] == [list(range(index)) for index in range(12)]


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "bad.npz", a=np.array([object()], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        arrays.load_named(str(tmp_path / "bad.npz"))


def test_types_numpy_lacks_are_widened_exactly() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    narrow = np.array([1.0, 0.5, 3.140625], dtype=ml_dtypes.bfloat16)
    wide = arrays.widened(narrow)
    assert wide.dtype == np.float32
    assert wide.tolist() == [1.0, 0.5, 3.140625]
    same = np.ones(2)
    assert arrays.widened(same) is same
