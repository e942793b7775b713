"""From decisions to people and back: the channels, the dispatcher and the inbox, put together."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial

from sqlalchemy import Connection

from alerts import escalation
from alerts.channels.base import Channel
from alerts.dispatch import Delivery, Dispatcher
from alerts.model import IncidentId
from alerts.outbox import Claim
from gateway.channels import make_channels
from gateway.clock import Clock
from gateway.deciding import Deciding
from gateway.ground import Ground
from gateway.inbox import Inbox
from gateway.pipeline import Pipeline


async def start_telling(
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
