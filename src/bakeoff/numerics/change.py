"""Warm-up or not: the class of a series of block medians by its change points.

Half of all programs on virtual machines never reach a steady state that a fixed number of warm-up iterations could
skip (Barrett et al., OOPSLA 2017), so the shape of the series is found, named and shown instead of assumed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

_P_VALUE = 0.01
_LEAST_SHIFT = 0.03
_SHORTEST = 4


class Warmup(StrEnum):
    """What a series of block medians does over time."""

    FLAT = "flat"
    WARMUP = "warmup"
    SLOWDOWN = "slowdown"
    UNSTEADY = "unsteady"


def classify(medians_s: Sequence[float]) -> Warmup:
    """Names the shape of a series: flat, faster at the end, slower at the end, or none of these.

    Args:
        medians_s: Block medians in order; fewer than twelve are always flat, as no change could be shown.
    """
    logs = np.log(np.asarray(medians_s, dtype=np.float64))
    segments = _segments(logs, 0, logs.size)
    if len(segments) == 1:
        return Warmup.FLAT
    levels = [float(np.median(logs[start:end])) for start, end in segments]
    if segments[-1][1] - segments[-1][0] < logs.size / 4:
        return Warmup.UNSTEADY
    last = levels[-1]
    if all(level > last - _LEAST_SHIFT for level in levels):
        return Warmup.WARMUP
    return Warmup.SLOWDOWN if all(level < last + _LEAST_SHIFT for level in levels) else Warmup.UNSTEADY


def _segments(logs: npt.NDArray[np.float64], start: int, end: int) -> list[tuple[int, int]]:
    """Binary segmentation by Pettitt's rank test (1979, Appl. Statist. 28, 126), ignoring shifts below 3 %."""
    count = end - start
    if count < 2 * _SHORTEST:
        return [(start, end)]
    part = logs[start:end]
    ranks = np.argsort(np.argsort(part, kind="stable"), kind="stable") + 1
    position = np.arange(1, count)
    statistic = np.abs(2 * np.cumsum(ranks)[:-1] - position * (count + 1))
    statistic[: _SHORTEST - 1] = 0
    statistic[count - _SHORTEST :] = 0
    split = int(np.argmax(statistic))
    probability = 2 * math.exp(-6 * float(statistic[split]) ** 2 / (count**3 + count**2))
    before, after = part[: split + 1], part[split + 1 :]
    if probability > _P_VALUE or abs(float(np.median(before) - np.median(after))) < _LEAST_SHIFT:
        return [(start, end)]
    middle = start + split + 1
    return _segments(logs, start, middle) + _segments(logs, middle, end)
