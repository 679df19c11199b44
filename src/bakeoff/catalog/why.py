"""Why a belief is what it is: every piece of evidence, what it counts for, and what was set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bakeoff.base.errors import InputError, Problem, unknown_name
from bakeoff.catalog.build import scope_text
from bakeoff.catalog.model import Answer, Belief, Catalog, Claim, Context, PropertyKind
from bakeoff.catalog.resolve import resolve, weights
from bakeoff.catalog.weigh import Weight


@dataclass(frozen=True, slots=True)
class Why:
    """A belief with everything it comes from."""

    belief: Belief
    """The sum, and what was used or rejected."""
    claims: tuple[Claim, ...]
    """Every claim looked at."""
    lines: tuple[str, ...]
    """The explanation in prose: the belief, then one line per piece of evidence, strongest first."""


def why(
    catalog: Catalog,
    system: str,
    about: str,
    context: Context,
    *,
    today: date,
    other: str | None = None,
) -> tuple[Why, ...]:
    """Explains what is believed about one property; of a relation without `other`, about each of its objects.

    Raises:
        InputError: If the system, the property or the other system is unknown.
    """
    _check(catalog, system, about, other)
    subject = catalog.aliases.get(system, system)
    named = catalog.aliases.get(other, other) if other else None
    claims = [claim for claim in catalog.systems[subject].claims if claim.property == about]
    pairs: dict[tuple[str | None, str | None], None] = {}
    if catalog.properties[about].kind is PropertyKind.RELATION:
        pairs.update(dict.fromkeys((claim.object, claim.via) for claim in claims if named in (None, claim.object)))
        # An object nobody claims anything about may still be one of something that is claimed.
        if named is not None and not pairs:
            pairs[named, None] = None
    else:
        pairs[None, None] = None
    return tuple(_explained(catalog, subject, about, context, today=today, pair=pair) for pair in pairs)


def parse_context(catalog: Catalog, given: Mapping[str, tuple[str, ...]]) -> Context:
    """The context people type as `field=value`, once or several times per field.

    Raises:
        InputError: If a field is unknown; `versions` is written `versions.SYSTEM=1.2`.
    """
    known = set(Context.__struct_fields__)
    found: dict[str, tuple[str, ...]] = {}
    versions: dict[str, str] = {}
    problems: list[Problem] = []
    for name, values in given.items():
        if name.startswith("versions.") and values:
            versions[name.removeprefix("versions.")] = values[-1]
        elif name in known - {"versions"}:
            found[name] = values
        else:
            problems.append(unknown_name("option", "context", name, known, what="field of a context"))
    if problems:
        raise InputError(problems)
    return Context(
        device=tuple(catalog.aliases.get(name, name) for name in found.get("device", ())),
        os=found.get("os", ()),
        domain=_last(found, "domain"),
        activity=_last(found, "activity"),
        precision=_last(found, "precision"),
        language=found.get("language", ()),
        versions=versions,
    )


def shown(belief: Belief) -> str:
    """A belief in a few words.

    >>> shown(Belief("a", "offline", None, Answer.YES, None, None, None, 3, False, ()))
    'yes (level 3)'
    """
    dispute = ", disputed" if belief.disputed else ""
    if belief.mid is not None and belief.low is not None and belief.high is not None:
        return f"{belief.mid:.0f} points, {belief.low:.0f} to {belief.high:.0f} (level {belief.level}{dispute})"
    if belief.text:
        return f"{belief.text} (level {belief.level}{dispute})"
    if belief.prior is not None:
        return f"unknown; drawn from {belief.prior.low:.0f} to {belief.prior.high:.0f} points, as its layer's lower end"
    if belief.answer is None:
        return "no claim joins them" if belief.object else "unknown"
    return f"{belief.answer.value} (level {belief.level}{dispute})"


def _last(found: Mapping[str, tuple[str, ...]], name: str) -> str:
    return found.get(name, ("",))[-1]


def _explained(
    catalog: Catalog,
    subject: str,
    about: str,
    context: Context,
    *,
    today: date,
    pair: tuple[str | None, str | None],
) -> Why:
    other, via = pair
    belief = resolve(catalog, subject, about, context, today=today, object=other, via=via)
    found = weights(catalog, subject, about, context, today=today, object=other, via=via)
    claims = {item.claim.id: item.claim for item in found}
    silent = [
        claim
        for claim in catalog.systems[subject].claims
        if (claim.property, claim.object, claim.via) == (about, other, via) and claim.id not in claims
    ]
    claims.update({claim.id: claim for claim in silent})
    used = {(use.claim, use.index) for use in belief.uses if use.used}
    head = ".".join(part for part in (subject, about, via, other) if part)
    lines = [f"{head}: {shown(belief)}"]
    ordered = sorted(found, key=lambda item: (-item.level, item.claim.id, item.index))
    lines += [_line(item, used=(item.claim.id, item.index) in used) for item in ordered]
    lines += [
        f"asked, not known: {claim.id}; {claim.settled_by or 'nothing named would settle it'}" for claim in silent
    ]
    return Why(belief, tuple(claims.values()), tuple(lines))


def _line(item: Weight, *, used: bool) -> str:
    """One piece of evidence in words."""
    evidence = item.evidence
    verdict = "used" if used else "struck out" if evidence.superseded else "set aside" if not item.level else "outvoted"
    value = _value(item)
    scope = scope_text(item.claim.scope)
    where = f" [{scope}]" if scope else ""
    inherited = f", mirrored from {item.claim.inherited_from}" if item.claim.inherited_from else ""
    reasons = f"; {'; '.join(item.reasons)}" if item.reasons else ""
    says = f": {evidence.says}" if evidence.says else ""
    level = f"level {item.level}, " if item.level else ""
    known = f"{evidence.kind.value} of {evidence.observed.isoformat()}"
    return f"{verdict}, {level}{value}{where}, {known}{inherited}{reasons} — {evidence.source}{says}"


def _value(item: Weight) -> str:
    if item.mid is not None:
        return f"{item.mid:.0f} ± {item.half:.0f} points"
    value = item.claim.value
    return value.value if isinstance(value, Answer) else str(value)


def _check(catalog: Catalog, system: str, about: str, other: str | None) -> None:
    problems = []
    known = [*catalog.systems, *catalog.aliases]
    if catalog.find(system) is None:
        problems.append(unknown_name("option", "system", system, known, what="system"))
    if about not in catalog.properties:
        problems.append(unknown_name("option", "property", about, catalog.properties, what="property"))
    if other is not None and catalog.find(other) is None:
        spoken = {claim.object for found in catalog.systems.values() for claim in found.claims if claim.object}
        if other not in spoken:
            problems.append(unknown_name("option", "object", other, known, what="system"))
    if problems:
        raise InputError(problems)
