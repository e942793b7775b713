"""A GSM modem as a `Channel`: asyncio in front, a thread with the serial port behind."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from alerts.channels.base import (
    Attempt,
    ChannelHealth,
    Message,
    Noted,
    Outcome,
    Receive,
    not_noted,
)
from alerts.channels.gsm import numbers, submit
from alerts.channels.gsm.at import Patience
from alerts.channels.gsm.driver import Driver
from alerts.channels.gsm.inbox import Inbox, Keep
from alerts.channels.gsm.job import Job
from alerts.channels.gsm.modem import QUEUED_FOR_S
from alerts.channels.gsm.octets import PduError
from alerts.channels.gsm.pace import DEFAULT_ALLOWANCES, Allowance, Pace, Spent
from alerts.channels.gsm.pin import Pin
from alerts.channels.gsm.sending import PARTS_WITHIN_S
from alerts.channels.gsm.shared import STARTING, STOPPED, Shared
from alerts.channels.gsm.transport import Port, SerialPort, Waker

log = logging.getLogger(__name__)

_MENDING_S = 30.0  # setting up or emptying the store between two tries of a part
_LAST_ANSWER_S = 1.0
_END_S = 2.0


@dataclass(frozen=True, slots=True)
class ModemSettings:
    """What a house says of its modem. With no `allowances` nothing is limited."""

    port: str  # a path that stays, as under /dev/serial/by-id
    baud: int = 115200
    pin: str = field(default="", repr=False)
    pin_tried_at: Path | None = None  # a file that remembers the boot in which the PIN was tried
    allowances: Sequence[Allowance] = DEFAULT_ALLOWANCES
    is_lte_only: bool = False  # 2G is refused: there a false base station forges any sender
    patience: Patience = field(default_factory=Patience)


class GsmChannel:
    """Texts over one modem. Reports name a part by the <mr> that the modem gave it, "0" to "255".

    `receive` and `keep` are called from the driver's thread and return once what came is on the
    disk; `keep` gets what is no text for people, as it came. `power_cycle` is called from there,
    too; it may take its time, and may fail. `spent` is what this SIM sent in the last day.
    """

    is_outside = False

    def __init__(
        self,
        settings: ModemSettings,
        receive: Receive,
        keep: Keep,
        *,
        name: str = "modem",
        spent: Iterable[Spent] = (),
        power_cycle: Callable[[], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        open_port: Callable[[Waker], Port] | None = None,
    ) -> None:
        self.name = name
        patience = settings.patience
        self.slowest_s = (
            QUEUED_FOR_S + PARTS_WITHIN_S + _MENDING_S + patience.prompt_s + patience.answer_s
        )
        self._open_port = open_port or (lambda waker: _open_serial(settings, waker))
        self._power_cycle = power_cycle
        self._clock = clock
        self._shared = Shared(
            clock=clock,
            patience=patience,
            pin=Pin(settings.pin, settings.pin_tried_at),
            inbox=Inbox(name, receive, keep),
            pace=Pace(settings.allowances, clock(), spent),
            is_lte_only=settings.is_lte_only,
        )
        self._ref = secrets.randbelow(256)
        self._waker: Waker | None = None
        self._thread: threading.Thread | None = None
        self._awaited: set[asyncio.Future[Attempt]] = set()

    def health(self) -> ChannelHealth:
        """Answer from what is known."""
        return self._shared.health()

    async def open(self) -> None:
        """Start the thread; the port need not be there."""
        waker = self._waker = Waker()
        self._shared.is_stopping, self._shared.reason = False, STARTING
        driver = Driver(self._shared, lambda: self._open_port(waker), waker.wait, self._power_cycle)
        self._thread = threading.Thread(target=driver.run, name=f"gsm-{self.name}", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Give a text that is with the modem a second, then stop; what waits is given back."""
        if self._thread is None or self._waker is None:
            return
        if self._awaited:
            await asyncio.wait(self._awaited, timeout=_LAST_ANSWER_S)
        self._shared.is_stopping = True
        self._waker.wake()
        await asyncio.to_thread(self._thread.join, _END_S)
        if self._thread.is_alive():  # a receiver is stuck; the thread dies with the program
            log.warning("the modem's thread did not end")
            return
        while self._shared.jobs:
            self._shared.jobs.popleft().refuse(STOPPED)
        self._waker.close()
        self._thread = self._waker = None

    async def send(self, to: str, message: Message, noted: Noted = not_noted) -> Attempt:
        """Send one text in as many parts as it takes; never raises for what the modem does.

        Only critical texts may use the last fifth of what the SIM may send.
        """
        if self._waker is None or self._shared.is_stopping:
            return Attempt(Outcome.NOT_TRIED, STOPPED)
        health = self.health()
        if not health.is_up:
            return Attempt(Outcome.NOT_TRIED, health.reason)
        number = numbers.normalise(to)
        self._ref = (self._ref + 1) % 256
        try:
            parts = submit.encode(number, message.text, ref=self._ref)
        except PduError as error:
            return Attempt(Outcome.FAILED_PERMANENT, "not_encodable", detail=type(error).__name__)
        job = Job(parts, self._clock(), message.is_critical, noted, message.is_help)
        attempt = asyncio.wrap_future(job.attempt)
        self._awaited.add(attempt)
        attempt.add_done_callback(self._awaited.discard)
        self._shared.jobs.append(job)
        self._waker.wake()
        return await attempt


def _open_serial(settings: ModemSettings, waker: Waker) -> Port:
    return SerialPort(settings.port, waker, settings.baud)
