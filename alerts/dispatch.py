"""Claim, send, settle: each channel takes the worst, oldest notice it may carry, one at a time.

A claim and its settlement are two commits; a crash between them leaves the notice *unconfirmed*
and never lost. A channel that is down, or has been busy with one text for half a minute, is passed
over: the next one takes what waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from alerts import outbox
from alerts.channels.base import Attempt, Channel, Message, Outcome
from alerts.model import NoticeState, Severity
from alerts.outbox import Claim
from alerts.render import resent
from alerts.tables import Sealer

STALLED_AFTER_S = 30.0
"""While one channel is silent for this long, other notices take the next."""
LEASE_MARGIN_S = 30.0
"""A lease is this much longer than the slowest send of its channel."""
LOOK_AGAIN_S = 5.0
"""How often a channel with nothing to do looks whether another one has stalled."""
DISK_AGAIN_S = 1.0
"""Pause after a disk refused a claim or a settlement: it is tried again until it is written."""
STOP_WITHIN_S = 10.0
"""How long a stop waits for a text that is under way to be sent and settled."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Run(Protocol):
    """Runs a job in a transaction of its own on the writing connection."""

    def __call__(self, job: Callable[[Connection], T]) -> Awaitable[T]: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """An attempt that ended, for whoever watches."""

    claim: Claim
    channel: str
    phone: str
    text: str
    attempt: Attempt
    state: NoticeState
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """What dispatch needs of the rest of the gateway."""

    run: Run
    sealer: Sealer
    phones: Callable[[str], Sequence[str]]  # of a contact, in order of preference
    now: Callable[[], datetime]
    unreachable: Callable[[Claim], Awaitable[None]]  # nobody could be told by this notice
    sent: Callable[[Sent], None]


class Dispatcher:
    """Serves the outbox with one task a channel."""

    def __init__(self, channels: Sequence[Channel], delivery: Delivery) -> None:
        self._channels = channels
        self._delivery = delivery
        self._wakes = [asyncio.Event() for _ in channels]
        self._busy_since: list[float | None] = [None for _ in channels]

    def wake(self) -> None:
        """Say that notices may wait; from the event loop's thread."""
        for wake in self._wakes:
            wake.set()

    async def recover(self) -> None:
        """Settle what a former run of the gateway claimed and did not settle."""
        await self._recover(all_leases=True)

    async def serve(self, index: int) -> None:
        """Send over one channel, for ever. Stopped, it ends the text that is under way."""
        wake = self._wakes[index]
        while True:
            wake.clear()
            pause_s = await _to_its_end(self._serve_one(index))
            await _wait(wake, pause_s)

    async def _serve_one(self, index: int) -> float:
        """Send one notice, if one is due; return the seconds until the next may be."""
        found = await self._claim(index) if self._channels[index].health().is_up else None
        if isinstance(found, Claim):
            await self._send(index, found)
            return 0.0
        if found is None:
            return LOOK_AGAIN_S
        due_in_s = (found - self._delivery.now()).total_seconds()
        return max(0.01, min(LOOK_AGAIN_S, due_in_s))

    async def sweep(self, every_s: float = 10.0) -> None:
        """End what expired, and settle what was claimed and forgotten, for ever."""
        while True:
            await self._saved(lambda c: outbox.expire(c, self._delivery.now()))
            await self._recover(all_leases=False)
            await asyncio.sleep(every_s)

    async def _recover(self, *, all_leases: bool) -> None:
        now = self._delivery.now()
        settled = await self._saved(
            lambda c: outbox.recover(c, self._legs, now, all_leases=all_leases)
        )
        if settled:
            self.wake()

    async def _claim(self, index: int) -> Claim | datetime | None:
        channel = self._channels[index]
        lease = timedelta(seconds=channel.slowest_s + LEASE_MARGIN_S)
        legs = self._covers(index)
        return await self._saved(
            lambda c: outbox.claim(
                c,
                self._delivery.sealer,
                channel.name,
                legs,
                len(self._channels),
                self._delivery.now(),
                lease,
            )
        )

    async def _send(self, index: int, claim: Claim) -> None:
        channel, delivery = self._channels[index], self._delivery
        started_at = delivery.now()
        text = resent(claim.text) if claim.progress.is_resend else claim.text
        phones = delivery.phones(claim.contact)
        phone = ""
        if phones:
            phone = phones[min(claim.progress.leg // len(self._channels), len(phones) - 1)]
            self._busy_since[index] = asyncio.get_running_loop().time()
            attempt = await _send_over(channel, phone, text, claim.severity)
            self._busy_since[index] = None
        else:
            attempt = Attempt(Outcome.FAILED_PERMANENT, "no_phone")

        legs = self._legs(claim.contact)
        settlement = await self._saved(
            lambda c: outbox.record(
                c, claim, channel.name, attempt, legs, started_at, delivery.now()
            )
        )
        if settlement.state is NoticeState.FAILED_PERMANENT:
            await _until_saved(lambda: delivery.unreachable(claim))
        delivery.sent(Sent(claim, channel.name, phone, text, attempt, settlement.state, started_at))
        self.wake()

    async def _saved(self, job: Callable[[Connection], T]) -> T:
        return await _until_saved(lambda: self._delivery.run(job))

    def _legs(self, contact: str) -> int:
        return max(1, len(self._delivery.phones(contact))) * len(self._channels)

    def _covers(self, index: int) -> list[int]:
        """Return the channels whose notices this one takes: its own, and of those passed over."""
        covered = [index]
        count = len(self._channels)
        for back in range(1, count):
            before = (index - back) % count
            if not self._is_passed_over(before):
                break
            covered.append(before)
        return covered

    def _is_passed_over(self, index: int) -> bool:
        since = self._busy_since[index]
        if since is not None:
            return asyncio.get_running_loop().time() - since > STALLED_AFTER_S
        return not self._channels[index].health().is_up


async def _send_over(channel: Channel, phone: str, text: str, severity: Severity) -> Attempt:
    try:
        message = Message(text, is_critical=severity >= Severity.CRITICAL)
        return await channel.send(phone, message)
    except Exception as error:  # noqa: BLE001 - one channel's fault must not stop the others
        return Attempt(Outcome.UNCONFIRMED, "channel_error", detail=type(error).__name__)


async def _until_saved(save: Callable[[], Awaitable[T]]) -> T:
    """Save until the disk takes it: a full one must not end the telling."""
    while True:
        try:
            return await save()
        except DBAPIError as error:
            logger.warning("the disk refuses the outbox, it is tried again: %s", error.orig)
            await asyncio.sleep(DISK_AGAIN_S)


async def _to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await work that a cancellation does not cut in two, unless it takes long."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=STOP_WITHIN_S)
        task.cancel()
        raise


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await wake.wait()
    except TimeoutError:
        return
