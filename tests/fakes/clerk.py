"""A gateway with accounts: people of every role, made as an administrator makes them.

clerk = Clerk(tmp_path)
chen = clerk.person("chen", Role.SUPERVISOR, area="street")
browser = clerk.logged_in("chen")
assert clerk.actions()[-1] == "login"
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import pyotp
from fastapi import FastAPI
from sqlalchemy import insert

from gateway.accounts import keeping, store
from gateway.accounts.passwords import Hasher
from gateway.accounts.rights import MACHINE, Account, Kind, Refusal, Role
from gateway.accounts.turn import Turn
from gateway.audit import store as audit
from gateway.audit.store import Told
from gateway.schema.tables import areas
from gateway.web.app import create_app
from tests.fakes.browser import Browser
from tests.fakes.gateway import FakeGateway

T = TypeVar("T")

PASSWORD = "tidal copper lantern"
AREAS = (
    ("city", "city", None),
    ("longgang", "district", "city"),
    ("nanwan", "street", "longgang"),
    ("nanling", "community", "nanwan"),
    ("buji", "street", "longgang"),
)


@dataclass
class Clerk:
    """A fake gateway, its web server, and whoever has an account on it."""

    folder: Path
    asks_login: bool = False
    gateway: FakeGateway = field(init=False)
    app: FastAPI = field(init=False)
    secrets: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gateway = FakeGateway(self.folder, asks_login=self.asks_login)
        self.app = create_app(self.gateway, self.gateway)
        rows = [{"id": i, "name": i.title(), "level": level, "parent": p} for i, level, p in AREAS]
        with self.gateway._engine.begin() as connection:
            connection.execute(insert(areas), rows)

    # ---- what is done ----

    def turn(self, job: Callable[[Turn], T], by: Account | None = MACHINE) -> T:
        """Do something in a transaction, as the machine unless said otherwise."""
        keys, now = self.gateway.keys, self.gateway.now()
        return asyncio.run(self.gateway.write(lambda c: job(Turn(c, keys, now, by))))

    def person(self, login: str, role: Role, area: str = "", *, is_new: bool = False) -> Account:
        """Create an account with `PASSWORD`, which needs no change unless it `is_new`."""
        encoded = asyncio.run(Hasher(memory_kib=64, passes=1).hash(PASSWORD))
        made = self.turn(lambda turn: keeping.create(turn, login, role, area, Kind.PERSON, encoded))
        assert not isinstance(made, Refusal), made
        if not is_new:
            self.turn(lambda turn: store.change(turn.connection, made.id, must_change=False))
        return made

    def service(self, login: str, role: Role, area: str = "") -> Account:
        """Create an account of a program."""
        made = self.turn(lambda turn: keeping.create(turn, login, role, area, Kind.SERVICE, None))
        assert not isinstance(made, Refusal), made
        return made

    def browser(self) -> Browser:
        """Open a browser in which nobody was logged in yet."""
        return Browser(self.app)

    def logged_in(self, login: str) -> Browser:
        """Log somebody in, with a code where one is set up."""
        browser = self.browser()
        browser.log_in(login, PASSWORD, self.code(login))
        assert browser.is_in, browser.shown
        return browser

    def with_factor(self, login: str) -> Browser:
        """Log somebody in and set up a second factor."""
        browser = self.logged_in(login)
        self.secrets[login] = browser.set_up_factor(self.gateway.now())
        return browser

    def code(self, login: str) -> str:
        """Return what the person's authenticator shows."""
        secret = self.secrets.get(login)
        return pyotp.TOTP(secret).at(self.gateway.now()) if secret else ""

    def passes(self, **time: float) -> None:
        """Let time pass."""
        self.gateway.at += timedelta(**time)

    # ---- what came of it ----

    def account(self, login: str) -> Account:
        """Return an account as it stands."""
        with self.gateway.read() as connection:
            stored = store.by_login(connection, login)
        assert stored is not None
        return stored.account

    def audited(self) -> list[Told]:
        """Return what the audit says, the oldest first."""
        with self.gateway.read() as connection:
            return audit.latest(connection, self.gateway.keys, 500)[::-1]

    def actions(self) -> list[str]:
        """Return what was done, the oldest first."""
        return [row.action for row in self.audited()]
