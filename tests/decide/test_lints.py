"""The lints about decisions: each is broken once, alone, and silent on a world without mistakes."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pytest

from bakeoff.base.record import replace
from bakeoff.catalog import lints as catalog_lints
from bakeoff.catalog.golden import Golden, load_golden
from bakeoff.catalog.load import Sources
from bakeoff.catalog.model import STACK_LAYERS, Catalog, System
from bakeoff.catalog.rules import Need, Requirement, Rules
from bakeoff.decide.lints import lints
from tests import shipped
from tests.decide.world import TODAY, catalog, rules, system

WORLD = (
    system("cpu", "device"),
    system("alpha", "framework", [("exports", "f"), ("trains_on", "cpu"), ("serves_on", "cpu")]),
    system("beta", "library", [("works_with", "alpha")]),
    system("f", "format"),
    system("runs", "serving", [("loads", "f"), ("serves_on", "cpu")]),
    system("notes", "tracker"),
)
HELD = Golden("g", {"layers": ["framework", "library"]}, "sense", {"framework": ("alpha",)})


def small() -> Rules:
    """The shipped words, with one rule that speaks of everything and one requirement that anything here meets."""
    rule = replace(rules().heuristics[0], id="sense", when=type(rules().heuristics[0].when)(), favours=())
    return replace(rules(), heuristics=(rule,), requirements={})


def found(
    systems: Iterable[System] = WORLD,
    *,
    known: Rules | None = None,
    golden: tuple[Golden, ...] = (HELD,),
    sources: Sources | None = None,
) -> list[tuple[str, str]]:
    """(lint, place) of every finding."""
    held: Catalog = catalog(systems)
    ground = catalog_lints.ground(replace(sources or shipped.sources(), catalog=held, files=()), TODAY)
    return [(rule.id, broken.at) for rule in lints(known or small(), golden) for broken in rule.check(ground)]


def test_a_world_without_mistakes_breaks_none() -> None:
    assert found() == []


@pytest.mark.parametrize(
    "layer", [layer.value for layer in STACK_LAYERS if layer.value not in ("framework", "tracker")]
)
def test_a_system_that_nothing_joins_is_a_dead_option(layer: str) -> None:
    assert found([*WORLD, system("lonely", layer)]) == [("decision-dead-option", "lonely")]


def test_a_golden_decision_that_moved_is_told() -> None:
    assert found(golden=(dataclasses.replace(HELD, first={"framework": ("beta",)}),)) == [("decision-golden", "g")]


def test_a_golden_decision_that_walks_into_its_trap_is_told() -> None:
    assert found(golden=(dataclasses.replace(HELD, first={}, avoid={"library": "beta"}),)) == [("decision-golden", "g")]


@pytest.mark.parametrize(
    "wrong",
    [
        dataclasses.replace(HELD, rule="nobody"),
        dataclasses.replace(HELD, profile={"layers": ["framework"], "domain": "nobody"}),
    ],
)
def test_a_golden_decision_that_names_nothing_is_told(wrong: Golden) -> None:
    assert found(golden=(wrong,)) == [("decision-golden", "g")]


def test_a_golden_decision_whose_rule_fell_silent_is_told() -> None:
    silent = small().heuristics[0]
    silent = replace(silent, when=replace(silent.when, domain=("ocr",)))
    assert found(known=replace(small(), heuristics=(silent,))) == [("decision-golden", "g")]


@pytest.mark.parametrize("otherwise", ["", "no"])
def test_a_requirement_without_a_named_reason_is_told(otherwise: str) -> None:
    asked = Requirement("r", "something", otherwise)
    assert found(known=replace(small(), requirements={"r": asked})) == [("decision-no-reason", "r")]


def test_a_requirement_nobody_can_meet_is_told() -> None:
    asked = Requirement("r", "a feat", "no runtime does it", (Need(("serving",), "offline"),))
    assert found(known=replace(small(), requirements={"r": asked})) == [("decision-never-met", "r")]


@pytest.mark.parametrize("field", ["domain", "activity", "language"])
def test_words_that_only_one_side_knows_are_told(field: str) -> None:
    names = shipped.sources().vocabulary
    scopes = dataclasses.replace(names.scopes, **{field: (*getattr(names.scopes, field), "novel")})
    more = replace(shipped.sources(), vocabulary=dataclasses.replace(names, scopes=scopes))
    assert found(sources=more) == [("decision-words", f"{field}.novel")]


def test_a_layer_without_a_weight_is_told() -> None:
    layers = {name: rule for name, rule in rules().layers.items() if name != "kernel"}
    assert ("decision-words", "layer.kernel") in found(known=replace(small(), layers=layers), golden=())


def test_the_shipped_catalogue_breaks_none() -> None:
    ground = catalog_lints.ground(shipped.sources(), TODAY)
    table = lints(rules(), load_golden())
    # Golden decisions are held one by one in test_golden.
    told = [broken.detail for rule in table if rule.id != "decision-golden" for broken in rule.check(ground)]
    assert told == []
