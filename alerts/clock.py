"""Local time of a home: which day it is, and whether it is night. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from alerts.policy import Policy


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Return the time zone of this name; raises `ZoneInfoNotFoundError` for none."""
    return ZoneInfo(name)


@lru_cache(maxsize=256)
def clock_time(hhmm: str) -> time:
    """Read `HH:MM`; raises ValueError for what is no time of day."""
    return time.fromisoformat(hhmm)


def local_day(at: datetime, policy: Policy) -> date:
    """Return the local calendar day of `at`."""
    return at.astimezone(zone(policy.timezone)).date()


def day_start(at: datetime, policy: Policy) -> datetime:
    """Return when the local day of `at` began, in UTC."""
    return datetime.combine(local_day(at, policy), time(), zone(policy.timezone)).astimezone(UTC)


def is_night(at: datetime, policy: Policy) -> bool:
    """Say whether `at` lies in the night of this policy, which may pass midnight."""
    now = at.astimezone(zone(policy.timezone)).time()
    start, end = clock_time(policy.opening.night_from), clock_time(policy.opening.night_until)
    if start <= end:
        return start <= now < end
    return now >= start or now < end
