"""Explanations: why, why not, what flips it, traps, refutations, and why nothing is possible."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bakeoff.base.errors import InputError
from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.base.record import replace
from bakeoff.catalog.model import Claim, Lifecycle, LifecycleState, System
from bakeoff.decide import conflict, explain, flips
from bakeoff.decide.build import build
from bakeoff.decide.engine import decide, entries_of
from bakeoff.decide.model import Decision, Profile, Verdict
from tests.decide.world import NO, SERVE, TODAY, YES, catalog, evidence, model, rules, small, system


def decided(profile: Profile = SERVE, systems: list[System] | None = None) -> Decision:
    return decide(profile, catalog(systems or small()), rules(), today=TODAY, draws=2_500)


def why_not(name: str, profile: Profile = SERVE, systems: list[System] | None = None) -> str:
    return "\n".join(
        reason.text for reason in explain.why_not(name, profile, catalog(systems or small()), rules(), today=TODAY)
    )


def test_the_pros_shown_cover_the_cons_and_every_line_names_its_claims() -> None:
    decision = decided()
    pros = [reason for reason in decision.reasons if reason.points > 0]
    cons = [reason for reason in decision.reasons if reason.points < 0]
    assert pros
    assert sum(reason.points for reason in pros) > -sum(reason.points for reason in cons)
    assert all(reason.claims for reason in decision.reasons if "not known" not in reason.text)
    assert [reason.points for reason in pros] == sorted((reason.points for reason in pros), reverse=True)


def test_the_lines_shown_are_parts_of_the_lead() -> None:
    built = model()
    entries = entries_of(built)
    other = explain.rival(built, entries)
    assert other is not None
    lead = float(built.totals[entries[0].row] - built.totals[other.row])
    lines = explain._lines(built, entries[0].stack, other.stack)
    assert sum(line.points for line in lines) == pytest.approx(lead)


def test_why_not_names_the_claim_that_excludes() -> None:
    profile = replace(SERVE, constraints=("no-python-runtime",))
    assert "no Python interpreter" in why_not("serving=alpha", profile)
    (reason,) = explain.why_not("serving=alpha", profile, catalog(small()), rules(), today=TODAY)
    assert reason.claims == ("alpha.no_python_runtime",)
    assert reason.kind is EvidenceKind.DOCUMENTED


def test_why_not_says_how_far_behind_what_is_feasible_is() -> None:
    text = why_not("tiny")
    assert "points behind" in text
    assert "framework=beta" in text


def test_why_not_of_what_nothing_joins_says_what_would() -> None:
    lonely = system("lonely", "serving", [("loads", "nothing-known"), ("serves_on", "cpu")])
    assert "no claim joins Lonely" in why_not("lonely", systems=[*small(), lonely])


def test_why_not_of_a_layer_without_need_and_of_the_winner() -> None:
    trainer = system("drill", "trainer", [("works_with", "alpha")])
    assert "needs no trainer" in why_not("drill", systems=[*small(), trainer])
    assert "is in the first stack" in why_not("fast")


def test_why_not_of_a_name_that_is_none_suggests_near_ones() -> None:
    with pytest.raises(InputError) as caught:
        why_not("servng=fest,framework=alpha")
    layer, name = caught.value.problems
    assert ("serving" in layer.advice, "fast" in name.advice) == (True, True)
    with pytest.raises(InputError, match="no system is named"):
        why_not(" ")


def test_at_the_tipping_weight_the_two_stacks_tie() -> None:
    slow = system("slow", "serving", [("loads", "plain"), ("serves_on", "cpu")],
                  measures={"fit": 70, "speed_infer": 99, "production_maturity": 60})  # fmt: skip
    built = model(systems=[*small(), slow])
    entries = entries_of(built)
    found = [flip for flip in flips.flips(built, entries) if flip.kind == "weight"]
    assert found
    for flip in found:
        now = built.values.weights[flip.what]
        tie = now + flip.distance if flip.to.startswith("above") else now - flip.distance
        scale = (1 - tie) / (1 - now)
        weights = {axis: tie if axis == flip.what else weight * scale for axis, weight in built.values.weights.items()}
        stacks = {" ".join(f"{layer}={name}" for layer, name in entry.stack): entry for entry in entries}
        worth = [
            sum(item.points for item in built.values.contributions(stack, weights))
            for stack in (entries[0].stack, stacks[flip.winner].stack)
        ]
        assert worth[0] == pytest.approx(worth[1], abs=0.01)


def test_a_requirement_that_decides_is_a_flip() -> None:
    profile = replace(SERVE, constraints=("no-python-runtime",))
    systems = [item for item in small() if item.id != "fast"]
    weak = system("weak", "serving", [("loads", "plain"), ("serves_on", "cpu")],
                  measures={"fit": 5, "speed_infer": 5}, can={"no_python_runtime": YES})  # fmt: skip
    flip = next(flip for flip in decided(profile, [*systems, weak]).flips if flip.kind == "requirement")
    assert (flip.what, "serving=alpha" in flip.winner) == ("no-python-runtime", True)


def test_the_first_day_on_which_stale_evidence_gives_another_winner_is_a_flip() -> None:
    about = catalog([]).properties["production_maturity"]
    fresh = catalog([]).constants["stale_half_lives"] * about.half_life_days
    # Fresh for 200 days more; what was merely reported then says as much, and the two are far apart.
    first = replace(evidence(), observed=TODAY + timedelta(days=200) - timedelta(days=fresh))
    second = replace(evidence(EvidenceKind.REPORTED), observed=TODAY)
    fast = next(item for item in small() if item.id == "fast")
    kept = [one for one in fast.claims if one.property != about.id]
    said = [
        Claim(f"fast.{about.id}", "fast", about.id, 95.0, evidence=(first,)),
        Claim(f"fast.{about.id}@second", "fast", about.id, 1.0, evidence=(second,)),
    ]
    systems = [item for item in small() if item.id != "fast"]
    decision = decided(systems=[*systems, replace(fast, claims=(*kept, *said))])
    assert "fast" in [part.system for part in decision.stacks[0].components]
    (flip,) = [flip for flip in decision.flips if flip.kind == "date"]
    assert (flip.what, "serving=fast" in flip.winner) == ((TODAY + timedelta(days=365)).isoformat(), False)
    lasting = decided(systems=[*systems, replace(fast, claims=(*kept, said[0]))])
    assert not [flip for flip in lasting.flips if flip.kind == "date"]


def test_what_rests_on_an_impression_is_what_has_no_stronger_basis() -> None:
    said = system("said", "serving", [("loads", "plain"), ("serves_on", "cpu")],
                  measures={"fit": 50, "speed_infer": 50}, kind=EvidenceKind.IMPRESSION)  # fmt: skip
    facts = model(systems=[*small(), said]).facts
    told = [facts.support(belief) for belief in facts.beliefs()]
    assert {(bool(claims), impression) for claims, impression in told} == {(True, True), (True, False), (False, True)}
    for claims, impression in told:
        assert impression == (facts.basis(claims).kind in (None, EvidenceKind.IMPRESSION))


def test_a_pitfall_is_said_to_be_entered_or_avoided() -> None:
    jax = system("jax", "framework", [("trains_on", "cpu"), ("exports", "plain")], measures={"fit": 99})
    only = [item for item in small() if item.id not in ("alpha", "beta")]
    only = [replace(item, claims=tuple(c for c in item.claims if c.object != "beta")) for item in only]
    kit = system("kit", "library", [("works_with", "jax"), ("works_with", "alpha")])
    entered = decided(systems=[*[item for item in only if item.id != "kit"], kit, jax])
    assert {item.id: item.entered for item in entered.pitfalls}["jax-without-tpu"]
    avoided = decided(systems=[*small(), jax])
    assert not {item.id: item.entered for item in avoided.pitfalls}["jax-without-tpu"]


def test_a_measurement_refutes_an_impression_and_says_by_what() -> None:
    run = replace(evidence(EvidenceKind.MEASURED_HERE, Interval(20.0, 22.0, 24.0)), says="22 points", source="run:r1")
    measured = Claim("fast.speed_infer@here", "fast", "speed_infer", 22.0, evidence=(run,))
    fast = next(item for item in small() if item.id == "fast")
    old = next(one for one in fast.claims if one.property == "speed_infer")
    said = replace(old, value=90.0, evidence=(evidence(EvidenceKind.IMPRESSION),))
    others = [item for item in small() if item.id != "fast"]
    fast = replace(fast, claims=tuple(said if one is old else one for one in fast.claims))
    decision = decide(SERVE, catalog([*others, fast]), rules(), [measured], today=TODAY, draws=2_500)
    (refuted,) = decision.refuted
    assert (refuted.claim, refuted.by) == ("fast.speed_infer", "run:r1")
    assert refuted.found.startswith("22 points")


def test_requirements_that_exclude_each_other_are_a_minimal_conflict_with_its_relaxations() -> None:
    # One runtime is safe but needs Python, the other runs without it from a format that may hold code.
    systems = [
        system("alpha", "framework", [("trains_on", "cpu"), ("exports", "plain"), ("exports", "risky")]),
        system("kit", "library", [("works_with", "alpha")]),
        system("plain", "format", can={"safe_weights": YES}),
        system("risky", "format", can={"safe_weights": NO}),
        system("py", "serving", [("loads", "plain"), ("serves_on", "cpu")], can={"no_python_runtime": NO}),
        system("bare", "serving", [("loads", "risky"), ("serves_on", "cpu")], can={"no_python_runtime": YES}),
    ]
    profile = replace(SERVE, constraints=("safe-weights", "no-python-runtime", "offline"))
    decision = decided(profile, systems)
    assert decision.verdict is Verdict.IMPOSSIBLE
    (found,) = decision.conflicts
    assert (set(found.requirements), found.never) == ({"safe-weights", "no-python-runtime"}, False)
    assert {item.drop for item in decision.relaxations} == {("safe-weights",), ("no-python-runtime",)}
    assert all(item.leaves == 1 and item.example for item in decision.relaxations)


def test_without_compatibility_claims_the_catalogue_is_named_as_the_cause() -> None:
    systems = [system("alpha", "framework", [("trains_on", "cpu")]), system("fast", "serving", [("serves_on", "cpu")])]
    (found,) = decided(systems=systems).conflicts
    assert found.never
    assert "lacks compatibility claims" in found.text


def hopeless(token: str) -> list[System]:
    """A world in which every capability a requirement could ask for is a stated no, and no licence is permissive."""
    asked = {need.property: NO for need in rules().requirements[token].needs if need.property}
    layers = ("framework", "library", "trainer", "kernel", "format", "serving", "tracker")
    links = {
        "framework": [("exports", "format-one"), ("trains_on", "cpu")],
        "library": [("works_with", "framework-one")],
        "trainer": [("works_with", "framework-one")],
        "kernel": [("works_with", "framework-one")],
        "serving": [("loads", "format-one"), ("serves_on", "cpu")],
    }
    return [
        system(f"{layer}-one", layer, links.get(layer, ()), can=asked, licence="LicenseRef-Closed") for layer in layers
    ]


@pytest.mark.parametrize("token", [rule.id for rule in rules().requirements.values() if rule.needs])
def test_every_kind_of_requirement_has_its_named_reason_when_nothing_satisfies_it(token: str) -> None:
    layers = ("framework", "library", "trainer", "kernel", "format", "serving")
    profile = Profile(activity="library-development", train_on=("cpu-only",), serve_on=("cpu-only",), layers=layers)
    assert decided(profile, hopeless(token)).verdict is not Verdict.IMPOSSIBLE
    decision = decided(replace(profile, constraints=(token,)), hopeless(token))
    assert decision.verdict is Verdict.IMPOSSIBLE
    (found,) = decision.conflicts
    assert (found.requirements, found.never) == ((token,), True)
    assert rules().requirements[token].otherwise in found.text


@pytest.mark.parametrize(
    ("change", "token"),
    [
        ({"serve_on": ("ios",)}, "ios"),
        ({"pinned": {"serving": ("plain",)}}, "pinned.serving"),
        ({"excluded": ("fast", "tiny", "alpha")}, "excluded"),
        ({"licences": ("GPL-3.0-only",)}, "licences"),
    ],
)
def test_every_field_that_demands_has_its_reason_too(change: dict[str, object], token: str) -> None:
    decision = decided(replace(SERVE, **change))
    assert [item.requirements for item in decision.conflicts] == [(token,)]
    assert decision.conflicts[0].text


def test_a_claim_nobody_made_is_named_as_what_would_unlock() -> None:
    decision = decided(replace(SERVE, serve_on=("ios",)))
    assert "would unlock it" in decision.conflicts[0].text


def test_minimal_conflicts_and_relaxations_are_each_others_hitting_sets() -> None:
    sets = [frozenset("ab"), frozenset("bc"), frozenset("d")]
    hit = conflict.hitting_sets(sets)
    assert hit == [("b", "d"), ("a", "c", "d")]
    assert sorted(conflict.hitting_sets([frozenset(one) for one in hit])) == sorted(tuple(sorted(one)) for one in sets)


def test_the_horizon_excludes_what_is_no_longer_made() -> None:
    old = [
        replace(item, lifecycle=LifecycleState(Lifecycle.ARCHIVED)) if item.id == "fast" else item for item in small()
    ]
    built = build(replace(SERVE, horizon_years=3.0), catalog(old), rules(), today=TODAY)
    gone = next(item for item in built.judged["serving"] if item.system == "fast")
    assert [item.requirement for item in gone.exclusions] == ["horizon_years"]
