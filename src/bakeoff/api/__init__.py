"""Floor 5: the one object behind every door. Composition only: rooms compute, this joins them."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.api.bench import Bench
from bakeoff.api.workspace import Workspace
from bakeoff.base.later import later

if TYPE_CHECKING:
    from bakeoff.api import catalog as of_catalog
    from bakeoff.api import decisions as of_decisions
    from bakeoff.api import lab as of_lab
    from bakeoff.api import projects as of_projects
else:
    of_catalog = later("bakeoff.api.catalog")
    of_decisions = later("bakeoff.api.decisions")
    of_lab = later("bakeoff.api.lab")
    of_projects = later("bakeoff.api.projects")

__all__ = ["Bakeoff"]


class Bakeoff:
    """The product. CLI, web, MCP and Python all call this and return the same records.

    A part is imported when it is first asked for: deciding never reads what measures.

    Args:
        home: Folder of the state; `base.files.home()` when not given.
        today: The day decisions are taken for; the calendar's when not given.
    """

    def __init__(self, home: Path | None = None, *, today: date | None = None) -> None:
        self._workspace = Workspace(home, today)
        self._bench = Bench(self._workspace)

    @cached_property
    def catalog(self) -> of_catalog.CatalogPart:
        """What is claimed, how we know, how well it is kept."""
        return of_catalog.CatalogPart(self._workspace, self._bench)

    @cached_property
    def decisions(self) -> of_decisions.DecisionsPart:
        """Everything that starts from a profile."""
        return of_decisions.DecisionsPart(self._workspace, self._bench)

    @cached_property
    def lab(self) -> of_lab.LabPart:
        """Everything that measures, and what was measured."""
        return of_lab.LabPart(self._workspace, self._bench, self.decisions)

    @cached_property
    def projects(self) -> of_projects.ProjectsPart:
        """Everything a project starts with."""
        return of_projects.ProjectsPart(self._workspace, self._bench, self.decisions, self.lab)
