"""Claim, send, settle: each channel takes the worst, oldest notice it may carry, one at a time.

A claim and its settlement are two commits; a crash between them leaves the notice *unconfirmed*
and never lost. A channel that is down, or has been busy with one text for half a minute, is passed
over: the next one takes what waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from alerts import bundle, outbox, settling, tries
from alerts.channels.base import Attempt, Channel, Message, Noted, Outcome
from alerts.model import IncidentId, NoticeState
from alerts.outbox import Claim, Sender, Terms

STALLED_AFTER_S = 30.0
"""While one channel is silent for this long, other notices take the next."""
LEASE_MARGIN_S = 30.0
"""A lease is this much longer than the slowest send of its channel."""
LOOK_AGAIN_S = 5.0
"""How often a channel with nothing to do looks whether another one has stalled."""
BACK_AGAIN_S = 0.5
"""How often a channel that is down is asked whether it is back; it answers from memory."""
DISK_AGAIN_S = 1.0
"""Pause after a disk refused a claim or a settlement: it is tried again until it is written."""
NOTED_WITHIN_S = 5.0
"""How long a modem waits for the disk to take a reference."""
STOP_WITHIN_S = 10.0
"""How long a stop waits for a text that is under way to be sent and settled."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Run(Protocol):
    """Runs a job in a transaction of its own on the writing connection."""

    def __call__(self, job: Callable[[Connection], T]) -> Awaitable[T]: ...


class FromThread(Protocol):
    """Runs a job likewise, for a channel's own thread."""

    def __call__(self, job: Callable[[Connection], None]) -> Future[None]: ...


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
    call: FromThread
    terms: Terms
    now: Callable[[], datetime]
    unreachable: Callable[[IncidentId | None], Awaitable[None]]  # somebody could not be told
    sent: Callable[[Sent], None]
    link: str = ""  # to where more can be seen; services outside are told it, and no house
    language: str = "zh"


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
        if not self._channels[index].health().is_up:
            return BACK_AGAIN_S
        found = await self._claim(index)
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
        forgotten = await self._saved(
            lambda c: settling.recover(c, self._delivery.terms.legs, now, all_leases=all_leases)
        )
        if forgotten:
            self.wake()

    async def _claim(self, index: int) -> Claim | datetime | None:
        channel, delivery = self._channels[index], self._delivery
        lease = timedelta(seconds=channel.slowest_s + LEASE_MARGIN_S)
        passed_over = frozenset(
            each.name for i, each in enumerate(self._channels) if self._is_passed_over(i)
        )
        sender = Sender(channel.name, passed_over, lease)
        return await self._saved(lambda c: outbox.claim(c, delivery.terms, sender, delivery.now()))

    async def _send(self, index: int, claim: Claim) -> None:
        channel, delivery = self._channels[index], self._delivery
        started_at, text = delivery.now(), claim.saying.text
        if claim.refused:
            attempt = Attempt(Outcome.FAILED_PERMANENT, claim.refused)
        else:
            link = delivery.link if channel.is_outside else None
            message = bundle.message(claim.saying, delivery.language, link)
            text = message.text
            self._busy_since[index] = asyncio.get_running_loop().time()
            attempt = await send_over(
                channel, claim.to, message, noting(delivery.call, claim.attempt)
            )
            self._busy_since[index] = None

        legs = delivery.terms.legs(claim.contact, claim.severity)
        settled = await self._saved(
            lambda c: settling.record(c, claim, channel.name, attempt, legs, delivery.now())
        )
        for incident in settled.unreached:
            await _until_saved(partial(delivery.unreachable, incident))
        delivery.sent(Sent(claim, channel.name, claim.to, text, attempt, settled.state, started_at))
        self.wake()

    async def _saved(self, job: Callable[[Connection], T]) -> T:
        return await _until_saved(lambda: self._delivery.run(job))

    def _is_passed_over(self, index: int) -> bool:
        since = self._busy_since[index]
        if since is not None:
            return asyncio.get_running_loop().time() - since > STALLED_AFTER_S
        return not self._channels[index].health().is_up


def noting(call: FromThread, attempt: int | None) -> Noted:
    """Return what a channel's thread calls with the network's name for a part of this attempt."""

    def noted(reference: str) -> None:
        if attempt is None:
            return
        note = partial(tries.note, attempt=attempt, reference=reference)
        try:
            call(note).result(NOTED_WITHIN_S)
        except Exception as error:  # noqa: BLE001 - the text is out: its modem must go on
            logger.warning("a reference could not be noted: %s", type(error).__name__)

    return noted


async def send_over(channel: Channel, to: str, message: Message, noted: Noted) -> Attempt:
    """Send; what the channel raises is a fault of its own, and the text may be out."""
    try:
        return await channel.send(to, message, noted)
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
