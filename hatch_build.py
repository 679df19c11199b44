"""Part of building the wheel: the catalogue is compiled into it, so that an installed bakeoff loads it at once."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledCatalog(BuildHookInterface):
    """Adds the compiled catalogue to a wheel. Editable installs compile it themselves whenever a file has changed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compiles the catalogue of this checkout; its mistakes fail the build."""
        if version == "editable":
            return
        sys.path.insert(0, str(Path(self.root, "src")))
        from bakeoff.catalog import load  # noqa: PLC0415 - the path has just been set

        self._folder = tempfile.TemporaryDirectory()
        for name, text in ((load.SNAPSHOT, load.compile_snapshot()), (load.RULES, load.compile_rules())):
            made = Path(self._folder.name, name)
            made.write_text(text, encoding="utf-8")
            build_data["force_include"][str(made)] = f"bakeoff/catalog/data/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - its contract
        """Removes the file made for the wheel."""
        if version != "editable":
            self._folder.cleanup()
