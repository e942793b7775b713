"""Every tick and every refusal of installing, by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devices.model import Kind, Observation, Origin
from gateway.installing import admission, late
from gateway.installing.admission import Known, Order, Refused
from gateway.installing.checklist import (
    CONFIRMED,
    OWED,
    Limits,
    Tick,
    Ticked,
    Why,
    judge,
    next_of,
)
from gateway.installing.facts import Facts
from gateway.installing.kinds import CALLED, PLACES, DeviceKind, Place, guess
from gateway.installing.store import Installing

BEGUN = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
MOUNTED = BEGUN + timedelta(minutes=2)
LATER = MOUNTED + timedelta(seconds=30)


class Device:
    """A device that speaks, each event with the next number, half a minute after mounting."""

    def __init__(self, **levels: Any) -> None:
        self.facts = Facts(BEGUN)
        self.seq = 0
        self.levels: dict[str, Any] = {"battery_pct": 91.0, "rssi_dbm": -61} | levels

    def says(self, kind: str, state: str, at: datetime = LATER, **fields: Any) -> Device:
        self.seq += 1
        said: dict[str, Any] = {"seq": self.seq, "boot": "b1"} | self.levels | fields
        self.facts.take(Observation("door-7f3a", Kind(kind), state, **said), at)
        return self

    def opens_and_closes(self) -> Device:
        return self.says("door", "open").says("door", "closed")

    def ticks(self, kind: DeviceKind = DeviceKind.CONTACT, **answers: bool) -> dict[Tick, Why]:
        judged = judge(kind, self.facts, MOUNTED, answers)
        return {each.tick: each.why for each in judged}


def is_ready(ticks: dict[Tick, Why]) -> bool:
    return next_of(tuple(Ticked(*each) for each in ticks.items())) is None


# ---- what counts ----


def test_a_door_that_opens_and_closes_with_good_levels_is_ready() -> None:
    ticks = Device().opens_and_closes().ticks()
    assert is_ready(ticks)
    assert ticks == {
        Tick.SIGNAL: Why.GOOD,
        Tick.BATTERY: Why.GOOD,
        Tick.DOOR_OPEN: Why.GOOD,
        Tick.DOOR_CLOSED: Why.GOOD,
        Tick.TAMPER_OFF: Why.NOT_SAID,
    }


def test_a_silent_device_has_no_tick_at_all() -> None:
    assert set(Device().ticks().values()) == {Why.NOT_HEARD}


@pytest.mark.parametrize("origin", [Origin.RETAINED, Origin.CACHED])
def test_a_copy_of_unknown_age_ticks_nothing(origin: Origin) -> None:
    device = Device()
    device.says("door", "open", origin=origin, seq=None, boot=None)
    device.says("door", "closed", origin=origin, seq=None, boot=None)
    assert set(device.ticks().values()) == {Why.NOT_HEARD}
    assert device.facts.ignored == 2


def test_an_event_kept_back_from_before_the_installing_ticks_nothing() -> None:
    device = Device().says("door", "open", age_s=3600.0)
    assert set(device.ticks().values()) == {Why.NOT_HEARD}


def test_an_event_that_its_synchronised_clock_dates_before_the_installing_ticks_nothing() -> None:
    old = BEGUN - timedelta(hours=1)
    device = Device().says("door", "open", observed_at=old, clock="synced")
    assert device.facts.heard_at is None
    assert Device().says("door", "open", observed_at=old, clock="free").facts.heard_at == LATER


def test_what_arrived_before_the_installing_began_ticks_nothing() -> None:
    device = Device().says("door", "open", at=BEGUN - timedelta(seconds=1))
    assert device.facts.heard_at is None


def test_the_same_event_twice_and_a_late_one_tick_nothing_new() -> None:
    device = Device().says("door", "open").says("door", "closed")
    device.says("door", "open", seq=1)
    assert device.ticks()[Tick.DOOR_CLOSED] is Why.GOOD
    assert device.facts.ignored == 1


def test_a_last_will_is_nothing_heard() -> None:
    device = Device().says("status", "offline", seq=None, boot=None)
    assert device.facts.heard_at is None


def test_opening_before_it_was_mounted_does_not_tick_the_door() -> None:
    device = Device().says("door", "open", at=BEGUN + timedelta(seconds=5))
    device.says("door", "closed", at=BEGUN + timedelta(seconds=9))
    ticks = device.ticks()
    assert (ticks[Tick.DOOR_OPEN], ticks[Tick.DOOR_CLOSED]) == (Why.WAITS, Why.WAITS)
    assert ticks[Tick.SIGNAL] is Why.GOOD


# ---- each tick ----


def test_a_door_that_stays_open_is_to_be_closed() -> None:
    assert Device().says("door", "open").ticks()[Tick.DOOR_CLOSED] is Why.STILL_OPEN


def test_closed_without_having_been_opened_proves_nothing() -> None:
    ticks = Device().says("door", "closed").ticks()
    assert (ticks[Tick.DOOR_OPEN], ticks[Tick.DOOR_CLOSED]) == (Why.WAITS, Why.WAITS)


def test_one_of_two_doors_still_open_is_to_be_closed() -> None:
    device = Device().opens_and_closes().says("door", "open", part="back")
    assert device.ticks()[Tick.DOOR_CLOSED] is Why.STILL_OPEN


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"rssi_dbm": -81}, Why.WEAK),
        ({"rssi_dbm": -80}, Why.GOOD),
        ({"rssi_dbm": None, "link_quality": 39}, Why.WEAK),
        ({"rssi_dbm": None, "link_quality": 40}, Why.GOOD),
        ({"rssi_dbm": None}, Why.GOOD),
    ],
)
def test_a_weak_signal_is_refused_by_either_measure(said: dict[str, Any], why: Why) -> None:
    assert Device(**said).opens_and_closes().ticks()[Tick.SIGNAL] is why


def test_a_signal_that_became_better_at_another_place_counts_by_its_last_word() -> None:
    device = Device(rssi_dbm=-90).opens_and_closes()
    device.levels["rssi_dbm"] = -60
    assert device.says("door", "open").ticks()[Tick.SIGNAL] is Why.GOOD


@pytest.mark.parametrize(
    ("level", "why"), [(29.0, Why.LOW), (30.0, Why.GOOD), (None, Why.NOT_SAID)]
)
def test_a_low_battery_is_to_be_changed_first(level: float | None, why: Why) -> None:
    assert Device(battery_pct=level).opens_and_closes().ticks()[Tick.BATTERY] is why


def test_a_device_that_calls_its_battery_low_is_believed_whatever_the_figure() -> None:
    device = Device().opens_and_closes().says("power", "low")
    assert device.ticks()[Tick.BATTERY] is Why.LOW
    assert device.says("power", "ok").ticks()[Tick.BATTERY] is Why.GOOD


def test_a_tamper_contact_that_is_on_keeps_it_out_of_service_until_it_is_off() -> None:
    device = Device().opens_and_closes().says("tamper", "on")
    assert device.ticks()[Tick.TAMPER_OFF] is Why.IS_ON
    assert device.says("tamper", "off").ticks()[Tick.TAMPER_OFF] is Why.GOOD


def test_silence_about_tampering_is_no_proof_before_the_device_told_all_or_was_tried() -> None:
    device = Device().says("door", "open")
    assert device.ticks()[Tick.TAMPER_OFF] is Why.WAITS
    device.says("heartbeat", "alive")
    assert device.ticks()[Tick.TAMPER_OFF] is Why.NOT_SAID


def test_a_seal_is_ready_once_applied_and_not_while_it_is_broken() -> None:
    device = Device().says("seal", "broken")
    assert device.ticks(DeviceKind.SEAL)[Tick.SEAL_APPLIED] is Why.BROKEN
    assert is_ready(device.says("seal", "applied").ticks(DeviceKind.SEAL))


@pytest.mark.parametrize("press", ["announce", "help"])
def test_a_button_is_ready_once_pressed(press: str) -> None:
    device = Device().says("heartbeat", "alive")
    assert device.ticks(DeviceKind.BUTTON)[Tick.BUTTON_PRESSED] is Why.WAITS
    assert is_ready(device.says("button", press).ticks(DeviceKind.BUTTON))


def test_a_vibration_sensor_is_knocked_on_and_quiet_again() -> None:
    device = Device().says("tamper", "on")
    ticks = device.ticks(DeviceKind.VIBRATION)
    assert (ticks[Tick.KNOCKED], ticks[Tick.TAMPER_OFF]) == (Why.GOOD, Why.IS_ON)
    assert is_ready(device.says("tamper", "off").ticks(DeviceKind.VIBRATION))


def test_a_camera_is_ready_with_its_sign_up_its_view_outside_and_nothing_over_it() -> None:
    device = Device().says("camera", "motion")
    asked = device.ticks(DeviceKind.CAMERA)
    assert (asked[Tick.SIGNAGE], asked[Tick.LOOKS_OUTSIDE]) == (Why.TO_CONFIRM, Why.TO_CONFIRM)
    assert is_ready(device.ticks(DeviceKind.CAMERA, signage=True, looks_outside=True))
    device.says("camera", "covered")
    covered = device.ticks(DeviceKind.CAMERA, signage=True, looks_outside=True)
    assert covered[Tick.UNCOVERED] is Why.COVERED


def test_a_bridge_is_ready_once_it_is_online() -> None:
    device = Device().says("status", "online", seq=None, boot=None)
    assert is_ready(device.ticks(DeviceKind.BRIDGE))


def test_what_is_confirmed_by_hand_is_only_what_no_device_can_say() -> None:
    assert {Tick.LOOKS_OUTSIDE, Tick.SIGNAGE} == CONFIRMED
    by_hand = {kind for kind, ticks in OWED.items() if CONFIRMED & set(ticks)}
    assert by_hand == {DeviceKind.CAMERA}


# ---- refusals ----


def test_a_device_that_speaks_as_another_kind_is_the_wrong_one() -> None:
    device = Device().says("camera", "motion")
    assert device.ticks()[Tick.SIGNAL] is Why.OTHER_KIND
    refused = admission.why_not_sign_off(judge(DeviceKind.CONTACT, device.facts, MOUNTED, {}))
    assert refused is Refused.WRONG_KIND


@pytest.mark.parametrize(
    ("device", "kind", "answers", "refused"),
    [
        (Device(rssi_dbm=-95).opens_and_closes(), DeviceKind.CONTACT, {}, Refused.WEAK_SIGNAL),
        (Device().says("door", "open"), DeviceKind.CONTACT, {}, Refused.NOT_ALL_TICKED),
        (Device().says("camera", "motion"), DeviceKind.CAMERA, {}, Refused.NO_SIGNAGE),
        (
            Device().says("camera", "motion"),
            DeviceKind.CAMERA,
            {"signage": False, "looks_outside": True},
            Refused.NO_SIGNAGE,
        ),
        (
            Device().says("camera", "motion"),
            DeviceKind.CAMERA,
            {"signage": True, "looks_outside": False},
            Refused.LOOKS_INSIDE,
        ),
        (Device().opens_and_closes(), DeviceKind.CONTACT, {}, None),
    ],
)
def test_signing_off_is_refused_by_the_gravest_reason(
    device: Device, kind: DeviceKind, answers: dict[str, bool], refused: Refused | None
) -> None:
    ticks = judge(kind, device.facts, MOUNTED, answers, Limits())
    assert admission.why_not_sign_off(ticks) is refused


@pytest.mark.parametrize(
    ("known", "refused"),
    [
        (Known(is_registered=False), Refused.NOT_REGISTERED),
        (Known(is_registered=True, is_unwiped=True), Refused.NOT_WIPED),
        (Known(is_registered=True, bound_since=BEGUN), Refused.BOUND_ELSEWHERE),
        (Known(is_registered=True, bound_since=BEGUN, is_bound_here=True), None),
        (Known(is_registered=True), None),
    ],
)
def test_beginning_is_refused_for_a_device_that_cannot_be_used(
    known: Known, refused: Refused | None
) -> None:
    assert admission.why_not_begin(known) is refused


def test_a_home_without_an_order_or_after_it_gets_nothing() -> None:
    assert admission.why_not_home(None, BEGUN) is Refused.NO_ORDER
    assert admission.why_not_home(Order(BEGUN), BEGUN) is Refused.ORDER_OVER
    assert admission.why_not_home(Order(LATER), BEGUN) is None


@pytest.mark.parametrize("kind", list(DeviceKind))
def test_a_device_is_refused_at_each_place_where_its_kind_does_not_belong(kind: DeviceKind) -> None:
    for place in Place:
        refused = admission.why_not_place(kind, place)
        assert (refused is None) == (place in PLACES[kind])


def test_a_camera_has_no_place_within_a_home() -> None:
    within = {Place.BEDSIDE, Place.LIVING_ROOM, Place.BALCONY}
    assert not within & set(PLACES[DeviceKind.CAMERA])


def test_every_place_fits_where_texts_name_it() -> None:
    assert all(len(called) <= 12 for words in CALLED.values() for called in words.values())
    assert all(set(words) == set(Place) for words in CALLED.values())


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("", "door-7f3a"), DeviceKind.CONTACT),
        (("MCCGQ11LM", "x-1"), DeviceKind.CONTACT),
        (("", "seal-91bc"), DeviceKind.SEAL),
        (("", "cam-1"), DeviceKind.CAMERA),
        (("", "button-1"), DeviceKind.BUTTON),
        (("DJT11LM", "door-1"), DeviceKind.VIBRATION),
        (("", "k7f3q9"), None),
    ],
)
def test_the_kind_is_guessed_from_model_and_id(
    names: tuple[str, ...], kind: DeviceKind | None
) -> None:
    assert guess(*names) is kind


# ---- late ----


def installing(**changed: Any) -> Installing:
    begun = Installing(
        id="i1",
        device="door-7f3a",
        account="a1",
        begun_at=BEGUN,
        begun_seq=0,
        watch="w1",
        kind=DeviceKind.CONTACT,
        place=Place.FRONT_DOOR,
        mounted_at=MOUNTED,
        answers={},
        told_at=None,
        ended_at=None,
        outcome="",
    )
    return replace(begun, **changed)


def test_the_lead_is_told_once_of_what_was_mounted_and_is_not_in_service_in_time() -> None:
    within = timedelta(minutes=15)
    due = MOUNTED + within
    assert late.to_be_told([installing()], within, due) == [installing()]
    assert late.to_be_told([installing()], within, due - timedelta(seconds=1)) == []
    assert late.to_be_told([installing(told_at=due)], within, due) == []
    assert late.to_be_told([installing(mounted_at=None)], within, due) == []
    assert late.to_be_told([installing(ended_at=due)], within, due) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_text_about_a_late_device_is_one_segment_for_any_address(language: str) -> None:
    for address in ("3栋1203", "很长的地址" * 20, "", "😀" * 40):
        text = late.text_of(address, timedelta(minutes=15), language)
        assert len(text.encode("utf-16-le")) // 2 <= 70
        assert "15" in text
