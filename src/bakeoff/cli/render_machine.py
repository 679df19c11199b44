"""The machine and what bakeoff keeps on it, on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from bakeoff.api.answers import Environments
from bakeoff.base.quantity import show_bytes, show_seconds
from bakeoff.cli.screen import Cell, line, pairs, table
from bakeoff.isolate.doctor import Doctor, Health

_SIGNS = {
    Health.GOOD: Text("✓", style="green"),
    Health.NOTE: Text("·", style="yellow"),
    Health.BAD: Text("✗", style="red"),
}


def doctor(record: Doctor, out: Console) -> None:
    """Everything looked at, with advice where something can be done."""
    rows: list[list[Cell]] = [
        [_SIGNS[one.health], one.name, Text.assemble(one.found, (f"\n{one.advice}" if one.advice else "", "dim"))]
        for one in record.checks
    ]
    table(out, ["", "what", "found"], rows)


def environments(record: Environments, out: Console) -> None:
    """Environments on disk."""
    rows = [
        [one.name, one.python, str(one.packages), show_bytes(one.bytes), show_seconds(one.built_s), one.key]
        for one in record.environments
    ]
    table(out, ["system", "python", "packages", "size", "built in", "key"], rows, right="packages size")
    if not rows:
        line(out, "No environment is built yet; `bakeoff measure` builds what it needs.")


def sizes(record: Environments, out: Console) -> None:
    """How much disk each kind of state takes."""
    parts = {one.name: show_bytes(one.bytes) for one in sorted(record.environments, key=lambda one: -one.bytes)}
    whole = {"all environments": show_bytes(record.environments_bytes), "results": show_bytes(record.results_bytes)}
    pairs(out, {**parts, **whole, "in": record.home})


def pruned(record: Environments, out: Console) -> None:
    """What was removed and what is left."""
    out.print(Text(f"removed {len(record.removed)} environments; {show_bytes(record.environments_bytes)} left"))
