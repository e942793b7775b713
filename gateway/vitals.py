"""What the running parts say of themselves, and since when: the facts behind health and metrics."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from alerts import ledger
from alerts.channels.base import Channel
from alerts.outbox import WAITING
from alerts.tables import from_micros_or_none, notices
from gateway.db import Database
from gateway.export import erasures, refused
from gateway.export.progress import ExportStatus
from gateway.export.status import Backlog
from gateway.health import Facts, Proved, Today, Wired
from gateway.heartbeat import Heartbeat
from gateway.keeping import free_bytes
from gateway.proofs import standing

LOOK_EVERY_S = 1.0
FATES = ("delivered", "unknown", "unconfirmed", "failed")
"""What became of a text, as the ledger counts it."""


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
    proven: Sequence[str] = ()  # channels that send test texts
    parts_a_day: int = 0  # that the channels which cost may send together
    parts_for_all: float = 0.0  # of these, what is not kept for critical texts
    costly: Collection[str] = ()
    prices_fen: Mapping[str, float] = field(default_factory=dict)  # of a part, by channel
    timezone: str = "Asia/Shanghai"  # of the day that is counted
    pushes: Counter[str] = field(default_factory=Counter)  # of providers, by what became of them
    wired: Callable[[], Wired | None] = lambda: None
    export: Callable[[], ExportStatus | None] = lambda: None
    unexported: Callable[[], tuple[int, datetime | None]] = lambda: (0, None)
    """What went before it was exported: how many records and samples, and when the last did."""
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
        beat = self.heartbeat
        with self.database.read() as connection:
            waiting, due_at = _outbox(connection)
            held = _held(connection)
            proofs = {name: self._proved(connection, name) for name in self.proven}
            today = self._today(connection)
            spent = ledger.spent_today(connection, self.now(), self.timezone, self.costly).parts
            left = self._left(connection)
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
            proofs=proofs,
            today=today,
            parts_today=spent,
            parts_a_day=self.parts_a_day,
            parts_for_all=self.parts_for_all,
            held=held,
            notices_waiting=waiting,
            oldest_due_at=due_at,
            heartbeat_address=beat is not None and beat.url is not None,
            heartbeat_called_at=beat.called_at if beat else None,
            heartbeat_failure=beat.failure if beat else None,
            counts=self.counts(),
            pushes=self.pushes,
            wired=self.wired(),
            export=self.export(),
            export_left=left,
            homes_problem=self.homes_problem(),
            shortened_at=self.shortened_at(),
        )

    def _proved(self, connection: Connection, channel: str) -> Proved:
        proven = standing(connection, channel, self.now()).proven
        return Proved() if proven is None else Proved(proven.came_at, proven.took_s)

    def _left(self, connection: Connection) -> Backlog:
        unproven = erasures.unproven(connection)
        held = refused.count(connection)
        return Backlog(held, unproven.many, unproven.since, unproven.why, *self.unexported())

    def _today(self, connection: Connection) -> dict[str, Today]:
        """Return what each channel was given since the local midnight."""
        now = self.now()
        midnight = now.astimezone(ZoneInfo(self.timezone)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        lines = ledger.days(connection, midnight, now, self.timezone, self.prices_fen)
        return {each.name: _sum(lines, each.name) for each in self.channels}


def _sum(lines: Sequence[ledger.Line], channel: str) -> Today:
    mine = [line for line in lines if line.channel == channel]
    return Today(
        texts=sum(line.texts for line in mine),
        parts=sum(line.parts for line in mine),
        cost_fen=sum(line.cost_fen for line in mine),
        outcomes={fate: sum(getattr(line, fate) for line in mine) for fate in FATES},
    )


def _outbox(connection: Connection) -> tuple[int, datetime | None]:
    """Count the notices that no channel took yet; and when the first of them was due."""
    row = connection.execute(
        select(func.count(), func.min(notices.c.next_at)).where(notices.c.state.in_(WAITING))
    ).one()
    return int(row[0]), from_micros_or_none(row[1])


def _held(connection: Connection) -> dict[str, int]:
    """Count the notices that a limit holds back, by its reason."""
    rows = connection.execute(
        select(notices.c.held, func.count())
        .where(notices.c.state.in_(WAITING), notices.c.held.is_not(None))
        .group_by(notices.c.held)
    )
    return {row.held: row[1] for row in rows}
