"""The shapes of the catalogue's files: every key people may write, with what it means.

They are plain dataclasses, so that nothing but the reader of TOML (`authoring`) needs pydantic.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from bakeoff.base.evidence import EvidenceKind
from bakeoff.base.quantity import Interval
from bakeoff.catalog.model import Aggregator, Layer, Lifecycle, PropertyKind

Config = dict[str, Any]


def _file_key(name: str) -> str:
    """The key a field has in a file: `from` is a keyword of Python, so its field is `from_`."""
    return name.removesuffix("_")


STRICT: Config = {"extra": "forbid", "strict": True, "alias_generator": _file_key, "use_attribute_docstrings": True}
"""How every shape is checked: unknown keys are refused, nothing is converted."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source that several claims of the same file cite by `from`."""

    __pydantic_config__: ClassVar[Config] = STRICT

    id: str
    """Name of the source inside this file."""
    kind: EvidenceKind
    """How we know."""
    source: str
    """A pointer precise enough to find the passage: address, section, version; or a purl with a version."""
    observed: date
    """When it was true (publication, release, measurement)."""
    read: date
    """When we saw it."""
    says: str = ""
    """What it states, in our own words, where one sentence serves every claim."""
    by_vendor: bool = False
    """The source belongs to the subject's own vendor."""
    method: str = ""
    """How it was measured, for the measured kinds."""
    superseded: bool = False
    """Known to be no longer true."""


@dataclass(frozen=True, slots=True)
class IntervalEntry:
    """Points with how far off they may be."""

    __pydantic_config__: ClassVar[Config] = STRICT

    low: float
    """Lower bound."""
    mid: float
    """Point estimate."""
    high: float
    """Upper bound, not below the others."""

    def __post_init__(self) -> None:
        self.interval()

    def interval(self) -> Interval:
        """The interval, which checks its bounds."""
        return Interval(self.low, self.mid, self.high)


@dataclass(frozen=True, slots=True)
class EvidenceEntry:
    """One source for one claim: either written out, or `from` a [[source]] of the file plus what differs."""

    __pydantic_config__: ClassVar[Config] = STRICT

    from_: str = ""
    """Id of a [[source]] in this file; its fields fill what is not given here."""
    kind: EvidenceKind | None = None
    """How we know."""
    source: str = ""
    """A pointer precise enough to find the passage."""
    observed: date | None = None
    """When it was true."""
    read: date | None = None
    """When we saw it."""
    says: str = ""
    """What it states, in our own words."""
    value: float | None = None
    """Points on the property's anchor, where this evidence states its own value."""
    interval: IntervalEntry | None = None
    """Points with their measured interval."""
    by_vendor: bool = False
    """The source belongs to the subject's own vendor."""
    method: str = ""
    """How it was measured."""
    superseded: bool = False
    """Known to be no longer true; kept and shown struck out."""
    run: str | None = None
    """Id of the stored run behind a measurement."""


@dataclass(frozen=True, slots=True)
class ScopeEntry:
    """Where a claim holds; an absent key means everywhere."""

    __pydantic_config__: ClassVar[Config] = STRICT

    versions: str = ""
    """PEP 440 range of the subject, closed above unless the claim says `because`."""
    device: tuple[str, ...] = ()
    """Ids in the device tree."""
    os: tuple[str, ...] = ()
    """Operating systems."""
    python: str = ""
    """PEP 440 range of CPython."""
    domain: tuple[str, ...] = ()
    """Domains of the vocabulary."""
    activity: tuple[str, ...] = ()
    """Activities of the vocabulary."""
    precision: tuple[str, ...] = ()
    """Ids of the quantisation layer."""
    language: tuple[str, ...] = ()
    """Programming languages."""


@dataclass(frozen=True, slots=True)
class ClaimEntry:
    """One statement, or one per entry of `objects`."""

    __pydantic_config__: ClassVar[Config] = STRICT

    property: str
    """Id in the property table, or a relation."""
    value: str | int | float
    """yes | partial | no | unknown, a grade or points 0..100, or text, as the property asks."""
    object: str | None = None
    """Id of the other system, for relations."""
    objects: tuple[str, ...] = ()
    """Several others at once: one claim each, same value, scope and evidence."""
    via: str | None = None
    """For `converts`: the format converted from."""
    scope: ScopeEntry = ScopeEntry()
    """Where it holds."""
    note: str = ""
    """What a reader must know; required when the value is `partial`."""
    because: str = ""
    """Why an open version range is meant to be open."""
    settled_by: str = ""
    """For an unknown: what would settle it."""
    from_: str | tuple[str, ...] = ()
    """Ids of [[source]] entries of this file: the short form of evidence."""
    says: str = ""
    """What the `from` sources state about this claim."""
    evidence: tuple[EvidenceEntry, ...] = ()
    """How we know, written out."""


@dataclass(frozen=True, slots=True)
class LifecycleEntry:
    """The life stage and how we know."""

    __pydantic_config__: ClassVar[Config] = STRICT

    status: Lifecycle
    """active | maintenance | archived | historic | unknown."""
    since: date | None = None
    """When the stage began."""
    from_: str | tuple[str, ...] = ()
    """Ids of [[source]] entries of this file."""
    says: str = ""
    """What the `from` sources state about the stage."""
    evidence: tuple[EvidenceEntry, ...] = ()
    """How we know, written out."""


@dataclass(frozen=True, slots=True)
class SystemEntry:
    """The head of a system's file."""

    __pydantic_config__: ClassVar[Config] = STRICT

    id: str
    """Unique short name, lower case; the file is named after it."""
    name: str
    """Name as its makers write it."""
    layers: tuple[Layer, ...]
    """Slots it can fill; the first is its home and names the folder of the file."""
    summary: str = ""
    """One sentence: what it is."""
    licence: str = ""
    """SPDX expression; `LicenseRef-…` for what SPDX has no name for."""
    governance: str = ""
    """Who decides about it."""
    vendor: str = ""
    """Whose product it is."""
    packages: tuple[str, ...] = ()
    """Package URLs (purl), the main one first."""
    aliases: tuple[str, ...] = ()
    """Other names that mean it."""
    suffixes: tuple[str, ...] = ()
    """For formats: endings of the files that hold it, such as `.onnx`."""
    lineage: tuple[str, ...] = ()
    """Ids of the systems it grew out of."""
    parent: str | None = None
    """For devices and variants: the broader system it is one of."""
    closed: tuple[str, ...] = ()
    """Relations whose list of objects is complete."""
    notes: str = ""
    """Free text for readers."""
    lifecycle: LifecycleEntry | None = None
    """Its life stage."""


@dataclass(frozen=True, slots=True)
class InheritsEntry:
    """Claims mirrored from another system."""

    __pydantic_config__: ClassVar[Config] = STRICT

    system: str
    """Id of the system mirrored."""
    properties: tuple[str, ...]
    """Which properties; a relation's name mirrors all its objects."""
    because: str
    """Why the mirror is right."""


@dataclass(frozen=True, slots=True)
class SystemFile:
    """One file of `systems/<layer>/<id>.toml`."""

    __pydantic_config__: ClassVar[Config] = STRICT

    system: SystemEntry
    """The head."""
    source: tuple[SourceEntry, ...] = ()
    """Sources shared by claims of this file."""
    inherits: tuple[InheritsEntry, ...] = ()
    """What it mirrors from others."""
    claim: tuple[ClaimEntry, ...] = ()
    """Its claims."""


@dataclass(frozen=True, slots=True)
class GradeEntry:
    """A named value of a judged measure."""

    __pydantic_config__: ClassVar[Config] = STRICT

    name: str
    """What a claim writes as its value."""
    points: float
    """Where it stands between the anchors, 0..100."""
    when: str
    """What a source must state for it."""


@dataclass(frozen=True, slots=True)
class PropertyEntry:
    """One thing that can be claimed."""

    __pydantic_config__: ClassVar[Config] = STRICT

    id: str
    """Unique name."""
    kind: PropertyKind
    """capability | relation | measure | fact."""
    question: str
    """What it answers."""
    axis: str = ""
    """Axis a measure counts towards."""
    layers: tuple[Layer, ...] = ()
    """Layers it applies to; empty for all."""
    anchor_0: str = ""
    """What 0 points mean."""
    anchor_100: str = ""
    """What 100 points mean."""
    half_life_days: int = 730
    """After how long the width of a belief doubles."""
    speed: bool = False
    """A statement of speed."""
    note: str = ""
    """How it is taken."""
    grades: tuple[GradeEntry, ...] = ()
    """Values a judged measure may take, lowest first."""
    unstated: tuple[str, ...] = ()
    """The two grades between which a value lies that nobody has stated."""


@dataclass(frozen=True, slots=True)
class PropertiesFile:
    """`properties.toml`."""

    __pydantic_config__: ClassVar[Config] = STRICT

    property: tuple[PropertyEntry, ...]
    """Every property."""


@dataclass(frozen=True, slots=True)
class AxisEntry:
    """One axis of value."""

    __pydantic_config__: ClassVar[Config] = STRICT

    id: str
    """Unique name."""
    name: str
    """Name on screen."""
    question: str
    """What it asks of a stack."""
    properties: tuple[str, ...]
    """Measures that count towards it."""
    aggregator: Aggregator = Aggregator.MEAN
    """How components add up."""
    layers: tuple[Layer, ...] = ()
    """Layers it reads."""


@dataclass(frozen=True, slots=True)
class AxesFile:
    """`axes.toml`."""

    __pydantic_config__: ClassVar[Config] = STRICT

    axis: tuple[AxisEntry, ...]
    """Every axis, in the order they are shown."""


@dataclass(frozen=True, slots=True)
class ScopesFile:
    """`scopes.toml`: the closed lists a scope may use."""

    __pydantic_config__: ClassVar[Config] = STRICT

    os: tuple[str, ...]
    """Operating systems."""
    language: tuple[str, ...]
    """Programming languages, also the objects of `speaks`."""
    domain: tuple[str, ...]
    """What a project is about."""
    activity: tuple[str, ...]
    """What a project does."""


@dataclass(frozen=True, slots=True)
class ConstantEntry:
    """One number of the belief model."""

    __pydantic_config__: ClassVar[Config] = STRICT

    value: float | int
    """The number."""
    unit: str
    """What it counts."""
    why: str
    """Why this number."""
    sweep: tuple[float | int, ...] = ()
    """Other values the tests try."""


@dataclass(frozen=True, slots=True)
class ExceptionEntry:
    """A finding of a lint that is known and meant."""

    __pydantic_config__: ClassVar[Config] = STRICT

    lint: str
    """Lint id."""
    at: str
    """Claim, system or property the finding points at."""
    because: str
    """Why it is right."""


@dataclass(frozen=True, slots=True)
class ExceptionsFile:
    """`lint_exceptions.toml`."""

    __pydantic_config__: ClassVar[Config] = STRICT

    exception: tuple[ExceptionEntry, ...] = ()
    """Every exception."""
