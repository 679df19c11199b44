"""The catalogue for other programs and readers: JSON that reads back, CSV with a row per source, Markdown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from bakeoff.base.errors import InputError, unknown_name
from bakeoff.base.records import from_plain, to_plain
from bakeoff.catalog.build import scope_text
from bakeoff.catalog.coverage import kind_of
from bakeoff.catalog.model import Answer, Axis, Catalog, Claim, Layer, Property, System

SCHEMA = 1
"""Version of the JSON export."""
FORMATS = ("json", "csv", "md")
"""What can be written."""
_COLUMNS = (
    "claim",
    "system",
    "layer",
    "property",
    "object",
    "via",
    "scope",
    "value",
    "note",
    "inherited_from",
    "kind",
    "source",
    "observed",
    "read",
    "says",
    "superseded",
    "by_vendor",
)


def export(catalog: Catalog, form: str) -> str:
    """The text of the catalogue in one of `FORMATS`.

    Raises:
        InputError: If the format is unknown.
    """
    writers = {"json": _json, "csv": _csv, "md": _markdown}
    if form not in writers:
        raise InputError([unknown_name("option", "format", form, FORMATS, what="format")])
    return writers[form](catalog)


def read_export(path: Path) -> Catalog:
    """The catalogue of a JSON export.

    Raises:
        InputError: If the file is no such export, or of another version.
    """
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(plain, Mapping) or plain.get("schema") != SCHEMA:
            raise InputError.one(str(path), "schema", "is no export of this version of bakeoff", "export it again")
        systems = [from_plain(System, item) for item in plain["systems"]]
        properties = [from_plain(Property, item) for item in plain["properties"]]
        return Catalog(
            systems={item.id: item for item in systems},
            aliases=plain["aliases"],
            properties={item.id: item for item in properties},
            axes=tuple(from_plain(Axis, item) for item in plain["axes"]),
            constants=plain["constants"],
            snapshot=date.fromisoformat(plain["snapshot"]),
            version=plain["version"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError.one(str(path), "", f"cannot be read as an export: {error}", "export it again") from error


def _json(catalog: Catalog) -> str:
    plain = {
        "schema": SCHEMA,
        "version": catalog.version,
        "snapshot": catalog.snapshot.isoformat(),
        "systems": [to_plain(system) for system in catalog.systems.values()],
        "aliases": dict(catalog.aliases),
        "properties": [to_plain(item) for item in catalog.properties.values()],
        "axes": [to_plain(axis) for axis in catalog.axes],
        "constants": dict(catalog.constants),
    }
    return json.dumps(plain, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _csv(catalog: Catalog) -> str:
    """One row per piece of evidence; a claim without evidence has one row with empty columns."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for system in catalog.systems.values():
        for claim in system.claims:
            head = [
                claim.id,
                system.id,
                system.layers[0].value,
                claim.property,
                claim.object or "",
                claim.via or "",
                scope_text(claim.scope),
                _shown(claim),
                claim.note,
                claim.inherited_from or "",
            ]
            for item in claim.evidence:
                days = [item.observed.isoformat(), item.read.isoformat()]
                marks = ["yes" if item.superseded else "", "yes" if item.by_vendor else ""]
                writer.writerow([*head, item.kind.value, item.source, *days, item.says, *marks])
            if not claim.evidence:
                writer.writerow([*head, *[""] * (len(_COLUMNS) - len(head))])
    return stream.getvalue()


def _markdown(catalog: Catalog) -> str:
    lines = ["# The catalogue", "", f"Registry facts as of {catalog.snapshot.isoformat()}.", ""]
    for layer in Layer:
        systems = [system for system in catalog.layer(layer) if system.layers[0] is layer]
        if systems:
            lines += [f"## {layer.value.capitalize()}", ""]
            for system in systems:
                lines += [*_system(system), ""]
    return "\n".join(lines)


def _system(system: System) -> list[str]:
    facts = [system.lifecycle.status.value, system.licence or "licence unknown"]
    lines = [f"### {system.name} (`{system.id}`)", "", f"{system.summary} ({', '.join(facts)})".strip(), ""]
    lines += ["| claim | value | where | how we know |", "|---|---|---|---|"]
    for claim in system.claims:
        about = " ".join(part for part in (claim.property, claim.via, claim.object) if part)
        scope = scope_text(claim.scope) or "everywhere"
        newest = max((item.observed for item in claim.evidence if not item.superseded), default=None)
        known = f"{kind_of(claim)}, {newest.isoformat()}" if newest else kind_of(claim)
        lines.append(f"| {about} | {_cell(_shown(claim))} | {_cell(scope)} | {known} |")
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _shown(claim: Claim) -> str:
    return claim.value.value if isinstance(claim.value, Answer) else str(claim.value)
