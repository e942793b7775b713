"""What the web shell needs of a running gateway: to look, and to act through its one writer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from sqlalchemy import Connection

from alerts.channels.base import Attempt
from alerts.commands import Answer, Command
from alerts.permits import PermitCommand
from gateway.health import Facts
from gateway.homes.look import Look
from gateway.privacy import KeyStore
from gateway.trial import TrialBegun

Language = Literal["zh", "en"]

T = TypeVar("T")


class GatewayView(Protocol):
    """Looks; never writes."""

    @property
    def name(self) -> str:
        """Name of the gateway."""

    @property
    def language(self) -> Language:
        """Language of the status page unless asked otherwise."""

    @property
    def timezone(self) -> str:
        """Local time of the status page."""

    @property
    def asks_login(self) -> bool:
        """Say whether the status page asks for a login."""

    @property
    def audit_heads_file(self) -> Path:
        """Where each day's head of the audit is written down."""

    @property
    def reports_dir(self) -> Path:
        """Where reports are kept."""

    @property
    def token(self) -> str:
        """The bearer token that the API asks for."""

    @property
    def keys(self) -> KeyStore:
        """For the API alone: the status page unseals nothing."""

    def now(self) -> datetime:
        """The gateway's clock, aware UTC."""

    def facts(self) -> Facts:
        """What the running parts say of themselves; answers at once."""

    async def looks(self) -> list[Look]:
        """What is known of each home: `homes.look.looks` on the thread that owns the state."""

    def phones(self, contact: str) -> Sequence[str]:
        """Return a contact's phones; shown masked alone."""

    def phone_digest(self, phone: str) -> str:
        """Return what a phone is called in the record of attempts."""

    @property
    def prices_fen(self) -> Mapping[str, float]:
        """The price of one part by channel."""

    def read(self) -> AbstractContextManager[Connection]:
        """Open a read-only connection."""


class GatewayActs(Protocol):
    """Acts, through the writer thread."""

    async def command(self, command: Command | PermitCommand) -> Answer:
        """Run one command and return what became of it."""

    async def begin_trial(self, number: str, channel: str) -> TrialBegun:
        """Begin to send a test text, over the first channel that is up where none is named."""

    def ended_trial(self, token: str) -> Attempt | None:
        """Return what a channel said of a test text; None while it is under way, or not known."""

    def is_trial_under_way(self, token: str) -> bool:
        """Say whether a channel still has a test text; it may not be on record yet."""

    def write(self, job: Callable[[Connection], T]) -> Awaitable[T]:
        """Run a job in a transaction of its own: committed as it returns, undone if it raises."""
