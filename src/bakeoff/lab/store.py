"""Where results are kept: one SQLite file, every sample in it, written a round at a time."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bakeoff.base.errors import InputError, StoreError, near
from bakeoff.base.records import dumps
from bakeoff.lab import migrations
from bakeoff.lab.cells import Campaign
from bakeoff.lab.guards import block_value
from bakeoff.lab.plain import loads
from bakeoff.lab.raw import BlockFacts, Header, LaunchFacts, Raw, RoundFacts, RunFacts, Samples

FILE = "results.sqlite"
"""Name of the database below bakeoff's home."""
RESUMABLE = timedelta(hours=24)
"""An interrupted campaign is continued within this time; later it stays as it is and a new one begins."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One campaign in a list."""

    id: str
    """Campaign id."""
    workload: str
    """Workload id."""
    size: str
    """Size."""
    machine: str
    """Machine id."""
    started: datetime
    """UTC."""
    finished: datetime | None
    """UTC; None when interrupted."""
    origin: str
    """Empty for campaigns of this machine's store, else where it was imported from."""
    arms: tuple[str, ...]
    """`system/setting` of every run with its outcome when that is not ok."""


class Store:
    """The results database. Opens (and brings up to date) the file on first use; use as a context manager or `close`.

    Args:
        path: The SQLite file; its folder is created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level=None, timeout=30)
            self._database.execute("PRAGMA foreign_keys = ON")
            self._database.execute("PRAGMA journal_mode = WAL")
            # A round must survive a killed process, not a power cut: WAL with NORMAL does, without an fsync a round.
            self._database.execute("PRAGMA synchronous = NORMAL")
            migrations.migrate(self._database, path.name)
        except (OSError, sqlite3.Error) as error:
            # SQLite calls a full disk an I/O error.
            advice = "make room (`bakeoff env prune`) or a folder you can write, or set BAKEOFF_HOME elsewhere"
            raise StoreError(f"cannot open the results in {path}: {error}", advice=advice) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    def begin(self, header: Header) -> None:
        """Records that a campaign has started."""
        with self._writing() as database:
            database.execute(
                "INSERT INTO campaigns (id, request_key, workload, size, machine, started, header)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    header.id,
                    header.request_key,
                    header.request.workload,
                    header.request.size,
                    header.machine.id,
                    header.started.isoformat(),
                    dumps(header),
                ),
            )

    def amend(self, header: Header) -> None:
        """Replaces what is true of a whole campaign, when more of it has become known."""
        with self._writing() as database:
            database.execute("UPDATE campaigns SET header = ? WHERE id = ?", (dumps(header), header.id))

    def put_run(self, campaign: str, position: int, facts: RunFacts) -> None:
        """Writes or replaces what is known of one cell."""
        with self._writing() as database:
            database.execute(
                "INSERT INTO runs (id, campaign, position, system, setting, outcome, facts)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome, facts = excluded.facts",
                (facts.id, campaign, position, facts.arm.system, facts.arm.setting, facts.outcome.value, dumps(facts)),
            )

    def put_launch(self, run: str, facts: LaunchFacts) -> None:
        """Writes what a launch showed before its first round."""
        with self._writing() as database:
            database.execute(
                "INSERT OR REPLACE INTO launches (run, number, facts) VALUES (?, ?, ?)",
                (run, facts.number, dumps(facts)),
            )

    def put_round(self, campaign: str, facts: RoundFacts, blocks: Sequence[BlockFacts]) -> None:
        """Writes one round with all its samples, entirely or not at all."""
        with self._writing() as database:
            database.execute("INSERT INTO rounds VALUES (?, ?, ?)", (campaign, facts.number, dumps(facts)))
            for block in blocks:
                value = block_value(block)
                row = (campaign, block.round, block.position, block.run, block.launch)
                database.execute(
                    "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row, value.step_s, value.samples, value.dirty, zlib.compress(dumps(block).encode(), 6)),
                )

    def publish(self, campaign: Campaign) -> None:
        """Writes what was concluded."""
        finished = campaign.finished.isoformat() if campaign.finished else None
        with self._writing() as database:
            database.execute(
                "UPDATE campaigns SET published = ?, finished = ? WHERE id = ?",
                (dumps(campaign), finished, campaign.id),
            )

    def insert(self, raw: Raw, published: Campaign, *, origin: str) -> None:
        """Writes a whole campaign that was measured elsewhere.

        Raises:
            StoreError: If a campaign of that id is here already.
        """
        if self._row("SELECT id FROM campaigns WHERE id = ?", raw.header.id):
            raise StoreError(f"campaign {raw.header.id} is in this store already", advice="nothing was changed")
        with self._writing():
            self.begin(raw.header)
            for position, run in enumerate(raw.runs):
                self.put_run(raw.header.id, position, run)
                for launch in raw.launches.get(run.id, ()):
                    self.put_launch(run.id, launch)
            for facts in raw.rounds:
                self.put_round(raw.header.id, facts, [block for block in raw.blocks if block.round == facts.number])
            self.publish(published)
            self._database.execute("UPDATE campaigns SET origin = ? WHERE id = ?", (origin, raw.header.id))

    def unfinished(self, request_key: str, *, now: datetime) -> str | None:
        """The newest interrupted campaign of a request that may still be continued."""
        row = self._row(
            "SELECT id FROM campaigns WHERE request_key = ? AND finished IS NULL AND origin = '' AND started > ?"
            " ORDER BY started DESC",
            request_key,
            (now - RESUMABLE).isoformat(),
        )
        return str(row[0]) if row else None

    def raw(self, campaign: str) -> Raw:
        """Everything stored of a campaign.

        Raises:
            InputError: If there is no such campaign.
        """
        identity = self.resolve(campaign)
        header, finished = self._must("SELECT header, finished FROM campaigns WHERE id = ?", identity)
        runs = [loads(RunFacts, text) for (text,) in self._rows(_RUNS, identity)]
        launches = {
            run.id: tuple(
                loads(LaunchFacts, text)
                for (text,) in self._rows("SELECT facts FROM launches WHERE run = ? ORDER BY number", run.id)
            )
            for run in runs
        }
        rounds = self._rows("SELECT facts FROM rounds WHERE campaign = ? ORDER BY number", identity)
        blocks = self._rows("SELECT data FROM blocks WHERE campaign = ? ORDER BY round, position", identity)
        return Raw(
            header=loads(Header, header),
            runs=tuple(runs),
            launches=launches,
            rounds=tuple(loads(RoundFacts, text) for (text,) in rounds),
            blocks=tuple(_block(data) for (data,) in blocks),
            finished=datetime.fromisoformat(finished) if finished else None,
        )

    def campaign(self, campaign: str) -> Campaign | None:
        """What was concluded of a campaign, None when it was interrupted before.

        Raises:
            InputError: If there is no such campaign.
        """
        (text,) = self._must("SELECT published FROM campaigns WHERE id = ?", self.resolve(campaign))
        return loads(Campaign, text) if text else None

    def origin(self, campaign: str) -> str:
        """Where a campaign was imported from; empty for one measured here."""
        return str(self._must("SELECT origin FROM campaigns WHERE id = ?", self.resolve(campaign))[0])

    def listed(self, *, workload: str = "") -> tuple[Listed, ...]:
        """Every campaign, newest first."""
        rows = self._rows(
            "SELECT id, workload, size, machine, started, finished, origin FROM campaigns"
            " WHERE ? = '' OR workload = ? ORDER BY started DESC, id",
            workload,
            workload,
        )
        result = []
        for identity, name, size, machine, started, finished, origin in rows:
            runs = self._rows(
                "SELECT system, setting, outcome FROM runs WHERE campaign = ? ORDER BY position", identity
            )
            arms = (f"{system}/{setting}{'' if what == 'ok' else f' ({what})'}" for system, setting, what in runs)
            when = datetime.fromisoformat(started), datetime.fromisoformat(finished) if finished else None
            result.append(Listed(identity, name, size, machine, *when, origin, tuple(arms)))
        return tuple(result)

    def campaigns(self, *, workload: str = "") -> tuple[Campaign, ...]:
        """What was concluded of every campaign, newest first."""
        found = (self.campaign(listed.id) for listed in self.listed(workload=workload))
        return tuple(campaign for campaign in found if campaign is not None)

    def resolve(self, name: str) -> str:
        """The campaign id of a campaign id, its beginning, or a run id.

        Raises:
            InputError: If nothing or several things have that name.
        """
        text = name.removeprefix("run:")
        run = self._row("SELECT campaign FROM runs WHERE id = ?", text)
        if run:
            return str(run[0])
        ids = [str(identity) for (identity,) in self._rows("SELECT id FROM campaigns ORDER BY started DESC")]
        if text in ids:
            return text
        matches = [identity for identity in ids if text and identity.startswith(text)]
        if len(matches) == 1:
            return matches[0]
        what = f"{len(matches)} campaigns begin with" if matches else "there is no campaign or run"
        known = f"known: {', '.join(ids[:5])}" if ids else "nothing was measured yet: `bakeoff measure`"
        raise InputError.one("results", "", f"{what} {name!r}", near(text, ids) or known)

    def remove(self, campaign: str) -> None:
        """Deletes a campaign with all its samples."""
        with self._writing() as database:
            database.execute("DELETE FROM campaigns WHERE id = ?", (self.resolve(campaign),))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, joined when there is one already. A full disk leaves the file as it was."""
        if self._database.in_transaction:
            yield self._database
            return
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield self._database
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            self._rollback()
            raise StoreError(f"cannot write results to {self.path}: {error}", advice="free some space") from error
        except BaseException:
            self._rollback()
            raise

    def _rollback(self) -> None:
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")

    def _row(self, statement: str, *values: str) -> tuple[Any, ...] | None:
        rows = self._rows(statement, *values)
        return rows[0] if rows else None

    def _must(self, statement: str, *values: str) -> tuple[Any, ...]:
        return self._rows(statement, *values)[0]

    def _rows(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the results in {self.path}: {error}") from error


def _block(data: bytes) -> BlockFacts:
    """A block from its blob; written out because there are thousands, and reading annotations costs more than this."""
    try:
        plain = json.loads(zlib.decompress(data))
        plain["samples"] = Samples(**{name: tuple(column) for name, column in plain["samples"].items()})
        plain["order"] = tuple(plain["order"])
        plain["first_ns"] = tuple(plain["first_ns"])
        return BlockFacts(**plain)
    except (ValueError, TypeError, KeyError, zlib.error) as error:
        raise StoreError(f"a stored block cannot be read: {error}") from error


_RUNS = "SELECT facts FROM runs WHERE campaign = ? ORDER BY position"
