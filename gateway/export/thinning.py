"""Hourly and daily figures, made of what InfluxDB has, and kept for years: they lead to nobody.

By query and write, as InfluxDB 2 has no SELECT INTO. Hours are done once, in order, when all of
them is exported; days are done again for two days, as incidents end later than they begin. Doing
any of it again writes the same points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import Connection, delete, insert, select

from alerts.tables import from_micros, micros
from gateway.export.line import Value, instant, tags_of
from gateway.export.point import point
from gateway.export.schema import (
    CHANNEL_DAY,
    GATEWAY_HOUR,
    HOMES_HOUR,
    INCIDENTS_DAY,
    Bucket,
)
from gateway.export.verdict import Answer, InfluxError, Verdict
from gateway.homes.look import Standing
from gateway.schema.tables import meta

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
AGAIN: Final = timedelta(hours=48)
"""How long the figures of a day are made anew (ours: an incident is reported in by then)."""
AT_ONCE: Final = DAY
"""What one run does at most, so that no query takes long."""
BACK: Final = timedelta(days=88)
"""Where the first run begins: InfluxDB has nothing from before."""
LINES: Final = 5000
"""In one post."""
STATISTICS: Final = ("mean", "max")
_THINNED_TO: Final = "thinned_to"


class Series(Protocol):
    """As `influx.Series`: one series that a query returned."""

    @property
    def tags(self) -> Mapping[str, str]: ...
    @property
    def values(self) -> Sequence[Sequence[Any]]: ...


class Server(Protocol):
    """What is needed of `influx.Influx`."""

    def query(self, bucket: Bucket, influxql: str) -> Sequence[Series]: ...
    def write(self, bucket: Bucket, lines: Sequence[bytes]) -> Answer: ...


class Window(NamedTuple):
    """A span of time, its end not included."""

    since: datetime
    until: datetime

    def __str__(self) -> str:
        """As a condition of a query."""
        return f"time >= {_ns(self.since)} AND time < {_ns(self.until)}"


# ---- how far it is ----


def thinned_to(connection: Connection) -> datetime | None:
    """Return up to when hours are done; None before the first."""
    said = connection.scalar(select(meta.c.value).where(meta.c.key == _THINNED_TO))
    return None if said is None else from_micros(int(said))


def note(connection: Connection, done_to: datetime) -> None:
    """Note up to when hours are done; in the caller's transaction."""
    connection.execute(delete(meta).where(meta.c.key == _THINNED_TO))
    connection.execute(insert(meta).values(key=_THINNED_TO, value=str(micros(done_to))))


# ---- doing it ----


def run(influx: Server, exported_to: datetime, done_to: datetime | None, every_s: int) -> datetime:
    """Make the figures of the next hours, a day at most; return up to when they are done.

    `exported_to`: everything from before is in InfluxDB. `every_s`: between two samples of homes.
    Where it returns less than the hour of `exported_to`, there is more to do. Raises `InfluxError`.
    """
    whole = _floor(exported_to, HOUR)
    since = min(whole, max(done_to or exported_to - BACK, exported_to - BACK))
    hours = Window(_floor(since, HOUR), min(whole, _floor(since, HOUR) + AT_ONCE))
    until = exported_to if hours.until == whole else hours.until
    days = Window(_floor(hours.since - AGAIN, DAY), until)
    lines = [
        *_incidents(influx, days),
        *_channels(influx, days),
        *_homes(influx, hours, every_s),
        *_gateway(influx, hours),
    ]
    for first in range(0, len(lines), LINES):
        answer = influx.write(Bucket.COUNTS, lines[first : first + LINES])
        if answer.verdict is not Verdict.WRITTEN:
            raise InfluxError(answer.verdict, answer.detail, answer.retry_after_s)
    return hours.until


def _homes(influx: Server, hours: Window, every_s: int) -> Iterator[bytes]:
    """Homes by how they stood: how many there were in a sample, on average."""
    if hours.since == hours.until:
        return
    asked = f'SELECT count("devices") FROM "home" WHERE {hours}'  # noqa: S608 - numbers
    each = influx.query(Bucket.HOMES, f"{asked} GROUP BY time({every_s}s) fill(none)")
    taken = Counter(_floor_ns(row[0], HOUR) for row in _rows(each))
    by_hour = 'GROUP BY time(1h), "community" fill(none)'
    found: dict[tuple[str, int], dict[str, int]] = {}
    for standing in Standing:
        counted = influx.query(
            Bucket.HOMES, f"{asked} AND \"standing\" = '{standing.value}' {by_hour}"
        )
        for series in counted:
            for at, number in series.values:
                place = (series.tags.get("community", ""), at)
                found.setdefault(place, {})[standing.value] = number
    unknown = _by_place(
        influx.query(
            Bucket.HOMES,
            f'SELECT sum("unknown_s") FROM "home" WHERE {hours} {by_hour}',  # noqa: S608 - numbers
        )
    )
    for (community, at), counts in found.items():
        for standing in Standing:
            fields: dict[str, Value | None] = {"homes": counts.get(standing.value, 0) / taken[at]}
            if standing is Standing.UNKNOWN:
                fields["unknown_s"] = unknown.get((community, at), 0)
            tags = tags_of((("community", community), ("standing", standing.value)))
            yield point(HOMES_HOUR, tags, fields, at)


def _incidents(influx: Server, days: Window) -> Iterator[bytes]:
    """Incidents by what they were about, and how soon somebody reported in."""
    had = {
        (*_tags(series, "community", "matter"), at): opened
        for series in influx.query(
            Bucket.COUNTS,
            f'SELECT "opened" FROM "{INCIDENTS_DAY.name}" WHERE {days}'  # noqa: S608 - numbers
            ' GROUP BY "community", "matter"',
        )
        for at, opened in series.values
    }
    found = influx.query(
        Bucket.HOMES,
        'SELECT count("severity"), count("acknowledged_s"), sum("in_time"),'  # noqa: S608 - numbers
        f' median("acknowledged_s") FROM "incident" WHERE {days}'
        ' GROUP BY time(1d), "community", "matter" fill(none)',
    )
    for series in found:
        community, matter = _tags(series, "community", "matter")
        for at, opened, acknowledged, in_time, median_s in series.values:
            if had.get((community, matter, at), 0) > (opened or 0):
                continue  # homes were released since: the day was as it was
            fields: dict[str, Value | None] = {
                "opened": opened,
                "acknowledged": acknowledged or 0,
                "in_time": in_time or 0,
                "median_s": median_s,
            }
            tags = tags_of((("community", community), ("matter", matter)))
            yield point(INCIDENTS_DAY, tags, fields, at)


def _channels(influx: Server, days: Window) -> Iterator[bytes]:
    """What each channel sent, and what it cost."""
    found = influx.query(
        Bucket.GATEWAY,
        'SELECT count("outcome"), sum("parts"), sum("is_delivered"),'  # noqa: S608 - numbers
        f' sum("cost_yuan") FROM "attempt" WHERE {days}'
        ' GROUP BY time(1d), "gateway", "channel" fill(none)',
    )
    for series in found:
        tags = tags_of(series.tags.items())
        for at, attempts, parts, delivered, cost_yuan in series.values:
            fields: dict[str, Value | None] = {
                "attempts": attempts,
                "parts": parts or 0,
                "delivered": delivered or 0,
                "cost_yuan": cost_yuan or 0.0,
            }
            yield point(CHANNEL_DAY, tags, fields, at)


def _gateway(influx: Server, hours: Window) -> Iterator[bytes]:
    """How the gateway did: mean and most of its figures."""
    if hours.since == hours.until:
        return
    names = [field.name for field in GATEWAY_HOUR.fields]
    for statistic in STATISTICS:
        asked = ", ".join(f'{statistic}("{name}")' for name in names)
        found = influx.query(
            Bucket.GATEWAY,
            f'SELECT {asked} FROM "gateway" WHERE {hours}'  # noqa: S608 - numbers
            ' GROUP BY time(1h), "gateway" fill(none)',
        )
        for series in found:
            tags = tags_of((*series.tags.items(), ("statistic", statistic)))
            for at, *values in series.values:
                yield point(GATEWAY_HOUR, tags, dict(zip(names, values, strict=True)), at)


# ---- what queries return ----


def _rows(found: Iterable[Series]) -> Iterator[Sequence[Any]]:
    for series in found:
        yield from series.values


def _by_place(found: Iterable[Series]) -> dict[tuple[str, int], float]:
    return {
        (series.tags.get("community", ""), at): value or 0
        for series in found
        for at, value in series.values
    }


def _tags(series: Series, *names: str) -> tuple[str, ...]:
    return tuple(series.tags.get(name, "") for name in names)


# ---- time ----


def _floor(at: datetime, step: timedelta) -> datetime:
    return from_micros(micros(at) - micros(at) % (step // timedelta(microseconds=1)))


def _floor_ns(at_ns: int, step: timedelta) -> int:
    return at_ns - at_ns % (step // timedelta(microseconds=1) * 1000)


def _ns(at: datetime) -> int:
    return instant(micros(at))
