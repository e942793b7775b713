"""Once a day each channel proves that texts arrive: it sends one, and that must come back.

A modem that knows its own number sends to itself, which proves both directions; another one sends
to the maintainer on call, whose phone confirms it. A test text that was missed, because the gateway
was off or the channel down, is sent as soon as it can be. One that does not arrive is told over the
other channels; from then on one an hour is tried, until one does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.channels.base import Attempt, Channel, Outcome
from alerts.dispatch import Run
from gateway import proofs
from gateway.proofs import Begin, Standing

LOOK_EVERY_S = 5.0
RETRY_AFTER_S = 300.0
"""A test text that did not even go out is tried again after this long (ours)."""
AGAIN_AFTER_S = 3600.0
"""While one is missing the next is tried after this long (ours: 24 a day of a SIM's 150)."""
WHY = "daily_test"

logger = logging.getLogger(__name__)


class Verdict(StrEnum):
    """What the test texts of a channel say of it."""

    UNTRIED = "untried"
    WAITING = "waiting"
    PROVEN = "proven"
    MISSING = "missing"


def judge(standing: Standing, waited_s: float, within_s: float) -> Verdict:
    """Judge by how long the first text that is still out has been waited for."""
    if standing.open:
        return Verdict.MISSING if waited_s >= within_s else Verdict.WAITING
    return Verdict.UNTRIED if standing.proven is None else Verdict.PROVEN


def due(now_local: datetime, at: time, standing: Standing, verdict: Verdict) -> bool:
    """Say whether a test text is to be sent now.

    One a day; where none arrived since, after a pause as long as the trouble deserves.
    """
    if not standing.open:
        last = standing.proven
        return last is None or last.sent_at < _last_time(now_local, at)
    last = standing.open[-1]
    if verdict is Verdict.WAITING and not last.has_failed:
        return False
    pause = timedelta(seconds=RETRY_AFTER_S if verdict is Verdict.WAITING else AGAIN_AFTER_S)
    return now_local - last.sent_at >= pause


def _last_time(now_local: datetime, at: time) -> datetime:
    """Return the latest moment at which a test text was to be sent."""
    today = now_local.replace(
        hour=at.hour, minute=at.minute, second=at.second, microsecond=0, fold=0
    )
    return today if today <= now_local else today - timedelta(days=1)


class SendTest(Protocol):
    """Sends a test text at once over exactly this channel, recorded like every other text.

    `begin` joins the transaction that records it, before anything goes out.
    """

    async def __call__(
        self, channel: Channel, to: str, token: str, why: str, begin: Begin
    ) -> Attempt: ...


@dataclass(frozen=True, slots=True)
class Around:
    """What proving needs of the rest of the gateway."""

    run: Run
    send: SendTest
    lost: Callable[[str, datetime], Awaitable[None]]  # a channel, and since when
    back: Callable[[str], Awaitable[None]]
    maintainer: Callable[[], Awaitable[str | None]]  # the phone of the one on call
    now: Callable[[], datetime]
    elapsed: Callable[[], float]  # a steady clock, in seconds


@dataclass(slots=True)
class Proving:
    """Sends test texts over some channels, and tells which do not arrive."""

    channels: Sequence[Channel]
    own_numbers: Mapping[str, str]  # by channel; "": it goes to a maintainer
    at: time
    within_s: float
    timezone: str
    around: Around
    _up_since: dict[str, float] = field(init=False, default_factory=dict)
    _waits: dict[str, tuple[str, float]] = field(init=False, default_factory=dict)
    _not_before: dict[str, float] = field(init=False, default_factory=dict)
    _told: dict[str, Verdict] = field(init=False, default_factory=dict)

    async def run(self) -> None:
        """Prove each channel for ever, none waiting for another."""
        async with asyncio.TaskGroup() as group:
            for channel in self.channels:
                group.create_task(self._serve(channel), name=f"prove {channel.name}")

    async def _serve(self, channel: Channel) -> None:
        while True:
            try:
                await self.look(channel)
            except Exception:  # a full disk, or a defect: other texts go out all the same
                logger.exception("a channel could not be proven")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, channel: Channel) -> None:
        """Judge a channel that is up, tell what is new of it, and send a test text if one is due.

        One that is down is told of as such, and proves itself once it is up.
        """
        name, around = channel.name, self.around
        if not channel.health().is_up:
            self._up_since.pop(name, None)
            return
        self._up_since.setdefault(name, around.elapsed())
        standing = await around.run(lambda connection: self._read(connection, name))
        verdict = judge(standing, self._waited_s(name, standing), self.within_s)
        await self._tell(name, verdict, standing)
        if due(around.now().astimezone(ZoneInfo(self.timezone)), self.at, standing, verdict):
            await self._send(channel)

    def _read(self, connection: Connection, name: str) -> Standing:
        proofs.take_reports(connection, name, is_proof=not self.own_numbers[name])
        return proofs.standing(connection, name, self.around.now())

    def _waited_s(self, name: str, standing: Standing) -> float:
        """Return how long the first text that is out could have come back, on the steady clock.

        What a former run of the gateway sent is waited for anew: the modem may still have it.
        """
        if not standing.open:
            return 0.0
        elapsed, token = self.around.elapsed(), standing.open[0].token
        waits = self._waits.get(name)
        if waits is None or waits[0] != token:
            waits = self._waits[name] = token, elapsed
        return elapsed - max(self._up_since[name], waits[1])

    async def _tell(self, name: str, verdict: Verdict, standing: Standing) -> None:
        if verdict is self._told.get(name):
            return
        if verdict is Verdict.MISSING:
            await self.around.lost(name, standing.open[0].sent_at)
        elif verdict is Verdict.PROVEN:
            await self.around.back(name)
        else:
            return
        self._told[name] = verdict

    async def _send(self, channel: Channel) -> None:
        name, around = channel.name, self.around
        if around.elapsed() < self._not_before.get(name, 0.0):
            return
        self._not_before[name] = around.elapsed() + RETRY_AFTER_S
        to = self.own_numbers[name] or await around.maintainer()
        if not to:
            return  # nobody could say whether it arrived
        token = proofs.new_token()
        attempt = await around.send(
            channel, to, token, WHY, lambda c, now: proofs.begin(c, name, token, now)
        )
        if attempt.outcome is Outcome.NOT_TRIED:
            await around.run(lambda connection: proofs.forget(connection, token))
