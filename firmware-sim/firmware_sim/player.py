"""Plays a street on a broker: connects everybody, lets time run, and leaves in order.

A broker that is away, at the start or later, is waited for. The clock starts when all are
connected.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass

from firmware_sim.broker import Broker
from firmware_sim.clock import StreetClock
from firmware_sim.device import Emit
from firmware_sim.faults import Fault, FaultKind
from firmware_sim.link import Link
from firmware_sim.scenario import Scenario
from firmware_sim.street import Street

CONNECT_AT_ONCE = 16
GOODBYE_S = 3.0
FLOOD_TICK_S = 0.02


@dataclass(frozen=True, slots=True)
class Options:
    """How to play: `for_s` in real seconds, None to the scenario's end; `epoch` None is now."""

    speed: float | None = None
    epoch: float | None = None
    for_s: float | None = None
    seed: int | None = None
    faults: tuple[Fault, ...] = ()


class Player:
    """One play of one scenario."""

    def __init__(self, scenario: Scenario, broker: Broker, options: Options, emit: Emit) -> None:
        self._options = options
        self._emit = emit
        self._epoch = time.time() if options.epoch is None else options.epoch
        self._clock = StreetClock(scenario.speed if options.speed is None else options.speed)
        self.street = Street(
            scenario, epoch=self._epoch, emit=emit, seed=options.seed, faults=options.faults
        )
        gate = asyncio.Semaphore(CONNECT_AT_ONCE)
        self._links: list[Link] = []
        for endpoint in self.street.endpoints:
            link = Link(endpoint, broker, self._clock, gate, self.street.counts)
            endpoint.port = link
            self._links.append(link)

    async def play(self, stop: asyncio.Event) -> None:
        """Play until the scenario ends, its time is up, or somebody sets `stop`."""
        tasks: list[asyncio.Task[object]] = []
        tasks += [asyncio.create_task(link.run()) for link in self._links]
        reason = "end"
        try:
            async with asyncio.timeout(self._options.for_s):
                playing = asyncio.create_task(self._play())
                stopping = asyncio.create_task(stop.wait())
                tasks += [playing, stopping]
                done, _ = await asyncio.wait(
                    {playing, stopping}, return_when=asyncio.FIRST_COMPLETED
                )
                if playing in done:
                    playing.result()
                else:
                    reason = "signal"
        except TimeoutError:
            reason = "time"
        finally:
            at_s = self._clock.now_s()
            for task in tasks[len(self._links) :]:
                task.cancel()
            await self._say_goodbye()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._sum_up(reason, at_s)

    async def _play(self) -> None:
        await asyncio.gather(*(link.has_connected.wait() for link in self._links))
        self._clock.start()
        scenario = self.street.scenario
        self._emit(
            {
                "ready": True,
                "devices": len(scenario.devices),
                "connections": len(self._links),
                "scenario": scenario.name,
                "speed": self._clock.speed,
                "epoch": self._epoch,
                "started_at": time.time(),
            }
        )
        async with asyncio.TaskGroup() as group:
            flooding = group.create_task(self._flood())
            timeline = self.street.timeline
            while timeline.next_s <= scenario.duration_s:
                await self._clock.sleep_until(timeline.next_s)
                timeline.run_until(min(self._clock.now_s(), scenario.duration_s))
            await self._clock.sleep_until(scenario.duration_s)
            flooding.cancel()

    async def _flood(self) -> None:
        """Let devices that flood send what their rate owes, in real seconds."""
        floods = [
            device
            for device in self.street.devices.values()
            if any(fault.kind is FaultKind.FLOOD for fault in device.stream.faults)
        ]
        owed = dict.fromkeys((device.id for device in floods), 0.0)
        before = time.monotonic()
        while floods:
            await asyncio.sleep(FLOOD_TICK_S)
            now, now_s = time.monotonic(), self._clock.now_s()
            for device in floods:
                owed[device.id] += device.stream.flood_rate(now_s) * (now - before)
                due = int(owed[device.id])
                owed[device.id] -= due
                for _ in range(due):
                    device.heartbeat(now_s)
            before = now

    async def _say_goodbye(self) -> None:
        for endpoint in self.street.endpoints:
            endpoint.say_goodbye()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await asyncio.gather(*(link.is_away.wait() for link in self._links))

    def _sum_up(self, reason: str, at_s: float) -> None:
        self._emit(
            {
                "done": True,
                "reason": reason,
                "at_s": round(at_s, 3),
                "counts": dict(sorted(self.street.counts.items())),
                "faults": self.street.fault_counts(),
            }
        )


async def play(
    scenario: Scenario,
    broker: Broker,
    options: Options,
    emit: Emit,
    stop: asyncio.Event,
) -> None:
    """Play one scenario from the first connection to the last goodbye."""
    await Player(scenario, broker, options, emit).play(stop)
