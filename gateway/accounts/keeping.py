"""What whoever keeps accounts does with those of others, within the own area; each change audited.

A change of rights, password or factor ends every session of the account at once. Nobody changes
the own rights, and the last administrator who sees all stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from alerts.tables import micros
from gateway.accounts import sessions, store, tickets
from gateway.accounts.areas import parents, place_of
from gateway.accounts.rights import Account, Kind, Refusal, Right, Role
from gateway.accounts.signing import subject_of
from gateway.accounts.store import Stored, Token
from gateway.accounts.turn import Turn
from gateway.audit.chain import Action

TOKEN_LASTS_AT_MOST: Final = timedelta(days=366)
"""A program's token is made anew at least once a year (ours)."""

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,31}")
_NO_LOGINS = frozenset({"machine", "gateway", "nobody"})


def login_of(typed: str) -> str:
    """Return a login as it is kept, however it was typed."""
    return typed.strip().casefold()


def create(
    turn: Turn, login: str, role: Role, area: str, kind: Kind, password: str | None
) -> Account | Refusal:
    """Create an account; `password` is the encoded hash of its first one, None for a service."""
    login = login_of(login)
    asked = f"create {login} as {role}"
    if refusal := _why_not_at(turn, area, asked):
        return refusal
    if not _LOGIN.fullmatch(login) or login in _NO_LOGINS:
        return turn.refuse(Refusal.LOGIN_WRONG, "create")
    if store.by_login(turn.connection, login) is not None:
        return turn.refuse(Refusal.LOGIN_TAKEN, asked)
    account = Account(tickets.new_id(), login, role, kind, area, must_change=kind is Kind.PERSON)
    store.add(turn.connection, turn.keys, account, password, turn.now)
    turn.note(
        Action.ACCOUNT_CREATED, subject_of(account), f"{kind} {login}, {role} of {_said(area)}"
    )
    return account


def set_rights(turn: Turn, account: str, role: Role, area: str) -> Refusal | None:
    """Give an account another role or area."""
    stored = _kept(turn, account, "set_rights")
    if isinstance(stored, Refusal):
        return stored
    before = stored.account
    if refusal := _why_not_at(turn, area, "set_rights", subject_of(before)):
        return refusal
    if (role, area) == (before.role, before.area):
        return None
    if (role, area) != (Role.ADMINISTRATOR, "") and _is_last(turn, before):
        return turn.refuse(Refusal.LAST_ADMINISTRATOR, "set_rights", subject_of(before))
    store.change(turn.connection, account, role=role, area=area)
    sessions.end_all(turn.connection, account)
    change = f"{before.role} of {_said(before.area)} -> {role} of {_said(area)}"
    turn.note(Action.RIGHTS_CHANGED, subject_of(before), change)
    return None


def disable(turn: Turn, account: str) -> Refusal | None:
    """End an account: no login and no token of it is taken any more."""

    def change(stored: Stored) -> Refusal | None:
        if _is_last(turn, stored.account):
            subject = subject_of(stored.account)
            return turn.refuse(Refusal.LAST_ADMINISTRATOR, "disable", subject)
        store.change(turn.connection, account, disabled_at=micros(turn.now))
        return None

    return _change(turn, account, Action.ACCOUNT_DISABLED, change)


def enable(turn: Turn, account: str) -> Refusal | None:
    """Take a disabled account into use again."""
    return _change(
        turn,
        account,
        Action.ACCOUNT_ENABLED,
        lambda _: store.change(turn.connection, account, disabled_at=None),
    )


def reset_password(turn: Turn, account: str, encoded: str) -> Refusal | None:
    """Give a person a first password again, to be changed at the next login."""

    def change(stored: Stored) -> Refusal | None:
        if stored.account.kind is not Kind.PERSON:
            return turn.refuse(Refusal.NO_PERSON, "reset_password", subject_of(stored.account))
        values = {"password": encoded, "password_at": micros(turn.now), "must_change": True}
        store.change(turn.connection, account, **values)
        return None

    return _change(turn, account, Action.PASSWORD_RESET, change)


def reset_factor(turn: Turn, account: str) -> Refusal | None:
    """Forget a second factor and its recovery codes: the phone is lost."""

    def change(_: Stored) -> None:
        store.change(turn.connection, account, factor=None, factor_pending=None)
        store.put_recovery_codes(turn.connection, account, ())

    return _change(turn, account, Action.FACTOR_RESET, change)


def make_token(
    turn: Turn, account: str, scopes: frozenset[Right], area: str, expires_at: datetime
) -> tuple[Token, str] | Refusal:
    """Make a token of a service; return it with its secret, which is nowhere else."""
    stored = _kept(turn, account, "make_token")
    if isinstance(stored, Refusal):
        return stored
    service = stored.account
    subject = subject_of(service)
    if service.kind is not Kind.SERVICE:
        return turn.refuse(Refusal.NO_SERVICE, "make_token", subject)
    if not scopes or not scopes <= service.rights:
        return turn.refuse(Refusal.NOT_OF_ROLE, "make_token", subject)
    place = place_of(area, parents(turn.connection))
    if area and not place:
        return turn.refuse(Refusal.UNKNOWN_AREA, "make_token", subject)
    if service.area and service.area not in place:
        return turn.refuse(Refusal.OTHER_AREA, "make_token", subject)
    expires_at = min(expires_at, turn.now + TOKEN_LASTS_AT_MOST)
    token = Token(tickets.new_id(), account, scopes, area, turn.now, expires_at, is_revoked=False)
    secret = tickets.new_token()
    store.add_token(turn.connection, token, secret)
    until = f"{expires_at:%Y-%m-%d}"
    detail = f"token {token.id}: {' '.join(sorted(scopes))} of {_said(area)}, until {until}"
    turn.note(Action.TOKEN_MADE, subject, detail)
    return token, secret


def revoke_token(turn: Turn, token: str) -> Refusal | None:
    """End a token before its time."""
    known = store.token_by_id(turn.connection, token)
    if known is None:
        return turn.refuse(Refusal.UNKNOWN_ACCOUNT, "revoke_token")
    stored = _kept(turn, known.account, "revoke_token")
    if isinstance(stored, Refusal):
        return stored
    store.revoke_token(turn.connection, token, turn.now)
    turn.note(Action.TOKEN_REVOKED, subject_of(stored.account), f"token {token}")
    return None


def _change(
    turn: Turn, account: str, action: Action, change: Callable[[Stored], Refusal | None]
) -> Refusal | None:
    """Change an account that `turn.by` keeps, end its sessions, and audit it."""
    stored = _kept(turn, account, action)
    if isinstance(stored, Refusal):
        return stored
    if refusal := change(stored):
        return refusal
    sessions.end_all(turn.connection, account)
    turn.note(action, subject_of(stored.account))
    return None


def _kept(turn: Turn, account: str, asked: str) -> Stored | Refusal:
    """Return an account that may be changed by whoever asks, or why it may not."""
    stored = store.by_id(turn.connection, account)
    if stored is None:
        return turn.why_not(Right.KEEP_ACCOUNTS, ()) or turn.refuse(Refusal.UNKNOWN_ACCOUNT, asked)
    place = place_of(stored.account.area, parents(turn.connection))
    subject = subject_of(stored.account)
    if refusal := turn.why_not(Right.KEEP_ACCOUNTS, place, subject):
        return refusal
    if turn.by is not None and turn.by.id == account:
        return turn.refuse(Refusal.OWN_RIGHTS, asked, subject)
    return stored


def _why_not_at(turn: Turn, area: str, asked: str, subject: str = "") -> Refusal | None:
    place = place_of(area, parents(turn.connection))
    if refusal := turn.why_not(Right.KEEP_ACCOUNTS, place, subject):
        return refusal
    if area and not place:
        return turn.refuse(Refusal.UNKNOWN_AREA, asked, subject)
    return None


def _is_last(turn: Turn, account: Account) -> bool:
    """Say whether nobody would be left to keep every account."""
    counts = account.role is Role.ADMINISTRATOR and account.kind is Kind.PERSON
    is_one = counts and not account.area and not account.is_disabled
    return is_one and store.enabled_administrators(turn.connection) <= 1


def _said(area: str) -> str:
    """Name an area for the audit."""
    return area or "everywhere"
