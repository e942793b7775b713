"""Who is the truth about homes: the homes file, or, once it was adopted, the registry."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select

from alerts.tables import from_micros, micros
from gateway.config import Config
from gateway.schema.tables import meta

ADOPTED: Final = "registry_adopted_at"
"""Key in `meta` of the time from which the homes file is read no more."""

MANAGED_BY_FILE: Final = (
    "homes are managed by {file}: edit that, or let `menshen registry adopt` take them over"
)


def adopted_at(connection: Connection) -> datetime | None:
    """Return since when the registry is the truth; None while a homes file is."""
    written = connection.scalar(select(meta.c.value).where(meta.c.key == ADOPTED))
    return None if written is None else from_micros(int(written))


def is_registry(connection: Connection, config: Config) -> bool:
    """Say whether the registry is the truth: it was adopted, or there is no homes file to read."""
    return not config.gateway.homes_file or adopted_at(connection) is not None


def is_registry_of(config: Config) -> bool:
    """Say the same of a gateway that may run or not, by its configuration and database."""
    if not config.gateway.homes_file:
        return True
    query = "SELECT value FROM meta WHERE key = ?"
    try:
        with closing(
            sqlite3.connect(f"{config.database_file.absolute().as_uri()}?mode=ro", uri=True)
        ) as one:
            return one.execute(query, (ADOPTED,)).fetchone() is not None
    except sqlite3.DatabaseError:
        return False


def adopt(connection: Connection, now: datetime) -> bool:
    """Make the registry the truth, with the tables as they are; say whether it was not before."""
    if adopted_at(connection) is not None:
        return False
    connection.execute(insert(meta).values(key=ADOPTED, value=str(micros(now))))
    return True
