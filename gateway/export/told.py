"""Rows that changed to points: incidents, transitions, conditions, texts, permits, unknown time.

Each point is made of its row as it stands now, so that however often a row changed since, and
however often it is told, InfluxDB ends with what is so. A row that is gone, released or expired,
gives nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from alerts.tables import micros, unknown_spans
from gateway.export.directory import Directory
from gateway.export.schema import Bucket, Points
from gateway.export.spans import EVERY_S
from gateway.export.told_incidents import of_conditions, of_incidents, of_transitions
from gateway.export.told_place import Around, Keys
from gateway.export.told_states import at_once, of_permits, of_spans
from gateway.export.told_texts import of_attempts, of_notices


class Changed(NamedTuple):
    """A row of `export_feed`."""

    seq: int
    what: str  # the table
    key: str


class _Noted(NamedTuple):
    """How one table is told."""

    points: Callable[[Around, Keys], Iterator[bytes]]
    bucket: Bucket
    last_at: str
    """The column of a row's latest time; empty while more may be to come."""


_TOLD: Final[Mapping[str, _Noted]] = {
    "conditions": _Noted(of_conditions, Bucket.HOMES, "cleared_at"),
    "incidents": _Noted(of_incidents, Bucket.HOMES, "reviewed_at"),
    "transitions": _Noted(of_transitions, Bucket.HOMES, "decided_at"),
    "notices": _Noted(of_notices, Bucket.HOMES, "settled_at"),
    "attempts": _Noted(of_attempts, Bucket.GATEWAY, "ended_at"),
    "permits": _Noted(of_permits, Bucket.HOMES, "until_at"),
    "unknown_spans": _Noted(of_spans, Bucket.HOMES, "until_at"),
}
"""By the tables whose changes triggers note in `export_feed`; each has a primary key `id`."""


def points(
    connection: Connection,
    changed: Sequence[Changed],
    directory: Directory,
    gateway: str,
    prices_fen: Mapping[str, float],
    now: datetime,
    every_s: int = EVERY_S,
) -> Points:
    """Return the points of rows that changed.

    `prices_fen`: of one part, by channel. `every_s`: seconds between two samples of homes.
    """
    around = Around(connection, directory, gateway, prices_fen, micros(now), every_s)
    keys: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for each in changed:
        keys[each.what][each.key] = None
    found: Points = {Bucket.HOMES: [], Bucket.GATEWAY: []}
    for what, of_table in keys.items():
        noted = _TOLD[what]
        found[noted.bucket] += noted.points(around, of_table)
    return found


def one_batch(
    connection: Connection, changed: Sequence[Changed], now: datetime, every_s: int = EVERY_S
) -> Sequence[Changed]:
    """Return how many of these, from the first on, are to be told at once: few spans if long."""
    places = [place for place, each in enumerate(changed, 1) if each.what == unknown_spans.name]
    if not places:
        return changed
    keys = [changed[place - 1].key for place in places]
    count = at_once(connection, keys, every_s, micros(now))
    return changed if count == len(keys) else changed[: places[count - 1]]


def seed(connection: Connection, since_us: int = 0) -> None:
    """Note every row, or those of which something was so since a time. It does not commit."""
    for what, noted in _TOLD.items():
        connection.execute(
            text(
                "INSERT OR REPLACE INTO export_feed (what, key)"  # noqa: S608 - names of our own
                f" SELECT '{what}', CAST(id AS TEXT) FROM {what}"
                f" WHERE coalesce({noted.last_at}, :since) >= :since"
                f" ORDER BY coalesce({noted.last_at}, :since)"
            ),
            {"since": since_us},
        )
