"""Floor 5: the one object behind every door. Composition only: rooms compute, this joins them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from bakeoff.api.bench import Bench
from bakeoff.api.catalog import CatalogPart
from bakeoff.api.decisions import DecisionsPart
from bakeoff.api.lab import LabPart
from bakeoff.api.projects import ProjectsPart
from bakeoff.api.workspace import Workspace

__all__ = ["Bakeoff"]


class Bakeoff:
    """The product. CLI, web, MCP and Python all call this and return the same records.

    Args:
        home: Folder of the state; `base.files.home()` when not given.
        today: The day decisions are taken for; the calendar's when not given.
    """

    def __init__(self, home: Path | None = None, *, today: date | None = None) -> None:
        workspace = Workspace(home, today)
        bench = Bench(workspace)
        self.catalog = CatalogPart(workspace, bench)
        self.decisions = DecisionsPart(workspace, bench)
        self.lab = LabPart(workspace, bench, self.decisions)
        self.projects = ProjectsPart(workspace, bench, self.decisions, self.lab)
