"""Devices that flood the gateway: counted at the price of one subtraction a fact, and told once.

A device has an allowance of facts. Only when that is used up is the clock looked at, so the many
pay next to nothing for the one. Nothing a flooding device says is left out: it is journalled and
judged like anything else, and the maintainers are told where to look.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts import conditions
from alerts.model import ConditionKind
from alerts.reason import Reason
from alerts.rules.flood import is_flood
from alerts.state import ConditionKey, DeviceState, State, TimerKind, Turn

OVER = "flood_over"
"""The timer after which a flood that did not go on is over."""


def key_of(device_id: str) -> ConditionKey:
    """Return the key of a device's flood: a matter of the device, never of the home it is at."""
    return ConditionKey(ConditionKind.FLOODING, f"device:{device_id}", device_id, "")


def allowance_used_up(turn: Turn, device_id: str, device: DeviceState, at: datetime) -> None:
    """Give a device its next allowance, and see how long the last one lasted."""
    rules = turn.state.policy.supervision
    began_at, device.paced_from = device.paced_from, at
    device.allowance = rules.flood_per_minute - 1
    heard_from = turn.state.supervised_from
    if heard_from is not None:
        heard_from += timedelta(seconds=rules.settle_s)
    if began_at is None or not is_flood(began_at, at, heard_from):
        return
    key = key_of(device_id)
    goes_on_until(turn.state, key, turn.now)
    if key not in turn.state.conditions:
        detail = f"{rules.flood_per_minute} in {(at - began_at).total_seconds():.0f} s"
        conditions.raise_(
            turn, key, Reason.FLOODING, turn.now, watch=None, detail=detail, since_at=began_at
        )


def goes_on_until(state: State, key: ConditionKey, now: datetime) -> None:
    """Let a flood last until nothing of it was seen for a while, counted from `now`."""
    over_s = state.policy.supervision.flood_over_s
    state.timers.set(conditions.timer_of(OVER, key), now + timedelta(seconds=over_s))


def over_due(turn: Turn, kind: TimerKind) -> None:
    """A flood has not gone on: it is over."""
    conditions.clear(turn, key_of(kind.device), Reason.FLOOD_OVER, turn.now)
