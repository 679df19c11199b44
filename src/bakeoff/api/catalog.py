"""The catalogue behind the doors: what is claimed, how we know, how well it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bakeoff.api.answers import Written
from bakeoff.api.bench import Bench
from bakeoff.api.workspace import Workspace
from bakeoff.base.errors import InputError, unknown_name
from bakeoff.base.files import write_atomic
from bakeoff.catalog import coverage, diff, export, lint, listing, refresh, why
from bakeoff.catalog.golden import load_golden
from bakeoff.catalog.load import Sources, read_sources, with_claims
from bakeoff.catalog.model import Catalog, Claim, System
from bakeoff.catalog.rules import check_rules
from bakeoff.decide import lints


class CatalogPart:
    """Everything that asks what is claimed."""

    def __init__(self, workspace: Workspace, bench: Bench) -> None:
        self._workspace = workspace
        self._bench = bench

    def list(self, layer: str = "", where: tuple[str, ...] = ()) -> tuple[System, ...]:
        """Systems of a layer (all when empty) that meet every condition `property=value`."""
        return listing.where(self._workspace.catalog, layer=layer, conditions=where)

    def show(self, name: str) -> System:
        """One system with every claim about it.

        Raises:
            InputError: If no system has this id or alias; names near ones.
        """
        catalog = self._workspace.catalog
        found = catalog.find(name)
        if found is None:
            raise InputError([unknown_name("catalog", "", name, [*catalog.systems, *catalog.aliases], what="system")])
        return found

    def lint(self, extra: Path | None = None, *, fix: bool = False) -> lint.LintReport:
        """Checks every file by the rules its makers use; `fix` first repairs what is safe to repair."""
        sources = self._sources(extra)
        fixed = lint.fix(sources, today=self._workspace.today) if fix else ()
        if fixed:
            sources = self._sources(extra)
        problems = check_rules(self._workspace.rules, sources.catalog)
        if problems:
            raise InputError(problems)
        more = lints.lints(self._workspace.rules, load_golden())
        return replace(lint.lint(sources, today=self._workspace.today, more=more), fixed=fixed)

    def refresh(self, only: tuple[str, ...] = ()) -> refresh.RefreshReport:
        """Asks the package registries for the facts they hold; writes generated files only."""
        found = self._workspace.sources
        folders = [Path(link) for link in found.find_links if Path(link).is_dir()]
        readers = refresh.readers(found.index, folders)
        return refresh.refresh(self._sources(None), readers, today=self._workspace.today, only=only)

    def why(
        self,
        system: str,
        about: str,
        other: str = "",
        *,
        context: Mapping[str, tuple[str, ...]] | None = None,
    ) -> tuple[why.Why, ...]:
        """What the evidence on one property adds up to; for a relation without an object, on each of its objects."""
        catalog = self._measured()
        situation = why.parse_context(catalog, context or {})
        return why.why(catalog, system, about, situation, today=self._workspace.today, other=other or None)

    def refuted(self) -> tuple[listing.Refutation, ...]:
        """What was stated and turned out otherwise, measurements made here included."""
        return listing.refuted(self._measured())

    def coverage(self) -> coverage.Coverage:
        """How much is known, by layer and kind of evidence."""
        report = self.lint()
        return coverage.coverage(self._workspace.catalog, lint_errors=report.errors)

    def audit(self, count: int = 10, *, seed: int = 0) -> tuple[Claim, ...]:
        """Claims drawn at random, for a person to check against their sources."""
        return listing.audit(self._workspace.catalog, count, seed)

    def stale(self) -> tuple[listing.Stale, ...]:
        """Claims all of whose evidence has aged, oldest first."""
        return listing.stale(self._workspace.catalog, today=self._workspace.today)

    def unknowns(self, layer: str = "") -> tuple[listing.Unknown, ...]:
        """What is not known, and what would settle it."""
        return listing.unknowns(self._workspace.catalog, layer=layer)

    def diff(self, other: Path) -> diff.CatalogDiff:
        """What differs between an exported catalogue and this one."""
        return diff.diff(export.read_export(other), self._workspace.catalog)

    def export(self, file: Path) -> Written:
        """Writes the catalogue in the format its ending names."""
        write_atomic(file, export.export(self._workspace.catalog, file.suffix.removeprefix(".")))
        return Written(str(file), "catalogue")

    def _sources(self, extra: Path | None) -> Sources:
        return read_sources(extra=extra or self._workspace.extra)

    def _measured(self) -> Catalog:
        return with_claims(self._workspace.catalog, self._bench.measured())
