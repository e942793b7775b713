"""Places that go dark: a bridge offline, or several devices of one building or bridge at once.

One cause is one incident: what stands behind it is inhibited until it is over, and then told by
itself if it is still true.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts import concerned, conditions
from alerts.model import ConditionKind
from alerts.reason import Reason
from alerts.rules.absence import is_one_outage
from alerts.state import ConditionKey, DeviceState, Place, TimerKind, Turn
from alerts.suppress import is_dark, places_of
from devices.model import Kind, Observation
from devices.news import DeviceMemory, bridge_restarted, judge, tells_bridge_restart

HOLD = "hold"
"""The timer that lets a moment pass, so that several silences become one."""

GATEWAY = "gateway"


def outage_key(place: str) -> ConditionKey:
    """Return the key of the outage of a building or bridge."""
    return ConditionKey(ConditionKind.OUTAGE, place, None, "")


def trouble(turn: Turn, device_id: str, device: DeviceState, at: datetime) -> None:
    """Note that a device is missing or without mains."""
    for subject in places_of(device.info):
        turn.state.places[subject].troubled.setdefault(device_id, at)


def look_for_one_cause(turn: Turn, device: DeviceState) -> None:
    """Raise an outage where a device is one of several; of its building first, else its bridge."""
    subjects = places_of(device.info)
    since = device.trouble_since
    if since is None or any(is_dark(turn.state, subject) for subject in subjects):
        return
    for subject in subjects:
        unexplained = [
            at
            for device_id, at in turn.state.places[subject].troubled.items()
            if not any(
                is_dark(turn.state, other)
                for other in places_of(turn.state.devices[device_id].info)
            )
        ]
        if is_one_outage(unexplained, since, turn.state.policy.supervision):
            together = timedelta(seconds=turn.state.policy.supervision.hold_s)
            first_at = min(at for at in unexplained if since - at <= together)
            _raise_outage(turn, subject, Reason.SEVERAL_SILENT, turn.now, first_at)
            return


def trouble_over(turn: Turn, device_id: str, device: DeviceState, at: datetime) -> None:
    """Note that a device is well again, and look whether the outage is over."""
    if device.trouble_since is not None:
        return
    for subject in places_of(device.info):
        place = turn.state.places[subject]
        if place.troubled.pop(device_id, None) is None:
            continue
        few = len(place.troubled) < turn.state.policy.supervision.outage_devices
        if few and place.offline_since is None:
            _outage_over(turn, subject, place, at)


def bridge_said(turn: Turn, observation: Observation, at: datetime) -> None:
    """Take in what a bridge says of itself. What it remembers of its devices may be old."""
    subject = f"bridge:{observation.device}"
    bridge = turn.state.places.get(subject)
    if bridge is None:
        turn.count(Reason.UNREGISTERED)
        return
    if bridge.memory is None:
        bridge.memory = DeviceMemory()
    news = judge(bridge.memory, observation).news
    turn.touched.add(subject)
    if tells_bridge_restart(observation, news):
        for device_id in bridge.devices:
            bridge_restarted(turn.state.devices[device_id].memory)
            turn.touched.add(device_id)
    # The broker keeps a bridge's latest word: its copy may contradict what we knew and be right.
    if observation.kind is not Kind.STATUS:
        turn.count(Reason.NO_RULE)
    elif observation.state == "online":
        bridge_back(turn, subject, at)
    elif bridge.offline_since is None:
        _bridge_lost(turn, subject, bridge, at)


def bridge_back(turn: Turn, subject: str, at: datetime) -> None:
    """A bridge is there again; its devices owe nothing from before, and stay unknown till heard."""
    bridge = turn.state.places[subject]
    if bridge.offline_since is None:
        return
    bridge.offline_since = None
    bridge.back_at = at
    turn.touched.add(subject)
    turn.state.timers.cancel(TimerKind(HOLD, subject))
    _outage_over(turn, subject, bridge, at)


def hold_over(turn: Turn, subject: str) -> None:
    """The moment has passed: a bridge that is still offline is an outage."""
    bridge = turn.state.places.get(subject)
    if bridge is not None and bridge.offline_since is not None:
        _raise_outage(turn, subject, Reason.BRIDGE_OFFLINE, turn.now, bridge.offline_since)


def _bridge_lost(turn: Turn, subject: str, bridge: Place, at: datetime) -> None:
    bridge.offline_since = at
    for device_id in bridge.devices:
        device = turn.state.devices[device_id]
        if device.unknown_since is None:
            turn.put_unknown(device, Reason.BRIDGE_OFFLINE, at)
    hold = timedelta(seconds=turn.state.policy.supervision.hold_s)
    turn.state.timers.set(TimerKind(HOLD, subject), at + hold)
    conditions.decide(turn, Reason.HELD, None, None, subject)


def _raise_outage(
    turn: Turn, subject: str, reason: Reason, at: datetime, since_at: datetime | None = None
) -> None:
    """Raise the outage of a place, unless no home there is watched: then it is only recorded."""
    key = outage_key(subject)
    if key in turn.state.conditions:
        return
    if not concerned.homes(turn.state, subject):
        conditions.decide(turn, Reason.NOT_WATCHED, None, None, subject)
        return
    conditions.raise_(turn, key, reason, at, watch=None, since_at=since_at)


def _outage_over(turn: Turn, subject: str, place: Place, at: datetime) -> None:
    """Clear the outage of a place; what is still in trouble there is looked at by itself."""
    if conditions.clear(turn, outage_key(subject), Reason.HEARD_AGAIN, at) is None:
        return
    hold = timedelta(seconds=turn.state.policy.supervision.hold_s)
    for device_id in place.troubled:
        turn.state.timers.set(TimerKind(HOLD, "", device_id), at + hold)
