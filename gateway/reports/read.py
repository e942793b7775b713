"""Reads what a report is made of, in one snapshot of the database. SQL and unsealing, no figures.

It needs nothing but the tables and the keys: no running engine and no InfluxDB.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from alerts import ledger
from alerts.tables import from_micros, micros
from devices.model import Kind as DeviceKind
from gateway import memories
from gateway.accounts.areas import parents
from gateway.homes.store import RELEASED
from gateway.intervals import Span
from gateway.privacy import KeyStore, UnreadableError
from gateway.registry.tables import bindings
from gateway.release.tables import releases
from gateway.reports import happened
from gateway.reports.known import Area, Home, Known, Places
from gateway.reports.period import Period
from gateway.schema.tables import areas, buildings, contacts, devices, homes, orders

AT_ONCE: Final = 10_000
"""Devices asked for in one statement: SQLite takes 32,766 values."""


class Source(Protocol):
    """What is read from."""

    @property
    def keys(self) -> KeyStore: ...
    @property
    def timezone(self) -> str: ...
    @property
    def prices_fen(self) -> Mapping[str, float]: ...


def read(
    connection: Connection, source: Source, period: Period, now: datetime, area: str = ""
) -> Known:
    """Read what is known of a period; `area`: of what lies in that area alone."""
    zone = ZoneInfo(source.timezone)
    span, made_at = period.span(zone), micros(now)
    as_of = max(span[0], min(span[1], made_at))
    within = (span[0], as_of)
    places = _places(connection)
    found = [
        home for home in _homes(connection, source.keys) if places.lies_in(home.building, area)
    ]
    sight = happened.Sight(
        connection=connection,
        watches=frozenset(home.watch for home in found),
        building_of=_buildings_of(connection),
        area=area,
        places=places,
    )
    teams = {home.team for home in found}
    from_at, until_at = map(from_micros, within)
    lines = ledger.days(connection, from_at, until_at, source.timezone, source.prices_fen)
    return Known(
        period=period,
        zone=zone,
        span=within,
        as_of=as_of,
        made_at=made_at,
        places=places,
        homes=found,
        incidents=happened.incidents_of(sight, within),
        openings=happened.openings(sight, within),
        faults=happened.faults(sight, as_of),
        blind=happened.blind(sight, within),
        permits=happened.permits_of(sight, within),
        silences=happened.silences_of(sight, within),
        acts=() if area else happened.acts(connection, within),
        texts=[line for line in lines if not area or line.team in teams],
        released=0 if area else _released(connection, within),
        roles={
            row.id: row.role for row in connection.execute(select(contacts.c.id, contacts.c.role))
        },
    )


def _places(connection: Connection) -> Places:
    return Places(
        areas={row.id: Area(row.name, row.level) for row in connection.execute(select(areas))},
        above=parents(connection),
        buildings={row.id: (row.name, row.area) for row in connection.execute(select(buildings))},
    )


def _homes(connection: Connection, keys: KeyStore) -> list[Home]:
    """Return the home of each order, but for those that are being released."""
    known = {row.code: row for row in connection.execute(select(homes))}
    hang: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(select(devices.c.id, devices.c.watch)):
        if row.watch is not None:
            hang[row.watch].append(row.id)
    speak, fitted = _speak_of_doors(connection), _fitted(connection)
    found = []
    for order in connection.execute(select(orders).where(orders.c.state != RELEASED)):
        try:
            code = keys.unseal(order.watch, order.sealed_home)
        except UnreadableError:  # its key went a moment ago: it is released
            continue
        home = known.get(code)
        if home is None:
            continue
        served = order.notice_served_at
        begins = order.ends_at if served is None else max(served, order.starts_at)
        found.append(
            Home(
                watch=order.watch,
                code=code,
                address=home.address,
                building=home.building,
                team=home.team,
                starts_at=order.starts_at,
                ends_at=order.ends_at,
                watched=(begins, max(begins, order.ends_at)),
                devices=tuple(sorted(hang[order.watch])),
                says_of_door=any(device in speak for device in hang[order.watch]),
                fitted_at=fitted.get(order.watch, order.starts_at),
            )
        )
    return found


def _fitted(connection: Connection) -> dict[str, int]:
    """Return when the first device was fitted at the home of each order."""
    c = bindings.c
    first = func.min(c.from_at).label("first")
    rows = connection.execute(select(c.watch, first).where(c.watch.is_not(None)).group_by(c.watch))
    return {row.watch: row.first for row in rows}


def _speak_of_doors(connection: Connection) -> frozenset[str]:
    """Return the devices that ever said something of a door."""
    every = connection.scalars(select(devices.c.id).order_by(devices.c.id)).all()
    return frozenset(
        device
        for start in range(0, len(every), AT_ONCE)
        for device, kinds in memories.facts(connection, every[start : start + AT_ONCE]).items()
        if DeviceKind.DOOR.value in kinds
    )


def _buildings_of(connection: Connection) -> dict[str, tuple[str, str]]:
    """Return building and place of each device."""
    rows = connection.execute(select(devices.c.id, devices.c.building, devices.c.place))
    return {row.id: (row.building, row.place) for row in rows}


def _released(connection: Connection, within: Span) -> int:
    query = select(func.count()).where(
        releases.c.released_at >= within[0], releases.c.released_at < within[1]
    )
    return connection.scalar(query) or 0
