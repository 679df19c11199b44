"""The peers' rules do what their sources say, and rates come with honest bounds; nothing is measured here."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.benchmarks import rules, table
from tests.benchmarks.__main__ import ROWS, main


def steps(*, slower: float = 1.0, seed: int = 0) -> list[float]:
    return [float(one) for one in 1e-3 * slower * np.random.default_rng(seed).lognormal(0, 0.05, 1088)]


def test_criterion_calls_a_clear_change_and_not_one_within_its_noise_threshold() -> None:
    assert rules.criterion_differs(steps(), steps(slower=1.1, seed=1), seed=0)
    assert not rules.criterion_differs(steps(), steps(slower=1.004, seed=1), seed=0)


def test_the_ten_second_rule_needs_both_its_limits() -> None:
    assert not rules.optimum_is_done([2.0] * 9)
    assert not rules.optimum_is_done([0.5] * 19)
    assert rules.optimum_is_done([1.0] * 10)


def output(value: float, size: int = 64) -> list[dict[str, np.ndarray]]:
    return [{"y": np.linspace(1, 2, size) * value}]


def test_gates_let_pass_what_theirs_do() -> None:
    known, own = output(1.0), output(1.0 + 1e-7)
    assert all(
        gate for gate in (rules.navigator_passes(output(3.0), known), rules.inferena_passes(output(1.04), known))
    )
    assert not rules.navigator_passes(output(np.nan), known)
    assert not rules.navigator_passes(output(1.0, size=32), known)
    assert not rules.inferena_passes(output(1.2), known)
    assert rules.torchbench_passes(own, known, own)
    assert not rules.torchbench_passes(output(1.01), known, own)


@pytest.mark.parametrize(("hits", "of"), [(0, 10), (3, 10), (10, 10), (2, 200)])
def test_bounds_of_a_rate_hold_the_rate_and_cover_as_often_as_promised(hits: int, of: int) -> None:
    low, high = table.bounds(hits, of)
    assert low <= hits / of <= high
    rng = np.random.default_rng(3)
    if hits:
        seen = rng.binomial(of, low, 4000)
        assert np.mean(seen >= hits) <= 0.035


def test_a_finding_is_one_line_each_way() -> None:
    finding = table.Finding("|ratio|", table.OURS, "1", bar="2", met=False)
    assert table.lines(finding).count("|") == 7
    assert "MISSED" in table.lines(finding)
    assert json.loads(table.record("race", finding))["met"] is False


def test_a_spread_is_the_median_with_order_statistics() -> None:
    assert table.spread([3.0, 1.0, 2.0], unit=" s") == "2 s [1, 3] of 3"
    assert table.spread([float(k) for k in range(1, 22)]) == "11 [6, 16] of 21"


def test_a_row_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["no-such-row"])
    said = capsys.readouterr().err
    assert all(name in said for name in ROWS)
