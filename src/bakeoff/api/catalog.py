"""The catalogue behind the doors: what is claimed, how we know, how well it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bakeoff.api.answers import Written
from bakeoff.api.bench import Bench
from bakeoff.api.workspace import PACKAGE, Workspace, read_table, read_yaml
from bakeoff.base.errors import InputError, unknown_name
from bakeoff.base.files import write_atomic
from bakeoff.catalog import coverage, diff, export, lint, listing, refresh, why
from bakeoff.catalog.golden import load_golden
from bakeoff.catalog.load import Sources, read_sources, with_claims
from bakeoff.catalog.model import Catalog, Claim, System
from bakeoff.catalog.rulebook import check_rules
from bakeoff.decide import lints
from bakeoff.decide.build import Model, build
from bakeoff.decide.cases import read_cases
from bakeoff.decide.model import Profile
from bakeoff.decide.profile import parse
from bakeoff.decide.worth import worths


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

    def refresh(
        self, only: tuple[str, ...] = (), *, progress: Callable[[object], None] | None = None
    ) -> refresh.RefreshReport:
        """Asks the package registries for the facts they hold; writes generated files only.

        Args:
            only: Ids or aliases of systems; all when empty.
            progress: Told, in a few words, how far it is.

        Raises:
            InputError: If a system is unknown.
        """
        found = self._workspace.sources
        folders = [Path(link) for link in found.find_links if Path(link).is_dir()]
        readers = refresh.readers(found.index, folders)
        sources = self._sources(None)
        return refresh.refresh(sources, readers, today=self._workspace.today, only=only, progress=progress)

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

    def coverage(self, *, decisive: bool = False, cases: Path | None = None) -> coverage.Coverage:
        """How much is known, by layer and kind of evidence.

        Args:
            decisive: Count only the claims that feasibility, joins or value read when the shipped profiles are decided.
            cases: A file of cases, as `backtest` takes it, whose decisions count too; implies `decisive`.

        Raises:
            InputError: If the file cannot be read or holds unknown words.
        """
        read: set[str] | None = None
        if decisive or cases:
            profiles = [*self._shipped().values(), *self._cases(cases)]
            read = {claim for model in self._models(profiles) for claim in model.facts.read}
        return coverage.coverage(self._workspace.catalog, read=read, lint_errors=self.lint().errors)

    def audit(self, sample: int = 10, *, seed: int = 0) -> tuple[Claim, ...]:
        """Claims drawn at random, for a person to check against their sources."""
        return listing.audit(self._workspace.catalog, sample, seed)

    def stale(self, *, by_value: bool = False) -> tuple[listing.Stale, ...]:
        """Claims all of whose evidence has aged, oldest first; with `by_value` those worth most to look at again."""
        worth = self._worth() if by_value else None
        return listing.stale(self._workspace.catalog, today=self._workspace.today, worth=worth)

    def unknowns(self, layer: str = "", *, by_value: bool = False) -> tuple[listing.Unknown, ...]:
        """What is not known, and what would settle it; with `by_value` what the shipped profiles would gain most by."""
        return listing.unknowns(self._workspace.catalog, layer=layer, worth=self._worth() if by_value else None)

    def diff(self, before: Path, after: Path | None = None) -> diff.CatalogDiff:
        """What differs between an exported catalogue and another, or this one; and which shipped profiles decide anew.

        Raises:
            InputError: If a file is no export.
        """
        older = export.read_export(before)
        newer = export.read_export(after) if after else self._workspace.catalog
        return replace(diff.diff(older, newer), decisions=tuple(self._moved(older, newer)))

    def export(self, file: Path) -> Written:
        """Writes the catalogue in the format its ending names."""
        write_atomic(file, export.export(self._workspace.catalog, file.suffix.removeprefix(".")))
        return Written(str(file), "catalogue")

    def _sources(self, extra: Path | None) -> Sources:
        return read_sources(extra=extra or self._workspace.extra)

    def _shipped(self) -> Mapping[str, Profile]:
        """The profiles that come with bakeoff: the tour's, golden decisions, and the examples of a checkout."""
        tables = {"tour": read_table(PACKAGE / "new" / "tour" / "profile.toml")}
        tables |= {item.id: dict(item.profile) for item in load_golden()}
        checkout = PACKAGE.parents[1]
        if (checkout / "pyproject.toml").is_file():
            tables |= {file.stem: read_table(file) for file in sorted((checkout / "examples").glob("*.toml"))}
        catalog, rules = self._workspace.catalog, self._workspace.rules
        return {name: parse(table, rules, catalog, where=name) for name, table in tables.items()}

    def _cases(self, file: Path | None) -> Iterator[Profile]:
        if file is not None:
            known = read_cases(read_yaml(file), self._workspace.rules, self._workspace.catalog, where=str(file))
            yield from (case.profile for case in known)

    def _models(self, profiles: Iterable[Profile], catalog: Catalog | None = None) -> Iterator[Model]:
        held = catalog or self._workspace.catalog
        return (build(one, held, self._workspace.rules, today=self._workspace.today) for one in profiles)

    def _worth(self) -> listing.Worth:
        found = worths(self._models(self._shipped().values()))
        return lambda system, about: found.get((system, about), 0.0)

    def _moved(self, older: Catalog, newer: Catalog) -> Iterator[str]:
        """The shipped profiles whose first stack differs, layer by layer."""
        shipped = self._shipped()
        pairs = zip(self._models(shipped.values(), older), self._models(shipped.values(), newer), strict=True)
        for name, (old, new) in zip(shipped, pairs, strict=True):
            was, now = lints.first(old), lints.first(new)
            changed = [layer for layer in {**was, **now} if was.get(layer) != now.get(layer)]
            if changed:
                told = [f"{layer} {was.get(layer, 'none')} -> {now.get(layer, 'none')}" for layer in changed]
                yield f"{name}: {', '.join(told)}"

    def _measured(self) -> Catalog:
        return with_claims(self._workspace.catalog, self._bench.measured())
