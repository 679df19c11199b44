"""Prints the proof: `python -m tests.benchmarks [ROW…] [--full] [--save FILE]`. Wants a quiet machine."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import coverage, deciding, harness, hostile, identical, killed, process, race, wrong
from tests.benchmarks.setup import Setup
from tests.benchmarks.table import heading, lines, record

ROWS = {
    row.name: row
    for row in (
        race.ROW,
        *identical.ROWS,
        *harness.ROWS,
        *wrong.ROWS,
        coverage.ROW,
        killed.ROW,
        hostile.ROW,
        deciding.ROW,
        process.ROW,
    )
}


_CONDITIONS = {None: (False, True), "quiet": (False,), "loaded": (True,)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the rows asked for, all of them when none is; 1 when a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"any of: {', '.join(ROWS)}")
    parser.add_argument("--full", action="store_true", help="the counts of the proof: hours instead of minutes")
    parser.add_argument("--count", type=int, help="trials of races, identical programs and kills, whatever the mode")
    parser.add_argument("--where", choices=("quiet", "loaded"), help="only as it is, or only loaded on purpose")
    parser.add_argument("--save", type=Path, help="file to which every finding is added as a line of JSON")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.rows if name not in ROWS]
    if unknown:
        parser.error(f"no row is called {', '.join(unknown)}; there are {', '.join(ROWS)}")
    missed = 0
    with tempfile.TemporaryDirectory(prefix="bakeoff-bench-") as name:
        setup = Setup(Path(name), asked.full, _CONDITIONS[asked.where], asked.count)
        print(heading(full=asked.full, count=asked.count), flush=True)
        for row in [ROWS[name] for name in asked.rows] or ROWS.values():
            begin = time.monotonic()
            print(f"\n## {row.name}: {row.title}\n\n| figure | who | value | how | bar | |\n|---|---|---|---|---|---|")
            for finding in row.run(setup):
                print(lines(finding), flush=True)
                missed += finding.met is False
                if asked.save is not None:
                    with asked.save.open("a", encoding="utf-8") as stream:
                        stream.write(record(row.name, finding) + "\n")
            print(f"\nTook {time.monotonic() - begin:.0f} s: `{_command(asked, row.name)}`", flush=True)
    print(f"\nBars missed: {missed}")
    return 1 if missed else 0


def _command(asked: argparse.Namespace, row: str) -> str:
    """What prints this row again."""
    options = [
        *(["--full"] if asked.full else []),
        *([f"--count {asked.count}"] if asked.count else []),
        *([f"--where {asked.where}"] if asked.where else []),
    ]
    return " ".join(["python -m tests.benchmarks", row, *options])


if __name__ == "__main__":
    raise SystemExit(main())
