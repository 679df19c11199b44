"""Why the first stack, why not another, which traps, what was refuted: every line with its claims."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from bakeoff.base.errors import InputError, Problem, unknown_name
from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.base.record import Struct, replace
from bakeoff.catalog.model import Aggregator, Axis, Belief, Catalog, Claim, Layer
from bakeoff.catalog.rules import Rules
from bakeoff.decide import side
from bakeoff.decide.build import Model, Stack, build
from bakeoff.decide.entries import Entry
from bakeoff.decide.model import AxisValue, Exclusion, Pitfall, Profile, Reason, Refuted
from bakeoff.decide.smaa import ranked
from bakeoff.decide.value import Contribution, Term

_MEASURED = (EvidenceKind.MEASURED_HERE, EvidenceKind.MEASURED_ELSEWHERE)
_LEAST = 0.05
"""Points of the total below which a line of an explanation is noise."""


class Story(Struct, frozen=True):
    """Why the first stack is first."""

    reasons: tuple[Reason, ...]
    """Pros that cover the cons, then the cons."""
    impression_share: float
    """Share of the margin that rests on impressions."""


class _Line(Struct, frozen=True):
    """One measure of one layer, in one stack against another."""

    axis: str
    layer: str
    mine: Contribution | None
    theirs: Contribution | None

    @property
    def points(self) -> float:
        """What it adds to the first stack's lead."""
        return (self.mine.points if self.mine else 0.0) - (self.theirs.points if self.theirs else 0.0)

    @property
    def impression(self) -> bool:
        """Whether one of the two beliefs rests on nothing better than impressions."""
        return any(part is not None and part.term.impression for part in (self.mine, self.theirs))


def rival(model: Model, entries: Sequence[Entry]) -> Entry | None:
    """The best stack that would be a different answer."""
    own = model.side(entries[0].stack)
    return next((entry for entry in entries[1:] if model.side(entry.stack) != own), None)


def story(model: Model, entries: Sequence[Entry]) -> Story:
    """Pros and cons of the first stack against the best different answer, or its own strengths without one."""
    first, other = entries[0], rival(model, entries)
    lines = _lines(model, first.stack, other.stack if other else ())
    pros = sorted(
        (line for line in lines if line.points > _LEAST), key=lambda line: (-line.points, line.layer, line.axis)
    )
    cons = sorted(
        (line for line in lines if line.points < -_LEAST), key=lambda line: (line.points, line.layer, line.axis)
    )
    weight = sum(abs(line.points) for line in lines)
    share = sum(abs(line.points) for line in lines if line.impression) / weight if weight else 0.0
    covering = _covering(pros, -sum(line.points for line in cons))
    shown = (*covering, *cons[: max(3, len(covering))])
    return Story(tuple(_reason(model, line) for line in shown), share)


def exclusions(model: Model) -> tuple[Exclusion, ...]:
    """Every exclusion, in the order of the layers."""
    return tuple(item for group in model.judged.values() for candidate in group for item in candidate.exclusions)


def axis_value(model: Model, stack: Stack, axis: Axis, points: Interval) -> AxisValue:
    """A stack's value on one axis with what it stands on."""
    weight = model.values.weights[axis.id]
    given = model.values.contributions(stack, {axis.id: 1.0})
    variance = sum((item.factor * item.term.spread) ** 2 for item in given)
    rests = sum((item.factor * item.term.spread) ** 2 for item in given if item.term.impression)
    claims = tuple(dict.fromkeys(claim for item in given for claim in item.term.claims))
    return AxisValue(axis.id, round(weight, 4), points, claims, round(rests / variance, 4) if variance else 0.0)


def pitfalls(model: Model, stack: Stack) -> tuple[Pitfall, ...]:
    """Traps that threaten this profile, and whether the first stack walks into them."""
    aliases = model.facts.catalog.aliases
    found = []
    for rule in model.situation.pitfalls:
        named = {
            (layer, aliases.get(name, name)) for pick in rule.picks for layer in pick.layers for name in pick.systems
        }
        found.append(Pitfall(rule.id, rule.text, entered=bool(named & set(stack)), claims=(f"rule:{rule.id}",)))
    return tuple(found)


def refuted(model: Model) -> tuple[Refuted, ...]:
    """Values among what was read that a measurement contradicts, and evidence known to be no longer true."""
    found: dict[str, Refuted] = {}
    for belief in model.facts.beliefs():
        for item in _contradicted(model, belief):
            found.setdefault(item.claim + item.said, item)
    return tuple(found[key] for key in sorted(found))


def why_not(
    name: str,
    profile: Profile,
    catalog: Catalog,
    rules: Rules,
    measured: Sequence[Claim] = (),
    *,
    today: date,
) -> tuple[Reason, ...]:
    """Why a system, or a stack written `layer=system layer=system`, is not the answer; reasons in order of weight.

    Raises:
        InputError: With every name that is no system, and every layer there is not.
    """
    model = build(profile, catalog, rules, measured, today=today)
    wanted = _wanted(name, model)
    found = [reason for layer, system in wanted for reason in _ruled_out(model, layer, system)]
    if found:
        return tuple(found)
    among = _containing(model, wanted)
    if not among.any():
        return _unjoined(model, wanted) or _beside(model, wanted)
    best = int(ranked(model.space, np.where(among, model.expected, -np.inf), 1)[0])
    return _behind(model, model.entry(int(ranked(model.space, model.expected, 1)[0])), model.entry(best), wanted)


def _lines(model: Model, mine: Stack, theirs: Stack) -> list[_Line]:
    own, other = _keyed(model, mine), _keyed(model, theirs)
    lines = [_Line(key[0], key[1], own.get(key), other.get(key)) for key in dict.fromkeys([*own, *other])]
    return [line for line in lines if not (line.mine and line.theirs and line.mine.term == line.theirs.term)]


def _keyed(model: Model, stack: Stack) -> dict[tuple[str, str, str], Contribution]:
    """Contributions by axis, layer and measure; on axes that ask one layer only, whichever it is."""
    if not stack:
        return {}
    spread = {axis.id for axis in model.values.axes if axis.aggregator is Aggregator.MEAN}
    return {
        (item.axis, item.term.layer if item.axis in spread else "", item.term.property): item
        for item in model.values.contributions(stack, model.values.weights)
    }


def _covering(pros: Sequence[_Line], owed: float) -> tuple[_Line, ...]:
    """The fewest strongest pros that outweigh the cons; at least three where there are."""
    covered, count = 0.0, 0
    for line in pros:
        if covered > owed and count >= 3:
            break
        covered += line.points
        count += 1
    return tuple(pros[:count])


def _reason(model: Model, line: _Line) -> Reason:
    terms = [part.term for part in (line.mine, line.theirs) if part is not None]
    claims = tuple(dict.fromkeys([claim for term in terms for claim in term.claims] + _rules(terms)))
    basis = model.facts.basis(claims)
    question = model.facts.catalog.properties[terms[0].property].question
    sides = [_side(model, term) for term in terms]
    text = f"{question} {' against '.join(sides)}"
    why = _because(line)
    return Reason(f"{text}{why}", claims, basis.kind, basis.observed, round(line.points, 4))


def _side(model: Model, term: Term) -> str:
    name = model.facts.system(term.system).name
    doubt = "" if term.known else ", not known and drawn from its layer"
    return f"{name} {term.mid:.0f} ± {1.96 * term.spread:.0f}{doubt}"


def _because(line: _Line) -> str:
    parts = []
    for part in (line.mine, line.theirs):
        for bonus in part.term.bonuses if part else ():
            sign = "+" if bonus.points > 0 else "−"
            parts.append(f"{part.term.system} {sign}{abs(bonus.points):.0f}: {bonus.text}" if part else "")
    return f" ({'; '.join(parts)})" if parts else ""


def _rules(terms: Sequence[Term]) -> list[str]:
    return [bonus.origin for term in terms for bonus in term.bonuses if bonus.origin.startswith("rule:")]


def _contradicted(model: Model, belief: Belief) -> list[Refuted]:
    if len(belief.uses) < 2 or belief.mid is None or belief.low is None or belief.high is None:
        return []
    outvoted = [use for use in belief.uses if use.direct and not use.used]
    used = [use for use in belief.uses if use.direct and use.used] if outvoted else []
    strong = next((item for use in used if (item := model.facts.evidence(use)) and item.kind in _MEASURED), None)
    if strong is None:
        return []
    found = []
    for use in outvoted:
        evidence = model.facts.evidence(use)
        claim = model.facts.claim(use.claim)
        if evidence is None or claim is None:
            continue
        points = evidence.value if evidence.value is not None else claim.value
        apart = isinstance(points, float) and not belief.low <= points <= belief.high
        if apart and evidence.kind not in _MEASURED:
            said = evidence.says or f"{points:g} points"
            shown = f"{belief.mid:.0f} points ({belief.low:.0f} to {belief.high:.0f})"
            found.append(Refuted(use.claim, said, shown, f"run:{strong.run}" if strong.run else strong.source))
    return found


def _wanted(name: str, model: Model) -> tuple[tuple[str, str], ...]:
    parts = [part.partition("=") for part in name.replace(",", " ").split()]
    catalog, layers = model.facts.catalog, [layer.value for layer in Layer]
    found: list[tuple[str, str]] = []
    problems = [] if parts else [Problem("why-not", "", "no system is named", "name one, or layer=system pairs")]
    for left, equals, right in parts:
        asked = right if equals else left
        system = catalog.find(asked)
        if equals and left not in layers:
            problems.append(unknown_name("why-not", name, left, layers, what="layer"))
        if system is None:
            problems.append(unknown_name("why-not", name, asked, [*catalog.systems, *catalog.aliases], what="system"))
        else:
            found.append((left if equals else _home(model, system.id), system.id))
    if problems:
        raise InputError(problems)
    return tuple(found)


def _home(model: Model, system: str) -> str:
    layers = [layer.value for layer in model.facts.system(system).layers]
    return next((layer for layer in layers if layer in model.situation.layers), layers[0])


def _ruled_out(model: Model, layer: str, system: str) -> list[Reason]:
    name = model.facts.system(system).name
    if layer not in model.situation.layers:
        needed = ", ".join(model.situation.layers)
        return [
            Reason(f"this profile needs no {layer} (it needs {needed}), so {name} has no place in it", (), None, None)
        ]
    candidate = next((item for item in model.judged[layer] if item.system == system), None)
    if candidate is None:
        fills = ", ".join(item.value for item in model.facts.system(system).layers)
        return [Reason(f"{name} does not fill the layer {layer}; it fills {fills}", (), None, None)]
    return [item.reason for item in candidate.exclusions]


def _containing(model: Model, wanted: Sequence[tuple[str, str]]) -> npt.NDArray[np.bool_]:
    """Which stacks hold all of the parts; none where one of them is chosen beside."""
    space = model.space
    found = np.ones(len(space.rows), np.bool_)
    for layer, system in wanted:
        column = space.layers.index(layer) if layer in space.layers else -1
        if column < 0 or system not in space.systems[column]:
            return np.zeros(len(space.rows), np.bool_)
        found &= space.rows[:, column] == space.systems[column].index(system)
    return found


def _unjoined(model: Model, wanted: Sequence[tuple[str, str]]) -> tuple[Reason, ...]:
    found = []
    for layer, system in wanted:
        if layer == side.LAYER:
            continue
        name = model.facts.system(system).name
        partners = [other for other in model.space.layers if other != layer]
        text = (
            f"no claim joins {name} with what is feasible in {', '.join(partners) or 'any other layer'}; "
            f"a stated works_with, exports, loads or converts would"
        )
        found.append(Reason(text, (), None, None))
    return tuple(found)


def _beside(model: Model, wanted: Sequence[tuple[str, str]]) -> tuple[Reason, ...]:
    order = ranked(model.space, model.expected, 1)
    if not len(order):
        return ()
    found = side.ranking(model, model.space.stack(int(order[0])))
    worth = dict(found)
    text = ", ".join(
        f"{model.facts.system(system).name} {worth[system]:.1f} against {found[0][0]} {found[0][1]:.1f}"
        for _, system in wanted
        if system in worth
    )
    return (Reason(f"chosen beside the stack by its own value: {text}", (), None, None),) if text else ()


def _behind(model: Model, first: Entry, best: Entry, wanted: Sequence[tuple[str, str]]) -> tuple[Reason, ...]:
    names = " and ".join(model.facts.system(system).name for _, system in wanted)
    if best.row == first.row:
        return (Reason(f"{names} is in the first stack", (), None, None),)
    gap = float(model.expected[first.row] - model.expected[best.row])
    shown = " ".join(f"{layer}={system}" for layer, system in best.stack)
    head = Reason(f"the best stack with {names} ({shown}) is {gap:.1f} points behind", (), None, None, round(-gap, 4))
    open_claims = [
        Reason(f"it depends on something unknown: {item.claim}", (item.claim,), None, None) for item in best.conditions
    ]
    lines = sorted(_lines(model, first.stack, best.stack), key=lambda line: (-line.points, line.layer, line.axis))
    told = [_reason(model, line) for line in lines if line.points > _LEAST]
    return (head, *open_claims, *(replace(reason, points=-reason.points) for reason in told[:6]))
