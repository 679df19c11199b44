"""Plans, what moved since, lapsed records and back-tests."""

from __future__ import annotations

import pytest

from bakeoff.base.errors import InputError
from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.base.record import replace
from bakeoff.base.records import dumps, from_plain, to_plain
from bakeoff.catalog.model import Claim, Lifecycle, LifecycleState, Scope, System
from bakeoff.decide import ablation, backtest, check, since
from bakeoff.decide.cases import read_cases
from bakeoff.decide.engine import decide
from bakeoff.decide.model import Decision, Offer, Profile
from bakeoff.decide.plan import plan, remaining
from tests.decide.world import NO, SERVE, TODAY, catalog, claim, evidence, rules, small, system


def close_race() -> list[System]:
    """Two runtimes whose speed, known by impression only, decides."""

    def runtime(name: str, speed: int) -> System:
        built = system(name, "serving", [("loads", "plain"), ("serves_on", "cpu")], measures={"fit": 80, "production_maturity": 85})  # fmt: skip # noqa: E501
        guess = claim(name, "speed_infer", float(speed), kind=EvidenceKind.IMPRESSION)
        return replace(built, claims=(*built.claims, guess))

    base = [item for item in small() if item.id in ("plain", "kit")]
    alpha = next(item for item in small() if item.id == "alpha")
    return [replace(alpha, layers=alpha.layers[:1]), *base, runtime("left", 52), runtime("right", 50)]


def decided(systems: list[System], measured: tuple[Claim, ...] = ()) -> Decision:
    return decide(SERVE, catalog(systems), rules(), measured, today=TODAY, draws=5_000)


def measured(name: str, points: float) -> Claim:
    run = replace(evidence(EvidenceKind.MEASURED_HERE, Interval(points - 1, points, points + 1)), source="run:r1")
    scope = Scope(device=("cpu",), domain=("vision",))
    return Claim(
        f"{name}.speed_infer@device=cpu;domain=vision", name, "speed_infer", points, scope=scope, evidence=(run,)
    )


RACE = Offer("race@cpu", "left against right on this CPU", (("left", "speed_infer"), ("right", "speed_infer")), 6.0, 120.0, "bakeoff measure")  # fmt: skip # noqa: E501


def test_a_measurement_that_could_change_the_answer_is_planned_and_then_used_up() -> None:
    systems = close_race()
    before = decided(systems)
    first = plan(before, catalog(systems), rules(), [RACE])
    (item,) = first.measurements
    assert item.evppi > 0.2
    assert item.evppi <= first.evpi
    assert item.narrows == ("left.speed_infer", "right.speed_infer")
    assert any("serving=right" in stack for stack in item.flips_to)
    results = (measured("left", 45.0), measured("right", 62.0))
    after = decided(systems, results)
    left = remaining(after, catalog(systems), rules(), RACE, results)
    assert left <= 0.1 * item.evppi
    assert not plan(after, catalog(systems), rules(), [RACE], results).measurements
    moved = since.compare(before, after)
    assert not moved.same_winner
    assert {"left.speed_infer@device=cpu;domain=vision"} <= set(moved.cites)


def test_a_measurement_that_would_tell_no_more_than_is_known_is_said_to_be_known() -> None:
    systems = close_race()
    again = plan(decided(systems), catalog(systems), rules(), [replace(RACE, expected_width=60.0)])
    assert not again.measurements
    assert "known already" in again.note


def test_a_measurement_narrows_the_belief_through_the_anchor() -> None:
    systems = close_race()
    before, after = decided(systems), decided(systems, (measured("left", 52.0), measured("right", 50.0)))
    axis = next(item for item in since.compare(before, after).narrowed if item.axis == "performance")
    assert axis.after < axis.before


def test_an_offer_about_something_beside_the_question_is_worth_nothing() -> None:
    systems = close_race()
    beside = replace(RACE, id="other", settles=(("alpha", "speed_train"), ("nobody", "speed_infer")))
    found = plan(decided(systems), catalog(systems), rules(), [beside])
    assert found.measurements == ()
    assert "speed_infer" in found.note


def test_what_can_be_measured_elsewhere_only_is_said_to_be_elsewhere() -> None:
    systems = close_race()
    found = plan(
        decided(systems), catalog(systems), rules(), [replace(RACE, here=False, title="on a quiet server: race")]
    )
    assert found.measurements == ()
    assert [item.offer.here for item in found.elsewhere] == [False]
    assert "on a quiet server" in found.note


def test_a_sharper_offer_is_worth_at_least_as_much() -> None:
    systems = close_race()
    decision = decided(systems)
    values = [
        remaining(decision, catalog(systems), rules(), replace(RACE, expected_width=width))
        for width in (2.0, 6.0, 12.0)
    ]
    assert values == sorted(values, reverse=True)


def test_nothing_moved_is_said_to_be_confirmed() -> None:
    same = since.compare(decided(close_race()), decided(close_race()))
    assert same.text.startswith("confirmed")
    assert (same.shifts, same.cites, same.refuted, same.asked) == ((), (), (), ())


def test_a_record_holds_until_something_it_stands_on_changes() -> None:
    systems = small()
    world = catalog(systems)
    kept = check.record(decided(systems), world)
    assert from_plain(check.Record, to_plain(kept)) == kept
    assert check.check(kept, world, rules(), today=TODAY).holds
    kinds = {condition.kind for condition in kept.revisit_when}
    assert kinds == {"date", "claim", "lifecycle", "winner"}


def test_each_kind_of_condition_lapses_with_its_reason() -> None:
    systems = small()
    kept = check.record(decided(systems), catalog(systems))
    late = check.check(kept, catalog(systems), rules(), today=TODAY.replace(year=2028))
    assert "date" in {lapse.condition.kind for lapse in late.lapses}
    fast = next(item for item in systems if item.id == "fast")
    others = [item for item in systems if item.id != "fast"]
    unloads = replace(
        fast, claims=tuple(replace(one, value=NO) if one.property == "loads" else one for one in fast.claims)
    )
    broken = check.check(kept, catalog([*others, unloads]), rules(), today=TODAY)
    assert {lapse.condition.subject for lapse in broken.lapses} >= {"fast.loads.plain", "framework+serving"}
    assert "serving=alpha" in broken.today
    archived = replace(fast, lifecycle=LifecycleState(Lifecycle.ARCHIVED))
    ended = check.check(kept, catalog([*others, archived]), rules(), today=TODAY)
    assert "lifecycle" in {lapse.condition.kind for lapse in ended.lapses}


CASES = [
    {
        "id": "one", "category": "serving", "difficulty": "easy", "trap": "some-trap",
        "profile": {"domain": "vision", "activity": "serving", "hardware": ["cpu-only"], "languages": ["python"]},
        "actual": {"framework": "alpha", "serving": "fast", "tracker": "notes"},
        "acceptable": {"framework": ["beta"]},
        "unacceptable": {"serving": ["tiny"]},
    },
    {
        "id": "two", "category": "serving", "difficulty": "hard", "trap": None,
        "profile": {"activity": "serving", "hardware": ["cpu-only"], "constraints": ["no-python-runtime"]},
        "actual": {"framework": "beta", "serving": "alpha"},
        "also_used": {"framework": ["alpha"]},
        "unacceptable": {"format": ["plain"]},
    },
]  # fmt: skip


def test_a_backtest_grades_every_judged_layer() -> None:
    world = catalog(small())
    cases = read_cases(CASES, rules(), world)
    report = backtest.backtest(cases, world, rules(), today=TODAY)
    one, two = report.per_case
    assert [(item.layer, item.grade.value) for item in one.layers] == [
        ("framework", "exact"), ("serving", "exact"), ("tracker", "silent"),
    ]  # fmt: skip
    assert [(item.layer, item.grade.value) for item in two.layers] == [("framework", "exact"), ("serving", "miss")]
    assert (one.clean, two.clean, two.violations) == (True, False, ("format=plain",))
    assert report.excluded_actual == ("two",)
    assert "alpha" in two.excluded[0]
    assert (report.layers.judged, report.layers.exact, report.layers.silent) == (5, 3, 1)
    assert report.good.low <= 0.6 <= report.good.high
    plain = to_plain(report)
    assert isinstance(plain, dict)
    assert {"cases", "clean", "layers", "framework", "top3_share", "excluded_actual", "per_case"} <= set(plain)
    grades = {"judged", "exact", "acceptable", "miss", "silent", "violation"}
    assert grades == set(plain["layers"]) == set(plain["framework"])  # type: ignore[arg-type]
    assert dumps(report) == dumps(backtest.backtest(cases, world, rules(), today=TODAY))


def test_ablating_a_rule_names_the_cases_it_changes() -> None:
    jax = system("jax", "framework", [("trains_on", "cpu"), ("exports", "plain")], measures={"fit": 88, "ecosystem_depth": 85, "api_quality": 80})  # fmt: skip # noqa: E501
    systems = [item for item in small() if item.id != "kit"]
    kit = system("kit", "library", [("works_with", name) for name in ("alpha", "beta", "jax")], measures={"fit": 70})
    world = catalog([*systems, kit, jax])
    cases = read_cases(CASES[:1], rules(), world)
    effects = {item.rule: item for item in ablation.ablate_rules(cases, world, rules(), today=TODAY)}
    assert set(effects) == {rule.id for rule in rules().heuristics} | {rule.id for rule in rules().pitfalls}
    assert (effects["jax-without-tpu"].cases, effects["jax-without-tpu"].helps) == (("one",), 1)
    assert effects["tpu-jax"].cases == ()


def test_evidence_is_added_kind_by_kind() -> None:
    world = catalog(close_race())
    cases = read_cases(CASES[:1], rules(), world)
    steps = ablation.ablate_evidence(cases, world, rules(), today=TODAY)
    assert [step.name for step in steps] == ["impressions", "+ documented", "+ registry", "+ measured"]
    assert steps[0].changed == 0
    assert steps[1].changed == 1
    assert steps[-1].changed == 0


def test_problems_of_all_cases_come_at_once() -> None:
    broken = [{"id": "a", "profile": {"domain": "visoin"}}, {"id": "b", "profile": []}]
    with pytest.raises(InputError) as caught:
        read_cases(broken, rules(), catalog(small()))
    assert len(caught.value.problems) == 2


def test_the_profile_alone_reaches_the_engine() -> None:
    cases = read_cases(CASES, rules(), catalog(small()))
    assert cases[0].profile == Profile(
        name="one", domain="vision", activity="serving", hardware=("cpu-only",), languages=("python",)
    )
