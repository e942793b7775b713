"""The hardware at work: edges become messages, a press silences, the lights follow.

All of it runs on the gateway's event loop. A pin that fails is said by health and stops nothing
else; the wired device behind it falls silent, and that is told like any other silence.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial

from sqlalchemy import Connection

from alerts.model import Incident
from gateway.clock import Clock
from gateway.config import Config
from gateway.desk import Desk
from gateway.hardware.inputs import Press
from gateway.hardware.lights import STEP_S, Facts, Panel, facts
from gateway.hardware.local import Moment, WiredSource
from gateway.hardware.pins import Pins, PinsError, make_factory
from gateway.hardware.settings import reserved
from gateway.hardware.wiring import Now, Wiring
from gateway.health import Wired, assess
from gateway.together import Work

LOOK_EVERY_S = 5.0
"""How often levels are read besides: a change of which no edge told is found by then (ours)."""
LEARN_EVERY_S = 2.0
"""How often the lights learn what they are to show (ours)."""

Ask = Callable[[], Awaitable[Facts | None]]
"""Returns what the lights depend on; None while nobody can say."""

logger = logging.getLogger(__name__)


class Hardware:
    """What is wired to this machine, at work."""

    def __init__(self, config: Config, clock: Clock, source: WiredSource | None) -> None:
        self._config = config
        self._clock = clock
        self._source = source
        self._wiring = Wiring(config.inputs, secrets.token_hex(4), time.monotonic())
        self._panel = Panel(config.policy)
        self._pins: Pins | None = None
        self._problem = ""
        self._has_edge = asyncio.Event()

    def open(self) -> None:
        """Take the pins; what cannot be had is logged, with its remedy, and kept for health."""
        config, loop = self._config, asyncio.get_running_loop()
        for place, pin, use in reserved(config.inputs, config.outputs):
            logger.warning("%s: GPIO %d is used for %s", place, pin, use)

        def on_edge(pin: int, is_closed: bool, at: float) -> None:
            loop.call_soon_threadsafe(self._edge, pin, is_closed, at)

        try:
            self._pins = Pins(config.inputs, config.outputs, on_edge, make_factory())
        except PinsError as error:
            logger.error("what is wired to this machine is not in use: %s", error)  # noqa: TRY400  # the message says what to do
            self._problem = "no_library_or_chip"
            self._wiring.lost(entry.pin for entry in config.inputs)

    def close(self) -> None:
        """Give the pins back; lights and buzzer go off."""
        if self._pins is not None:
            self._pins.close()

    def work(self, ask: Ask) -> Work:
        """Return what runs for the gateway's life."""
        work: Work = {}
        if self._pins is not None and self._config.inputs:
            work["inputs"] = self._watch(self._pins)
        if self._pins is not None and self._config.outputs:
            work["lights"] = self._light(self._pins)
            work["what the lights show"] = self._learn(ask)
        return work

    def state(self) -> Wired:
        """Return what health says of it."""
        failed = ", ".join(f"GPIO {pin}" for pin in self._pins.problems) if self._pins else ""
        return Wired(self._problem or failed, self._wiring.has_mains, self._wiring.on_battery_since)

    # ---- inputs ----

    async def _watch(self, pins: Pins) -> None:
        next_look = 0.0
        while True:
            self._has_edge.clear()
            now = time.monotonic()
            if now >= next_look:
                next_look = now + LOOK_EVERY_S
                for pin, is_closed in pins.levels():
                    self._wiring.see(pin, is_closed, now)
                self._wiring.lost(pins.problems)
            self._advance(now)
            due_at = min(next_look, self._wiring.due_at() or next_look)
            try:
                async with asyncio.timeout(max(0.0, due_at - time.monotonic())):
                    await self._has_edge.wait()
            except TimeoutError:
                pass

    def _edge(self, pin: int, is_closed: bool, at: float) -> None:
        self._wiring.see(pin, is_closed, at)
        self._has_edge.set()

    def _advance(self, now: float) -> None:
        wall = Moment(self._clock.timestamp(), self._clock.is_trusted())
        said, presses = self._wiring.advance(Now(now, wall))
        if said and self._source is not None:
            self._source.put(said)
        for press in presses:
            if press is Press.PRESSED:
                self._panel.silence()
                logger.info("the button was pressed: the buzzer is silent for what waits now")
            else:
                self._panel.test(now)
                logger.info("the button was held: lights and buzzer are tested")

    # ---- outputs ----

    async def _light(self, pins: Pins) -> None:
        outputs = self._config.outputs
        while True:
            now, wall = time.monotonic(), self._clock.now()
            pins.show(
                {each.pin: self._panel.pattern(each, now, wall).is_on(now) for each in outputs}
            )
            await asyncio.sleep(STEP_S)

    async def _learn(self, ask: Ask) -> None:
        has_failed = False
        while True:
            try:
                known = await ask()
            except Exception:
                # Whatever keeps the facts back, the lights say so themselves: they grow stale.
                if not has_failed:
                    logger.exception("the lights could not learn what to show")
                has_failed, known = True, None
            if known is not None:
                has_failed = False
                self._panel.learn(known)
            await asyncio.sleep(LEARN_EVERY_S)


def start_hardware(
    stack: AsyncExitStack, clock: Clock, source: WiredSource | None, desk: Desk
) -> Work:
    """Take the pins, let health know of them, and return what is to run."""
    hardware = Hardware(desk.config, clock, source)
    stack.callback(hardware.close)
    hardware.open()
    desk.vitals.wired = hardware.state
    return hardware.work(partial(_ask, desk))


async def _ask(desk: Desk) -> Facts | None:
    """Ask health, and the engine on its own thread, what the lights are to show."""

    def incidents(_connection: Connection) -> tuple[Incident, ...] | None:
        state = desk.pipeline.state
        return None if state is None else tuple(state.incidents.values())

    known = await desk.writer.run_turn(incidents)
    return None if known is None else facts(time.monotonic(), assess(desk.facts()).is_well, known)
