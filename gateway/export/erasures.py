"""Deletions in InfluxDB that releases asked for, as rows: none is forgotten before it is proven.

    release → asked → deleted and counted → nothing found → looked at again a day later → forgotten

Asked for in the transaction of the release, so that no kill forgets it; tried again for ever, each
time after twice as long. The second look finds what was on its way while the first was taken.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from alerts.tables import from_micros, from_micros_or_none, micros
from gateway.export.tables import CONSUMER, erasures
from gateway.schema.tables import cursors, meta

SECOND_LOOK: Final = timedelta(hours=24)
"""After nothing was found: whatever InfluxDB had still in hand then is written by now (ours)."""
RETRY_FIRST: Final = timedelta(seconds=10)
RETRY_LONGEST: Final = timedelta(hours=1)
COPIES_LAST: Final = timedelta(days=88)
"""How long what leads to a home is kept in InfluxDB at most (`influx.keep_days`)."""
_LEFT_AT: Final = "export_left_at"


class Why(StrEnum):
    """Why a deletion is not proven. Where InfluxDB did not do it: what `Verdict` calls it."""

    PROVEN = ""
    WAITING = "waiting"  # InfluxDB was not asked yet
    NOT_CONFIGURED = "not_configured"  # nothing is exported any more, and copies may be left
    NOT_SUPPORTED = "not_supported"  # InfluxDB 3 deletes no points: its database must be dropped
    POINTS_LEFT = "points_left"


class Pending(NamedTuple):
    """A deletion that is due."""

    id: str  # of the release
    watch: str


class Outcome(NamedTuple):
    """What became of one try; `why` a `Why`, or what the client calls the failure."""

    id: str
    points_left: int | None  # None: they could not be counted
    why: str  # "" where nothing was found


class Unproven(NamedTuple):
    """The deletions that nobody can say are done."""

    many: int
    since: datetime | None  # when the first of them was asked for
    why: tuple[str, ...]  # each reason once


class Asked(NamedTuple):
    """A deletion that was asked for."""

    proven_at: datetime | None  # when a query last found nothing; None: not yet


# ---- asking: on the writer thread, in the caller's transaction ----


def ask(connection: Connection, release_id: str, watch: str, now: datetime) -> None:
    """Have a released home's points deleted, if InfluxDB may have any."""
    is_exporting = _is_exporting(connection)
    if is_exporting or _may_be_left(connection, now):
        connection.execute(
            insert(erasures).values(
                id=release_id,
                watch=watch,
                asked_at=micros(now),
                why=Why.WAITING if is_exporting else Why.NOT_CONFIGURED,
            )
        )


def leave(connection: Connection, now: datetime) -> None:
    """Remember, before the cursor of export is deleted, that InfluxDB keeps what it has."""
    if _is_exporting(connection):
        connection.execute(delete(meta).where(meta.c.key == _LEFT_AT))
        connection.execute(insert(meta).values(key=_LEFT_AT, value=str(micros(now))))


def _is_exporting(connection: Connection) -> bool:
    found = select(cursors.c.consumer).where(cursors.c.consumer == CONSUMER)
    return connection.scalar(found) is not None


def _may_be_left(connection: Connection, now: datetime) -> bool:
    left_at = connection.scalar(select(meta.c.value).where(meta.c.key == _LEFT_AT))
    return left_at is not None and now - from_micros(int(left_at)) < COPIES_LAST


# ---- what is due ----


def pending(connection: Connection, now: datetime, limit: int = 20) -> list[Pending]:
    """Return deletions that are due, the longest waiting first."""
    rows = connection.execute(
        select(erasures.c.id, erasures.c.watch)
        .where(erasures.c.watch.is_not(None), _is_due(micros(now)))
        .order_by(erasures.c.asked_at, erasures.c.id)
        .limit(limit)
    )
    return [Pending(row.id, row.watch) for row in rows]


def _is_due(now: int) -> ColumnElement[bool]:
    c = erasures.c
    wait = func.min(
        func.max(c.erased_at - c.asked_at, RETRY_FIRST // timedelta(microseconds=1)),
        RETRY_LONGEST // timedelta(microseconds=1),
    )
    is_tried = and_(c.erased_at <= now, c.erased_at + wait > now)
    looks_again = and_(
        c.proven_at <= now - SECOND_LOOK // timedelta(microseconds=1),
        c.erased_at <= now - RETRY_LONGEST // timedelta(microseconds=1),
    )
    return or_(and_(c.proven_at.is_(None), or_(c.erased_at.is_(None), ~is_tried)), looks_again)


def settle(connection: Connection, outcome: Outcome, now: datetime) -> None:
    """Note what became of one try; in the caller's transaction.

    Found empty twice, a day apart, the watch is forgotten.
    """
    mine = erasures.c.id == outcome.id
    row = connection.execute(select(erasures).where(mine)).first()
    if row is None:
        return
    proven_at = from_micros_or_none(row.proven_at)
    is_empty = outcome.points_left == 0
    is_second = is_empty and proven_at is not None and now - proven_at >= SECOND_LOOK
    tried = update(erasures).where(mine).values(erased_at=micros(now))
    if outcome.points_left is None and proven_at is not None:
        connection.execute(tried)  # it was empty, and cannot be asked again now: it stays proven
        return
    connection.execute(
        tried.values(
            watch=None if is_second else row.watch,
            proven_at=micros(now) if is_empty else None,
            points_left=outcome.points_left,
            why=outcome.why,
        )
    )


# ---- telling ----


def unproven(connection: Connection) -> Unproven:
    """Say what is not proven to be deleted."""
    rows = connection.execute(
        select(
            erasures.c.why, func.count().label("many"), func.min(erasures.c.asked_at).label("at")
        )
        .where(erasures.c.proven_at.is_(None))
        .group_by(erasures.c.why)
        .order_by(erasures.c.why)
    ).all()
    return Unproven(
        sum(row.many for row in rows),
        min((from_micros(row.at) for row in rows), default=None),
        tuple(row.why for row in rows),
    )


def released(connection: Connection) -> list[str]:
    """Return the watches that are deleted in InfluxDB, or are to be."""
    found = select(erasures.c.watch).where(erasures.c.watch.is_not(None))
    return list(connection.scalars(found))


def asked(connection: Connection, release_id: str) -> Asked | None:
    """Return how far the deletion of a release is; None where nothing was ever exported of it."""
    found = select(erasures.c.proven_at).where(erasures.c.id == release_id)
    row = connection.execute(found).first()
    return None if row is None else Asked(from_micros_or_none(row.proven_at))


def forget(connection: Connection, release_id: str) -> None:
    """Delete the row of a release whose certificate says all of it."""
    connection.execute(delete(erasures).where(erasures.c.id == release_id))
