"""Makes what was staged the truth: sealed for good beforehand, switched in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from alerts.tables import micros
from gateway.db import driver_of
from gateway.privacy import KeyStore, team_owner
from gateway.registry.history import follow_bindings
from gateway.registry.staging import TABLES, OneTimeSeal
from gateway.schema.tables import orders

SLICE: Final = 500
"""Rows sealed between two chances for other threads."""

_PERSONAL: Final[tuple[tuple[str, str, str, Callable[[str], str]], ...]] = (
    ("contacts", "sealed", "team", team_owner),
    ("orders", "sealed_home", "watch", str),
    ("residents", "sealed", "watch", str),
)
"""Table, sealed column, whose it is, and the owner of the key for that."""

_CONFLICT = """
SELECT count(*) FROM main.registry_changes AS now WHERE now.id > ? AND EXISTS (
  SELECT 1 FROM staged.changes WHERE kind = now.kind AND subject = now.subject)
"""
_ORDERS = """
INSERT INTO main.orders SELECT * FROM staged.orders WHERE true ON CONFLICT (watch) DO UPDATE SET
  starts_at = excluded.starts_at, ends_at = excluded.ends_at,
  notice_served_at = excluded.notice_served_at,
  state = CASE excluded.state WHEN '' THEN orders.state ELSE excluded.state END
"""
_BEFORE = (
    "DELETE FROM main.residents WHERE watch IN (SELECT watch FROM staged.resettled)",
    "DELETE FROM main.devices WHERE id IN (SELECT device FROM staged.unbound)",
)
_AFTER = (
    """UPDATE main.orders SET state = 'released'
       WHERE watch IN (SELECT before FROM staged.rebound)""",
    """UPDATE main.devices SET watch = (
         SELECT after FROM staged.rebound WHERE before = devices.watch)
       WHERE watch IN (SELECT before FROM staged.rebound)""",
    """UPDATE main.devices SET building = (
         SELECT building FROM staged.rehoused WHERE watch = devices.watch)
       WHERE watch IN (SELECT watch FROM staged.rehoused)""",
)
_TOUCHED: Final = "temp.registry_touched"
_TOUCH = """
INSERT OR IGNORE INTO temp.registry_touched
SELECT id FROM staged.devices UNION SELECT device FROM staged.unbound
UNION SELECT id FROM main.devices WHERE watch IN (
  SELECT after FROM staged.rebound UNION SELECT watch FROM staged.rehoused)
"""
_CHANGES = """
INSERT INTO main.registry_changes (at, actor, kind, subject, change, fields)
SELECT ?, ?, kind, subject, change, fields FROM staged.changes
"""


class ConflictError(Exception):
    """Something that was staged has been changed by somebody else meanwhile."""


def seal_for_good(path: Path, keys: KeyStore, seal: OneTimeSeal) -> None:
    """Give everybody new a key, and seal what is staged under it. From any thread."""
    with closing(sqlite3.connect(path, isolation_level=None)) as staged:
        staged.execute("PRAGMA journal_mode = OFF")
        staged.execute("PRAGMA synchronous = OFF")
        keys.ensure(owner for (owner,) in staged.execute("SELECT owner FROM owners"))
        for table, sealed, of, owner in _PERSONAL:
            query = f"SELECT rowid, {sealed}, {of} FROM {table} WHERE rowid > ? LIMIT {SLICE}"  # noqa: S608 - our own names
            change = f"UPDATE {table} SET {sealed} = ? WHERE rowid = ?"  # noqa: S608 - our own names
            last = 0
            while rows := staged.execute(query, (last,)).fetchall():
                anew = [(keys.seal(owner(of), seal.unseal(blob)), row) for row, blob, of in rows]
                with _transaction(staged):
                    staged.executemany(change, anew)
                last = rows[-1][0]


def switch(connection: Connection, path: Path, snapshot: int, actor: str, now: datetime) -> None:
    """Take over what is staged. On the writer thread, in no transaction.

    Raises `ConflictError` where it is to be staged again, with nothing changed.
    """
    driver = driver_of(connection)
    driver.execute("ATTACH DATABASE ? AS staged", (str(path),))
    try:
        driver.execute(f"CREATE TABLE IF NOT EXISTS {_TOUCHED} (device PRIMARY KEY)")
        with connection.begin():
            if driver.execute(_CONFLICT, (snapshot,)).fetchone()[0]:
                raise ConflictError
            _take_over(connection, driver, actor, now)
    finally:
        driver.execute("DETACH DATABASE staged")


def _take_over(
    connection: Connection, driver: sqlite3.Connection, actor: str, now: datetime
) -> None:
    for statement in _BEFORE:
        driver.execute(statement)
    for table in TABLES:
        columns = ", ".join(f'"{column.name}"' for column in table.columns)
        driver.execute(
            _ORDERS
            if table is orders
            else f"INSERT OR REPLACE INTO main.{table.name} ({columns})"  # noqa: S608 - our own names
            f" SELECT {columns} FROM staged.{table.name}"
        )
    for statement in _AFTER:
        driver.execute(statement)
    driver.execute(f"DELETE FROM {_TOUCHED}")  # noqa: S608 - our own name
    driver.execute(_TOUCH)
    follow_bindings(connection, now, _TOUCHED)
    driver.execute(_CHANGES, (micros(now), actor))


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    yield
    connection.execute("COMMIT")
