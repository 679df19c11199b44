"""The one lazy point of the product: what a command needs is imported here, by name, once its words were understood."""

from __future__ import annotations

import importlib
from typing import Any


def load(place: str) -> Any:
    """The function or class behind `module:name` in this package."""
    module, name = place.split(":")
    return getattr(importlib.import_module(f"bakeoff.cli.{module}"), name)


def product() -> Any:
    """A fresh `Bakeoff` on the user's home folder."""
    return importlib.import_module("bakeoff.api").Bakeoff()
