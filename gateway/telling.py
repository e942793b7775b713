"""From decisions to people and back: the channels, the dispatcher and the inbox, put together."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from alerts import escalation, ledger
from alerts.channels.base import Channel, Receive
from alerts.dispatch import Delivery, Dispatcher
from alerts.model import IncidentId, Severity
from alerts.outbox import Terms
from gateway import proofs
from gateway.assurance import costly, doubted_last, own_numbers
from gateway.channels import Receiver, make_channels
from gateway.clock import Clock
from gateway.config import Config
from gateway.deciding import Deciding
from gateway.ground import Ground
from gateway.inbox import Inbox
from gateway.pipeline import Pipeline

HERE_ALONE = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0", "::"})  # noqa: S104 - looked at
"""Hosts that name no machine to anybody else."""


class Telling(NamedTuple):
    """The channels, what serves them, and where what people and networks say comes in."""

    channels: list[Channel]
    dispatcher: Dispatcher
    receive: Receive


async def start_telling(stack: AsyncExitStack, ground: Ground, deciding: Deciding) -> Telling:
    """Open the channels, and settle what a former run left unsettled."""
    writer, pipeline, now = deciding.writer, deciding.pipeline, ground.clock.now
    go_on = partial(_go_on, pipeline, ground.clock)
    ours = own_numbers(ground.config)
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
        phone_digest=ground.phone_digest,
        own_numbers=ours,
        is_proof=lambda connection, item, at: proofs.take(connection, item, ours, at),
    )
    receiver = Receiver(inbox.receive, inbox.keep)
    channels = make_channels(ground.config, receiver, now, partial(_spent, ground))
    for channel in channels:
        await channel.open()
        stack.push_async_callback(channel.close)

    async def unreachable(incident: IncidentId | None) -> None:
        await writer.run_turn(lambda connection: go_on(connection, incident))

    delivery = Delivery(
        run=writer.run,
        call=writer.call,
        terms=_terms(ground, pipeline, channels),
        now=now,
        unreachable=unreachable,
        sent=ground.audience.sent,
        link=_link(ground.config),
        language=ground.config.gateway.language,
    )
    dispatcher = Dispatcher(channels, delivery)
    await dispatcher.recover()
    return Telling(channels, dispatcher, inbox.receive)


def _spent(ground: Ground, channel: str) -> list[tuple[float, int]]:
    """Return how long ago, in seconds, a channel was given how many parts within a day."""
    now = ground.clock.now()
    with ground.database.read() as connection:
        spent = ledger.spent_by(connection, channel, now - timedelta(days=1))
    return [((now - at).total_seconds(), parts) for at, parts in spent]


def _terms(ground: Ground, pipeline: Pipeline, channels: list[Channel]) -> Terms:
    """Return by which ways people are told here, and what may be spent on it."""
    config = ground.config
    return Terms(
        sealer=ground.keys,
        ways=doubted_last(ground.register.ways, pipeline),
        digest_of=ground.phone_digest,
        spending=config.spending,
        least={one.name: Severity[one.from_severity.upper()] for one in config.channels},
        costly=costly(config),
        outside=frozenset(each.name for each in channels if each.is_outside),
        timezone=config.policy.timezone,
    )


def _link(config: Config) -> str:
    """Return where the team sees more; "" where nobody but this machine could follow it."""
    is_here_alone = config.web.host in HERE_ALONE
    return config.web.public_url or ("" if is_here_alone else config.base_url)


def _go_on(
    pipeline: Pipeline, clock: Clock, connection: Connection, incident: IncidentId | None
) -> None:
    """Take the incident's next step now: somebody who was to be told cannot be reached."""
    pipeline.run(connection, lambda turn: escalation.unreachable(turn, incident), clock.now())
