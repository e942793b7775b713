"""Unknown time, to the second: who could not be relied on, why, and from when until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts import engine, roster
from alerts.reason import Reason
from devices.model import Origin
from tests.fakes.street import LOCAL, Street, observed

Span = tuple[str | None, str, str | None, str | None]


@pytest.fixture
def street() -> Street:
    """One home, whose door is on mains and must be heard every 15 minutes."""
    street = Street(at="14:30")
    street.home("w1")
    street.mains_device("door-1", bridge="z1")
    street.bridge("z1", "online")
    return street


def spans(street: Street) -> list[Span]:
    """Device, reason, from and until, local time."""

    def clock(at: datetime | None) -> str | None:
        return at and f"{at.astimezone(LOCAL):%H:%M:%S}"

    return [
        (each.device, each.reason, clock(each.from_at), clock(each.until_at))
        for each in street.tables.spans
    ]


def intake(street: Street, *, is_lost: bool) -> None:
    with street.turn() as turn:
        (engine.intake_lost if is_lost else engine.intake_back)(turn)


def test_a_silence_is_unknown_from_the_last_word_to_the_next(street: Street) -> None:
    street.until("14:31:07")
    street.beats("door-1")
    street.until("14:50")
    assert spans(street) == [("door-1", "reporting_time_passed", "14:31:07", None)]
    street.until("14:52:09")
    street.beats("door-1")
    assert spans(street) == [("door-1", "reporting_time_passed", "14:31:07", "14:52:09")]


def test_a_device_heard_in_time_is_never_unknown(street: Street) -> None:
    for _ in range(40):
        street.passes(minutes=10)
        street.beats("door-1", interval_s=700)
        street.reports("door-1", "door", "closed")
    assert spans(street) == []


def test_a_last_will_is_unknown_at_once_and_online_alone_ends_nothing(street: Street) -> None:
    street.status("door-1", "offline")
    street.passes(20)
    street.status("door-1", "online")
    assert spans(street) == [("door-1", "last_will", "14:30:00", None)]
    street.passes(5)
    street.reports("door-1", "door", "closed")
    assert spans(street) == [("door-1", "last_will", "14:30:00", "14:30:25")]


def test_what_is_over_within_one_batch_is_one_row(street: Street) -> None:
    with street.turn() as turn:
        device = turn.state.devices["door-1"]
        turn.put_unknown(device, Reason.LAST_WILL, turn.now)
        turn.put_known(device, turn.now + timedelta(seconds=1))
        turn.put_unknown(device, Reason.RETAINED_COPY, turn.now + timedelta(seconds=2))
    assert [each[1:] for each in spans(street)] == [
        ("last_will", "14:30:00", "14:30:01"),
        ("retained_copy", "14:30:02", None),
    ]


def test_a_contradicting_copy_is_unknown_until_the_device_speaks(street: Street) -> None:
    street.apply(observed("door-1", "door", "open", origin=Origin.RETAINED))
    street.passes(90)
    street.says("door-1", "door", "closed")
    assert spans(street) == [("door-1", "retained_copy", "14:30:00", "14:31:30")]


def test_a_block_behind_a_bridge_is_unknown_device_by_device() -> None:
    block = Street(at="14:30")
    for number in range(1, 4):
        block.home(f"w{number}")
        block.mains_device(f"door-{number}", f"w{number}", bridge="z1")
    block.bridge("z1", "online")
    block.passes(60)
    block.bridge("z1", "offline")
    block.passes(40)
    block.bridge("z1", "online")
    block.passes(5)
    block.reports("door-2", "door", "closed")
    assert spans(block) == [
        ("door-1", "bridge_offline", "14:31:00", None),
        ("door-2", "bridge_offline", "14:31:00", "14:31:45"),
        ("door-3", "bridge_offline", "14:31:00", None),
    ]
    assert [each.watch for each in block.tables.spans] == ["w1", "w2", "w3"]


def test_a_power_cut_in_a_block_is_a_span_for_each_that_fell_silent() -> None:
    block = Street(at="14:30")
    for number in range(1, 7):
        block.home(f"w{number}")
        block.mains_device(f"door-{number}", f"w{number}")
    block.passes(minutes=30)
    silent = [("reporting_time_passed", "14:30:00", None)] * 6
    assert [each[1:] for each in spans(block)] == silent


def test_a_gateway_without_its_broker_knows_nothing_and_calls_nobody_silent(
    street: Street,
) -> None:
    intake(street, is_lost=True)
    street.passes(minutes=40)
    intake(street, is_lost=False)
    assert spans(street) == [(None, "intake_lost", "14:30:00", "15:10:00")]


def test_a_broker_lost_twice_is_one_span(street: Street) -> None:
    intake(street, is_lost=True)
    street.passes(60)
    intake(street, is_lost=True)
    assert spans(street) == [(None, "intake_lost", "14:30:00", None)]


def test_a_restart_leaves_an_open_span_open_and_doubles_nothing(street: Street) -> None:
    street.status("door-1", "offline")
    street.restart(after_s=30)
    street.passes(minutes=40)
    assert spans(street) == [("door-1", "last_will", "14:30:00", None)]
    street.reports("door-1", "door", "closed")
    assert spans(street) == [("door-1", "last_will", "14:30:00", "15:10:30")]


def test_a_clock_that_goes_back_takes_what_lasts_with_it(street: Street) -> None:
    street.status("door-1", "offline")
    street.passes(60)
    street.clock_steps(timedelta(hours=-1))
    assert spans(street) == [
        ("door-1", "last_will", "14:30:00", "14:30:00"),
        ("door-1", "last_will", "13:30:00", None),
    ]
    street.passes(30)
    street.reports("door-1", "door", "closed")
    assert spans(street)[-1] == ("door-1", "last_will", "13:30:00", "13:31:30")


def test_time_that_the_clock_stepped_over_is_known_to_nobody(street: Street) -> None:
    street.clock_steps(timedelta(hours=2))
    assert spans(street) == [(None, "clock_stepped", "14:30:00", "16:30:00")]


def test_a_clock_set_right_by_seconds_steps_over_nothing(street: Street) -> None:
    street.clock_steps(timedelta(seconds=60))
    assert spans(street) == []


def test_time_that_was_lived_is_not_lost_when_the_clock_comes_back_to_it(street: Street) -> None:
    """A board without a clock starts in the past, and learns the date late."""
    street.passes(minutes=10)  # it is 14:40
    street.clock_steps(timedelta(days=-400))
    street.passes(minutes=2)
    street.clock_steps(timedelta(days=400, minutes=3))
    assert spans(street)[-1] == (None, "clock_stepped", "14:40:00", "14:45:00")


def test_a_device_taken_away_while_unknown_is_unknown_no_more(street: Street) -> None:
    street.status("door-1", "offline")
    street.passes(60)
    with street.turn() as turn:
        roster.remove_device(turn, "door-1", street.now)
    assert spans(street) == [("door-1", "last_will", "14:30:00", "14:31:00")]


def test_what_is_unknown_of_a_device_that_moved_is_so_at_its_new_home(street: Street) -> None:
    street.home("w2")
    street.status("door-1", "offline")
    street.passes(60)
    with street.turn() as turn:
        device = street.state.devices["door-1"]
        roster.enter_device(street.state, replace(device.info, watch="w2"), street.now)
        roster.moved(turn, device, "w1")
    first, second = street.tables.spans
    assert (first.watch, first.until_at) == ("w1", street.now)
    assert (second.watch, second.from_at, second.until_at) == ("w2", street.now, None)
    assert second.reason is Reason.LAST_WILL
