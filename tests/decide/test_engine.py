"""Decisions: laws that every ranking must keep, value as a plain weighted sum, reproduction to the last digit."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakeoff.base.record import replace
from bakeoff.base.records import dumps
from bakeoff.catalog.model import Claim, System
from bakeoff.decide.build import build
from bakeoff.decide.engine import decide
from bakeoff.decide.model import Decision, Profile, Verdict
from bakeoff.decide.smaa import ranked
from tests.decide.world import SERVE, TODAY, UNKNOWN, YES, catalog, claim, model, rules, small, system

QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
POINTS = st.integers(0, 100)
MEASURES = ("fit", "ecosystem_depth", "production_maturity", "speed_infer", "api_stability")


def decided(profile: Profile = SERVE, systems: Sequence[System] | None = None, seed: int = 0) -> Decision:
    return decide(profile, catalog(systems or small()), rules(), today=TODAY, seed=seed, draws=5_000)


def first(decision: Decision) -> str:
    return " ".join(f"{part.layer}={part.system}" for part in decision.stacks[0].components)


def runtime(name: str, points: Sequence[int], measures: Sequence[str] = MEASURES) -> System:
    links = [("loads", "plain"), ("serves_on", "cpu")]
    return system(name, "serving", links, measures=dict(zip(measures, points, strict=True)))


def field(rows: Sequence[Sequence[int]]) -> list[System]:
    base = [item for item in small() if item.id in ("alpha", "plain", "kit")]
    alpha = replace(base[0], layers=base[0].layers[:1])
    return [alpha, *base[1:], *(runtime(f"r{index}", points) for index, points in enumerate(rows))]


ROWS = st.lists(st.tuples(*[POINTS] * len(MEASURES)), min_size=2, max_size=5, unique=True)


def order(systems: Sequence[System]) -> list[str]:
    """Runtimes, best stack first."""
    built = model(systems=systems)
    return [dict(built.space.stack(int(row)))["serving"] for row in ranked(built.space, built.expected)]


def test_the_first_stack_of_the_small_world_and_its_verdict() -> None:
    decision = decided()
    assert first(decision) == "framework=alpha library=kit format=plain serving=fast"
    assert decision.feasible == 3
    assert decision.verdict in (Verdict.DECIDED, Verdict.LEANING)
    assert sum(share.first for share in decision.shares if share.layer == "serving") == pytest.approx(1, abs=1e-3)


def test_the_same_inputs_give_the_same_bytes_and_another_seed_only_moves_shares() -> None:
    one, two, other = decided(), decided(), decided(seed=1)
    assert dumps(one) == dumps(two)
    assert [stack.components for stack in other.stacks] == [stack.components for stack in one.stacks]
    assert other.stacks[0].first_share != one.stacks[0].first_share
    assert other.stacks[0].first_share == pytest.approx(one.stacks[0].first_share, abs=6 * max(one.error, 0.005))


def test_the_order_of_systems_and_claims_is_irrelevant() -> None:
    turned = [replace(item, claims=tuple(reversed(item.claims))) for item in reversed(small())]
    assert dumps(decided()) == dumps(decided(systems=turned))


@QUICK
@given(ROWS)
def test_names_are_irrelevant(points: list[tuple[int, ...]]) -> None:
    systems = field(points)
    renamed = [replace(item, id=f"z{item.id}", claims=tuple(_renamed(one) for one in item.claims)) if item.id.startswith("r") else item for item in systems]  # fmt: skip # noqa: E501
    before = model(systems=systems)
    after = model(systems=renamed)
    assert np.allclose(np.sort(before.expected), np.sort(after.expected))


def _renamed(one: Claim) -> Claim:
    return replace(one, subject=f"z{one.subject}", id=f"z{one.id}")


@QUICK
@given(ROWS)
def test_removing_any_loser_never_changes_the_order_of_the_rest(points: list[tuple[int, ...]]) -> None:
    systems = field(points)
    full = order(systems)
    for loser in full[1:]:
        less = order([item for item in systems if item.id != loser])
        assert less == [name for name in full if name != loser]


@QUICK
@given(ROWS, st.integers(0, len(MEASURES) - 1), st.integers(1, 50))
def test_better_never_ranks_lower(points: list[tuple[int, ...]], index: int, more: int) -> None:
    better = list(points[0])
    better[index] = min(100, better[index] + more)
    before = order(field(points)).index("r0")
    assert order(field([tuple(better), *points[1:]])).index("r0") <= before


@QUICK
@given(ROWS, st.lists(st.integers(0, 30), min_size=len(MEASURES), max_size=len(MEASURES)))
def test_a_dominated_runtime_never_wins(points: list[tuple[int, ...]], less: list[int]) -> None:
    worse = tuple(max(0, value - gap) for value, gap in zip(points[0], less, strict=True))
    if worse != points[0]:
        found = order(field([*points, worse]))
        assert found.index("r0") < found.index(f"r{len(points)}") or _equal(field([*points, worse]), len(points))


def _equal(systems: Sequence[System], last: int) -> bool:
    """Whether the two stacks are worth the same: the measures they differ in count for nothing here."""
    built = model(systems=systems)
    worth = {dict(built.space.stack(row))["serving"]: built.expected[row] for row in range(len(built.space.rows))}
    return bool(np.isclose(worth["r0"], worth[f"r{last}"]))


@pytest.mark.parametrize("seed", range(5))
def test_point_values_are_a_plain_weighted_sum(seed: int) -> None:
    """Against exact fractions, axis by axis; `tests.benchmarks deciding` compares with pymcdm and scikit-criteria."""
    drawn = np.random.default_rng(seed).integers(1, 100, (6, len(MEASURES)))
    built = model(systems=field([tuple(int(x) for x in row) for row in drawn]))
    weights = [Fraction(built.values.weights[axis.id]) for axis in built.values.axes]
    for row, total in enumerate(built.totals):
        by_axis = [built.values.on_axis(built.space.stack(row), axis) for axis in built.values.axes]
        exact = sum(weight * Fraction(value) for weight, value in zip(weights, by_axis, strict=True))
        assert float(exact) == pytest.approx(float(total), rel=1e-12)


@QUICK
@given(ROWS)
def test_contributions_add_up_to_the_central_value(points: list[tuple[int, ...]]) -> None:
    built = model(systems=field(points))
    for row in range(len(built.space.rows)):
        given_points = built.values.contributions(built.space.stack(row), built.values.weights)
        assert sum(item.points for item in given_points) == pytest.approx(float(built.totals[row]))


def test_an_unknown_is_never_better_than_what_is_known_of_the_layer() -> None:
    known = [runtime(f"k{index}", (value,) * 5) for index, value in enumerate((40, 50, 60, 70, 80))]
    blank = runtime("blank", (), ())
    found = order([*field([]), *known, blank])
    assert found.index("blank") > found.index("k2")


def test_a_conditional_stack_ranks_behind_its_sure_twin_and_is_listed_apart_when_it_could_win() -> None:
    sure = replace(
        runtime("sure", (60,) * 5), claims=(*runtime("sure", (60,) * 5).claims, claim("sure", "single_binary", YES))
    )
    maybe = replace(runtime("maybe", (66,) * 5), claims=(*runtime("maybe", (66,) * 5).claims, claim("maybe", "single_binary", UNKNOWN)))  # fmt: skip # noqa: E501
    decision = decided(replace(SERVE, constraints=("single-binary",)), [*field([]), sure, maybe])
    assert "serving=sure" in first(decision)
    listed = {part.system for stack in (*decision.conditional, *decision.stacks) for part in stack.components}
    assert "maybe" in listed
    (flip,) = [flip for flip in decision.flips if flip.kind == "unknown"]
    assert (flip.what, flip.to) == ("maybe.single_binary", "holds")


def test_weights_the_user_states_decide() -> None:
    quick, solid = runtime("quick", (50, 50, 20, 95, 50)), runtime("solid", (50, 50, 90, 30, 50))
    for weights, winner in (({"performance": 0.6}, "quick"), ({"production": 0.6}, "solid")):
        assert f"serving={winner}" in first(decided(replace(SERVE, weights=weights), [*field([]), quick, solid]))


def test_an_order_of_axes_decides_and_draws_respect_it() -> None:
    quick, solid = runtime("quick", (50, 50, 20, 95, 50)), runtime("solid", (50, 50, 90, 30, 50))
    decision = decided(replace(SERVE, order=("performance", "ecosystem")), [*field([]), quick, solid])
    assert "serving=quick" in first(decision)
    weights = {axis.axis: axis.weight for axis in decision.stacks[0].axes}
    assert weights["performance"] > weights["ecosystem"] > weights["production"]


def test_trackers_are_chosen_beside_and_judged_by_requirements() -> None:
    profile = Profile(activity="research", domain="vision", train_on=("cpu-only",))
    systems = [*small(), system("loop", "trainer", [("works_with", "alpha")], measures={"fit": 60})]
    assert first(decided(profile, systems)).endswith("tracker=cloud")
    assert first(decided(replace(profile, constraints=("privacy",)), systems)).endswith("tracker=notes")


def test_measured_claims_replace_what_was_believed() -> None:
    quick = claim("tiny", "speed_infer", 90.0)
    known = build(SERVE, catalog(small()), rules(), [quick], today=TODAY)
    assert known.facts.measure("tiny", "speed_infer").mid == 90.0


def test_nothing_feasible_is_a_verdict_not_an_error() -> None:
    fast = [item for item in small() if item.id not in ("fast", "tiny")]
    decision = decided(replace(SERVE, constraints=("no-python-runtime",)), fast)
    assert (decision.verdict, decision.stacks) == (Verdict.IMPOSSIBLE, ())
    assert decision.conflicts[0].requirements == ("no-python-runtime",)
