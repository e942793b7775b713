"""Homes and devices as an installer sees them: house code and short address, and no name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Connection, or_, select

from alerts.tables import from_micros, from_micros_or_none, micros
from devices.provisioning import digest_of_code
from gateway.accounts.areas import parents, place_of
from gateway.db import driver_of
from gateway.homes.store import OVER
from gateway.installing.admission import Known, Order
from gateway.registry.history import bindings_of
from gateway.registry.index import HomeIndex
from gateway.registry.lifecycle import DeviceState
from gateway.registry.tables import bindings, equipment
from gateway.release import freed
from gateway.schema.tables import buildings, devices, homes, orders

MOST: Final = 40
"""Entries on one page: more are found by their house code, or on the next page."""
AHEAD: Final = timedelta(days=1)
"""Homes whose order begins by then are on today's list."""


@dataclass(frozen=True, slots=True)
class Home:
    """A home, as far as an installer needs to know."""

    code: str
    short_address: str
    building: str
    watch: str
    order: Order | None
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hung:
    """A device that hangs somewhere."""

    device: str
    watch: str | None
    building: str
    place: str
    state: DeviceState
    since: datetime
    make: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Returning:
    """A device that is to be taken back, or was and waits to be wiped."""

    device: str
    building: str
    place: str
    is_unwiped: bool


def home_of(connection: Connection, code: str, watch: str | None) -> Home | None:
    """Return a home; its order is None where there is none that stands."""
    home = connection.execute(select(homes).where(homes.c.code == code)).first()
    if home is None:
        return None
    standing = (orders.c.watch == watch, orders.c.state.not_in(OVER))
    order = connection.execute(select(orders).where(*standing)).first()
    return _home(home, order)


def known_of(connection: Connection, device: str, *, is_bound_here: bool) -> Known:
    """Return what stands for or against installing a device."""
    registered = select(equipment.c.device).where(equipment.c.device == device)
    bound_at = connection.scalar(
        select(bindings.c.from_at).where(bindings.c.device == device, bindings.c.until_at.is_(None))
    )
    return Known(
        is_registered=connection.scalar(registered) is not None,
        is_unwiped=freed.waits_to_be_wiped(driver_of(connection), device),
        bound_since=from_micros_or_none(bound_at),
        is_bound_here=is_bound_here,
    )


def device_of(connection: Connection, code: str) -> str | None:
    """Return the registered device that has a short code; None: none has, or several do.

    It looks at every device: 0.4 s where there are 300,000, so not on the event loop.
    """
    wanted = digest_of_code(code)
    size = len(wanted)
    cursor = driver_of(connection).execute("SELECT device FROM equipment")
    found = [each for (each,) in cursor if sha256(each.encode()).digest()[:size] == wanted]
    return found[0] if len(found) == 1 else None


def model_of(connection: Connection, device: str) -> str:
    """Return the model of a device; empty where nobody said."""
    query = select(equipment.c.model).where(equipment.c.device == device)
    return connection.scalar(query) or ""


def buildings_in(connection: Connection, area: str) -> frozenset[str] | None:
    """Return the buildings of an area and what lies below it; None: all are meant."""
    if not area:
        return None
    above = parents(connection)
    rows = connection.execute(select(buildings.c.id, buildings.c.area))
    return frozenset(row.id for row in rows if area in place_of(row.area, above))


def building_names(connection: Connection, of: Iterable[str]) -> dict[str, str]:
    """Return what people call these buildings."""
    query = select(buildings.c.id, buildings.c.name).where(buildings.c.id.in_(set(of)))
    return {row.id: row.name for row in connection.execute(query)}


def to_install(
    connection: Connection, index: HomeIndex, within: frozenset[str] | None, now: datetime
) -> list[Home]:
    """Return homes under an order at which no device hangs, the first to begin first."""
    hanging = select(devices.c.watch).where(devices.c.watch == orders.c.watch)
    query = (
        select(orders)
        .where(
            orders.c.state.not_in(OVER),
            orders.c.ends_at > micros(now),
            orders.c.starts_at <= micros(now + AHEAD),
            ~hanging.exists(),
        )
        .order_by(orders.c.starts_at.desc())
    )
    found: list[Home] = []
    for rows in _slices(connection.execute(query), 200):
        found += _homes_of(connection, index, rows, within)
        if len(found) >= MOST:
            break
    return sorted(found[:MOST], key=lambda home: (home.starts_at or now, home.code))


def search(
    connection: Connection, index: HomeIndex, within: frozenset[str] | None, asked: str
) -> list[Home]:
    """Return homes under an order whose house code or short address holds what was typed."""
    like = asked.strip().replace("\\", "").replace("%", "").replace("_", "")
    if not like:
        return []
    wanted = or_(homes.c.code.contains(like), homes.c.short_address.contains(like))
    query = select(homes).where(wanted).order_by(homes.c.code)
    watch_of = index.watch_of()
    found = []
    for row in connection.execute(query.limit(2_000)):
        if within is not None and row.building not in within:
            continue
        home = home_of(connection, row.code, watch_of.get(row.code))
        if home is not None and home.order is not None:
            found.append(home)
        if len(found) >= MOST:
            break
    return found


def hung(
    connection: Connection,
    within: frozenset[str] | None,
    *,
    after: str = "",
    watch: str | None = None,
    device: str | None = None,
) -> list[Hung]:
    """Return a page of devices that hang somewhere, in the order of their ids."""
    query = (
        select(devices, equipment)
        .join(equipment, equipment.c.device == devices.c.id)
        .where(devices.c.id > after)
        .order_by(devices.c.id)
    )
    if watch is not None:
        query = query.where(devices.c.watch == watch)
    if device is not None:
        query = query.where(devices.c.id == device)
    if within is not None:
        query = query.where(devices.c.building.in_(within))
    rows = connection.execute(query.limit(MOST)).mappings()
    return [_hung(row) for row in rows]


def to_take_back(
    connection: Connection, within: frozenset[str] | None, now: datetime
) -> list[Returning]:
    """Return devices at homes whose order is over, and those that wait to be wiped."""
    over = or_(orders.c.state.in_(OVER), orders.c.ends_at <= micros(now))
    query = select(devices).where(devices.c.watch.in_(select(orders.c.watch).where(over)))
    found = [
        Returning(row.id, row.building, row.place, is_unwiped=False)
        for row in connection.execute(query.order_by(devices.c.building, devices.c.id))
        if within is None or row.building in within
    ]
    for each in freed.unwiped(connection):
        last = bindings_of(connection, each.device)
        building, place = (last[-1].building, last[-1].place) if last else ("", "")
        # A release forgets where a device hung: whoever holds it may say that it is wiped.
        if within is None or not building or building in within:
            found.append(Returning(each.device, building, place, is_unwiped=True))
    return found[:MOST]


def _homes_of(
    connection: Connection, index: HomeIndex, rows: Collection[Any], within: frozenset[str] | None
) -> list[Home]:
    code_of = {row.watch: index.code_of(row.watch) for row in rows}
    wanted = homes.c.code.in_([code for code in code_of.values() if code])
    known = {row.code: row for row in connection.execute(select(homes).where(wanted))}
    pairs = ((known.get(code_of[row.watch] or ""), row) for row in rows)
    return [
        _home(home, order)
        for home, order in pairs
        if home is not None and (within is None or home.building in within)
    ]


def _home(home: Any, order: Any) -> Home:
    return Home(
        code=home.code,
        short_address=home.short_address,
        building=home.building,
        watch=order.watch if order else "",
        order=Order(from_micros(order.ends_at), from_micros_or_none(order.notice_served_at))
        if order
        else None,
        starts_at=from_micros(order.starts_at) if order else None,
    )


def _hung(row: Any) -> Hung:
    return Hung(
        device=row["device"],
        watch=row["watch"],
        building=row["building"],
        place=row["place"],
        state=DeviceState(row["state"]),
        since=from_micros(row["changed_at"]),
        make=row["make"],
        model=row["model"],
    )


def _slices(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    kept: list[Any] = []
    for row in rows:
        kept.append(row)
        if len(kept) == size:
            yield kept
            kept = []
    if kept:
        yield kept
