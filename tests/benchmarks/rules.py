"""Rules of the peers, re-coded where their own code cannot be asked, each from the file named."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Outputs = Sequence[Mapping[str, npt.NDArray[np.generic]]]

OPTIMUM = (10, 10, 10.0)
"""Warm-up steps, least steps, least seconds: optimum-benchmark 0.6.0, scenarios/inference/config.py."""
OLIVE = (10, 20)
"""Warm-up steps and steps: Olive 0.13.0, evaluator/metric_config.py."""


def optimum_is_done(steps_s: Sequence[float]) -> bool:
    """Whether its latency tracker would stop: both limits are reached."""
    return len(steps_s) >= OPTIMUM[1] and math.fsum(steps_s) >= OPTIMUM[2]


def criterion_differs(first: Sequence[float], second: Sequence[float], *, seed: int) -> bool:
    """criterion.rs 0.5, analysis/compare.rs and report.rs: a bootstrapped t test at 5 %, and a change beyond 1 %.

    Args:
        first: Single steps of the base.
        second: Single steps of the new program.
        seed: Of the bootstrap.
    """
    base, new = _hundred(first), _hundred(second)
    rng = np.random.default_rng(seed)
    together = np.concatenate([base, new])
    count = 2000
    mixed = rng.choice(together, (count, together.size))
    random_t = _t(mixed[:, : base.size], mixed[:, base.size :])
    seen = _t(base[None], new[None])[0]
    p = 2 * min(np.mean(random_t >= seen), np.mean(random_t <= seen))
    change = rng.choice(new, (count, new.size)).mean(axis=1) / rng.choice(base, (count, base.size)).mean(axis=1) - 1
    low, high = np.percentile(change, [2.5, 97.5])
    return bool(p < 0.05 and (low > 0.01 or high < -0.01))


def criterion_slower_by(first: Sequence[float], second: Sequence[float]) -> float:
    """The change of means it would print."""
    return float(np.mean(second) / np.mean(first) - 1)


def _hundred(steps: Sequence[float]) -> Floats:
    """Its hundred samples: means of groups of iterations."""
    return np.asarray([group.mean() for group in np.array_split(np.asarray(steps, dtype=np.float64), 100)])


def _t(first: Floats, second: Floats) -> Floats:
    error = np.sqrt(first.var(axis=1, ddof=1) / first.shape[1] + second.var(axis=1, ddof=1) / second.shape[1])
    result: Floats = (first.mean(axis=1) - second.mean(axis=1)) / error
    return result


# --- gates on outputs


def navigator_passes(found: Outputs, known: Outputs) -> bool:
    """Model Navigator 0.14.0, commands/correctness: names, shapes, finite; its tolerance is the error seen."""
    return len(found) == len(known) and all(
        one.keys() == other.keys()
        and all(one[name].shape == other[name].shape and np.isfinite(one[name]).all() for name in one)
        for one, other in zip(found, known, strict=True)
    )


def inferena_passes(found: Outputs, known: Outputs) -> bool:
    """Inferena b1534db, harness/src/main.rs: a loss within 5 % and the first sixteen values, of one input."""
    for name, value in known[0].items():
        mine = found[0].get(name)
        if mine is None or mine.shape != value.shape:
            return False
        left, right = mine.reshape(-1)[:16].astype(np.float64), value.reshape(-1)[:16].astype(np.float64)
        if not np.isfinite(left).all() or float(np.linalg.norm(left - right)) > 0.05 * float(np.linalg.norm(right)):
            return False
    return True


def torchbench_passes(found: Outputs, known: Outputs, own: Outputs) -> bool:
    """TorchBench 0e83c44, util/env_check.py: near enough at 1e-4, else no more than twice NumPy's own error plus 1e-4.

    Of one input, with the float64 answer as golden; `own` is the same in the arm's numeric type.
    """
    for name, golden in known[0].items():
        mine, reference = found[0].get(name), own[0][name]
        if mine is None or mine.shape != golden.shape or not np.isfinite(mine).all():
            return False
        if np.allclose(mine, reference, rtol=1e-4, atol=1e-4):
            continue
        if _rmse(golden, mine) > 2.0 * _rmse(golden, reference) + 1e-4 / 10:
            return False
    return True


def _rmse(golden: npt.NDArray[np.generic], other: npt.NDArray[np.generic]) -> float:
    return float(np.sqrt(np.mean((np.asarray(golden, np.float64) - np.asarray(other, np.float64)) ** 2)))
