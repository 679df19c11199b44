"""How long deciding takes on the shipped catalogue, beside scikit-criteria and clingo on the same inputs.

    python -m tests.benchmarks.deciding

One thread; ratios are taken within this run. The weighted sum is compared value by value as well.
"""

from __future__ import annotations

import statistics
import time
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from skcriteria import mkdm
from skcriteria.agg.simple import WeightedSumModel

from bakeoff.catalog.load import load
from bakeoff.catalog.model import Catalog
from bakeoff.catalog.rules import Rules, load_rules
from bakeoff.decide import conflict
from bakeoff.decide.build import Model, build
from bakeoff.decide.configure import step
from bakeoff.decide.engine import decide
from bakeoff.decide.model import Offer, Profile
from bakeoff.decide.plan import plan
from bakeoff.decide.profile import parse

TODAY = date(2026, 11, 22)
EXAMPLES = Path(__file__).parents[2] / "examples"
BARS_S = {"build": 0.100, "decide": 1.5, "step": 0.050, "plan": 2.0}
"""Seconds each step may take, one thread, beliefs already worked out."""


def median_s(work: Callable[[], object], times: int = 5) -> float:
    """Median CPU seconds of a call, the first one left out: it fills the cache of beliefs."""
    work()
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def matrix_ratio(model: Model) -> tuple[float, float]:
    """Our weighted sum over scikit-criteria's, in time; and the largest difference of a value."""
    used = [index for index, axis in enumerate(model.values.axes) if model.values.weights[axis.id] > 0]
    weights = [model.values.weights[model.values.axes[index].id] for index in used]
    matrix = np.array(
        [
            [model.values.on_axis(model.space.stack(row), model.values.axes[index]) + 1e-9 for index in used]
            for row in range(min(5_000, len(model.space.rows)))
        ]
    )
    decision = mkdm(matrix.tolist(), [max] * len(used), weights=weights)
    peer = WeightedSumModel()

    def ours() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        total = np.zeros(len(matrix))
        for index, weight in enumerate(weights):
            total = total + weight * matrix[:, index]
        return total

    apart = float(np.abs(ours() - np.array(peer.evaluate(decision).e_.score)).max())
    return median_s(ours) / median_s(lambda: peer.evaluate(decision)), apart


def report(path: Path, catalog: Catalog, rules: Rules) -> None:
    """Prints one line per step for one profile."""
    profile: Profile = parse(tomllib.loads(path.read_text(encoding="utf-8")), rules, catalog)
    model = build(profile, catalog, rules, today=TODAY)
    decision = decide(profile, catalog, rules, today=TODAY)
    first = dict(model.space.stack(int(np.argmax(model.expected))))
    settles = tuple((name, "speed_infer") for name in model.space.systems[-1][:6])
    offer = Offer("race", "a race", settles, 6.0, 60.0, "bakeoff measure")
    layer, name = next(iter(first.items()))
    taken = {
        "build": median_s(lambda: build(profile, catalog, rules, today=TODAY)),
        "decide": median_s(lambda: decide(profile, catalog, rules, today=TODAY, draws=10_000), 3),
        "step": median_s(lambda: step(model, {layer: name})),
        "plan": median_s(lambda: plan(decision, catalog, rules, [offer] * 5), 3),
    }
    print(f"{path.stem}: {len(model.space.rows)} stacks, {decision.draws} draws")
    for what, seconds in taken.items():
        bar = BARS_S[what]
        print(f"  {what:8} {seconds * 1e3:8.1f} ms   bar {bar * 1e3:6.0f} ms   {'ok' if seconds <= bar else 'MISSED'}")
    ratio, apart = matrix_ratio(model)
    print(
        f"  weighted sum: {ratio:.4f} of scikit-criteria's time on the same matrix, values apart by at most {apart:.1e}"
    )
    if len(model.space.rows) <= 20_000:
        start = time.process_time()
        same = len(conflict.all_stacks(model)) == len(model.space.rows)
        peer = time.process_time() - start
        print(f"  enumeration: {taken['build'] / peer:.3f} of clingo's time, stacks {'equal' if same else 'DIFFER'}")


def main() -> None:
    """Every example profile."""
    catalog, rules = load(), load_rules()
    for path in sorted(EXAMPLES.glob("*.toml")):
        report(path, catalog, rules)


if __name__ == "__main__":
    main()
