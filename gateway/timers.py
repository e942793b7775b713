"""Time on the writer thread: what is due, a clock that stepped, a broker that is gone.

It sleeps until the next thing is due; nothing is looked at more often than once a second.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from selectors import BaseSelector
from typing import Protocol

from sqlalchemy import Connection

from gateway import cursor
from gateway.pipeline import Pipeline

LOOK_EVERY_S = 1.0
NOTE_TIME_EVERY = timedelta(minutes=1)
"""How old the last time that we know of may be, where nothing else is saved."""
LOST_AFTER_S = 2.0
"""A broker that is back within this was never gone: a reconnect is no news."""
RETRY_S = 1.0

logger = logging.getLogger(__name__)


class Step(Protocol):
    """The wall clock jumped."""

    @property
    def by(self) -> timedelta:
        """How far; positive is forward."""
        ...


class Clock(Protocol):
    """`gateway.clock.Clock`, or a fake."""

    def now(self) -> datetime: ...
    def follow(self) -> Step | None: ...
    def resume_after(self, last_at: datetime | None) -> Step | None: ...
    def is_trusted(self) -> bool: ...


class Timers:
    """The pump that runs the engine for time alone."""

    def __init__(
        self,
        pipeline: Pipeline,
        clock: Clock,
        is_connected: Callable[[], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._is_connected = is_connected
        self._monotonic = monotonic
        self._next_look = 0.0
        self._not_before = 0.0
        self._gone_since: float | None = None
        self._is_lost = False
        self._noted_at: datetime | None = None

    def start(self, connection: Connection, selector: BaseSelector) -> None:  # noqa: ARG002
        """Take over a clock that went back while we were off. The pipeline has started before."""
        with connection.begin():
            last_alive_at = cursor.last_moved_at(connection)
        step = self._clock.resume_after(last_alive_at)
        if step is not None:
            logger.warning("the clock went back by %s while the gateway was off", -step.by)
            self._pipeline.shift(connection, step.by, self._clock.now())
        self._pipeline.trust_clock(self._clock.is_trusted())
        state = self._pipeline.state
        self._is_lost = state is not None and state.intake_lost_at is not None

    def pump(self, connection: Connection) -> float:
        """Do what is due; return the seconds until the next thing is."""
        started = self._monotonic()
        if started < self._not_before:
            return self._not_before - started
        try:
            if started >= self._next_look:
                self._next_look = started + LOOK_EVERY_S
                self._look(connection)
            now = self._clock.now()
            due_at = self._pipeline.next_at()
            if due_at is not None and due_at <= now and not self._pipeline.is_behind:
                self._pipeline.tick(connection, now)
                due_at = self._pipeline.next_at()
        except Exception:
            # A full disk, or a defect: time goes on, and what is due is tried again.
            logger.exception("what is due could not be decided or saved")
            self._not_before = started + RETRY_S
            return RETRY_S
        until_look = self._next_look - self._monotonic()
        until_due = (due_at - now).total_seconds() if due_at is not None else until_look
        return max(0.001, min(until_look, until_due))

    def stop(self, connection: Connection) -> None:
        """Nothing: whatever was set stands in the tables."""

    def _look(self, connection: Connection) -> None:
        step = self._clock.follow()
        now = self._clock.now()
        if step is not None:
            logger.warning("the clock stepped by %s", step.by)
            self._pipeline.shift(connection, step.by, now)
        self._pipeline.trust_clock(self._clock.is_trusted())
        self._look_at_broker(connection, now)
        self._pipeline.save_cursor(connection, now)
        if self._noted_at is None or abs(now - self._noted_at) >= NOTE_TIME_EVERY:
            self._pipeline.note_time(connection, now)
            self._noted_at = now

    def _look_at_broker(self, connection: Connection, now: datetime) -> None:
        if self._is_connected():
            self._gone_since = None
            if self._is_lost:
                self._pipeline.intake_back(connection, now)
                self._is_lost = False
            return
        if self._gone_since is None:
            self._gone_since = self._monotonic()
        if not self._is_lost and self._monotonic() - self._gone_since >= LOST_AFTER_S:
            self._pipeline.intake_lost(connection, now)
            self._is_lost = True
