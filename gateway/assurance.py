"""The watch over the channels and the daily proof, put together; and whose number is our own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection

from alerts import rota, route, silent_channel
from alerts.channels.base import Channel
from alerts.channels.gsm.numbers import normalise
from alerts.model import NoticeKind, Role
from alerts.reason import Reason
from alerts.state import Turn
from alerts.ways import Way, Ways
from gateway.channel_config import (
    AliyunChannel,
    ConsoleChannel,
    GsmChannel,
    ProviderConfig,
    PushChannel,
    TencentChannel,
)
from gateway.channel_watch import ChannelWatch
from gateway.config import Config
from gateway.deciding import Deciding
from gateway.ground import Ground
from gateway.homes.street import MAINTAINERS
from gateway.pipeline import Pipeline
from gateway.proving import Around, Proving
from gateway.sense import time_of_day
from gateway.trial import Trials


class Assurance(NamedTuple):
    """What sees to it that texts go out, and arrive."""

    watch: ChannelWatch
    proving: Proving


def make_trials(ground: Ground, deciding: Deciding) -> Trials:
    """Return what sends test texts."""
    voice = ground.config.gateway
    return Trials(
        run=deciding.writer.run,
        call=deciding.writer.call,
        sealer=ground.keys,
        digest=ground.phone_digest,
        now=ground.clock.now,
        gateway=voice.name,
        language=voice.language,
    )


def assure(
    ground: Ground, deciding: Deciding, channels: list[Channel], trials: Trials
) -> Assurance:
    """Watch these channels, and prove those that can be."""
    config, clock = ground.config, ground.clock
    numbers = provable(config)
    parts = _Parts(ground, deciding)
    watch = ChannelWatch(
        channels=channels,
        proven=numbers,
        limit_s=config.policy.supervision.channel_down_s,
        writer=deciding.writer,
        pipeline=deciding.pipeline,
        now=clock.now,
        elapsed=time.monotonic,
    )
    proving = Proving(
        channels=[channel for channel in channels if channel.name in numbers],
        own_numbers=numbers,
        at=time_of_day(config.proof.at or "00:00", "proof.at"),
        within_s=config.proof.within_s,
        timezone=config.policy.timezone,
        around=Around(
            run=deciding.writer.run,
            send=trials.send,
            lost=parts.lost,
            back=parts.back,
            maintainer=parts.maintainer,
            now=clock.now,
            elapsed=time.monotonic,
        ),
    )
    return Assurance(watch, proving)


def provable(config: Config) -> Mapping[str, str]:
    """Return the channels that send test texts, each with the number that is its own.

    "" stands where it has none: its test text goes to a maintainer, whose phone must confirm it. So
    a channel that is never told what became of a text proves nothing.
    """
    found: dict[str, str] = {}
    for one in config.channels if config.proof.at else ():
        if isinstance(one, GsmChannel):
            found[one.name] = normalise(one.own_number) if one.own_number else ""
        elif isinstance(one, TencentChannel | AliyunChannel) and is_told(one):
            found[one.name] = ""
    return found


def prices_fen(config: Config) -> dict[str, float]:
    """Return the price of one part by channel."""
    return {one.name: one.price_fen for one in config.channels}


def costly(config: Config) -> frozenset[str]:
    """Return the channels whose texts cost something, priced or not."""
    free = ConsoleChannel | PushChannel
    return frozenset(one.name for one in config.channels if not isinstance(one, free))


def doubted_last(ways: Ways, pipeline: Pipeline) -> Ways:
    """Return the same ways, those over channels of which it is told that they do not work last.

    One whose test text is missing says that it is well, and would be given every text first.
    """

    def of(contact: str) -> Sequence[Way]:
        state = pipeline.state
        found = ways(contact)
        if state is None:
            return found
        return sorted(
            found, key=lambda way: silent_channel.why_lost(state, way.channel) is not None
        )

    return of


def own_numbers(config: Config) -> frozenset[str]:
    """Return the numbers of our own SIMs."""
    return frozenset(
        normalise(one.own_number)
        for one in config.channels
        if isinstance(one, GsmChannel) and one.own_number
    )


def is_told(one: ProviderConfig) -> bool:
    """Say whether a provider tells us what became of a test text, and has one approved."""
    return bool(one.hook_secret_file) and NoticeKind.TEST in one.templates


class _Parts:
    """What proving asks of the engine, on the thread that owns its state."""

    def __init__(self, ground: Ground, deciding: Deciding) -> None:
        self._ground = ground
        self._pipeline, self._writer = deciding.pipeline, deciding.writer

    async def lost(self, channel: str, since_at: datetime) -> None:
        """Tell that a test text did not arrive."""
        why = Reason.TEST_TEXT_MISSING
        await self._run(lambda turn: silent_channel.channel_lost(turn, channel, why, since_at))

    async def back(self, channel: str) -> None:
        """Learn that test texts arrive again."""
        await self._run(partial(arrives_again, channel))

    async def maintainer(self) -> str | None:
        """Return the phone of the maintainer on call; None where there is none."""
        now, timezone = self._ground.clock.now(), self._ground.config.policy.timezone

        def on_call(_connection: Connection) -> str | None:
            state = self._pipeline.state
            team = None if state is None else state.teams.get(MAINTAINERS)
            if team is None:
                return None
            targets = route.answering(team, Role.MAINTAINER, rota.local(now, timezone))
            phones = [self._ground.register.phones(each.contact.id) for each in targets]
            return next((each[0] for each in phones if each), None)

        return await self._writer.run_turn(on_call)

    async def _run(self, work: Callable[[Turn], None]) -> None:
        now = self._ground.clock.now()
        await self._writer.run_turn(lambda connection: self._pipeline.run(connection, work, now))


def arrives_again(channel: str, turn: Turn) -> None:
    """Learn that test texts arrive over a channel; that it is up is not theirs to say."""
    if silent_channel.why_lost(turn.state, channel) is Reason.TEST_TEXT_MISSING:
        silent_channel.channel_back(turn, channel)
