"""The rule about doors, by itself: a fact and what stands in, findings out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.clock import is_night, local_day
from alerts.model import Condition, ConditionKind, Permit
from alerts.policy import Opening, Policy
from alerts.reason import Reason
from alerts.rules.finding import Clear, Finding, Ignore, Raise, Resume, Scene, Use, Wait
from alerts.rules.opening import LEFT_OPEN, door, still_open
from alerts.state import HomeState
from devices.model import News
from tests.fakes.street import local, observed, watch

AT = local("14:32")
HOME = watch()
DOOR = ("door-1", "main")
LEFT_OPEN_S = timedelta(seconds=180)
PERMIT = Permit("p1", "w1", local("14:30"), local("15:00"), "meal", "lead")


def opening(reason: Reason = Reason.OPENED_UNANNOUNCED, **changed: Any) -> Condition:
    kind = ConditionKind.OPENED
    return replace(Condition("c1", kind, "w1", "w1", "door-1", "main", AT, reason), **changed)


def findings(
    state: str,
    news: News = News.NEW,
    *,
    at: datetime = AT,
    home: HomeState | None = None,
    stands: tuple[Condition, ...] = (),
    permit: Permit | None = None,
) -> list[Finding]:
    scene = Scene(
        observed("door-1", "door", state), news, at, HOME, home or HomeState(), {}, permit
    )
    standing = {scene.key(condition.kind): condition for condition in stands}
    return list(door(replace(scene, standing=standing)))


def test_an_unannounced_opening_is_raised_and_looked_at_again() -> None:
    assert findings("open") == [
        Raise(ConditionKind.OPENED, Reason.OPENED_UNANNOUNCED),
        Wait(LEFT_OPEN, AT + LEFT_OPEN_S),
    ]


@pytest.mark.parametrize(
    ("news", "reason"), [(News.FOUND, Reason.FOUND_OPEN), (News.AGED, Reason.AGED)]
)
def test_an_opening_that_is_no_news_is_never_repeated_or_at_night(
    news: News, reason: Reason
) -> None:
    at = local("23:30")
    home = HomeState(openings=[at, at, at])
    assert findings("open", news, at=at, home=home) == [
        Raise(ConditionKind.OPENED, reason),
        Wait(LEFT_OPEN, at + LEFT_OPEN_S),
    ]


def test_a_permit_is_used_and_gives_the_door_its_window_and_a_grace() -> None:
    assert findings("open", permit=PERMIT) == [
        Use(PERMIT),
        Raise(ConditionKind.OPENED, Reason.PERMITTED),
        Wait(LEFT_OPEN, local("15:03")),
    ]


def test_the_third_opening_within_the_window_is_repeated() -> None:
    home = HomeState(openings=[AT - timedelta(seconds=1799), AT - timedelta(seconds=60)])
    assert findings("open", home=home)[2:] == [
        Raise(ConditionKind.REPEATED, Reason.OPENED_REPEATEDLY, "3 in 30 min", is_of_home=True)
    ]


def test_an_opening_that_left_the_window_no_longer_counts() -> None:
    home = HomeState(openings=[AT - timedelta(seconds=1800), AT - timedelta(seconds=60)])
    assert len(findings("open", home=home)) == 2


@pytest.mark.parametrize(("pause_s", "is_bounce"), [(0, True), (5, True), (5.1, False)])
def test_a_contact_may_bounce_for_five_seconds(pause_s: float, is_bounce: bool) -> None:
    before = opening(
        raised_at=AT - timedelta(seconds=100),
        cleared_at=AT - timedelta(seconds=pause_s),
        clear_reason=Reason.CLOSED_AGAIN,
    )
    found = findings("open", home=HomeState(last_closed={DOOR: before}))
    assert (found[0] == Resume(before, Reason.BOUNCE)) is is_bounce
    if is_bounce:
        assert found[1] == Wait(LEFT_OPEN, AT + timedelta(seconds=80))


def test_an_opening_that_was_announced_late_does_not_bounce() -> None:
    before = opening(cleared_at=AT, clear_reason=Reason.ANNOUNCED_LATE)
    found = findings("open", home=HomeState(last_closed={DOOR: before}))
    assert found[0] == Raise(ConditionKind.OPENED, Reason.OPENED_UNANNOUNCED)


def test_an_open_door_that_is_found_open_is_no_finding() -> None:
    assert findings("open", News.FOUND, stands=(opening(),)) == [Ignore(Reason.REPEATED_STATE)]


def test_closing_a_door_that_was_not_open_is_nothing() -> None:
    assert findings("closed") == []


@pytest.mark.parametrize(
    ("after_s", "reason"), [(60, Reason.CLOSED_AGAIN_BRIEFLY), (61, Reason.CLOSED_AGAIN)]
)
def test_closing_within_a_minute_is_brief(after_s: float, reason: Reason) -> None:
    found = findings("closed", at=AT + timedelta(seconds=after_s), stands=(opening(),))
    assert Clear(ConditionKind.OPENED, reason) in found


def test_repeated_is_over_only_when_every_door_is_closed() -> None:
    over = Clear(ConditionKind.REPEATED, Reason.CLOSED_AGAIN, is_of_home=True)
    back = ("door-2", "main")
    one = findings("closed", stands=(opening(),), home=HomeState(open_doors={DOOR}))
    two = findings("closed", stands=(opening(),), home=HomeState(open_doors={DOOR, back}))
    assert (over in one, over in two) == (True, False)


# ---- when its time is up ----


def test_a_door_that_closed_meanwhile_is_nothing() -> None:
    assert still_open(None, None, HOME, AT, is_unknown=False) is None


@pytest.mark.parametrize(
    ("opened", "reason"),
    [
        (Reason.OPENED_UNANNOUNCED, Reason.STILL_OPEN),
        (Reason.FOUND_OPEN, Reason.STILL_OPEN),
        (Reason.PERMITTED, Reason.PERMIT_OVERRUN),
    ],
)
def test_a_door_still_open_is_open_since_it_opened(opened: Reason, reason: Reason) -> None:
    now = AT + timedelta(minutes=3)
    found = still_open(opening(opened), None, HOME, now, is_unknown=False)
    assert found == Raise(ConditionKind.LEFT_OPEN, reason, since_at=AT)


def test_a_door_covered_by_now_is_looked_at_after_its_permit() -> None:
    found = still_open(opening(), PERMIT.until_at, HOME, AT, is_unknown=False)
    assert found == Wait(LEFT_OPEN, local("15:03"))


def test_an_unknown_door_is_looked_at_again() -> None:
    found = still_open(opening(), None, HOME, AT, is_unknown=True)
    assert found == Wait(LEFT_OPEN, AT + LEFT_OPEN_S)


# ---- nights ----


@pytest.mark.parametrize(
    ("hhmm", "expected"),
    [("21:59:59", False), ("22:00", True), ("00:00", True), ("05:59:59", True), ("06:00", False)],
)
def test_the_night_passes_midnight(hhmm: str, expected: bool) -> None:
    assert is_night(local(hhmm), Policy()) is expected


def test_a_night_may_lie_within_one_day() -> None:
    policy = Policy(opening=Opening(night_from="01:00", night_until="05:00"))
    assert [is_night(local(each), policy) for each in ("00:59", "01:00", "05:00")] == [
        False,
        True,
        False,
    ]


def test_the_local_day_is_that_of_the_home() -> None:
    assert local_day(local("00:30"), Policy()).isoformat() == "2026-11-21"
