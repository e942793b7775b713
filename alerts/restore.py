"""Rebuild the state from what was saved, with every timer set again.

What fell due while the gateway was away waits a moment longer, for the messages that are still on
their way: a start raises nothing about a door by itself. Supervision counts from the start, never
from before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts import conditions, flooding, numbers, roster, supervision
from alerts.model import (
    Condition,
    ConditionKind,
    Incident,
    IncidentId,
    Permit,
    Silence,
    Team,
    Watch,
)
from alerts.outages import HOLD, outage_key
from alerts.permits import SILENCE_END
from alerts.policy import Policy
from alerts.reason import Reason
from alerts.rules.opening import LEFT_OPEN
from alerts.state import ConditionKey, DeviceState, Place, State, TimerKind, Voice
from alerts.strikes import Written, remembered
from alerts.suppress import covers, is_dark, places_of
from devices.news import DeviceMemory


@dataclass(frozen=True, slots=True)
class SavedBridge:
    """The last word of a bridge."""

    id: str
    memory: DeviceMemory
    offline_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """What the tables held at start."""

    watches: Iterable[Watch] = ()  # orders that were not ended, planned ones too
    teams: Iterable[Team] = ()  # those of no home too: the maintainers'
    devices: Iterable[DeviceState] = ()  # each registered one
    bridges: Iterable[SavedBridge] = ()
    conditions: Iterable[Condition] = ()
    """Standing ones, those of incidents not reviewed, and openings of the last half hour."""
    incidents: Iterable[Incident] = ()  # not yet reviewed
    permits: Iterable[Permit] = ()  # not over, and all of today
    silences: Iterable[Silence] = ()  # not over
    numbers: Mapping[str, Mapping[str, tuple[IncidentId, datetime]]] = field(default_factory=dict)
    """By team: the numbers given in the last 7 days."""
    written: Iterable[Written] = ()  # what phones wrote in the last hours, in its order
    last_alive_at: datetime | None = None
    """The latest time in the tables: an order that had begun by then has begun, whatever the clock
    says now."""


def rebuild(
    saved: Saved,
    now: datetime,
    *,
    policy: Policy,
    voice: Voice = Voice(),  # noqa: B008 - a frozen value
    maintainers_team: str = "maintainers",
) -> State:
    """Return the state that was saved, as it is to be at `now`, the start."""
    state = State(
        policy=policy,
        voice=voice,
        maintainers_team=maintainers_team,
        supervised_from=now,
        lived_until=saved.last_alive_at,
    )
    for team in saved.teams:
        state.teams[team.id] = team
    for watch in saved.watches:
        _enter_watch(state, watch, now, saved.last_alive_at)
    for device in saved.devices:
        state.devices[device.info.id] = device
    _enter_places(state, saved.bridges)
    for permit in saved.permits:
        state.permits.setdefault(permit.watch, []).append(permit)
    for silence in saved.silences:
        state.silences.setdefault(silence.subject, []).append(silence)
        kind = TimerKind(SILENCE_END, silence.id, silence.subject)
        state.timers.set(kind, silence.until_at)
    state.numbers = {team: dict(given) for team, given in saved.numbers.items()}
    for incident in sorted(saved.incidents, key=lambda each: each.opened_at):
        _enter_incident(state, incident)
    numbers.keep_wanted(state)
    for condition in sorted(saved.conditions, key=lambda each: each.raised_at):
        _enter_condition(state, condition, now)
    for device_id, device in state.devices.items():
        _supervise(state, device_id, device, now)
    _supervise_bridges(state, now)
    state.strikes = remembered(saved.written)
    return state


def _enter_watch(state: State, watch: Watch, now: datetime, last_alive_at: datetime | None) -> None:
    alive_at = now if last_alive_at is None else max(now, last_alive_at)
    if last_alive_at is not None and watch.starts_at <= last_alive_at:
        state.running.add(watch.id)  # it began in an earlier life
    roster.enter_watch(state, watch, alive_at)


def _enter_places(state: State, bridges: Iterable[SavedBridge]) -> None:
    in_order = sorted(
        state.devices.values(),
        key=lambda device: (device.trouble_since is None, device.trouble_since or 0),
    )
    for device in in_order:
        roster.join_places(state, device)
    for bridge in bridges:
        place = state.places.setdefault(f"bridge:{bridge.id}", Place())
        place.memory, place.offline_since = bridge.memory, bridge.offline_since


def _enter_incident(state: State, incident: Incident) -> None:
    state.incidents[incident.id] = incident
    state.members[incident.id] = {}
    state.concerns[(incident.matter, incident.subject)] = incident.id
    if incident.next_at is not None:
        state.timers.set(TimerKind("step", incident.id), incident.next_at)


def _enter_condition(state: State, condition: Condition, now: datetime) -> None:
    key = ConditionKey(condition.kind, condition.subject, condition.device, condition.part)
    if condition.incident in state.members:
        state.members[condition.incident][condition.id] = condition
    if condition.kind is ConditionKind.OPENED:
        _remember_opening(state, condition)
    if not condition.is_standing:
        return
    state.conditions[key] = condition
    if condition.kind is ConditionKind.OPENED:
        due = _left_open_at(state, condition)
        settled = now + timedelta(seconds=state.policy.supervision.settle_s)
        state.timers.set(conditions.timer_of(LEFT_OPEN, key), due if due > now else settled)
    elif condition.kind is ConditionKind.LEFT_OPEN:
        opened = key._replace(kind=ConditionKind.OPENED)
        state.timers.cancel(conditions.timer_of(LEFT_OPEN, opened))
    elif conditions.is_passing(key):
        passes_at = conditions.passes_at(state, condition)
        state.timers.set(conditions.timer_of(conditions.PASSED, key), passes_at)
    elif condition.kind is ConditionKind.FLOODING:
        flooding.goes_on_until(state, key, now)
    elif condition.kind is ConditionKind.INTAKE_DOWN:
        state.intake_lost_at = condition.raised_at


def _remember_opening(state: State, opening: Condition) -> None:
    """Fold an opening again, from its beginning to its end."""
    if opening.clear_reason is not Reason.ANNOUNCED_LATE:
        begun = replace(opening, cleared_at=None, clear_reason=None)
        conditions.remember_opening(state, begun)
    if not opening.is_standing:
        conditions.remember_opening(state, opening)


def _left_open_at(state: State, opening: Condition) -> datetime:
    """Return by when an open door is to be closed: after its permit, if it opened under one."""
    left_open_s = conditions.policy_of(state, opening.watch).opening.left_open_s
    ends = [
        permit.until_at
        for permit in state.permits.get(opening.watch or "", ())
        if covers(permit, opening.raised_at) or permit.used_at == opening.raised_at
    ]
    from_at = opening.raised_at
    if opening.reason is Reason.PERMITTED and ends:
        from_at = max(ends)
    return from_at + timedelta(seconds=left_open_s)


def _supervise(state: State, device_id: str, device: DeviceState, now: datetime) -> None:
    """Let what a device owes begin anew; and what is wrong with it be told, if it was not yet."""
    device.look = None
    if device.missing_since is None:
        supervision.supervise(state, device_id, device, now)
    if device.trouble_since is None or any(
        is_dark(state, place) for place in places_of(device.info)
    ):
        return
    wrong = [
        kind
        for kind, since_at in (
            (ConditionKind.SILENT, device.missing_since),
            (ConditionKind.MAINS_LOST, device.mains_lost_since),
        )
        if since_at is not None
    ]
    standing = [state.conditions.get(supervision.device_key(kind, device)) for kind in wrong]
    if any(condition is None or condition.incident is None for condition in standing):
        hold = timedelta(seconds=supervision.rules_for(state, device).hold_s)
        state.timers.set(TimerKind(HOLD, "", device_id), now + hold)


def _supervise_bridges(state: State, now: datetime) -> None:
    hold = timedelta(seconds=state.policy.supervision.hold_s)
    for subject, place in state.places.items():
        if place.offline_since is not None and outage_key(subject) not in state.conditions:
            state.timers.set(TimerKind(HOLD, subject), now + hold)
