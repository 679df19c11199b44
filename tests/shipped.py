"""The shipped catalogue with its files, read once for all tests that look at what people wrote."""

from __future__ import annotations

from functools import cache

from bakeoff.catalog.load import Sources, read_sources


@cache
def sources() -> Sources:
    """Every file of the shipped catalogue; about a second."""
    return read_sources()
