"""Whether a record counts as success: decides between exit code 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bakeoff.api.answers import Tour
from bakeoff.catalog.lint import LintReport
from bakeoff.catalog.refresh import RefreshReport
from bakeoff.decide.model import Decision, Verdict
from bakeoff.isolate.doctor import Doctor, Health
from bakeoff.lab.cells import Campaign, Trust


class Verified(Protocol):
    """A record of recomputing something stored."""

    @property
    def ok(self) -> bool:
        """Everything came out as stored."""


def verified(record: Verified) -> bool:
    """Everything came out as stored."""
    return record.ok


def none_lapsed(record: Sequence[object]) -> bool:
    """Every decision record still holds."""
    return not record


def decided(record: Decision) -> bool:
    """Something is feasible."""
    return record.verdict is not Verdict.IMPOSSIBLE


def measured(record: Sequence[Campaign]) -> bool:
    """Every campaign can be believed and measured at least one competitor beside the reference arm."""
    return all(one.trust is not Trust.INVALID and _competed(one) for one in record)


def toured(record: Tour) -> bool:
    """The tour measured something and came to an answer."""
    return measured(record.campaigns) and decided(record.after)


def healthy(record: Doctor) -> bool:
    """Nothing stops bakeoff from working here."""
    return all(one.health is not Health.BAD for one in record.checks)


def clean(record: LintReport) -> bool:
    """No lint of level error is broken."""
    return record.errors == 0


def refreshed(record: RefreshReport) -> bool:
    """No registry was refused."""
    return not record.refused


def _competed(campaign: Campaign) -> bool:
    return any(run.outcome.measured and run.id != campaign.reference and not run.arm.placebo for run in campaign.runs)
