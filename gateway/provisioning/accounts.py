"""Accounts on the broker, as stored: who may connect, as what, until when. It never commits."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, or_, select, true

from alerts.tables import from_micros, from_micros_or_none, micros, micros_or_none
from devices.provisioning import short_code
from gateway.provisioning.tables import device_credentials as table


class AccountKind(StrEnum):
    """Whose account it is."""

    DEVICE = "device"
    BRIDGE = "bridge"
    GATEWAY = "gateway"


class Standing(StrEnum):
    """What an account is good for now."""

    VALID = "valid"
    RETIRING = "retiring"  # a newer one took its place; both are let in
    OVER = "over"  # its grace is over, or its certificate has ended
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Account:
    """One user of the broker, with a password or a certificate."""

    user: str
    owner: str
    kind: AccountKind
    made_at: datetime
    made_by: str
    hash: str | None = None
    serial: str | None = None
    expires_at: datetime | None = None
    bases: tuple[str, ...] = ()
    retires_at: datetime | None = None
    revoked_at: datetime | None = None

    def standing(self, now: datetime) -> Standing:
        """Say what it is good for."""
        if self.revoked_at is not None:
            return Standing.REVOKED
        if any(end is not None and end <= now for end in (self.retires_at, self.expires_at)):
            return Standing.OVER
        return Standing.VALID if self.retires_at is None else Standing.RETIRING

    def is_let_in(self, now: datetime) -> bool:
        """Whether the broker lets it in."""
        return self.standing(now) in (Standing.VALID, Standing.RETIRING)

    def is_barred(self, now: datetime) -> bool:
        """Whether somebody may still hold a certificate in this name that is good for nothing."""
        has_certificate = self.expires_at is not None and now < self.expires_at
        return has_certificate and not self.is_let_in(now)

    def retired(self, at: datetime) -> Account:
        """Return it with an end, or with the end it had where that is earlier."""
        return replace(self, retires_at=min(at, self.retires_at or at))


def load(connection: Connection, kind: AccountKind | None = None) -> list[Account]:
    """Return every account, or all of a kind, by user name."""
    return _found(connection, true() if kind is None else table.c.kind == kind.value)


def load_named(connection: Connection, names: Collection[str]) -> list[Account]:
    """Return the accounts whose owner or whose user name is one of these."""
    return _found(connection, or_(table.c.owner.in_(names), table.c.user.in_(names)))


def put(connection: Connection, accounts: Iterable[Account]) -> None:
    """Store accounts, each in place of what was stored under its user name."""
    rows = [_row(account) for account in accounts]
    if rows:
        replaced = [{"replaced": row["user"]} for row in rows]
        connection.execute(delete(table).where(table.c.user == bindparam("replaced")), replaced)
        connection.execute(insert(table), rows)


def devices_by_code(connection: Connection, code: str) -> list[str]:
    """Return the devices whose label says this short code: one, but for a rare accident."""
    wanted = select(table.c.owner).where(table.c.code == code).distinct()
    return list(connection.scalars(wanted.order_by(table.c.owner)))


def _found(connection: Connection, where: ColumnElement[bool]) -> list[Account]:
    wanted = select(table).where(where).order_by(table.c.user)
    return [_account(row) for row in connection.execute(wanted).mappings()]


def _row(account: Account) -> dict[str, Any]:
    return {
        "user": account.user,
        "owner": account.owner,
        "kind": account.kind.value,
        "code": short_code(account.owner) if account.kind is AccountKind.DEVICE else None,
        "hash": account.hash,
        "serial": account.serial,
        "expires_at": micros_or_none(account.expires_at),
        "bases": json.dumps(account.bases, ensure_ascii=False),
        "made_at": micros(account.made_at),
        "made_by": account.made_by,
        "retires_at": micros_or_none(account.retires_at),
        "revoked_at": micros_or_none(account.revoked_at),
    }


def _account(row: Any) -> Account:
    return Account(
        user=row["user"],
        owner=row["owner"],
        kind=AccountKind(row["kind"]),
        made_at=from_micros(row["made_at"]),
        made_by=row["made_by"],
        hash=row["hash"],
        serial=row["serial"],
        expires_at=from_micros_or_none(row["expires_at"]),
        bases=tuple(json.loads(row["bases"])),
        retires_at=from_micros_or_none(row["retires_at"]),
        revoked_at=from_micros_or_none(row["revoked_at"]),
    )
