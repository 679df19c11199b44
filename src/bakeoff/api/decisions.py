"""Deciding: a profile, the catalogue and what was measured here, joined into decisions and what follows from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.api.bench import Bench
from bakeoff.api.workspace import Workspace, read_yaml
from bakeoff.base.errors import InputError, unknown_name
from bakeoff.base.files import write_atomic
from bakeoff.base.later import later
from bakeoff.base.records import from_plain
from bakeoff.catalog.load import as_of, with_claims
from bakeoff.catalog.model import Catalog, Claim
from bakeoff.decide import explain
from bakeoff.decide.engine import decide
from bakeoff.decide.model import Decision, Plan, Profile, Reason

if TYPE_CHECKING:
    from bakeoff.api import answers
    from bakeoff.api.answers import CheckedRecord, Written
    from bakeoff.decide import ablation, backtest, check, since, verify
    from bakeoff.decide import cases as reading
    from bakeoff.decide import plan as planning
    from bakeoff.report import adr, html
else:
    answers = later("bakeoff.api.answers")
    ablation, backtest = later("bakeoff.decide.ablation"), later("bakeoff.decide.backtest")
    check, since, verify = later("bakeoff.decide.check"), later("bakeoff.decide.since"), later("bakeoff.decide.verify")
    reading, planning = later("bakeoff.decide.cases"), later("bakeoff.decide.plan")
    adr, html = later("bakeoff.report.adr"), later("bakeoff.report.html")

Asked = Mapping[str, object]

_ABLATIONS = ("rules", "evidence")
"""What a back-test can be asked to leave out, piece by piece."""


class DecisionsPart:
    """Everything that starts from a profile."""

    def __init__(self, workspace: Workspace, bench: Bench) -> None:
        self._workspace = workspace
        self._bench = bench

    def decide(
        self,
        profile: Path | Profile | None = None,
        *,
        asked: Asked | None = None,
        as_of: date | None = None,
        seed: int = 0,
    ) -> Decision:
        """The decision for a profile, on the catalogue and everything measured on this machine.

        Args:
            profile: File of the profile, or the profile itself.
            asked: Fields given as options; they replace the file's.
            as_of: Use only what was known on this day, and take the decision for it.
            seed: Seed of the draws.

        Raises:
            InputError: If the profile cannot be read or holds unknown words.
        """
        wanted = self._profile(profile, asked)
        catalog, measured, today = self._knowledge(as_of)
        return decide(wanted, catalog, self._workspace.rules, measured, today=today, seed=seed)

    def plan(self, profile: Path | Profile | None = None, *, asked: Asked | None = None, seed: int = 0) -> Plan:
        """The measurements that could change the decision for a profile, with their value and cost here."""
        return self.plan_for(self.decide(profile, asked=asked, seed=seed))

    def plan_for(self, decision: Decision) -> Plan:
        """The measurements that could change a decision just taken."""
        catalog, measured, _ = self._knowledge(None)
        offers = self._bench.offers(decision.profile)
        return planning.plan(decision, catalog, self._workspace.rules, offers, measured, seed=decision.seed)

    def why_not(
        self, name: str, profile: Path | None = None, *, asked: Asked | None = None, as_of: date | None = None
    ) -> tuple[Reason, ...]:
        """Why a system, or a stack written as `layer=id,layer=id`, is not the answer."""
        wanted = self._profile(profile, asked)
        catalog, measured, today = self._knowledge(as_of)
        return explain.why_not(name, wanted, catalog, self._workspace.rules, measured, today=today)

    def since(
        self,
        file: Path,
        profile: Path | None = None,
        *,
        asked: Asked | None = None,
        seed: int = 0,
        as_of: date | None = None,
    ) -> since.Moved:
        """What moved between a stored decision and the one of now; the stored profile is used when none is given."""
        before = read_decision(file)
        wanted = self._profile(profile, asked) if profile or asked else before.profile
        return since.compare(before, self.decide(wanted, as_of=as_of, seed=seed or before.seed))

    def verify(self, file: Path) -> verify.Verification:
        """Recomputes a stored decision from its own inputs and compares the figures to 1e-4.

        What was measured after its day is left out; one taken as of an earlier day is replayed as of that day.
        """
        stored = read_decision(file)
        catalog, measured, _ = self._knowledge(stored.today)
        if catalog.version != stored.catalog:
            catalog = self._workspace.catalog
        rules = self._workspace.rules
        again = decide(stored.profile, catalog, rules, measured, today=stored.today, seed=stored.seed)
        return verify.verify(stored, again)

    def check(self, folder: Path) -> tuple[CheckedRecord, ...]:
        """Every decision record of a folder, looked at again: conditions that are met, and today's answer."""
        catalog, measured, today = self._knowledge(None)
        rules = self._workspace.rules
        return tuple(
            answers.CheckedRecord(path.name, check.check(kept, catalog, rules, measured, today=today))
            for path, kept in adr.read_folder(folder)
        )

    def backtest(self, cases: Path, *, ablate: str = "", seed: int = 0) -> backtest.Report:
        """Decides known cases (YAML or JSON) and compares with what was really chosen.

        Args:
            cases: File of cases.
            ablate: Also say what each of the `rules`, or each kind of `evidence`, contributes; several times longer.
            seed: Seed of the bootstrap and of the draws.

        Raises:
            InputError: If the file holds no cases, or something else than rules or evidence shall be left out.
        """
        if ablate and ablate not in _ABLATIONS:
            raise InputError([unknown_name("backtest", "--ablate", ablate, _ABLATIONS, what="ablation")])
        catalog, rules, today = self._workspace.catalog, self._workspace.rules, self._workspace.today
        known = reading.read_cases(read_yaml(cases), rules, catalog, where=str(cases))
        report = backtest.backtest(known, catalog, rules, today=today, seed=seed)
        if ablate == "rules":
            return replace(report, rules=ablation.ablate_rules(known, catalog, rules, today=today))
        if ablate == "evidence":
            return replace(report, evidence=ablation.ablate_evidence(known, catalog, rules, today=today))
        return report

    def write_html(self, decision: Decision, file: Path, moved: Sequence[str] | None = None) -> Written:
        """Writes the self-contained report of a decision, with the measurements it rests on and those worth making."""
        catalog, measured, _ = self._knowledge(None)
        page = html.page(
            decision,
            catalog=with_claims(catalog, measured),
            campaigns=self._bench.campaigns(decision),
            plan=self.plan_for(decision),
            moved=moved,
            rules=self._workspace.rules,
        )
        write_atomic(file, page)
        return answers.Written(str(file), "report")

    def write_record(self, decision: Decision, folder: Path) -> Written:
        """Writes the decision record of a decision into a folder, under the next free number."""
        catalog, measured, _ = self._knowledge(None)
        number = adr.next_number(folder)
        file = folder / adr.file_name(decision, number)
        write_atomic(file, adr.record(decision, with_claims(catalog, measured), number))
        return answers.Written(str(file), "decision record")

    def _profile(self, profile: Path | Profile | None, asked: Asked | None) -> Profile:
        return profile if isinstance(profile, Profile) else self._workspace.profile(profile, asked or {})

    def _knowledge(self, day: date | None) -> tuple[Catalog, tuple[Claim, ...], date]:
        today = day or self._workspace.today
        catalog = self._workspace.catalog
        measured = tuple(
            claim for claim in self._bench.measured() if all(item.observed <= today for item in claim.evidence)
        )
        return (catalog if day is None else as_of(catalog, day), measured, today)


def read_decision(file: Path) -> Decision:
    """A decision from its JSON.

    Raises:
        InputError: If the file cannot be read or is not a decision of this version.
    """
    try:
        return from_plain(Decision, json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        advice = "write one with `bakeoff decide PROFILE --json > decision.json`"
        raise InputError.one(str(file), "", f"is not a decision: {error}", advice) from error
