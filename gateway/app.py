"""The gateway put together: every part made, started in order, and stopped in the other order.

Read `running` from top to bottom: it is the whole program.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from socket import socket
from typing import TYPE_CHECKING, Any, NamedTuple

from alerts.budget import parts_for_all
from alerts.channels.base import Channel, Receive
from alerts.dispatch import Dispatcher
from gateway.assurance import assure, costly, make_trials, prices_fen, provable
from gateway.audit.heads import Heads
from gateway.clock import Clock
from gateway.config import Config, read_secret
from gateway.deciding import Deciding, reload, start_deciding
from gateway.desk import Desk
from gateway.export.running import sample_vitals, start_export
from gateway.ground import Audience, Ground, lay_ground
from gateway.health import assess
from gateway.heartbeat import Heartbeat, get, notify_systemd
from gateway.homes.street import Street
from gateway.hooked import Hook, make_hooks
from gateway.installing.late import Late
from gateway.provisioning.service import Provisioning, open_accounts
from gateway.registry.imports import Imports
from gateway.registry.service import Registry
from gateway.reports.making import Making, plan_of
from gateway.reports.shelf import Shelf
from gateway.serve import listen, serve_when_asked
from gateway.telling import start_telling
from gateway.tls import Serving
from gateway.together import Work, together
from gateway.trial import AskedTrials, Trials
from gateway.vitals import Vitals

if TYPE_CHECKING:
    from gateway.export.exporter import Exporter

WALKS = (700, 10, 100)
"""Python's own, but everything there is is walked for cycles ten times more rarely. Messages and
decisions make none, and with 100,000 devices each such walk stops the gateway for 50 ms."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that runs."""

    desk: Desk
    failed: asyncio.Future[None]  # done with an exception where the gateway cannot go on
    reload: Callable[[], None]  # reads the homes file again


class Pushing(NamedTuple):
    """Who may push to this gateway, and what takes it in."""

    hooks: Sequence[Hook]
    receive: Receive


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
        ground = await lay_ground(stack, config, clock or Clock(), street, audience or Audience())
        await open_accounts(config, ground.database, ground.clock.now())
        deciding = await start_deciding(stack, ground)
        channels, dispatcher, receive = await start_telling(stack, ground, deciding)
        trials = make_trials(ground, deciding)
        watch, proving = assure(ground, deciding, channels, trials)
        exporter = await start_export(stack, ground, deciding)
        desk, heartbeat = _desk(ground, deciding, channels, trials, exporter)
        pushing = Pushing(make_hooks(config), receive)
        serving = Serving(config.tls_dir) if config.web.tls else None
        accounts = _accounts(ground, deciding, serving)
        imports = _imports(ground, deciding)
        stack.push_async_callback(imports.close)
        load_web = partial(_load_web, ground, desk, accounts, imports, deciding, serving, pushing)
        page = listening or listen(config.web.host, config.web.port)
        stack.callback(page.close)
        work: Work = {
            "wake": _wake(deciding.has_notices, dispatcher),
            **{f"send over {each.name}": dispatcher.serve(i) for i, each in enumerate(channels)},
            "sweep": dispatcher.sweep(),
            "channels": watch.run(),
            "proofs": proving.run(),
            "heartbeat": heartbeat.run(config.heartbeat.every_s),
            "web": serve_when_asked(load_web, page),
            "vitals": desk.vitals.run(),
            "broker accounts": accounts.run(),
            "audit heads": _heads(ground).run(),
            "late installings": _late(ground, deciding).run(),
            **sample_vitals(desk),
            "reports": _reports(ground, desk).run(),
            **_hardware(stack, ground, deciding, desk),
        }
        await stack.enter_async_context(together(work, ground.fail))
        notify_systemd("READY=1")
        stack.callback(notify_systemd, "STOPPING=1")
        yield Running(desk, ground.failed, partial(reload, ground, deciding))


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
        gc.set_threshold(*WALKS)
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


def _desk(
    ground: Ground,
    deciding: Deciding,
    channels: list[Channel],
    trials: Trials,
    exporter: Exporter | None,
) -> tuple[Desk, Heartbeat]:
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
        export=lambda: exporter.status() if exporter else None,
        unexported=deciding.keeping.unexported,
        heartbeat=heartbeat,
        proven=tuple(provable(ground.config)),
        parts_a_day=ground.config.spending.parts_per_day,
        parts_for_all=parts_for_all(ground.config.spending),
        costly=costly(ground.config),
        prices_fen=prices_fen(ground.config),
        timezone=ground.config.policy.timezone,
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
        trials=AskedTrials(trials, channels),
        phones=ground.register.phones,
        phone_digest=trials.digest,
        export=exporter,
    )
    return desk, heartbeat


def _heads(ground: Ground) -> Heads:
    """Make what writes down each day where the audit ends."""
    config = ground.config
    return Heads(
        config.audit_heads_file, ground.database.read, ground.clock.now, config.policy.timezone
    )


def _late(ground: Ground, deciding: Deciding) -> Late:
    """Make what tells of devices that were mounted and never came into service."""
    within = timedelta(seconds=ground.config.installing.within_s)
    return Late(deciding.writer, deciding.pipeline, within, ground.clock.now)


def _hardware(stack: AsyncExitStack, ground: Ground, deciding: Deciding, desk: Desk) -> Work:
    """Take what is wired to this machine; nothing is loaded where nothing is."""
    if not (ground.config.inputs or ground.config.outputs):
        return {}
    from gateway.hardware.running import start_hardware

    return start_hardware(stack, ground.clock, deciding.wired, desk)


async def _wake(has_notices: asyncio.Event, dispatcher: Dispatcher) -> None:
    while True:
        await has_notices.wait()
        has_notices.clear()
        dispatcher.wake()


def _accounts(ground: Ground, deciding: Deciding, serving: Serving | None) -> Provisioning:
    """Make what keeps the broker's accounts."""
    refresh = serving.refresh if serving else lambda: None
    return Provisioning(
        ground.config, ground.clock, ground.database, deciding.writer, ground.keys, refresh
    )


def _imports(ground: Ground, deciding: Deciding) -> Imports:
    """Make the registry, and what brings lists into it."""
    registry = Registry(
        ground.config,
        ground.clock,
        ground.keys,
        ground.database,
        deciding.writer,
        deciding.pipeline,
        ground.register,
    )
    ground.register.on_loaded.append(registry.index.invalidate)
    return Imports(registry)


def _load_web(
    ground: Ground,
    desk: Desk,
    accounts: Provisioning,
    imports: Imports,
    deciding: Deciding,
    serving: Serving | None,
    pushing: Pushing,
) -> Callable[[socket], Awaitable[None]]:
    """Load the web server, now that somebody wants to see, or to push, something."""
    from devices.decode import decode
    from devices.registry import standard
    from gateway.export.office import export_office
    from gateway.installing.office import InstallingOffice
    from gateway.release.hearing import releases_of
    from gateway.web.app import create_app
    from gateway.web.hooks import Hooks
    from gateway.web.server import serve

    releases = releases_of(desk, deciding.writer, deciding.releases) if deciding.releases else None
    known = standard(ground.register.settings, desk.config.zigbee2mqtt.bases)
    installing = InstallingOffice(imports.registry, desk, desk, partial(decode, registry=known))
    hooks = Hooks(*pushing, desk.vitals.pushes) if pushing.hooks else None
    host = desk.config.web.host
    exports = export_office(desk)
    app = create_app(desk, desk, host, accounts, imports, releases, installing, hooks, exports)
    return partial(serve, app, tls=serving.context if serving else None)


def _reports(ground: Ground, desk: Desk) -> Making:
    """Make what keeps the daily log and the weekly report."""
    shelf = Shelf(ground.config.reports_dir)
    return Making(desk, shelf, plan_of(ground.config), ground.clock.is_trusted)
