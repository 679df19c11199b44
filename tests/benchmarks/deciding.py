"""How long deciding takes on the shipped catalogue, beside pymcdm, scikit-criteria and clingo on the same inputs.

One thread; ratios are taken within this run, and what is compared must come out equal as well.
"""

from __future__ import annotations

import statistics
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.catalog.load import load
from bakeoff.catalog.model import Catalog
from bakeoff.catalog.rulebook import load_rules
from bakeoff.catalog.rules import Rules
from bakeoff.decide import conflict
from bakeoff.decide.build import Model, build
from bakeoff.decide.configure import step
from bakeoff.decide.engine import decide
from bakeoff.decide.enumerate import stacks
from bakeoff.decide.facts import Facts
from bakeoff.decide.feasible import candidates, stack_needs
from bakeoff.decide.joins import Joiner
from bakeoff.decide.model import Offer, Profile
from bakeoff.decide.plan import plan
from bakeoff.decide.profile import parse
from bakeoff.decide.situation import situate
from tests.benchmarks.peers.venvs import AbsentPeerError
from tests.benchmarks.setup import Setup
from tests.benchmarks.table import OURS, Finding, Row

TODAY = date(2026, 11, 22)
EXAMPLES = Path(__file__).parents[2] / "examples"
WIDEST = {
    "name": "every layer at once",
    "domain": "nlp-llm",
    "activity": "library-development",
    "hardware": ["nvidia-single"],
    "languages": ["python"],
    "layers": ["framework", "library", "trainer", "kernel", "format", "serving", "tracker"],
}
"""The largest space there is: nothing is left out."""
BARS_S = {"feasibility and enumeration": 0.100, "decide, 10,000 draws": 1.5, "configurator step": 0.050, "plan": 2.0}
"""CPU seconds each may take."""
_ROWS = 5_000
_MOST_FOR_CLINGO = 20_000


def median_s(work: Callable[[], object], times: int = 5) -> float:
    """Median CPU seconds of a call, the first one left out: it fills the cache of beliefs."""
    work()
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def profiles(catalog: Catalog, rules: Rules) -> Iterator[Profile]:
    """Every example, and the widest there can be."""
    for path in sorted(EXAMPLES.glob("*.toml")):
        yield parse(tomllib.loads(path.read_text(encoding="utf-8")), rules, catalog)
    yield parse(WIDEST, rules, catalog)


def enumerated(profile: Profile, catalog: Catalog, rules: Rules) -> None:
    """Feasibility and enumeration alone, from the profile on."""
    situation = situate(profile, rules, catalog)
    facts = Facts(catalog, situation, rules.constants, TODAY)
    stacks(Joiner(facts), candidates(facts), stack_needs(situation))


def taken_s(profile: Profile, catalog: Catalog, rules: Rules, model: Model) -> dict[str, float]:
    """CPU seconds of every step."""
    decision = decide(profile, catalog, rules, today=TODAY)
    settles = tuple((name, "speed_infer") for name in model.space.systems[-1][:6])
    offers = [Offer("race", "a race", settles, 6.0, 60.0, "bakeoff measure")] * 5
    first = dict(model.space.stack(int(np.argmax(model.expected))))
    layer, name = next(iter(first.items()))
    return {
        "feasibility and enumeration": median_s(lambda: enumerated(profile, catalog, rules)),
        "decide, 10,000 draws": median_s(lambda: decide(profile, catalog, rules, today=TODAY, draws=10_000), 3),
        "configurator step": median_s(lambda: step(model, {layer: name})),
        "plan": median_s(lambda: plan(decision, catalog, rules, offers), 3),
    }


def run(setup: Setup) -> Iterator[Finding]:
    """Every profile's steps; then the same weighted sum, and the same enumeration, by the peers."""
    catalog, rules = load(), load_rules()
    for profile in profiles(catalog, rules):
        model = build(profile, catalog, rules, today=TODAY)
        rows = len(model.space.rows)
        taken = taken_s(profile, catalog, rules, model)
        for what, seconds in taken.items():
            bar = BARS_S[what]
            title = f"{profile.name} ({rows:,} stacks): {what}"
            yield Finding(title, OURS, f"{seconds * 1e3:.1f} ms", bar=f"≤ {bar * 1e3:.0f} ms", met=seconds <= bar)
        if rows <= _MOST_FOR_CLINGO:
            yield from _clingo(profile, model, taken["feasibility and enumeration"])
        if profile.name == WIDEST["name"]:
            yield from _weighted_sum(setup, model)


def _clingo(profile: Profile, model: Model, ours_s: float) -> Iterator[Finding]:
    start = time.process_time()
    found = len(conflict.all_stacks(model))
    peer_s = time.process_time() - start
    title = f"{profile.name}: all stacks"
    value = f"{peer_s * 1e3:.0f} ms, {found:,} stacks"
    yield Finding(title, "clingo", value, how="its solver, on our facts as a program")
    same = found == len(model.space.rows)
    value = f"{ours_s / peer_s:.3f} of its time, {'the same' if same else 'OTHER'} stacks"
    yield Finding(title, OURS, value, bar="the same stacks", met=same)


def _weighted_sum(setup: Setup, model: Model) -> Iterator[Finding]:
    axes = [axis for axis in model.values.axes if model.values.weights[axis.id] > 0]
    weights = [model.values.weights[axis.id] for axis in axes]
    chosen = [model.space.stack(int(row)) for row in np.linspace(0, len(model.space.rows) - 1, _ROWS)]
    matrix = np.array([[model.values.on_axis(stack, axis) for axis in axes] for stack in chosen]) + 1e-9
    file = setup.scratch / "matrix.npy"
    np.save(file, matrix)

    def ours() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        total = np.zeros(len(matrix))
        for index, weight in enumerate(weights):
            total = total + weight * matrix[:, index]
        return total

    ours_s = median_s(ours, 25)
    title = f"weighted sum of {_ROWS:,} stacks over {len(weights)} axes"
    try:
        request = {"matrix": str(file), "weights": weights, "times": 25}
        peers: Mapping[str, Any] = setup.peers.run("mcdm", "mcdm.py", request)
    except AbsentPeerError as error:
        yield Finding(title, setup.peers.title("mcdm"), f"absent: {error}")
        return
    for who, found in peers.items():
        apart = float(np.abs(ours() - np.array(found["values"])).max())
        yield Finding(title, who, f"{found['s'] * 1e3:.2f} ms", how="its own code, no normalisation")
        value = f"{ours_s / found['s']:.3f} of its time, values apart by at most {apart:.0e}"
        yield Finding(title, OURS, value, bar="equal to 1e-9", met=apart <= 1e-9)


ROW = Row("deciding", "deciding on the whole catalogue, and the same sums by others", run)
