"""Reads from the tables what deciding and telling need: watches, teams, devices, who is reached."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cache
from sys import intern
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from alerts.model import (
    Contact,
    DeviceClass,
    DeviceInfo,
    Override,
    Role,
    Shift,
    Team,
    Watch,
    WatchId,
)
from alerts.policy import Policy
from alerts.tables import from_micros
from devices.profile import DeviceSettings
from gateway.homes.file import merged_policy
from gateway.homes.store import OVER
from gateway.homes.ways import Reach
from gateway.privacy import KeyStore, team_owner
from gateway.schema.tables import contacts, devices, homes, orders, teams


class Watching(NamedTuple):
    """Everything that is watched, and by whom it is answered for."""

    watches: dict[WatchId, Watch]
    teams: dict[str, Team]
    devices: list[DeviceInfo]
    settings: dict[str, DeviceSettings]
    """By device id, where it differs from its make."""


@dataclass(frozen=True, slots=True, repr=False)
class PhoneBook:
    """Where contacts are reached, and whose a phone is. It has no `repr`, so no log can hold it."""

    _reach: Mapping[str, Reach] = field(default_factory=dict)
    _contacts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def reach(self, contact: str) -> Reach | None:
        """Return where a contact is told; None for one who is known no more."""
        return self._reach.get(contact)

    def phones(self, contact: str) -> tuple[str, ...]:
        """Return a contact's phones in E.164, the preferred one first."""
        reach = self.reach(contact)
        return reach.phones if reach else ()

    def contacts(self, phone: str) -> tuple[str, ...]:
        """Return who has this phone; nobody for a stranger's."""
        return self._contacts.get(phone, ())


def watches(connection: Connection, keys: KeyStore, policy: Policy) -> Watching:
    """Read every order that was not released; `policy` holds where a home has none of its own."""
    all_teams = read_teams(connection)
    all_devices, settings = read_devices(connection)
    at_watch: dict[str, list[str]] = defaultdict(list)
    for device in all_devices:
        if device.watch is not None:
            at_watch[device.watch].append(device.id)
    all_homes = {row.code: row for row in connection.execute(select(homes))}
    policies: dict[str, Policy] = {}
    moment = cache(from_micros)  # many orders begin and end together
    found: dict[WatchId, Watch] = {}
    for row in connection.execute(select(orders).where(orders.c.state.not_in(OVER))):
        home = all_homes[keys.unseal(row.watch, row.sealed_home)]
        if home.policy not in policies:
            policies[home.policy] = merged_policy(policy, json.loads(home.policy))
        served_at = row.notice_served_at
        watch = intern(row.watch)  # one copy for its device and its key
        found[watch] = Watch(
            id=watch,
            address=home.address,
            short_address=home.short_address,
            building=intern(home.building),
            team=all_teams[home.team],
            policy=policies[home.policy],
            starts_at=moment(row.starts_at),
            ends_at=moment(row.ends_at),
            notice_served_at=None if served_at is None else moment(served_at),
            devices=tuple(at_watch[watch]),
        )
    return Watching(found, all_teams, all_devices, settings)


def phone_book(connection: Connection, keys: KeyStore) -> PhoneBook:
    """Read where everybody is reached. Raises `UnreadableError` where a team's key is gone."""
    reach: dict[str, Reach] = {}
    owners: dict[str, tuple[str, ...]] = {}
    for row in connection.execute(select(contacts).order_by(contacts.c.id)):
        personal = json.loads(keys.unseal(team_owner(row.team), row.sealed))
        reach[row.id] = Reach(
            phones=tuple(personal["phones"]),
            channels=tuple(personal.get("channels", ())),  # not yet in rows of version 0.1
            addresses=personal.get("addresses", {}),
        )
        for phone in reach[row.id].phones:
            owners[phone] = (*owners.get(phone, ()), row.id)
    return PhoneBook(reach, owners)


def read_teams(connection: Connection) -> dict[str, Team]:
    """Read teams with the people on them, by role and shift alone."""
    people: dict[tuple[str, bool], list[Contact]] = defaultdict(list)
    for row in connection.execute(select(contacts).order_by(contacts.c.team, contacts.c.position)):
        people[row.team, row.is_beyond].append(Contact(row.id, Role(row.role), row.shift))
    return {
        row.id: Team(
            id=row.id,
            contacts=tuple(people[row.id, False]),
            shifts=tuple(map(_shift, json.loads(row.shifts))),
            overrides=tuple(_override(row.id, each) for each in json.loads(row.overrides)),
            beyond=tuple(people[row.id, True]),
        )
        for row in connection.execute(select(teams))
    }


def _shift(written: Mapping[str, Any]) -> Shift:
    return Shift(
        written["name"],
        time.fromisoformat(written["starts"]),
        time.fromisoformat(written["until"]),
    )


def _override(team: str, written: Mapping[str, Any]) -> Override:
    return Override(
        f"{team}/{written['absent']}",
        f"{team}/{written['instead']}",
        datetime.fromisoformat(written["from_at"]),
        datetime.fromisoformat(written["until_at"]),
    )


def read_devices(connection: Connection) -> tuple[list[DeviceInfo], dict[str, DeviceSettings]]:
    """Read devices, and their settings where these differ from their make."""
    plain = msgspec.json.encode(DeviceSettings()).decode()
    found: list[DeviceInfo] = []
    settings: dict[str, DeviceSettings] = {}
    for row in connection.execute(select(devices)):
        found.append(
            DeviceInfo(
                id=row.id,
                watch=row.watch and intern(row.watch),
                building=intern(row.building),  # many share few: one copy of each
                bridge=row.bridge and intern(row.bridge),
                device_class=DeviceClass(row.device_class),
                place=intern(row.place),
            )
        )
        if row.settings != plain:
            settings[row.id] = msgspec.json.decode(row.settings, type=DeviceSettings)
    return found, settings
