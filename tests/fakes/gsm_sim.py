"""The driver at the simulated modem on a clock that jumps: its faults, without its waiting.

The modem, its codec and its faults are those of the simulation, whole; only pty and real time are
left out (`test_gsm_against_simulated_modem` has those).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

from alerts.channels.base import (
    Attempt,
    ChannelHealth,
    DeliveryReport,
    IncomingText,
    Noted,
    Outcome,
    not_noted,
)
from alerts.channels.gsm import submit
from alerts.channels.gsm.at import Patience
from alerts.channels.gsm.driver import Driver
from alerts.channels.gsm.inbox import Inbox, Kept
from alerts.channels.gsm.job import Job
from alerts.channels.gsm.pace import Allowance, Pace, Spent
from alerts.channels.gsm.pin import Pin
from alerts.channels.gsm.shared import Shared
from alerts.channels.gsm.transport import Port, PortGone
from firmware_sim.modem_control import obey
from firmware_sim.modem_world import Cable, Settings, World

LI = "+8613912345678"
COMMAND_S = 0.001
BOOT_S = 1.0
"""Enough for the simulated modem to come up, be set up and be looked through."""


class SimulatedWire:
    """A `Port` whose other end is a simulated modem, and the clock of both."""

    def __init__(self, **settings: Any) -> None:
        self.now = 1000.0
        self.events: list[dict[str, Any]] = []
        self.heard: list[str] = []  # what the driver wrote, a line or PDU each
        self._is_plugged = True
        self._is_open = False
        self._said = bytearray()
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        cable = Cable(self._say, self._pull, self._put_back)
        made = Settings(**{"air_s": 0.0, "retry_s": 5.0, "family": "SIM7600", **settings})
        self.world = World(made, cable, self.events.append, now_s=self.now)

    def clock(self) -> float:
        return self.now

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Let something happen so many seconds from now; whoever waits is woken."""
        heapq.heappush(self._due, (self.now + seconds, next(self._order), action))

    def open(self) -> Port:
        if not self._is_plugged:
            raise PortGone("port_absent")
        self._is_open = True
        return self

    def read(self, timeout_s: float) -> bytes:
        if not self._said and self._is_open:
            self.rest(timeout_s)
        if not self._is_open:
            raise PortGone("port_absent")
        data = bytes(self._said)
        self._said.clear()
        return data

    def rest(self, timeout_s: float) -> None:
        """Let time pass until something happens or is said."""
        until = self.now + max(0.0, timeout_s)
        while not self._said:
            planned = self._due[0][0] if self._due else until
            acts_at = self.world.agenda.next_at_s
            self.pass_to(max(self.now, min(planned, until if acts_at is None else acts_at, until)))
            if self._due and self._due[0][0] <= self.now:
                heapq.heappop(self._due)[2]()
                return
            if self.now >= until:
                return

    def write(self, data: bytes) -> None:
        if not self._is_open:
            raise PortGone("port_absent")
        self.heard.append(data.decode("latin-1").strip("\r\x1a"))
        self.world.take(data)
        self.pass_to(self.now + COMMAND_S)

    def close(self) -> None:
        self._is_open = False
        self._said.clear()

    def pass_to(self, now: float) -> None:
        """Let time pass, whoever waits or not."""
        self.now = now
        self.world.advance(now)

    def _say(self, data: bytes) -> None:
        if self._is_open:
            self._said += data

    def _pull(self) -> None:
        self._is_plugged = self._is_open = False
        self._said.clear()

    def _put_back(self) -> None:
        self._is_plugged = True


class SimulatedHouse:
    """A gateway's driver at a simulated modem. `live` is one run of the gateway."""

    def __init__(
        self,
        *faults: str,
        patience: Patience | None = None,
        pin: Pin | None = None,
        allowances: Iterable[Allowance] = (),
        spent: Iterable[Spent] = (),
        power_cycle: Callable[[], None] | None = None,
        is_lte_only: bool = False,
        **settings: Any,
    ) -> None:
        self.wire = SimulatedWire(**settings)
        self.came: list[IncomingText | DeliveryReport] = []
        self.kept: list[Kept] = []
        self.failures: list[Exception] = []  # raised by `receive`, one each time
        self.power_cycle = power_cycle
        self._patience, self._pin, self._is_lte_only = patience, pin, is_lte_only
        self._allowances, self._spent = tuple(allowances), tuple(spent)
        self.restart_gateway()
        for fault in faults:
            self.order(do="fault", fault=fault)

    def restart_gateway(self) -> None:
        """Forget all that is in memory: a gateway that was killed."""
        clock = self.wire.clock
        self.shared = Shared(
            clock=clock,
            patience=self._patience or Patience(),
            pin=self._pin or Pin(),
            inbox=Inbox("modem", self._receive, self.kept.append),
            pace=Pace(self._allowances, clock(), self._spent),
            is_lte_only=self._is_lte_only,
        )

    def live(self, seconds: float = BOOT_S) -> None:
        """Let the gateway run for so long, and stop in good order."""
        self.shared.is_stopping = False
        self.wire.at(seconds, self._stop)
        Driver(self.shared, self.wire.open, self.wire.rest, self.power_cycle).run()

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Let something happen while the gateway lives."""
        self.wire.at(seconds, action)

    def order(self, **order: Any) -> dict[str, Any]:
        """Order the simulation, as over its control socket."""
        return obey(self.wire.world, order)

    def fault(self, fault: str) -> None:
        self.order(do="fault", fault=fault)

    def text_from(self, text: str, sender: str = LI, **options: Any) -> None:
        self.order(do="text", **{"from": sender}, text=text, **options)

    def job(
        self,
        text: str = "门开",
        *,
        is_critical: bool = True,
        is_exempt: bool = False,
        noted: Noted = not_noted,
    ) -> Job:
        """Queue a text, as the channel does."""
        parts = submit.encode(LI, text, ref=1)
        job = Job(parts, self.wire.now, is_critical, noted, is_exempt)
        self.shared.jobs.append(job)
        return job

    def send(
        self, text: str = "门开", *, seconds: float = 400.0, noted: Noted = not_noted
    ) -> Attempt:
        """Send one text once the modem is up, and live on for a while; its attempt."""
        jobs: list[Job] = []
        self.at(BOOT_S, lambda: jobs.append(self.job(text, noted=noted)))
        self.live(BOOT_S + seconds)
        return jobs[0].attempt.result(timeout=0)

    def health_at(self, *seconds: float) -> list[ChannelHealth]:
        """Return a list that is filled at these seconds of the next `live`."""
        seen: list[ChannelHealth] = []
        for each in seconds:
            self.at(each, lambda: seen.append(self.shared.health()))
        return seen

    @property
    def texts(self) -> list[str]:
        return [what.text for what in self.came if isinstance(what, IncomingText)]

    @property
    def reports(self) -> list[DeliveryReport]:
        return [what for what in self.came if isinstance(what, DeliveryReport)]

    @property
    def delivered(self) -> set[str]:
        return {each.reference for each in self.reports if each.outcome is Outcome.DELIVERED}

    @property
    def shown(self) -> list[str]:
        """The texts that simulated phones showed."""
        return [event["text"] for event in self.wire.events if event["event"] == "text"]

    @property
    def stored(self) -> int:
        """How many messages lie in the modem, all its stores together."""
        return sum(self.order(do="state")["stores"].values())

    def count(self, command: str) -> int:
        return self.wire.heard.count(command)

    def _receive(self, what: IncomingText | DeliveryReport) -> None:
        if self.failures:
            raise self.failures.pop()
        self.came.append(what)

    def _stop(self) -> None:
        self.shared.is_stopping = True
