"""Does a claim speak about this situation? Trees of devices and variants, and how a scope meets a context."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from bakeoff.base.later import later
from bakeoff.base.record import Struct, replace
from bakeoff.catalog.model import Context, Property, PropertyKind, Scope, System

if TYPE_CHECKING:
    from packaging import specifiers
    from packaging import version as versioning
else:
    specifiers, versioning = later("packaging.specifiers"), later("packaging.version")

EVERYWHERE = Scope()
"""The scope of a claim that holds wherever nothing narrower is claimed."""


class Aside(StrEnum):
    """In what respect evidence speaks of something beside the question."""

    DEVICE = "device"
    TASK = "task"
    PRECISION = "precision"
    NARROWER = "narrower"


class Meeting(Struct, frozen=True):
    """How a scope meets a context."""

    rejected: str = ""
    """Why it says nothing here, in words; empty when it does."""
    aside: tuple[tuple[Aside, str], ...] = ()
    """Respects in which it is indirect, each in words."""


_COMPARED: Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
DIRECT = Meeting()
"""The scope covers the question."""


class Tree:
    """Ancestors of devices and variants, by `parent`."""

    def __init__(self, systems: Mapping[str, System]) -> None:
        self._systems = systems
        self._known: dict[str, tuple[str, ...]] = {}

    def line(self, name: str) -> tuple[str, ...]:
        """A system and its ancestors, nearest first; a cycle ends where it closes."""
        known = self._known.get(name)
        if known is None:
            found: list[str] = []
            step: str | None = name
            while step and step not in found:
                found.append(step)
                system = self._systems.get(step)
                step = system.parent if system else None
            known = self._known[name] = tuple(found)
        return known

    def within(self, name: str, other: str) -> bool:
        """Whether `name` is `other` or lies below it."""
        return other in self.line(name)

    def any_within(self, name: str, others: Iterable[str]) -> bool:
        """Whether `name` is one of `others` or lies below one."""
        line = self.line(name)
        return any(other in line for other in others)

    def common(self, one: str, other: str) -> str | None:
        """The nearest common ancestor, or None."""
        line = self.line(other)
        return next((step for step in self.line(one) if step in line), None)

    def is_root(self, name: str) -> bool:
        """Whether nothing is above it."""
        return len(self.line(name)) == 1


def meet(tree: Tree, scope: Scope, context: Context, about: Property, subject: str) -> Meeting:
    """How a claim's scope meets the situation a belief is wanted in.

    A statement of speed may speak for a neighbouring device, task or precision, indirectly. Other measures say nothing
    outside their scope; capabilities, relations and facts only within the same family of devices. Nothing speaks
    across roots of the device tree: a CPU measurement never votes on a GPU question.
    """
    aside: list[tuple[Aside, str]] = []
    # Most scopes name one thing or two; what they do not name is not looked at.
    rejected = (
        (_exact(scope.os, context.os, "os") if scope.os else "")
        or (_exact(scope.language, context.language, "language") if scope.language else "")
        or (_version(scope.versions, context, subject) if scope.versions else "")
        or (_device(tree, scope.device, context.device, about, aside=aside) if scope.device else "")
        or (_task(scope.domain, context.domain, about, what="domain", aside=aside) if scope.domain else "")
        or (_task(scope.activity, context.activity, about, what="activity", aside=aside) if scope.activity else "")
        or (_precision(tree, scope.precision, context.precision, about, aside=aside) if scope.precision else "")
    )
    if rejected:
        return Meeting(rejected=rejected)
    return Meeting(aside=tuple(aside)) if aside else DIRECT


def nested(tree: Tree, inner: Scope, outer: Scope) -> bool:
    """Whether everything `inner` covers is covered by `outer` too; true for equal scopes."""
    for name in ("os", "domain", "activity", "language"):
        mine, theirs = getattr(inner, name), getattr(outer, name)
        if theirs and not (mine and set(mine) <= set(theirs)):
            return False
    for name in ("device", "precision"):
        mine, theirs = getattr(inner, name), getattr(outer, name)
        if theirs and not (mine and all(tree.any_within(item, theirs) for item in mine)):
            return False
    return outer.versions in ("", inner.versions) and outer.python in ("", inner.python)


def restricted(tree: Tree, where: Scope, context: Context) -> Scope:
    """The part of a scope that meets a context: of its lists only the entries that cover what is asked.

    Of two claims about `cpu, mobile` and `x86-cpu, nvidia-gpu` the second is the narrower one for an x86 CPU, though
    neither contains the other.
    """
    if where == EVERYWHERE:
        return where

    def one(held: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in held if name in asked) or held if asked else held

    def below(held: tuple[str, ...], asked: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in held if any(tree.within(item, name) for item in asked)) or held

    return replace(
        where,
        device=below(where.device, context.device),
        os=one(where.os, context.os),
        domain=one(where.domain, (context.domain,) if context.domain else ()),
        activity=one(where.activity, (context.activity,) if context.activity else ()),
        precision=below(where.precision, (context.precision,) if context.precision else ()),
        language=one(where.language, context.language),
    )


def standoffs(tree: Tree, one: Scope, other: Scope) -> set[frozenset[int]]:
    """For every kind of situation both scopes cover: which of them (0, 1) is the narrower in some respect.

    An empty set means that nothing tells the two apart there; both numbers, that each is narrower in its own way.
    """
    fixed = set()
    for name in ("os", "domain", "activity", "language", "versions", "python"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if bool(mine) != bool(theirs):
            fixed.add(0 if mine else 1)
    found = {frozenset(fixed)}
    for name in ("device", "precision"):
        sides = _sides(tree, getattr(one, name), getattr(other, name))
        found = {situation | side for situation in found for side in sides}
    return found


def _sides(tree: Tree, mine: tuple[str, ...], theirs: tuple[str, ...]) -> set[frozenset[int]]:
    """Who is narrower, for every pair of entries that are related in the tree."""
    if not mine or not theirs:
        return {frozenset({0} if mine else {1} if theirs else ())}
    sides: set[frozenset[int]] = set()
    for a in mine:
        for b in theirs:
            if tree.within(a, b):
                sides.add(frozenset({0} if a != b else ()))
            elif tree.within(b, a):
                sides.add(frozenset({1}))
    return sides


def overlap(tree: Tree, one: Scope, other: Scope) -> bool:
    """Whether some situation is covered by both scopes; version ranges overlap unless they are plainly disjoint."""
    for name in ("os", "domain", "activity", "language"):
        mine, theirs = getattr(one, name), getattr(other, name)
        if mine and theirs and not set(mine) & set(theirs):
            return False
    for name in ("device", "precision"):
        mine, theirs = getattr(one, name), getattr(other, name)
        related = any(tree.within(a, b) or tree.within(b, a) for a in mine for b in theirs)
        if mine and theirs and not related:
            return False
    return not _disjoint(one.versions, other.versions)


def bounds(versions: str) -> tuple[bool, bool]:
    """Whether a PEP 440 range is closed below, and above.

    >>> bounds(">=2,<3"), bounds(">=2"), bounds("==1.*"), bounds("")
    ((True, True), (True, False), (True, True), (False, False))
    """
    operators = {item.operator for item in specifiers.SpecifierSet(versions)}
    exact = bool(operators & {"==", "===", "~="})
    return exact or bool(operators & {">=", ">"}), exact or bool(operators & {"<=", "<"})


def contains(versions: str, version: str) -> bool:
    """Whether a version lies in a PEP 440 range; anything that is no such version does not."""
    plainly = _plainly(versions, version)
    if plainly is not None:
        return plainly
    try:
        return specifiers.SpecifierSet(versions).contains(version, prereleases=True)
    except versioning.InvalidVersion:
        return False


@functools.cache
def _plainly(versions: str, version: str) -> bool | None:
    """Whether a release lies in a range, where both are plain numbers; None for whatever needs all of PEP 440.

    Ranges that decisions meet are plain, and reading the first with the library costs them its import.

    >>> _plainly(">=2,<3", "2.13"), _plainly(">=2,<3", "3.0"), _plainly("<=2", "2.0.0"), _plainly("~=2.1", "2.2")
    (True, False, True, None)
    """
    asked = _numbers(version)
    if asked is None:
        return None
    for part in versions.split(","):
        text = part.strip()
        sign = next((one for one in _COMPARED if text.startswith(one)), "")
        bound = _numbers(text[len(sign) :].strip())
        if not sign or bound is None:
            return None
        size = max(len(asked), len(bound))
        mine, theirs = ((*one, *(0,) * (size - len(one))) for one in (asked, bound))
        if not _COMPARED[sign](mine, theirs):
            return False
    return True


def _numbers(version: str) -> tuple[int, ...] | None:
    parts = version.split(".")
    return tuple(map(int, parts)) if all(part.isascii() and part.isdigit() for part in parts) else None


def _exact(held: tuple[str, ...], asked: tuple[str, ...], what: str) -> str:
    if asked and not set(held) & set(asked):
        return f"holds for {what} {' or '.join(held)}, asked is {' and '.join(asked)}"
    return ""


def _version(versions: str, context: Context, subject: str) -> str:
    pinned = context.versions.get(subject)
    if pinned and not contains(versions, pinned):
        return f"holds for versions {versions}, asked is {pinned}"
    return ""


def _device(
    tree: Tree, held: tuple[str, ...], asked: tuple[str, ...], about: Property, *, aside: list[tuple[Aside, str]]
) -> str:
    names = " or ".join(held)
    if not asked:
        return _unstated(names, about, aside)
    outside = [name for name in asked if not tree.any_within(name, held)]
    if not outside:
        return ""
    if len(outside) < len(asked):
        aside.append((Aside.DEVICE, f"holds on {names}, asked is {' and '.join(asked)}"))
        return ""
    for name in outside:
        shared = [step for step in (tree.common(name, other) for other in held) if step]
        family = any(not tree.is_root(step) for step in shared)
        if not shared or not (family or about.speed):
            return f"holds on {names}, which says nothing about {name}"
    aside.append((Aside.DEVICE, f"about {names}, not {' and '.join(outside)}"))
    return ""


def _task(held: tuple[str, ...], asked: str, about: Property, *, what: str, aside: list[tuple[Aside, str]]) -> str:
    if asked in held:
        return ""
    names = " or ".join(held)
    if not asked:
        return _unstated(names, about, aside)
    if about.speed:
        aside.append((Aside.TASK, f"about {what} {names}, not {asked}"))
        return ""
    return f"holds for {what} {names}, asked is {asked}"


def _precision(
    tree: Tree, held: tuple[str, ...], asked: str, about: Property, *, aside: list[tuple[Aside, str]]
) -> str:
    if not asked or tree.any_within(asked, held):
        return ""
    names = " or ".join(held)
    if about.speed:
        aside.append((Aside.PRECISION, f"about {names}, not {asked}"))
        return ""
    return f"holds in {names}, asked is {asked}"


def _unstated(names: str, about: Property, aside: list[tuple[Aside, str]]) -> str:
    """The claim is narrower than the question."""
    if about.kind is PropertyKind.MEASURE and not about.speed:
        return f"holds for {names} only, which is not asked"
    aside.append((Aside.NARROWER, f"about {names} only"))
    return ""


def _disjoint(one: str, other: str) -> bool:
    """Whether two version ranges plainly share nothing: one ends where, or before, the other begins."""
    return _ends_before(one, other) or _ends_before(other, one)


def _ends_before(one: str, other: str) -> bool:
    for upper in specifiers.SpecifierSet(one):
        for lower in specifiers.SpecifierSet(other):
            if upper.operator in ("<", "<=") and lower.operator in (">=", ">", "=="):
                strict = upper.operator == "<" or lower.operator == ">"
                start = lower.version.removesuffix(".*")
                after = specifiers.SpecifierSet(f"{'>' if not strict else '>='}{upper.version}")
                if not after.contains(start, prereleases=True):
                    continue
                return True
    return False
