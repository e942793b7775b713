"""Samples of the gateway itself: its vitals and its wear, as rates since the sample before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection, select

from gateway import wear
from gateway.export import samples
from gateway.export.samples import Fields, Found, Gateway, OfChannel
from gateway.health import Facts, Level, Proved, Today, assess
from gateway.schema.tables import cursors
from gateway.wear import Wear

LEVELS: Final = {Level.OK: 0, Level.WARN: 1, Level.BAD: 2}

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Before(NamedTuple):
    """What the next sample is compared with."""

    wear: Wear
    messages: int
    commits: int


class Writes(Protocol):
    """What it needs of the writer."""

    def run(self, job: Callable[[Connection], T]) -> Awaitable[T]: ...


@dataclass(slots=True)
class VitalSampling:
    """Takes a sample every so many seconds, on whole multiples of them; looks in a thread."""

    facts: Callable[[], Facts]
    read: Callable[[], AbstractContextManager[Connection]]
    writer: Writes
    database: Path
    now: Callable[[], datetime]
    every_s: int
    _before: Before | None = field(init=False, default=None)

    async def run(self) -> None:
        """Take samples for ever."""
        while True:
            await asyncio.sleep(self.every_s - self.now().timestamp() % self.every_s)
            try:
                await self.take()
            except Exception:
                # A disk that is full, or a defect: the gateway works, and the next may be kept.
                logger.exception("a sample of the gateway could not be kept")

    async def take(self) -> None:
        """Look now, and keep what is seen."""
        # Counting a day of many texts takes tens of milliseconds, for which no text is to wait.
        taken = await asyncio.to_thread(self._look)
        await self.writer.run(lambda connection: samples.append(connection, taken))

    def _look(self) -> Gateway:
        facts, looked = self.facts(), wear.look()
        with self.read() as connection:
            found = {row.consumer: row.seq for row in connection.execute(select(cursors))}
        taken = sample(facts, looked, found, self._bytes(), self.every_s, self._before)
        counts = facts.counts
        self._before = Before(
            looked, counts.get("intake_messages", 0), counts.get("intake_commits", 0)
        )
        return taken

    def _bytes(self) -> int | None:
        """Return the size of the database with its log."""
        try:
            return sum(
                path.stat().st_size
                for path in (self.database, Path(f"{self.database}-wal"))
                if path.exists()
            )
        except OSError:
            return None


def sample(
    facts: Facts,
    looked: Wear,
    consumers: Mapping[str, int],
    database_bytes: int | None,
    every_s: int,
    before: Before | None,
) -> Gateway:
    """Return a sample. Its time is the whole multiple of `every_s` that is nearest."""
    health = assess(facts)
    moment = round(facts.now.timestamp() / every_s) * every_s * 1_000_000
    return Gateway(
        at=moment,
        fields={
            **_standing(facts, health.is_well),
            **_rates(facts, looked, before),
            "database_bytes": database_bytes,
            "memory_bytes": looked.memory_bytes,
            "temperature_c": looked.temperature_c,
            "load": looked.load,
        },
        channels=tuple(_channel(facts, name) for name in facts.channels),
        findings=tuple(
            Found(each.part, LEVELS[each.level], each.reason, each.detail)
            for each in health.findings
        ),
        cursors=dict(consumers),
        counters=dict(facts.counts),
    )


def _standing(facts: Facts, is_well: bool) -> Fields:
    due_at = facts.oldest_due_at
    return {
        "up_s": (facts.now - facts.started_at).total_seconds(),
        "is_well": is_well,
        "broker_connected": facts.broker_connected,
        "clock_trusted": facts.clock_trusted,
        "journal_seq": facts.journal_seq,
        "lag_records": max(0, facts.journal_seq - facts.cursor_seq),
        "notices_waiting": facts.notices_waiting,
        "notice_wait_s": 0.0 if due_at is None else max(0.0, (facts.now - due_at).total_seconds()),
        "parts_today": facts.parts_today,
        "parts_a_day": facts.parts_a_day,
        "cost_today_yuan": sum(each.cost_fen for each in facts.today.values()) / 100,
        "disk_free_bytes": facts.disk_free_bytes,
    }


def _rates(facts: Facts, looked: Wear, before: Before | None) -> Fields:
    """Return what happened a second since the sample before; nothing in the first."""
    if before is None or looked.at_s <= before.wear.at_s:
        return {}
    elapsed_s = looked.at_s - before.wear.at_s
    counts, worn = facts.counts, wear.between(before.wear, looked)
    return {
        "messages_per_s": max(0, counts.get("intake_messages", 0) - before.messages) / elapsed_s,
        "commits_per_s": max(0, counts.get("intake_commits", 0) - before.commits) / elapsed_s,
        "disk_written_bytes_per_s": worn.written_bytes_per_s,
        "cpu_pct": worn.cpu_pct,
    }


def _channel(facts: Facts, name: str) -> OfChannel:
    health, today = facts.channels[name], facts.today.get(name, Today())
    proved = facts.proofs.get(name, Proved())
    proof_age_s = None if proved.at is None else (facts.now - proved.at).total_seconds()
    return OfChannel(
        name,
        {
            "is_up": health.is_up,
            "reason": health.reason,
            "signal_dbm": _figure(health.facts.get("signal_dbm", "")),
            "texts_today": today.texts,
            "parts_today": today.parts,
            "cost_today_yuan": today.cost_fen / 100,
            "proof_age_s": proof_age_s,
            "proof_took_s": proved.took_s,
        },
    )


def _figure(written: str) -> float | None:
    """Read a whole number that a channel tells; None where it does not know."""
    return float(written) if written.removeprefix("-").isdecimal() else None
