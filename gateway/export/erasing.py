"""Deletes what InfluxDB has of a released home, and proves it by asking for what is left."""

from __future__ import annotations

from gateway.export.erasures import Outcome, Pending, Why, pending, settle
from gateway.export.influx import Influx
from gateway.export.schema import Bucket
from gateway.export.verdict import InfluxError, NotSupportedError

__all__ = ["Outcome", "Pending", "count", "erase", "pending", "settle"]


def erase(influx: Influx, pending: Pending) -> Outcome:
    """Delete what leads to a home, and count what a query still finds of it. It never raises."""
    why = Why.POINTS_LEFT
    try:
        try:
            influx.erase(Bucket.HOMES, pending.watch)
        except NotSupportedError:
            why = Why.NOT_SUPPORTED  # but where its database was dropped nothing is found
        left = count(influx, pending.watch)
    except InfluxError as error:
        return Outcome(pending.id, None, error.verdict.value)
    return Outcome(pending.id, left, why if left else Why.PROVEN)


def count(influx: Influx, watch: str) -> int:
    """Return how many points a query finds of a watch. Raises `InfluxError`."""
    quoted = watch.replace("\\", "\\\\").replace("'", "\\'")
    found = influx.query(
        Bucket.HOMES,
        f"SELECT count(*) FROM /.*/ WHERE \"watch\" = '{quoted}'",  # noqa: S608 - quoted
    )
    # One series a measurement, with the points of each field: a point has at least one of them.
    return sum(
        max((int(number) for number in row[1:] if number is not None), default=0)
        for series in found
        for row in series.values
    )
