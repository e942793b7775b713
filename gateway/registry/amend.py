"""Tells the engine of one entry, so that no other home waits while everything is read again.

What is read, in a transaction, is apart from what is entered, in a turn of the engine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from alerts import roster
from alerts.model import DeviceClass, DeviceInfo, Watch
from alerts.policy import Policy
from alerts.state import Turn
from alerts.tables import from_micros
from gateway.homes.file import merged_policy
from gateway.homes.store import OVER
from gateway.schema.tables import devices, homes, orders


class ReadHome(NamedTuple):
    """A home under an order, as the tables have it now."""

    order: Any
    home: Any
    devices: Sequence[DeviceInfo]


def read_home(connection: Connection, code: str, watch: str) -> ReadHome | None:
    """Read a home by its code and the watch of its order; None where that is over."""
    standing = (orders.c.watch == watch, orders.c.state.not_in(OVER))
    order = connection.execute(select(orders).where(*standing)).first()
    home = connection.execute(select(homes).where(homes.c.code == code)).first()
    if order is None or home is None:
        return None
    return ReadHome(order, home, _read_devices(connection, devices.c.watch == watch))


def read_device(connection: Connection, device: str) -> DeviceInfo | None:
    """Read where a device hangs; None: nowhere."""
    return next(iter(_read_devices(connection, devices.c.id == device)), None)


def enter_home(turn: Turn, read: ReadHome, policy: Policy) -> None:
    """Enter the order of a home, or what changed of it, with its devices."""
    order, home = read.order, read.home
    served_at = order.notice_served_at
    watch = Watch(
        id=order.watch,
        address=home.address,
        short_address=home.short_address,
        building=home.building,
        team=turn.state.teams[home.team],
        policy=merged_policy(policy, json.loads(home.policy)),
        starts_at=from_micros(order.starts_at),
        ends_at=from_micros(order.ends_at),
        notice_served_at=None if served_at is None else from_micros(served_at),
        devices=tuple(device.id for device in read.devices),
    )
    roster.enter_watch(turn.state, watch, turn.now)
    for info in read.devices:
        enter_device(turn, info.id, info)


def enter_device(turn: Turn, device: str, info: DeviceInfo | None) -> None:
    """Enter a device, move it, or take it away where there is nothing of it any more."""
    known = turn.state.devices.get(device)
    before = known.info.watch if known else None
    if info is None:
        roster.remove_device(turn, device, turn.now)
    elif known is None or known.info != info:
        roster.enter_device(turn.state, info, turn.now)
        roster.moved(turn, turn.state.devices[device], before)
    after = info.watch if info is not None else None
    for watch in {before, after} - {None}:
        _list_again(turn, str(watch), device, is_there=watch == after)


def _list_again(turn: Turn, watch: str, device: str, *, is_there: bool) -> None:
    """Let a watch name a device, or not any more."""
    found = turn.state.watches.get(watch)
    if found is not None and (device in found.devices) != is_there:
        others = tuple(each for each in found.devices if each != device)
        listed = (*others, device) if is_there else others
        turn.state.watches[watch] = replace(found, devices=listed)


def _read_devices(connection: Connection, which: ColumnElement[bool]) -> list[DeviceInfo]:
    return [
        DeviceInfo(
            id=row.id,
            watch=row.watch,
            building=row.building,
            bridge=row.bridge,
            device_class=DeviceClass(row.device_class),
            place=row.place,
        )
        for row in connection.execute(select(devices).where(which).order_by(devices.c.id))
    ]
