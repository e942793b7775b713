"""What people ask of a running gateway about release: to do it, and what it left.

What changes runs on the writer thread, in one transaction with its row of the audit.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, select

from gateway.audit import store as audit
from gateway.audit.chain import Action
from gateway.privacy import GATEWAY, KeyStore
from gateway.release import certificate, codes, freed
from gateway.release.certificate import Certificate
from gateway.release.pump import ReleasePump
from gateway.release.releasing import Released, Releasing
from gateway.release.tables import releases

T = TypeVar("T")


class Reads(Protocol):
    """What it needs of a gateway to look."""

    @property
    def keys(self) -> KeyStore: ...
    def now(self) -> datetime: ...
    def read(self) -> AbstractContextManager[Connection]: ...


class Writes(Protocol):
    """What it needs of the writer: a job in one transaction, or one with its own."""

    def run(self, job: Callable[[Connection], T]) -> Awaitable[T]: ...
    def run_turn(self, job: Callable[[Connection], T]) -> Awaitable[T]: ...


class UnknownError(Exception):
    """There is nothing of that name; the message says what."""


@dataclass(frozen=True, slots=True)
class ReleaseOffice:
    """Release, codes, records, contests, freed devices."""

    view: Reads
    writer: Writes
    releasing: Releasing
    pump: ReleasePump

    # ---- release ----

    async def release(self, watch: str, actor: str, why: str) -> Released:
        """Release an order. Raises `NotReleasedError`."""

        def job(connection: Connection) -> Released:
            released = self.releasing.release(connection, watch, actor, why, self.view.now())
            self.pump.released()
            return released

        return await self.writer.run_turn(job)

    def certificate(self, id_: str) -> Certificate:
        """Return a certificate. Raises `UnknownError`."""
        with self.view.read() as connection:
            written = connection.scalar(select(releases.c.certificate).where(releases.c.id == id_))
        if written is None:
            raise UnknownError("there is no such certificate")
        found: Certificate = json.loads(written)
        return found

    @property
    def public_key(self) -> bytes:
        """The key by which certificates are verified, as PEM."""
        return certificate.public_pem(self._public())

    @property
    def fingerprint(self) -> str:
        """What people compare of it."""
        return certificate.fingerprint(self._public())

    # ---- devices ----

    def unwiped(self) -> list[freed.Freed]:
        """Return the devices that wait to be wiped."""
        with self.view.read() as connection:
            return freed.unwiped(connection)

    async def wiped(self, device: str, actor: str) -> None:
        """Note that a device was wiped. Raises `UnknownError`."""

        def job(connection: Connection) -> bool:
            now = self.view.now()
            if not freed.wiped(connection, device, now):
                return False
            self._note(connection, actor, Action.DEVICE_WIPED, f"device:{device}")
            return True

        if not await self.writer.run(job):
            raise UnknownError("no device of that name waits to be wiped")

    # ---- the resident's code ----

    async def give_code(self, watch: str, house_code: str, actor: str) -> str:
        """Make a new code for a home; an older one is good no more."""

        def job(connection: Connection) -> str:
            self._note(
                connection, actor, Action.RECORD_CODE_MADE, f"home:{house_code}", owner=watch
            )
            return codes.give(connection, self.view.keys, watch, house_code, self.view.now())

        return await self.writer.run(job)

    # ---- how it is written ----

    def _note(
        self,
        connection: Connection,
        actor: str,
        action: Action,
        subject: str,
        *,
        owner: str = GATEWAY,
    ) -> None:
        keys, now = self.view.keys, self.view.now()
        audit.append(connection, keys, now, actor, action, subject, owner=owner)

    def _public(self) -> Ed25519PublicKey:
        return certificate.signing_key(self.releasing.signing_key_file).public_key()
