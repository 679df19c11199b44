"""Lints that only deciding can judge: options nobody can reach, golden decisions that moved, demands without words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from bakeoff.base.errors import InputError
from bakeoff.catalog.golden import Golden, unknown_rules
from bakeoff.catalog.lints import Broken, Ground, Group, Level, Lint, On
from bakeoff.catalog.model import STACK_LAYERS, Answer, Lifecycle
from bakeoff.catalog.rules import Rules
from bakeoff.decide import side
from bakeoff.decide.build import Model, build
from bakeoff.decide.model import Profile
from bakeoff.decide.profile import parse
from bakeoff.decide.smaa import ranked

_OPEN = (
    ("framework", "library"),
    ("framework", "trainer"),
    ("framework", "kernel"),
    ("framework", "format", "serving"),
    ("format", "serving"),
    ("framework", "tracker"),
)
"""Stacks of profiles that ask for nothing: what none of them holds, no profile can ever have."""
_RULES = "rules"


def lints(rules: Rules, golden: Sequence[Golden] = ()) -> tuple[Lint, ...]:
    """The lints about decisions, for `lint(…, more=)`.

    Args:
        rules: What words mean.
        golden: Decisions that must stay as they are.
    """
    return (
        Lint(
            "decision-dead-option",
            Group.DECISION,
            On.SYSTEM,
            Level.ERROR,
            "no profile can ever choose it",
            "state what it works with, loads or exports, or what others do with it",
            partial(_dead, rules),
        ),
        Lint(
            "decision-golden",
            Group.DECISION,
            On.CATALOG,
            Level.ERROR,
            "a golden decision changed",
            "find the claim that moved it; change rules/golden.toml only with evidence that the field has moved",
            partial(_golden, rules, tuple(golden)),
        ),
        Lint(
            "decision-no-reason",
            Group.DECISION,
            On.CATALOG,
            Level.ERROR,
            "a requirement has no named reason for when nothing satisfies it",
            "write `otherwise` in rules/requirements.toml: what is missing, in one clause",
            partial(_no_reason, rules),
        ),
        Lint(
            "decision-never-met",
            Group.DECISION,
            On.CATALOG,
            Level.WARNING,
            "no catalogued system can meet a requirement",
            "claim the capability of a system that has it, or drop the requirement",
            partial(_never_met, rules),
        ),
        Lint(
            "decision-words",
            Group.DECISION,
            On.CATALOG,
            Level.ERROR,
            "scopes of claims and words of profiles differ",
            "keep scopes.toml and rules/vocabulary.toml alike: a claim about an unknown word is never read",
            partial(_words, rules),
        ),
    )


def first(model: Model) -> dict[str, str]:
    """The first stack of a model at the centre of all beliefs, by layer, tracker included; empty for none."""
    if not len(model.space.rows):
        return {}
    stack = model.space.stack(int(ranked(model.space, model.expected, 1)[0]))
    tracker = side.best(model, stack)
    return {**dict(stack), **({side.LAYER: tracker} if tracker else {})}


def broken(golden: Golden, model: Model) -> str:
    """How a decision departs from its golden one; empty when it does not."""
    picks = first(model)
    wrong = [
        f"{layer} {picks.get(layer, 'none')} instead of {' or '.join(names)}"
        for layer, names in golden.first.items()
        if picks.get(layer) not in names
    ]
    wrong += [f"it walks into {system}" for layer, system in golden.avoid.items() if picks.get(layer) == system]
    spoken = {rule.id for rule in model.situation.heuristics} | {trap.id for trap in model.situation.pitfalls}
    if golden.rule not in spoken:
        wrong.append(f"the rule {golden.rule} no longer speaks of it")
    return "; ".join(wrong)


def _dead(rules: Rules, ground: Ground) -> Iterator[Broken]:
    reached: set[str] = set()
    for layers in _OPEN:
        model = build(Profile(layers=layers), ground.sources.catalog, rules, today=ground.today)
        for column, names in enumerate(model.space.systems):
            reached |= {names[position] for position in set(model.space.rows[:, column].tolist())}
        reached |= {item.system for item in model.judged.get(side.LAYER, ()) if not item.exclusions}
    for system in ground.systems.values():
        gone = system.lifecycle.status is Lifecycle.HISTORIC
        if system.layers[0] in STACK_LAYERS and system.id not in reached and not gone:
            yield ground.at_system(system.id, f"{system.id} is in no stack, however little is asked", ("system",))


def _golden(rules: Rules, golden: tuple[Golden, ...], ground: Ground) -> Iterator[Broken]:
    place = f"{_RULES}/golden.toml"
    nameless = unknown_rules(golden, rules)
    for item in nameless:
        yield Broken(item.id, f"{item.id} names the rule {item.rule}, which does not exist", place)
    for item in golden:
        if item in nameless:
            continue
        try:
            profile = parse(item.profile, rules, ground.sources.catalog, where=item.id)
        except InputError as error:
            yield Broken(item.id, f"{item.id}: {error.problems[0]}", place)
            continue
        said = broken(item, build(profile, ground.sources.catalog, rules, today=ground.today))
        if said:
            yield Broken(item.id, f"{item.id}: {said}", place)


def _no_reason(rules: Rules, _ground: Ground) -> Iterator[Broken]:
    for requirement in rules.requirements.values():
        if len(requirement.otherwise.split()) < 2:
            yield Broken(requirement.id, requirement.id, f"{_RULES}/requirements.toml")


def _never_met(rules: Rules, ground: Ground) -> Iterator[Broken]:
    met = {
        (layer.value, claim.property)
        for system in ground.systems.values()
        for claim in system.claims
        if claim.value in (Answer.YES, Answer.PARTIAL)
        for layer in system.layers
    }
    for requirement in rules.requirements.values():
        for need in requirement.needs:
            layers = (*need.layers, *need.instead)
            if need.property and not need.vetoes and not any((layer, need.property) in met for layer in layers):
                detail = f"{requirement.id} needs {need.property} of {' or '.join(layers)}"
                yield Broken(requirement.id, detail, f"{_RULES}/requirements.toml")


def _words(rules: Rules, ground: Ground) -> Iterator[Broken]:
    scopes = ground.sources.vocabulary.scopes
    pairs = (
        ("domain", scopes.domain, rules.domains),
        ("activity", scopes.activity, rules.activities),
        ("language", scopes.language, rules.languages),
    )
    for name, held, known in pairs:
        for word in sorted(set(held) ^ set(known)):
            side_of = "scopes.toml only" if word in held else "rules/vocabulary.toml only"
            yield Broken(f"{name}.{word}", f"{name} {word} is in {side_of}", "scopes.toml")
    for name in sorted(set(rules.layers) ^ {layer.value for layer in STACK_LAYERS}):
        yield Broken(
            f"layer.{name}", f"layer {name} is not both a layer of stacks and weighed", f"{_RULES}/layers.toml"
        )
