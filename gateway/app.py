"""The gateway put together: every part made, started in order, and stopped in the other order.

Read `running` from top to bottom: it is the whole program. What it calls stands below it, in the
order of a message's way: from the wire to decisions, from decisions to people, to those who look.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from socket import socket
from typing import Any

from sqlalchemy import Connection

from alerts import escalation
from alerts.channels.base import Channel
from alerts.dispatch import Delivery, Dispatcher, Sent
from alerts.model import IncidentId
from alerts.outbox import Claim
from alerts.state import Voice
from devices import registry
from devices.decode import decode
from gateway.channels import make_channels
from gateway.clock import Clock
from gateway.config import Config, read_secret
from gateway.db import Database
from gateway.desk import Desk
from gateway.draws import SecretDraws
from gateway.health import assess
from gateway.heartbeat import Heartbeat, get, notify_systemd
from gateway.homes.street import Street
from gateway.inbox import Inbox, Received, salt_of
from gateway.intake import Intake
from gateway.keeping import Keeping, Limits, free_bytes
from gateway.mqtt import Broker, MqttSource, trusting
from gateway.pipeline import Pipeline, Surroundings
from gateway.privacy import KeyStore
from gateway.register import Register
from gateway.serve import listen, serve
from gateway.timers import Timers
from gateway.vitals import Vitals
from gateway.web.app import create_app
from gateway.writer import Writer

LOOK_EVERY_S = 1.0

Work = dict[str, Coroutine[Any, Any, None]]
"""What runs for the gateway's life on its event loop, by name."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Audience:
    """Whoever watches the gateway at work, such as a demo."""

    sent: Callable[[Sent], None] = lambda _: None
    received: Callable[[Received], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Ground:
    """What everything else stands on."""

    config: Config
    clock: Clock
    keys: KeyStore
    database: Database
    register: Register
    salt: bytes
    audience: Audience
    failed: asyncio.Future[None]

    def soon(self, callback: Callable[..., object]) -> Callable[..., None]:
        """Return `callback` for calling from any thread; it runs on the event loop."""
        loop = self.failed.get_loop()

        def call(*arguments: object) -> None:
            loop.call_soon_threadsafe(callback, *arguments)

        return call


@dataclass(frozen=True, slots=True)
class Deciding:
    """From the wire to decisions: all on the writer thread."""

    source: MqttSource
    intake: Intake
    pipeline: Pipeline
    keeping: Keeping
    writer: Writer
    has_notices: asyncio.Event

    def counts(self) -> dict[str, int]:
        """Return the running totals of all parts, by name."""
        reasons = {f"reason_{each}": count for each, count in self.pipeline.counts.items()}
        passed_over = {"records_passed_over": self.pipeline.records_passed_over}
        kept = self.keeping.counts
        return {**self.source.counts, **self.intake.counts, **kept, **reasons, **passed_over}


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that runs."""

    desk: Desk
    failed: asyncio.Future[None]  # done with an exception where the gateway cannot go on
    reload: Callable[[], None]  # reads the homes file again


@asynccontextmanager
async def running(
    config: Config,
    clock: Clock | None = None,
    *,
    street: Street | None = None,
    listening: socket | None = None,
    audience: Audience | None = None,
) -> AsyncIterator[Running]:
    """Run a gateway until the block ends.

    Raises:
        SettingsError, KeyStoreError, DatabaseError, PortTakenError: what is wrong and what to do.
    """
    async with AsyncExitStack() as stack:
        ground = await _lay_ground(stack, config, clock or Clock(), street, audience or Audience())
        deciding = await _start_deciding(stack, ground)
        channels, dispatcher = await _start_telling(stack, ground, deciding)
        desk, heartbeat = _desk(ground, deciding, channels)
        page = listening or listen(config.web.host, config.web.port)
        stack.callback(page.close)
        work: Work = {
            "wake": _wake(deciding.has_notices, dispatcher),
            **{f"send over {each.name}": dispatcher.serve(i) for i, each in enumerate(channels)},
            "sweep": dispatcher.sweep(),
            "heartbeat": heartbeat.run(config.heartbeat.every_s),
            "web": serve(create_app(desk, desk, config.web.host), page),
            "vitals": _look(desk.vitals),
        }
        await stack.enter_async_context(_together(work, ground.failed))
        notify_systemd("READY=1")
        stack.callback(notify_systemd, "STOPPING=1")
        yield Running(desk, ground.failed, partial(_reload, ground, deciding))


async def run(config: Config) -> int:
    """Run until SIGINT or SIGTERM; SIGHUP reads the homes file again. Return the exit status.

    Raises as `running` does.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    gc.disable()  # what a start builds stays: walking it again and again finds nothing
    async with running(config) as gateway:
        gc.freeze()
        gc.enable()
        loop.add_signal_handler(signal.SIGHUP, gateway.reload)
        logger.info("running; status page on %s:%d", config.web.host, config.web.port)
        stopped = asyncio.ensure_future(stop.wait())
        ends: list[asyncio.Future[Any]] = [stopped, gateway.failed]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if gateway.failed.done():
            logger.critical("a part failed; stopping, so that the service manager starts anew")
            return 1
    return 0


async def _lay_ground(
    stack: AsyncExitStack, config: Config, clock: Clock, street: Street | None, audience: Audience
) -> Ground:
    """Open keys and database, and take in what the homes file says."""
    keys = KeyStore.open(config.keys_file)
    database = Database(config.database_file)
    stack.callback(database.close)
    await asyncio.to_thread(database.migrate)
    register = Register(config, keys, clock.now, street)
    with database.writer() as connection, connection.begin():
        register.take_in(connection)
        register.load(connection)
        salt = salt_of(connection)
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    stack.callback(failed.cancel)
    return Ground(config, clock, keys, database, register, salt, audience, failed)


async def _start_deciding(stack: AsyncExitStack, ground: Ground) -> Deciding:
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
    intake = Intake(
        source,
        pipeline,
        read_message,
        clock.now,
        group_rows=config.journal.group_rows,
        group_ms=config.journal.group_ms,
    )
    timers = Timers(pipeline, clock, lambda: source.is_connected)
    keeping = Keeping(
        _limits(config), clock.now, clock.is_trusted, partial(free_bytes, config.data_dir)
    )
    fail = ground.soon(partial(_fail, ground.failed))
    writer = Writer(ground.database, intake, timers, keeping, on_failure=fail)
    started = writer.start()
    stack.callback(writer.close)
    await asyncio.wrap_future(started)
    return Deciding(source, intake, pipeline, keeping, writer, has_notices)


async def _start_telling(
    stack: AsyncExitStack, ground: Ground, deciding: Deciding
) -> tuple[list[Channel], Dispatcher]:
    """Open the channels, and settle what a former run left unsettled."""
    writer, pipeline, now = deciding.writer, deciding.pipeline, ground.clock.now
    go_on = partial(_go_on, pipeline, ground.clock)
    inbox = Inbox(
        call=writer.call,
        turn=writer.turn,
        reply=pipeline.reply,
        sealer=ground.keys,
        contacts=ground.register.contacts,
        unreachable=go_on,
        now=now,
        salt=ground.salt,
        received=ground.soon(ground.audience.received),
    )
    channels = make_channels(ground.config, inbox.receive, inbox.keep, now)
    for channel in channels:
        await channel.open()
        stack.push_async_callback(channel.close)

    async def unreachable(claim: Claim) -> None:
        await writer.run_turn(lambda connection: go_on(connection, claim.incident))

    sent, phones = ground.audience.sent, ground.register.phones
    delivery = Delivery(writer.run, ground.keys, phones, now, unreachable, sent)
    dispatcher = Dispatcher(channels, delivery)
    await dispatcher.recover()
    return channels, dispatcher


def _go_on(
    pipeline: Pipeline, clock: Clock, connection: Connection, incident: IncidentId | None
) -> None:
    """Take the incident's next step now: somebody who was to be told cannot be reached."""
    pipeline.run(connection, lambda turn: escalation.unreachable(turn, incident), clock.now())


def _desk(ground: Ground, deciding: Deciding, channels: list[Channel]) -> tuple[Desk, Heartbeat]:
    """Make what others look at, and the sign of life that depends on it."""
    now, url = ground.clock.now, ground.config.heartbeat.url or None
    heartbeat = Heartbeat(url, lambda: assess(vitals.facts()).is_well, now, get)
    vitals = Vitals(
        now=now,
        database=ground.database,
        source=deciding.source,
        intake=deciding.intake,
        pipeline=deciding.pipeline,
        channels=channels,
        is_trusted=ground.clock.is_trusted,
        counts=deciding.counts,
        homes_problem=lambda: ground.register.problem,
        shortened_at=lambda: deciding.keeping.shortened_at,
        heartbeat=heartbeat,
    )
    token = read_secret(ground.config.token_file)
    desk = Desk(
        config=ground.config,
        clock=ground.clock,
        keys=ground.keys,
        token=token,
        database=ground.database,
        writer=deciding.writer,
        pipeline=deciding.pipeline,
        vitals=vitals,
    )
    return desk, heartbeat


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


def _limits(config: Config) -> Limits:
    return Limits(
        journal=timedelta(days=config.journal.keep_days),
        records=timedelta(days=config.records.keep_days),
        room_bytes=config.journal.free_mb * 2**20,
    )


# ---- while it runs ----


async def _wake(has_notices: asyncio.Event, dispatcher: Dispatcher) -> None:
    while True:
        await has_notices.wait()
        has_notices.clear()
        dispatcher.wake()


async def _look(vitals: Vitals) -> None:
    while True:
        vitals.look()
        await asyncio.sleep(LOOK_EVERY_S)


def _reload(ground: Ground, deciding: Deciding) -> None:
    """Read the homes file again."""

    def take_in_and_rebuild(connection: Connection) -> None:
        with connection.begin():
            ground.register.take_in(connection)
        deciding.pipeline.reload(connection, ground.clock.now())
        logger.info("the homes file was read again")

    deciding.writer.turn(take_in_and_rebuild)


def _fail(failed: asyncio.Future[None], error: BaseException) -> None:
    if not failed.done():
        failed.set_exception(error)


@asynccontextmanager
async def _together(work: Work, failed: asyncio.Future[None]) -> AsyncIterator[None]:
    """Run all of it in the background; one that fails, fails the gateway."""

    async def watched(name: str, one: Coroutine[Any, Any, None]) -> None:
        try:
            await one
        except Exception as error:  # the edge of a task: whatever it is, the gateway must know
            logger.exception("%s failed", name)
            _fail(failed, error)

    tasks = [asyncio.create_task(watched(*each), name=each[0]) for each in work.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
