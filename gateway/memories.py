"""The last word of each device and bridge, as rows: saved now and then, and folded up at start.

Writing a row for each message would wear the flash for nothing: the journal has it all. A row says
up to which record it is complete; the cursor "devices" says up to which record all of them are. At
start the records between are judged again, for what they say of the device, and nothing is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from alerts.reason import Reason
from alerts.restore import SavedBridge
from alerts.state import DeviceState, Place
from alerts.tables import from_micros, from_micros_or_none, micros_or_none
from devices.model import Decoded, Scope, Undecodable
from devices.news import DeviceMemory, judge
from gateway import cursor, journal
from gateway.schema.tables import device_states

CONSUMER = "devices"

Decode = Callable[[str, bytes, bool], Decoded | Undecodable]
"""Topic, payload and whether it was retained, to what it says."""

_SAVE = (
    "INSERT INTO device_states (device, seq, state) VALUES (?, ?, ?)"
    " ON CONFLICT (device) DO UPDATE SET seq = excluded.seq, state = excluded.state"
)


class Remembered(msgspec.Struct, array_like=True):
    """What a row holds. Times in microseconds since 1970 UTC."""

    memory: list[object]
    heard_at: int | None = None
    interval_s: float | None = None
    unknown_since: int | None = None
    missing_since: int | None = None
    missing_reason: str | None = None
    mains_lost_since: int | None = None
    is_battery_low: bool = False
    offline_since: int | None = None  # a bridge's


class Saved(NamedTuple):
    """One device's row, or one bridge's."""

    seq: int  # the last record folded into it
    memory: DeviceMemory
    row: Remembered


_encode = msgspec.json.Encoder().encode
_decode_row = msgspec.json.Decoder(Remembered).decode


# ---- saving ----


def save(connection: Connection, devices: Iterable[tuple[str, DeviceState]], seq: int) -> None:
    """Write these devices as they are after record `seq`."""
    rows = [(device, seq, _encode(_remember(state))) for device, state in devices]
    if rows:
        connection.exec_driver_sql(_SAVE, rows)


def save_bridges(connection: Connection, places: Iterable[tuple[str, Place]], seq: int) -> None:
    """Write the bridges among these places, by subject."""
    rows = [
        (
            subject,
            seq,
            _encode(
                Remembered(place.memory.to_row(), offline_since=micros_or_none(place.offline_since))
            ),
        )
        for subject, place in places
        if place.memory is not None
    ]
    if rows:
        connection.exec_driver_sql(_SAVE, rows)


def _remember(state: DeviceState) -> Remembered:
    return Remembered(
        state.memory.to_row(),
        micros_or_none(state.heard_at),
        state.interval_s,
        micros_or_none(state.unknown_since),
        micros_or_none(state.missing_since),
        state.missing_reason,
        micros_or_none(state.mains_lost_since),
        state.is_battery_low,
    )


# ---- loading ----


def folded_to(connection: Connection) -> int:
    """Return the record up to which every row is complete."""
    return cursor.read(connection, CONSUMER)


def load(connection: Connection, devices: Collection[str] | None = None) -> dict[str, Saved]:
    """Load every row, or those of these devices, as it was written."""
    return dict(each(connection, devices))


def each(
    connection: Connection, devices: Collection[str] | None = None
) -> Iterator[tuple[str, Saved]]:
    """Yield every row, or those of these devices, as it was written."""
    query = select(device_states)
    if devices is not None:
        query = query.where(device_states.c.device.in_(devices))
    for device, seq, state in connection.execute(query):
        row = _decode_row(state)
        yield device, Saved(seq, DeviceMemory.from_row(row.memory), row)


def facts(connection: Connection, devices: Iterable[str]) -> dict[str, list[str]]:
    """Return which kinds of fact each of these devices has reported, as far as rows tell."""
    return {
        device: sorted({key.partition("/")[0] for key in saved.memory.states})
        for device, saved in each(connection, list(devices))
    }


def fold(connection: Connection, saved: dict[str, Saved], until: int, decode: Decode) -> None:
    """Bring loaded memories up to record `until`, in place; devices without a row get one."""
    for record in journal.read_all(connection, folded_to(connection), until):
        if record.reason is not None:
            continue
        decoded = decode(record.topic, record.payload, record.retained)
        if type(decoded) is not Decoded:
            continue
        for observation in decoded.observations:
            bridge = observation.scope is Scope.GATEWAY
            name = f"bridge:{observation.device}" if bridge else observation.device
            one = saved.get(name)
            if one is None:
                memory = DeviceMemory()
                one = saved[name] = Saved(0, memory, Remembered([]))
            if record.seq > one.seq:
                judge(one.memory, observation)
                one.row.heard_at = record.received_at
                if observation.interval_s is not None:
                    one.row.interval_s = observation.interval_s


def restore(state: DeviceState, saved: Saved) -> None:
    """Fill in a device's state from its row."""
    row = saved.row
    state.memory = saved.memory
    state.heard_at = from_micros_or_none(row.heard_at)
    state.interval_s = row.interval_s
    state.unknown_since = from_micros_or_none(row.unknown_since)
    state.missing_since = from_micros_or_none(row.missing_since)
    state.missing_reason = Reason(row.missing_reason) if row.missing_reason else None
    state.mains_lost_since = from_micros_or_none(row.mains_lost_since)
    state.is_battery_low = row.is_battery_low


def bridges(saved: dict[str, Saved]) -> list[SavedBridge]:
    """Return the bridges among what was saved."""
    return [
        SavedBridge(name.removeprefix("bridge:"), one.memory, _since(one.row.offline_since))
        for name, one in saved.items()
        if name.startswith("bridge:")
    ]


def _since(at: int | None) -> datetime | None:
    return None if at is None else from_micros(at)
