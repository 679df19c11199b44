"""The model of one decision: the situation, its candidates, every stack, and every stack's value at the centre."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from bakeoff.base.record import Struct
from bakeoff.catalog.model import Answer, Catalog, Claim, Layer
from bakeoff.catalog.rules import Rules
from bakeoff.decide.entries import Entry
from bakeoff.decide.enumerate import need_levels, stacks
from bakeoff.decide.facts import Facts, merged
from bakeoff.decide.feasible import Candidate, Condition, StackNeed, answer_level, candidates, stack_needs
from bakeoff.decide.joins import Join, Joiner
from bakeoff.decide.model import Profile
from bakeoff.decide.situation import Situation, situate
from bakeoff.decide.space import Space, along, among
from bakeoff.decide.value import Floats, Values

Stack = Sequence[tuple[str, str]]
"""(layer, system), one per layer."""


class Model(Struct, frozen=True):
    """Everything worked out about a profile before any draw."""

    situation: Situation
    """What the profile means."""
    facts: Facts
    """The catalogue in that situation."""
    rules: Rules
    """What words mean."""
    judged: dict[str, tuple[Candidate, ...]]
    """Candidates by layer, excluded ones too."""
    needs: tuple[StackNeed, ...]
    """Demands on several layers at once."""
    joiner: Joiner
    """Which components fit."""
    space: Space
    """All stacks."""
    values: Values
    """What components are worth."""
    offsets: Floats
    """Points of every stack that no axis holds: conversions, a framework standing in as another's library."""
    totals: Floats
    """Value of every stack at the centre, unknown claims taken to hold."""
    chance: Floats
    """Chance that all unknown claims of a stack hold; 1 for feasible outright."""
    expected: Floats
    """Value of every stack at the centre, less what unknown claims may cost: the order of the ranking."""
    side_layers: tuple[str, ...]
    """Layers whose systems make two stacks different answers rather than shades of one."""

    def side(self, stack: Stack) -> tuple[str, ...]:
        """The systems of a stack in those layers."""
        return tuple([system for layer, system in stack if layer in self.side_layers])

    def conditions(self, stack: Stack) -> tuple[Condition, ...]:
        """Unknown claims a stack depends on."""
        judged = self.values.judged
        found = [condition for part in stack if part in judged for condition in judged[part].conditions]
        found += [_shared(self, need, stack) for need in self.needs if _unsure(self, need, stack)]
        chance = self.rules.constants["unknown_join"]
        found += [Condition(claim, "join", chance) for claim in self.joins(stack)[1]]
        return tuple({condition.claim: condition for condition in found}.values())

    def joins(self, stack: Stack) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Claims that make a stack compatible, and the unknown ones among them."""
        return _join_claims(self.joiner, stack)

    def entry(self, row: int) -> Entry:
        """One stack, ready to be drawn."""
        stack = self.space.stack(row)
        conditions = self.conditions(stack) if self.chance[row] < 1 else ()
        return Entry(row, stack, float(self.offsets[row]), conditions)


class Known(Struct, frozen=True):
    """What a model can take over from another with the same facts and rules."""

    joiner: Joiner
    """Which components fit."""
    values: Values | None = None
    """What they are worth, of the same candidates or more."""


def build(profile: Profile, catalog: Catalog, rules: Rules, measured: Sequence[Claim] = (), *, today: date) -> Model:
    """Works out the model of a profile: feasibility, enumeration, central values."""
    known = merged(catalog, measured)
    situation = situate(profile, rules, known)
    facts = Facts(known, situation, rules.constants, today)
    judged = candidates(facts)
    joiner = Joiner(facts)
    _own_kernels(joiner, judged)
    return assemble(facts, rules, judged, stack_needs(situation), known=Known(joiner))


def assemble(
    facts: Facts,
    rules: Rules,
    judged: dict[str, tuple[Candidate, ...]],
    needs: tuple[StackNeed, ...],
    dropped: frozenset[str] = frozenset(),
    known: Known | None = None,
) -> Model:
    """The model over judged candidates, some requirements dropped.

    Args:
        facts: The catalogue in the situation.
        rules: What words mean.
        judged: Candidates by layer.
        needs: Demands on several layers at once.
        dropped: Requirements left out.
        known: What was worked out with the same facts and rules already.
    """
    joiner = known.joiner if known else Joiner(facts)
    space = stacks(joiner, judged, needs, dropped)
    values = Values(facts, rules, judged)
    if known and known.values:
        values.take_over(known.values)
    offsets = _offsets(facts, space)
    totals = space.spread([mine + extra for mine, extra in zip(values.central(space), offsets, strict=True)])
    chance = _chances(facts, judged, needs, space, dropped)
    expected = totals if chance is None else totals - rules.constants["failed_points"] * (1.0 - chance)
    sides = {"framework", "serving", facts.situation.primary}
    return Model(
        situation=facts.situation,
        facts=facts,
        rules=rules,
        judged=judged,
        needs=needs,
        joiner=joiner,
        space=space,
        values=values,
        offsets=space.spread(offsets),
        totals=totals,
        chance=np.ones(len(space.rows)) if chance is None else chance,
        expected=expected,
        side_layers=tuple(layer for layer in space.layers if layer in sides),
    )


def _own_kernels(joiner: Joiner, judged: dict[str, tuple[Candidate, ...]]) -> None:
    """Lets a framework that no kernel layer there is for this hardware works with stand on its own kernels.

    Not where the profile itself is about kernels: then one must be named.
    """
    situation = joiner.facts.situation
    if (
        "kernel" not in judged
        or situation.primary == "kernel"
        or any("kernel" in requirement.layers for requirement in situation.requirements)
    ):
        return
    usable = [candidate.system for candidate in judged["kernel"] if not candidate.exclusions]
    alone = [
        Candidate("kernel", candidate.system, (), (), None, ())
        for candidate in judged.get("framework", ())
        if not any(joiner.pair(kernel, candidate.system) for kernel in usable) and candidate.system not in usable
    ]
    judged["kernel"] = (*judged["kernel"], *alone)


def _offsets(facts: Facts, space: Space) -> list[Floats]:
    """Points that no axis holds, for each block in a shape that broadcasts to its own."""
    strangers = _strangers(facts, space)
    found = []
    for block in space.blocks:
        points = facts.constants["conversion_points"] * along(block.steps.astype(np.float64), 2)
        if strangers:
            home, guest = space.layers.index("framework"), space.layers.index("library")
            host = int(block.places[home][1][0])
            odd = among(block.places[guest][1], strangers.get(host, ()))
            points = points + facts.constants["guest_points"] * along(odd.astype(np.float64), 0)
        found.append(points)
    return found


def _strangers(facts: Facts, space: Space) -> dict[int, tuple[int, ...]]:
    """By framework, the libraries that are frameworks themselves and that it does not say it works with."""
    if not {"framework", "library"} <= set(space.layers):
        return {}
    home, guest = space.layers.index("framework"), space.layers.index("library")
    guests = [
        (place, name) for place, name in enumerate(space.systems[guest]) if Layer.FRAMEWORK in facts.system(name).layers
    ]
    found = {}
    for host, other in enumerate(space.systems[home]):
        friends = {other, *facts.stated(other, "works_with"), *facts.stated(other, "requires")}
        found[host] = tuple(place for place, name in guests if name not in friends)
    return found


def _chances(
    facts: Facts,
    judged: dict[str, tuple[Candidate, ...]],
    needs: tuple[StackNeed, ...],
    space: Space,
    dropped: frozenset[str],
) -> Floats | None:
    """Chance that all unknown claims of a stack hold, by row; None where no stack depends on one."""
    chance: Floats | None = None
    if space.doubtful:
        chance = space.sure(facts.constants["unknown_join"])
    own = []
    for column, layer in enumerate(space.layers):
        by_name = {candidate.system: candidate for candidate in judged[layer]}
        holds = [
            math.prod(item.chance for item in by_name[name].conditions if item.token not in dropped)
            for name in space.systems[column]
        ]
        if min(holds, default=1.0) < 1.0:
            own.append((column, np.array(holds)))
    if own:
        chance = _times(chance, space.joined(own, np.multiply))
    for need in needs:
        if need.vetoes or need.token in dropped:
            continue
        level = need_levels(facts, need, space)
        if not (level == 1).any():
            continue
        fails = []
        for layer in need.layers:
            column = space.layers.index(layer)
            failing = [
                1.0 - facts.chance(layer, need.name) if answer_level(facts, need, layer, name) == 1 else 1.0
                for name in space.systems[column]
            ]
            fails.append((column, np.array(failing or [1.0])))
        chance = _times(chance, np.where(level == 1, 1.0 - space.joined(fails, np.multiply), 1.0))
    return chance


def _times(chance: Floats | None, other: Floats) -> Floats:
    return other if chance is None else chance * other


def _unsure(model: Model, need: StackNeed, stack: Stack) -> bool:
    levels = [answer_level(model.facts, need, layer, system) for layer, system in stack if layer in need.layers]
    return not need.vetoes and max(levels, default=0) == 1


def _shared(model: Model, need: StackNeed, stack: Stack) -> Condition:
    """The condition that one of several components has what is unknown about each of them."""
    open_ones = [
        (layer, system)
        for layer, system in stack
        if layer in need.layers and answer_level(model.facts, need, layer, system) == 1
    ]
    fails = 1.0
    for layer, _ in open_ones:
        fails *= 1.0 - model.facts.chance(layer, need.name)
    _, system = open_ones[0]
    claims = (
        (f"{system}.declared_licence",) if need.name == "licence" else model.facts.capability(system, need.name).claims
    )
    return Condition(claims[0], need.token, 1.0 - fails)


def _join_claims(joiner: Joiner, stack: Sequence[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Claims that make a stack compatible, and those among them that are unknown and must hold."""
    by_layer = dict(stack)
    joins: list[Join] = []
    framework = by_layer.get("framework")
    if framework is not None:
        joins += [
            join
            for layer in ("library", "trainer", "kernel")
            if layer in by_layer and (join := _sided(joiner, by_layer, layer)) is not None
        ]
        if "serving" in by_layer:
            routes = joiner.deployments(framework, by_layer["serving"])
            joins += [routes[by_layer["format"]].join] if by_layer.get("format") in routes else []
        elif "format" in by_layer and by_layer["format"] in joiner.routes(framework):
            joins.append(joiner.routes(framework)[by_layer["format"]].join)
    claims = tuple(dict.fromkeys(claim for join in joins for claim in join.claims))
    doubtful = tuple(
        dict.fromkeys(
            claim for join in joins if not join.sure for claim in join.claims if _unknown(joiner.facts, claim)
        )
    )
    return claims, doubtful


def _sided(joiner: Joiner, by_layer: Mapping[str, str], layer: str) -> Join | None:
    direct = joiner.beside(layer, by_layer[layer], by_layer["framework"])
    through = (
        joiner.pair(by_layer[layer], by_layer["library"]) if layer == "trainer" and "library" in by_layer else None
    )
    if direct is not None and (direct.sure or through is None or not through.sure):
        return direct
    return through


def _unknown(facts: Facts, name: str) -> bool:
    claim = facts.claim(name)
    return claim is None or claim.value is Answer.UNKNOWN
