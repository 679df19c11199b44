"""Why nothing is feasible, by answer sets: all minimal conflicts, all minimal relaxations; and an oracle for the joins.

clingo is imported when it is first needed: decisions that are possible never load it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bakeoff.decide.build import Known, Model, assemble
from bakeoff.decide.enumerate import required
from bakeoff.decide.feasible import answer_level
from bakeoff.decide.model import Conflict, Relaxation
from bakeoff.decide.smaa import ranked

_MOST = 64
"""Relaxations looked for at most."""

_PROGRAM = """
1 { pick(L, S) : cand(L, S) } 1 :- layer(L).
{ drop(R) : req(R) }.
:- pick(L, S), excl(L, S, R), not drop(R).
through(T) :- pick("trainer", T), pick("library", B), pair(T, B).
:- pick("library", S), pick("framework", F), not pair(S, F).
:- pick("trainer", S), pick("framework", F), not pair(S, F), not through(S).
:- pick("kernel", S), pick("framework", F), not pair(S, F).
:- pick("serving", S), pick("framework", F), pick("format", X), not deploy(F, S, X).
:- pick("serving", S), pick("framework", F), not layer("format"), not deploys(F, S).
:- pick("serving", S), pick("format", X), not layer("framework"), not loads(S, X).
:- pick("framework", F), pick("format", X), not layer("serving"), not writes(F, X).
:- pick(_, A), pick(_, B), clash(A, B).
:- pick(L, S), wants(L, S, M), pick(M, X), not serves(L, S, M, X).
met(N) :- pick(L, S), has(N, L, S).
:- need(N, R), not met(N), not drop(R).
#show pick/2.
#show drop/1.
"""


def explain(model: Model) -> tuple[tuple[Conflict, ...], tuple[Relaxation, ...]]:
    """All minimal conflicts among the requirements, and all minimal sets to drop with what each leaves."""
    sets = list(_relaxations(model))
    if not sets:
        needed = ", ".join(model.situation.layers)
        text = f"no claims join a stack over {needed}, whatever is required: the catalogue lacks compatibility claims"
        return (Conflict((), never=True, text=text),), ()
    conflicts = tuple(_conflict(model, found) for found in hitting_sets(sets))
    relaxations = tuple(_relaxation(model, found) for found in sets)
    return conflicts, tuple(sorted(relaxations, key=lambda item: (len(item.drop), -item.leaves, item.drop)))


def all_stacks(model: Model) -> set[tuple[tuple[str, str], ...]]:
    """Every stack by answer sets: the oracle of the enumeration."""
    control = _control(model, ["0"])
    control.add("base", [], ":- drop(_).")
    control.ground([("base", [])])
    found: set[tuple[tuple[str, str], ...]] = set()
    with control.solve(yield_=True) as handle:
        for answer in handle:
            picked = dict(_picks(answer))
            found.add(tuple((layer, picked[layer]) for layer in model.situation.stack_layers))
    return found


def consequences(model: Model, chosen: Mapping[str, str], *, cautious: bool) -> set[tuple[str, str]]:
    """(layer, system) that occur in some stack with the chosen parts (brave), or in all of them (cautious)."""
    control = _control(model, ["0", f"--enum-mode={'cautious' if cautious else 'brave'}"])
    control.add("base", [], ":- drop(_).")
    for layer, system in chosen.items():
        control.add("base", [], f":- not pick({_quoted(layer)}, {_quoted(system)}).")
    control.ground([("base", [])])
    found: set[tuple[str, str]] = set()
    with control.solve(yield_=True) as handle:
        for answer in handle:
            found = set(_picks(answer))
    return found


def hitting_sets(sets: Sequence[frozenset[str]]) -> list[tuple[str, ...]]:
    """All minimal sets that meet every given set: minimal conflicts are those of the minimal relaxations.

    >>> hitting_sets([frozenset("a"), frozenset("bc")])
    [('a', 'b'), ('a', 'c')]
    """
    found: list[frozenset[str]] = [frozenset()]
    for one in sets:
        grown: list[frozenset[str]] = []
        for base in found:
            grown += [base] if base & one else [base | {item} for item in sorted(one)]
        unique = list(dict.fromkeys(grown))
        found = [item for item in unique if not any(other < item for other in unique)]
    return sorted((tuple(sorted(item)) for item in found), key=lambda item: (len(item), item))


def _relaxations(model: Model) -> Iterator[frozenset[str]]:
    """Subset-minimal sets of requirements to drop, smallest first."""
    found: list[frozenset[str]] = []
    while len(found) < _MOST:
        control = _control(model, ["0", "--opt-mode=opt"])
        control.add("base", [], "#minimize { 1, R : drop(R) }.")
        for one in found:
            body = ", ".join(f"drop({_quoted(item)})" for item in sorted(one))
            control.add("base", [], f":- {body}." if body else ":- #true.")
        control.ground([("base", [])])
        best: frozenset[str] | None = None
        with control.solve(yield_=True) as handle:
            for answer in handle:
                best = frozenset(atom.arguments[0].string for atom in answer.symbols(shown=True) if atom.name == "drop")
        if best is None:
            return
        found.append(best)
        yield best


def _control(model: Model, options: Sequence[str]) -> Any:
    # Third party, and only needed when something is wrong or being tested: a decision that is possible never loads it.
    import clingo  # noqa: PLC0415

    control = clingo.Control([*options, "--warn=none"], message_limit=1)
    control.add("base", [], _PROGRAM + "\n".join(_facts(model)))
    return control


def _facts(model: Model) -> Iterator[str]:
    layers = model.situation.stack_layers
    requirements: set[str] = set()
    for layer in layers:
        yield f"layer({_quoted(layer)})."
        for candidate in model.judged[layer]:
            yield f"cand({_quoted(layer)}, {_quoted(candidate.system)})."
            for other, wanted in required(model.facts, layer, candidate.system, layers).items():
                names = f"{_quoted(layer)}, {_quoted(candidate.system)}, {_quoted(other)}"
                yield f"wants({names})."
                yield from (f"serves({names}, {_quoted(one)})." for one in sorted(wanted))
            for item in candidate.exclusions:
                requirements.add(item.requirement)
                yield f"excl({_quoted(layer)}, {_quoted(candidate.system)}, {_quoted(item.requirement)})."
    for number, need in enumerate(model.needs):
        requirements.add(need.token)
        yield f"need({number}, {_quoted(need.token)})."
        for layer in need.layers:
            for candidate in model.judged[layer]:
                if answer_level(model.facts, need, layer, candidate.system):
                    yield f"has({number}, {_quoted(layer)}, {_quoted(candidate.system)})."
    yield from (f"req({_quoted(token)})." for token in sorted(requirements))
    yield from _joins(model, layers)


def _joins(model: Model, layers: Sequence[str]) -> Iterator[str]:
    by_layer = {layer: [candidate.system for candidate in model.judged[layer]] for layer in layers}
    joiner = model.joiner
    sided = (("library", "framework"), ("trainer", "framework"), ("kernel", "framework"), ("trainer", "library"))
    for left, right in sided:
        for one, other in itertools.product(by_layer.get(left, ()), by_layer.get(right, ())):
            beside = joiner.beside(left, one, other) if right == "framework" else joiner.pair(one, other)
            if beside is not None:
                yield f"pair({_quoted(one)}, {_quoted(other)})."
    for serving in by_layer.get("serving", ()):
        yield from (f"loads({_quoted(serving)}, {_quoted(form)})." for form in joiner.loads(serving))
    for framework in by_layer.get("framework", ()):
        yield from _deployments(model, framework, by_layer.get("serving", ()))
    names = sorted({name for group in by_layer.values() for name in group})
    for name in names:
        for other in model.facts.stated(name, "conflicts_with"):
            if other in names and joiner.clash(name, other):
                yield f"clash({_quoted(name)}, {_quoted(other)})."


def _deployments(model: Model, framework: str, servings: Iterable[str]) -> Iterator[str]:
    for form, route in model.joiner.routes(framework).items():
        if len(route.formats) == 1:
            yield f"writes({_quoted(framework)}, {_quoted(form)})."
    for serving in servings:
        for form in model.joiner.deployments(framework, serving):
            names = f"{_quoted(framework)}, {_quoted(serving)}"
            yield f"deploy({names}, {_quoted(form)}). deploys({names})."


def _conflict(model: Model, tokens: tuple[str, ...]) -> Conflict:
    claims = tuple(
        dict.fromkeys(
            claim
            for group in model.judged.values()
            for candidate in group
            for item in candidate.exclusions
            if item.requirement in tokens
            for claim in item.reason.claims
        )
    )[:20]
    if len(tokens) == 1:
        text = f"nothing known satisfies {_worded(model, tokens[0])}: {_otherwise(model, tokens[0])}"
        return Conflict(tokens, never=True, text=text + _unlocks(model, tokens), claims=claims)
    wants = "; ".join(_worded(model, token) for token in tokens)
    return Conflict(
        tokens, never=False, text=f"each can be had, but not together: {wants}{_unlocks(model, tokens)}", claims=claims
    )


def _worded(model: Model, token: str) -> str:
    rule = model.rules.requirements.get(token)
    if rule is not None:
        return f"{token} ({rule.text})"
    target = next((item for item in (*model.situation.train, *model.situation.serve) if item.token == token), None)
    return f"{token} ({target.text})" if target else token


def _otherwise(model: Model, token: str) -> str:
    rule = model.rules.requirements.get(token)
    if rule is not None:
        return rule.otherwise
    if token.startswith("pinned."):
        return "what the profile pins fits nothing else it asks"
    named = {
        "excluded": "the profile does not want what is left",
        "horizon_years": "everything that is left is no longer made",
        "licences": "no candidate is under a licence allowed",
    }
    return named.get(token, "no feasible stack runs there")


def _unlocks(model: Model, tokens: Iterable[str]) -> str:
    """Claims nobody has made that would help: exclusions for want of a claim, in the layers that are stuck."""
    wanted = set(tokens)
    missing = [
        item.system
        for group in model.judged.values()
        for candidate in group
        for item in candidate.exclusions
        if item.requirement in wanted
        and item.requirement not in model.rules.requirements
        and not item.reason.kind
        and not item.requirement.startswith(("pinned", "excluded", "licences", "horizon"))
        and len(candidate.exclusions) == 1
    ]
    named = ", ".join(dict.fromkeys(missing[:6]))
    return f"; a claim that one of these runs there would unlock it: {named}" if named else ""


def _relaxation(model: Model, dropped: frozenset[str]) -> Relaxation:
    opened = assemble(model.facts, model.rules, model.judged, model.needs, dropped, Known(model.joiner, model.values))
    order = ranked(opened.space, opened.expected, 1)
    example = " ".join(f"{layer}={name}" for layer, name in opened.space.stack(int(order[0]))) if len(order) else ""
    return Relaxation(tuple(sorted(dropped)), len(opened.space.rows), example)


def _picks(answer: Any) -> Iterator[tuple[str, str]]:
    for atom in answer.symbols(shown=True):
        if atom.name == "pick":
            yield atom.arguments[0].string, atom.arguments[1].string


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
