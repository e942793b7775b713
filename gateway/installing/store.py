"""The rows of installings and checks. It never commits."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from alerts.tables import from_micros, from_micros_or_none, micros
from gateway.installing.kinds import DeviceKind, Place
from gateway.installing.tables import device_checks, installings


@dataclass(frozen=True, slots=True)
class Installing:
    """One device being installed by somebody, from its label to its service."""

    id: str
    device: str
    account: str
    begun_at: datetime
    begun_seq: int
    watch: str | None
    kind: DeviceKind | None
    place: Place | None
    mounted_at: datetime | None
    answers: Mapping[str, bool]
    told_at: datetime | None
    ended_at: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Check:
    """A daily check. `outcome`: good or faulty."""

    device: str
    account: str
    at: datetime
    outcome: str


def begin(connection: Connection, device: str, account: str, seq: int, now: datetime) -> str:
    """Enter a new one; what was begun before for the device is given up."""
    end_of_device(connection, device, now)
    made = secrets.token_hex(6)
    connection.execute(
        insert(installings).values(
            id=made,
            device=device,
            account=account,
            begun_at=micros(now),
            begun_seq=seq,
            kind="",
            place="",
            answers="{}",
            outcome="",
        )
    )
    return made


def get(connection: Connection, id_: str) -> Installing | None:
    """Return one; None for an unknown one."""
    row = connection.execute(select(installings).where(installings.c.id == id_)).first()
    return _read(row) if row else None


def of_device(connection: Connection, device: str) -> Installing | None:
    """Return the one that goes on for a device; None: none does."""
    goes_on = (installings.c.device == device, installings.c.ended_at.is_(None))
    row = connection.execute(select(installings).where(*goes_on)).first()
    return _read(row) if row else None


def going_on(connection: Connection) -> list[Installing]:
    """Return all that are not ended, the oldest first."""
    query = select(installings).where(installings.c.ended_at.is_(None))
    return [_read(row) for row in connection.execute(query.order_by(installings.c.begun_at))]


def change(connection: Connection, id_: str, **values: Any) -> bool:
    """Change one that goes on; say whether it did."""
    goes_on = (installings.c.id == id_, installings.c.ended_at.is_(None))
    return connection.execute(update(installings).where(*goes_on).values(values)).rowcount == 1


def end(connection: Connection, id_: str, outcome: str, now: datetime) -> bool:
    """End one; say whether it went on."""
    return change(connection, id_, ended_at=micros(now), outcome=outcome)


def end_of_device(connection: Connection, device: str, now: datetime) -> None:
    """Give up what was begun for a device."""
    goes_on = (installings.c.device == device, installings.c.ended_at.is_(None))
    given_up = {"ended_at": micros(now), "outcome": "given_up"}
    connection.execute(update(installings).where(*goes_on).values(given_up))


def last_kind(connection: Connection, device: str) -> DeviceKind | None:
    """Return as what a device was installed last."""
    known = (installings.c.device == device, installings.c.kind != "")
    query = select(installings.c.kind).where(*known).order_by(installings.c.begun_at.desc())
    kind = connection.scalar(query.limit(1))
    return DeviceKind(kind) if kind else None


def check(connection: Connection, device: str, account: str, outcome: str, now: datetime) -> None:
    """Enter a daily check."""
    connection.execute(
        insert(device_checks).values(
            device=device, account=account, at=micros(now), outcome=outcome
        )
    )


def checks_of(connection: Connection, device: str, count: int) -> list[Check]:
    """Return the latest checks of a device, the latest first."""
    of_it = select(device_checks).where(device_checks.c.device == device)
    rows = connection.execute(of_it.order_by(device_checks.c.at.desc()).limit(count))
    return [_check(row) for row in rows]


def latest_checks(connection: Connection, devices: list[str], since: datetime) -> dict[str, Check]:
    """Return the latest check of each of these devices since a time."""
    wanted = (device_checks.c.device.in_(devices), device_checks.c.at >= micros(since))
    rows = connection.execute(select(device_checks).where(*wanted).order_by(device_checks.c.at))
    return {row.device: _check(row) for row in rows}


def _check(row: Any) -> Check:
    return Check(row.device, row.account, from_micros(row.at), row.outcome)


def _read(row: Any) -> Installing:
    return Installing(
        id=row.id,
        device=row.device,
        account=row.account,
        begun_at=from_micros(row.begun_at),
        begun_seq=row.begun_seq,
        watch=row.watch,
        kind=DeviceKind(row.kind) if row.kind else None,
        place=Place(row.place) if row.place else None,
        mounted_at=from_micros_or_none(row.mounted_at),
        answers=json.loads(row.answers),
        told_at=from_micros_or_none(row.told_at),
        ended_at=from_micros_or_none(row.ended_at),
        outcome=row.outcome,
    )
