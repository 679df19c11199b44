"""The rules of deciding as records: what every word of a profile means, and the field's heuristics and pitfalls."""

from __future__ import annotations

from collections.abc import Mapping

from bakeoff.base.evidence import Evidence
from bakeoff.base.record import Struct, field


class When(Struct, frozen=True):
    """A condition on a profile: every field that is filled must meet it; an empty one holds for all."""

    domain: tuple[str, ...] = ()
    """Any of these domains."""
    activity: tuple[str, ...] = ()
    """Any of these activities."""
    hardware: tuple[str, ...] = ()
    """Any of these hardware tokens, wherever the profile names them."""
    only_hardware: tuple[str, ...] = ()
    """The profile names hardware, and no token outside this list."""
    language: tuple[str, ...] = ()
    """Any of these languages."""
    constraint: tuple[str, ...] = ()
    """Any of these constraints."""
    all_constraints: tuple[str, ...] = ()
    """All of these constraints."""
    scale: tuple[str, ...] = ()
    """Any of these scales of the hardware: device | node | cluster."""
    unless: tuple[str, ...] = ()
    """Words of any kind that switch the rule off."""


class Favour(Struct, frozen=True):
    """Points given to (or taken from) the fit of some components."""

    points: float
    """Points on the 0..100 anchor of `fit`."""
    layers: tuple[str, ...] = ()
    """Layers it applies in; empty for all."""
    systems: tuple[str, ...] = ()
    """Systems meant; empty when a property says which."""
    property: str = ""
    """Capability that earns the points: `yes` all of them, `partial` half."""
    lifecycle: tuple[str, ...] = ()
    """Life stages meant."""


class Need(Struct, frozen=True):
    """One hard demand of a requirement on the components of a stack."""

    layers: tuple[str, ...]
    """Layers it looks at."""
    property: str = ""
    """Capability that must be there."""
    each: bool = False
    """Every component in these layers must have it; otherwise one of them is enough."""
    licences: tuple[str, ...] = ()
    """SPDX ids of which one must suffice; used instead of a property."""
    vetoes: bool = False
    """Only a stated `no` excludes; not knowing makes nothing conditional. For properties hardly anybody documents."""
    instead: tuple[str, ...] = ()
    """Layers looked at where the stack has none of `layers`: what runs when nothing is served."""

    def looks_at(self, stack: tuple[str, ...]) -> tuple[str, ...]:
        """The layers of a stack this demand is about."""
        found = tuple(layer for layer in self.layers if layer in stack)
        return found or tuple(layer for layer in self.instead if layer in stack)


class Domain(Struct, frozen=True):
    """What a project is about."""

    id: str
    """Token."""
    text: str
    """What it means."""
    like: tuple[str, ...] = ()
    """Neighbouring domains, nearest first: what fits there is asked where nothing is known here."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Factor on the central weight, by axis."""


class Activity(Struct, frozen=True):
    """What a project does with its stack."""

    id: str
    """Token."""
    text: str
    """What it means."""
    layers: tuple[str, ...]
    """Layers its stacks have."""
    trains: bool
    """Training happens on the profile's own hardware."""
    serves: bool
    """Something is deployed."""
    primary: str
    """Layer that does the work, for axes that ask only it."""
    train_like: tuple[str, ...] = ()
    """Activities that ask the same of what a model is made with, nearest first."""
    serve_like: tuple[str, ...] = ()
    """Activities that ask the same of what a model runs in, nearest first."""
    usual: tuple[str, ...] = ()
    """Hardware tokens thought of where a profile names none: for what is believed there, never demanded."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Factor on the central weight, by axis."""


class Hardware(Struct, frozen=True):
    """A hardware token: devices of the tree, how many, and what it is used for."""

    id: str
    """Token."""
    text: str
    """What it means."""
    devices: tuple[str, ...]
    """Ids of the device tree; running on one of them is running on the token."""
    scale: str = "device"
    """device | node | cluster."""
    role: str = "either"
    """train | serve | either: what it is used for where the profile does not say."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""


class Language(Struct, frozen=True):
    """A programming language."""

    id: str
    """Token."""
    text: str
    """Name as written."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""


class Requirement(Struct, frozen=True):
    """What a constraint token demands, favours and weighs."""

    id: str
    """Token."""
    text: str
    """What it means, completing "the project needs …"."""
    otherwise: str
    """The named reason shown when nothing satisfies it."""
    needs: tuple[Need, ...] = ()
    """Hard demands."""
    favours: tuple[Favour, ...] = ()
    """Soft points."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Factor on the central weight, by axis."""
    layers: tuple[str, ...] = ()
    """Layers it adds to the stack."""
    estate: tuple[str, ...] = ()
    """Systems that are already in use where this is said."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""


class Heuristic(Struct, frozen=True):
    """A piece of the field's general sense."""

    id: str
    """Unique name."""
    text: str
    """What it says, in one sentence."""
    when: When
    """Profiles it speaks of."""
    favours: tuple[Favour, ...]
    """What it favours there."""
    evidence: tuple[Evidence, ...]
    """Who says so."""


class Pick(Struct, frozen=True):
    """Components that make a stack enter a pitfall."""

    layers: tuple[str, ...]
    """Layers looked at."""
    systems: tuple[str, ...]
    """Any of these systems."""


class PitfallRule(Struct, frozen=True):
    """A known trap: a profile, a tempting component, and what it costs."""

    id: str
    """Unique name."""
    text: str
    """What it warns of."""
    when: When
    """Profiles it threatens."""
    picks: tuple[Pick, ...]
    """Entering it means any of these; empty for a warning about the profile itself."""
    points: float
    """Points taken from the fit of those components (a negative number)."""
    evidence: tuple[Evidence, ...]
    """Who says so."""


class LayerRule(Struct, frozen=True):
    """How much one layer counts."""

    id: str
    """Layer."""
    weight: float
    """Importance among the layers of a stack."""


class Rules(Struct, frozen=True):
    """Everything the engine knows about words and general sense; facts about systems are in the catalogue."""

    domains: Mapping[str, Domain]
    """By token."""
    activities: Mapping[str, Activity]
    """By token."""
    hardware: Mapping[str, Hardware]
    """By token."""
    languages: Mapping[str, Language]
    """By token."""
    requirements: Mapping[str, Requirement]
    """By constraint token."""
    layers: Mapping[str, LayerRule]
    """By layer."""
    axis_weights: Mapping[str, float]
    """Central weights before activity, domain and constraints factor in."""
    property_weights: Mapping[str, float]
    """Weight of a measure inside its axis; 1 where absent."""
    constants: Mapping[str, float]
    """Numbers of the decision model, each with its comment in `layers.toml`."""
    heuristics: tuple[Heuristic, ...] = ()
    """In the order of the file."""
    pitfalls: tuple[PitfallRule, ...] = ()
    """In the order of the file."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Other spelling to token, over hardware, languages and constraints."""
