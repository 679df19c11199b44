"""What a profile means: its words replaced by devices, layers, demands, favours and central weights."""

from __future__ import annotations

import math
from collections.abc import Mapping

from bakeoff.base.record import Struct, replace
from bakeoff.catalog.model import STACK_LAYERS, Catalog, Context
from bakeoff.catalog.rules import Heuristic, PitfallRule, Requirement, Rules, When
from bakeoff.decide.model import Profile

_SCALES = ("device", "node", "cluster")


class Target(Struct, frozen=True):
    """One hardware token with its devices."""

    token: str
    """Token of the profile."""
    text: str
    """In words."""
    devices: tuple[str, ...]
    """Ids in the device tree; running on one of them is enough."""
    scale: str
    """device | node | cluster."""
    required: bool
    """The profile names it for this very use, so that it must be covered."""


class Situation(Struct, frozen=True):
    """A profile with the meaning of its words."""

    profile: Profile
    """What was asked."""
    layers: tuple[str, ...]
    """Layers a stack has here, tracker included."""
    primary: str
    """Layer that does the work."""
    train: tuple[Target, ...]
    """What training must run on."""
    serve: tuple[Target, ...]
    """What serving must run on."""
    trains: bool
    """Training is part of the project."""
    serves: bool
    """Something is deployed."""
    scale: str
    """Largest scale among the hardware."""
    requirements: tuple[Requirement, ...]
    """Meaning of the constraints."""
    wishes: tuple[Requirement, ...]
    """Meaning of the preferences."""
    hopes: tuple[Requirement, ...]
    """Meaning of what could be, which counts less."""
    heuristics: tuple[Heuristic, ...]
    """Those that speak of this profile."""
    pitfalls: tuple[PitfallRule, ...]
    """Those that threaten it."""
    weights: Mapping[str, float]
    """Central weight by axis, adding up to 1."""
    context: Context
    """For beliefs about the project as a whole."""
    train_context: Context
    """For beliefs about training."""
    serve_context: Context
    """For beliefs about serving."""
    made_like: tuple[Context, ...]
    """Neighbouring contexts for what a model is made with, nearest first, one step aside at a time."""
    run_like: tuple[Context, ...]
    """Neighbouring contexts for what a model runs in."""

    @property
    def stack_layers(self) -> tuple[str, ...]:
        """Layers joined into stacks: all but the tracker, which is chosen beside."""
        return tuple(layer for layer in self.layers if layer != "tracker")


def situate(profile: Profile, rules: Rules, catalog: Catalog) -> Situation:
    """Replaces the words of a (checked) profile by their meaning."""
    activity = rules.activities.get(profile.activity)
    requirements = tuple(rules.requirements[token] for token in profile.constraints if token in rules.requirements)
    wishes = tuple(rules.requirements[token] for token in profile.prefer if token in rules.requirements)
    trains = (activity.trains if activity else True) or bool(profile.train_on)
    serves = (activity.serves if activity else bool(profile.serve_on or profile.hardware)) or bool(profile.serve_on)
    train, serve = _split(profile, rules, catalog, trains=trains, serves=serves)
    named = bool(profile.hardware or profile.train_on or profile.serve_on)
    usual = () if named or not activity else tuple(_target(it, rules, catalog, required=False) for it in activity.usual)
    scale = max((target.scale for target in (*train, *serve)), key=_SCALES.index, default="device")
    layers = _layers(profile, rules, requirements, serves=serves)
    spoken = _Spoken(profile, scale)
    heuristics = tuple(rule for rule in rules.heuristics if spoken.meets(rule.when))
    pitfalls = tuple(rule for rule in rules.pitfalls if spoken.meets(rule.when))
    return Situation(
        profile=profile,
        layers=layers,
        primary=_primary(activity.primary if activity else "framework", layers),
        train=train,
        serve=serve,
        trains=trains,
        serves=serves,
        scale=scale,
        requirements=requirements,
        wishes=wishes,
        hopes=tuple(rules.requirements[token] for token in profile.could if token in rules.requirements),
        heuristics=heuristics,
        pitfalls=pitfalls,
        weights=_weights(profile, rules, requirements, layers=layers, spread_out=trains and scale != "device"),
        context=_context(profile, (*train, *serve) or usual),
        train_context=_context(profile, train or usual),
        serve_context=_context(profile, serve or usual),
        made_like=_neighbours(profile, rules, (*train, *serve) or usual, activity.train_like if activity else ()),
        run_like=_neighbours(profile, rules, (*train, *serve) or usual, activity.serve_like if activity else ()),
    )


def _split(
    profile: Profile, rules: Rules, catalog: Catalog, *, trains: bool, serves: bool
) -> tuple[tuple[Target, ...], tuple[Target, ...]]:
    loose = [_target(token, rules, catalog, required=False) for token in profile.hardware]
    roles = {token: rules.hardware[token].role if token in rules.hardware else "either" for token in profile.hardware}
    train = [_target(token, rules, catalog, required=True) for token in profile.train_on]
    serve = [_target(token, rules, catalog, required=True) for token in profile.serve_on]
    if not train:
        usual = ("train", "either") if trains else ("train",)
        train = [target for target in loose if roles[target.token] in usual]
        if trains and not train and profile.activity == "training-on-device":
            train = list(loose)
    if not serve and serves:
        # Beside phones and boards, a machine full of accelerators is where the model was made.
        small = any(role == "serve" for role in roles.values())
        serve = [
            target
            for target in loose
            if roles[target.token] == "serve"
            or (roles[target.token] == "either" and not (small and target.scale != "device"))
        ] or list(loose)
        if not trains and not any(roles[target.token] != "train" for target in loose):
            train = []
    return tuple(train), tuple(serve) if serves else ()


def _target(token: str, rules: Rules, catalog: Catalog, *, required: bool) -> Target:
    word = rules.hardware.get(token)
    if word is None:
        device = catalog.find(token)
        return Target(token, device.name if device else token, (device.id if device else token,), "device", required)
    return Target(token, word.text, word.devices, word.scale, required)


def _layers(profile: Profile, rules: Rules, requirements: tuple[Requirement, ...], *, serves: bool) -> tuple[str, ...]:
    if profile.layers:
        wanted = set(profile.layers)
    else:
        activity = rules.activities.get(profile.activity)
        wanted = set(activity.layers) if activity else {"framework", "library", "format"}
        wanted |= {layer for requirement in requirements for layer in requirement.layers}
        wanted |= set(profile.pinned)
        if serves:
            wanted |= {"serving", "format"}
    return tuple(layer.value for layer in STACK_LAYERS if layer.value in wanted)


def _primary(wanted: str, layers: tuple[str, ...]) -> str:
    for layer in (wanted, "framework", "serving", *layers):
        if layer in layers:
            return layer
    return wanted


def _weights(
    profile: Profile, rules: Rules, requirements: tuple[Requirement, ...], *, layers: tuple[str, ...], spread_out: bool
) -> dict[str, float]:
    activity, domain = rules.activities.get(profile.activity), rules.domains.get(profile.domain)
    stresses = [word.weights for word in (activity, domain, *requirements) if word is not None]
    most = rules.constants["weight_factor_most"]
    central = {
        axis: weight * min(most, math.prod(stress.get(axis, 1.0) for stress in stresses))
        for axis, weight in rules.axis_weights.items()
    }
    if not spread_out or not {"framework", "trainer"} & set(layers):
        central["distributed"] = 0.0
    if profile.order and not profile.weights:
        return ordered_weights(profile.order, central)
    stated = {axis: profile.weights[axis] for axis in central if axis in profile.weights}
    left = max(0.0, 1.0 - sum(stated.values()))
    rest = {axis: value for axis, value in central.items() if axis not in stated}
    total = sum(rest.values())
    weights = {axis: stated[axis] if axis in stated else left * rest[axis] / (total or 1.0) for axis in central}
    whole = sum(weights.values()) or 1.0
    return {axis: value / whole for axis, value in weights.items()}


def ordered_weights(order: tuple[str, ...], central: Mapping[str, float]) -> dict[str, float]:
    """Centre of all weights that respect an order (rank-order centroid); axes not in it divide what the last ranks get.

    They divide it as their central weights stand to each other, so that what does not matter here goes on
    not mattering.

    Source: Barron and Barrett, "Decision quality using ranked attribute weights", Management Science 42 (1996).

    >>> ordered_weights(("a", "b"), {"a": 0.5, "b": 0.5})
    {'a': 0.75, 'b': 0.25}
    >>> ordered_weights(("a",), {"a": 0.2, "b": 0.2, "c": 0.0})
    {'a': 0.75, 'b': 0.25, 'c': 0.0}
    """
    axes = [axis for axis in central if axis in order or central[axis] > 0]
    count = len(axes)
    ranks = [sum(1.0 / place for place in range(rank, count + 1)) / count for rank in range(1, count + 1)]
    placed = {axis: ranks[index] for index, axis in enumerate(order)}
    left = sum(ranks[len(order) :])
    others = sum(central[axis] for axis in axes if axis not in placed) or 1.0
    return {axis: placed[axis] if axis in placed else left * central[axis] / others for axis in central}


def _context(profile: Profile, targets: tuple[Target, ...]) -> Context:
    return Context(
        device=tuple(dict.fromkeys(target.devices[0] for target in targets if target.devices)),
        domain=profile.domain,
        activity=profile.activity,
        language=profile.languages,
    )


def _neighbours(
    profile: Profile, rules: Rules, targets: tuple[Target, ...], activities: tuple[str, ...]
) -> tuple[Context, ...]:
    """Contexts with another activity first, then with another domain, then with both."""
    domain = rules.domains.get(profile.domain)
    domains = domain.like if domain else ()
    base = _context(profile, targets)
    found = [replace(base, activity=activity) for activity in activities]
    found += [replace(base, domain=name) for name in domains]
    found += [replace(base, domain=name, activity=activity) for name in domains for activity in activities]
    return tuple(found)


class _Spoken:
    """The words of a profile, asked by the conditions of rules."""

    def __init__(self, profile: Profile, scale: str) -> None:
        self.profile = profile
        self.scale = scale
        self.hardware = {*profile.hardware, *profile.train_on, *profile.serve_on}
        self.words = {
            profile.domain, profile.activity, *self.hardware, *profile.languages, *profile.constraints,
        }  # fmt: skip

    def meets(self, when: When) -> bool:
        """Whether a condition holds for the profile."""
        profile = self.profile
        return (
            _any(when.domain, {profile.domain})
            and _any(when.activity, {profile.activity})
            and _any(when.hardware, self.hardware)
            and (not when.only_hardware or (bool(self.hardware) and self.hardware <= set(when.only_hardware)))
            and _any(when.language, set(profile.languages))
            and _any(when.constraint, set(profile.constraints))
            and set(when.all_constraints) <= set(profile.constraints)
            and _any(when.scale, {self.scale})
            and not set(when.unless) & self.words
        )


def _any(wanted: tuple[str, ...], found: set[str]) -> bool:
    return not wanted or bool(set(wanted) & found)
