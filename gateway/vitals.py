"""What the running parts say of themselves, and since when: the facts behind health and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy import func, select

from alerts.channels.base import Channel
from alerts.outbox import WAITING
from alerts.tables import from_micros_or_none, notices
from gateway.db import Database
from gateway.health import Facts
from gateway.heartbeat import Heartbeat
from gateway.keeping import free_bytes

LOOK_EVERY_S = 1.0


class Source(Protocol):
    """The broker's side."""

    is_connected: bool


class Journalled(Protocol):
    """The intake's side."""

    refused_since: datetime | None
    refused_reason: str

    @property
    def last_seq(self) -> int: ...


class Applied(Protocol):
    """The pipeline's side."""

    cursor: int


@dataclass(slots=True)
class Vitals:
    """Looks at the parts; `look` once a second keeps the *since* of what lasts."""

    now: Callable[[], datetime]
    database: Database
    source: Source
    intake: Journalled
    pipeline: Applied
    channels: Sequence[Channel]
    is_trusted: Callable[[], bool]
    counts: Callable[[], Mapping[str, int]]
    homes_problem: Callable[[], str] = lambda: ""
    shortened_at: Callable[[], datetime | None] = lambda: None
    heartbeat: Heartbeat | None = None
    started_at: datetime = field(init=False)
    _is_connected: bool = field(init=False, default=False)
    _broker_since: datetime = field(init=False)
    _behind_since: datetime | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.started_at = self._broker_since = self.now()

    def look(self) -> None:
        """Note what changed since the last look."""
        now = self.now()
        if self.source.is_connected != self._is_connected:
            self._is_connected, self._broker_since = self.source.is_connected, now
        if self.pipeline.cursor >= self.intake.last_seq:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = now

    async def run(self) -> None:
        """Look for ever."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    def facts(self) -> Facts:
        """Return everything that is known now."""
        self.look()
        waiting, due_at = self._outbox()
        beat = self.heartbeat
        return Facts(
            now=self.now(),
            started_at=self.started_at,
            broker_connected=self._is_connected,
            broker_since=self._broker_since,
            journal_seq=self.intake.last_seq,
            cursor_seq=self.pipeline.cursor,
            behind_since=self._behind_since,
            refused_since=self.intake.refused_since,
            refused_reason=self.intake.refused_reason,
            clock_trusted=self.is_trusted(),
            disk_free_bytes=free_bytes(self.database.path.parent),
            channels={channel.name: channel.health() for channel in self.channels},
            notices_waiting=waiting,
            oldest_due_at=due_at,
            heartbeat_address=beat is not None and beat.url is not None,
            heartbeat_called_at=beat.called_at if beat else None,
            heartbeat_failure=beat.failure if beat else None,
            counts=self.counts(),
            homes_problem=self.homes_problem(),
            shortened_at=self.shortened_at(),
        )

    def _outbox(self) -> tuple[int, datetime | None]:
        with self.database.read() as connection:
            row = connection.execute(
                select(func.count(), func.min(notices.c.next_at)).where(
                    notices.c.state.in_(WAITING)
                )
            ).one()
        return int(row[0]), from_micros_or_none(row[1])
