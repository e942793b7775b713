"""Lights and buzzer show what somebody in the room must know, and never that all is well if not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from alerts.model import ConditionKind, Incident, IncidentState, Matter, Severity
from alerts.policy import Policy
from alerts.reason import Reason
from gateway.hardware.lights import STALE_S, STEP_S, TEST_S, Facts, Panel, Pattern, facts
from gateway.hardware.settings import BuzzerOutput, LightOutput

DAY = datetime(2026, 11, 21, 6, tzinfo=UTC)  # 14:00 in Shenzhen
NIGHT = DAY + timedelta(hours=12)
WELL, INCIDENT, UNWELL = (LightOutput(shows=each) for each in ("well", "incident", "unwell"))
BUZZER = BuzzerOutput()


def incident(id_: str = "i1", severity: Severity = Severity.CRITICAL, **changed: Any) -> Incident:
    given = Incident(
        id=id_,
        number="4821",
        matter=Matter.DEPARTURE,
        subject="w1",
        watch="w1",
        team="team-1",
        severity=severity,
        level=3,
        level_reason=Reason.STILL_OPEN,
        state=IncidentState.OPEN,
        headline=ConditionKind.SEAL_BROKEN,
        opened_at=DAY,
        since_at=DAY,
        next_at=DAY,
    )
    return replace(given, **changed)


def panel(*incidents: Incident, is_well: bool = True, at: float = 0.0) -> Panel:
    made = Panel(Policy())
    made.learn(facts(at, is_well, incidents))
    return made


def test_a_gateway_that_is_well_flashes_and_shows_nothing_else() -> None:
    quiet = panel()
    assert [quiet.pattern(each, 1, DAY) for each in (WELL, INCIDENT, UNWELL, BUZZER)] == [
        Pattern.FLASH,
        Pattern.OFF,
        Pattern.OFF,
        Pattern.OFF,
    ]


def test_a_gateway_that_is_not_well_says_so() -> None:
    ill = panel(is_well=False)
    assert ill.pattern(WELL, 1, DAY) is Pattern.OFF
    assert ill.pattern(UNWELL, 1, DAY) is Pattern.BLINK


@pytest.mark.parametrize("known", [None, Facts(0.0, is_well=True, help=frozenset({"i1"}))])
def test_nothing_is_claimed_from_facts_that_are_old_or_none(known: Facts | None) -> None:
    stale = Panel(Policy(), known)
    now = STALE_S + 1
    assert stale.pattern(WELL, now, DAY) is Pattern.OFF
    assert stale.pattern(UNWELL, now, DAY) is Pattern.BLINK
    assert stale.pattern(INCIDENT, now, DAY) is Pattern.OFF


@pytest.mark.parametrize(
    ("state", "severity", "shown"),
    [
        (IncidentState.OPEN, Severity.HELP, Pattern.HURRY),
        (IncidentState.OPEN, Severity.CRITICAL, Pattern.HURRY),
        (IncidentState.OPEN, Severity.MINOR, Pattern.BLINK),
        (IncidentState.ACKNOWLEDGED, Severity.CRITICAL, Pattern.ON),
        (IncidentState.ON_SITE, Severity.HELP, Pattern.ON),
        (IncidentState.RESOLVED, Severity.HELP, Pattern.OFF),
    ],
)
def test_the_incident_light_says_how_urgent_and_whether_taken(
    state: IncidentState, severity: Severity, shown: Pattern
) -> None:
    assert panel(incident(severity=severity, state=state)).pattern(INCIDENT, 1, DAY) is shown


@pytest.mark.parametrize(
    ("severity", "state", "sounds"),
    [
        (Severity.HELP, IncidentState.OPEN, True),
        (Severity.CRITICAL, IncidentState.OPEN, True),
        (Severity.MAJOR, IncidentState.OPEN, False),
        (Severity.CRITICAL, IncidentState.ACKNOWLEDGED, False),
        (Severity.HELP, IncidentState.RESOLVED, False),
    ],
)
def test_the_buzzer_sounds_for_what_is_critical_or_help_and_not_yet_taken(
    severity: Severity, state: IncidentState, sounds: bool
) -> None:
    shown = panel(incident(severity=severity, state=state)).pattern(BUZZER, 1, DAY)
    assert (shown is not Pattern.OFF) is sounds


@pytest.mark.parametrize(
    ("at_night", "heard"),
    [("help", {Severity.HELP}), ("none", set()), ("all", {Severity.HELP, Severity.CRITICAL})],
)
def test_at_night_it_sounds_for_what_was_set(at_night: Any, heard: set[Severity]) -> None:
    buzzer = BuzzerOutput(at_night=at_night)
    for severity in (Severity.HELP, Severity.CRITICAL):
        made = panel(incident(severity=severity))
        assert (made.pattern(buzzer, 1, NIGHT) is not Pattern.OFF) is (severity in heard)
        assert made.pattern(buzzer, 1, DAY) is not Pattern.OFF


def test_the_button_silences_what_sounds_and_not_what_comes_next() -> None:
    made = panel(incident("i1"))
    made.silence()
    assert made.pattern(BUZZER, 1, DAY) is Pattern.OFF
    assert made.pattern(INCIDENT, 1, DAY) is Pattern.HURRY  # it is heard, not taken
    made.learn(facts(1, True, [incident("i1"), incident("i2")]))
    assert made.pattern(BUZZER, 1, DAY) is not Pattern.OFF


def test_what_nobody_took_after_all_sounds_again() -> None:
    made = panel(incident())
    made.silence()
    made.learn(facts(1, True, [incident(state=IncidentState.ACKNOWLEDGED)]))
    made.learn(facts(2, True, [incident()]))  # the report-in lapsed
    assert made.pattern(BUZZER, 2, DAY) is not Pattern.OFF


def test_a_test_lights_everything_for_a_moment() -> None:
    made = panel(is_well=False)
    made.test(10)
    everything = (WELL, INCIDENT, UNWELL, BUZZER)
    assert {made.pattern(each, 10 + TEST_S / 2, DAY) for each in everything} == {Pattern.ON}
    assert made.pattern(WELL, 10 + TEST_S, DAY) is Pattern.OFF


@pytest.mark.parametrize("pattern", [Pattern.FLASH, Pattern.BLINK, Pattern.HURRY])
def test_what_blinks_is_seen_to_change_at_every_turn(pattern: Pattern) -> None:
    looks = [pattern.is_on(100 + index * STEP_S * 1.03) for index in range(400)]
    runs, length = [], 1
    for one, other in pairwise(looks):
        length = length + 1 if one == other else runs.append(length) or 1
    assert len(runs) >= 40
    assert max(runs) * STEP_S * 1.03 < 2.0
