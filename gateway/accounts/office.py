"""The accounts of a running gateway: where requests come in, passwords are compared, turns begin.

Comparing takes its time on threads of its own; everything that changes runs on the writer, in one
transaction with its row of the audit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from gateway.accounts import browsers, lockout, rights, sessions, signing, store
from gateway.accounts.areas import parents, place_of
from gateway.accounts.keeping import login_of
from gateway.accounts.lockout import Lockout
from gateway.accounts.passwords import Fault, Hasher, why_not
from gateway.accounts.rights import Account, Place, Refusal, Right
from gateway.accounts.sessions import SEEN_EVERY, Browser, Session
from gateway.accounts.signing import SignedIn, Tried
from gateway.accounts.turn import Turn
from gateway.audit.chain import Action
from gateway.privacy import KeyStore

T = TypeVar("T")


class View(Protocol):
    """What accounts need of a running gateway to look."""

    @property
    def name(self) -> str: ...
    @property
    def keys(self) -> KeyStore: ...
    def now(self) -> datetime: ...
    def read(self) -> AbstractContextManager[Connection]: ...


class Writes(Protocol):
    """What accounts need of a running gateway to write."""

    def write(self, job: Callable[[Connection], T]) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True)
class Wait:
    """Too many failures: nothing is looked at before this has passed."""

    time: timedelta


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody with a session."""

    account: Account
    session: Session
    ticket: str


@dataclass(frozen=True, slots=True)
class Office:
    """Everything that is asked of accounts at run time."""

    view: View
    act: Writes
    hasher: Hasher = field(default_factory=Hasher)
    lockout: Lockout = field(default_factory=Lockout)

    async def turn(self, by: Account | None, job: Callable[[Turn], T]) -> T:
        """Run a job in a transaction of its own; a refusal it returns is committed with its audit.

        Raises what the job raises; then nothing happened.
        """
        now = self.view.now()
        return await self.act.write(lambda c: job(Turn(c, self.view.keys, now, by)))

    # ---- logging in ----

    async def sign_in(
        self,
        login: str,
        password: str,
        code: str,
        browser: Browser,
        *,
        known: str = "",
        replaces: str = "",
    ) -> SignedIn | Wait | None:
        """Log in; None where login, password or code is wrong, and nobody is told which.

        `known`: what this browser kept from an earlier login; `replaces`: the secret of a session
        it still holds, which ends.
        """
        login = login_of(login)
        with self.view.read() as connection:
            stored = store.by_login(connection, login)
            trusted = browsers.of_login(connection, self.view.keys, stored, known)
        names = lockout.names(login, browser.address, trusted)
        if wait := self.lockout.wait(names, self.view.now()):
            return Wait(wait)
        self.lockout.failed(names, self.view.now())  # so that tries at the same time count too
        against = stored.password if stored else None
        is_right = await self.hasher.is_it(password, against)
        is_outdated = is_right and against is not None and self.hasher.is_outdated(against)
        kept_anew = await self.hasher.hash(password) if is_outdated else None
        tried = Tried(login, is_right, against, code, browser, replaces, kept_anew)
        signed_in = await self.turn(None, lambda turn: signing.sign_in(turn, tried))
        if signed_in is not None:
            self.lockout.succeeded(names)
        return signed_in

    def known_browser(self, account: Account) -> str:
        """Return what a browser keeps, to be counted by itself at the next login."""
        with self.view.read() as connection:
            return browsers.make(connection, self.view.keys, account.id)

    async def visitor(self, ticket: str) -> Visitor | None:
        """Return whose session this is, and note that it is used."""
        if not ticket:
            return None
        now = self.view.now()
        with self.view.read() as connection:
            found = sessions.find(connection, self.view.keys, ticket, now)
        if found is None:
            return None
        session, account = found
        if abs(now - session.seen_at) >= SEEN_EVERY:
            await self.act.write(lambda c: sessions.seen(c, session.id, now))
        return Visitor(account, session, ticket)

    def service(self, secret: str) -> Account | None:
        """Return the account of a program by its token, with the rights of the token alone."""
        with self.view.read() as connection:
            token = store.token_by_secret(connection, secret)
            stored = store.by_id(connection, token.account) if token else None
            if token is None or stored is None or token.is_revoked:
                return None
            place = place_of(token.area, parents(connection))
        account = stored.account
        if account.area and account.area not in place:
            return None  # the account was moved; its token would see what it may not
        return replace(account, area=token.area, scopes=token.scopes, expires_at=token.expires_at)

    # ---- what takes a password ----

    async def change_password(
        self, visitor: Visitor, old: str, new: str
    ) -> str | Wait | Fault | Refusal:
        """Change the own password; return the session's new secret."""
        account = visitor.account
        names = [f"session {visitor.session.id}"]
        if wait := self.lockout.wait(names, self.view.now()):
            return Wait(wait)
        if fault := why_not(new, account.login):
            return fault
        with self.view.read() as connection:
            stored = store.by_id(connection, account.id)
        self.lockout.failed(names, self.view.now())
        if not await self.hasher.is_it(old, stored.password if stored else None):
            refused = Refusal.PASSWORD_WRONG
            return await self.turn(account, lambda turn: turn.refuse(refused, "change_password"))
        self.lockout.succeeded(names)
        encoded = await self.hasher.hash(new)
        return await self.turn(
            account,
            lambda turn: signing.change_password(turn, account, visitor.session, encoded),
        )

    async def show_code(self, visitor: Visitor, code: str) -> str | Wait | None:
        """Show a code in an open session; return its new secret, None where it is no good."""
        names = [f"session {visitor.session.id}"]
        if wait := self.lockout.wait(names, self.view.now()):
            return Wait(wait)
        self.lockout.failed(names, self.view.now())
        ticket = await self.turn(
            visitor.account,
            lambda turn: signing.show_code(turn, visitor.account, visitor.session, code),
        )
        if ticket is not None:
            self.lockout.succeeded(names)
        return ticket

    # ---- rights ----

    async def why_not(self, account: Account, right: Right, area: Place) -> Refusal | None:
        """Return why something may not be done; a refusal is audited."""
        if rights.why_not(account, right, area, self.view.now()) is None:
            return None
        return await self.turn(account, lambda turn: turn.why_not(right, area))

    async def exported(self, account: Account, what: str, detail: str) -> None:
        """Audit that a list leaves the gateway; before its first byte does."""
        await self.turn(account, lambda turn: turn.note(Action.EXPORTED, what, detail))
