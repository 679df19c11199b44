"""Quantiles against published tables."""

from __future__ import annotations

import math

import pytest

from bakeoff.numerics.distributions import beta_share, binomial_cdf, t_cdf, t_quantile


# NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2 (critical values of Student's t).
@pytest.mark.parametrize(
    ("probability", "df", "value"),
    [
        (0.95, 1, 6.314), (0.975, 1, 12.706), (0.975, 2, 4.303), (0.99, 3, 4.541), (0.975, 4, 2.776),
        (0.995, 5, 4.032), (0.9, 10, 1.372), (0.975, 20, 2.086), (0.999, 30, 3.385), (0.975, 100, 1.984),
    ],
)  # fmt: skip
def test_quantiles_match_the_table(probability: float, df: float, value: float) -> None:
    assert t_quantile(probability, df) == pytest.approx(value, abs=6e-4)


def test_many_degrees_of_freedom_are_normal() -> None:
    assert t_quantile(0.975, 1e9) == pytest.approx(1.959964, abs=1e-5)
    assert t_quantile(0.975, 2e5) == pytest.approx(1.959964, abs=2e-5)


def test_closed_forms() -> None:
    assert t_cdf(2.0, 1) == pytest.approx(0.5 + math.atan(2.0) / math.pi, abs=1e-13)
    assert t_cdf(-1.3, 2) == pytest.approx(0.5 - 1.3 / (2 * math.sqrt(2 + 1.69)), abs=1e-13)
    assert beta_share(2, 3, 0.4) == pytest.approx(1 - sum(math.comb(4, k) * 0.4**k * 0.6 ** (4 - k) for k in (0, 1)))
    for trials, p in ((10, 0.3), (400, 0.99)):
        for k in (0, trials // 2, trials - 1):
            plain = sum(math.comb(trials, j) * p**j * (1 - p) ** (trials - j) for j in range(k + 1))
            assert binomial_cdf(k, trials, p) == pytest.approx(plain, rel=1e-9, abs=1e-14)


def test_quantile_inverts_and_is_symmetric() -> None:
    for df in (1.5, 4, 33.3):
        assert t_cdf(t_quantile(0.9, df), df) == pytest.approx(0.9, abs=1e-12)
        assert t_quantile(0.1, df) == -t_quantile(0.9, df)


def test_out_of_range_is_refused() -> None:
    for arguments in ((0.0, 3.0), (1.0, 3.0), (0.5, 0.0)):
        with pytest.raises(ValueError, match="t quantile"):
            t_quantile(*arguments)
    with pytest.raises(ValueError, match="I_x"):
        beta_share(1, -1, 0.5)
    assert binomial_cdf(-1, 3, 0.5) == 0.0
    assert binomial_cdf(3, 3, 0.5) == 1.0
