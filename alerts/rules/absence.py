"""Absence of life: how long a device may say nothing, and when several make one outage. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from alerts.model import DeviceClass
from alerts.policy import Supervision
from alerts.state import DeviceState, Place

LEAST_S = 30.0
"""No device is called silent sooner, whatever it promised: a radio needs its retries (ours)."""


def reporting_time(device: DeviceState, rules: Supervision) -> timedelta:
    """Return the longest silence allowed to a device."""
    if device.info.device_class is DeviceClass.MAINS:
        allowed = rules.mains_silent_s
    elif device.interval_s is None:
        allowed = rules.sleeping_silent_max_s
    else:
        allowed = min(device.interval_s * rules.heartbeats_missed, rules.sleeping_silent_max_s)
    return timedelta(seconds=max(allowed, LEAST_S))


def owes_since(
    device: DeviceState, bridge: Place | None, supervised_from: datetime | None, now: datetime
) -> datetime:
    """Return from when a device's silence counts: never from before anybody could hear it."""
    bridge_back_at = bridge.back_at if bridge is not None else None
    since = [at for at in (device.heard_at, supervised_from, bridge_back_at) if at is not None]
    return max(since, default=now)


def is_one_outage(troubled: Iterable[datetime], since: datetime, rules: Supervision) -> bool:
    """Say whether a device in trouble since `since` is one of several that fell silent together.

    `troubled` says since when each device of its place is in trouble, itself included. It does not
    matter how long ago that was: a look that comes late sees the same.
    """
    hold, count = timedelta(seconds=rules.hold_s), rules.outage_devices
    near = sorted(at for at in troubled if since - hold <= at <= since + hold)
    return any(
        first <= since <= last and last - first <= hold
        for first, last in zip(near, near[count - 1 :], strict=False)
    )
