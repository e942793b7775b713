"""The broker's accounts in a running gateway: asked for here, stored by the writer, then written.

What is asked is answered once mosquitto has been told. Who asks while it is being told shares the
next telling, so that a crowd of installers costs two reloads and not twenty.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from gateway import tls
from gateway.audit import store as audit
from gateway.audit.chain import Action
from gateway.clock import Clock
from gateway.config import Config, read_secret
from gateway.db import Database
from gateway.privacy import KeyStore
from gateway.provisioning.accounts import Account, AccountKind, devices_by_code, load
from gateway.provisioning.authority import Authority, AuthorityError
from gateway.provisioning.contents import contents
from gateway.provisioning.issuing import MOST_AT_ONCE, AccountRefusedError, Credential, Issuer, draw
from gateway.provisioning.keeper import KeeperError, Kept, keep
from gateway.settings import SettingsError
from gateway.writer import Writer

LOOK_EVERY = timedelta(hours=1)
"""Certificates are looked at, and mosquitto asked what it knows, this often (ours)."""
ANSWER_WITHIN_S = 10.0
"""What was made is answered then, read by the broker or not: the command line waits for 15 s."""
TRY_AGAIN = timedelta(minutes=1)
"""After a failure (ours: a broker that is being restarted is soon back)."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Provisioning:
    """Makes and ends accounts, and keeps the broker in step."""

    config: Config
    clock: Clock
    database: Database
    writer: Writer
    keys: KeyStore
    on_renewed: Callable[[], None] = lambda: None  # the web page has a new certificate
    problem: str = ""  # why the broker does not have the accounts as they are
    _wanted: int = 0
    _done: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_on(self) -> bool:
        """Whether this gateway keeps the accounts of a broker."""
        return self.config.broker_dir is not None

    # ---- what people ask ----

    async def add_devices(self, devices: Sequence[str], by: str) -> list[Credential]:
        """Make accounts, all or none. Raises as `Issuer.add_devices`."""
        wanted = min(len(devices), MOST_AT_ONCE)
        drawn = await asyncio.to_thread(lambda: [draw() for _ in range(wanted)])
        return await self._issue(by, lambda issuer: issuer.add_devices(devices), drawn)

    async def rotate(self, device: str, by: str, grace: timedelta | None = None) -> Credential:
        """Give a device a new password beside its old one. Raises `AccountRefusedError`."""
        until = self._grace(grace)
        return await self._issue(by, lambda issuer: issuer.rotate(device, until))

    async def certify(self, device: str, by: str, grace: timedelta | None = None) -> Credential:
        """Give a device a certificate. Raises `AccountRefusedError` or `AuthorityError`."""
        authority = Authority.open(self.config.tls_dir)
        until = self._grace(grace)
        return await self._issue(by, lambda issuer: issuer.certify(device, until, authority))

    async def add_bridge(self, bridge: str, bases: Sequence[str], by: str) -> Credential:
        """Make the account of a bridge. Raises as `Issuer.add_bridge`."""
        return await self._issue(by, lambda issuer: issuer.add_bridge(bridge, bases))

    async def revoke(self, owner: str, kind: AccountKind, by: str) -> list[str]:
        """End the accounts of a device or bridge, and cut it off. Raises `AccountRefusedError`."""
        return await self._issue(by, lambda issuer: issuer.revoke(owner, kind))

    def accounts(self, kind: AccountKind | None = None) -> list[Account]:
        """Return every account, or all of a kind, with no secret but hashes."""
        with self.database.read() as connection:
            return load(connection, kind)

    def by_code(self, code: str) -> list[str]:
        """Return the devices with this short code, as it is printed."""
        with self.database.read() as connection:
            return devices_by_code(connection, code)

    def label_facts(self) -> tuple[str, str]:
        """Return what each label says of the broker: its address, and the authority's digest."""
        with contextlib.suppress(AuthorityError):
            return self.config.broker.address, tls.look(self.config.tls_dir).short
        return self.config.broker.address, ""

    def names(self) -> tuple[str, ...]:
        """Return the names and addresses that this machine has a certificate for."""
        with contextlib.suppress(AuthorityError):
            return tls.look(self.config.tls_dir).names
        return ()

    # ---- the broker ----

    async def sync(self) -> Kept:
        """Bring the broker's files in line and have it read them; share the turn with others.

        Raises `KeeperError` or `AuthorityError`.
        """
        self._require_on()
        self._wanted += 1
        mine = self._wanted
        async with self._turn:
            if self._done >= mine:
                return Kept((), is_reloaded=False)
            covered = self._wanted
            accounts = await asyncio.to_thread(self.accounts)
            try:
                wanted = await asyncio.to_thread(contents, self.config, accounts, self.clock.now())
                kept = await keep(self.config, *wanted)
            except (KeeperError, SettingsError) as error:
                self.problem = str(error)
                raise
            self.problem = ""
            self._done = covered
            return kept

    async def use_renewed(self) -> None:
        """Have web page and broker use the certificates that are there now.

        Raises `KeeperError` or `AuthorityError`.
        """
        self.on_renewed()
        if self.is_on:
            await self.sync()

    async def run(self) -> None:
        """Keep in step with time: ends of grace, ends of certificates, what failed before."""
        while True:
            self._changed.clear()
            await self._tick()
            with contextlib.suppress(TimeoutError):
                pause = await self._pause()
                await asyncio.wait_for(self._changed.wait(), pause.total_seconds())

    async def _tick(self) -> None:
        try:
            if tls.is_made(self.config.tls_dir) and self.clock.is_trusted():
                renewed = tls.renew_if_due(self.config.tls_dir, self.clock.now())
                if renewed:
                    logger.info("renewed %d certificates", len(renewed))
            await self.use_renewed()
        except (KeeperError, SettingsError, OSError) as error:
            logger.error("the broker's accounts: %s", error)  # noqa: TRY400  # it says all
        try:
            if self.clock.is_trusted():
                tls.keep_others(self.config, self.clock.now())
        except (SettingsError, OSError) as error:
            logger.error("certificates of other servers: %s", error)  # noqa: TRY400  # it says all

    async def _pause(self) -> timedelta:
        """Return how long nothing ends."""
        if not self.is_on:
            return LOOK_EVERY
        if self.problem:
            return TRY_AGAIN
        now = self.clock.now()
        ends = [
            end - now
            for account in await asyncio.to_thread(self.accounts)
            for end in (account.retires_at, account.expires_at)
            if end is not None and end > now
        ]
        return min([*ends, LOOK_EVERY])

    async def _issue(
        self, by: str, job: Callable[[Issuer], T], drawn: Sequence[tuple[str, str]] = ()
    ) -> T:
        """Run one turn of making accounts, audited with it, then tell the broker.

        `drawn`: passwords made before, off the writer thread, where there are many.
        """
        self._require_on()
        now = self.clock.now()

        def issue(connection: Connection) -> T:
            made = job(Issuer(connection, by, now, iter(drawn).__next__ if drawn else draw))
            self._audit(connection, now, by, made)
            return made

        made = await self.writer.run(issue)
        self._changed.set()
        try:
            await asyncio.wait_for(self.sync(), ANSWER_WITHIN_S)
        except TimeoutError:
            self.problem = "mosquitto has not read its files yet, and goes on being told"
        except (KeeperError, SettingsError):
            logger.debug("a `problem`; what was made is shown once, and must reach its owner")
        return made

    def _audit(self, connection: Connection, now: datetime, by: str, made: object) -> None:
        """Note the user names in one row; the secrets are nobody's but their owner's."""
        several = made if isinstance(made, list) else [made]
        users = [each.user for each in several if isinstance(each, Credential)]
        action = Action.CREDENTIAL_MADE if users else Action.CREDENTIAL_REVOKED
        subject = ", ".join(users or map(str, several))
        audit.append(connection, self.keys, now, by, action, subject)

    def _grace(self, asked: timedelta | None) -> timedelta:
        return timedelta(hours=self.config.broker.grace_h) if asked is None else asked

    def _require_on(self) -> None:
        if not self.is_on:
            raise AccountRefusedError(
                "this gateway keeps no accounts of a broker: set broker.directory"
            )


async def open_accounts(config: Config, database: Database, now: datetime) -> None:
    """Before the gateway connects: see to its own account, and to the broker's files.

    A broker that cannot be told yet is tried again by `Provisioning.run`. Raises `SettingsError`
    where `mqtt.username` is somebody else's, or there is no password.
    """
    if config.broker_dir is None:
        return
    accounts = keep_own(config, database, now)
    try:
        await keep(config, *contents(config, accounts, now))
    except (KeeperError, SettingsError) as error:
        logger.warning("the broker's accounts: %s", error)


def keep_own(config: Config, database: Database, now: datetime) -> list[Account]:
    """See to the gateway's own account; return all there are. Raises as `open_accounts`."""
    password = read_secret(config.path(config.mqtt.password_file))
    with database.writer() as connection, connection.begin():
        issuer = Issuer(connection, "gateway", now)
        issuer.keep_gateway(config.mqtt.username, password)
        return load(connection)
