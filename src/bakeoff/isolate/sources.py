"""Where packages come from: the user's own configuration of uv, and that of pip, which uv does not read by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sources:
    """Indexes, wheel folders and how to reach them. Addresses may hold credentials: show `describe()`, never these."""

    index: str = ""
    """Main index; empty for uv's own default or configuration."""
    extra_indexes: tuple[str, ...] = ()
    """Further indexes, in order."""
    find_links: tuple[str, ...] = ()
    """Wheel folders and pages."""
    no_index: bool = False
    """Use the wheel folders only."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Variables for uv that carry certificates, proxies, timeouts and trusted hosts over from pip."""

    @classmethod
    def discover(cls, environ: Mapping[str, str], folder: Path) -> Sources:
        """What pip and uv would use in `folder` under `environ`. Unreadable configuration files count as absent."""
        raise NotImplementedError

    def describe(self) -> str:
        """One line for `doctor` and for errors, without credentials."""
        raise NotImplementedError
