"""How far each consumer of the journal has committed. Nothing here commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select, text

from alerts.store import upsert_sql
from alerts.tables import from_micros_or_none, micros
from gateway.schema.tables import cursors

_MOVE = text(upsert_sql(cursors))


def read(connection: Connection, consumer: str) -> int:
    """Return the last record that the consumer has committed, 0 before its first."""
    return int(connection.scalar(select(cursors.c.seq).where(cursors.c.consumer == consumer)) or 0)


def move(connection: Connection, consumer: str, seq: int, now: datetime) -> None:
    """Note that the consumer has everything up to `seq`."""
    connection.execute(_MOVE, {"consumer": consumer, "seq": seq, "moved_at": micros(now)})


def last_moved_at(connection: Connection) -> datetime | None:
    """Return the latest time at which any cursor moved: the gateway was alive then."""
    return from_micros_or_none(connection.scalar(select(func.max(cursors.c.moved_at))))
