"""The journal and the tables beside InfluxDB, day by day (UTC): whatever one has the other has.

What should be there is made anew by the code that exports, from the records that the cursor has
passed; what is there is counted by InfluxDB. Reads only, in short transactions, so that a running
gateway does not notice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Column, Connection, Table, select

from alerts.tables import attempts, incidents, micros, notices, transitions
from gateway import cursor, journal
from gateway.db import Database
from gateway.export import erasures, facts, told
from gateway.export.directory import Directory
from gateway.export.influx import Influx
from gateway.export.schema import (
    ATTEMPT,
    INCIDENT,
    NOTICE,
    OBSERVATION,
    TRANSITION,
    Measurement,
    Points,
)
from gateway.export.tables import CONSUMER, export_feed
from gateway.memories import Decode
from gateway.replay.past import first_seq_at

A_DAY = timedelta(days=1)
_DAY_NS = 86_400 * 10**9
_DAY_US = 86_400 * 10**6
_AT_ONCE = 2_000
_ROWS_AT_ONCE = 500
SETTLED_AFTER = timedelta(minutes=1)
"""What was told within it may still be on its way to the disk, and is left for the next time."""
_OUTLIVE_A_RELEASE = frozenset({ATTEMPT.name})
"""Points that lead to nobody and stay, where their rows go with the home they were about."""
_POINT = re.compile(rb"((?:\\.|[^ \\])+) .* (-?\d+)\Z", re.DOTALL)


class Verdict(StrEnum):
    """How a day is."""

    SAME = "same"
    LACKS = "lacks"  # InfluxDB has fewer points
    MORE = "more"  # InfluxDB has more
    WAITING = "waiting"  # not all of it is exported yet: there may be fewer


class Compared(NamedTuple):
    """One day of one measurement."""

    day: date
    measurement: str
    here: int  # points that the journal and the tables make
    there: int  # points that InfluxDB has
    waiting: int  # records or rows of that day that are not exported yet

    @property
    def verdict(self) -> Verdict:
        """Judge it. Of the journal what is not exported yet is not counted, on either side."""
        if self.here == self.there:
            return Verdict.WAITING if self.waiting else Verdict.SAME
        if self.waiting and self.measurement != OBSERVATION.name:
            return Verdict.WAITING
        if self.there < self.here:
            return Verdict.LACKS
        return Verdict.SAME if self.measurement in _OUTLIVE_A_RELEASE else Verdict.MORE


@dataclass(frozen=True, slots=True)
class Sources:
    """What is compared with InfluxDB."""

    database: Database
    directory: Directory
    decode: Decode
    gateway: str
    prices_fen: dict[str, float]
    keeps: timedelta  # how long both sides have what was told


class _Told(NamedTuple):
    """A table whose rows are points, and what counts them there."""

    measurement: Measurement
    table: Table
    key: Column[str] | Column[int]
    counted: str  # a field that each point has


_TOLD = (
    _Told(INCIDENT, incidents, incidents.c.id, "id"),
    _Told(TRANSITION, transitions, transitions.c.id, "incident"),
    _Told(NOTICE, notices, notices.c.id, "count"),
    _Told(ATTEMPT, attempts, attempts.c.id, "outcome"),
)


@dataclass(slots=True)
class _Days:
    """What was counted, by day since 1970."""

    here: Counter[int] = field(default_factory=Counter)
    waiting: Counter[int] = field(default_factory=Counter)


def compare(sources: Sources, influx: Influx, since: datetime, now: datetime) -> Iterator[Compared]:
    """Yield each day of each measurement. Raises `InfluxError` where it cannot be asked."""
    first_day, last_day = _day_of(micros(since)), _day_of(micros(now))
    days = range(first_day, last_day + 1)
    yield from _observations(sources, influx, days)
    told_from = max(first_day, _day_of(micros(now - sources.keeps)) + 1)
    for each in _TOLD:
        yield from _rows(sources, influx, each, range(told_from, last_day + 1), now)


# ---- the journal ----


def _observations(sources: Sources, influx: Influx, days: range) -> Iterator[Compared]:
    with sources.database.read() as connection:
        passed = cursor.read(connection, CONSUMER)
        last = journal.last_seq(connection)
        first = first_seq_at(connection, _beginning(days.start))
        left_out = _but_released(connection)
    counted = _Days()
    for batch in _records(sources.database, first - 1, passed):
        made = facts.points(batch, sources.directory, sources.decode).points
        counted.here.update(_days_of(made, OBSERVATION))
    for batch in _records(sources.database, max(passed, first - 1), last):
        counted.waiting.update(_day_of(record.received_at) for record in batch)
    bounds = f'"seq" >= {first} AND "seq" <= {passed}'
    for day in days:
        there = _count(influx, OBSERVATION, "seq", day, (bounds, *left_out))
        yield _compared(day, OBSERVATION, counted, there)


def _records(database: Database, after: int, until: int) -> Iterator[list[journal.Record]]:
    """Yield the records, each batch in a transaction of its own: the log is held by none."""
    while after < until:
        with database.read() as connection:
            batch = journal.read(connection, after, min(_AT_ONCE, until - after))
        if not batch:
            return
        after = batch[-1].seq
        yield batch


# ---- the tables ----


def _rows(
    sources: Sources, influx: Influx, each: _Told, days: range, now: datetime
) -> Iterator[Compared]:
    until = now - SETTLED_AFTER
    counted = _Days()
    seen: set[int] = set()  # points that are the same one to InfluxDB
    with sources.database.read() as connection:
        left_out = _but_released(connection)
        waiting = _not_exported(connection, each.table)
        for keys in _keys(connection, each):
            for key_is_waiting in (False, True):
                wanted = [key for key in keys if (key in waiting) is key_is_waiting]
                made = _points(connection, sources, each, wanted, now)
                for series, at_ns in _named(made, each.measurement):
                    if at_ns >= micros(until) * 1000 or (mark := hash((series, at_ns))) in seen:
                        continue
                    seen.add(mark)
                    counted.here[at_ns // _DAY_NS] += 1
                    counted.waiting[at_ns // _DAY_NS] += key_is_waiting
    also = [f"time < {micros(until) * 1000}"]
    also += left_out if "watch" in each.measurement.tags else ()
    also += [f"\"gateway\" = '{sources.gateway}'"] if "gateway" in each.measurement.tags else ()
    for day in days:
        there = _count(influx, each.measurement, each.counted, day, also)
        yield _compared(day, each.measurement, counted, there)


def _keys(connection: Connection, each: _Told) -> Iterator[list[str]]:
    found = connection.execute(select(each.key).order_by(each.key))
    while keys := [str(row[0]) for row in found.fetchmany(_ROWS_AT_ONCE)]:
        yield keys


def _not_exported(connection: Connection, table: Table) -> set[str]:
    return set(
        connection.scalars(select(export_feed.c.key).where(export_feed.c.what == table.name))
    )


def _points(
    connection: Connection, sources: Sources, each: _Told, keys: Sequence[str], now: datetime
) -> Points:
    changed = [told.Changed(0, each.table.name, key) for key in keys]
    return told.points(
        connection, changed, sources.directory, sources.gateway, sources.prices_fen, now
    )


# ---- InfluxDB ----


def _count(
    influx: Influx, measurement: Measurement, counted: str, day: int, also: Iterable[str]
) -> int:
    bounds = (f"time >= {day * _DAY_NS}", f"time < {(day + 1) * _DAY_NS}", *also)
    where = " AND ".join(bounds)
    wanted = f'SELECT count("{counted}") FROM "{measurement.name}" WHERE {where}'  # noqa: S608 - ours
    found = influx.query(measurement.bucket, wanted)
    return sum(int(row[1] or 0) for series in found for row in series.values)


def _but_released(connection: Connection) -> list[str]:
    """Leave out released homes: they are here no more, and perhaps still there."""
    return [f"\"watch\" != '{watch}'" for watch in erasures.released(connection)]


# ---- days ----


def _days_of(made: Points, measurement: Measurement) -> Iterator[int]:
    return (at_ns // _DAY_NS for _, at_ns in _named(made, measurement))


def _named(made: Points, measurement: Measurement) -> Iterator[tuple[bytes, int]]:
    """Yield series and nanoseconds of each point of a measurement."""
    begins = measurement.name.encode() + b","
    for line in made.get(measurement.bucket, ()):
        if line.startswith(begins) and (point := _POINT.match(line)):
            yield point[1], int(point[2])


def _compared(day: int, measurement: Measurement, counted: _Days, there: int) -> Compared:
    on = _beginning(day).date()
    return Compared(on, measurement.name, counted.here[day], there, counted.waiting[day])


def _day_of(at: int) -> int:
    return at // _DAY_US


def _beginning(day: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + day * A_DAY
