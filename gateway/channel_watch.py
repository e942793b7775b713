"""A channel that stays down is told over the others, and that it is up again, by itself.

Only what lasts is told: a modem that starts anew is back within two minutes. What stands is in the
tables, so a gateway that starts again neither repeats nor forgets it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection

from alerts import silent_channel
from alerts.channels.base import Channel
from alerts.model import ConditionKind
from alerts.reason import Reason
from alerts.state import State, Turn
from gateway.pipeline import Pipeline
from gateway.writer import Writer

LOOK_EVERY_S = 5.0
UNPROVEN = "trying_again"
"""The reason of a channel that is up only so that its next text finds out whether it is."""

logger = logging.getLogger(__name__)


class Change(StrEnum):
    """What is to be told of a channel now."""

    NONE = "none"
    LOST = "lost"
    BACK = "back"


def judge(
    told: Reason | None, down_s: float | None, limit_s: float, *, can_be_proven: bool
) -> Change:
    """Compare how long a channel has been down (None: it is up) with what is told of it.

    One whose test text is missing is up, and comes back by a test text alone: unless none is sent
    over it any more.
    """
    if down_s is not None:
        return Change.LOST if told is None and down_s >= limit_s else Change.NONE
    if told is Reason.CHANNEL_GONE or (told is Reason.TEST_TEXT_MISSING and not can_be_proven):
        return Change.BACK
    return Change.NONE


@dataclass(slots=True)
class ChannelWatch:
    """Looks at each channel every few seconds. `elapsed` is a steady clock, in seconds."""

    channels: Sequence[Channel]
    proven: Collection[str]  # names of channels over which test texts are sent
    limit_s: float
    writer: Writer
    pipeline: Pipeline
    now: Callable[[], datetime]
    elapsed: Callable[[], float]
    _down_since: dict[str, float] = field(init=False, default_factory=dict)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except Exception:  # a full disk, or a defect: texts go out all the same
                logger.exception("what became of a channel could not be told")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Note which channels are down, and tell what has lasted."""
        for channel in self.channels:
            health = channel.health()
            if health.is_up and health.reason != UNPROVEN:
                self._down_since.pop(channel.name, None)
            else:
                self._down_since.setdefault(channel.name, self.elapsed())
        await self.writer.run_turn(self._tell)

    def _tell(self, connection: Connection) -> None:
        """On the thread that owns the state."""
        state = self.pipeline.state
        if state is None:
            return  # it is being rebuilt
        changes = self._changes(state)
        if changes:
            self.pipeline.run(connection, lambda turn: self._apply(turn, changes), self.now())

    def _changes(self, state: State) -> dict[str, Change]:
        """Return what is to be told, by channel; of one that was taken out, that it is over."""
        elapsed = self.elapsed()
        changes = dict.fromkeys(_told(state), Change.BACK)
        for channel in self.channels:
            name = channel.name
            since = self._down_since.get(name)
            changes[name] = judge(
                silent_channel.why_lost(state, name),
                None if since is None else elapsed - since,
                self.limit_s,
                can_be_proven=name in self.proven,
            )
        return {name: change for name, change in changes.items() if change is not Change.NONE}

    def _apply(self, turn: Turn, changes: dict[str, Change]) -> None:
        for name, change in changes.items():
            if change is Change.BACK:
                silent_channel.channel_back(turn, name)
            else:
                down_s = self.elapsed() - self._down_since.get(name, self.elapsed())
                since_at = turn.now - timedelta(seconds=down_s)
                silent_channel.channel_lost(turn, name, Reason.CHANNEL_GONE, since_at)


def _told(state: State) -> list[str]:
    """Return the channels of which it is told that they do not work."""
    return [
        key.subject.partition(":")[2]
        for key in state.conditions
        if key.kind is ConditionKind.CHANNEL_DOWN
    ]
