"""What the parts of `Bakeoff` share: where state lives, the day, the catalogue, the rules, the profiles."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.base import files
from bakeoff.base.errors import InputError
from bakeoff.base.later import later
from bakeoff.catalog.load import load, rules
from bakeoff.catalog.model import Catalog
from bakeoff.catalog.rules import Rules
from bakeoff.decide.model import Profile
from bakeoff.decide.profile import parse

if TYPE_CHECKING:
    from bakeoff.isolate import sources as packages
else:
    packages = later("bakeoff.isolate.sources")

PACKAGE = Path(__file__).parents[1]
"""Folder of the installed package: adapters and workloads lie below it."""
EXTRA = "systems"
"""Folder under the home whose systems are added to the catalogue."""


class Workspace:
    """Loaded once per `Bakeoff`, each thing when it is first asked for."""

    def __init__(self, home: Path | None = None, today: date | None = None) -> None:
        self.home = home or files.home()
        self.today = today or datetime.now(UTC).date()

    @cached_property
    def catalog(self) -> Catalog:
        """The shipped catalogue with the user's own systems (`<home>/systems`)."""
        return load(self.extra)

    @property
    def extra(self) -> Path | None:
        """Folder of the user's own systems, where there is one."""
        folder = self.home / EXTRA
        return folder if folder.is_dir() else None

    @cached_property
    def sources(self) -> packages.Sources:
        """Where packages come from, by the configuration of pip and uv."""
        return packages.Sources.discover(os.environ, Path.cwd())

    @cached_property
    def rules(self) -> Rules:
        """The meaning of every word a profile may use."""
        return rules()

    def profile(self, file: Path | None, asked: Mapping[str, object]) -> Profile:
        """The profile of a file, of options, or of both: an option replaces the file's field.

        Raises:
            InputError: If neither is given, the file cannot be read, or anything in them is unknown.
        """
        if file is None and not asked:
            advice = "give a profile, or at least --domain and --serve-on; `bakeoff profile words` lists the words"
            raise InputError.one("bakeoff", "", "no profile and no options", advice)
        table = {**({} if file is None else read_table(file)), **asked}
        return parse(table, self.rules, self.catalog, where=str(file) if file else "options")


def read_table(file: Path) -> dict[str, object]:
    """The table of a profile in TOML or JSON, by the ending of its name.

    Raises:
        InputError: If it cannot be read or is neither.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        advice = "`bakeoff profile from .` writes one for the project you stand in"
        raise InputError.one(str(file), "", f"cannot be read: {error}", advice) from error
    try:
        table = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise InputError.one(str(file), "", f"is not {file.suffix[1:].upper() or 'TOML'}: {error}") from error
    inner = table.get("profile", table) if isinstance(table, dict) else None
    if not isinstance(inner, dict):
        raise InputError.one(str(file), "", "holds no table", "a profile is a table of fields")
    return inner


def read_yaml(file: Path) -> object:
    """What a YAML file holds; JSON is YAML too.

    Raises:
        InputError: If it cannot be read or is not YAML.
    """
    # Only cases of a back-test are YAML: every other command is spared its import.
    import yaml  # noqa: PLC0415

    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError.one(str(file), "", f"cannot be read as YAML: {error}") from error
