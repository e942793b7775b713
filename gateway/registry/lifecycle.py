"""The life of a device, from its box to its end; pure.

    registered → mounted → commissioned → in service → faulty → removed

A device that was taken back may be mounted again elsewhere; its history stays with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class DeviceState(StrEnum):
    """Where a device is in its life."""

    REGISTERED = "registered"
    """Known by its id, and nowhere yet."""
    MOUNTED = "mounted"
    """It hangs at its place; nothing was tried."""
    COMMISSIONED = "commissioned"
    """What it must do was tried and arrived."""
    IN_SERVICE = "in_service"
    """Its home was signed off."""
    FAULTY = "faulty"
    """Somebody found it broken; it is watched as before until it is taken away."""
    REMOVED = "removed"
    """Taken back. It is bound to no place."""


class Refused(StrEnum):
    """Why a device does not go into a state."""

    NOT_FROM_HERE = "not_from_here"
    NO_PLACE = "no_place"


ALLOWED: Mapping[DeviceState, frozenset[DeviceState]] = MappingProxyType(
    {
        DeviceState.REGISTERED: frozenset({DeviceState.MOUNTED, DeviceState.REMOVED}),
        DeviceState.MOUNTED: frozenset(
            {DeviceState.COMMISSIONED, DeviceState.FAULTY, DeviceState.REMOVED}
        ),
        DeviceState.COMMISSIONED: frozenset(
            {DeviceState.IN_SERVICE, DeviceState.MOUNTED, DeviceState.FAULTY, DeviceState.REMOVED}
        ),
        DeviceState.IN_SERVICE: frozenset(
            {DeviceState.MOUNTED, DeviceState.FAULTY, DeviceState.REMOVED}
        ),
        DeviceState.FAULTY: frozenset(
            {DeviceState.MOUNTED, DeviceState.COMMISSIONED, DeviceState.REMOVED}
        ),
        DeviceState.REMOVED: frozenset({DeviceState.REGISTERED, DeviceState.MOUNTED}),
    }
)
"""The one table of changes. A device that is moved begins again at `mounted`."""

AT_NO_PLACE = frozenset({DeviceState.REGISTERED, DeviceState.REMOVED})
"""States in which a device is bound to no home and no building; in each other it is to one."""


def why_not(before: DeviceState, after: DeviceState, *, has_place: bool) -> Refused | None:
    """Return why a device does not go from one state to another; None where it may.

    `has_place`: whether it is bound to a home or building afterwards.
    """
    if after is not before and after not in ALLOWED[before]:
        return Refused.NOT_FROM_HERE
    if after not in AT_NO_PLACE and not has_place:
        return Refused.NO_PLACE
    return None


def reachable(before: DeviceState) -> tuple[DeviceState, ...]:
    """Return the states a device may go to, in the order of its life."""
    return tuple(state for state in DeviceState if state in ALLOWED[before])
