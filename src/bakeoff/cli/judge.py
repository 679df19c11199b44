"""Whether a record counts as success: decides between exit code 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bakeoff.base.later import later

if TYPE_CHECKING:
    from bakeoff.api.answers import CheckedRecord, Tour, Versus
    from bakeoff.catalog.lint import LintReport
    from bakeoff.catalog.refresh import RefreshReport
    from bakeoff.decide import model as deciding
    from bakeoff.decide.model import Decision
    from bakeoff.decide.verify import Verification as Reproduced
    from bakeoff.isolate import doctor
    from bakeoff.isolate.doctor import Doctor
    from bakeoff.lab import cells
    from bakeoff.lab.cells import Campaign
    from bakeoff.lab.results import Verification
else:
    # Judging one record needs none of what the others are made of.
    deciding, doctor = later("bakeoff.decide.model"), later("bakeoff.isolate.doctor")
    cells = later("bakeoff.lab.cells")


def verified(record: Reproduced) -> bool:
    """The stored decision came out again."""
    return record.same


def all_verified(record: Sequence[Verification]) -> bool:
    """Every published number came out again."""
    return all(one.ok for one in record)


def hold(record: Sequence[CheckedRecord]) -> bool:
    """Every decision record still holds."""
    return all(one.checked.holds for one in record)


def decided(record: Decision) -> bool:
    """Something is feasible."""
    return record.verdict is not deciding.Verdict.IMPOSSIBLE


def measured(record: Sequence[Campaign]) -> bool:
    """Every campaign can be believed and measured at least one competitor beside the reference arm."""
    return all(one.trust is not cells.Trust.INVALID and _competed(one) for one in record)


def versus(record: Versus) -> bool:
    """Both sides have a speed, in a campaign that can be believed."""
    return bool(record.ratios) and record.campaign.trust is not cells.Trust.INVALID


def toured(record: Tour) -> bool:
    """The tour measured something and came to an answer."""
    return measured(record.campaigns) and decided(record.after)


def healthy(record: Doctor) -> bool:
    """Nothing stops bakeoff from working here."""
    return all(one.health is not doctor.Health.BAD for one in record.checks)


def clean(record: LintReport) -> bool:
    """No lint of level error is broken."""
    return record.errors == 0


def refreshed(record: RefreshReport) -> bool:
    """No registry was refused."""
    return not record.refused


def _competed(campaign: Campaign) -> bool:
    return any(run.outcome.measured and run.id != campaign.reference and not run.arm.placebo for run in campaign.runs)
