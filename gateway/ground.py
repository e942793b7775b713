"""What the running gateway stands on: configuration, clock, keys, database, who is registered."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from alerts.dispatch import Sent
from gateway.clock import Clock
from gateway.config import Config
from gateway.db import Database
from gateway.homes.street import Street
from gateway.inbox import Received, salt_of
from gateway.privacy import KeyStore
from gateway.register import Register


@dataclass(frozen=True, slots=True)
class Audience:
    """Whoever watches the gateway at work, such as a demo."""

    sent: Callable[[Sent], None] = lambda _: None
    received: Callable[[Received], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Ground:
    """What everything else stands on."""

    config: Config
    clock: Clock
    keys: KeyStore
    database: Database
    register: Register
    salt: bytes
    audience: Audience
    failed: asyncio.Future[None]

    def fail(self, error: BaseException) -> None:
        """Say that the gateway cannot go on; on the event loop."""
        if not self.failed.done():
            self.failed.set_exception(error)

    def phone_digest(self, phone: str) -> str:
        """Return what a phone is called in the record of attempts: it tells nothing by itself."""
        return hashlib.blake2b(phone.encode(), key=self.salt, digest_size=16).hexdigest()

    def soon(self, callback: Callable[..., object]) -> Callable[..., None]:
        """Return `callback` for calling from any thread; it runs on the event loop."""
        loop = self.failed.get_loop()

        def call(*arguments: object) -> None:
            loop.call_soon_threadsafe(callback, *arguments)

        return call


async def lay_ground(
    stack: AsyncExitStack, config: Config, clock: Clock, street: Street | None, audience: Audience
) -> Ground:
    """Open keys and database, and take in what the homes file says."""
    keys = KeyStore.open(config.keys_file)
    database = Database(config.database_file)
    stack.callback(database.close)
    await asyncio.to_thread(database.migrate)
    register = Register(config, keys, clock.now, street)
    with database.writer() as connection, connection.begin():
        register.take_in(connection)
        register.load(connection)
        salt = salt_of(connection)
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    stack.callback(failed.cancel)
    return Ground(config, clock, keys, database, register, salt, audience, failed)
