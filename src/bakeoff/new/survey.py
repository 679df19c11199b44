"""Reads the project one stands in and says what profile it implies, and what only a person can answer."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bakeoff.base.errors import InputError, Problem
from bakeoff.catalog.model import Catalog, Layer
from bakeoff.catalog.rules import Rules
from bakeoff.new.manifests import Manifest, is_own, read_manifests

MOST_FILES = 20_000
"""How many files are looked at before the walk stops."""
SOURCE_SUFFIXES = {
    ".py": "python", ".rs": "rust", ".js": "js", ".ts": "js", ".swift": "swift", ".java": "java", ".kt": "java",
    ".cs": "c#", ".cpp": "c++", ".cc": "c++", ".hpp": "c++", ".c": "c", ".m": "objective-c", ".mojo": "mojo",
}  # fmt: skip
"""Language by the ending of a source file."""


_SIGNS = {
    "orin": "nvidia-jetson",
    "tegra": "nvidia-jetson",
    "nvidia": "nvidia-gpu",
    "tesla": "nvidia-gpu",
    "quadro": "nvidia-gpu",
    "geforce": "nvidia-gpu",
    "amd": "amd-gpu",
    "apple": "apple-silicon",
}
"""What the name of an accelerator holds, and its kind; the first that fits counts."""
_PROCESSORS = {"x86_64": "x86-cpu", "amd64": "x86-cpu", "aarch64": "arm-cpu", "arm64": "arm-cpu"}
_BROWSER = {"js"}
"""A project in this alone runs on its readers' devices: this machine says nothing about them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the project says about itself."""

    field: str
    """Field of the profile it fills, or `format` for a model file."""
    value: str
    """Token or system id."""
    because: str
    """File, or part of the machine, that says so."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing only a person can answer."""

    field: str
    """Field of the profile."""
    ask: str
    """The question."""
    options: tuple[str, ...]
    """Tokens that answer it."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a project implies."""

    folder: str
    """Name of the folder read."""
    profile: Mapping[str, tuple[str, ...] | str]
    """Fields of a profile, as far as they are known."""
    findings: tuple[Finding, ...]
    """Where each came from."""
    questions: tuple[Question, ...]
    """What is missing."""
    problems: tuple[Problem, ...]
    """Manifests that could not be read; the survey goes on without them."""


def present(accelerators: Sequence[str], processor: str) -> tuple[str, ...]:
    """What a machine computes with, as ids of the device tree: its accelerators, else its processor.

    >>> present(("NVIDIA H100 80GB HBM3", "NVIDIA H100 80GB HBM3"), "x86_64")
    ('nvidia-gpu', 'nvidia-gpu')
    >>> present((), "aarch64")
    ('arm-cpu',)

    Args:
        accelerators: Vendor and model of each, as the machine names them.
        processor: Its architecture, as Python names it.
    """
    told = [one.casefold() for one in accelerators]
    found = [next((device for sign, device in _SIGNS.items() if sign in text), "") for text in told]
    return tuple(filter(None, found)) or tuple(filter(None, [_PROCESSORS.get(processor.casefold(), "")]))


def survey(folder: Path, catalog: Catalog, rules: Rules, *, devices: Sequence[str]) -> Survey:
    """Reads manifests, source files and model files below `folder`.

    Args:
        folder: The project.
        catalog: Tells packages and file endings apart.
        rules: The vocabulary.
        devices: Ids of what this machine computes with, from `present`.

    Raises:
        InputError: If `folder` is not a folder.
    """
    if not folder.is_dir():
        raise InputError.one(str(folder), "", "is not a folder", "give the folder of a project")
    manifests = read_manifests(folder)
    findings = [
        *_languages(folder, manifests),
        *_systems(manifests, catalog),
        *_formats(folder, catalog),
    ]
    if {one.value for one in findings if one.field == "languages"} != _BROWSER:
        findings += _hardware(rules, devices)
    findings += _estate_words(findings, rules)
    profile: dict[str, tuple[str, ...] | str] = {"name": folder.resolve().name}
    for name in ("languages", "estate", "serve_on", "constraints"):
        values = tuple(dict.fromkeys(finding.value for finding in findings if finding.field == name))
        if values:
            profile[name] = values
    return Survey(
        folder=folder.resolve().name,
        profile=profile,
        findings=tuple(findings),
        questions=_questions(profile, rules),
        problems=tuple(problem for manifest in manifests for problem in manifest.problems),
    )


def _files(folder: Path) -> Iterator[Path]:
    seen = 0
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(filter(is_own, folders))
        for name in sorted(files):
            seen += 1
            if seen > MOST_FILES:
                return
            yield Path(root, name)


def _languages(folder: Path, manifests: Sequence[Manifest]) -> Iterator[Finding]:
    named = {manifest.language: manifest.file for manifest in reversed(manifests)}
    counts = Counter(SOURCE_SUFFIXES[path.suffix] for path in _files(folder) if path.suffix in SOURCE_SUFFIXES)
    for language, file in sorted(named.items()):
        yield Finding("languages", language, file)
    total = sum(counts.values())
    for language, count in counts.most_common():
        # A stray script does not make a project bilingual: a tenth of the source files does.
        if language not in named and count * 10 >= total:
            yield Finding("languages", language, f"{count} of {total} source files")


def _systems(manifests: Sequence[Manifest], catalog: Catalog) -> Iterator[Finding]:
    by_package = {package.split("@")[0]: system for system in catalog.systems.values() for package in system.packages}
    for manifest in manifests:
        for dependency in manifest.dependencies:
            system = by_package.get(dependency.purl)
            if system is not None:
                yield Finding("estate", system.id, manifest.file)


def _formats(folder: Path, catalog: Catalog) -> Iterator[Finding]:
    by_suffix = {suffix: system.id for system in catalog.layer(Layer.FORMAT) for suffix in system.suffixes}
    for path in _files(folder):
        found = by_suffix.get(path.suffix)
        if found is not None:
            yield Finding("format", found, str(path.relative_to(folder)))


def _hardware(rules: Rules, devices: Sequence[str]) -> Iterator[Finding]:
    """The narrowest word for each kind of device that is present: for several of a kind, one that means several."""
    for device, count in Counter(devices).items():
        fitting = [word for word in rules.hardware.values() if device in word.devices and word.scale != "cluster"]
        several = [word for word in fitting if (word.scale == "node") == (count > 1)] or fitting
        if several:
            word = min(several, key=lambda one: len(one.devices))
            yield Finding("serve_on", word.id, f"{f'{count} × ' * (count > 1)}{device} on this machine")


def _estate_words(findings: Sequence[Finding], rules: Rules) -> Iterator[Finding]:
    used = {finding.value: finding.because for finding in findings if finding.field == "estate"}
    for requirement in rules.requirements.values():
        for system in requirement.estate:
            if system in used:
                yield Finding("constraints", requirement.id, used[system])
                break


def _questions(profile: Mapping[str, object], rules: Rules) -> tuple[Question, ...]:
    asks = (
        ("domain", "What is it about?", tuple(rules.domains)),
        ("activity", "What does it do with the stack?", tuple(rules.activities)),
        ("serve_on", "What hardware will it run on?", tuple(rules.hardware)),
        ("languages", "Which languages do its authors write?", tuple(rules.languages)),
    )
    return tuple(Question(field, ask, options) for field, ask, options in asks if field not in profile)
