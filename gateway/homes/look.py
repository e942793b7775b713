"""What is known of each home right now, with nothing that names it but its devices' ids. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from alerts.model import Watch, WatchId
from alerts.state import DeviceState, State
from devices.model import Kind

_DOOR = Kind.DOOR.value


class Standing(StrEnum):
    """What a supervisor must know of a home at a glance; the first that is true."""

    INCIDENT = "incident"  # somebody has to deal with it
    UNKNOWN = "unknown"  # nobody can say what its door does
    QUIET = "quiet"
    UNWATCHED = "unwatched"  # no notice on record, not begun, or over


class Missing(NamedTuple):
    """A device that owes messages."""

    device: str
    place: str  # where it hangs, "" where nobody said
    since_at: datetime


@dataclass(frozen=True, slots=True)
class Look:
    """One home under an order, by its watch."""

    watch: WatchId
    building: str
    standing: Standing
    doors_open: int
    devices: int
    missing: tuple[Missing, ...]
    unknown_since: datetime | None
    ends_at: datetime


def looks(state: State) -> list[Look]:
    """Look at every home. Call it on the thread that owns the state."""
    concerned = watches_with_incidents(state)
    return [look_at(state, watch, watch.id in concerned) for watch in state.watches.values()]


def count(found: list[Look]) -> Counter[Standing]:
    """Count homes by standing."""
    return Counter(look.standing for look in found)


def watches_with_incidents(state: State) -> set[WatchId]:
    """Return the homes that somebody has to deal with."""
    return {
        incident.watch
        for incident in state.incidents.values()
        if incident.watch is not None and not incident.is_over
    }


def look_at(state: State, watch: Watch, has_incident: bool) -> Look:
    """Look at one home."""
    devices = [state.devices[each] for each in watch.devices if each in state.devices]
    since = [device.unknown_since for device in devices if device.unknown_since is not None]
    if state.intake_lost_at is not None:
        since.append(state.intake_lost_at)
    is_unknown = bool(since) or not any(_says_of_a_door(device) for device in devices)
    if watch.id not in state.running:
        standing = Standing.UNWATCHED
    elif has_incident:
        standing = Standing.INCIDENT
    else:
        standing = Standing.UNKNOWN if is_unknown else Standing.QUIET
    return Look(
        watch=watch.id,
        building=watch.building,
        standing=standing,
        doors_open=sum(_open_doors(device) for device in devices),
        devices=len(devices),
        missing=tuple(
            Missing(device.info.id, device.info.place, device.missing_since)
            for device in devices
            if device.missing_since is not None
        ),
        unknown_since=min(since, default=None),
        ends_at=watch.ends_at,
    )


def _says_of_a_door(device: DeviceState) -> bool:
    return any(key.partition("/")[0] == _DOOR for key in device.memory.states)


def _open_doors(device: DeviceState) -> int:
    return sum(
        key.partition("/")[0] == _DOOR and state == "open"
        for key, state in device.memory.states.items()
    )
