"""The gateway as the web server and the command line see it: to look at, and to ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from alerts.channels.base import Attempt
from alerts.commands import Answer, Command
from alerts.permits import PermitCommand
from gateway.clock import Clock
from gateway.config import Config
from gateway.db import Database
from gateway.health import Facts
from gateway.homes.look import Look, looks
from gateway.pipeline import Pipeline
from gateway.privacy import KeyStore
from gateway.trial import AskedTrials, TrialBegun
from gateway.vitals import Vitals
from gateway.web.ports import Language
from gateway.writer import Writer

if TYPE_CHECKING:
    from gateway.export.exporter import Exporter

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Desk:
    """Looks through read-only connections; asks through the writer thread."""

    config: Config
    clock: Clock
    keys: KeyStore
    token: str
    database: Database
    writer: Writer
    pipeline: Pipeline
    vitals: Vitals
    trials: AskedTrials
    phones: Callable[[str], Sequence[str]]
    phone_digest: Callable[[str], str]
    export: Exporter | None = None  # None: nothing is exported

    @property
    def name(self) -> str:
        """Name of the gateway."""
        return self.config.gateway.name

    @property
    def language(self) -> Language:
        """Language of the status page unless asked otherwise."""
        return self.config.gateway.language

    @property
    def timezone(self) -> str:
        """Local time of the status page."""
        return self.config.policy.timezone

    @property
    def asks_login(self) -> bool:
        """Say whether the status page asks for a login."""
        return self.config.web.login

    @property
    def audit_heads_file(self) -> Path:
        """Where each day's head of the audit is written down."""
        return self.config.audit_heads_file

    @property
    def reports_dir(self) -> Path:
        """Where reports are kept."""
        return self.config.reports_dir

    def now(self) -> datetime:
        """The gateway's clock, aware UTC."""
        return self.clock.now()

    def facts(self) -> Facts:
        """What the running parts say of themselves."""
        return self.vitals.facts()

    async def looks(self) -> list[Look]:
        """What is known of each home; nothing while the state is being rebuilt."""

        def look(_connection: Connection) -> list[Look]:
            state = self.pipeline.state
            return [] if state is None else looks(state)

        return await self.writer.run_turn(look)

    @property
    def prices_fen(self) -> Mapping[str, float]:
        """The price of one part by channel."""
        return self.vitals.prices_fen

    def read(self) -> AbstractContextManager[Connection]:
        """Open a read-only connection."""
        return self.database.read()

    async def command(self, command: Command | PermitCommand) -> Answer:
        """Run one command and return what became of it."""
        return await self.writer.run_turn(
            lambda connection: self.pipeline.command(connection, command, self.now())
        )

    async def begin_trial(self, number: str, channel: str) -> TrialBegun:
        """Begin to send a test text."""
        return self.trials.begin(number, channel)

    def ended_trial(self, token: str) -> Attempt | None:
        """Return what a channel said of a test text, if it is known by now."""
        return self.trials.ended(token)

    def is_trial_under_way(self, token: str) -> bool:
        """Say whether a channel still has a test text; it may not be on record yet."""
        return self.trials.is_under_way(token)

    async def write(self, job: Callable[[Connection], T]) -> T:
        """Run a job on the writer thread, in a transaction of its own."""
        return await self.writer.run(job)
