"""The cursor of export goes back, and what was told since is noted again: nothing else is undone.

Points are made anew and written over themselves, so that going back too far costs time alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from alerts.tables import from_micros, micros
from gateway import cursor
from gateway.export import told
from gateway.export.tables import CONSUMER, export_feed
from gateway.replay.past import first_seq_at
from gateway.schema.tables import cursors, journal


class RewindError(Exception):
    """It cannot be sent again; the message says what can."""


class Rewound(NamedTuple):
    """What is sent again."""

    from_seq: int  # where the cursor was
    to_seq: int  # where it is now: records after it are sent again
    rows_noted: int  # rows of tables that wait to be sent, these among them

    @property
    def records(self) -> int:
        """How many records that is, at most: some were removed since."""
        return self.from_seq - self.to_seq


class _Oldest(NamedTuple):
    """The first record that the journal still has."""

    seq: int
    at: datetime


def rewind_since(connection: Connection, now: datetime, since: datetime) -> Rewound:
    """Have all records of a time or later sent again. Raises `RewindError`.

    In the caller's transaction, on the writer thread.
    """
    before = _cursor(connection)
    oldest = _oldest(connection)
    if oldest is not None and oldest.seq > 1 and since < oldest.at:
        raise RewindError(_gone(oldest))
    return _go_back(connection, now, before, first_seq_at(connection, since) - 1, since)


def rewind_to(connection: Connection, now: datetime, first: int) -> Rewound:
    """Have all from this record on sent again. Raises `RewindError`.

    In the caller's transaction, on the writer thread.
    """
    before = _cursor(connection)
    if first > before:
        raise RewindError(f"record {first} is not exported yet: the cursor is at {before}")
    oldest = _oldest(connection)
    if oldest is None or first < oldest.seq:
        raise RewindError("the journal is empty" if oldest is None else _gone(oldest))
    at = connection.scalar(
        select(journal.c.recorded_at).where(journal.c.seq >= first).order_by(journal.c.seq).limit(1)
    )
    return _go_back(connection, now, before, first - 1, now if at is None else from_micros(at))


def _go_back(
    connection: Connection, now: datetime, before: int, wanted: int, since: datetime
) -> Rewound:
    after = min(before, wanted)
    if after < before:
        cursor.move(connection, CONSUMER, after, now)
    told.seed(connection, micros(since))
    noted = connection.scalar(select(func.count()).select_from(export_feed)) or 0
    return Rewound(before, after, int(noted))


def _cursor(connection: Connection) -> int:
    found = connection.scalar(select(cursors.c.seq).where(cursors.c.consumer == CONSUMER))
    if found is None:
        raise RewindError("nothing is exported: set influx.url, and restart the gateway")
    return int(found)


def _oldest(connection: Connection) -> _Oldest | None:
    row = connection.execute(
        select(journal.c.seq, journal.c.recorded_at).order_by(journal.c.seq).limit(1)
    ).first()
    return None if row is None else _Oldest(int(row.seq), from_micros(row.recorded_at))


def _gone(oldest: _Oldest) -> str:
    return (
        f"the journal has no more than records from {oldest.seq} on, since"
        f" {oldest.at:%Y-%m-%dT%H:%M:%S}+00:00: rewind with --to {oldest.seq}"
    )
