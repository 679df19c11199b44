"""What the doors return that belongs to no single room: several rooms' records side by side."""

from __future__ import annotations

from dataclasses import dataclass

from bakeoff.decide.check import Checked
from bakeoff.decide.model import Decision, Plan
from bakeoff.lab.cells import Campaign
from bakeoff.lab.results import Compared


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written."""

    path: str
    """Where."""
    what: str
    """What it is: report, decision record, profile, bundle, catalogue, schema."""


@dataclass(frozen=True, slots=True)
class Versus:
    """Two systems, or two versions of one, measured side by side."""

    campaign: Campaign
    """The campaign that holds both."""
    ratios: tuple[Compared, ...]
    """Time of the second over the first, setting by setting; empty where one of them has no speed."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment on disk."""

    name: str
    """System it was first built for."""
    key: str
    """Digest of its lock and interpreter."""
    python: str
    """Version of its interpreter."""
    packages: int
    """Number of distributions in it."""
    bytes: int
    """Size on disk."""
    built_s: float
    """Wall time it took to build."""


@dataclass(frozen=True, slots=True)
class Environments:
    """What bakeoff's state takes on disk."""

    home: str
    """Folder of the state."""
    environments: tuple[Environment, ...]
    """Built ones, by name."""
    environments_bytes: int
    """All environments, half-built leftovers included."""
    results_bytes: int
    """The store of results."""
    removed: tuple[str, ...] = ()
    """Keys of the environments just removed."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word a profile may use."""

    id: str
    """As written."""
    text: str
    """What it means."""
    aliases: tuple[str, ...] = ()
    """Other spellings."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one field of a profile."""

    field: str
    """Field."""
    words: tuple[Word, ...]
    """In the order of the vocabulary."""


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """One decision record of a folder, looked at again."""

    file: str
    """Name of the record."""
    checked: Checked
    """Conditions that are met, and what would be chosen today."""


@dataclass(frozen=True, slots=True)
class Tour:
    """The whole loop, run once."""

    download_bytes: int
    """Bytes the environments needed from the package index, as estimated before."""
    before: Decision
    """The answer from the catalogue alone."""
    plan: Plan
    """What was worth measuring."""
    campaigns: tuple[Campaign, ...]
    """What was measured."""
    after: Decision
    """The answer with the measurements."""
    moved: tuple[str, ...]
    """What changed between the two, one line each."""
    answer: tuple[str, ...]
    """The result in five lines."""
    report: str
    """Path of the report."""
