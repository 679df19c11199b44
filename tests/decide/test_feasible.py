"""Feasibility is three-valued and names its claims; the enumeration is exact."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakeoff.base.record import replace
from bakeoff.catalog.model import Answer, Claim, System
from bakeoff.decide import conflict
from bakeoff.decide.build import Model
from bakeoff.decide.configure import step
from bakeoff.decide.feasible import Candidate
from bakeoff.decide.model import Profile
from tests.decide.world import (
    NO,
    PARTIAL,
    SERVE,
    UNKNOWN,
    YES,
    converter,
    evidence,
    model,
    named,
    rows,
    small,
    system,
)


def found(of: Model, layer: str, name: str) -> Candidate:
    return next(item for item in of.judged[layer] if item.system == name)


def test_yes_is_ok_no_is_excluded_with_its_claim_and_unknown_is_conditional() -> None:
    built = model(replace(SERVE, constraints=("no-python-runtime",)))
    assert not found(built, "serving", "fast").exclusions
    assert not found(built, "serving", "fast").conditions
    (gone,) = found(built, "serving", "alpha").exclusions
    assert (gone.requirement, gone.reason.claims) == ("no-python-runtime", ("alpha.no_python_runtime",))
    (doubt,) = found(built, "serving", "tiny").conditions
    assert doubt.claim == "tiny.no_python_runtime"
    assert 0 < doubt.chance < 1


def test_hardware_named_for_a_use_is_required_and_hardware_named_loosely_is_valued() -> None:
    both = ("cpu-only", "ios")
    strict = model(replace(SERVE, serve_on=both))
    assert [item.requirement for item in found(strict, "serving", "fast").exclusions] == ["ios"]
    loose = model(replace(SERVE, serve_on=(), hardware=both))
    assert not found(loose, "serving", "fast").exclusions
    assert found(loose, "serving", "fast").coverage == 50.0


def test_a_claim_on_a_device_holds_for_everything_below_it() -> None:
    built = model(replace(SERVE, serve_on=("intel-cpu",)))
    assert found(built, "serving", "fast").coverage == 100.0
    assert found(built, "serving", "tiny").coverage == 100.0


def test_stacks_join_only_over_stated_relations() -> None:
    assert rows(model()) == {
        "framework=alpha library=kit format=plain serving=alpha",
        "framework=alpha library=kit format=plain serving=fast",
        "framework=beta library=kit format=plain serving=fast",
        "framework=beta library=kit format=plain serving=alpha",
        "framework=beta library=kit format=dense serving=tiny",
    }


def test_an_unknown_join_makes_a_stack_conditional_and_names_the_claim() -> None:
    built = model()
    doubtful = {
        condition.claim
        for row in range(len(built.space.rows))
        if built.chance[row] < 1
        for condition in built.entry(row).conditions
    }
    assert doubtful == {"beta.exports.plain"}


def test_conversions_open_a_way_and_count_as_steps() -> None:
    built = model(systems=[*small(), converter("bridge", "dense", "plain")])
    stack = (("framework", "beta"), ("library", "kit"), ("format", "plain"), ("serving", "fast"))
    row = next(row for row in range(len(built.space.rows)) if built.space.stack(row) == stack)
    assert (int(built.space.steps[row]), float(built.chance[row])) == (1, 1.0)
    assert built.joins(stack)[0][:3] == ("kit.works_with.beta", "beta.exports.dense", "bridge.converts.dense.plain")


def test_systems_that_conflict_are_never_together() -> None:
    others = [item for item in small() if item.id != "fast"]
    fast = system("fast", "serving", [("loads", "plain"), ("serves_on", "cpu"), ("conflicts_with", "alpha")])
    assert "framework=alpha library=kit format=plain serving=fast" not in rows(model(systems=[*others, fast]))


def test_a_trainer_may_join_through_the_library() -> None:
    profile = Profile(activity="research", train_on=("cpu-only",), layers=("framework", "library", "trainer"))
    drill = system("drill", "trainer", [("works_with", "kit")])
    assert rows(model(profile, [*small(), drill])) == {
        "framework=alpha library=kit trainer=drill",
        "framework=beta library=kit trainer=drill",
    }


def test_a_configurator_step_says_what_is_possible_forced_or_would_repair_it() -> None:
    built = model()
    left = step(built, {"serving": "tiny"})
    assert (left.forced, left.stacks) == ({"framework": "beta", "library": "kit", "format": "dense"}, 1)
    broken = step(built, {"serving": "tiny", "format": "plain", "framework": "beta"})
    assert broken.stacks == 0
    assert dict(broken.repair)["framework"] == "beta"
    assert sum(dict(broken.repair)[layer] == name for layer, name in (("serving", "tiny"), ("format", "plain"))) == 1


ANSWERS = st.sampled_from([YES, PARTIAL, UNKNOWN, NO, None])


@st.composite
def worlds(draw: st.DrawFn) -> list[System]:
    """Random catalogues over every layer that is joined, with conflicts and conversions."""

    def names(stem: str, most: int) -> list[str]:
        return [f"{stem}{number}" for number in range(draw(st.integers(1, most)))]

    def links(relation: str, objects: list[str]) -> list[tuple[str, str, Answer]]:
        picked = [(relation, thing, draw(ANSWERS)) for thing in objects]
        return [(name, thing, answer) for name, thing, answer in picked if answer is not None]

    def can(*about: str) -> Mapping[str, Answer]:
        answers = {name: draw(ANSWERS) for name in about}
        return {name: answer for name, answer in answers.items() if answer is not None}

    frameworks, libraries, trainers, formats = names("f", 2), names("l", 2), names("t", 2), names("x", 3)
    systems = [
        system(name, "framework", [*links("exports", formats), ("trains_on", "cpu", draw(st.sampled_from([YES, NO])))],
               can=can("higher_order_gradients", "quantised_inference"))
        for name in frameworks
    ]  # fmt: skip
    servings = names("s", 2)
    systems += [
        system(name, "library", [*links("works_with", frameworks), *links("requires", servings[:1])])
        for name in libraries
    ]
    systems += [system(name, "trainer", links("works_with", [*frameworks, *libraries])) for name in trainers]
    systems += [system(name, "format", can=can("safe_weights", "quantised_inference")) for name in formats]
    systems += [
        system(name, "serving", [*links("loads", formats), *links("works_with", frameworks), ("serves_on", "cpu", YES),
                                 *links("conflicts_with", frameworks[:1])], can=can("quantised_inference"))
        for name in servings
    ]  # fmt: skip
    if len(formats) > 1 and draw(st.booleans()):
        systems.append(converter("bridge", formats[0], formats[1]))
    return systems


PROFILES = st.builds(
    lambda tokens, trains: Profile(
        activity="library-development",
        layers=("framework", "library", "trainer", "format", "serving"),
        train_on=("cpu-only",) if trains else (),
        serve_on=("cpu-only",),
        constraints=tuple(tokens),
    ),
    st.lists(st.sampled_from(["safe-weights", "quantized", "higher-order-gradients"]), unique=True),
    st.booleans(),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), PROFILES)
def test_the_enumeration_equals_that_of_answer_sets(systems: list[System], profile: Profile) -> None:
    built = model(profile, systems)
    assert rows(built) == named(conflict.all_stacks(built))
    assert len(rows(built)) == len(built.space.rows)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), PROFILES, st.data())
def test_a_configurator_step_equals_brave_and_cautious_consequences(
    systems: list[System], profile: Profile, data: st.DataObject
) -> None:
    built = model(profile, systems)
    layer = data.draw(st.sampled_from(built.space.layers))
    name = data.draw(st.sampled_from([item.system for item in built.judged[layer]]))
    taken = step(built, {layer: name})
    possible = {(one, other) for one, others in taken.possible.items() for other in others}
    assert possible == conflict.consequences(built, {layer: name}, cautious=False)
    if possible:
        sure = conflict.consequences(built, {layer: name}, cautious=True) - {(layer, name)}
        assert set(taken.forced.items()) == sure


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), PROFILES, st.sampled_from(["safe-weights", "quantized", "higher-order-gradients"]))
def test_a_requirement_only_removes(systems: list[System], profile: Profile, token: str) -> None:
    asked = replace(profile, constraints=tuple(dict.fromkeys([*profile.constraints, token])))
    assert rows(model(asked, systems)) <= rows(model(profile, systems))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), PROFILES)
def test_learning_that_an_unknown_holds_only_adds(systems: list[System], profile: Profile) -> None:
    learned = [replace(item, claims=tuple(settled(claim) for claim in item.claims)) for item in systems]
    before, after = model(profile, systems), model(profile, learned)
    assert rows(before) <= rows(after)
    sure, now_sure = certain(before), certain(after)
    assert sure <= now_sure


def settled(claim: Claim) -> Claim:
    """The claim, known to hold where it was unknown; what restricts stays as it is."""
    if claim.value is UNKNOWN and claim.property not in ("conflicts_with", "requires"):
        return replace(claim, value=YES, evidence=(evidence(),))
    return claim


def certain(built: Model) -> set[str]:
    return named(built.space.stack(row) for row in range(len(built.space.rows)) if built.chance[row] >= 1)


@pytest.mark.parametrize("answer", [YES, PARTIAL])
def test_partial_satisfies_a_demand(answer: Answer) -> None:
    fast = system("fast", "serving", [("loads", "plain"), ("serves_on", "cpu")], can={"no_python_runtime": answer})
    others = [item for item in small() if item.id != "fast"]
    assert not found(
        model(replace(SERVE, constraints=("no-python-runtime",)), [*others, fast]), "serving", "fast"
    ).exclusions


def test_a_framework_is_the_library_of_another_only_where_it_says_so_itself() -> None:
    both = system(
        "both", ["framework", "library"], [("works_with", "alpha"), ("trains_on", "cpu"), ("exports", "plain")]
    )
    nothing = system("nothing", ["framework", "library"], [("works_with", "both"), ("exports", "plain")])
    joiner = model(systems=[*small(), both, nothing]).joiner
    assert joiner.beside("library", "both", "alpha") is not None
    assert joiner.beside("library", "both", "nothing") is None
    assert joiner.beside("library", "nothing", "both") is not None


def test_hardware_nobody_names_is_the_usual_one_for_beliefs_and_demanded_of_nobody() -> None:
    unsaid = model(replace(SERVE, serve_on=(), hardware=()))
    assert unsaid.situation.serve_context.device == ("nvidia-gpu",)
    assert unsaid.situation.serve == ()
    named = model(replace(SERVE, serve_on=(), hardware=("cpu-only",)))
    assert "nvidia-gpu" not in named.situation.serve_context.device
