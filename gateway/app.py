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
from functools import partial
from socket import socket
from typing import Any

from alerts.budget import parts_for_all
from alerts.channels.base import Channel, Receive
from alerts.dispatch import Dispatcher
from gateway.assurance import assure, costly, make_trials, prices_fen, provable
from gateway.clock import Clock
from gateway.config import Config, read_secret
from gateway.deciding import Deciding, reload, start_deciding
from gateway.desk import Desk
from gateway.ground import Audience, Ground, lay_ground
from gateway.health import assess
from gateway.heartbeat import Heartbeat, get, notify_systemd
from gateway.homes.street import Street
from gateway.hooked import Hook, make_hooks
from gateway.serve import listen, serve_when_asked
from gateway.telling import start_telling
from gateway.together import Work, together
from gateway.trial import AskedTrials, Trials
from gateway.vitals import Vitals

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
        deciding = await start_deciding(stack, ground)
        channels, dispatcher, receive = await start_telling(stack, ground, deciding)
        trials = make_trials(ground, deciding)
        watch, proving = assure(ground, deciding, channels, trials)
        desk, heartbeat = _desk(ground, deciding, channels, trials)
        hooks = make_hooks(config)
        page = listening or listen(config.web.host, config.web.port)
        stack.callback(page.close)
        work: Work = {
            "wake": _wake(deciding.has_notices, dispatcher),
            **{f"send over {each.name}": dispatcher.serve(i) for i, each in enumerate(channels)},
            "sweep": dispatcher.sweep(),
            "channels": watch.run(),
            "proofs": proving.run(),
            "heartbeat": heartbeat.run(config.heartbeat.every_s),
            "web": serve_when_asked(partial(_load_web, desk, hooks, receive), page),
            "vitals": desk.vitals.run(),
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
    ground: Ground, deciding: Deciding, channels: list[Channel], trials: Trials
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
    )
    return desk, heartbeat


async def _wake(has_notices: asyncio.Event, dispatcher: Dispatcher) -> None:
    while True:
        await has_notices.wait()
        has_notices.clear()
        dispatcher.wake()


def _load_web(
    desk: Desk, hooks: Sequence[Hook], receive: Receive
) -> Callable[[socket], Awaitable[None]]:
    """Load the web server, now that somebody wants to see, or to push, something."""
    from gateway.web.app import create_app
    from gateway.web.hooks import Hooks
    from gateway.web.server import serve

    pushed = Hooks(hooks, receive, desk.vitals.pushes) if hooks else None
    return partial(serve, create_app(desk, desk, desk.config.web.host, pushed))
