"""What differs between two catalogues: claims added, removed, changed, superseded."""

from __future__ import annotations

from dataclasses import dataclass

from bakeoff.catalog.model import Answer, Catalog, Claim


@dataclass(frozen=True, slots=True)
class ClaimChange:
    """One claim that differs."""

    claim: str
    """Claim id."""
    what: str
    """added | removed | value | evidence | superseded."""
    before: str
    """What it said, empty when it was not there."""
    after: str
    """What it says, empty when it is gone."""


@dataclass(frozen=True, slots=True)
class CatalogDiff:
    """What differs between two catalogues."""

    before: str
    """Version of the one."""
    after: str
    """Version of the other."""
    systems_added: tuple[str, ...]
    """Ids."""
    systems_removed: tuple[str, ...]
    """Ids."""
    changes: tuple[ClaimChange, ...]
    """Claims that differ, by id; those of added and removed systems are not listed again."""
    decisions: tuple[str, ...] = ()
    """Decisions that change, one line each, where somebody took them on both."""


def diff(before: Catalog, after: Catalog) -> CatalogDiff:
    """Compares two catalogues claim by claim."""
    added = tuple(sorted(set(after.systems) - set(before.systems)))
    removed = tuple(sorted(set(before.systems) - set(after.systems)))
    changes: list[ClaimChange] = []
    for name in sorted(set(before.systems) & set(after.systems)):
        was, now = before.systems[name], after.systems[name]
        if was != now:
            changes += _claims({claim.id: claim for claim in was.claims}, {claim.id: claim for claim in now.claims})
            changes += _head(name, was.lifecycle.status.value, now.lifecycle.status.value, "lifecycle")
            changes += _head(name, was.licence, now.licence, "licence")
    return CatalogDiff(before.version, after.version, added, removed, tuple(changes))


def _head(name: str, was: str, now: str, field: str) -> list[ClaimChange]:
    return [ClaimChange(f"{name}.{field}", "value", was, now)] if was != now else []


def _claims(was: dict[str, Claim], now: dict[str, Claim]) -> list[ClaimChange]:
    found = []
    for name in sorted(set(was) | set(now)):
        old, new = was.get(name), now.get(name)
        if old is None and new is not None:
            found.append(ClaimChange(name, "added", "", _shown(new)))
        elif new is None and old is not None:
            found.append(ClaimChange(name, "removed", _shown(old), ""))
        elif old is not None and new is not None and old != new:
            found.append(_changed(old, new))
    return found


def _changed(old: Claim, new: Claim) -> ClaimChange:
    if old.value != new.value:
        return ClaimChange(new.id, "value", _shown(old), _shown(new))
    struck = {item.source for item in new.evidence if item.superseded}
    struck -= {item.source for item in old.evidence if item.superseded}
    if struck:
        return ClaimChange(new.id, "superseded", "; ".join(sorted(struck)), _shown(new))
    return ClaimChange(new.id, "evidence", _sources(old), _sources(new))


def _shown(claim: Claim) -> str:
    return claim.value.value if isinstance(claim.value, Answer) else str(claim.value)


def _sources(claim: Claim) -> str:
    return "; ".join(f"{item.kind.value} {item.observed.isoformat()} {item.source}" for item in claim.evidence)
