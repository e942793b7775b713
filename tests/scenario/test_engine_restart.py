"""The gateway dies and starts again; its clock is wrong and is set; orders outlive both."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts import engine, roster
from alerts.model import ConditionKind, DeviceInfo
from alerts.reason import Reason
from tests.fakes.street import Street, local, watch

YEAR = timedelta(days=365)


@pytest.fixture
def street() -> Street:
    street = Street(at="14:32")
    street.home("w1", "door-1", "seal-1", "camera-1", "button-1")
    return street


def kinds(street: Street) -> list[ConditionKind]:
    return sorted(condition.kind for condition in street.standing())


# ---- starting again ----


def test_a_door_that_was_open_is_called_left_open_in_its_time(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.passes(60)
    street.restart(after_s=5)
    street.until("14:34:59")
    assert kinds(street) == [ConditionKind.OPENED]
    street.until("14:35")
    assert kinds(street) == [ConditionKind.LEFT_OPEN, ConditionKind.OPENED]


def test_an_order_that_had_begun_does_not_wait_to_begin_again(street: Street) -> None:
    street.home("w2", "door-2", starts_at=local("18:00"))
    street.restart(after_s=5)
    waiting = [kind.subject for _, kind in street.state.timers.heap if kind.what == "order_start"]
    assert waiting == ["w2"]


def test_a_door_whose_time_passed_meanwhile_may_still_say_that_it_closed(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.restart(after_s=3600)
    street.passes(20)
    street.says("door-1", "door", "closed")
    street.passes(minutes=10)
    assert [each.kind for each in street.tables.conditions.values()] == [ConditionKind.OPENED]


def test_a_door_whose_time_passed_meanwhile_is_told_if_it_says_nothing(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.restart(after_s=3600)
    street.passes(60)
    assert ConditionKind.LEFT_OPEN in kinds(street)


def test_nobody_is_silent_for_the_time_the_gateway_was_away() -> None:
    street = Street(at="14:30")
    street.home("w1")
    street.mains_device("door-1")
    street.restart(after_s=86400)
    street.passes(minutes=14)
    assert street.standing() == []
    street.passes(minutes=3)
    assert kinds(street) == [ConditionKind.SILENT]


def test_a_device_that_was_lost_just_before_is_told_after_its_moment(street: Street) -> None:
    street.status("door-1", "offline")
    street.restart(after_s=3600)
    street.passes(119)
    assert street.standing() == []
    street.passes(1)
    assert kinds(street) == [ConditionKind.SILENT]


def test_a_bridge_that_was_lost_just_before_is_told_after_its_moment() -> None:
    street = Street(at="14:30")
    street.home("w1")
    street.device("door-1", bridge="z1")
    street.bridge("z1", "offline")
    street.restart(after_s=10)
    street.passes(120)
    assert kinds(street) == [ConditionKind.OUTAGE]
    street.restart()
    street.bridge("z1", "online")
    assert street.standing() == []


def test_a_gateway_that_was_deaf_is_well_again_once_it_hears(street: Street) -> None:
    with street.turn() as turn:
        engine.intake_lost(turn)
    street.passes(minutes=3)
    street.restart()
    assert kinds(street) == [ConditionKind.INTAKE_DOWN]
    with street.turn() as turn:
        engine.intake_back(turn)
    assert street.standing() == []


def test_openings_before_the_start_count_towards_repeated(street: Street) -> None:
    for _ in range(2):
        street.says("door-1", "door", "open")
        street.passes(20)
        street.says("door-1", "door", "closed")
        street.passes(60)
    street.restart()
    street.says("door-1", "door", "open")
    assert ConditionKind.REPEATED in kinds(street)


def test_an_opening_announced_late_before_the_start_does_not_count(street: Street) -> None:
    for press in (True, False):
        street.says("door-1", "door", "open")
        street.passes(20)
        street.says("door-1", "door", "closed")
        if press:
            street.says("button-1", "button", "announce")
        street.passes(minutes=6)
    street.restart()
    street.says("door-1", "door", "open")
    assert ConditionKind.REPEATED not in kinds(street)


def test_an_opening_under_a_late_announcement_keeps_its_window(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.passes(30)
    street.says("button-1", "button", "announce")
    street.restart()
    street.until("14:40:29")
    assert kinds(street) == [ConditionKind.OPENED]
    street.until("14:40:30")
    assert ConditionKind.LEFT_OPEN in kinds(street)


def test_an_event_repeated_across_the_start_is_still_one(street: Street) -> None:
    street.says("door-1", "door", "open", seq=1)
    street.restart()
    street.forget()
    street.says("door-1", "door", "open", seq=1)
    assert street.notices == []


def test_what_was_found_at_the_beginning_of_an_order_is_not_found_again(street: Street) -> None:
    street.says("seal-1", "seal", "broken")
    street.restart()
    street.forget()
    street.passes(1)
    assert street.reasons == []


def test_an_order_that_began_while_the_gateway_was_away_is_taken_as_found() -> None:
    street = Street(at="14:30")
    street.home("w1", "door-1", starts_at=local("15:00"))
    street.says("door-1", "door", "open")
    street.restart(after_s=3600)
    street.passes(1)
    assert kinds(street) == [ConditionKind.OPENED]
    assert street.notices == []


# ---- clocks ----


def test_a_clock_set_forward_a_year_releases_nobody_and_calls_nobody_silent(
    street: Street,
) -> None:
    street.mains_device("door-2")
    street.says("door-1", "door", "open")
    street.state.clock_is_trusted = False
    street.clock_steps(YEAR)
    street.forget()
    street.passes(170)
    assert kinds(street) == [ConditionKind.OPENED]
    assert street.state.running == {"w1"}
    assert street.who_was_told() == {"lead"}, "to look at the clock, and nobody else"
    street.passes(10)
    assert ConditionKind.LEFT_OPEN in kinds(street)
    street.passes(minutes=11)
    assert ConditionKind.SILENT not in kinds(street)


def test_a_clock_set_back_an_hour_delays_nothing(street: Street) -> None:
    street.says("door-1", "door", "open")
    street.clock_steps(timedelta(hours=-1))
    street.passes(180)
    assert ConditionKind.LEFT_OPEN in kinds(street)
    assert street.incident().since_at == local("13:32")


def test_openings_before_a_clock_step_count_towards_repeated(street: Street) -> None:
    for _ in range(2):
        street.says("door-1", "door", "open")
        street.says("door-1", "door", "closed")
        street.passes(60)
    street.clock_steps(timedelta(hours=5))
    street.says("door-1", "door", "open")
    assert ConditionKind.REPEATED in kinds(street)


def test_a_clock_set_back_before_the_beginning_of_an_order_does_not_end_the_watch(
    street: Street,
) -> None:
    street.clock_steps(-10 * YEAR)
    street.says("door-1", "door", "open")
    assert len(street.notices) == 1


def test_a_start_with_a_clock_before_the_order_does_not_end_the_watch(street: Street) -> None:
    street.restart(after_s=-10 * YEAR.total_seconds())
    street.says("door-1", "door", "open")
    assert len(street.notices) == 1


def test_a_start_with_a_clock_a_year_ahead_releases_nobody(street: Street) -> None:
    street.restart(after_s=YEAR.total_seconds())
    street.state.clock_is_trusted = False
    street.passes(1)
    assert street.state.running == {"w1"}
    assert Reason.CLOCK_NOT_TRUSTED in street.reasons


def test_devices_lost_before_and_after_a_clock_step_are_one_outage() -> None:
    street = Street(at="14:30")
    street.home("w1")
    for number in range(1, 6):
        street.device(f"door-{number}")
    for number in range(1, 4):
        street.status(f"door-{number}", "offline")
    street.clock_steps(timedelta(hours=5))
    for number in range(4, 6):
        street.status(f"door-{number}", "offline")
    street.passes(120)
    assert ConditionKind.OUTAGE in kinds(street)


@pytest.mark.parametrize("by", [timedelta(hours=-5), timedelta(hours=5)])
def test_what_a_device_owes_is_not_shortened_or_stretched(by: timedelta) -> None:
    street = Street(at="14:30")
    street.home("w1")
    street.mains_device("door-1")
    street.passes(minutes=10)
    street.beats("door-1")
    street.clock_steps(by)
    street.passes(minutes=14, seconds=59)
    assert street.state.devices["door-1"].missing_since is None
    street.passes(1)
    assert street.state.devices["door-1"].missing_since is not None


def test_what_was_owed_from_the_start_moves_with_the_clock() -> None:
    street = Street(at="14:30")
    street.home("w1")
    roster.enter_device(street.state, DeviceInfo("door-9", "w1", "b3"), street.now)
    street.clock_steps(timedelta(days=-400))
    street.passes(hours=25)
    assert street.state.devices["door-9"].missing_since is not None


# ---- the roster ----


def test_a_notice_served_later_begins_the_watch() -> None:
    street = Street(at="14:30")
    street.home("w1", "door-1", notice_served_at=None)
    street.says("door-1", "door", "open")
    roster.enter_watch(street.state, watch("w1", devices=("door-1",)), street.now)
    street.tick()
    assert kinds(street) == [ConditionKind.OPENED]
    street.passes(180)
    assert len(street.notices) == 3


def test_an_extended_order_goes_on() -> None:
    street = Street(at="14:30")
    street.home("w1", "door-1", ends_at=local("15:00"))
    extended = watch("w1", devices=("door-1",), ends_at=local("16:00"))
    roster.enter_watch(street.state, extended, street.now)
    street.until("15:30")
    street.says("door-1", "door", "open")
    assert len(street.notices) == 1


def test_a_device_taken_away_owes_nothing_and_leaves_nothing_standing(street: Street) -> None:
    street.says("seal-1", "seal", "broken")
    with street.turn() as turn:
        roster.remove_device(turn, "seal-1", street.now)
    assert street.standing() == []
    street.says("seal-1", "seal", "broken")
    assert street.counts[Reason.UNREGISTERED] == 1
    street.passes(hours=30)
    assert "seal-1" not in {condition.device for condition in street.standing()}


def test_a_device_moved_counts_in_its_new_building(street: Street) -> None:
    street.status("door-1", "offline")
    roster.enter_device(street.state, DeviceInfo("door-1", "w1", "b9"), street.now)
    places = street.state.places
    assert "door-1" in places["building:b9"].troubled
    assert "door-1" not in places["building:b3"].troubled
    assert "door-1" not in places["building:b3"].devices


def test_low_batteries_from_before_the_order_are_told_when_it_begins() -> None:
    street = Street(at="14:30")
    street.home("w1", "door-1", starts_at=local("15:00"))
    street.beats("door-1", battery_pct=5)
    assert street.notices == []
    street.until("15:00")
    assert kinds(street) == [ConditionKind.BATTERY_LOW]
