"""How far export has come: what is in InfluxDB leaves the tables, all of it in one commit.

A kill before the commit has the same points written once more, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from alerts.tables import from_micros_or_none, micros
from gateway import cursor, journal
from gateway.export.samples import forget as forget_samples
from gateway.export.tables import CONSUMER, export_feed, export_refused, samples
from gateway.export.tables import erasures as asked_erasures
from gateway.schema.tables import cursors
from gateway.schema.tables import journal as records

MOST_REFUSED: Final = 50_000
"""Refused lines that are kept (ours: 20 MB); the journal has what more of them were made of."""


@dataclass(frozen=True, slots=True)
class ExportStatus:
    """How export does."""

    is_configured: bool
    state: str = "catching_up"
    """up_to_date, catching_up, outage, unauthorized, not_found or refuses_all."""
    since: datetime | None = None  # it has been in this state
    detail: str = ""  # what InfluxDB said
    cursor_seq: int = 0
    journal_seq: int = 0
    feed_waiting: int = 0
    samples_waiting: int = 0
    oldest_waiting_at: datetime | None = None  # arrival of the first record that waits
    points_written: int = 0  # this and the following: since the start
    points_refused: int = 0
    points_too_old: int = 0
    passed_over: int = 0  # facts of nobody who is watched
    failures: int = 0  # of the exporter itself
    last_written_at: datetime | None = None
    erasures_pending: int = 0
    server_version: str = ""


class Kept(NamedTuple):
    """A line that InfluxDB refused, sealed."""

    bucket: str
    watch: str | None
    line: bytes
    why: str


class Position(NamedTuple):
    """What is in InfluxDB: everything up to these numbers."""

    seq: int = 0  # of the journal
    feed: int = 0
    sample: int = 0


class Waiting(NamedTuple):
    """What is not in InfluxDB."""

    journal_seq: int  # the last record there is
    rows: int
    samples: int
    erasures: int  # that are not proven
    since: datetime | None  # when the first record that waits arrived


def begin(connection: Connection, now: datetime) -> None:
    """Have everything exported, from the beginning, unless it is exported already."""
    if _has_cursor(connection):
        return
    from gateway.export import told

    cursor.move(connection, CONSUMER, 0, now)
    told.seed(connection)


def end(connection: Connection, now: datetime) -> None:
    """Have nothing noted any more, and nothing held back; once more changes nothing."""
    if not _has_cursor(connection):
        return
    from gateway.export import erasures

    erasures.leave(connection, now)
    connection.execute(delete(cursors).where(cursors.c.consumer == CONSUMER))
    for table in (export_feed, samples):
        connection.execute(delete(table))


def _has_cursor(connection: Connection) -> bool:
    found = select(cursors.c.seq).where(cursors.c.consumer == CONSUMER)
    return connection.scalar(found) is not None


def commit(
    connection: Connection, before: int, done: Position, refused: Sequence[Kept], now: datetime
) -> bool:
    """Take what is done out of the tables; False where the cursor is no more at `before`.

    Then somebody rewound it, and what was done is to be done again. In the caller's transaction.
    """
    moved = connection.execute(
        update(cursors)
        .where(cursors.c.consumer == CONSUMER, cursors.c.seq == before)
        .values(seq=done.seq, moved_at=micros(now))
    )
    if not moved.rowcount:
        return False
    connection.execute(delete(export_feed).where(export_feed.c.seq <= done.feed))
    forget_samples(connection, done.sample)
    if refused:
        room = max(0, MOST_REFUSED - _count(connection, export_refused.c.id > 0))
        rows = [{"at": micros(now), **each._asdict()} for each in refused[:room]]
        if rows:
            connection.execute(insert(export_refused), rows)
    return True


def waiting(connection: Connection, after: Position) -> Waiting:
    """Return what waits beyond a position."""
    newer = select(records.c.received_at).where(records.c.seq > after.seq)
    unproven = asked_erasures.c.proven_at.is_(None)
    return Waiting(
        journal_seq=journal.last_seq(connection),
        rows=_count(connection, export_feed.c.seq > after.feed),
        samples=_count(connection, samples.c.id > after.sample),
        erasures=_count(connection, unproven),
        since=from_micros_or_none(connection.scalar(newer.order_by(records.c.seq).limit(1))),
    )


def _count(connection: Connection, which: ColumnElement[bool]) -> int:
    return int(connection.scalar(select(func.count()).where(which)) or 0)
