"""Simulated campaigns: block values with launch effects, a drifting machine and several kinds of noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from bakeoff.numerics.effects import Table

Noise = Callable[[np.random.Generator, int], npt.NDArray[np.float64]]


def normal(sd: float) -> Noise:
    return lambda rng, count: rng.normal(0, sd, count)


def heavy(sd: float) -> Noise:
    """Student's t with 3 degrees of freedom, scaled to `sd`."""
    return lambda rng, count: rng.standard_t(3, count) * sd / math.sqrt(3)


def remembering(sd: float, rho: float = 0.8) -> Noise:
    """AR(1) started in its stationary state."""

    def draw(rng: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
        steps = rng.normal(0, sd * math.sqrt(1 - rho**2), count)
        values = np.empty(count)
        value = rng.normal(0, sd)
        for index, step in enumerate(steps):
            value = rho * value + step
            values[index] = value
        return values

    return draw


def bimodal(sd: float, share: float = 0.15, jump: float = 0.3) -> Noise:
    """Mostly quiet, now and then a block in a slow mode."""
    return lambda rng, count: rng.normal(0, sd, count) + jump * (rng.random(count) < share)


def campaign(
    rng: np.random.Generator,
    effects: Sequence[float],
    *,
    launches: int = 5,
    rounds: int = 60,
    launch_sd: float = 0.02,
    noise: Noise,
) -> Table:
    """A full-ranking campaign: every arm plays every round with a freshly drawn launch, on a machine that drifts."""
    arms = len(effects)
    offset = rng.normal(0, launch_sd, (arms, launches))
    playing = rng.integers(0, launches, (arms, rounds))
    own = np.stack([noise(rng, rounds) for _ in range(arms)])
    machine = remembering(0.2, 0.95)(rng, rounds)
    numbers, order = np.meshgrid(np.arange(arms), np.arange(rounds), indexing="ij")
    log_s = np.asarray(effects)[:, None] + offset[numbers, playing] + own + machine[None, :]
    return Table(numbers.ravel(), playing.ravel(), order.ravel(), log_s.ravel())
