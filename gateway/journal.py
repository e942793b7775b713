"""The append-only account of what arrived: raw bytes, three times, and why what was not understood.

A record's number grows by one and is never used again. Nothing here commits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select

from gateway.schema.tables import cursors, journal

_APPEND = (
    "INSERT INTO journal (seq, recorded_at, received_at, observed_at, topic, payload, retained,"
    " device, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Row(NamedTuple):
    """What is to be journalled of one message. Times in microseconds since 1970 UTC."""

    received_at: int
    observed_at: int | None
    topic: str
    payload: bytes
    retained: bool
    device: str | None
    reason: str | None  # why it could not be read


class Record(NamedTuple):
    """One row of the journal. Times in microseconds since 1970 UTC."""

    seq: int
    recorded_at: int
    received_at: int
    observed_at: int | None
    topic: str
    payload: bytes
    retained: bool
    device: str | None
    reason: str | None


def append(connection: Connection, first_seq: int, recorded_at: int, rows: Sequence[Row]) -> None:
    """Write rows as the records from `first_seq` on.

    As plain SQL and tuples, for the driver: a compiled insert would cost as much again.
    """
    connection.exec_driver_sql(
        _APPEND, [(seq, recorded_at, *row) for seq, row in enumerate(rows, first_seq)]
    )


def read(connection: Connection, after: int, limit: int) -> list[Record]:
    """Return up to `limit` records after `after`, in order."""
    rows = connection.execute(
        select(journal).where(journal.c.seq > after).order_by(journal.c.seq).limit(limit)
    )
    return [Record(*row) for row in rows]


def read_all(connection: Connection, after: int, until: int) -> Iterator[Record]:
    """Yield the records after `after` up to and including `until`."""
    while after < until:
        records = read(connection, after, min(2000, until - after))
        if not records:
            return
        yield from records
        after = records[-1].seq


def last_seq(connection: Connection) -> int:
    """Return the number of the latest record ever, 0 before the first; pruned ones count."""
    written = connection.scalar(select(func.max(journal.c.seq))) or 0
    consumed = connection.scalar(select(func.max(cursors.c.seq))) or 0
    return max(int(written), int(consumed))


def watermark(connection: Connection, but_for: str = "") -> int:
    """Return the lowest cursor: nothing above it may be pruned. `but_for`: a consumer left out."""
    others = select(func.min(cursors.c.seq)).where(cursors.c.consumer != but_for)
    return int(connection.scalar(others) or 0)


def last_before(connection: Connection, before: int, now: int, limit: int) -> int:
    """Return the last of the oldest `limit` records that was written before `before`, else 0.

    Times in microseconds since 1970 UTC. Records of a clock that was ahead, later than `now`, are
    as old as what surrounds them.
    """
    dated = connection.execute(
        select(journal.c.seq, journal.c.recorded_at)
        .where(journal.c.recorded_at <= now)
        .order_by(journal.c.seq)
        .limit(limit)
    )
    return max((seq for seq, recorded_at in dated if recorded_at < before), default=0)


def prune(connection: Connection, through: int, limit: int, but_for: str = "") -> int:
    """Delete up to `limit` of the oldest records up to `through`; return how many went.

    Whatever `through` says, nothing above the watermark goes; `but_for` as there.
    """
    oldest = connection.scalar(select(func.min(journal.c.seq)))
    if oldest is None:
        return 0
    last = min(through, watermark(connection, but_for), int(oldest) + limit - 1)
    return connection.execute(delete(journal).where(journal.c.seq <= last)).rowcount
