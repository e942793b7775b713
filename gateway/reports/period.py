"""What a report is about: one local day, or seven of them; and when it is due. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from alerts.tables import micros
from gateway.intervals import Span

DAYS: Final = 7
"""Of a week."""
_NAME = re.compile(r"(daily|weekly)-(\d{4}-\d\d-\d\d)")


class Kind(StrEnum):
    """Which report."""

    DAILY = "daily"  # 每日研判
    WEEKLY = "weekly"  # 每周通报


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Whole local days."""

    kind: Kind
    first: date

    @property
    def name(self) -> str:
        """What the report is called: `daily-2026-11-21`, or a week by its first day."""
        return f"{self.kind}-{self.first}"

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=self.count - 1)

    @property
    def count(self) -> int:
        """How many days."""
        return DAYS if self.kind is Kind.WEEKLY else 1

    @property
    def before(self) -> Period:
        """The day or week before it."""
        return Period(self.kind, self.first - timedelta(days=self.count))

    @property
    def days(self) -> tuple[date, ...]:
        """Each day."""
        return tuple(self.first + timedelta(days=n) for n in range(self.count))

    def span(self, zone: ZoneInfo) -> Span:
        """From the first midnight to the last, in microseconds since 1970 UTC."""
        return midnight(self.first, zone), midnight(self.last + timedelta(days=1), zone)


def midnight(day: date, zone: ZoneInfo) -> int:
    """Return when a local day begins, in microseconds since 1970 UTC."""
    return micros(datetime.combine(day, time(), zone))


def named(name: str) -> Period | None:
    """Return the period of a report's name; None for anything else."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        return Period(Kind(found[1]), date.fromisoformat(found[2]))
    except ValueError:  # a day that no calendar has
        return None


def latest(kind: Kind, today: date, ends_on: int = 6) -> Period:
    """Return the last day, or the last week, that is over; weeks end on a weekday, 0: Monday."""
    yesterday = today - timedelta(days=1)
    if kind is Kind.DAILY:
        return Period(kind, yesterday)
    last = yesterday - timedelta(days=(yesterday.weekday() - ends_on) % DAYS)
    return Period(kind, last - timedelta(days=DAYS - 1))


def due(
    now_local: datetime, since: date, daily_at: time, weekly_on: int | None, days: int
) -> Iterator[Period]:
    """Yield each report that should exist by now, the oldest first.

    Of the last `days` days, and of none that was over before `since`; `weekly_on`: the weekday on
    which the report of the week before is made, 0: Monday.
    """
    for back in range(days, -1, -1):
        made_on = now_local.date() - timedelta(days=back)
        day = Period(Kind.DAILY, made_on - timedelta(days=1))
        if day.last < since or (back == 0 and now_local.time() < daily_at):
            continue
        yield day
        if made_on.weekday() == weekly_on:
            yield Period(Kind.WEEKLY, made_on - timedelta(days=DAYS))
