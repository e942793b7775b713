"""What is recorded but told to nobody, and why: permits, silences, what another thing explains.

A resident who asks for help is never suppressed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from alerts.model import Condition, ConditionKind, DeviceInfo, Permit, Silence, Watch, WatchId
from alerts.reason import Reason
from alerts.state import ConditionKey, State, Turn

QUIET = frozenset({Reason.PERMITTED, Reason.FOUND_OPEN, Reason.AGED})
"""Reasons for which a condition is kept without anybody being told, then or later."""

EXPLAINED_BY_AN_OUTAGE = frozenset(
    {ConditionKind.SILENT, ConditionKind.MAINS_LOST, ConditionKind.CAMERA_FAULT}
)


def why_nobody_is_told(turn: Turn, condition: Condition) -> Reason | None:
    """Return why a condition that stands is told to nobody; None where people are told."""
    if condition.kind is ConditionKind.HELP:
        return None
    if condition.reason in QUIET:
        return condition.reason
    if condition.kind in EXPLAINED_BY_AN_OUTAGE and _is_explained(turn.state, condition):
        return Reason.INHIBITED
    if silenced(turn, subjects_of(turn.state, condition)) is not None:
        return Reason.SILENCED
    return None


def silenced(turn: Turn, subjects: Iterable[str]) -> Silence | None:
    """Return a silence in force now for any of these subjects."""
    silences = turn.state.silences
    if not silences:
        return None
    for subject in subjects:
        for silence in silences.get(subject, ()):
            if is_in_force(silence, turn.now):
                return silence
    return None


def is_in_force(silence: Silence, now: datetime) -> bool:
    """Say whether a silence holds at `now`."""
    return silence.ended_at is None and silence.from_at <= now < silence.until_at


def permit_covering(state: State, watch: WatchId, at: datetime) -> Permit | None:
    """Return the permit that covers the doors of this watch at `at`: the one that ends last."""
    permits = state.permits.get(watch)
    if not permits:
        return None
    covering = [permit for permit in permits if covers(permit, at)]
    return max(covering, key=lambda permit: permit.until_at, default=None)


def covers(permit: Permit, at: datetime) -> bool:
    """Say whether a permit holds at `at`."""
    return permit.revoked_at is None and permit.from_at <= at < permit.until_at


def why_not_watched(state: State, watch: Watch | None) -> Reason | None:
    """Return why nothing is decided about a home; None where it is watched.

    An order that has begun runs until it is ended: a clock that is wrong ends none.
    """
    if watch is None:
        return Reason.NOT_WATCHED
    if watch.notice_served_at is None:
        return Reason.NOTICE_NOT_SERVED
    return None if watch.id in state.running else Reason.ORDER_NOT_ACTIVE


def subjects_of(state: State, condition: Condition) -> list[str]:
    """Return every subject by which a condition may be silenced."""
    subjects = [condition.subject]
    if condition.watch is not None and (watch := state.watches.get(condition.watch)) is not None:
        subjects += [watch.id, f"building:{watch.building}"]
    if condition.device is not None and (device := state.devices.get(condition.device)) is not None:
        subjects += [f"device:{condition.device}", *places_of(device.info)]
    return subjects


def places_of(info: DeviceInfo) -> tuple[str, ...]:
    """Return the subjects of the building and the bridge of a device."""
    building = f"building:{info.building}"
    return (building,) if info.bridge is None else (building, f"bridge:{info.bridge}")


def _is_explained(state: State, condition: Condition) -> bool:
    device = state.devices.get(condition.device or "")
    if device is None:
        return False
    return any(is_dark(state, place) for place in places_of(device.info))


def is_dark(state: State, place: str) -> bool:
    """Say whether an outage stands for a building or bridge, or the bridge says it is offline."""
    known = state.places.get(place)
    if known is not None and known.offline_since is not None:
        return True
    return ConditionKey(ConditionKind.OUTAGE, place, None, "") in state.conditions
