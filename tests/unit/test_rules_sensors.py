"""The rules about seals, tamper, cameras, help, power and absence, each by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.model import ConditionKind, DeviceClass, DeviceInfo, Permit
from alerts.policy import Supervision
from alerts.reason import Reason
from alerts.rules.absence import LEAST_S, is_one_outage, owes_since, reporting_time
from alerts.rules.camera import camera
from alerts.rules.finding import Clear, Finding, Ignore, Raise, Scene
from alerts.rules.help import help_asked
from alerts.rules.power import charge, power
from alerts.rules.seal import seal
from alerts.rules.tamper import tamper
from alerts.state import DeviceState, HomeState, Place
from devices.model import MOMENTARY, STATES, Kind, News
from tests.fakes.street import local, observed, watch

AT = local("14:32")
RULES = {"seal": seal, "tamper": tamper, "camera": camera}
PERMIT = Permit("p1", "w1", local("14:30"), local("15:00"), "meal", "lead")
SUPERVISION = Supervision()
K = ConditionKind


def findings(
    kind: str, state: str, news: News = News.NEW, permit: Permit | None = None
) -> list[Finding]:
    observation = observed("d1", kind, state)
    scene = Scene(observation, news, AT, watch(), HomeState(), {}, permit)
    return list(RULES[kind](scene))


@pytest.mark.parametrize("news", [News.NEW, News.FOUND, News.AGED])
@pytest.mark.parametrize("permit", [None, PERMIT])
@pytest.mark.parametrize(
    ("kind", "state", "expected"),
    [
        ("seal", "broken", Raise(K.SEAL_BROKEN, Reason.SEAL_BROKEN)),
        ("seal", "removed", Raise(K.SEAL_REMOVED, Reason.SEAL_REMOVED)),
        ("tamper", "on", Raise(K.TAMPERED, Reason.DEVICE_TAMPERED)),
        ("camera", "covered", Raise(K.CAMERA_COVERED, Reason.CAMERA_COVERED)),
        ("camera", "fault", Raise(K.CAMERA_FAULT, Reason.CAMERA_FAULT)),
    ],
)
def test_what_stands_is_raised_however_it_was_learnt(
    kind: str, state: str, expected: Finding, news: News, permit: Permit | None
) -> None:
    assert findings(kind, state, news, permit) == [expected]


@pytest.mark.parametrize(
    ("kind", "state", "kinds"),
    [
        ("seal", "applied", {K.SEAL_BROKEN, K.SEAL_REMOVED}),
        ("tamper", "off", {K.TAMPERED}),
        ("camera", "uncovered", {K.CAMERA_COVERED, K.CAMERA_FAULT}),
    ],
)
def test_what_is_well_again_clears_what_stood(
    kind: str, state: str, kinds: set[ConditionKind]
) -> None:
    found = findings(kind, state)
    assert {each.kind for each in found if isinstance(each, Clear)} == kinds
    assert len(found) == len(kinds)


@pytest.mark.parametrize("state", ["exit", "loitering", "gathering"])
def test_a_permit_does_not_cover_what_a_camera_saw(state: str) -> None:
    (found,) = findings("camera", state, permit=PERMIT)
    assert isinstance(found, Raise)


def test_a_permit_covers_who_comes_in() -> None:
    assert findings("camera", "entry", permit=PERMIT) == [Ignore(Reason.PERMITTED, "entry")]
    assert findings("camera", "entry") == [Raise(K.CAMERA_ENTRY, Reason.CAMERA_SAW_ENTRY)]


def test_what_a_camera_saw_a_while_ago_is_recorded_only() -> None:
    assert findings("camera", "exit", News.AGED) == [Ignore(Reason.AGED, "exit")]


def test_motion_is_recorded_only() -> None:
    assert findings("camera", "motion") == [Ignore(Reason.NO_RULE, "motion")]


@pytest.mark.parametrize("kind", ["seal", "tamper", "camera"])
def test_every_state_of_a_kind_is_judged(kind: str) -> None:
    assert all(findings(kind, state) for state in STATES[Kind(kind)])


def test_help_is_always_raised() -> None:
    assert help_asked() == Raise(K.HELP, Reason.HELP_ASKED)
    assert (Kind.BUTTON, "help") in MOMENTARY


# ---- power ----


def device(device_class: DeviceClass, interval_s: float | None = None) -> DeviceState:
    info = DeviceInfo("d1", "w1", "b3", device_class=device_class)
    return DeviceState(info, interval_s=interval_s)


@pytest.mark.parametrize(
    ("device_class", "state", "kinds"),
    [
        (DeviceClass.MAINS, "battery", {K.MAINS_LOST}),
        (DeviceClass.SLEEPING, "battery", set()),
        (DeviceClass.MAINS, "low", {K.BATTERY_LOW}),
        (DeviceClass.SLEEPING, "low", {K.BATTERY_LOW}),
        (DeviceClass.MAINS, "mains", set()),
        (DeviceClass.SLEEPING, "ok", set()),
    ],
)
def test_what_a_device_says_of_its_power(
    device_class: DeviceClass, state: str, kinds: set[ConditionKind]
) -> None:
    found = power(device(device_class), state)
    assert {each.kind for each in found if isinstance(each, Raise)} == kinds


@pytest.mark.parametrize(
    ("is_low", "battery_pct", "expected"),
    [(False, 20, None), (False, 19.9, Raise), (True, 29.9, None), (True, 30, Clear)],
)
def test_a_charge_must_rise_well_above_the_limit(
    is_low: bool, battery_pct: float, expected: type[Finding] | None
) -> None:
    found = charge(is_low, battery_pct, SUPERVISION)
    assert found is None if expected is None else isinstance(found, expected)


# ---- absence ----


@pytest.mark.parametrize(
    ("device_class", "interval_s", "allowed_s"),
    [
        (DeviceClass.MAINS, 60, 900),
        (DeviceClass.SLEEPING, 3600, 10800),
        (DeviceClass.SLEEPING, 1e12, 90000),
        (DeviceClass.SLEEPING, None, 90000),
        (DeviceClass.SLEEPING, 0, LEAST_S),
    ],
)
def test_how_long_a_device_may_say_nothing(
    device_class: DeviceClass, interval_s: float | None, allowed_s: float
) -> None:
    allowed = reporting_time(device(device_class, interval_s), SUPERVISION)
    assert allowed == timedelta(seconds=allowed_s)


def test_silence_counts_from_when_a_device_could_be_heard() -> None:
    silent = device(DeviceClass.MAINS)
    assert owes_since(silent, None, None, AT) == AT
    silent.heard_at = local("14:00")
    assert owes_since(silent, None, local("13:00"), AT) == local("14:00")
    assert owes_since(silent, None, local("14:10"), AT) == local("14:10")
    assert owes_since(silent, Place(back_at=local("14:20")), None, AT) == local("14:20")


@pytest.mark.parametrize(
    ("ago_s", "expected"),
    [
        ((120, 90, 60, 30, 0), True),
        ((121, 90, 60, 30, 0), False),
        ((90, 60, 30, 0), False),
        ((9000, 8000, 120, 90, 60, 30, 0), True),
        ((620, 590, 560, 530, 500, 0), False),  # an outage of then, and this one by itself
        ((0, -100, -130, -160, -190, -220), False),  # those are one; this device was before them
        ((60, 30, 0, -30, -60), True),
        ((100, 50, 0, -50, -100), False),
    ],
)
def test_five_devices_silent_together_are_one_outage(
    ago_s: tuple[float, ...], expected: bool
) -> None:
    troubled = [AT - timedelta(seconds=each) for each in ago_s]
    assert is_one_outage(troubled, AT, SUPERVISION) is expected


def test_it_does_not_matter_how_long_ago_they_fell_silent_together() -> None:
    troubled = [AT + timedelta(seconds=each) for each in (0, 1, 1, 2, 3)]
    assert all(is_one_outage(troubled, since, SUPERVISION) for since in troubled)
