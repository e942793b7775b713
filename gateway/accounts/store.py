"""Accounts as rows: reads and writes them within the caller's transaction, and decides nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from alerts.tables import from_micros, from_micros_or_none, micros
from gateway.accounts import factor, tickets
from gateway.accounts.areas import parents, place_of
from gateway.accounts.rights import Account, Kind, Right, Role
from gateway.accounts.tables import accounts, recovery_codes, tokens
from gateway.accounts.turn import account_owner
from gateway.privacy import KeyStore, UnreadableError


@dataclass(frozen=True, slots=True)
class Stored:
    """An account with what only its keeper needs."""

    account: Account
    created_at: datetime
    password: str | None  # encoded hash
    password_at: datetime | None
    factor_step: int


@dataclass(frozen=True, slots=True)
class Token:
    """A service's token, without its secret."""

    id: str
    account: str
    scopes: frozenset[Right]
    area: str
    created_at: datetime
    expires_at: datetime
    is_revoked: bool


def by_login(connection: Connection, login: str) -> Stored | None:
    """Find an account by what its owner types."""
    row = connection.execute(select(accounts).where(accounts.c.login == login)).first()
    return None if row is None else _stored(row)


def by_id(connection: Connection, account: str) -> Stored | None:
    """Find an account by its id."""
    row = connection.execute(select(accounts).where(accounts.c.id == account)).first()
    return None if row is None else _stored(row)


def every(connection: Connection) -> list[Stored]:
    """Return all accounts, by login."""
    return [_stored(row) for row in connection.execute(select(accounts).order_by(accounts.c.login))]


def logins(connection: Connection, area: str = "") -> dict[str, str]:
    """Return the login of each account's id, of those in an area."""
    above = parents(connection)
    rows = connection.execute(select(accounts.c.id, accounts.c.login, accounts.c.area))
    return {row.id: row.login for row in rows if not area or area in place_of(row.area, above)}


def add(
    connection: Connection, keys: KeyStore, account: Account, password: str | None, now: datetime
) -> None:
    """Insert an account; its key is on the disk before its row."""
    keys.ensure([account_owner(account.id)])
    connection.execute(
        insert(accounts).values(
            id=account.id,
            login=account.login,
            kind=account.kind,
            role=account.role,
            area=account.area,
            password=password,
            password_at=micros(now) if password else None,
            must_change=account.must_change,
            created_at=micros(now),
            factor_step=0,
        )
    )


def change(connection: Connection, account: str, **values: Any) -> None:
    """Change columns of one account."""
    connection.execute(update(accounts).where(accounts.c.id == account).values(**values))


def enabled_administrators(connection: Connection) -> int:
    """Count the persons who may keep every account."""
    return int(
        connection.scalar(
            select(func.count()).where(
                accounts.c.role == Role.ADMINISTRATOR,
                accounts.c.kind == Kind.PERSON,
                accounts.c.area == "",
                accounts.c.disabled_at.is_(None),
            )
        )
        or 0
    )


# ---- the second factor ----


def factor_secret(
    connection: Connection, keys: KeyStore, account: str, *, pending: bool = False
) -> str | None:
    """Return the TOTP secret, or the one that waits to be proven; None where none can be read."""
    column = accounts.c.factor_pending if pending else accounts.c.factor
    sealed = connection.scalar(select(column).where(accounts.c.id == account))
    with suppress(UnreadableError):  # no code is right then: an administrator takes it away
        return None if sealed is None else keys.unseal(account_owner(account), sealed)
    return None


def put_recovery_codes(connection: Connection, account: str, codes: Iterable[str]) -> None:
    """Keep the hashes of new codes in place of all old ones."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account == account))
    rows = [{"hash": factor.recovery_hash(account, code), "account": account} for code in codes]
    if rows:
        connection.execute(insert(recovery_codes), rows)


def use_recovery_code(connection: Connection, account: str, code: str) -> bool:
    """Use up a code; say whether it was one."""
    hashed = factor.recovery_hash(account, code)
    if hashed is None:
        return False
    spent = delete(recovery_codes).where(recovery_codes.c.hash == hashed)
    return connection.execute(spent).rowcount == 1


def recovery_codes_left(connection: Connection, account: str) -> int:
    """Count the codes that were not used."""
    counted = select(func.count()).where(recovery_codes.c.account == account)
    return int(connection.scalar(counted) or 0)


# ---- tokens of services ----


def add_token(connection: Connection, token: Token, secret: str) -> None:
    """Insert a token; only the hash of its secret is kept."""
    connection.execute(
        insert(tokens).values(
            id=token.id,
            hash=tickets.hash_of(secret),
            account=token.account,
            scopes=json.dumps(sorted(token.scopes)),
            area=token.area,
            created_at=micros(token.created_at),
            expires_at=micros(token.expires_at),
        )
    )


def tokens_of(connection: Connection, account: str) -> list[Token]:
    """Return a service's tokens, the newest first."""
    query = select(tokens).where(tokens.c.account == account).order_by(tokens.c.created_at.desc())
    return [_token(row) for row in connection.execute(query)]


def token_by_id(connection: Connection, token: str) -> Token | None:
    """Find a token by its public id."""
    row = connection.execute(select(tokens).where(tokens.c.id == token)).first()
    return None if row is None else _token(row)


def token_by_secret(connection: Connection, secret: str) -> Token | None:
    """Find a token by what a program brought."""
    hashed = tickets.hash_of(secret)
    row = connection.execute(select(tokens).where(tokens.c.hash == hashed)).first()
    return None if row is None else _token(row)


def revoke_token(connection: Connection, token: str, now: datetime) -> None:
    """End a token."""
    still = (tokens.c.id == token) & tokens.c.revoked_at.is_(None)
    connection.execute(update(tokens).where(still).values(revoked_at=micros(now)))


def _token(row: Row[Any]) -> Token:
    return Token(
        id=row.id,
        account=row.account,
        scopes=frozenset(map(Right, json.loads(row.scopes))),
        area=row.area,
        created_at=from_micros(row.created_at),
        expires_at=from_micros(row.expires_at),
        is_revoked=row.revoked_at is not None,
    )


def _stored(row: Row[Any]) -> Stored:
    account = Account(
        id=row.id,
        login=row.login,
        role=Role(row.role),
        kind=Kind(row.kind),
        area=row.area,
        is_disabled=row.disabled_at is not None,
        must_change=row.must_change,
        has_factor=row.factor is not None,
    )
    return Stored(
        account=account,
        created_at=from_micros(row.created_at),
        password=row.password,
        password_at=from_micros_or_none(row.password_at),
        factor_step=row.factor_step,
    )
