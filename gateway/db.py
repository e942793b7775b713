"""One database file: brought up to date at start, written by one connection, read by many.

A file that is damaged, newer than this program, or in use by another gateway is refused by name,
with what to do. Every write transaction begins IMMEDIATE and is on the disk when it has committed.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool, StaticPool

HEAD = "0008"
"""The newest version in `gateway/schema/versions`."""

LOOK_FOR_DAMAGE_S = 1.0
"""The check at start takes no longer than this; a large database is looked at in part."""

BUSY_MS = 5000
"""How long a statement waits for another process that has the file (a backup, a look at it)."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit is on the disk, not in the system's memory
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {BUSY_MS}",
    # 4 MB: pages that many commits touch (cursor, end of the journal) are written back once, and
    # no commit has to wait long for it on a slow card.
    "PRAGMA wal_autocheckpoint = 1000",
    "PRAGMA journal_size_limit = 33554432",
    "PRAGMA temp_store = MEMORY",
    # What is deleted from a page that is written anyway is zeroed. A release, which must leave
    # nothing, has freed pages zeroed too (`overwriting`): for all rows it would double the writes.
    "PRAGMA secure_delete = FAST",
)


class DatabaseError(Exception):
    """The database cannot be used; the message says why and what to do."""


class Database:
    """The gateway's database."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = _engine(self._connect_writer, "BEGIN IMMEDIATE", StaticPool)
        self._reading = _engine(self._connect_reader, "BEGIN", QueuePool)
        self._lock: int | None = None

    def migrate(self) -> None:
        """Create the file, or bring it up to date. Raises `DatabaseError`."""
        is_new = not self.path.exists()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._take_lock()
            with self.writer() as connection:
                if not is_new:
                    self._look_for_damage(connection)
                version = _version(connection)
                if version != HEAD:
                    self._upgrade(connection, version)
        except (sqlite3.DatabaseError, OSError) as error:
            raise self._unusable(error) from error
        except Exception as error:
            # SQLAlchemy wraps what the driver raises.
            if isinstance(cause := getattr(error, "orig", None), sqlite3.DatabaseError):
                raise self._unusable(cause) from error
            raise
        if is_new:
            self.path.chmod(0o600)

    def writer(self) -> Connection:
        """Return the one writing connection; only its thread may use it."""
        return self._writing.connect()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a read-only connection on one snapshot; from any thread."""
        with self._reading.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._reading.dispose()
        self._writing.dispose()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _connect_writer(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        for pragma in _PRAGMAS:
            connection.execute(pragma)
        return connection

    def _connect_reader(self) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=ro",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )

    def _take_lock(self) -> None:
        """Two gateways on one database would both answer for the same homes."""
        if self._lock is not None:
            return
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise DatabaseError(
                f"{self.path}: another gateway is running on it; stop that one, "
                "or give this one a data_dir of its own"
            ) from None
        self._lock = lock

    def _look_for_damage(self, connection: Connection) -> None:
        driver = driver_of(connection)
        until = time.monotonic() + LOOK_FOR_DAMAGE_S
        driver.set_progress_handler(lambda: time.monotonic() > until, 10_000)
        try:
            found = driver.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return
        finally:
            driver.set_progress_handler(None, 0)
        if found != "ok":
            raise sqlite3.DatabaseError(found)

    def _upgrade(self, connection: Connection, version: str | None) -> None:
        # Alembic takes 0.2 s to import, and most starts need none of it.
        from gateway.schema.upgrade import known_versions, upgrade

        if version is not None and version not in known_versions():
            raise DatabaseError(
                f"{self.path}: written by a newer Menshen (schema {version}, this one knows "
                f"{HEAD}); install that version again, or restore the backup from before it"
            )
        upgrade(connection)

    def _unusable(self, error: Exception) -> DatabaseError:
        code = getattr(error, "sqlite_errorcode", None)
        if isinstance(error, OSError) or code in (
            sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_READONLY,
            sqlite3.SQLITE_FULL,
        ):
            return DatabaseError(
                f"{self.path}: cannot be written: {error}; check the disk's free space and "
                "that this user owns the directory"
            )
        return DatabaseError(
            f"{self.path}: the database is damaged ({error}); stop here, keep the file for "
            "examination, and restore the latest backup or move it away to begin anew"
        )


def is_current(path: Path) -> bool:
    """Say whether a database is there and of this version; a damaged one is not."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            found = opened.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        return False
    return found is not None and found[0] == HEAD


@contextmanager
def overwriting(connection: Connection) -> Iterator[None]:
    """Have all that is deleted within zeroed in the file. Outside of a transaction."""
    driver = driver_of(connection)
    driver.execute("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        driver.execute("PRAGMA secure_delete = FAST")


def empty_log(connection: Connection) -> bool:
    """Empty the write-ahead log, which has pages as they were; say whether nobody was in the way.

    Outside of a transaction. It waits for nobody.
    """
    driver = driver_of(connection)
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        (is_busy, _, _) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        driver.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    return not is_busy


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the driver's own connection, for what must be as fast as it goes."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _engine(
    connect: Callable[[], sqlite3.Connection],
    begin: str,
    pool: type[QueuePool | StaticPool],
) -> Engine:
    engine = create_engine(
        "sqlite+pysqlite://", creator=connect, poolclass=pool, hide_parameters=True
    )

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        # The driver is told to leave transactions alone: it would begin them late and deferred.
        connection.exec_driver_sql(begin)

    return engine


def _version(connection: Connection) -> str | None:
    driver = driver_of(connection)
    named = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
    if driver.execute(named).fetchone() is None:
        return None
    row = driver.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])
