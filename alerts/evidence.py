"""How strongly the sensors agree that a person left, 0 to 4, and why: after AVS-01.

Pure: conditions and a time in, an assessment out. Printed in every text about a departure.

0  nothing suggests that anybody left: equipment, visits, an announced opening
1  one opening, of a door that closes again before it counts as left open
2  one sensor, but it persists or is grave: left open, repeated, at night, a camera exit alone
3  a seal broken or removed, tamper, or sensors of two kinds that agree
4  sensors of three kinds agree, a seal among them or not
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from alerts.model import Condition, ConditionKind, Matter, Severity, Watch
from alerts.policy import Opening
from alerts.reason import Reason

MATTER: dict[ConditionKind, Matter] = {
    ConditionKind.OPENED: Matter.DEPARTURE,
    ConditionKind.LEFT_OPEN: Matter.DEPARTURE,
    ConditionKind.REPEATED: Matter.DEPARTURE,
    ConditionKind.SEAL_BROKEN: Matter.DEPARTURE,
    ConditionKind.SEAL_REMOVED: Matter.DEPARTURE,
    ConditionKind.TAMPERED: Matter.DEPARTURE,
    ConditionKind.CAMERA_EXIT: Matter.DEPARTURE,
    ConditionKind.CAMERA_ENTRY: Matter.VISIT,
    ConditionKind.LOITERING: Matter.VISIT,
    ConditionKind.GATHERING: Matter.VISIT,
    ConditionKind.HELP: Matter.HELP,
    ConditionKind.CAMERA_COVERED: Matter.DEVICE,
    ConditionKind.CAMERA_FAULT: Matter.DEVICE,
    ConditionKind.SILENT: Matter.DEVICE,
    ConditionKind.BATTERY_LOW: Matter.DEVICE,
    ConditionKind.MAINS_LOST: Matter.DEVICE,
    ConditionKind.FLOODING: Matter.DEVICE,
    ConditionKind.OUTAGE: Matter.OUTAGE,
    ConditionKind.INTAKE_DOWN: Matter.OUTAGE,
    ConditionKind.CHANNEL_DOWN: Matter.OUTAGE,
}

WORST_FIRST: tuple[ConditionKind, ...] = (
    ConditionKind.HELP,
    ConditionKind.SEAL_REMOVED,
    ConditionKind.SEAL_BROKEN,
    ConditionKind.TAMPERED,
    ConditionKind.CAMERA_EXIT,
    ConditionKind.LEFT_OPEN,
    ConditionKind.REPEATED,
    ConditionKind.OPENED,
    ConditionKind.GATHERING,
    ConditionKind.LOITERING,
    ConditionKind.CAMERA_ENTRY,
    ConditionKind.INTAKE_DOWN,
    ConditionKind.CHANNEL_DOWN,
    ConditionKind.OUTAGE,
    ConditionKind.FLOODING,
    ConditionKind.SILENT,
    ConditionKind.MAINS_LOST,
    ConditionKind.CAMERA_COVERED,
    ConditionKind.CAMERA_FAULT,
    ConditionKind.BATTERY_LOW,
)
"""What the texts speak of, where several things are true: the first of these."""

SENSOR: dict[ConditionKind, str] = {
    ConditionKind.OPENED: "door",
    ConditionKind.LEFT_OPEN: "door",
    ConditionKind.REPEATED: "door",
    ConditionKind.SEAL_BROKEN: "seal",
    ConditionKind.SEAL_REMOVED: "seal",
    ConditionKind.TAMPERED: "tamper",
    ConditionKind.CAMERA_EXIT: "camera",
}
"""The kind of sensor behind each condition that speaks of a departure."""

SEVERITY: dict[ConditionKind, Severity] = {
    ConditionKind.HELP: Severity.HELP,
    ConditionKind.GATHERING: Severity.MAJOR,
    ConditionKind.LOITERING: Severity.MINOR,
    ConditionKind.CAMERA_ENTRY: Severity.MINOR,
}
"""Of what is no departure; equipment is `HEALTH`. A departure's follows from its level."""

_RANK = {kind: rank for rank, kind in enumerate(WORST_FIRST)}
_ALONE: dict[ConditionKind, int] = {
    ConditionKind.OPENED: 1,
    ConditionKind.REPEATED: 2,
    ConditionKind.LEFT_OPEN: 2,
    ConditionKind.CAMERA_EXIT: 2,
    ConditionKind.TAMPERED: 3,
    ConditionKind.SEAL_BROKEN: 3,
    ConditionKind.SEAL_REMOVED: 3,
}
"""The level of one sensor by itself."""


class Assessment(NamedTuple):
    """What the conditions of one incident amount to."""

    level: int
    severity: Severity
    reason: Reason
    headline: ConditionKind
    since_at: datetime


def matter_of(kind: ConditionKind) -> Matter:
    """Return what an incident about this kind of condition is about."""
    return MATTER[kind]


def assess(conditions: Iterable[Condition], watch: Watch | None, now: datetime) -> Assessment:
    """Weigh the conditions of one incident; at least one is given.

    What cleared long ago is no evidence any more, unless nothing else is left to speak of.
    """
    every = tuple(conditions)
    rules = watch.policy.opening if watch is not None else Opening()
    fresh_from = now - timedelta(seconds=rules.repeated_within_s)
    weighed = [each for each in every if each.cleared_at is None or each.cleared_at >= fresh_from]
    headline = min(weighed or every, key=lambda each: (_RANK[each.kind], each.raised_at))
    if MATTER[headline.kind] is not Matter.DEPARTURE:
        severity = SEVERITY.get(headline.kind, Severity.HEALTH)
        return Assessment(0, severity, headline.reason, headline.kind, headline.raised_at)
    level, reason = _level(
        weighed or list(every), headline, timedelta(seconds=rules.agree_within_s)
    )
    return Assessment(level, _severity(level), reason, headline.kind, headline.raised_at)


def _severity(level: int) -> Severity:
    if level >= 3:
        return Severity.CRITICAL
    return Severity.MAJOR if level == 2 else Severity.MINOR


def _level(
    conditions: list[Condition], headline: Condition, within: timedelta
) -> tuple[int, Reason]:
    level = max(_alone(each) for each in conditions)
    agreeing = _most_agreeing(conditions, within)
    if agreeing >= 3:
        return 4, Reason.SENSORS_AGREE
    if agreeing == 2 and level < 3:
        return 3, Reason.SENSORS_AGREE
    return level, headline.reason


def _alone(condition: Condition) -> int:
    if condition.reason is Reason.OPENED_AT_NIGHT:
        return 2
    return _ALONE.get(condition.kind, 0)


def _most_agreeing(conditions: list[Condition], within: timedelta) -> int:
    """Return how many kinds of sensor spoke within `within` of one another.

    A condition speaks from when it was raised until it cleared: a door still open agrees with a
    camera that sees somebody leave.
    """
    best = 0
    for each in conditions:
        start = each.raised_at
        kinds = {
            SENSOR[other.kind]
            for other in conditions
            if other.kind in SENSOR
            and other.raised_at <= start
            and (other.cleared_at is None or other.cleared_at + within >= start)
        }
        best = max(best, len(kinds))
    return best
