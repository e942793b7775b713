"""What the web shell needs of a running gateway: to look, and to act through its one writer."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Literal, Protocol

from sqlalchemy import Connection

from alerts.commands import Answer, Command
from alerts.permits import PermitCommand
from gateway.health import Facts
from gateway.homes.look import Look
from gateway.privacy import KeyStore

Language = Literal["zh", "en"]


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

    def read(self) -> AbstractContextManager[Connection]:
        """Open a read-only connection."""


class GatewayActs(Protocol):
    """Acts, through the writer thread."""

    async def command(self, command: Command | PermitCommand) -> Answer:
        """Run one command and return what became of it."""
