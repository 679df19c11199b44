"""Modules that are imported when something in them is first used: a command pays for what it does, not for the rest.

The import is written twice, side by side, so that types and floors are checked as everywhere else:

    if TYPE_CHECKING:
        from bakeoff.lab import campaign
    else:
        campaign = later("bakeoff.lab.campaign")
"""

from __future__ import annotations

import importlib
from types import ModuleType


class _Later(ModuleType):
    """Stands for a module until one of its names is asked for."""

    def __getattr__(self, name: str) -> object:
        return getattr(importlib.import_module(self.__name__), name)


def later(name: str) -> ModuleType:
    """A module of this package by its full name, imported on first use."""
    return _Later(name)
