"""The state as the tables have it: what stands, who is watched, and each device's last word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from alerts import restore, store, strikes
from alerts.model import DeviceInfo, Team, Watch, WatchId
from alerts.policy import Policy
from alerts.state import DeviceState, State, Voice
from gateway import cursor, memories
from gateway.inbox import written_since
from gateway.memories import Decode


@dataclass(frozen=True, slots=True)
class Registered:
    """What is being watched, as the tables of homes have it."""

    watches: Mapping[WatchId, Watch]
    teams: Mapping[str, Team]
    devices: Sequence[DeviceInfo]


LoadRegistered = Callable[[Connection], Registered]


@dataclass(frozen=True, slots=True)
class Recalled:
    """The state after record `cursor`, and what of it the rows of devices do not have yet."""

    state: State
    cursor: int
    folded_to: int
    behind: frozenset[str]


def recall(
    connection: Connection,
    consumer: str,
    load_registered: LoadRegistered,
    decode: Decode,
    policy: Policy,
    voice: Voice,
    now: datetime,
) -> Recalled:
    """Rebuild the state that `consumer` had saved."""
    with connection.begin():
        done = cursor.read(connection, consumer)
        folded_to = memories.folded_to(connection)
        saved = memories.load(connection)
        memories.fold(connection, saved, done, decode)
        registered = load_registered(connection)
        standing = store.load(connection, now)
        last_alive_at = cursor.last_moved_at(connection)
        written = written_since(connection, now - strikes.KEPT)
    devices = [DeviceState(info) for info in registered.devices]
    for device in devices:
        if device.info.id in saved:
            memories.restore(device, saved[device.info.id])
    state = restore.rebuild(
        restore.Saved(
            watches=registered.watches.values(),
            teams=registered.teams.values(),
            devices=devices,
            bridges=memories.bridges(saved),
            conditions=standing.conditions,
            incidents=standing.incidents,
            permits=standing.permits,
            silences=standing.silences,
            numbers=standing.numbers,
            written=written,
            last_alive_at=last_alive_at,
        ),
        now,
        policy=policy,
        voice=voice,
    )
    behind = frozenset(name for name, one in saved.items() if one.seq < done)
    return Recalled(state, done, folded_to, behind)
