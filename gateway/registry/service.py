"""The registry in a running gateway: entries and lists are staged aside, then switched at once.

Whoever enters one thing waits for no list: both are staged apart from the writer thread, and what
was changed by somebody else meanwhile is staged again.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gateway.clock import Clock
from gateway.config import Config
from gateway.db import Database
from gateway.pipeline import Pipeline
from gateway.privacy import KeyStore
from gateway.registry import truth
from gateway.registry.amend import enter_device, enter_home, read_device, read_home
from gateway.registry.cells import Raw
from gateway.registry.columns import Kind
from gateway.registry.index import HomeIndex
from gateway.registry.rows import from_values
from gateway.registry.stage import Report, Surroundings, stage_entry
from gateway.registry.staging import Change, OneTimeSeal, remove_left_over
from gateway.registry.switch import ConflictError, seal_for_good, switch
from gateway.writer import Writer

TRIES: Final = 3
"""How often something is staged again because somebody else changed it meanwhile."""


class RegistryError(Exception):
    """The registry cannot be changed now; the message says why and what to do."""


class ManagedByFileError(RegistryError):
    """A homes file is the truth."""


class Registers(Protocol):
    """Who says what is registered: `gateway.register.Register`."""

    @property
    def is_managed_by_file(self) -> bool:
        """Say whether a homes file is the truth."""

    def adopt(self, connection: Connection) -> bool:
        """Make the registry the truth; say whether it was not before."""


@dataclass(slots=True)
class Registry:
    """Reads and changes places, people and devices."""

    config: Config
    clock: Clock
    keys: KeyStore
    database: Database
    writer: Writer
    pipeline: Pipeline
    register: Registers
    index: HomeIndex = field(init=False)

    def __post_init__(self) -> None:
        """Clear what an earlier life left behind."""
        self.index = HomeIndex(self.database.read, self.keys)
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_left_over(self.directory)

    @property
    def directory(self) -> Path:
        """Where uploads and staging files are, while they are."""
        return self.config.data_dir / "imports"

    @property
    def zone(self) -> ZoneInfo:
        """Local time, for dates without a zone."""
        return ZoneInfo(self.config.policy.timezone)

    def new_file(self, suffix: str) -> Path:
        """Return the path of a file that is removed at the next start, if nobody does before."""
        return self.directory / f"{secrets.token_hex(8)}{suffix}"

    def require_open(self) -> None:
        """Raise `ManagedByFileError` where a homes file is the truth."""
        if self.register.is_managed_by_file:
            file = self.config.homes_file.name
            raise ManagedByFileError(truth.MANAGED_BY_FILE.format(file=file))

    async def adopt(self) -> bool:
        """Make the registry the truth from now on; say whether it was not before."""
        return await self.writer.run(self.register.adopt)

    # ---- one entry ----

    async def enter(
        self, kind: Kind, values: Mapping[str, Raw], actor: str, *, dry_run: bool = False
    ) -> Report:
        """Enter or change one entry, by the keys of columns; the report says what is wrong.

        Raises `RegistryError`.
        """
        self.require_open()
        for _ in range(TRIES):
            staging, seal = self.new_file(".staging"), OneTimeSeal()
            try:
                report = await asyncio.to_thread(self._stage_entry, kind, values, staging, seal)
                if not report.is_good or dry_run or report.counts[Change.UNCHANGED]:
                    return report
                await self.take_over(staging, seal, report, actor, self._amending(kind, values))
            except ConflictError:
                continue
            finally:
                staging.unlink(missing_ok=True)
            return report
        raise RegistryError("others keep changing the same entry: try again")

    def _stage_entry(
        self, kind: Kind, values: Mapping[str, Raw], staging: Path, seal: OneTimeSeal
    ) -> Report:
        needs_homes = kind in {Kind.HOMES, Kind.DEVICES}
        around = Surroundings(
            database=self.config.database_file,
            staging=staging,
            keys=self.keys,
            seal=seal,
            watch_of=self.index.watch_of() if needs_homes else {},
            zone=self.zone,
            now=self.clock.now(),
        )
        return stage_entry(kind, from_values(kind, values, self.zone), around)

    # ---- what is staged ----

    async def take_over(
        self,
        staging: Path,
        seal: OneTimeSeal,
        report: Report,
        actor: str,
        tell_engine: Callable[[Connection, datetime], None] | None = None,
    ) -> None:
        """Switch what is staged, and let the engine know. Raises `ConflictError`."""
        await asyncio.to_thread(seal_for_good, staging, self.keys, seal)
        tell = tell_engine or self.pipeline.reload

        def change(connection: Connection) -> None:
            now = self.clock.now()
            self.require_open()  # it may have been given back to a file meanwhile
            switch(connection, staging, report.snapshot, actor, now)
            self.index.invalidate()
            tell(connection, now)

        await self.writer.run_turn(change)

    def _amending(
        self, kind: Kind, values: Mapping[str, Raw]
    ) -> Callable[[Connection, datetime], None] | None:
        """Return what tells the engine of one entry; None where all is to be read again."""
        match kind:
            case Kind.AREAS | Kind.BUILDINGS:
                return lambda _connection, _now: None
            case Kind.HOMES:
                return partial(self._amend_home, str(values["house_code"]))
            case Kind.DEVICES:
                return partial(self._amend_device, str(values["device"]))
            case Kind.TEAMS:
                return None

    def _amend_home(self, code: str, connection: Connection, now: datetime) -> None:
        before = self.index.known_watch(code)
        watch = self.index.watch_of().get(code)
        if before is not None and before != watch:
            self.pipeline.reload(connection, now)  # the devices went over to another order
        elif watch is not None:
            with connection.begin():
                read = read_home(connection, code, watch)
            if read is not None:
                policy = self.config.policy
                self.pipeline.run(connection, lambda turn: enter_home(turn, read, policy), now)

    def _amend_device(self, device: str, connection: Connection, now: datetime) -> None:
        with connection.begin():
            info = read_device(connection, device)
        self.pipeline.run(connection, lambda turn: enter_device(turn, device, info), now)
