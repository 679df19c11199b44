"""What "equal" means: the one comparator between what a system computed and what the mathematics says.

The rule has no constant per system and no absolute tolerance. Three numbers exist for every output: what the arm found,
what float64 says, and what NumPy gets in the arm's own numeric type. The arm's root-mean-square error against float64
may be at most `FACTOR` times the larger of NumPy's own error and one unit in the last place. Correct implementations
lie near 1 (0.8 to 1.4 for four runtimes on one network); the smallest real fault seen so far was 360.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.generic]
"""Any NumPy array."""
Named = Mapping[str, Array]
"""The outputs of one step, by name."""

FACTOR = 8.0
"""Allowed error over NumPy's own error in the same numeric type (or over one ulp)."""
SOLVER_FACTOR = 10.0
"""Allowed error of an adaptive solver over the tolerance it was asked for."""

_FLOATS: dict[str, type] = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
}
_ULPS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
_INTEGERS = "iub"


@dataclass(frozen=True, slots=True)
class Rule:
    """How strictly one workload's outputs are compared."""

    dtype: str = "float32"
    """Numeric type the arm declared: float64, float32, float16 or bfloat16."""
    factor: float = FACTOR
    """Allowed error over its base."""
    tolerance: float | None = None
    """For adaptive solvers: the tolerance asked for, which then replaces the base (factor `SOLVER_FACTOR`)."""


@dataclass(frozen=True, slots=True)
class Match:
    """The result of a comparison."""

    passed: bool
    """Whether everything agreed."""
    ratio: float
    """Worst error over its base; infinite where no ratio exists (NaN, another shape, another integer)."""
    checks: int
    """Number of arrays compared."""
    detail: str
    """The worst array: name, place, error; or what is wrong with it."""

    @classmethod
    def merged(cls, parts: Sequence[Match]) -> Match:
        """All comparisons as one: passed if all passed, with the detail of the worst."""
        if not parts:
            return cls(passed=False, ratio=math.inf, checks=0, detail="there was nothing to compare")
        worst = max(parts, key=lambda part: (not part.passed, part.ratio))
        return cls(all(part.passed for part in parts), worst.ratio, sum(part.checks for part in parts), worst.detail)


def float_type(dtype: str) -> type:
    """The NumPy scalar type of a declared numeric type.

    Raises:
        ValueError: If the name is not one of float64, float32, float16, bfloat16.
    """
    try:
        return _FLOATS[dtype]
    except KeyError:
        raise ValueError(f"unknown numeric type {dtype!r}; known: {', '.join(_FLOATS)}") from None


def ulp(dtype: str) -> float:
    """Relative distance between 1 and the next number of a numeric type.

    >>> ulp("float32") == 2.0**-23, ulp("bfloat16") == 2.0**-7
    (True, True)
    """
    float_type(dtype)
    return _ULPS[dtype]


def rms(values: Array) -> float:
    """Root mean square in float64; 0 for an empty array.

    >>> rms(np.array([3.0, 4.0])) == 12.5**0.5
    True
    """
    wide = np.asarray(values, dtype=np.float64).ravel()
    return math.sqrt(float(np.dot(wide, wide)) / wide.size) if wide.size else 0.0


def error_base(oracle: Sequence[Array], baseline: Sequence[Array], dtype: str) -> float:
    """The error a correct program may be expected to make, as a root mean square over all arrays given.

    Args:
        oracle: The float64 truth, one array per step or case.
        baseline: What NumPy computes in `dtype`, same shapes.
        dtype: Declared numeric type.

    Returns:
        The larger of NumPy's own error and one ulp at the size of the truth; never 0.
    """
    count = sum(truth.size for truth in oracle)
    if count == 0:
        return ulp(dtype)
    pairs = list(zip(oracle, baseline, strict=True))
    own = math.sqrt(sum(_squares(_wide(own) - _wide(truth)) for truth, own in pairs) / count)
    size = math.sqrt(sum(_squares(_wide(truth)) for truth in oracle) / count)
    return max(own, ulp(dtype) * size, float(np.finfo(np.float32).tiny))


def compare_steps(
    found: Sequence[Named], oracle: Sequence[Named], baseline: Sequence[Named], rule: Rule, *, where: str = ""
) -> Match:
    """Compares the outputs of several steps, name by name.

    NumPy's error is pooled over the steps, because a single small output can be right by luck; each step's own error
    is held against the larger of the pooled base and that step's own, so that one wrong step is not diluted.

    Args:
        found: Outputs of the arm, one mapping per step.
        oracle: The float64 truth, same length.
        baseline: NumPy in the arm's numeric type, same length.
        rule: How strictly.
        where: Words for the detail: workload, size, case.
    """
    prefix = f"{where}: " if where else ""
    if len(found) != len(oracle):
        return _fault(f"{prefix}expected {len(oracle)} steps, found {len(found)}")
    parts: list[Match] = []
    for name in oracle[0] if oracle else ():
        absent = [step for step, outputs in enumerate(found) if name not in outputs]
        if absent:
            parts.append(_fault(f"{prefix}output {name!r} is missing in step {absent[0]}"))
            continue
        truths = [step[name] for step in oracle]
        owns = [step[name] for step in baseline]
        arrays = [_unpacked(step[name], rule.dtype) for step in found]
        parts.extend(_compare_name(arrays, truths, owns, rule, f"{prefix}{name}"))
    extra = sorted(set(found[0]) - set(oracle[0])) if oracle else []
    if extra:
        parts.append(_fault(f"{prefix}unexpected output {extra[0]!r}; expected {', '.join(sorted(oracle[0]))}"))
    return Match.merged(parts)


def compare_projections(found: Sequence[float], oracle: Sequence[float], base: float, count: int) -> float:
    """Error ratio of a digest: random ±1 projections of an output instead of the output itself.

    For signs drawn independently of the error, the mean square of the projected error is the squared norm of the error
    (Johnson and Lindenstrauss 1984; Achlioptas 2003 for signs), so dividing by the number of elements gives the same
    root mean square that `compare_steps` uses, and the same factor applies. With eight projections the estimate of a
    true ratio exceeds twice that ratio about once in 10^4.

    Args:
        found: Projections of the arm's output.
        oracle: The same projections of the float64 truth.
        base: From `error_base`.
        count: Number of elements of the output.

    Returns:
        The error ratio, infinite for NaN or another number of projections.
    """
    if len(found) != len(oracle) or not found:
        return math.inf
    difference = np.asarray(found, dtype=np.float64) - np.asarray(oracle, dtype=np.float64)
    if not np.isfinite(difference).all():
        return math.inf
    return rms(difference) / math.sqrt(max(count, 1)) / base


def looks_like(found: Sequence[Array], oracle: Sequence[Array], suspects: Mapping[str, Sequence[Array]]) -> str:
    """Names the silent low precision behind a disagreement, or says nothing.

    A suspect is the truth recomputed from weights and inputs rounded to a shorter type. Rounding is deterministic, so a
    program that secretly rounds makes an error in the same direction: the cosine between its error and the suspect's
    error is large, while for an unrelated fault it is near zero. The suspect whose error also has the right size wins.

    Args:
        found: The arm's outputs.
        oracle: The float64 truth.
        suspects: By name ("bf16", "fp16/TF32"), outputs computed from rounded weights and inputs.

    Returns:
        `looks like bf16` and the like, or an empty string.
    """
    arrays = [_wide(array) for array in found]
    if all(np.array_equal(array, array.astype(ml_dtypes.bfloat16).astype(np.float64)) for array in arrays):
        return "looks like bf16: every value is exactly representable in it"
    with np.errstate(over="ignore"):
        halves = [array.astype(np.float16).astype(np.float64) for array in arrays]
    if all(np.array_equal(array, half) for array, half in zip(arrays, halves, strict=True)):
        return "looks like fp16: every value is exactly representable in it"
    error = np.concatenate([(array - _wide(truth)).ravel() for array, truth in zip(arrays, oracle, strict=True)])
    best = ("", math.inf)
    for name, outputs in suspects.items():
        expected = np.concatenate(
            [(_wide(out) - _wide(truth)).ravel() for out, truth in zip(outputs, oracle, strict=True)]
        )
        norms = math.sqrt(float(error @ error) * float(expected @ expected))
        if norms == 0 or not math.isfinite(norms) or float(error @ expected) / norms < 0.3:
            continue
        distance = abs(math.log(rms(error) / rms(expected)))
        if distance < min(best[1], math.log(4)):
            best = (f"looks like {name}: its error follows the rounding of the inputs to {name}", distance)
    return best[0]


def _compare_name(
    found: Sequence[Array], oracle: Sequence[Array], baseline: Sequence[Array], rule: Rule, where: str
) -> list[Match]:
    for step, (array, truth) in enumerate(zip(found, oracle, strict=True)):
        problem = _shape_problem(array, truth, rule.dtype)
        if problem:
            return [_fault(f"{where}, step {step}: {problem}")]
    if oracle[0].dtype.kind in _INTEGERS:
        return [_exact(array, truth, f"{where}, step {step}") for step, (array, truth) in _steps(found, oracle)]
    if rule.tolerance is not None:
        return [
            _solver(array, truth, rule.tolerance, f"{where}, step {step}")
            for step, (array, truth) in _steps(found, oracle)
        ]
    pooled = error_base(oracle, baseline, rule.dtype)
    parts = []
    for step, (array, truth) in _steps(found, oracle):
        base = max(pooled, error_base([truth], [baseline[step]], rule.dtype))
        error = rms(_wide(array) - _wide(truth))
        ratio = error / base
        detail = f"{where}, step {step}: rms error {error:.2e} is {ratio:.3g} × the allowed base {base:.2e}"
        parts.append(Match(ratio <= rule.factor, ratio, 1, detail))
    return parts


def _steps(found: Sequence[Array], oracle: Sequence[Array]) -> list[tuple[int, tuple[Array, Array]]]:
    return list(enumerate(zip(found, oracle, strict=True)))


def _shape_problem(array: Array, truth: Array, dtype: str) -> str:
    """What makes the two incomparable, in words; empty when nothing does."""
    if array.shape != truth.shape:
        return f"shape {array.shape}, expected {truth.shape}"
    if truth.dtype.kind in _INTEGERS:
        return "" if array.dtype.kind in _INTEGERS else f"type {array.dtype}, expected an integer"
    # A short type may travel in a wider container, since files of arrays cannot hold every type; its values tell.
    allowed = {dtype} if dtype in ("float64", "float32") else {dtype, "float32"}
    if str(array.dtype) not in allowed:
        return f"type {array.dtype}, declared {dtype}"
    bad = ~np.isfinite(_wide(array)) & np.isfinite(_wide(truth))
    if bad.any():
        kind = "NaN" if np.isnan(_wide(array)).any() else "infinite"
        return f"{int(bad.sum())} of {array.size} values are {kind}"
    return ""


def _exact(array: Array, truth: Array, where: str) -> Match:
    wrong = int(np.count_nonzero(array != truth))
    if wrong == 0:
        return Match(passed=True, ratio=0.0, checks=1, detail=f"{where}: exact")
    return _fault(f"{where}: {wrong} of {array.size} integers differ")


def _solver(array: Array, truth: Array, tolerance: float, where: str) -> Match:
    scale = tolerance * max(1.0, rms(truth))
    ratio = float(np.max(np.abs(_wide(array) - _wide(truth)), initial=0.0)) / scale
    return Match(
        ratio <= SOLVER_FACTOR, ratio, 1, f"{where}: error is {ratio:.3g} × the solver's tolerance {tolerance:g}"
    )


def _fault(detail: str) -> Match:
    return Match(passed=False, ratio=math.inf, checks=1, detail=detail)


def _unpacked(array: Array, dtype: str) -> Array:
    """Undoes what files of arrays do to types NumPy has no name for: they come back as raw bytes."""
    if array.dtype.kind == "V" and dtype == "bfloat16" and array.dtype.itemsize == 2:
        return array.view(ml_dtypes.bfloat16)
    return array


def _wide(array: Array) -> npt.NDArray[np.float64]:
    return np.asarray(array).astype(np.float64)


def _squares(array: npt.NDArray[np.float64]) -> float:
    flat = array.ravel()
    return float(np.dot(flat, flat))
