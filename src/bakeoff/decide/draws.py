"""Draws for stochastic multicriteria acceptability analysis (SMAA-2): reproducible, shared, keyed by name.

Every component and property has its own stream, keyed by their names and the seed: two stacks that share a component
share its draws, and adding or removing another system changes nothing. Source of the method: Lahdelma and Salminen,
"SMAA-2: stochastic multicriteria acceptability analysis for group decision making", Operations Research 49 (2001).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from bakeoff.base.record import Struct
from bakeoff.base.sha256 import sha256

Floats = npt.NDArray[np.float64]
"""Points, shares or uniforms."""

Keys = npt.NDArray[np.uint64]
"""Numbers of 64 bits."""
_PARTS = 1 << 16
_AT_ONCE = 1 << 12
"""Quantiles worked out at once: as many as stay near the processor."""
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX = (
    (np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)),
    (np.uint64(27), np.uint64(0x94D049BB133111EB)),
)


class Acceptability(Struct, frozen=True):
    """How often each alternative takes each place, and how sure its own weights would make it."""

    ranks: Floats
    """Rank acceptability, shape (alternatives, places)."""
    central: Floats
    """Central weights, shape (alternatives, criteria); zero rows for those never first."""
    confidence: Floats
    """Confidence factor, shape (alternatives,)."""


def uniforms(key: tuple[str, ...], count: int, seed: int, start: int = 0) -> Floats:
    """`count` numbers in (0, 1) that depend on nothing but the key, the seed and their position, from `start` on."""
    found: Floats = uniforms_of(stream_keys([key], seed), count, start)[0]
    return found


def uniforms_of(keys: Keys, count: int, start: int = 0) -> Floats:
    """Numbers in (0, 1) of several keys, shape (keys, `count`), from the position `start` on."""
    # The top 53 bits, moved off zero: the same integers on every platform.
    found: Floats = (_words(keys, start, count) >> np.uint64(11)).astype(np.float64)
    found += 0.5
    found *= 2.0**-53
    return found


def normals(key: tuple[str, ...], count: int, seed: int, start: int = 0) -> Floats:
    """`count` standard normal numbers of one key, from the position `start` on, a multiple of 4: see `normals_of`."""
    found: Floats = normals_of(stream_keys([key], seed), count, start)[0]
    return found


def normals_of(keys: Keys, count: int, start: int = 0, out: Floats | None = None) -> Floats:
    """Standard normal numbers of several keys, shape (keys, `count`), from the position `start` on, a multiple of 4.

    Each is the quantile of the middle of one of 65,536 equal parts, which 16 bits choose. Their variance is within 3e-5
    of 1, and none is farther out than 4.33. What that does to a share of draws is a hundredth of what 10,000 draws
    leave open, and it costs a tenth of working out each quantile.
    """
    words = _words(keys, start // 4, -(-count // 4))
    lanes = words.astype("<u8", copy=False).view("<u2")[:, :count]
    # Two bytes are a place in the table whatever they hold: "wrap" only spares looking.
    found: Floats = _quantiles().take(lanes, out=out, mode="wrap")
    return found


def stream_keys(names: Iterable[tuple[str, ...]], seed: int) -> Keys:
    """The numbers by which streams are known: digests of their names and the seed."""
    texts = ["\x1f".join((str(seed), *name)).encode() for name in names]
    digests = b"".join([sha256(text)[:8] for text in texts])
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def _words(keys: Keys, start: int, count: int) -> Keys:
    """Words of 64 bits, shape (keys, `count`), each a function of its key and its position alone.

    Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014: SplitMix64, started at
    a digest. By hand, because this makes many streams at once; NumPy has none to make but one by one.
    """
    found: Keys = keys[:, None] + np.arange(start + 1, start + count + 1, dtype=np.uint64) * _STEP
    shifted = np.empty_like(found)
    for shift, factor in _MIX:
        np.right_shift(found, shift, out=shifted)
        found ^= shifted
        found *= factor
    np.right_shift(found, np.uint64(31), out=shifted)
    found ^= shifted
    return found


@functools.cache
def _quantiles() -> Floats:
    """Normal quantiles of the middles of 65,536 equal parts of (0, 1), in order; exactly symmetric."""
    found = np.empty(_PARTS)
    upper = found[_PARTS // 2 :]
    upper[...] = (np.arange(_PARTS // 2) + 0.5) / _PARTS + 0.5
    for start in range(0, len(upper), _AT_ONCE):
        upper[start : start + _AT_ONCE] = inverse_normal(upper[start : start + _AT_ONCE])
    np.negative(upper[::-1], out=found[: _PARTS // 2])
    return found


def inverse_normal(probability: Floats) -> Floats:
    """Inverse of the normal distribution function, relative error below 1.2e-9.

    Source: P. J. Acklam, "An algorithm for computing the inverse normal cumulative distribution function" (2003).
    """
    low = 0.02425
    q = probability - 0.5
    r = q * q
    top = ((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.3577518672690) * r - 30.66479806614716) * r + 2.506628277459239  # fmt: skip  # noqa: E501
    bottom = ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r - 13.28068155288572) * r + 1.0  # fmt: skip  # noqa: E501
    found = top * q / bottom
    tail = (probability < low) | (probability > 1 - low)
    p = np.minimum(probability[tail], 1 - probability[tail])
    t = np.sqrt(-2.0 * np.log(p))
    top = ((((-0.007784894002430293 * t - 0.3223964580411365) * t - 2.400758277161838) * t - 2.549732539343734) * t + 4.374664141464968) * t + 2.938163982698783  # fmt: skip  # noqa: E501
    bottom = (
        ((0.007784695709041462 * t + 0.3224671290700398) * t + 2.445134137142996) * t + 3.754408661907416
    ) * t + 1.0
    found[tail] = np.where(probability[tail] < 0.5, top / bottom, -top / bottom)
    return np.asarray(found, np.float64)


def weights_around(centre: Mapping[str, float], count: int, seed: int, spread: float, start: int = 0) -> Floats:
    """Weight vectors spread around central ones (logistic normal), shape (axes, count); zero weights stay zero."""
    drawn = normals_of(stream_keys((("weight", axis) for axis in centre), seed), count, start)
    return _normalised(np.array(list(centre.values()))[:, None] * np.exp(spread * drawn))


def weights_ordered(order: Sequence[str], axes: Sequence[str], count: int, seed: int, start: int = 0) -> Floats:
    """Weight vectors uniform over those that respect an order, shape (axes, count); axes not in it come after."""
    uniform = uniforms_of(stream_keys((("order", str(place)) for place in range(len(axes))), seed), count, start)
    sizes = -np.sort(np.log(uniform), axis=0)
    rest = [axis for axis in axes if axis not in order]
    chance = uniforms_of(stream_keys((("rest", axis) for axis in rest), seed), count, start)
    places = len(order) + (chance[:, None] < chance).sum(axis=0)
    later = iter(np.take_along_axis(sizes, places, axis=0))
    return _normalised([sizes[list(order).index(axis)] if axis in order else next(later) for axis in axes])


def weights_uniform(axes: Sequence[str], count: int, seed: int) -> Floats:
    """Weight vectors uniform over the simplex, shape (axes, count)."""
    return _normalised([-np.log(uniforms(("simplex", axis), count, seed)) for axis in axes])


def acceptability(values: Floats, weights: Floats) -> Acceptability:
    """Rank acceptability, central weights and confidence of alternatives.

    Args:
        values: Criterion values, shape (alternatives, criteria, draws); one draw (last axis 1) for exact values.
        weights: Shape (criteria, draws).
    """
    alternatives, criteria, _ = values.shape
    draws = weights.shape[1]
    totals = weighted(values, weights)
    order = np.argsort(-totals, axis=0, kind="stable")
    places = np.argsort(order, axis=0, kind="stable")
    ranks = np.stack([(places == place).sum(axis=1) / draws for place in range(alternatives)], axis=1)
    central = np.zeros((alternatives, criteria))
    confidence = np.zeros(alternatives)
    for index in range(alternatives):
        first = places[index] == 0
        if first.any():
            central[index] = weights[:, first].mean(axis=1)
            own = weighted(values, np.repeat(central[index][:, None], draws, axis=1))
            confidence[index] = float((own.argmax(axis=0) == index).mean())
    return Acceptability(ranks, central, confidence)


def weighted(values: Floats, weights: Floats) -> Floats:
    """Sum over criteria in fixed order, without BLAS: shape (alternatives, draws)."""
    total: Floats = values[:, 0, :] * weights[0]
    for index in range(1, values.shape[1]):
        total = total + values[:, index, :] * weights[index]
    return total


def _normalised(rows: Floats | Sequence[Floats]) -> Floats:
    total = rows[0]
    for row in rows[1:]:
        total = total + row
    return np.stack([row / total for row in rows])
