"""One snapshot of the database becomes one batch of points, with the place it leads to.

Who is where is read in the same snapshot as what is said of them, whenever it may have changed: of
a home that is released no point is made any more.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError

from devices.decode import decode
from devices.registry import Registry
from gateway import journal
from gateway.export import erasures, facts, samples, told
from gateway.export.directory import Directory
from gateway.export.progress import Position
from gateway.export.schema import Points
from gateway.export.shipping import merged
from gateway.export.spans import EVERY_S
from gateway.export.tables import export_feed
from gateway.homes.watching import read_devices
from gateway.privacy import KeyStore

ROWS, RECORDS, SAMPLES = 500, 2000, 50
"""What one batch holds at most: about 10 MB with its points."""

FAILED: Final = "failed"
"""A defect of ours: no points could be made of it."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Naming:
    """What points are named by, besides what is in the tables."""

    keys: KeyStore
    home_names: str  # "code" or "salted"
    gateway: str
    prices_fen: Mapping[str, float]  # of a part, by channel
    state_every_s: int = EVERY_S


class Batch(NamedTuple):
    """Points, and what is in InfluxDB once they are."""

    points: Points
    done: Position
    has_more: bool  # more waits, probably
    has_samples: bool
    passed_over: Counter[str]  # facts of nobody who is watched, by reason


class Former:
    """Forms batches."""

    def __init__(self, naming: Naming, registry: Registry) -> None:
        """`registry`: the profiles, with settings of its own that nobody else changes."""
        self._naming = naming
        self._registry = registry
        self._decode = partial(decode, registry=registry)
        self._directory: Directory | None = None

    def form(
        self, connection: Connection, after: Position, now: datetime, *, has_moved: bool
    ) -> Batch:
        """Return what comes after a position. `has_moved`: who is where may have changed."""
        directory = self._load(connection, has_moved)
        named = self._naming
        waiting = _changed(connection, after.feed)
        changed = told.one_batch(connection, waiting, now, named.state_every_s)
        records = journal.read(connection, after.seq, RECORDS)
        stored = samples.read(connection, SAMPLES)
        passed_over: Counter[str] = Counter()

        def of_rows(some: Sequence[told.Changed]) -> Points:
            by, prices, every_s = named.gateway, named.prices_fen, named.state_every_s
            return told.points(connection, some, directory, by, prices, now, every_s)

        def of_records(some: Sequence[journal.Record]) -> Points:
            said = facts.points(some, directory, self._decode)
            passed_over.update(said.passed_over)
            return said.points

        def of_samples(some: Sequence[samples.Stored]) -> Points:
            return samples.points(some, directory, named.gateway)

        return Batch(
            points=merged(
                (
                    _made(of_rows, changed, passed_over),
                    _made(of_records, records, passed_over),
                    _made(of_samples, stored, passed_over),
                )
            ),
            done=Position(
                records[-1].seq if records else after.seq,
                changed[-1].seq if changed else after.feed,
                stored[-1].id if stored else after.sample,
            ),
            has_more=len(changed) < len(waiting)
            or len(waiting) == ROWS
            or len(records) == RECORDS
            or len(stored) == SAMPLES,
            has_samples=bool(stored),
            passed_over=passed_over,
        )

    def _load(self, connection: Connection, has_moved: bool) -> Directory:
        """Return who is where in this snapshot."""
        known = self._directory
        if known is not None and not has_moved and not _has_lost_one(connection, known):
            return known
        _, self._registry.settings = read_devices(connection)
        loaded = Directory.load(connection, self._naming.keys, self._naming.home_names)
        self._directory = loaded
        return loaded


def _made(
    make: Callable[[Sequence[T]], Points], found: Sequence[T], passed_over: Counter[str]
) -> Points:
    """Return the points of what was found; what it fails on has none, and is counted."""
    try:
        return make(found)
    except DBAPIError:
        raise  # the database, which is no fault of what was found in it
    except Exception:
        # A defect met by one must not stop the others, nor those of tomorrow: `rewind` has it sent
        # again once it is mended.
        if len(found) > 1:
            return merged(_made(make, [each], passed_over) for each in found)
        if not passed_over[FAILED]:
            logger.exception("there are no points of something, which is passed over")
        passed_over[FAILED] += 1
        return {}


def _has_lost_one(connection: Connection, directory: Directory) -> bool:
    """Say whether a home was released: this snapshot may have it before anybody is told."""
    return any(watch in directory.watches for watch in erasures.released(connection))


def _changed(connection: Connection, after: int) -> list[told.Changed]:
    """Return rows that changed, the longest ago first."""
    c = export_feed.c
    rows = connection.execute(select(export_feed).where(c.seq > after).order_by(c.seq).limit(ROWS))
    return [told.Changed(row.seq, row.what, row.key) for row in rows]
