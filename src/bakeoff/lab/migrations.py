"""The shape of the results database, one version after the other. A released step is never edited: add the next."""

from __future__ import annotations

import sqlite3

from bakeoff.base.errors import StoreError

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE campaigns (
            id TEXT PRIMARY KEY,
            request_key TEXT NOT NULL,
            workload TEXT NOT NULL,
            size TEXT NOT NULL,
            machine TEXT NOT NULL,
            started TEXT NOT NULL,
            finished TEXT,
            origin TEXT NOT NULL DEFAULT '',
            header TEXT NOT NULL,
            published TEXT
        )""",
        """CREATE TABLE runs (
            id TEXT PRIMARY KEY,
            campaign TEXT NOT NULL REFERENCES campaigns(id) ON DELETE CASCADE,
            position INTEGER NOT NULL,
            system TEXT NOT NULL,
            setting TEXT NOT NULL,
            outcome TEXT NOT NULL,
            facts TEXT NOT NULL,
            UNIQUE (campaign, position)
        )""",
        """CREATE TABLE launches (
            run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            facts TEXT NOT NULL,
            PRIMARY KEY (run, number)
        )""",
        """CREATE TABLE rounds (
            campaign TEXT NOT NULL REFERENCES campaigns(id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            facts TEXT NOT NULL,
            PRIMARY KEY (campaign, number)
        )""",
        """CREATE TABLE blocks (
            campaign TEXT NOT NULL REFERENCES campaigns(id) ON DELETE CASCADE,
            round INTEGER NOT NULL,
            position INTEGER NOT NULL,
            run TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
            launch INTEGER NOT NULL,
            step_s REAL NOT NULL,
            samples INTEGER NOT NULL,
            dirty INTEGER NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (campaign, round, position)
        )""",
        "CREATE INDEX campaigns_by_request ON campaigns (request_key, machine)",
        "CREATE INDEX blocks_by_run ON blocks (run)",
    ),
)
"""Statements that lead from each version to the next."""

VERSION = len(STEPS)
"""The version this program reads and writes."""


def migrate(connection: sqlite3.Connection, where: str) -> None:
    """Brings a database up to `VERSION`, in one transaction per step.

    Raises:
        StoreError: If it was written by a newer program; nothing is changed.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise StoreError(
            f"{where} has schema version {found}, this program reads up to {VERSION}",
            advice="upgrade bakeoff, or point BAKEOFF_HOME at another folder",
        )
    for number in range(found, VERSION):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for statement in STEPS[number]:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
