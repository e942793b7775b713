"""InfluxQL as Grafana sends it: each query knows its bucket, and so its data source.

Every name is quoted. Variables may stand for several values, so they are always matched as
`=~ /^$name$/`; All is `.*`, which matches points without that tag too.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

from gateway.export.schema import Bucket, Measurement

Json = dict[str, Any]

SHOWN = "$timeFilter"
"""The range a person chose."""
SAMPLE_M = 16
"""Minutes that hold at least one sample of each home (`influx.state_every_s` is 15 at most)."""
LATELY = f"time > ${{__to}}ms - {SAMPLE_M}m AND time <= ${{__to}}ms"
"""The last samples before the end of the range: how it stood then, and nothing older than that."""
SINCE_LONG = "time > ${__to}ms - 90d AND time <= ${__to}ms"
"""All that is kept: for what may have begun long before the range."""
LAST_DAY = "time > ${__to}ms - 24h AND time <= ${__to}ms"
"""The last day of the range: for what is too much to be read of a month."""
LEADING = f"time > ${{__from}}ms - {SAMPLE_M}m AND time <= ${{__to}}ms"
"""The range and the last rewriting before it, so that a timeline never starts empty."""

NEARBY = ('"community" =~ /^$community$/', '"building" =~ /^$building$/')
IN_COMMUNITY = '"community" =~ /^$community$/'
OF_TEAM = '"team" =~ /^$team$/'
OF_WATCH = '"watch" =~ /^$watch$/'
OF_GATEWAY = '"gateway" =~ /^$gateway$/'

ABOUT_A_DOOR = '"matter" =~ /^(departure|visit|help)$/'
"""Incidents that people answer in minutes; equipment is another matter."""


@dataclass(frozen=True, slots=True)
class Query:
    """One InfluxQL statement and the bucket it is asked of."""

    bucket: Bucket
    text: str

    @property
    def source(self) -> Json:
        """Return the data source it is asked of."""
        return source(self.bucket)


def source(bucket: Bucket) -> Json:
    """Return the reference to a bucket's data source."""
    return {"type": "influxdb", "uid": f"menshen-{bucket}"}


def select(
    what: str, measurement: Measurement, *where: str, within: str = SHOWN, by: str = ""
) -> Query:
    """Return a query of one measurement; `what` and `by` as they stand in InfluxQL."""
    conditions = " AND ".join((*where, within))
    return Query(measurement.bucket, _stated(what, f'"{measurement.name}"', conditions, by))


def select_from(what: str, *inner: Query, where: str = "", by: str = "") -> Query:
    """Return a query of the results of others, all of one bucket."""
    sources = ", ".join(f"({each.text})" for each in inner)
    return Query(inner[0].bucket, _stated(what, sources, where, by))


def newest(query: Query, limit: int) -> Query:
    """Return the query with the newest first, and no more than `limit` rows."""
    return Query(query.bucket, f"{query.text} ORDER BY time DESC LIMIT {limit}")


def or_zero(counted: Query, present: Query, field: str, name: str) -> Query:
    """Return the count `name`, 0 where it found nothing although `present` has points of `field`.

    A count of nothing is no row in InfluxQL; without this, "none" and "no data" would look alike.
    """
    nothing = select_from(f'count("{field}") * 0 AS "{name}"', present)
    return select_from(f'sum("{name}") AS "{name}"', counted, nothing)


def _stated(what: str, sources: str, conditions: str, by: str) -> str:
    where = f" WHERE {conditions}" if conditions else ""
    grouped = f" GROUP BY {by}" if by else ""
    return f"SELECT {what} FROM {sources}{where}{grouped}"  # noqa: S608  # our own words alone


def target(query: Query, ref: str = "A", *, alias: str = "", is_table: bool = False) -> Json:
    """Return one query of a panel."""
    made: Json = {
        "refId": ref,
        "datasource": query.source,
        "rawQuery": True,
        "query": query.text,
        "resultFormat": "table" if is_table else "time_series",
    }
    return {**made, "alias": alias} if alias else made


def targets(*asked: tuple[str, Query]) -> list[Json]:
    """Return several series of one panel, each under its name."""
    return [
        target(query, ref, alias=alias)
        for ref, (alias, query) in zip(ascii_uppercase, asked, strict=False)
    ]


def tables(*asked: Query) -> list[Json]:
    """Return several queries as tables."""
    return [
        target(query, ref, is_table=True)
        for ref, query in zip(ascii_uppercase, asked, strict=False)
    ]
