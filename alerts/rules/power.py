"""Power: what a device says of its mains and its battery. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.model import ConditionKind, DeviceClass
from alerts.policy import Supervision
from alerts.reason import Reason
from alerts.rules.finding import Clear, Finding, Raise
from alerts.state import DeviceState

_LOW = Raise(ConditionKind.BATTERY_LOW, Reason.BATTERY_LOW)
_CHARGED = Clear(ConditionKind.BATTERY_LOW, Reason.POWER_BACK)
_MAINS_LOST = Raise(ConditionKind.MAINS_LOST, Reason.MAINS_LOST)
_MAINS_BACK = Clear(ConditionKind.MAINS_LOST, Reason.POWER_BACK)


def power(device: DeviceState, state: str) -> Iterator[Finding]:
    """Judge what a device says of its power: `mains`, `battery`, `low` or `ok`."""
    if state == "low":
        yield _LOW
    else:
        yield _CHARGED
    if device.info.device_class is DeviceClass.MAINS:
        if state == "battery":
            yield _MAINS_LOST
        elif state == "mains":
            yield _MAINS_BACK


def charge(is_low: bool, battery_pct: float, rules: Supervision) -> Finding | None:
    """Judge a charge; it must rise well above the limit before it is low no more."""
    if is_low:
        return _CHARGED if battery_pct >= rules.battery_ok_pct else None
    return _LOW if battery_pct < rules.battery_low_pct else None
