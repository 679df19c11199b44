"""When to stop: sign tests by betting, whose evidence may be looked at after every round.

Under the hypothesis that a coin shows heads at most half the time, nobody can win by betting on heads: the capital of
any such gambler is a non-negative supermartingale that starts at 1, and by Ville's inequality it ever reaches 1/alpha
with probability at most alpha. So the test may be looked at after every round and stopped at will. The coin here is
"this round's log ratio lies beyond the edge of the tie zone". The fair coin is made by us: arms play each round in a
fresh random order, so two identical arms are exchangeable whatever the machine does.

Sources: Ville 1939; Shafer 2021 (J. R. Stat. Soc. A 184, 407); Ramdas et al. 2023 (Statist. Sci. 38, 576). The bets are
mixed over a grid (method of mixtures, Robbins 1970), so no coin need be guessed beforehand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_HEADS = np.linspace(0.525, 0.975, 19)
"""Chances of heads betted on; each bet is the likelihood ratio against a fair coin."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Largest log capital that each of four bets has reached."""

    below: float
    """Against "the median log ratio is at least -zone": the first arm is faster by more than the zone."""
    above: float
    """Against "the median log ratio is at most zone": the first arm is slower by more than the zone."""
    over_floor: float
    """Against "the median log ratio is at most -zone"."""
    under_ceiling: float
    """Against "the median log ratio is at least zone"."""

    @property
    def inside(self) -> float:
        """Evidence that the median lies inside the zone: both bets must have won."""
        return min(self.over_floor, self.under_ceiling)


def log_capital(heads: npt.NDArray[np.bool_]) -> Floats:
    """Log capital after each toss of a gambler who bets that heads come up more than half the time.

    Args:
        heads: Tosses in order.

    Returns:
        One value per toss; the capital is a mixture over a grid of bets, each started with an equal share.

    >>> bool(log_capital(np.ones(12, dtype=bool))[-1] > math.log(100))
    True
    """
    gains = np.where(heads[:, None], np.log(2 * _HEADS), np.log(2 * (1 - _HEADS)))
    paths = np.cumsum(gains, axis=0)
    top = paths.max(axis=1, initial=-math.inf)
    capital: Floats = top + np.log(np.exp(paths - top[:, None]).mean(axis=1))
    return capital


def sign_evidence(log_ratios: Floats, zone: float) -> Evidence:
    """The four bets about one pair of arms.

    Args:
        log_ratios: log(time of first / time of second), one per round both played, in order.
        zone: Half width of the tie zone, as a log ratio.
    """
    if log_ratios.size == 0:
        return Evidence(0.0, 0.0, 0.0, 0.0)
    coins = (log_ratios < -zone, log_ratios > zone, log_ratios > -zone, log_ratios < zone)
    below, above, over_floor, under_ceiling = (max(0.0, float(log_capital(coin).max())) for coin in coins)
    return Evidence(below, above, over_floor, under_ceiling)


def threshold(alpha: float, tests: int) -> float:
    """Log capital at which a bet is won when `tests` of them share an error rate of `alpha` (Bonferroni).

    >>> round(threshold(0.05, 1), 6) == round(math.log(20), 6)
    True
    """
    return math.log(max(tests, 1) / alpha)
