"""Supervision: proving devices alive by the messages they owe, and the gateway by its broker.

A device that is silent too long, or whose last will came, is unknown at once; people are told
after a moment, so that several become one. While the gateway itself hears nobody, nobody is
called silent.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from alerts import concerned, conditions, outages
from alerts.model import ConditionKind
from alerts.outages import GATEWAY, HOLD
from alerts.policy import Supervision
from alerts.reason import Reason
from alerts.rules.absence import owes_since, reporting_time
from alerts.rules.finding import Clear, Finding, Raise
from alerts.rules.power import charge, power
from alerts.state import ConditionKey, DeviceState, Place, State, TimerKind, Turn
from alerts.suppress import why_not_watched
from devices.model import Observation

LOOK = "look"
"""The timer of a round, in which every device that should have been heard by then is looked at."""

ROUND_S = 5
"""Seconds between rounds: a hundred thousand devices share a few timers, and none waits longer."""

INTAKE = "intake"
"""The timer after which a lost broker is told of."""

_INTAKE_KEY = ConditionKey(ConditionKind.INTAKE_DOWN, GATEWAY, None, "")


def rules_for(state: State, device: DeviceState) -> Supervision:
    """Return the numbers that hold for a device: its home's, else the gateway's."""
    return conditions.policy_of(state, device.info.watch).supervision


def device_key(kind: ConditionKind, device: DeviceState) -> ConditionKey:
    """Return the key of a condition of the device itself."""
    info = device.info
    return ConditionKey(kind, info.watch or f"device:{info.id}", info.id, "")


# ---- a device is heard, or not ----


def heard(turn: Turn, device_id: str, device: DeviceState, at: datetime) -> None:
    """A device spoke for itself: it is there, and what it does is known again."""
    if device.unknown_since is not None:
        turn.put_known(device, at)
    is_there(turn, device_id, device, at)


def is_there(turn: Turn, device_id: str, device: DeviceState, at: datetime) -> None:
    """A device is not missing any more. That alone says nothing of the door it hangs on."""
    device.heard_at = at
    bridge = bridge_of(turn.state, device)
    if bridge is not None and bridge.offline_since is not None:
        outages.bridge_back(turn, f"bridge:{device.info.bridge}", at)
    if device.missing_since is None:
        return
    device.missing_since = device.missing_reason = None
    conditions.clear(turn, device_key(ConditionKind.SILENT, device), Reason.HEARD_AGAIN, at)
    outages.trouble_over(turn, device_id, device, at)
    supervise(turn.state, device_id, device, turn.now)


def lost(turn: Turn, device_id: str, device: DeviceState, reason: Reason, at: datetime) -> None:
    """A device is missing: unknown at once, and told of unless it is heard in a moment."""
    if device.missing_since is not None:
        return
    turn.touched.add(device_id)
    device.missing_since, device.missing_reason = at, reason
    if device.unknown_since is None:
        is_silence = reason is Reason.REPORTING_TIME_PASSED
        turn.put_unknown(device, reason, (device.heard_at or at) if is_silence else at)
    _hold(turn, device_id, device, at)
    conditions.decide(turn, Reason.HELD, device.info.watch, device_id, reason)
    outages.trouble(turn, device_id, device, at)


def why_unknown(device: DeviceState) -> Reason:
    """Return why nobody can say what a device does, as far as its state still tells."""
    if device.missing_reason is not None:
        return device.missing_reason
    return Reason.CACHED_COPY if device.info.bridge is None else Reason.BRIDGE_OFFLINE


def promised(turn: Turn, device_id: str, device: DeviceState, interval_s: float | None) -> None:
    """A device promised to speak again within `interval_s`: from now on that is what it owes."""
    if interval_s is not None:
        device.interval_s = interval_s
        supervise(turn.state, device_id, device, turn.now)


def supervise(state: State, device_id: str, device: DeviceState, now: datetime) -> None:
    """See to it that a device is looked at when it must have been heard, counted from now."""
    _look_at(state, device_id, device, now + reporting_time(device, rules_for(state, device)))


def _look_at(state: State, device_id: str, device: DeviceState, at: datetime) -> None:
    """Look at a device in the first round from `at` on, or in the sooner one it is in already.

    Messages never come here but for a shorter promise: a look that finds the device heard since
    sets the next.
    """
    round_ = math.ceil(at.timestamp() / ROUND_S)
    if device.look is not None and device.look <= round_:
        return
    device.look = round_
    waiting = state.looks.get(round_)
    if waiting is not None:
        waiting.append(device_id)
        return
    state.looks[round_] = [device_id]
    due_at = datetime.fromtimestamp(round_ * ROUND_S, UTC)
    state.timers.set(TimerKind(LOOK, str(round_)), due_at)


def look_due(turn: Turn, kind: TimerKind) -> None:
    """Look at every device of a round that is still waiting for it."""
    round_ = int(kind.subject)
    for device_id in turn.state.looks.pop(round_, ()):
        device = turn.state.devices.get(device_id)
        if device is not None and device.look == round_:
            device.look = None
            _look(turn, device_id, device)


def move_looks(state: State, by: timedelta) -> None:
    """Move every look, after the clock stepped by `by`."""
    for round_ in state.looks:
        state.timers.cancel(TimerKind(LOOK, str(round_)))
    state.looks.clear()
    for device_id, device in state.devices.items():
        if device.look is not None:
            due_at = datetime.fromtimestamp(device.look * ROUND_S, UTC) + by
            device.look = None
            _look_at(state, device_id, device, due_at)


def take_stock(turn: Turn, device_id: str, device: DeviceState) -> None:
    """Begin to tell of a device: what is wrong with it already is told like what goes wrong now."""
    if device.trouble_since is not None:
        _hold(turn, device_id, device, turn.now)
    if device.missing_since is None:
        supervise(turn.state, device_id, device, turn.now)
    if device.is_battery_low:
        _stands(turn, ConditionKind.BATTERY_LOW, device, Reason.BATTERY_LOW, turn.now)


def _look(turn: Turn, device_id: str, device: DeviceState) -> None:
    """Look whether a device was heard in time, and look again when it next must have been."""
    if device.missing_since is not None:
        return
    bridge = bridge_of(turn.state, device)
    if turn.state.intake_lost_at is not None or (bridge and bridge.offline_since is not None):
        supervise(turn.state, device_id, device, turn.now)
        return
    allowed = reporting_time(device, rules_for(turn.state, device))
    owes = owes_since(device, bridge, turn.state.supervised_from, turn.now) + allowed
    if owes > turn.now:
        _look_at(turn.state, device_id, device, owes)
    else:
        lost(turn, device_id, device, Reason.REPORTING_TIME_PASSED, turn.now)


def hold_due(turn: Turn, kind: TimerKind) -> None:
    """The moment has passed: tell of what is still so."""
    if turn.state.intake_lost_at is not None:
        hold_s = max(turn.state.policy.supervision.hold_s, 1.0)
        turn.state.timers.set(kind, turn.now + timedelta(seconds=hold_s))
    elif kind.subject:
        outages.hold_over(turn, kind.subject)
    else:
        _device_hold_over(turn, kind.device)


def _device_hold_over(turn: Turn, device_id: str) -> None:
    device = turn.state.devices.get(device_id)
    if device is None or device.trouble_since is None:
        return
    outages.look_for_one_cause(turn, device)
    if device.missing_since is not None:
        reason = device.missing_reason or Reason.REPORTING_TIME_PASSED
        _stands(turn, ConditionKind.SILENT, device, reason, device.missing_since)
    if device.mains_lost_since is not None:
        _stands(turn, ConditionKind.MAINS_LOST, device, Reason.MAINS_LOST, device.mains_lost_since)


def _stands(
    turn: Turn, kind: ConditionKind, device: DeviceState, reason: Reason, since_at: datetime
) -> None:
    """Raise a condition of a device that serves a watched home, or tell of it if held back."""
    watch = device.info.watch
    why_not = _why_not_watched(turn.state, device)
    if why_not is not None:
        turn.count(why_not)
        return
    key = device_key(kind, device)
    standing = turn.state.conditions.get(key)
    if standing is None:
        conditions.raise_(turn, key, reason, turn.now, watch=watch, since_at=since_at)
    elif standing.incident is None:
        conditions.tell(turn, standing)


def _why_not_watched(state: State, device: DeviceState) -> Reason | None:
    """Return why nobody is told of a device. One of a house serves whoever is watched there."""
    watch = device.info.watch
    if watch is None and concerned.homes(state, f"building:{device.info.building}"):
        return None
    return why_not_watched(state, state.watches.get(watch or ""))


def _hold(turn: Turn, device_id: str, device: DeviceState, at: datetime) -> None:
    hold = timedelta(seconds=rules_for(turn.state, device).hold_s)
    turn.state.timers.set(TimerKind(HOLD, "", device_id), at + hold)


def bridge_of(state: State, device: DeviceState) -> Place | None:
    """Return the bridge that a device speaks through, if any."""
    bridge = device.info.bridge
    return None if bridge is None else state.places.get(f"bridge:{bridge}")


# ---- its power ----


def power_said(
    turn: Turn, device_id: str, device: DeviceState, observation: Observation, at: datetime
) -> None:
    """Take in what a device says of its mains and battery."""
    for finding in tuple(power(device, observation.state)):
        _carry_out(turn, device_id, device, finding, at)


def charge_said(
    turn: Turn, device_id: str, device: DeviceState, battery_pct: float, at: datetime
) -> None:
    """Take in a charge, in percent."""
    rules = rules_for(turn.state, device)
    finding = charge(device.is_battery_low, battery_pct, rules)
    if finding is not None:
        _carry_out(turn, device_id, device, finding, at)


def _carry_out(
    turn: Turn, device_id: str, device: DeviceState, finding: Finding, at: datetime
) -> None:
    turn.touched.add(device_id)
    if isinstance(finding, Raise) and finding.kind is ConditionKind.MAINS_LOST:
        if device.mains_lost_since is None:
            device.mains_lost_since = at
            _hold(turn, device_id, device, at)
            conditions.decide(turn, Reason.HELD, device.info.watch, device_id, finding.reason)
            outages.trouble(turn, device_id, device, at)
    elif isinstance(finding, Raise):
        device.is_battery_low = True
        _stands(turn, finding.kind, device, finding.reason, at)
    elif isinstance(finding, Clear):
        if finding.kind is ConditionKind.BATTERY_LOW:
            device.is_battery_low = False
        else:
            device.mains_lost_since = None
            outages.trouble_over(turn, device_id, device, at)
        conditions.clear(turn, device_key(finding.kind, device), finding.reason, at)


# ---- the gateway's own ears ----


def intake_lost(turn: Turn) -> None:
    """The gateway lost its broker: from now on nobody's silence means anything."""
    if turn.state.intake_lost_at is not None:
        return
    turn.put_unknown(None, Reason.INTAKE_LOST, turn.now)
    after = timedelta(seconds=turn.state.policy.supervision.intake_down_s)
    turn.state.timers.set(TimerKind(INTAKE, GATEWAY), turn.now + after)


def intake_down(turn: Turn) -> None:
    """The broker has been gone too long: the gateway is deaf, and says so."""
    since_at = turn.state.intake_lost_at
    if since_at is not None:
        conditions.raise_(
            turn, _INTAKE_KEY, Reason.BROKER_GONE, turn.now, watch=None, since_at=since_at
        )


def intake_back(turn: Turn) -> None:
    """The broker is found again: supervision begins anew, from now."""
    if turn.state.intake_lost_at is None:
        return
    turn.put_known(None, turn.now)
    turn.state.supervised_from = turn.now
    turn.state.timers.cancel(TimerKind(INTAKE, GATEWAY))
    conditions.clear(turn, _INTAKE_KEY, Reason.HEARD_AGAIN, turn.now)
