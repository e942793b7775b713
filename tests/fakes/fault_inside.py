"""A gateway on the test's own event loop, by a clock that the test moves by hand."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from alerts.tables import incidents
from gateway.app import Running, running
from gateway.clock import Clock
from gateway.config import Config
from tests.fakes.fault_wait import soon


class HandClock:
    """A wall clock and a steady one, both moved by hand; the wall can also be set wrong."""

    def __init__(self) -> None:
        self.wall_s = time.time()
        self.steady_s = 1000.0

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.wall_s += seconds
        self.steady_s += seconds

    def set_wall(self, by_s: float) -> None:
        """Set the wall clock by so much; no time passes."""
        self.wall_s += by_s

    def clock(self) -> Clock:
        """Return a gateway's clock that reads these."""
        return Clock(wall=lambda: self.wall_s, monotonic=lambda: self.steady_s)


@dataclass
class Inside:
    """A running gateway, and the hands of its clock."""

    gateway: Running
    hands: HandClock

    async def settle(self) -> None:
        """Return after the writer thread has done what was due when this was called."""
        for _ in range(2):  # the first may join a round whose timers were looked at already
            await self.gateway.desk.writer.run_turn(lambda _: None)

    async def pass_time(self, seconds: float, step_s: float = 30.0) -> None:
        """Let time pass in steps, with what falls due in each."""
        while seconds > 0:
            self.hands.pass_time(min(step_s, seconds))
            seconds -= step_s
            await self.settle()

    async def incidents(self) -> list[tuple[str, str]]:
        """Return matter and headline of every incident, oldest first."""

        def read(connection: Connection) -> list[tuple[str, str]]:
            wanted = select(incidents.c.matter, incidents.c.headline).order_by(
                incidents.c.opened_at
            )
            return [(row.matter, row.headline) for row in connection.execute(wanted)]

        return await self.gateway.desk.writer.run(read)

    async def applied(self, messages: int) -> None:
        """Wait until so many messages came, and what they led to is decided."""

        def is_applied() -> bool:
            facts = self.gateway.desk.facts()
            is_up_to_date = facts.cursor_seq == facts.journal_seq
            return self.counted("intake_messages") >= messages and is_up_to_date

        await soon(is_applied, "all is applied")
        await self.settle()

    def counted(self, name: str) -> int:
        """Return one of the running totals."""
        return self.gateway.desk.vitals.counts().get(name, 0)

    async def connected(self, *, is_connected: bool = True) -> None:
        """Wait until the broker is found, or lost."""
        vitals = self.gateway.desk.vitals
        await soon(lambda: vitals.source.is_connected == is_connected, "the connection", 20)


@contextlib.asynccontextmanager
async def inside(config: Config, hands: HandClock | None = None) -> AsyncIterator[Inside]:
    """Run a gateway until the block ends."""
    hands = hands or HandClock()
    async with running(config, hands.clock()) as gateway:
        found = Inside(gateway, hands)
        await found.connected()
        yield found
