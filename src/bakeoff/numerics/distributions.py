"""Quantiles and tail probabilities that intervals need: Student's t, the normal and the binomial."""

from __future__ import annotations

import math
from statistics import NormalDist

_TINY = 1e-300
_LARGEST_DF = 1e6


def beta_share(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function I_x(a, b).

    Continued fraction of DLMF 8.17.22, evaluated forward (Thompson and Barnett 1986, J. Comput. Phys. 64, 490), on the
    side of the mean where it converges fast. Relative error about 1e-14.

    Raises:
        ValueError: If a or b is not positive or x is outside 0..1.
    """
    if not (a > 0 and b > 0 and 0 <= x <= 1):
        raise ValueError(f"I_x(a, b) needs a, b > 0 and 0 <= x <= 1, found a={a}, b={b}, x={x}")
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_share(b, a, 1.0 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / (a * _beta_fraction(a, b, x))


def t_cdf(t: float, df: float) -> float:
    """Probability that Student's t with `df` degrees of freedom is at most `t`.

    >>> round(t_cdf(1.0, 1), 12)
    0.75
    """
    if df > _LARGEST_DF:
        return NormalDist().cdf(t)
    tail = beta_share(df / 2, 0.5, df / (df + t * t)) / 2
    return 1 - tail if t > 0 else tail


def t_quantile(probability: float, df: float) -> float:
    """The value Student's t with `df` degrees of freedom stays below with the given probability.

    Newton's method on `t_cdf` inside a bracket that halves when a step would leave it. `df` need not be whole:
    Satterthwaite's approximation gives fractions.

    Args:
        probability: In the open interval 0..1.
        df: Degrees of freedom, above 0.

    Raises:
        ValueError: If an argument is out of range.

    >>> round(t_quantile(0.975, 10), 3)
    2.228
    """
    if not 0 < probability < 1 or df <= 0:
        raise ValueError(f"t quantile needs 0 < probability < 1 and df > 0, found {probability} and {df}")
    if probability < 0.5:
        return -t_quantile(1 - probability, df)
    low, high = 0.0, 2.0
    while t_cdf(high, df) < probability:
        low, high = high, high * 2
    t = min(max(NormalDist().inv_cdf(probability), low), high)
    for _ in range(200):
        error = t_cdf(t, df) - probability
        low, high = (t, high) if error < 0 else (low, t)
        following = t - error / _t_density(t, df)
        if not low < following < high:
            following = (low + high) / 2
        if abs(following - t) <= 1e-14 * max(t, 1.0):
            break
        t = following
    return t


def _t_density(t: float, df: float) -> float:
    front = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - math.log(df * math.pi) / 2
    return math.exp(front - (df + 1) / 2 * math.log1p(t * t / df))


def binomial_cdf(successes: int, trials: int, probability: float) -> float:
    """Probability of at most `successes` in `trials` independent trials.

    >>> round(binomial_cdf(1, 2, 0.5), 12)
    0.75
    """
    if successes < 0:
        return 0.0
    if successes >= trials:
        return 1.0
    return beta_share(trials - successes, successes + 1, 1 - probability)


def _beta_fraction(a: float, b: float, x: float) -> float:
    """The continued fraction 1 + d1/(1 + d2/(1 + …)) of DLMF 8.17.22 by the modified Lentz method."""
    value = 1.0
    upper, lower = 1.0, 0.0
    for step in range(1, 5000):
        half = step // 2
        if step % 2:
            term = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            term = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        lower = 1.0 / (1.0 + term * lower or _TINY)
        upper = 1.0 + term / upper or _TINY
        value *= upper * lower
        if abs(upper * lower - 1.0) < 1e-15:
            break
    return value
