"""What the registry says, page by page, in the columns of its lists; masked unless asked in full.

A page begins after the last key of the one before, so that the hundredth costs what the first does.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, literal, select

from alerts.tables import from_micros
from gateway.masking import mask_address, mask_name, mask_phone
from gateway.privacy import KeyStore, team_owner
from gateway.registry.columns import EMPTY, KEYS, Kind
from gateway.registry.index import HomeIndex
from gateway.registry.tables import equipment, residents
from gateway.registry.take_homes import Person
from gateway.schema.tables import areas, buildings, contacts, devices, homes, orders, teams

PAGE: Final = 500
"""Rows read at once for an export."""

Shown = dict[str, str]
"""One entry, by the keys of its columns; `""` for what is not known."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One reading of the registry."""

    connection: Connection
    keys: KeyStore
    index: HomeIndex
    zone: ZoneInfo
    area: str = ""
    """Id of the area beyond which nothing is shown; empty: all is."""
    is_masked: bool = True

    def page(
        self, kind: Kind, after: str = "", limit: int = PAGE, only: str | None = None
    ) -> list[Shown]:
        """Return the entries after a key, in the order of keys; or the one with the key `only`."""

        def of(query: Select[Any], key: ColumnElement[Any]) -> Select[Any]:
            return (
                query.where(key > after if only is None else key == only).order_by(key).limit(limit)
            )

        match kind:
            case Kind.AREAS:
                return self._plain(of(select(areas), areas.c.id), self._within(areas.c.id))
            case Kind.BUILDINGS:
                allowed = self._within(buildings.c.area)
                return self._plain(of(select(buildings), buildings.c.id), allowed)
            case Kind.TEAMS:
                return self._members(of(select(contacts), contacts.c.id))
            case Kind.HOMES:
                return self._homes(of(select(homes), homes.c.code))
            case Kind.DEVICES:
                joined = select(devices, equipment).outerjoin_from(
                    equipment, devices, devices.c.id == equipment.c.device
                )
                return self._devices(of(joined, equipment.c.device))

    def one(self, kind: Kind, key: str) -> Shown | None:
        """Return one entry; None where there is none, or none that may be seen."""
        return next(iter(self.page(kind, limit=1, only=key)), None)

    def every(self, kind: Kind) -> Iterator[Shown]:
        """Yield all entries."""
        after = ""
        while found := self.page(kind, after):
            yield from found
            after = key_of(kind, found[-1])

    # ---- what may be seen ----

    def _within(self, column: ColumnElement[Any]) -> ColumnElement[bool] | None:
        """Return that a column names an area that may be seen; None: each may."""
        if not self.area:
            return None
        below = select(literal(self.area).label("id")).cte("below", recursive=True)
        below = below.union(select(areas.c.id).join(below, areas.c.parent == below.c.id))
        return column.in_(select(below.c.id))

    def _in_building(self, column: ColumnElement[Any]) -> ColumnElement[bool] | None:
        within = self._within(buildings.c.area)
        return None if within is None else column.in_(select(buildings.c.id).where(within))

    def _rows(self, query: Select[Any], allowed: ColumnElement[bool] | None) -> Sequence[Any]:
        wanted = query if allowed is None else query.where(allowed)
        return self.connection.execute(wanted).mappings().all()

    # ---- each kind ----

    def _plain(self, query: Select[Any], allowed: ColumnElement[bool] | None) -> list[Shown]:
        return [
            {key: value or "" for key, value in row.items()} for row in self._rows(query, allowed)
        ]

    def _members(self, query: Select[Any]) -> list[Shown]:
        allowed = self._in_building(homes.c.building)
        if allowed is not None:
            allowed = contacts.c.team.in_(select(homes.c.team).where(allowed))
        rows = self._rows(query, allowed)
        shifts = self._shifts({row["team"] for row in rows})
        return [self._member(row, shifts[row["team"]]) for row in rows]

    def _shifts(self, names: set[str]) -> Mapping[str, Mapping[str, Any]]:
        rows = self.connection.execute(select(teams).where(teams.c.id.in_(names)))
        return {row.id: {each["name"]: each for each in json.loads(row.shifts)} for row in rows}

    def _member(self, row: Any, shifts: Mapping[str, Any]) -> Shown:
        personal = json.loads(self.keys.unseal(team_owner(row["team"]), row["sealed"]))
        shift = shifts.get(row["shift"], {})
        return {
            "team": row["team"],
            "member": row["id"].partition("/")[2],
            "role": row["role"],
            "name": self._name(personal["name"]),
            "phones": "、".join(map(self._phone, personal["phones"])),
            "shift": row["shift"] or "",
            "shift_starts": shift.get("starts", ""),
            "shift_until": shift.get("until", ""),
            "beyond": "是" if row["is_beyond"] else "否",
        }

    def _homes(self, query: Select[Any]) -> list[Shown]:
        rows = self._rows(query, self._in_building(homes.c.building))
        watch_of = self.index.watch_of()
        watches = [watch for row in rows if (watch := watch_of.get(row["code"]))]
        standing = {
            row["watch"]: row
            for row in self._rows(select(orders).where(orders.c.watch.in_(watches)), None)
        }
        people = self._residents(watches)
        return [
            self._home(row, standing.get(watch_of.get(row["code"], "")), people) for row in rows
        ]

    def _residents(self, watches: Sequence[str]) -> Mapping[str, list[Person]]:
        found: dict[str, list[Person]] = defaultdict(list)
        query = select(residents).where(residents.c.watch.in_(watches))
        for row in self._rows(query.order_by(residents.c.watch, residents.c.position), None):
            said = json.loads(self.keys.unseal(row["watch"], row["sealed"]))
            found[row["watch"]].append(Person(**said))
        return found

    def _home(self, row: Any, order: Any, people: Mapping[str, list[Person]]) -> Shown:
        here = people.get(order["watch"], []) if order else []
        phones = [self._phone(each.phone) or EMPTY for each in here]
        return {
            "house_code": row["code"],
            "building": row["building"],
            "team": row["team"],
            "address": self._address(row["address"]),
            "short_address": self._address(row["short_address"]),
            "starts_at": self._moment(order["starts_at"]) if order else "",
            "ends_at": self._moment(order["ends_at"]) if order else "",
            "notice_served_at": self._moment(order["notice_served_at"]) if order else "",
            "residents": "、".join(self._name(each.name) for each in here),
            "phones": "、".join(phones) if any(each.phone for each in here) else "",
        }

    def _devices(self, query: Select[Any]) -> list[Shown]:
        allowed = self._in_building(devices.c.building)
        return [
            {
                "device": row["device"],
                "house_code": self.index.code_of(row["watch"]) or "" if row["watch"] else "",
                "building": row["building"] or "",
                "class": row["device_class"] or "",
                "bridge": row["bridge"] or "",
                "place": row["place"] or "",
                "make": row["make"],
                "model": row["model"],
                "serial": row["serial"],
                "state": row["state"],
            }
            for row in self._rows(query, allowed)
        ]

    # ---- cells ----

    def _name(self, name: str) -> str:
        return mask_name(name) if self.is_masked and name else name

    def _phone(self, phone: str) -> str:
        return mask_phone(phone) if self.is_masked and phone else phone

    def _address(self, address: str) -> str:
        return mask_address(address) if self.is_masked and address else address

    def _moment(self, at: int | None) -> str:
        return "" if at is None else from_micros(at).astimezone(self.zone).isoformat(sep=" ")


def key_of(kind: Kind, shown: Mapping[str, str]) -> str:
    """Return the key of an entry."""
    return "/".join(shown[key] for key in KEYS[kind])
