"""The catalogue on a terminal: systems, claims with their evidence, lints, what is stale, unknown or refuted."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from bakeoff.base.evidence import Evidence
from bakeoff.catalog.coverage import Coverage
from bakeoff.catalog.diff import CatalogDiff
from bakeoff.catalog.lint import LintReport
from bakeoff.catalog.lints import Level
from bakeoff.catalog.listing import Refutation, Stale, Unknown
from bakeoff.catalog.model import Claim, System
from bakeoff.catalog.refresh import RefreshReport
from bakeoff.catalog.why import Why
from bakeoff.cli.screen import Cell, heading, line, pairs, said, table
from bakeoff.report import wording


def systems(record: Sequence[System], out: Console) -> None:
    """Every system on one line."""
    rows = [[one.id, ", ".join(one.layers), one.licence, one.lifecycle.status.value, one.summary] for one in record]
    table(out, ["id", "layers", "licence", "life stage", "what it is"], rows)
    line(out, f"{len(record)} systems", style="dim")


def system(record: System, out: Console) -> None:
    """One system and everything claimed about it."""
    out.print(Text.assemble((record.name, "bold"), f"  {record.id}  ", (record.summary, "dim")))
    about = {
        "layers": ", ".join(record.layers),
        "licence": record.licence,
        "governance": record.governance,
        "packages": ", ".join(record.packages),
        "also called": ", ".join(record.aliases),
        "grew out of": ", ".join(record.lineage),
        "life stage": record.lifecycle.status.value,
        "one of": record.parent or "",
        "complete lists": ", ".join(record.closed),
        "notes": record.notes,
    }
    pairs(out, {name: value for name, value in about.items() if value})
    by_property: dict[str, list[Claim]] = {}
    for claim in record.claims:
        by_property.setdefault(claim.property, []).append(claim)
    for name, claims in by_property.items():
        heading(out, name.replace("_", " "))
        table(out, ["value", "about", "where it holds", "known by", "true on", "says"], map(_claim, claims))


def lint(record: LintReport, out: Console) -> None:
    """Findings by place, errors first, and the count."""
    rows: list[list[Cell]] = [
        [
            Text(one.level.value, style="red" if one.level is Level.ERROR else "yellow"),
            f"{one.where}:{one.line}" if one.line else one.where,
            Text.assemble(one.message, (f"\n{one.tip}" if one.tip else "", "dim")),
            one.lint,
        ]
        for one in sorted(record.findings, key=lambda one: (one.level is not Level.ERROR, one.where, one.line or 0))
    ]
    table(out, ["", "where", "what", "lint"], rows, whole=["where"])
    fixed = f", {len(record.fixed)} files fixed" if record.fixed else ""
    line(
        out,
        f"{record.lints} lints: {record.errors} errors, {record.warnings} warnings, {record.excepted} excepted{fixed}",
    )


def refreshed(record: RefreshReport, out: Console) -> None:
    """What the registries said that is new, and what was not believed."""
    table(out, ["system", "package", "change"], [[one.system, one.purl, one.what] for one in record.changes])
    for refusal in record.refused:
        line(out, f"refused {refusal.purl}: {refusal.why}", style="yellow")
    line(out, f"{record.packages} packages asked, {len(record.changes)} changes, {len(record.written)} files written")


def why(record: Sequence[Why], out: Console) -> None:
    """What the evidence adds up to, piece by piece."""
    for one in record:
        first, *rest = one.lines or ("nothing is stated",)
        out.print(Text(first, style="bold"))
        for text in rest:
            line(out, text)


def refuted(record: Sequence[Refutation], out: Console) -> None:
    """What was believed and turned out otherwise."""
    for one in record:
        heading(out, one.claim)
        line(out, f"said {one.said_on} ({wording.KINDS[one.kind]}): {one.said} [{one.said_by}]", style="dim")
        line(out, f"found {one.found_on}: {one.found} [{one.found_by}]")
    line(out, f"{len(record)} refuted", style="dim")


def coverage(record: Coverage, out: Console) -> None:
    """How much is known, by layer."""
    rows = [
        [one.layer, str(one.systems), str(one.claims), wording.percent(one.unknown_share), said(one.by_kind)]
        for one in record.layers
    ]
    table(
        out,
        ["layer", "systems", "claims", "unknown", "claims by strongest evidence"],
        rows,
        right="systems claims unknown",
    )
    above = wording.percent(record.above_impression_share)
    counted = "claims that decisions read" if record.decisive else "claims"
    errors = "" if record.lint_errors is None else f"; {record.lint_errors} lint errors"
    line(out, f"{record.claims} {counted} about {record.systems} systems, {above} above impression{errors}")
    line(out, f"by strongest evidence: {said(record.by_kind)}", style="dim")


def audit(record: Sequence[Claim], out: Console) -> None:
    """Claims to check by hand, each with its sources."""
    for claim in record:
        heading(out, claim.id)
        line(
            out,
            f"value {claim.value}{f' ({claim.grade})' if claim.grade else ''}"
            + (f"; {claim.note}" if claim.note else ""),
        )
        for one in claim.evidence:
            line(out, f"{wording.KINDS[one.kind]}, {one.observed}: {one.says} [{one.source}]")


def stale(record: Sequence[Stale], out: Console) -> None:
    """What has aged most."""
    rows = [[str(one.observed), one.claim, one.why, f"{one.worth:.3f}" if one.worth else ""] for one in record]
    table(out, ["true on", "claim", "why it is stale", "worth"], rows, right="worth")
    line(out, f"{len(record)} stale", style="dim")


def unknowns(record: Sequence[Unknown], out: Console) -> None:
    """What is not known, and what would settle it."""
    rows = [
        [
            f"{one.system}.{one.property}" + (f".{one.object}" if one.object else ""),
            one.settled_by if one.stated else "nobody has said",
            f"{one.worth:.3f}" if one.worth else "",
        ]
        for one in record
    ]
    table(out, ["unknown", "what would settle it", "worth"], rows, right="worth")
    line(out, f"{len(record)} unknown", style="dim")


def diff(record: CatalogDiff, out: Console) -> None:
    """What differs between two catalogues."""
    table(
        out,
        ["claim", "change", "before", "after"],
        [[one.claim, one.what, one.before, one.after] for one in record.changes],
    )
    added, removed = ", ".join(record.systems_added) or "none", ", ".join(record.systems_removed) or "none"
    pairs(out, {"systems added": added, "systems removed": removed, "from": record.before, "to": record.after})
    for text in record.decisions:
        line(out, f"decides anew: {text}")
    line(out, f"{len(record.changes)} claims differ, {len(record.decisions)} decisions change", style="dim")


def _claim(claim: Claim) -> list[Cell]:
    shown = [one for one in claim.evidence if not one.superseded]
    best: Evidence | None = min(shown, key=lambda one: list(wording.KINDS).index(one.kind), default=None)
    scope = said({name: value for name in claim.scope.__struct_fields__ if (value := getattr(claim.scope, name))})
    known = wording.KINDS[best.kind] if best else ""
    return [
        str(claim.value),
        claim.object or "",
        scope,
        known,
        str(best.observed) if best else "",
        claim.note or (best.says if best else ""),
    ]
