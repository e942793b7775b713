"""Sessions: opened by a login, kept alive by use, ended by time, their owner or a change of rights.

Rows alone: whoever calls has a transaction.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from alerts.tables import from_micros, from_micros_or_none, micros, micros_or_none
from gateway.accounts import store, tickets
from gateway.accounts.rights import Account
from gateway.accounts.tables import sessions
from gateway.accounts.turn import account_owner
from gateway.privacy import KeyStore, UnreadableError

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
"""NIST SP 800-63B (revision 3, 4.2.3, AAL2): 30 minutes unused, 12 hours in all."""
SEEN_EVERY: Final = timedelta(minutes=1)
"""Use is written down no more often, so that looking at pages does not wear the card."""
MOST: Final = 10
"""Sessions of one account at once; the one unused longest ends (ours)."""


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which somebody logged in."""

    id: str
    account: str
    opened_at: datetime
    seen_at: datetime
    ends_at: datetime
    factor_at: datetime | None
    address: str
    browser: str


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a request comes from."""

    address: str
    name: str  # what it calls itself


def open_(
    connection: Connection,
    keys: KeyStore,
    account: str,
    browser: Browser,
    now: datetime,
    *,
    factor_at: datetime | None = None,
) -> tuple[str, str]:
    """Open a session; return its id and what the browser holds. What is over is removed."""
    forget_old(connection, now)
    mine = sessions.c.account == account
    kept = select(sessions.c.id).where(mine).order_by(sessions.c.seen_at.desc()).limit(MOST - 1)
    connection.execute(delete(sessions).where(mine & sessions.c.id.not_in(kept)))
    keys.ensure([account_owner(account)])  # a key store may be older than the account
    session, ticket = tickets.new_id(), tickets.new()
    said = json.dumps({"address": browser.address, "browser": browser.name[:200]})
    connection.execute(
        insert(sessions).values(
            id=session,
            hash=tickets.hash_of(ticket),
            account=account,
            opened_at=micros(now),
            seen_at=micros(now),
            ends_at=micros(now + LONGEST),
            factor_at=micros_or_none(factor_at),
            sealed=keys.seal(account_owner(account), said),
        )
    )
    return session, ticket


def find(
    connection: Connection, keys: KeyStore, ticket: str, now: datetime
) -> tuple[Session, Account] | None:
    """Return the session a browser holds, and whose it is; None where it is over or unknown."""
    row = connection.execute(
        select(sessions).where(sessions.c.hash == tickets.hash_of(ticket), _goes_on(now))
    ).first()
    if row is None:
        return None
    stored = store.by_id(connection, row.account)
    if stored is None or stored.account.is_disabled:
        return None
    session = _session(row, keys)
    return session, replace(stored.account, factor_at=session.factor_at)


def of_account(
    connection: Connection, keys: KeyStore, account: str, now: datetime
) -> list[Session]:
    """Return an account's sessions that go on, the latest used first."""
    query = (
        select(sessions)
        .where(sessions.c.account == account, _goes_on(now))
        .order_by(sessions.c.seen_at.desc())
    )
    return [_session(row, keys) for row in connection.execute(query)]


def seen(connection: Connection, session: str, now: datetime) -> None:
    """Note that it is used."""
    connection.execute(update(sessions).where(sessions.c.id == session).values(seen_at=micros(now)))


def renew(connection: Connection, session: str, **values: Any) -> str:
    """Give a session a new secret, so that the old one is worth nothing; return it."""
    ticket = tickets.new()
    changed = update(sessions).where(sessions.c.id == session)
    connection.execute(changed.values(hash=tickets.hash_of(ticket), **values))
    return ticket


def end(connection: Connection, session: str, account: str) -> bool:
    """End one session of an account; say whether there was such a one."""
    gone = delete(sessions).where(sessions.c.id == session, sessions.c.account == account)
    return connection.execute(gone).rowcount == 1


def end_held(connection: Connection, ticket: str) -> None:
    """End the session that a browser holds, if it does."""
    connection.execute(delete(sessions).where(sessions.c.hash == tickets.hash_of(ticket)))


def end_all(connection: Connection, account: str, but: str = "") -> None:
    """End every session of an account, but one."""
    gone = delete(sessions).where(sessions.c.account == account, sessions.c.id != but)
    connection.execute(gone)


def forget_old(connection: Connection, now: datetime) -> None:
    """Remove what is over."""
    over = or_(sessions.c.ends_at <= micros(now), sessions.c.seen_at <= micros(now - IDLE))
    connection.execute(delete(sessions).where(over))


def _goes_on(now: datetime) -> Any:
    # One that was opened on a clock that was ahead would last until that time comes.
    is_believable = sessions.c.opened_at <= micros(now + SEEN_EVERY)
    is_used = sessions.c.seen_at > micros(now - IDLE)
    return (sessions.c.ends_at > micros(now)) & is_used & is_believable


def _session(row: Row[Any], keys: KeyStore) -> Session:
    said = {"address": "", "browser": ""}
    with suppress(UnreadableError):
        said = json.loads(keys.unseal(account_owner(row.account), row.sealed))
    return Session(
        id=row.id,
        account=row.account,
        opened_at=from_micros(row.opened_at),
        seen_at=from_micros(row.seen_at),
        ends_at=from_micros(row.ends_at),
        factor_at=from_micros_or_none(row.factor_at),
        address=said["address"],
        browser=said["browser"],
    )
