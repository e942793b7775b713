"""A clock that stepped while the gateway ran, or that was found behind at start.

What is waited for stays as far away as it was, what was heard stays as long ago: nobody is told of
years of silence, nothing is forgotten. Orders, permits, shifts and silences are calendar times.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts import conditions, supervision
from alerts.model import Condition, Incident, Unknown
from alerts.reason import Reason
from alerts.spans import SHORTEST_GAP
from alerts.state import DeviceState, HomeState, Place, State, Turn


def shift(turn: Turn, by: timedelta) -> None:
    """Move with the clock everything that is measured from now; `turn.now` is already after it."""
    state = turn.state
    _lose_what_was_stepped_over(turn, by)
    state.timers.shift(by)
    state.supervised_from = _moved(state.supervised_from, by)
    state.intake_lost_at = _moved(state.intake_lost_at, by)
    for device in state.devices.values():
        _move_device(device, by)
    supervision.move_looks(state, by)
    for place in state.places.values():
        _move_place(place, by)
    for home in state.homes.values():
        _move_home(home, by)
    _move_numbers(state, by)
    _move_conditions(turn, by)
    for incident in list(state.incidents.values()):
        turn.put_incident(_moved_incident(incident, by), None)
    detail = f"by {by.total_seconds():.0f} s"
    conditions.decide(turn, Reason.CLOCK_STEPPED, None, None, detail)


def _lose_what_was_stepped_over(turn: Turn, by: timedelta) -> None:
    """Of a time that no clock showed while the gateway ran, nobody can say anything.

    On a board without a clock of its own it is the time in which it was off.
    """
    state, before = turn.state, turn.now - by
    if by < timedelta(0):
        state.lived_until = max(before, state.lived_until or before)
        return
    from_at = max(before, state.lived_until or before)
    if turn.now - from_at > SHORTEST_GAP:
        turn.changes.unknown.append(
            Unknown(None, None, Reason.CLOCK_STEPPED, from_at, until_at=turn.now)
        )


def _moved(at: datetime | None, by: timedelta) -> datetime | None:
    return None if at is None else at + by


def _move_device(device: DeviceState, by: timedelta) -> None:
    device.heard_at = _moved(device.heard_at, by)
    device.paced_from = _moved(device.paced_from, by)
    device.unknown_since = _moved(device.unknown_since, by)
    device.missing_since = _moved(device.missing_since, by)
    device.mains_lost_since = _moved(device.mains_lost_since, by)


def _move_place(place: Place, by: timedelta) -> None:
    place.offline_since = _moved(place.offline_since, by)
    place.back_at = _moved(place.back_at, by)
    for device_id, at in place.troubled.items():
        place.troubled[device_id] = at + by


def _move_home(home: HomeState, by: timedelta) -> None:
    home.openings = [at + by for at in home.openings]
    for door, opening in home.last_closed.items():
        home.last_closed[door] = _moved_condition(opening, by)


def _move_numbers(state: State, by: timedelta) -> None:
    for given in state.numbers.values():
        for number, (incident_id, at) in given.items():
            given[number] = (incident_id, at + by)


def _move_conditions(turn: Turn, by: timedelta) -> None:
    """Move what stands, what open incidents were opened for, and the last closed doors."""
    found = {condition.id: condition for condition in turn.state.conditions.values()}
    for members in turn.state.members.values():
        found.update(members)
    for condition in found.values():
        turn.put_condition(_moved_condition(condition, by))


def _moved_condition(condition: Condition, by: timedelta) -> Condition:
    return replace(
        condition,
        raised_at=condition.raised_at + by,
        cleared_at=_moved(condition.cleared_at, by),
    )


def _moved_incident(incident: Incident, by: timedelta) -> Incident:
    return replace(
        incident,
        opened_at=incident.opened_at + by,
        since_at=incident.since_at + by,
        next_at=_moved(incident.next_at, by),
        resolved_at=_moved(incident.resolved_at, by),
        acknowledgements=tuple(
            replace(taken, at=taken.at + by) for taken in incident.acknowledgements
        ),
    )
