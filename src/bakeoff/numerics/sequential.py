"""When to stop: tests by betting on signs, whose evidence may be looked at after every round.

Under the hypothesis that a coin shows heads at most half the time, nobody can win by betting on heads: the capital of
any such gambler is a non-negative supermartingale that starts at 1, and by Ville's inequality it ever reaches 1/alpha
with probability at most alpha. So the test may be looked at after every round and stopped at will. The coin here is
"this round's log ratio lies beyond the edge of the tie zone". The fair coin is made by us: arms play each round in a
fresh random order, so two identical arms are exchangeable whatever the machine does.

Half of the capital bets the same on every sign. The other half bets more where a round lies farther from the edge,
because noise reverses the sign of a large difference less often than that of a small one. Noise that is symmetric has
fair signs at every distance, and stakes that do not fall with the distance cannot win from a centre on the wrong side
of the edge: with h odd and rising, E h(c + noise) <= 0 for every c <= 0.

Sources: Ville 1939; Shafer 2021 (J. R. Stat. Soc. A 184, 407); Ramdas et al. 2023 (Statist. Sci. 38, 576). The bets are
mixed over a grid (method of mixtures, Robbins 1970), so no coin need be guessed beforehand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_HEADS = np.append(np.linspace(0.525, 0.975, 19), 0.995)
"""Chances of heads that a bet on signs alone counts on; it is the likelihood ratio against a fair coin."""
_SLOPES = np.array([0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2])
"""How fast stakes rise with the distance, in units of the mean distance so far."""
_FARTHEST = 3.0
"""Distance beyond which stakes rise no more: one wild round must not decide."""
_SHARES = np.concatenate([np.full(19, 0.15 / 19), [0.35], np.full(_SLOPES.size, 0.5 / _SLOPES.size)])
"""Starting capital of each gambler."""


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


def log_capital(distances: Floats) -> Floats:
    """Log capital after each round of gamblers who bet that distances are positive.

    Args:
        distances: How far each round lies beyond the edge, in order; their signs are the coin.

    Returns:
        One value per round; the capital is a mixture over a grid of bets, each started with its share.

    >>> bool(log_capital(np.ones(11))[-1] > math.log(400))
    True
    """
    signs = np.where(distances > 0, 1.0, -1.0)
    lengths = np.abs(distances)
    # A stake may only know earlier rounds' scale and its own round's distance, never its own round's sign.
    scale = np.concatenate([[math.inf], np.cumsum(lengths)[:-1] / np.arange(1, lengths.size)])
    far = np.minimum(lengths / np.maximum(scale, 1e-300), _FARTHEST)
    stakes = np.hstack([np.tile(2 * _HEADS - 1, (lengths.size, 1)), np.tanh(far[:, None] * _SLOPES)])
    paths = np.cumsum(np.log1p(signs[:, None] * stakes), axis=0)
    top = paths.max(axis=1, initial=-math.inf)
    capital: Floats = top + np.log((np.exp(paths - top[:, None]) * _SHARES).sum(axis=1))
    return capital


def sign_evidence(log_ratios: Floats, zone: float) -> Evidence:
    """The four bets about one pair of arms.

    Args:
        log_ratios: log(time of first / time of second), one per round both played, in order.
        zone: Half width of the tie zone, as a log ratio.
    """
    if log_ratios.size == 0:
        return Evidence(0.0, 0.0, 0.0, 0.0)
    beyond = (-zone - log_ratios, log_ratios - zone, log_ratios + zone, zone - log_ratios)
    below, above, over_floor, under_ceiling = (max(0.0, float(log_capital(one).max())) for one in beyond)
    return Evidence(below, above, over_floor, under_ceiling)


def threshold(alpha: float, tests: int) -> float:
    """Log capital at which a bet is won when `tests` of them share an error rate of `alpha` (Bonferroni).

    >>> round(threshold(0.05, 1), 6) == round(math.log(20), 6)
    True
    """
    return math.log(max(tests, 1) / alpha)
