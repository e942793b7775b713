"""Brings the tables of a street in line with its file; what did not change is left as it was.

An order keeps its watch, the random id by which records know it, as long as its period overlaps
the one before. What ties a watch to a home is sealed under the watch's own key, and so are names,
phones and addresses under their team's. It never commits.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from alerts.tables import micros, micros_or_none, permits
from gateway.homes.file import load_file
from gateway.homes.street import HomeRow, MemberRow, PermitRow, Street
from gateway.homes.ways import Means
from gateway.privacy import KeyStore, KeyStoreError, team_owner
from gateway.release import spent
from gateway.schema.tables import areas, buildings, contacts, devices, homes, meta, orders, teams

RELEASED = "released"
ENDED = "ended"
"""An order whose time was over on a clock that could be believed. It keeps its watch, is watched
no more whatever the clock says later, and goes on where the file gives it a later end."""
OVER = (ENDED, RELEASED)
FILE_DIGEST = "homes_file_digest"
STORED_AS = b"2\n"
"""Changes when the same file is to be stored in another way, so that it is stored again."""
FROM_FILE = "file-"
"""Permits whose id begins like this stand in the homes file, and end when taken out of it."""

Rows = dict[str, dict[str, Any]]
"""Rows as they should be, by primary key."""


class Order(NamedTuple):
    """An order that was not released, as stored."""

    watch: str
    code: str
    ends_at: int


def refresh(
    connection: Connection,
    path: Path,
    keys: KeyStore,
    now: datetime,
    means: Sequence[Means] | None = None,
) -> bool:
    """Store a homes file if it, or the channels, changed since; say whether they had.

    Raises `SettingsError` for the file and `KeyStoreError` where keys are missing.
    """
    require_keys(connection, keys)
    try:
        digest = _digest(path.read_bytes(), means or ())
    except OSError:
        digest = ""  # load_file says what is wrong
    if digest == connection.scalar(select(meta.c.value).where(meta.c.key == FILE_DIGEST)):
        return False
    store(connection, load_file(path, means), keys, now)
    connection.execute(delete(meta).where(meta.c.key == FILE_DIGEST))
    connection.execute(insert(meta).values(key=FILE_DIGEST, value=digest))
    return True


def _digest(written: bytes, means: Iterable[Means]) -> str:
    """Tell files apart, and what they are checked against. The addresses of groups stay out."""
    channels = json.dumps([(one.name, one.is_push, one.has_group) for one in means])
    return hashlib.sha256(STORED_AS + channels.encode() + b"\n" + written).hexdigest()


def require_keys(connection: Connection, keys: KeyStore) -> None:
    """Raise `KeyStoreError` where the key store does not fit the database."""
    standing = select(orders.c.watch).where(orders.c.state != RELEASED)
    wanted = set(connection.scalars(standing)) | {
        team_owner(team) for team in connection.scalars(select(teams.c.id))
    }
    missing = sorted(wanted - keys.owners())
    if missing:
        raise KeyStoreError(
            f"the key store {keys.path} does not fit the database: it has no key for {missing[0]}"
            f"{f' and {len(missing) - 1} more' if missing[1:] else ''}. Put back the copy that was"
            " made with this database"
        )


def store(connection: Connection, street: Street, keys: KeyStore, now: datetime) -> None:
    """Bring the tables in line with `street`; what left it is released or removed.

    An order that was released begins again for nobody, whatever the street says. Raises
    `SettingsError` for a device that is to hang elsewhere before it was wiped.
    """
    street = spent.without_spent(connection, keys, street)
    watches = _store_orders(connection, street.homes, keys)
    keys.ensure(team_owner(team.id) for team in street.teams)
    _sync(connection, areas, _by_id(areas, street.areas))
    _sync(connection, buildings, _by_id(buildings, street.buildings))
    _sync(connection, teams, _team_rows(street))
    _sync(connection, contacts, _contact_rows(connection, street, keys))
    _sync(connection, homes, {home.code: _home_row(home) for home in street.homes})
    _sync(connection, devices, _device_rows(street, watches))
    _store_permits(connection, street.permits, watches, keys, now)


def end_orders(connection: Connection, watches: Iterable[str]) -> None:
    """Note that these orders are over."""
    rows = [{"over": watch} for watch in watches]
    if rows:
        statement = update(orders).where(orders.c.watch == bindparam("over")).values(state=ENDED)
        connection.execute(statement, rows)


def _store_orders(
    connection: Connection, rows: Iterable[HomeRow], keys: KeyStore
) -> dict[str, str]:
    """Store every order, release those that left the file; return watches by house code."""
    known = {order.code: order for order in standing_orders(connection, keys)}
    watches: dict[str, str] = {}
    wanted: Rows = {}
    for home in rows:
        before = known.get(home.code)
        goes_on = before is not None and micros(home.order.starts_at) < before.ends_at
        watch = before.watch if before is not None and goes_on else secrets.token_hex(8)
        is_longer = before is not None and goes_on and before.ends_at < micros(home.order.ends_at)
        watches[home.code] = watch
        wanted[watch] = {
            "watch": watch,
            "starts_at": micros(home.order.starts_at),
            "ends_at": micros(home.order.ends_at),
            "notice_served_at": micros_or_none(home.order.notice_served_at),
            **({"state": "extended"} if is_longer else {}),
        }
    keys.ensure(wanted)
    kept = {order.watch for order in known.values()}
    for home in rows:
        if (watch := watches[home.code]) not in kept:
            wanted[watch] |= {"state": "active", "sealed_home": keys.seal(watch, home.code)}
    _sync(connection, orders, wanted, removes=False)
    gone = [{"gone": watch} for watch in kept - wanted.keys()]
    if gone:
        released = update(orders).where(orders.c.watch == bindparam("gone"))
        connection.execute(released.values(state=RELEASED), gone)
    return watches


def standing_orders(connection: Connection, keys: KeyStore) -> list[Order]:
    """Return each order that was not released, with its house code."""
    rows = connection.execute(
        select(orders.c.watch, orders.c.sealed_home, orders.c.ends_at).where(
            orders.c.state != RELEASED
        )
    )
    return [Order(row.watch, keys.unseal(row.watch, row.sealed_home), row.ends_at) for row in rows]


def _by_id(table: Table, rows: Iterable[msgspec.Struct]) -> Rows:
    """Take over rows whose fields are named like the columns; an empty text is no value."""
    found: Rows = {}
    for row in rows:
        values = {name: value or None for name, value in msgspec.structs.asdict(row).items()}
        found[str(values["id"])] = {column.name: values[column.name] for column in table.c}
    return found


def _team_rows(street: Street) -> Rows:
    return {
        team.id: {
            "id": team.id,
            "shifts": msgspec.json.encode(team.shifts).decode(),
            "overrides": msgspec.json.encode(team.overrides).decode(),
        }
        for team in street.teams
    }


def _contact_rows(connection: Connection, street: Street, keys: KeyStore) -> Rows:
    known = connection.execute(select(contacts.c.id, contacts.c.sealed))
    before: dict[str, bytes] = {row.id: row.sealed for row in known}
    rows: Rows = {}
    for team in street.teams:
        people = [(member, False) for member in team.members]
        people += [(member, True) for member in team.beyond]
        for position, (member, is_beyond) in enumerate(people):
            contact = f"{team.id}/{member.id}"
            rows[contact] = {
                "id": contact,
                "team": team.id,
                "position": position,
                "role": member.role.value,
                "shift": member.shift or None,
                "is_beyond": is_beyond,
                "sealed": _sealed(member, team_owner(team.id), before.get(contact), keys),
            }
    return rows


def _sealed(member: MemberRow, owner: str, before: bytes | None, keys: KeyStore) -> bytes:
    """Seal what is personal, or keep it as it is sealed where nothing changed."""
    personal = {
        "name": member.name,
        "phones": member.phones,
        "channels": member.channels,
        "addresses": member.addresses,
    }
    text = json.dumps(personal, ensure_ascii=False)
    is_same = before is not None and keys.unseal(owner, before) == text
    return before if before is not None and is_same else keys.seal(owner, text)


def _home_row(home: HomeRow) -> dict[str, Any]:
    return {
        "code": home.code,
        "building": home.building,
        "team": home.team,
        "address": home.address,
        "short_address": home.short_address or home.address,
        "policy": json.dumps(home.policy, sort_keys=True),
    }


def _device_rows(street: Street, watches: Mapping[str, str]) -> Rows:
    building_of = {home.code: home.building for home in street.homes}
    return {
        device.id: {
            "id": device.id,
            "watch": watches.get(device.home),
            "building": device.building or building_of[device.home],
            "device_class": device.device_class.value,
            "bridge": device.bridge or None,
            "place": device.place,
            "settings": msgspec.json.encode(device.settings).decode(),
        }
        for device in street.devices
    }


def _store_permits(
    connection: Connection,
    rows: Iterable[PermitRow],
    watches: Mapping[str, str],
    keys: KeyStore,
    now: datetime,
) -> None:
    """Enter the permits of the file once, and revoke those that were taken out of it."""
    wanted = {}
    for row in rows:
        watch = watches[row.home]
        named = f"{watch} {row.from_at.isoformat()} {row.until_at.isoformat()} {row.purpose}"
        permit = FROM_FILE + hashlib.sha256(named.encode()).hexdigest()[:16]
        wanted[permit] = {
            "id": permit,
            "watch": watch,
            "from_at": micros(row.from_at),
            "until_at": micros(row.until_at),
            "purpose": row.purpose,
            "granted_by": row.granted_by,
            "asked_by": keys.seal(watch, ""),
            "is_late": False,
        }
    known = set(connection.scalars(select(permits.c.id).where(permits.c.id.startswith(FROM_FILE))))
    new = [row for permit, row in wanted.items() if permit not in known]
    if new:
        connection.execute(insert(permits), new)
    gone = [{"gone": permit} for permit in known - wanted.keys()]
    if gone:
        still_good = (permits.c.id == bindparam("gone")) & permits.c.revoked_at.is_(None)
        revoked = update(permits).where(still_good).values(revoked_at=micros(now))
        connection.execute(revoked, gone)


def _sync(connection: Connection, table: Table, wanted: Rows, *, removes: bool = True) -> None:
    """Insert, change and remove rows until the table holds what is wanted, and touch no others.

    A wanted row may leave out columns that are to stay as they are.
    """
    (key,) = table.primary_key.columns
    known = {row[key.name]: row for row in connection.execute(select(table)).mappings()}
    new = [row for name, row in wanted.items() if name not in known]
    if new:
        connection.execute(insert(table), new)
    for name, row in wanted.items():
        before = known.get(name)
        if before is not None and any(before[column] != value for column, value in row.items()):
            connection.execute(update(table).where(key == name).values(row))
    gone = [{"gone": name} for name in known.keys() - wanted.keys()]
    if removes and gone:
        connection.execute(delete(table).where(key == bindparam("gone")), gone)
