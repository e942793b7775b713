"""The ledger of texts: what was sent, what it cost, and whether it arrived, by day, team, channel.

Nothing keeps count beside it: it is read from the attempts, so that a limit, a screen and a SIM's
pace say the same. A text is an attempt that was given to a network, or may have been; a test text
counts for the team "gateway". SQL on the caller's connection, read-only.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from alerts.budget import Spent
from alerts.channels.base import Outcome
from alerts.tables import attempts, from_micros, micros, notices
from alerts.tries import Report, reported

_FAILED = (Outcome.FAILED_TEMPORARY, Outcome.FAILED_PERMANENT)


class Fate(StrEnum):
    """What became of one attempt, as far as anybody knows."""

    DELIVERED = "delivered"  # the handset has it
    UNCONFIRMED = "unconfirmed"  # no answer came: it may have gone out
    UNKNOWN = "unknown"  # the network took it, and reported nothing yet
    FAILED = "failed"  # reported as not to be delivered
    REFUSED = "refused"  # it never went out


@dataclass(slots=True)
class Line:
    """What one team was sent over one channel on one local day."""

    day: date
    team: str
    channel: str
    texts: int = 0  # given to the network, or perhaps
    parts: int = 0  # of these texts, and of those that failed half way
    cost_fen: float = 0.0
    delivered: int = 0  # of `texts`: the handset has it
    unconfirmed: int = 0  # no answer came: it may have gone out
    unknown: int = 0  # the network took it, and reported nothing yet
    failed: int = 0  # reported as not to be delivered; or refused, and then not among `texts`


def days(
    connection: Connection,
    from_at: datetime,
    until_at: datetime,
    timezone: str,
    prices: Mapping[str, float],
) -> list[Line]:
    """Return the lines of all attempts begun in `from_at <= at < until_at`, by day, team, channel.

    `prices`: fen for one part, by channel; a channel without one costs nothing.
    """
    zone = ZoneInfo(timezone)
    lines: dict[tuple[date, str, str], Line] = {}
    rows = connection.execute(
        select(
            *(attempts.c.started_at, attempts.c.channel, attempts.c.outcome, attempts.c.parts),
            *(attempts.c.references, attempts.c.reported, notices.c.contact),
        )
        .join(notices, notices.c.id == attempts.c.notice)
        .where(attempts.c.started_at >= micros(from_at), attempts.c.started_at < micros(until_at))
    )
    for row in rows:
        day = from_micros(row.started_at).astimezone(zone).date()
        team = row.contact.partition("/")[0]
        key = (day, team, row.channel)
        line = lines.setdefault(key, Line(*key))
        line.parts += row.parts
        line.cost_fen += row.parts * prices.get(row.channel, 0.0)
        _count(line, fate(row.outcome, row.references, row.reported))
    return [lines[key] for key in sorted(lines)]


def fate(outcome: str, references: str, reports: str | None) -> Fate:
    """Return what became of an attempt, by its columns of these names."""
    if outcome in _FAILED:
        return Fate.REFUSED
    report = reported(json.loads(references), json.loads(reports or "{}"))
    if outcome == Outcome.DELIVERED or report is Report.DELIVERED:
        return Fate.DELIVERED
    if report is Report.FAILED:
        return Fate.FAILED
    return Fate.UNCONFIRMED if outcome == Outcome.UNCONFIRMED else Fate.UNKNOWN


def _count(line: Line, became: Fate) -> None:
    line.texts += became is not Fate.REFUSED
    line.delivered += became is Fate.DELIVERED
    line.unconfirmed += became is Fate.UNCONFIRMED
    line.unknown += became is Fate.UNKNOWN
    line.failed += became in (Fate.FAILED, Fate.REFUSED)


def spent_today(
    connection: Connection, now: datetime, timezone: str, costly: Collection[str]
) -> Spent:
    """Return the parts sent since local midnight over the channels that are `costly`."""
    began_at, ends_at = _day(now, timezone)
    parts = connection.scalar(
        select(func.sum(attempts.c.parts)).where(
            attempts.c.channel.in_(costly),
            attempts.c.started_at >= micros(began_at),
            attempts.c.started_at <= micros(now),
        )
    )
    return Spent(parts or 0, ends_at)


def spent_by(connection: Connection, channel: str, since: datetime) -> list[tuple[datetime, int]]:
    """Return when a channel was given how many parts, the oldest first: what fills a SIM's pace."""
    rows = connection.execute(
        select(attempts.c.started_at, attempts.c.parts)
        .where(
            attempts.c.channel == channel,
            attempts.c.started_at >= micros(since),
            attempts.c.parts > 0,
        )
        .order_by(attempts.c.started_at)
    )
    return [(from_micros(row.started_at), row.parts) for row in rows]


def _day(now: datetime, timezone: str) -> tuple[datetime, datetime]:
    """Return when the local day of `now` began, and when it ends."""
    zone = ZoneInfo(timezone)
    today = now.astimezone(zone).date()
    began, ends = (
        datetime.combine(each, time.min, zone) for each in (today, today + timedelta(days=1))
    )
    return began, ends
