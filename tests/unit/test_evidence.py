"""How strongly conditions agree that a person left."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alerts.evidence import MATTER, SENSOR, WORST_FIRST, Assessment, assess, matter_of
from alerts.model import Condition, ConditionKind, Matter, Severity
from alerts.reason import Reason
from tests.fakes.street import local, watch

NOW = local("15:00")
HOME = watch()
K = ConditionKind


def condition(
    kind: ConditionKind,
    reason: Reason = Reason.OPENED_UNANNOUNCED,
    *,
    ago_s: float = 0,
    cleared_ago_s: float | None = None,
) -> Condition:
    raised_at = NOW - timedelta(seconds=ago_s)
    cleared_at = None if cleared_ago_s is None else NOW - timedelta(seconds=cleared_ago_s)
    return Condition(
        f"{kind}-{ago_s}", kind, "w1", "w1", "d1", "main", raised_at, reason, cleared_at=cleared_at
    )


def weigh(*conditions: Condition) -> Assessment:
    return assess(conditions, HOME, NOW)


def test_every_kind_has_a_matter_and_a_rank() -> None:
    assert set(MATTER) == set(WORST_FIRST) == set(ConditionKind)
    assert len(WORST_FIRST) == len(ConditionKind)
    assert {kind for kind in ConditionKind if matter_of(kind) is Matter.DEPARTURE} == set(SENSOR)


@pytest.mark.parametrize(
    ("kind", "level", "severity"),
    [
        (K.OPENED, 1, Severity.MINOR),
        (K.LEFT_OPEN, 2, Severity.MAJOR),
        (K.REPEATED, 2, Severity.MAJOR),
        (K.CAMERA_EXIT, 2, Severity.MAJOR),
        (K.TAMPERED, 3, Severity.CRITICAL),
        (K.SEAL_BROKEN, 3, Severity.CRITICAL),
        (K.SEAL_REMOVED, 3, Severity.CRITICAL),
        (K.HELP, 0, Severity.HELP),
        (K.CAMERA_ENTRY, 0, Severity.MINOR),
        (K.LOITERING, 0, Severity.MINOR),
        (K.GATHERING, 0, Severity.MAJOR),
        (K.SILENT, 0, Severity.HEALTH),
        (K.BATTERY_LOW, 0, Severity.HEALTH),
        (K.OUTAGE, 0, Severity.HEALTH),
        (K.INTAKE_DOWN, 0, Severity.HEALTH),
    ],
)
def test_one_condition_alone(kind: ConditionKind, level: int, severity: Severity) -> None:
    found = weigh(condition(kind))
    assert (found.level, found.severity, found.headline) == (level, severity, kind)


def test_an_opening_at_night_is_level_two() -> None:
    found = weigh(condition(K.OPENED, Reason.OPENED_AT_NIGHT))
    assert (found.level, found.reason) == (2, Reason.OPENED_AT_NIGHT)


def test_two_kinds_of_sensor_agree_within_two_minutes() -> None:
    door = condition(K.OPENED, ago_s=170, cleared_ago_s=120)
    found = weigh(door, condition(K.CAMERA_EXIT, Reason.CAMERA_SAW_EXIT))
    assert (found.level, found.reason, found.severity) == (
        3,
        Reason.SENSORS_AGREE,
        Severity.CRITICAL,
    )


def test_sensors_that_spoke_further_apart_do_not_agree() -> None:
    door = condition(K.OPENED, ago_s=170, cleared_ago_s=121)
    found = weigh(door, condition(K.CAMERA_EXIT, Reason.CAMERA_SAW_EXIT))
    assert (found.level, found.reason) == (2, Reason.CAMERA_SAW_EXIT)


def test_a_door_still_open_agrees_however_long_ago_it_opened() -> None:
    assert weigh(condition(K.OPENED, ago_s=1500), condition(K.CAMERA_EXIT)).level == 3


def test_two_conditions_of_one_sensor_do_not_agree() -> None:
    assert weigh(condition(K.OPENED), condition(K.LEFT_OPEN), condition(K.REPEATED)).level == 2


def test_three_kinds_of_sensor_are_level_four() -> None:
    found = weigh(condition(K.SEAL_BROKEN), condition(K.OPENED), condition(K.CAMERA_EXIT))
    assert (found.level, found.reason) == (4, Reason.SENSORS_AGREE)


def test_a_seal_and_an_opening_stay_level_three_for_the_seal() -> None:
    found = weigh(condition(K.SEAL_BROKEN, Reason.SEAL_BROKEN), condition(K.OPENED))
    assert (found.level, found.reason) == (3, Reason.SEAL_BROKEN)


def test_the_headline_is_the_worst_and_since_is_its_beginning() -> None:
    opened = condition(K.OPENED, ago_s=300)
    removed = condition(K.SEAL_REMOVED, ago_s=60)
    found = weigh(opened, removed, condition(K.SEAL_BROKEN, ago_s=90))
    assert (found.headline, found.since_at) == (K.SEAL_REMOVED, removed.raised_at)


def test_what_cleared_long_ago_is_no_evidence_any_more() -> None:
    old = condition(K.SEAL_BROKEN, ago_s=7200, cleared_ago_s=7000)
    assert weigh(old, condition(K.OPENED)).level == 1


def test_something_is_said_even_where_everything_is_long_over() -> None:
    old = condition(K.SEAL_BROKEN, ago_s=7200, cleared_ago_s=7000)
    assert weigh(old).headline is K.SEAL_BROKEN


def test_equipment_of_no_home_is_weighed_without_one() -> None:
    found = assess([condition(K.OUTAGE, Reason.BRIDGE_OFFLINE)], None, datetime.now(NOW.tzinfo))
    assert (found.level, found.reason) == (0, Reason.BRIDGE_OFFLINE)
