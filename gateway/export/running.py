"""Export at work, in a thread of its own: whatever happens in there, the gateway goes on.

Nothing else of export is loaded, or kept, where `influx.url` is not set.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from gateway.export import progress
from gateway.ground import Ground
from gateway.together import Work
from gateway.writer import WriterStoppedError

if TYPE_CHECKING:
    from gateway.deciding import Deciding
    from gateway.desk import Desk
    from gateway.export.exporter import Exporter

BUSY_PER_S = 500
"""Messages a second from which on intake has the processor first (ours)."""
STOP_WITHIN_S = 1.0
"""A post that takes longer is left to itself: what it writes is written once more (ours)."""
AGAIN_AFTER_S = 5.0, 300.0
"""From a failure of our own to the next cycle: the first time, and at most (ours)."""

logger = logging.getLogger(__name__)


class Cycles(Protocol):
    """What is needed of `gateway.export.exporter.Exporter`."""

    woken: threading.Event
    failures: int

    def cycle(self, now: datetime) -> float: ...
    def forget(self) -> None: ...
    def save(self, now: datetime) -> None: ...
    def wake(self) -> None: ...
    def close(self) -> None: ...


class ExportThread:
    """The thread."""

    def __init__(
        self,
        exporter: Cycles,
        now: Callable[[], datetime],
        again_after_s: tuple[float, float] = AGAIN_AFTER_S,
    ) -> None:
        self._exporter = exporter
        self._now = now
        self._first_s, self._longest_s = again_after_s
        self._is_stopping = False
        # A daemon: no answer of InfluxDB's is worth a gateway that does not end.
        self._thread = threading.Thread(target=self._run, name="influx", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and save what was done. It takes a second at most."""
        self._is_stopping = True
        self._exporter.wake()
        self._thread.join(STOP_WITHIN_S)

    def _run(self) -> None:
        exporter, again_s = self._exporter, self._first_s
        try:
            while not self._is_stopping:
                exporter.woken.clear()
                try:
                    pause_s = exporter.cycle(self._now())
                    again_s = self._first_s
                except WriterStoppedError:
                    raise
                except Exception:
                    # The edge of the thread. A full disk, or a defect: alarms must go on in any
                    # case, and what was not saved is exported once more.
                    exporter.failures += 1
                    logger.exception("export failed; it begins again in %.0f s", again_s)
                    exporter.forget()
                    pause_s, again_s = again_s, min(self._longest_s, again_s * 2)
                if not self._is_stopping:
                    exporter.woken.wait(pause_s)
            exporter.save(self._now())
        except WriterStoppedError:
            logger.debug("the gateway ends; what was not saved is exported once more")
        finally:
            exporter.close()


class Traffic:
    """Says whether intake has so much to do that export is to step back."""

    def __init__(
        self,
        messages: Callable[[], int],
        is_behind: Callable[[], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`messages`: how many there were since the start."""
        self._messages = messages
        self._is_behind = is_behind
        self._monotonic = monotonic
        self._counted, self._at = messages(), monotonic()
        self._is_much = False

    def is_busy(self) -> bool:
        """Say whether there were many messages in the last second, or some wait."""
        counted, at = self._messages(), self._monotonic()
        if at - self._at >= 1:
            self._is_much = counted - self._counted > BUSY_PER_S * (at - self._at)
            self._counted, self._at = counted, at
        return self._is_much or self._is_behind()


async def start_export(
    stack: AsyncExitStack, ground: Ground, deciding: Deciding
) -> Exporter | None:
    """Export for the gateway's life, from the very first record; None where it is not wanted.

    Raises `SettingsError` for the token's file or the authority's.
    """
    now = ground.clock.now
    if not ground.config.influx.url:
        await deciding.writer.run(lambda connection: progress.end(connection, now()))
        return None
    exporter = _make(ground, deciding)
    await deciding.writer.run(lambda connection: progress.begin(connection, now()))
    ground.register.on_loaded.append(exporter.directory_changed)
    thread = ExportThread(exporter, now)
    stack.push_async_callback(asyncio.to_thread, thread.stop)
    thread.start()
    return exporter


def sample_vitals(desk: Desk) -> Work:
    """Return what looks at the gateway itself now and then; nothing where nothing is exported."""
    if not desk.config.influx.url:
        return {}
    from gateway.export.vital import VitalSampling

    every_s = desk.config.influx.vitals_every_s
    sampling = VitalSampling(
        desk.facts, desk.read, desk.writer, desk.database.path, desk.now, every_s
    )
    return {"samples of the gateway": sampling.run()}


def _make(ground: Ground, deciding: Deciding) -> Exporter:
    from devices.registry import standard
    from gateway.assurance import prices_fen
    from gateway.export.chores import Chores
    from gateway.export.exporter import Exporter, Means
    from gateway.export.forming import Former, Naming
    from gateway.export.preparing import kept
    from gateway.export.reaching import reach
    from gateway.export.shipping import Shipper

    config, intake, pipeline = ground.config, deciding.intake, deciding.pipeline
    name, every_s = config.gateway.name, config.influx.state_every_s
    naming = Naming(ground.keys, config.influx.home_names, name, prices_fen(config), every_s)
    influx = reach(config)
    traffic = Traffic(lambda: intake.counts["intake_messages"], lambda: pipeline.is_behind)
    database, writer, is_trusted = ground.database, deciding.writer, ground.clock.is_trusted
    means = Means(
        influx=influx,
        shipper=Shipper(influx, kept(config.influx)),
        former=Former(naming, standard({}, config.zigbee2mqtt.bases)),
        chores=Chores(influx, database, writer, is_trusted, every_s),
        database=database,
        writer=writer,
        keys=ground.keys,
        is_trusted=is_trusted,
        is_busy=traffic.is_busy,
    )
    return Exporter(means, ground.clock.now())
