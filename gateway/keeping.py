"""Keeps the database from growing without end, and from knowing longer than it may.

Old rows go a slice at a time, each in a commit of its own, between batches of intake. By age they
go only on a clock that can be believed. Where the disk runs low the oldest records of the journal
go before their time, and health says so; records that are not applied yet never go. Those that are
not exported yet go only where the disk is nearly full, or after three months: see
docs/adr/0026-alarms-before-history.md.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from selectors import BaseSelector
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import DBAPIError

from alerts.tables import micros
from gateway import cursor, journal, memories, pipeline
from gateway.config import LONGEST_DAYS
from gateway.db import driver_of
from gateway.export.tables import CONSUMER as EXPORT
from gateway.export.tables import samples
from gateway.piecework import Piecework
from gateway.retention import RECORDS, Retention

SLICE = 500
"""Rows looked at in one commit: 2 to 5 ms."""
PAUSE_S = 0.05
"""Between two slices: ten thousand rows a second, ten times what a flood of one device brings."""
LOOK_EVERY_S = 10.0
"""How often the room on the disk is looked at."""
ROUND_EVERY_S = 3600.0
"""How often all tables are walked through."""
FIRST_ROUND_S = 60.0
"""After the start, when there is other work."""
NEARLY_FULL = 4
"""The disk is nearly full where less than this part of the room is left that should be: then what
waits for InfluxDB goes too, before no text can be kept (ours)."""
SAMPLES_SLICE = 20
"""Samples deleted in one commit: each is up to 10 KB."""
LEAST_RECORDS = 100_000
"""The latest records, which even a full disk does not take: 15 MB, where others fill the rest of it
(ours; EN 50131 grade 4 asks for 1,000 events)."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept, and how long."""

    journal: timedelta
    records: timedelta
    room_bytes: int
    least_records: int = LEAST_RECORDS
    longest: timedelta = timedelta(days=LONGEST_DAYS)
    """No record is kept past this, exported or not."""


class Keeping:
    """The pump that deletes."""

    def __init__(
        self,
        limits: Limits,
        now: Callable[[], datetime],
        is_trusted: Callable[[], bool],
        free_bytes: Callable[[], int | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._now = now
        self._is_trusted = is_trusted
        self._free_bytes = free_bytes
        self._monotonic = monotonic
        self._work = Piecework(PAUSE_S, LOOK_EVERY_S, monotonic)
        self._next_round = monotonic() + FIRST_ROUND_S
        self._round: Iterator[None] | None = None
        self.shortened_at: datetime | None = None
        """When records last went before their time, because the disk ran low."""
        self.unexported_removed_at: datetime | None = None
        """When records or samples last went that InfluxDB does not have."""
        self.counts = {
            "journal_records_expired": 0,
            "journal_records_removed_for_room": 0,
            "journal_records_removed_unexported": 0,
            "samples_removed_unexported": 0,
            "other_records_expired": 0,
        }

    def unexported(self) -> tuple[int, datetime | None]:
        """Return how much went before it was exported, and when the last did."""
        records = self.counts["journal_records_removed_unexported"]
        return records + self.counts["samples_removed_unexported"], self.unexported_removed_at

    # ---- the pump ----

    def start(self, connection: Connection, selector: BaseSelector) -> None:
        """Nothing: the first look comes by itself."""

    def pump(self, connection: Connection) -> float:
        """Delete a slice where one is due; return the seconds until the next."""
        if (wait_s := self._work.wait_s()) > 0:
            return wait_s
        try:
            has_more = self._make_room(connection) or self._go_round(connection)
        except DBAPIError as error:
            # A disk that is full or gone: intake says so, and what is old is still old later.
            logger.warning("old records could not be deleted: %s", error.orig)
            self._round, has_more = None, False
        return self._work.go_on(has_more)

    def stop(self, connection: Connection) -> None:
        """Nothing: whatever was deleted is gone."""

    # ---- a disk that runs low ----

    def _make_room(self, connection: Connection) -> bool:
        """Delete the oldest records that are applied, if room is short; say whether any went."""
        free = self._free_bytes()
        if free is None:
            return False
        room = free + _reusable_bytes(connection)
        if room >= self._limits.room_bytes:
            return False
        with connection.begin():
            spare = journal.last_seq(connection) - self._limits.least_records
            through = min(spare, applied_to(connection))
            gone = journal.prune(connection, through, SLICE)
        if gone:
            self._shortened(gone)
            return True
        is_nearly_full = room < self._limits.room_bytes / NEARLY_FULL
        return is_nearly_full and self._sacrifice(connection, through)

    def _sacrifice(self, connection: Connection, through: int) -> bool:
        """Delete the oldest of what waits for InfluxDB, samples first; say whether any went."""
        oldest = select(samples.c.id).order_by(samples.c.id).limit(SAMPLES_SLICE)
        with connection.begin():
            dropped = connection.execute(delete(samples).where(samples.c.id.in_(oldest))).rowcount
            gone = 0 if dropped else journal.prune(connection, through, SLICE, but_for=EXPORT)
        if dropped:
            self._lost("samples_removed_unexported", dropped)
        if gone:
            self._lost("journal_records_removed_unexported", gone)
            self._shortened(gone)
        return dropped + gone > 0

    def _shortened(self, gone: int) -> None:
        if self.shortened_at is None:
            logger.error("the disk runs low: the oldest records go before their time")
        self.counts["journal_records_removed_for_room"] += gone
        self.shortened_at = self._now()

    def _lost(self, what: str, gone: int) -> None:
        if self.unexported_removed_at is None:
            logger.error("what was not exported goes: InfluxDB will never have it")
        self.counts[what] += gone
        self.unexported_removed_at = self._now()

    # ---- what is old ----

    def _go_round(self, connection: Connection) -> bool:
        """Take the next slice of a round, or begin one if it is time; say whether more is left."""
        if self._round is None:
            if self._monotonic() < self._next_round or not self._is_trusted():
                return False
            self._next_round = self._monotonic() + ROUND_EVERY_S
            self._round = self._slices(connection, self._now())
        for _ in self._round:
            return True
        self._round = None
        return False

    def _slices(self, connection: Connection, now: datetime) -> Iterator[None]:
        while self._expire_journal(connection, now):
            yield
        for retention in RECORDS:
            before = micros(now - (retention.kept or self._limits.records))
            after: Any = None
            while (after := self._expire(connection, retention, before, after)) is not None:
                yield

    def _expire_journal(self, connection: Connection, now: datetime) -> bool:
        """Delete a slice of what is too old; say whether there was any."""
        gone = self._expire_records(connection, now, self._limits.journal)
        if not gone:
            gone = self._expire_records(connection, now, self._limits.longest, but_for=EXPORT)
            if gone:
                self._lost("journal_records_removed_unexported", gone)
        self.counts["journal_records_expired"] += gone
        return gone > 0

    def _expire_records(
        self, connection: Connection, now: datetime, kept: timedelta, but_for: str = ""
    ) -> int:
        with connection.begin():
            through = journal.last_before(connection, micros(now - kept), micros(now), SLICE)
            through = min(through, applied_to(connection))
            return journal.prune(connection, through, SLICE, but_for)

    def _expire(
        self, connection: Connection, retention: Retention, before: int, after: Any
    ) -> Any | None:
        """Look at the rows after key `after`; return the last key seen, None at the end."""
        key = retention.key
        rows = select(key).order_by(key).limit(SLICE)
        with connection.begin():
            keys = list(connection.scalars(rows if after is None else rows.where(key > after)))
            if not keys:
                return None
            gone = connection.execute(
                delete(retention.table).where(
                    key.between(keys[0], keys[-1]), retention.goes(before)
                )
            ).rowcount
        self.counts["other_records_expired"] += gone
        return keys[-1]


def applied_to(connection: Connection) -> int:
    """Return the last record that neither the engine nor a start needs any more."""
    return min(
        cursor.read(connection, consumer) for consumer in (pipeline.CONSUMER, memories.CONSUMER)
    )


def free_bytes(directory: Path) -> int | None:
    """Return the free room of the disk that `directory` is on; None where it cannot be asked."""
    try:
        found = os.statvfs(directory)
    except OSError:
        return None
    return found.f_bavail * found.f_frsize


def _reusable_bytes(connection: Connection) -> int:
    """Return the room inside the database file: what is deleted makes the file no smaller."""
    driver = driver_of(connection)
    (pages,) = driver.execute("PRAGMA freelist_count").fetchone()
    (size,) = driver.execute("PRAGMA page_size").fetchone()
    return int(pages) * int(size)
