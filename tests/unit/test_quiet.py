"""Hours in which nobody is woken: which they are, on which clock, and for what they count."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import quiet
from alerts.model import Matter, Severity
from alerts.policy import Policy, Quiet
from tests.fakes.street import local

YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        (local("21:59:59"), None),
        (local("22:00"), local("07:00", day=1)),
        (local("23:59:59"), local("07:00", day=1)),
        (local("00:00", day=1), local("07:00", day=1)),
        (local("06:59:59", day=1), local("07:00", day=1)),
        (local("07:00", day=1), None),
        (local("12:00"), None),
    ],
)
def test_the_night_passes_midnight(at: datetime, ends: datetime | None) -> None:
    assert quiet.morning(at, Policy()) == ends


def test_hours_within_one_day_are_quiet_too() -> None:
    noon = Policy(quiet=Quiet(from_time="12:00", until_time="14:00"))
    assert quiet.morning(local("13:00"), noon) == local("14:00")
    assert quiet.morning(local("23:00"), noon) is None


def test_hours_that_end_when_they_begin_are_none() -> None:
    never = Policy(quiet=Quiet(from_time="07:00", until_time="07:00"))
    assert quiet.morning(local("07:00"), never) is None
    assert quiet.morning(local("03:00"), never) is None


def test_with_nothing_that_waits_there_is_no_night() -> None:
    assert quiet.morning(local("03:00"), Policy(quiet=Quiet(severity="none"))) is None


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        # Berlin, 29 March 2026: 02:00 becomes 03:00, the night is an hour shorter
        (datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 3, 29, 5, tzinfo=UTC)),
        # 25 October 2026: 03:00 becomes 02:00, it is an hour longer
        (datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC)),
    ],
)
def test_the_morning_is_on_the_clock_of_the_wall(at: datetime, ends: datetime) -> None:
    assert quiet.morning(at, Policy(timezone="Europe/Berlin")) == ends


def test_a_morning_that_the_clock_strikes_twice_is_never_past() -> None:
    policy = Policy(timezone="Europe/Berlin", quiet=Quiet(from_time="22:00", until_time="02:30"))
    second_time = datetime(2026, 10, 25, 1, 15, tzinfo=UTC)  # 02:15 once more
    assert quiet.morning(second_time, policy) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(
    st.integers(0, 365 * 24 * 60).map(lambda each: YEAR + timedelta(minutes=each)),
    st.times(),
    st.times(),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_a_morning_is_ahead_and_within_a_day(
    now: datetime, begins: time, ends: time, timezone: str
) -> None:
    written = Quiet(from_time=f"{begins:%H:%M}", until_time=f"{ends:%H:%M}")
    morning = quiet.morning(now, Policy(timezone=timezone, quiet=written))
    assert morning is None or now < morning <= now + timedelta(hours=25)


@pytest.mark.parametrize(
    ("severity", "matter", "waits_at"),
    [
        (Severity.HEALTH, Matter.DEVICE, {"health", "minor"}),
        (Severity.HEALTH, None, {"health", "minor"}),
        (Severity.HEALTH, Matter.OUTAGE, set()),
        (Severity.MINOR, Matter.DEPARTURE, {"minor"}),
        (Severity.MINOR, Matter.VISIT, {"minor"}),
        (Severity.MAJOR, Matter.DEPARTURE, set()),
        (Severity.CRITICAL, Matter.DEPARTURE, set()),
        (Severity.HELP, Matter.HELP, set()),
    ],
)
def test_what_can_wait(severity: Severity, matter: Matter | None, waits_at: set[str]) -> None:
    named = ("none", "health", "minor")
    policies = {name: Policy(quiet=Quiet(severity=name)) for name in named}  # type: ignore[arg-type]
    found = {name for name in named if quiet.can_wait(severity, matter, policies[name])}
    assert found == waits_at
