"""The records of the catalogue: systems, claims with scope and evidence, and the vocabulary they use."""

from __future__ import annotations

import builtins
import dataclasses
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from bakeoff.base.evidence import Evidence
from bakeoff.base.quantity import Interval
from bakeoff.base.record import Struct, field


class Answer(StrEnum):
    """The value of a capability or a relation. `unknown` is never treated as `no`."""

    YES = "yes"
    PARTIAL = "partial"
    NO = "no"
    UNKNOWN = "unknown"


class Layer(StrEnum):
    """The slot a system fills. A stack has one system per layer the profile needs."""

    FRAMEWORK = "framework"
    LIBRARY = "library"
    TRAINER = "trainer"
    KERNEL = "kernel"
    SERVING = "serving"
    FORMAT = "format"
    TRACKER = "tracker"
    QUANTISATION = "quantisation"
    DEVICE = "device"
    PLATFORM = "platform"


STACK_LAYERS = (
    Layer.FRAMEWORK,
    Layer.LIBRARY,
    Layer.TRAINER,
    Layer.KERNEL,
    Layer.FORMAT,
    Layer.SERVING,
    Layer.TRACKER,
)
"""The layers a stack can have, in the order they are shown."""


class Relation(StrEnum):
    """Relations between systems: claims with an object, kept on the side that adapts."""

    WORKS_WITH = "works_with"
    LOADS = "loads"
    EXPORTS = "exports"
    SERVES_ON = "serves_on"
    TRAINS_ON = "trains_on"
    WRAPS = "wraps"
    BACKEND_OF = "backend_of"
    REQUIRES = "requires"
    CONFLICTS_WITH = "conflicts_with"
    CONVERTS = "converts"
    SUCCEEDED_BY = "succeeded_by"
    SPEAKS = "speaks"


class PropertyKind(StrEnum):
    """What kind of value a property takes."""

    CAPABILITY = "capability"
    RELATION = "relation"
    MEASURE = "measure"
    FACT = "fact"


class Lifecycle(StrEnum):
    """Whether a system is still being made."""

    ACTIVE = "active"
    MAINTENANCE = "maintenance"
    ARCHIVED = "archived"
    HISTORIC = "historic"
    UNKNOWN = "unknown"


class Scope(Struct, frozen=True, array_like=True):
    """Where a claim holds. An empty field means "everywhere"; several entries mean "any of these"."""

    versions: str = ""
    """PEP 440 range of the subject, closed above unless the claim says why (`because`)."""
    device: tuple[str, ...] = ()
    """Ids in the device tree; a claim on a node holds for everything below it."""
    os: tuple[str, ...] = ()
    """linux | macos | windows | android | ios | browser."""
    python: str = ""
    """PEP 440 range of CPython."""
    domain: tuple[str, ...] = ()
    """Domains of the profile vocabulary (the *task* half that says what about)."""
    activity: tuple[str, ...] = ()
    """Activities of the profile vocabulary (the *task* half that says doing what)."""
    precision: tuple[str, ...] = ()
    """Ids of the quantisation layer: fp32, bf16, int8 …"""
    language: tuple[str, ...] = ()
    """Programming languages it holds in."""


class Claim(Struct, frozen=True):
    """One statement about one system, with where it holds and how we know."""

    id: str
    """`subject.property[.object][@scope]`: derived by the loader, unique, stable across edits of the evidence."""
    subject: str
    """Id of the system it is about."""
    property: str
    """Id in the property table, or a `Relation`."""
    value: Answer | float | str
    """An answer for capabilities and relations, points on the 0..100 anchor for measures, text for facts."""
    object: str | None = None
    """Id of the other system, for relations."""
    via: str | None = None
    """For `converts`: the format converted from (`object` is the format converted to)."""
    scope: Scope = field(default_factory=Scope)
    """Where it holds."""
    note: str = ""
    """What a reader must know; required when the value is `partial`."""
    because: str = ""
    """Why an open version range is meant to be open."""
    evidence: tuple[Evidence, ...] = ()
    """How we know, in the order of the file; may be empty only for an explicit unknown."""
    settled_by: str = ""
    """For an unknown: what would settle it."""
    inherited_from: str | None = None
    """Id of the claim this one mirrors, when it came by inheritance."""
    source_file: str = ""
    """File of the catalogue that states it, relative to the data folder."""
    grade: str = ""
    """Name of the grade its points come from, where the property has grades and a source supports one."""


class LifecycleState(Struct, frozen=True, array_like=True):
    """The life stage of a system and how we know."""

    status: Lifecycle = Lifecycle.UNKNOWN
    """The stage."""
    since: date | None = None
    """When the stage began, where a source says so."""
    evidence: tuple[Evidence, ...] = ()
    """How we know; `unknown` needs none."""


class Inheritance(Struct, frozen=True, array_like=True):
    """Claims a system mirrors from another one, own claims taking precedence."""

    system: str
    """Id of the system mirrored."""
    properties: tuple[str, ...]
    """Which properties; a relation's name mirrors all its objects."""
    because: str
    """Why the mirror is right."""


class System(Struct, frozen=True):
    """Anything the catalogue describes."""

    id: str
    """Unique short name, lower case, used everywhere."""
    name: str
    """Name as its makers write it."""
    layers: tuple[Layer, ...]
    """Slots it can fill; the first is its home."""
    summary: str = ""
    """One sentence: what it is."""
    licence: str = ""
    """SPDX expression; empty where unknown, `LicenseRef-…` for what SPDX has no name for."""
    governance: str = ""
    """Who decides about it."""
    vendor: str = ""
    """Whose product it is, to tell a vendor speaking of its own speed; empty for none."""
    packages: tuple[str, ...] = ()
    """Package URLs (purl), the first being the main one."""
    aliases: tuple[str, ...] = ()
    """Other names that mean it."""
    suffixes: tuple[str, ...] = ()
    """For formats: file name endings, with the dot, that tell it from every other format."""
    lineage: tuple[str, ...] = ()
    """Ids of the systems it grew out of."""
    parent: str | None = None
    """For devices and variants: the broader system it is one of."""
    lifecycle: LifecycleState = field(default_factory=LifecycleState)
    """Its life stage."""
    closed: tuple[str, ...] = ()
    """Relations whose list of objects is complete, so that an unstated pair is a `no`."""
    inherits: tuple[Inheritance, ...] = ()
    """What it mirrors from others."""
    claims: tuple[Claim, ...] = ()
    """Own claims, then inherited ones."""
    notes: str = ""
    """Free text for readers."""


class Grade(Struct, frozen=True):
    """A named value of a measure that people judge, so that a source can be held against what it claims."""

    name: str
    """What a claim writes as its value."""
    points: float
    """Where it stands between the property's anchors."""
    when: str
    """What a source must state for it."""


class Property(Struct, frozen=True):
    """One thing that can be claimed, and what its values mean."""

    id: str
    """Unique name."""
    kind: PropertyKind
    """Which values it takes."""
    question: str
    """What it answers, as a question."""
    axis: str = ""
    """Id of the axis a measure counts towards."""
    layers: tuple[Layer, ...] = ()
    """Layers it applies to; empty for all."""
    anchor_0: str = ""
    """What 0 points mean, for measures."""
    anchor_100: str = ""
    """What 100 points mean, for measures."""
    half_life_days: int = 730
    """After how long the width of a belief doubles."""
    speed: bool = False
    """A statement of speed: documentation starts a level lower, vendors lose one more."""
    note: str = ""
    """How it is taken, for readers."""
    grades: tuple[Grade, ...] = ()
    """Values a judged measure may take, lowest first; empty where values are measured or counted."""
    unstated: tuple[str, ...] = ()
    """The two grades between which a value lies that nobody has stated; empty to draw it from its layer's values."""


class Aggregator(StrEnum):
    """How the components of a stack add up on one axis."""

    MEAN = "mean"
    WEAKEST = "weakest"
    PRIMARY = "primary"


class Axis(Struct, frozen=True):
    """One of the eight axes."""

    id: str
    """Unique name."""
    name: str
    """Name on screen."""
    question: str
    """What it asks of a stack."""
    properties: tuple[str, ...]
    """Measures that count towards it."""
    aggregator: Aggregator = Aggregator.MEAN
    """How components of a stack add up."""
    layers: tuple[Layer, ...] = ()
    """Layers it reads; empty for all."""


@dataclasses.dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that is claimed, indexed; immutable and shared."""

    systems: Mapping[str, System]
    """By id."""
    aliases: Mapping[str, str]
    """Alias to id; ids are not in it."""
    properties: Mapping[str, Property]
    """By id, relations included."""
    axes: tuple[Axis, ...]
    """In the order they are shown."""
    constants: Mapping[str, float]
    """Numbers of the belief model (`constants.toml`): widths, penalties, shrinkage."""
    snapshot: date
    """Newest date of the registry facts shipped with it."""
    version: str = ""
    """Digest of the content: two catalogues with the same digest decide alike."""
    by_layer: Mapping[Layer, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    """Ids by layer they can fill; empty when nobody counted, and `layer` then looks at every system."""
    cache: dict[object, Any] = dataclasses.field(init=False, default_factory=dict, compare=False, repr=False)
    """What `resolve` has worked out already: never part of the content, never copied."""

    def find(self, name: str) -> System | None:
        """The system of an id or an alias, or None."""
        return self.systems.get(self.aliases.get(name, name))

    def layer(self, layer: Layer) -> tuple[System, ...]:
        """Every system that can fill a layer, by id."""
        return tuple([self.systems[name] for name in self.names(layer)])

    def names(self, layer: Layer) -> tuple[str, ...]:
        """Ids of all systems that can fill a layer."""
        if self.by_layer:
            return self.by_layer.get(layer, ())
        return tuple([name for name, system in self.systems.items() if layer in system.layers])


class Context(Struct, frozen=True):
    """The situation a belief is wanted in. An empty field means "not stated"."""

    device: tuple[str, ...] = ()
    """Device ids; several mean all of them."""
    os: tuple[str, ...] = ()
    """Operating systems."""
    domain: str = ""
    """Domain of the profile."""
    activity: str = ""
    """Activity of the profile."""
    precision: str = ""
    """Numeric type asked for."""
    language: tuple[str, ...] = ()
    """Programming languages."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Version of a system, by id, where the profile pins one."""


class Use(Struct, frozen=True):
    """One piece of evidence in a belief: used or rejected, and why."""

    claim: str
    """Claim id."""
    index: int
    """Position in the claim's evidence."""
    level: int
    """Level after downgrades; 0 when rejected."""
    reasons: tuple[str, ...]
    """Each downgrade or the rejection, in words."""
    used: bool
    """Whether it counts in the belief."""
    direct: bool = True
    """It speaks of the very situation asked about, though something stronger or narrower may outvote it."""


class Belief(Struct, frozen=True):
    """What the evidence adds up to for one subject, property and context."""

    subject: str
    """System id."""
    property: str
    """Property id."""
    object: str | None
    """Other system, for relations."""
    answer: Answer | None
    """For capabilities and relations."""
    mid: float | None
    """Points, for measures; None when unknown."""
    low: float | None
    """Lower end of the 95 % width, in points."""
    high: float | None
    """Upper end of the 95 % width, in points."""
    level: int
    """0 (unknown) to 4."""
    disputed: bool
    """Evidence of the same level contradicts itself."""
    uses: tuple[Use, ...]
    """All evidence looked at."""
    prior: Interval | None = None
    """For an unknown measure: what it is drawn from, pessimistic by design; its bounds are also `low` and `high`."""
    text: str = ""
    """For facts: the value."""
    observed: date | None = None
    """Date of the newest evidence used."""

    @builtins.property
    def known(self) -> bool:
        """Whether there is an answer or a value."""
        return self.mid is not None or self.answer not in (None, Answer.UNKNOWN)
