"""From the wire to decisions: broker, intake, journal, engine and timers, on the writer thread."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from alerts.state import Voice
from devices import registry
from devices.decode import decode
from gateway.config import Config, read_secret
from gateway.draws import SecretDraws
from gateway.ground import Ground
from gateway.hardware.local import WiredSource
from gateway.intake import Intake
from gateway.keeping import Keeping, Limits, free_bytes
from gateway.mqtt import Broker, MqttSource, trusting
from gateway.pipeline import Pipeline, Surroundings
from gateway.release.escrow import Escrow
from gateway.release.pump import ReleasePump
from gateway.release.releasing import Releasing
from gateway.timers import Timers
from gateway.writer import Pump, Writer

if TYPE_CHECKING:
    from gateway.export.sampling import HomeSampling

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deciding:
    """From the wire to decisions: all on the writer thread."""

    source: MqttSource
    intake: Intake
    pipeline: Pipeline
    keeping: Keeping
    writer: Writer
    has_notices: asyncio.Event
    wired: WiredSource | None = None
    releases: ReleasePump | None = None
    sampling: HomeSampling | None = None

    def counts(self) -> dict[str, int]:
        """Return the running totals of all parts, by name."""
        reasons = {f"reason_{each}": count for each, count in self.pipeline.counts.items()}
        passed_over = {"records_passed_over": self.pipeline.records_passed_over}
        kept = {**self.keeping.counts, **(self.releases.counts if self.releases else {})}
        kept |= self.sampling.counts if self.sampling else {}
        return {**self.source.counts, **self.intake.counts, **kept, **reasons, **passed_over}


async def start_deciding(stack: AsyncExitStack, ground: Ground) -> Deciding:
    """Start the writer thread: broker, intake, journal, engine, timers."""
    config, clock = ground.config, ground.clock
    known = registry.standard(ground.register.settings, config.zigbee2mqtt.bases)
    read_message = partial(decode, registry=known)
    has_notices = asyncio.Event()
    pipeline = Pipeline(
        Surroundings(
            load_registered=ground.register.load,
            decode=read_message,
            sealer=ground.keys,
            draws=SecretDraws(),
            policy=config.policy,
            on_notices=ground.soon(has_notices.set),
            voice=Voice(config.gateway.language, config.gateway.name),
        )
    )
    source = MqttSource(_broker(config), known.subscriptions())
    wired = WiredSource() if config.inputs else None
    if wired is not None:
        stack.callback(wired.close)
    intake = Intake(
        source,
        pipeline,
        read_message,
        clock.now,
        group_rows=config.journal.group_rows,
        group_ms=config.journal.group_ms,
        beside=wired,
    )
    timers = Timers(pipeline, clock, lambda: source.is_connected)
    keeping = Keeping(
        _limits(config), clock.now, clock.is_trusted, partial(free_bytes, config.data_dir)
    )
    releases = _releases(ground, pipeline)
    sampling = _sampling(ground, pipeline)
    pumps: list[Pump] = [intake, timers, keeping, releases]
    if sampling is not None:
        pumps.append(sampling)
    writer = Writer(ground.database, *pumps, on_failure=ground.soon(ground.fail))
    started = writer.start()
    stack.callback(writer.close)
    await asyncio.wrap_future(started)
    return Deciding(
        source, intake, pipeline, keeping, writer, has_notices, wired, releases, sampling
    )


def reload(ground: Ground, deciding: Deciding) -> None:
    """Read the homes file again."""

    def take_in_and_rebuild(connection: Connection) -> None:
        with connection.begin():
            ground.register.take_in(connection)
        deciding.pipeline.reload(connection, ground.clock.now())
        logger.info("the homes file was read again")

    deciding.writer.turn(take_in_and_rebuild)


def _broker(config: Config) -> Broker:
    mqtt = config.mqtt
    return Broker(
        host=mqtt.host,
        port=mqtt.port,
        client_id=config.client_id,
        username=mqtt.username,
        password=read_secret(config.path(mqtt.password_file)) if mqtt.password_file else "",
        tls=trusting(config.path(mqtt.ca_file)) if mqtt.ca_file else None,
        speaks_mqtt5=mqtt.version == "5",
    )


def _releases(ground: Ground, pipeline: Pipeline) -> ReleasePump:
    config, clock = ground.config, ground.clock

    def released() -> None:
        for told in ground.register.on_loaded:
            told()

    releasing = Releasing(
        pipeline=pipeline,
        keys=ground.keys,
        escrow=Escrow(ground.keys),
        signing_key_file=config.signing_key_file,
        contest=timedelta(days=config.records.contest_days),
        timezone=config.policy.timezone,
        is_trusted=clock.is_trusted,
        on_released=released,
        farewells=ground.register.farewells,
    )
    return ReleasePump(releasing, clock.now, clock.is_trusted)


def _sampling(ground: Ground, pipeline: Pipeline) -> HomeSampling | None:
    """Make what looks at homes now and then; nothing is loaded where nothing is exported."""
    settings = ground.config.influx
    if not settings.url:
        return None
    from gateway.export.sampling import HomeSampling

    return HomeSampling(pipeline, settings.state_every_s, ground.clock.now)


def _limits(config: Config) -> Limits:
    return Limits(
        journal=timedelta(days=config.journal.keep_days),
        records=timedelta(days=config.records.keep_days),
        room_bytes=config.journal.free_mb * 2**20,
    )
