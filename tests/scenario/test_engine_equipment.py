"""Devices that fall silent, power that fails, bridges that vanish, a gateway that hears nobody."""

from __future__ import annotations

import pytest

from alerts import engine
from alerts.model import ConditionKind, DeviceClass, IncidentState, Matter
from alerts.permits import AddSilence, EndSilence
from alerts.reason import Reason
from alerts.state import Voice
from devices.model import LEFT_NETWORK, Origin
from tests.fakes.street import Street, local, observed

TOLD_OF_EQUIPMENT = {"m1", "worker-day"}


@pytest.fixture
def street() -> Street:
    street = Street(at="14:30")
    street.home("w1", "door-1")
    return street


@pytest.fixture
def block() -> Street:
    """Eight homes in building b3, each with a door on mains, behind bridge z1."""
    street = Street(at="14:30")
    for number in range(1, 9):
        street.home(f"w{number}")
        street.mains_device(f"door-{number}", f"w{number}", bridge="z1")
    street.bridge("z1", "online")
    return street


def silent(street: Street) -> set[str | None]:
    return {condition.device for condition in street.standing(ConditionKind.SILENT)}


def outages(street: Street) -> list[str]:
    return [condition.subject for condition in street.standing(ConditionKind.OUTAGE)]


# ---- one device ----


def test_a_device_on_mains_is_unknown_after_fifteen_minutes_and_told_after_two_more() -> None:
    street = Street(at="14:30")
    street.home("w1")
    street.mains_device("door-1")
    street.until("14:44:59")
    assert street.state.devices["door-1"].unknown_since is None
    street.until("14:45")
    assert street.state.devices["door-1"].unknown_since == local("14:30")
    assert street.notices == []
    street.until("14:47")
    assert street.who_was_told() == TOLD_OF_EQUIPMENT
    (condition,) = street.standing()
    assert (condition.kind, condition.reason) == (
        ConditionKind.SILENT,
        Reason.REPORTING_TIME_PASSED,
    )


def test_a_sleeping_device_owes_three_of_its_own_heartbeats(street: Street) -> None:
    street.beats("door-1", interval_s=3600)
    street.passes(hours=2, minutes=59)
    assert street.state.devices["door-1"].unknown_since is None
    street.passes(minutes=1)
    assert street.state.devices["door-1"].unknown_since == local("14:30")


def test_a_device_that_beats_in_time_is_never_silent(street: Street) -> None:
    for _ in range(30):
        street.beats("door-1", interval_s=60)
        street.passes(170)
    assert silent(street) == set()
    assert street.notices == []


def test_a_shorter_promise_is_owed_at_once(street: Street) -> None:
    street.beats("door-1", interval_s=36000)
    street.passes(60)
    street.beats("door-1", interval_s=60)
    street.passes(180)
    assert street.state.devices["door-1"].unknown_since == local("14:31")


def test_a_promise_that_changes_each_time_takes_no_more_room(street: Street) -> None:
    for number in range(200):
        street.beats("door-1", interval_s=60 + number % 2 * 600)
    assert sum(len(waiting) for waiting in street.state.looks.values()) <= 2


def test_no_promise_is_longer_than_twenty_five_hours(street: Street) -> None:
    street.beats("door-1", interval_s=1e9)
    street.passes(hours=25)
    assert street.state.devices["door-1"].unknown_since is not None


def test_a_last_will_makes_a_device_unknown_at_once_and_is_told_after_a_moment(
    street: Street,
) -> None:
    street.status("door-1", "online")
    street.status("door-1", "offline")
    assert street.state.devices["door-1"].unknown_since == local("14:30")
    street.passes(119)
    assert street.notices == []
    street.passes(1)
    assert street.standing()[0].reason is Reason.LAST_WILL
    assert street.who_was_told() == TOLD_OF_EQUIPMENT


def test_a_device_back_within_the_moment_is_not_told(street: Street) -> None:
    street.status("door-1", "offline")
    street.passes(60)
    street.status("door-1", "online")
    street.passes(minutes=10)
    assert street.notices == []


def test_that_a_device_is_there_does_not_say_what_its_door_does(street: Street) -> None:
    street.status("door-1", "offline")
    street.status("door-1", "online")
    assert street.state.devices["door-1"].unknown_since == local("14:30")
    street.reports("door-1", "door", "closed")
    assert street.state.devices["door-1"].unknown_since is None


def test_a_device_that_sleeps_as_it_should_raises_nothing(street: Street) -> None:
    street.status("door-1", "sleeping")
    street.passes(minutes=10)
    assert street.notices == []
    assert street.state.devices["door-1"].unknown_since is None


def test_a_device_that_vanishes_twice_under_one_status_is_told_twice(street: Street) -> None:
    for _ in range(2):
        street.forget()
        street.status("door-1", "offline")  # its `online` in between was lost
        street.passes(minutes=5)
        assert silent(street) == {"door-1"}
        street.beats("door-1", interval_s=600)
        assert silent(street) == set()


def test_a_device_heard_again_owes_its_messages_again() -> None:
    street = Street(at="14:30")
    street.home("w1")
    street.mains_device("door-1")
    street.passes(minutes=30)
    street.reports("door-1", "door", "closed")
    assert silent(street) == set()
    street.passes(minutes=17)
    assert silent(street) == {"door-1"}


def test_a_silent_device_is_told_once_and_ends_when_it_is_heard(street: Street) -> None:
    street.status("door-1", "offline")
    street.passes(hours=5)
    assert len(street.told("maintainers/m1")) == 1
    street.beats("door-1", interval_s=600)
    assert street.standing() == []
    assert street.incident().state is IncidentState.RESOLVED


def test_a_retained_copy_is_no_proof_of_life(street: Street) -> None:
    street.status("door-1", "offline")
    street.passes(60)
    street.reports("door-1", "door", "closed", origin=Origin.RETAINED)
    street.passes(60)
    assert silent(street) == {"door-1"}


def test_a_device_of_a_home_without_an_order_is_only_counted() -> None:
    street = Street(at="14:30")
    street.home("w1", "door-1", starts_at=local("16:00"))
    street.status("door-1", "offline")
    street.passes(minutes=30)
    assert street.notices == []
    assert street.counts[Reason.ORDER_NOT_ACTIVE] >= 1
    street.until("16:02")  # the order has begun, and nobody sees its door
    assert street.who_was_told() == TOLD_OF_EQUIPMENT


# ---- power ----


def test_a_low_battery_is_told_once_until_it_has_risen_well_above_the_limit(
    street: Street,
) -> None:
    for battery in (21, 19, 22, 18, 25):
        street.beats("door-1", battery_pct=battery)
    assert len(street.told("maintainers/m1")) == 1
    assert len(street.standing(ConditionKind.BATTERY_LOW)) == 1
    street.beats("door-1", battery_pct=30)
    assert street.standing() == []


def test_a_device_may_say_itself_that_its_battery_is_low(street: Street) -> None:
    street.says("door-1", "power", "low")
    assert street.who_was_told() == TOLD_OF_EQUIPMENT
    street.says("door-1", "power", "ok")
    assert street.standing() == []


def test_mains_lost_is_told_unless_it_is_back_in_a_moment() -> None:
    street = Street(at="14:30")
    street.home("w1")
    street.mains_device("door-1")
    street.says("door-1", "power", "battery")
    street.passes(60)
    street.says("door-1", "power", "mains")
    street.passes(minutes=5)
    assert street.notices == []
    street.says("door-1", "power", "battery")
    street.passes(120)
    assert [each.kind for each in street.standing()] == [ConditionKind.MAINS_LOST]
    street.says("door-1", "power", "mains")
    assert street.standing() == []


def test_a_battery_device_that_runs_on_its_battery_has_lost_nothing(street: Street) -> None:
    street.says("door-1", "power", "battery")
    street.passes(minutes=10)
    assert street.notices == []


# ---- several at once ----


def test_a_power_cut_in_a_block_is_one_incident(block: Street) -> None:
    block.until("14:46:59")
    assert block.notices == []
    block.until("14:55")
    assert outages(block) == ["building:b3"]
    matters = [incident.matter for incident in block.state.incidents.values()]
    assert Matter.DEVICE not in matters
    assert len(block.told("maintainers/m1")) == len(matters) == 1
    assert block.incident().homes_blind == 8


def test_four_devices_are_no_outage(block: Street) -> None:
    for number in range(1, 5):
        block.status(f"door-{number}", "offline")
    block.passes(120)
    assert outages(block) == []
    assert silent(block) == {f"door-{number}" for number in range(1, 5)}


def test_five_devices_lost_over_more_than_the_moment_are_no_outage(block: Street) -> None:
    for number in range(1, 6):
        block.status(f"door-{number}", "offline")
        block.passes(31)
    assert outages(block) == []


def test_five_devices_that_are_back_in_a_moment_are_no_outage(block: Street) -> None:
    for number in range(1, 6):
        block.status(f"door-{number}", "offline")
    block.passes(60)
    for number in range(1, 6):
        block.status(f"door-{number}", "online")
    block.passes(minutes=10)
    assert block.notices == []


def test_devices_of_several_buildings_behind_one_bridge_are_its_outage() -> None:
    street = Street(at="14:30")
    for number in range(1, 7):
        street.home(f"w{number}", building=f"b{number}")
        street.mains_device(f"door-{number}", f"w{number}", building=f"b{number}", bridge="z1")
    street.passes(minutes=20)
    assert outages(street) == ["bridge:z1"]
    assert len(street.told("maintainers/m1")) == 1


def test_a_device_elsewhere_is_no_outage_of_a_bridge_whose_block_is_dark(block: Street) -> None:
    block.home("w9", building="b4")
    block.mains_device("door-9", "w9", building="b4", bridge="z1")
    for number in (1, 2, 3, 4, 5, 9):
        block.status(f"door-{number}", "offline")
    block.passes(120)
    assert outages(block) == ["building:b3"]
    assert {each.device for each in block.standing(ConditionKind.SILENT) if each.incident} == {
        "door-9"
    }


def test_mains_lost_and_silence_count_together(block: Street) -> None:
    for number in range(1, 4):
        block.status(f"door-{number}", "offline")
    for number in range(4, 6):
        block.says(f"door-{number}", "power", "battery")
    block.passes(120)
    assert outages(block) == ["building:b3"]


def test_an_outage_ends_when_the_devices_are_heard_and_the_rest_is_told_alone(
    block: Street,
) -> None:
    for number in range(1, 7):
        block.status(f"door-{number}", "offline")
    block.passes(minutes=5)
    block.forget()
    for number in range(1, 6):
        block.status(f"door-{number}", "online")
    assert outages(block) == []
    block.passes(minutes=3)
    assert silent(block) == {"door-6"}
    assert block.who_was_told() >= {"m1"}
    (incident,) = [each for each in block.state.incidents.values() if not each.is_over]
    assert (incident.matter, incident.subject) == (Matter.DEVICE, "w6")


# ---- a bridge ----


def test_a_bridge_that_restarts_quickly_is_not_told(block: Street) -> None:
    block.bridge("z1", "offline")
    assert all(device.unknown_since for device in block.state.devices.values())
    block.passes(30)
    block.bridge("z1", "online")
    block.passes(minutes=5)
    assert block.notices == []


def test_a_bridge_that_stays_away_is_one_outage(block: Street) -> None:
    block.bridge("z1", "offline")
    block.passes(minutes=40)
    assert outages(block) == ["bridge:z1"]
    assert silent(block) == set()
    assert len(block.told("maintainers/m1")) == 1
    assert block.incident().homes_blind == 8


def test_behind_a_bridge_that_is_back_devices_stay_unknown_until_they_speak(
    block: Street,
) -> None:
    block.bridge("z1", "offline")
    block.passes(minutes=40)
    block.bridge("z1", "online")
    assert outages(block) == []
    assert block.state.devices["door-1"].unknown_since is not None
    block.beats("door-1")
    assert block.state.devices["door-1"].unknown_since is None
    block.passes(minutes=14)
    assert silent(block) == set()  # what they owe counts from the bridge's return
    block.passes(minutes=4)
    assert outages(block)  # the seven that never spoke


def test_an_old_open_that_a_bridge_repeats_at_its_start_is_no_opening() -> None:
    street = Street(at="14:30")
    street.home("w1")
    street.device("door-1", bridge="z1")
    unnumbered = {"boot": None, "seq": None}
    street.reports("door-1", "door", "closed", origin=Origin.EVENT, **unnumbered)
    street.bridge("z1", "offline")
    street.bridge("z1", "online")
    street.reports("door-1", "door", "open", origin=Origin.EVENT, **unnumbered)
    street.reports("door-1", "door", "closed", origin=Origin.EVENT, **unnumbered)
    street.passes(minutes=10)
    assert street.notices == []


def test_what_a_bridge_repeats_at_its_start_is_no_proof_of_life() -> None:
    street = Street(at="14:30")
    street.home("w1")
    street.device("door-1", bridge="z1")
    unnumbered = {"boot": None, "seq": None, "origin": Origin.EVENT}
    street.reports("door-1", "door", "closed", **unnumbered)
    street.bridge("z1", "offline")
    street.bridge("z1", "online")
    street.reports("door-1", "door", "closed", **unnumbered)
    assert street.state.devices["door-1"].unknown_since is not None
    street.reports("door-1", "door", "closed", **unnumbered)
    assert street.state.devices["door-1"].unknown_since is None


def test_a_device_heard_proves_its_bridge_alive(block: Street) -> None:
    block.bridge("z1", "offline")
    block.passes(60)
    block.beats("door-1")
    block.passes(minutes=5)
    assert outages(block) == []


# ---- the gateway itself ----


def test_a_gateway_that_hears_nobody_says_so_once_and_calls_nobody_silent(block: Street) -> None:
    with block.turn() as turn:
        engine.intake_lost(turn)
    block.passes(hours=3)
    assert [each.kind for each in block.standing()] == [ConditionKind.INTAKE_DOWN]
    assert len(block.told("maintainers/m1")) == 1
    assert block.incident().homes_blind == 8


def test_supervision_begins_anew_once_the_broker_is_found(block: Street) -> None:
    with block.turn() as turn:
        engine.intake_lost(turn)
    block.passes(hours=3)
    with block.turn() as turn:
        engine.intake_back(turn)
    assert block.standing() == []
    block.passes(minutes=14)
    assert block.standing() == []
    block.passes(minutes=4)
    assert outages(block)


def test_a_broker_gone_for_a_minute_is_not_told(block: Street) -> None:
    with block.turn() as turn:
        engine.intake_lost(turn)
    block.passes(60)
    with block.turn() as turn:
        engine.intake_back(turn)
    block.passes(minutes=10)
    assert block.notices == []


def test_a_door_that_was_open_when_the_broker_went_is_not_called_left_open(
    street: Street,
) -> None:
    street.says("door-1", "door", "open")
    with street.turn() as turn:
        engine.intake_lost(turn)
    street.passes(minutes=20)
    assert street.standing(ConditionKind.LEFT_OPEN) == []


# ---- silences ----


def test_a_silence_keeps_back_a_seal_but_not_a_call_for_help(street: Street) -> None:
    street.device("button-1")
    asked = AddSilence("w1", local("14:30"), local("15:00"), "lead", "work on the door")
    assert street.command(asked).ok
    street.says("door-1", "tamper", "on")
    assert street.notices == []
    assert Reason.SILENCED in street.reasons
    street.says("button-1", "button", "help")
    assert street.who_was_told() == {"worker-day", "doctor-day"}


def test_what_still_stands_when_a_silence_ends_is_told(street: Street) -> None:
    asked = AddSilence("building:b3", local("14:30"), local("15:00"), "lead", "painters")
    assert street.command(asked).ok
    street.says("door-1", "tamper", "on")
    street.until("14:59:59")
    assert street.notices == []
    street.until("15:00")
    assert street.who_was_told() == {"worker-day", "doctor-day", "police-day"}


def test_a_silence_may_be_ended_early(street: Street) -> None:
    asked = AddSilence("device:door-1", local("14:30"), local("15:00"), "lead", "painters")
    assert street.command(asked).ok
    street.says("door-1", "tamper", "on")
    (silence,) = street.state.silences["device:door-1"]
    assert street.command(EndSilence(silence.id, "lead")).ok
    assert len(street.notices) == 3
    assert not street.command(EndSilence(silence.id, "lead")).ok


def test_a_silence_without_a_reason_is_refused(street: Street) -> None:
    answer = street.command(AddSilence("w1", local("14:30"), local("15:00"), "lead", " "))
    assert not answer.ok


def test_a_covered_camera_is_told_to_the_maintainers(street: Street) -> None:
    street.device("camera-1")
    street.says("camera-1", "camera", "covered")
    street.passes(hours=1)
    assert [each.kind for each in street.standing()] == [ConditionKind.CAMERA_COVERED]
    assert street.who_was_told() == TOLD_OF_EQUIPMENT
    street.says("camera-1", "camera", "uncovered")
    assert street.standing() == []


def test_a_mains_device_is_known_by_its_class() -> None:
    street = Street(at="14:30")
    street.home("w1")
    assert street.mains_device("door-1").device_class is DeviceClass.MAINS


# ---- which device it is ----


def test_a_text_about_a_silent_device_says_where_it_hangs() -> None:
    street = Street(at="14:30")
    street.home("w1")
    street.mains_device("door-1", place="前门")
    street.mains_device("door-2", place="阳台门")
    street.passes(minutes=8)
    street.beats("door-2")
    street.until("14:47")
    assert street.told("maintainers/m1") == [
        "【门神】南岭村3栋1203 前门 设备失联 14:45起 1户看不到 回复 1 4821"
    ]
    street.passes(hours=25)
    assert "南岭村3栋1203 前门等2台 设备失联" in street.told("maintainers/m1")[-1]


def test_a_text_about_a_door_does_not_name_the_device(street: Street) -> None:
    street.device("door-9", place="前门")
    street.says("door-9", "door", "open")
    assert street.told("team-1/worker-day") == [
        "【门神】南岭村3栋1203 未报备开门 14:30 证据1级 回复 1 4821"
    ]


def test_a_device_that_left_its_network_is_told_as_that(street: Street) -> None:
    street.device("door-9")
    street.status("door-9", "offline", note=LEFT_NETWORK)
    street.passes(minutes=3)
    (condition,) = street.standing(ConditionKind.SILENT)
    assert condition.reason is Reason.LEFT_NETWORK
    assert "设备已退网" in street.told("maintainers/m1")[0]


def test_a_text_about_the_gateway_names_it() -> None:
    street = Street(at="14:30")
    street.home("w1", "door-1")
    street.state.voice = Voice(gateway="nanling")
    with street.turn() as turn:
        engine.intake_lost(turn)
    street.passes(minutes=3)
    assert "本网关nanling 消息服务中断" in street.told("maintainers/m1")[0]


# ---- devices of a building ----


@pytest.fixture
def hall(street: Street) -> Street:
    street.mains_device("camera-hall", None, place="大堂")
    return street


def test_a_silent_device_of_a_building_is_told_to_the_maintainers_alone(hall: Street) -> None:
    hall.until("14:47")
    assert hall.told("maintainers/m1") == ["【门神】b3 大堂 设备失联 14:45起 回复 1 4821"]
    assert hall.who_was_told() == {"m1"}
    assert hall.incident().subject == "device:camera-hall"
    hall.beats("camera-hall")
    assert hall.incident().cause == "recovered"


def test_a_device_of_a_building_without_a_place_is_named_by_its_id(street: Street) -> None:
    street.home("w2", "door-2", address="南岭村3栋1101")
    street.device("lamp-4", None)
    street.apply(observed("lamp-4", "power", "low", boot="b1", seq=1))
    assert street.told("maintainers/m1") == [
        "【门神】南岭村3栋 lamp-4 设备电量低 14:30起 回复 1 4821"
    ]


def test_nobody_is_told_of_a_building_in_which_no_home_is_under_an_order() -> None:
    street = Street(at="14:30")
    street.home("w1", "door-1", building="b9")
    street.home("w2", "door-2", notice_served_at=None)
    street.mains_device("camera-hall", None)
    street.passes(hours=1)
    assert street.notices == []
    assert street.counts[Reason.NOT_WATCHED] >= 1


def test_what_a_building_lacks_is_told_once_its_first_home_is_under_an_order() -> None:
    street = Street(at="14:30")
    street.home("w1", "door-1", starts_at=local("16:00"))
    street.mains_device("camera-hall", None)
    street.until("15:59")
    assert street.notices == []
    street.until("16:05")
    assert street.who_was_told() == {"m1"}


def test_a_silent_device_of_a_building_is_told_once_across_a_restart(hall: Street) -> None:
    hall.until("14:46")
    hall.restart(after_s=30)
    hall.passes(minutes=10)
    hall.restart()
    hall.passes(minutes=30)
    assert len(hall.told("maintainers/m1")) == 1


def test_what_a_camera_of_a_building_sees_is_recorded_and_told_to_nobody(hall: Street) -> None:
    for seen in ("exit", "gathering", "covered"):
        hall.says("camera-hall", "camera", seen)
    assert hall.notices == []
    assert hall.reasons.count(Reason.NOT_WATCHED) == 3
