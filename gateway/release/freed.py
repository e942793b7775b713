"""Devices that were at a home whose order is over: refused for reuse until somebody wiped them.

A device may still know what happened at that door, and still reports it until it is unscrewed: what
it says from then on is taken out of the journal again, and what it said before goes with the key.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update

from alerts.tables import from_micros, micros
from gateway import memories
from gateway.export.tables import CONSUMER as EXPORT
from gateway.registry.lifecycle import DeviceState
from gateway.registry.tables import bindings, equipment
from gateway.release.tables import freed_devices
from gateway.schema.tables import cursors, device_states, devices, journal

SETTLED_AFTER = timedelta(hours=1)
"""What a device said before it was wiped is in the journal by then (ours)."""
_NEVER = 2**62
"""Later than any time, in microseconds."""
SLICE = 5000
"""Records looked at in one commit: a range of the table's own key, 2 to 5 ms."""


class Freed(NamedTuple):
    """A device that waits to be wiped."""

    device: str
    freed_at: datetime


def devices_of(connection: Connection, watch: str) -> set[str]:
    """Return every device that hangs at a home, or did during its order."""
    now_there = select(devices.c.id).where(devices.c.watch == watch)
    were_there = select(bindings.c.device).where(bindings.c.watch == watch)
    return {*connection.scalars(now_there), *connection.scalars(were_there)}


def free(connection: Connection, watch: str, release: str, starts_at: int, now: datetime) -> None:
    """Free the devices of an order that begins at `starts_at`; before its rows are removed.

    One that hangs elsewhere by now is refused to nobody, but what it said here goes likewise.
    """
    spans = _spans(connection, watch, starts_at)
    left = {device for device in spans if _is_elsewhere(connection, device, watch)}
    rows = [
        {
            "device": device,
            "release": release,
            "from_at": from_at,
            "freed_at": min(until_at, micros(now)) if device in left else micros(now),
            "wiped_at": until_at if device in left else None,
            "swept_to": 0,
        }
        for device, (from_at, until_at) in sorted(spans.items())
    ]
    if not rows:
        return
    connection.execute(insert(freed_devices), rows)
    freed = spans.keys() - left
    connection.execute(delete(device_states).where(device_states.c.device.in_(freed)))
    taken_back = update(equipment).where(equipment.c.device.in_(freed))
    connection.execute(taken_back.values(state=DeviceState.REMOVED, changed_at=micros(now)))


def _spans(connection: Connection, watch: str, starts_at: int) -> dict[str, tuple[int, int]]:
    """Return from when to when each device hung at the home, in microseconds."""
    spans = {}
    found = connection.execute(select(bindings).where(bindings.c.watch == watch)).all()
    for device in devices_of(connection, watch):
        own = [row for row in found if row.device == device]
        ends = [row.until_at for row in own]
        until_at = max(ends) if ends and None not in ends else _NEVER
        spans[device] = (min((row.from_at for row in own), default=starts_at), until_at)
    return spans


def _is_elsewhere(connection: Connection, device: str, watch: str) -> bool:
    """Say whether a device has another place by now, or had one since."""
    known = connection.execute(select(devices.c.watch).where(devices.c.id == device)).first()
    if known is not None:
        return bool(known.watch != watch)
    latest = connection.execute(
        select(bindings.c.watch)
        .where(bindings.c.device == device)
        .order_by(bindings.c.from_at.desc(), bindings.c.id.desc())
    ).first()
    return latest is not None and bool(latest.watch != watch)


def unwiped(connection: Connection) -> list[Freed]:
    """Return the devices that are refused for reuse, the longest waiting first."""
    rows = connection.execute(
        select(freed_devices.c.device, freed_devices.c.freed_at)
        .where(freed_devices.c.wiped_at.is_(None))
        .order_by(freed_devices.c.freed_at, freed_devices.c.device)
    )
    return [Freed(row.device, from_micros(row.freed_at)) for row in rows]


def waits_to_be_wiped(reader: sqlite3.Connection, device: str) -> bool:
    """Say whether a device is refused for reuse; asked of the driver, as lists are staged."""
    query = "SELECT 1 FROM freed_devices WHERE device = ? AND wiped_at IS NULL"
    return reader.execute(query, (device,)).fetchone() is not None


def wiped(connection: Connection, device: str, now: datetime) -> bool:
    """Note that somebody wiped a device; say whether it had waited for that."""
    waits = and_(freed_devices.c.device == device, freed_devices.c.wiped_at.is_(None))
    return (
        connection.execute(update(freed_devices).where(waits).values(wiped_at=micros(now))).rowcount
        > 0
    )


# ---- what they said ----


def let_go(connection: Connection, release: str) -> None:
    """Say that what these devices said during the order may go too: its key is destroyed."""
    of_it = update(freed_devices).where(freed_devices.c.release == release)
    connection.execute(of_it.values(release=None, swept_to=0))


def sweep(connection: Connection, now: datetime) -> int | None:
    """Take a slice of what freed devices said out of the journal, of what every reader has read.

    Returns how many records went; None where there was nothing left to look at. One transaction.
    """
    applied_to = _read_to(connection)
    behind = connection.scalar(
        select(func.min(freed_devices.c.swept_to)).where(freed_devices.c.swept_to < applied_to)
    )
    if behind is None:
        _forget_those_done(connection, micros(now - SETTLED_AFTER))
        return None
    first = connection.scalar(select(func.min(journal.c.seq)).where(journal.c.seq > behind))
    start = int(first) - 1 if first is not None else applied_to
    end = min(start + SLICE, applied_to)
    inside = and_(journal.c.seq > start, journal.c.seq <= end)
    gone = connection.execute(delete(journal).where(inside, _said_by_a_freed_device())).rowcount
    in_step = update(freed_devices).where(
        freed_devices.c.swept_to >= behind, freed_devices.c.swept_to < end
    )
    connection.execute(in_step.values(swept_to=end))
    return gone


def _said_by_a_freed_device() -> ColumnElement[bool]:
    at, freed = journal.c.received_at, freed_devices.c
    since = or_(at >= freed.freed_at, and_(freed.release.is_(None), at >= freed.from_at))
    until = or_(freed.wiped_at.is_(None), at < freed.wiped_at)
    return (
        select(freed.id)
        .where(freed.device == journal.c.device, since, until)
        .correlate(journal)
        .exists()
    )


def _read_to(connection: Connection) -> int:
    """Return the record that every reader has passed who has a use for those of a freed device.

    What keeps last words trails by many records, and export by as long as InfluxDB is away: neither
    knows a device that is registered no more.
    """
    others = cursors.c.consumer.not_in((memories.CONSUMER, EXPORT))
    return int(connection.scalar(select(func.min(cursors.c.seq)).where(others)) or 0)


def _forget_those_done(connection: Connection, before: int) -> None:
    """Forget devices that were wiped before this, and of which no record is left."""
    done = and_(freed_devices.c.wiped_at < before, freed_devices.c.release.is_(None))
    connection.execute(delete(freed_devices).where(done))
