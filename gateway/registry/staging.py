"""A file of its own in which an import is put together before anything of the registry changes.

Its tables are those of the database, with the rows alone that are new or differ. What is personal
stands in it sealed under a key that is kept in memory and dies with the import. A staging file that
is left behind by a crash is of no use to anybody, and is removed at the next start.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Table

from gateway.registry.columns import Kind
from gateway.registry.tables import equipment, residents
from gateway.schema.tables import areas, buildings, contacts, devices, homes, orders, teams

TABLES: Final[tuple[Table, ...]] = (
    areas,
    buildings,
    teams,
    contacts,
    homes,
    orders,
    residents,
    devices,
    equipment,
)
"""Those whose rows are replaced by what is staged."""

_OTHERS = """
CREATE TABLE changes (kind, subject, change, fields, PRIMARY KEY (kind, subject));
CREATE TABLE owners (owner PRIMARY KEY);
CREATE TABLE rebound (before PRIMARY KEY, after);
CREATE TABLE unbound (device PRIMARY KEY);
CREATE TABLE resettled (watch PRIMARY KEY);
CREATE TABLE rehoused (watch PRIMARY KEY, building);
CREATE TABLE seen (subject PRIMARY KEY, row, digest) WITHOUT ROWID;
"""
"""`owners`: who need a key. `rebound`: watches that another follows. `unbound`: devices that hang
nowhere any more. `resettled`: watches whose residents are replaced. `rehoused`: those whose home is
in another building. `seen`: rows, to find those that stand twice."""

Row = dict[str, Any]


class Change(StrEnum):
    """What an entry does."""

    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REPEATED = "repeated"


class OneTimeSeal:
    """Seals what is staged. Whoever loses the key has lost what it sealed."""

    def __init__(self, key: bytes | None = None) -> None:
        self.key = key or secrets.token_bytes(32)
        self._cipher = AESGCM(self.key)

    def seal(self, text: str) -> bytes:
        """Encrypt a text."""
        nonce = secrets.token_bytes(12)
        return nonce + self._cipher.encrypt(nonce, text.encode(), None)

    def unseal(self, blob: bytes) -> str:
        """Return what was sealed."""
        return self._cipher.decrypt(blob[:12], blob[12:], None).decode()


class Staging:
    """A staging file that is being written. Use it in a `with`: it is complete when that ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch(0o600)
        self.connection = sqlite3.connect(path, isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = OFF")
        self.connection.execute("PRAGMA synchronous = OFF")  # after a crash it is thrown away
        for table in TABLES:
            columns = ", ".join(f'"{column.name}"' for column in table.columns)
            (key,) = table.primary_key.columns
            self.connection.execute(
                f'CREATE TABLE {table.name} ({columns}, PRIMARY KEY ("{key.name}"))'
            )
        self.connection.executescript(_OTHERS)
        self.connection.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.connection.execute("COMMIT")
        self.connection.close()

    def put(self, table: Table, row: Row) -> None:
        """Stage a row as it is to be."""
        statement, names = _PUT[table.name]
        self.connection.execute(statement, [row[name] for name in names])

    def add(self, table: str, *values: object) -> None:
        """Put a row into one of the tables that are the import's own."""
        marks = ", ".join("?" * len(values))
        self.connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", values)  # noqa: S608 - our own name

    def note_once(self, subject: str, row: int, digest: int) -> tuple[int, int] | None:
        """Note an entry by its key; of one that was noted before, return row and digest."""
        noted = self.connection.execute(
            "INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", (subject, row, digest)
        )
        if noted.rowcount:
            return None
        query = "SELECT row, digest FROM seen WHERE subject = ?"
        before: tuple[int, int] = self.connection.execute(query, (subject,)).fetchone()
        return before


def find(connection: sqlite3.Connection, table: Table, value: str) -> Row | None:
    """Return one row by its key; None where there is none."""
    row = connection.execute(_FIND[table.name], (value,)).fetchone()
    return row and dict(zip(_PUT[table.name][1], row, strict=True))


def _put(table: Table) -> tuple[str, tuple[str, ...]]:
    names = tuple(column.name for column in table.columns)
    marks = ", ".join("?" * len(names))
    return f"INSERT OR REPLACE INTO {table.name} VALUES ({marks})", names  # noqa: S608 - our own name


def _find(table: Table) -> str:
    (key,) = table.primary_key.columns
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f'SELECT {names} FROM {table.name} WHERE "{key.name}" = ?'  # noqa: S608 - our own names


_PUT: Final = {table.name: _put(table) for table in TABLES}
_FIND: Final = {table.name: _find(table) for table in TABLES}


class Known:
    """What the registry says, with what is staged over it."""

    def __init__(
        self, reader: sqlite3.Connection, staging: Staging, *, is_apart: bool = False
    ) -> None:
        """`is_apart`: no entry needs what one before it staged, so nobody looks for that."""
        self.reader = reader
        self.staging = staging
        self._is_apart = is_apart
        self._there: dict[tuple[str, str], bool] = {}
        self._noted: tuple[str, str, Change, tuple[str, ...]] | None = None

    def row(self, table: Table, value: str) -> Row | None:
        """Return a row as it is to be so far."""
        staged = None if self._is_apart else find(self.staging.connection, table, value)
        return staged or find(self.reader, table, value)

    def has(self, table: Table, value: str) -> bool:
        """Say whether an area, building or team is there; remembered, for lists that repeat it."""
        known = (table.name, value)
        if known not in self._there:
            self._there[known] = self.row(table, value) is not None
        return self._there[known]

    def stage(self, table: Table, row: Row, kind: str, subject: str) -> Change:
        """Stage a row, if it is new or differs, and note what changed."""
        (key,) = table.primary_key.columns
        before = self.row(table, row[key.name])
        fields = differing(before, row)
        if before is not None and not fields:
            return Change.UNCHANGED
        self.staging.put(table, row)
        change = Change.NEW if before is None else Change.UPDATED
        self.note(kind, subject, change, fields)
        return change

    def note(self, kind: str, subject: str, change: Change, fields: tuple[str, ...]) -> None:
        """Note for the history that something is entered or changed."""
        if self._noted and self._noted[:2] == (kind, subject):  # of the same entry, a moment ago
            fields = tuple(sorted({*self._noted[3], *fields}))
            change = self._noted[2] if self._noted[2] is Change.NEW else change
        self._noted = (kind, subject, change, fields)
        said = "entered" if change is Change.NEW else "changed"
        names = "" if change is Change.NEW else ",".join(fields)
        self.staging.add("changes", kind, subject, said, names)


def differing(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of what differs, in order."""
    if before is None:
        return tuple(sorted(after))
    return tuple(sorted(name for name, value in after.items() if before[name] != value))


def remove_left_over(directory: Path) -> None:
    """Remove what imports of an earlier life left behind."""
    if directory.is_dir():
        for path in directory.iterdir():
            with suppress(OSError):
                path.unlink()


WHAT = {
    Kind.AREAS: "area",
    Kind.BUILDINGS: "building",
    Kind.TEAMS: "member",
    Kind.HOMES: "home",
    Kind.DEVICES: "device",
}
"""What an entry of a list is called in the history."""
