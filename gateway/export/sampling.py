"""Looks at every home every few minutes, a slice at a time, and keeps what it saw as samples.

On the writer thread, which it never holds for long. A timeline of any hour so has a state of every
door in it, and unknown time is counted whoever was off: each sample counts from the one before.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from selectors import BaseSelector
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from alerts.model import WatchId
from alerts.state import State
from alerts.tables import micros
from gateway.db import overwriting
from gateway.export import erasures, moment, samples
from gateway.export.counting import Counting
from gateway.homes.look import watches_with_incidents
from gateway.piecework import Piecework

SLICE: Final = 100
"""Homes looked at in one piece of work: 4 ms (measured on a PC)."""
DEVICES: Final = 1000
"""Devices among which those of no home are looked for in one piece of work: below 1 ms."""
PAUSE_S: Final = 0.05
"""Between two slices, for intake."""
LOOK_EVERY_S: Final = 1.0
TAKE_OUT_EVERY_S: Final = 10.0
TAKE_OUT_ROWS: Final = 10
"""Samples from which released homes are taken in one piece of work: 2 ms."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Looked(Protocol):
    """What it needs of the pipeline."""

    @property
    def state(self) -> State | None: ...
    @property
    def is_behind(self) -> bool: ...


@dataclass(slots=True)
class _Taking:
    """A sample that is being taken."""

    counting: Counting
    is_between: bool
    watches: list[WatchId]  # that are to be looked at, in order ...
    devices: list[str]  # ... and those among which some hang at no home

    @property
    def is_done(self) -> bool:
        return not (self.watches or self.devices)


class HomeSampling:
    """The pump that takes samples of homes."""

    def __init__(
        self,
        pipeline: Looked,
        every_s: int,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pipeline = pipeline
        self._every = every_s * 1_000_000
        self._now = now
        self._work = Piecework(PAUSE_S, LOOK_EVERY_S, monotonic)
        self._taking: _Taking | None = None
        self._last: int | None = None  # the multiple that was sampled last, or passed at the start
        self._was_deaf = False
        self._taking_out = _TakingOut(monotonic)
        self.counts = {"home_samples": 0}

    def start(self, connection: Connection, selector: BaseSelector) -> None:
        """Nothing: the first sample comes by itself."""

    def pump(self, connection: Connection) -> float:
        """Take a slice where one is due; return the seconds until the next look."""
        if (wait_s := self._work.wait_s()) > 0:
            return wait_s
        try:
            has_more = self._piece(connection)
        except DBAPIError as error:
            # A disk that is full or gone: intake says so, and the next sample counts from the last.
            logger.warning("a sample could not be kept: %s", error.orig)
            self._taking, has_more = None, False
        return self._work.go_on(has_more)

    def stop(self, connection: Connection) -> None:
        """Nothing: what was taken is kept."""

    # ---- when ----

    def _piece(self, connection: Connection) -> bool:
        """Do one piece of work; say whether there is more."""
        state = self._pipeline.state
        if state is None or self._pipeline.is_behind:
            return False  # what it knows is of then, not of now
        if self._taking is None:
            self._taking = self._due(connection, state)
        if self._taking is None:
            return self._taking_out.piece(connection)
        self._take(connection, state, self._taking)
        if self._taking.is_done:
            self._taking = None
        return self._taking is not None

    def _due(self, connection: Connection, state: State) -> _Taking | None:
        """Begin a sample if it is time: at the start, when we hear again, on each multiple."""
        is_back = self._was_deaf and state.intake_lost_at is None
        self._was_deaf = state.intake_lost_at is not None
        now = micros(self._now())
        multiple = now - now % self._every
        is_first, is_whole = self._last is None, self._last not in (None, multiple)
        self._last = multiple
        if not (is_first or is_back or is_whole):
            return None
        at = multiple if is_whole else now
        with connection.begin():
            counting = Counting.begin(connection, at, self._every)
        return _Taking(counting, not is_whole, sorted(state.watches), list(state.devices))

    # ---- what ----

    def _take(self, connection: Connection, state: State, taking: _Taking) -> None:
        """Look at the next homes, and the next devices."""
        watches, taking.watches = taking.watches[:SLICE], taking.watches[SLICE:]
        devices, taking.devices = taking.devices[:DEVICES], taking.devices[DEVICES:]
        now, counting = self._now(), taking.counting
        concerned = watches_with_incidents(state)
        with connection.begin():
            unknown = counting.of_homes(connection, watches)
            homes = tuple(
                moment.home(state, each, each.id in concerned, now, unknown[each.id])
                for each in _known(state.watches, watches)
            )
            elsewhere = tuple(
                moment.device(state, each, now)
                for each in _known(state.devices, devices)
                if each.info.watch is None
            )
            if homes or elsewhere:
                looked_at = micros(now)
                taken = samples.Homes(counting.at, looked_at, taking.is_between, homes, elsewhere)
                samples.append(connection, taken)
            if not taking.is_between:
                counting.note(connection, watches[-1] if taking.watches else None)
        self.counts["home_samples"] += len(homes)


class _TakingOut:
    """Takes released homes out of the samples that wait, while InfluxDB is away."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._next = 0.0
        self._done: set[str] = set()
        self._gone: set[str] = set()  # being taken out ...
        self._after = 0  # ... of the samples after this one

    def piece(self, connection: Connection) -> bool:
        """Do one piece of work; say whether there is more."""
        if not self._gone:
            if self._monotonic() < self._next:
                return False
            self._next = self._monotonic() + TAKE_OUT_EVERY_S
            with connection.begin():
                released = set(erasures.released(connection))
            self._done &= released
            self._gone, self._after = released - self._done, 0
            return bool(self._gone)
        with overwriting(connection), connection.begin():
            after = samples.take_out(connection, self._gone, self._after, TAKE_OUT_ROWS)
        if after is None:
            self._done |= self._gone
            self._gone = set()
        else:
            self._after = after
        return True


def _known(found: Mapping[str, T], names: Iterable[str]) -> Iterator[T]:
    """Return those that are still there."""
    return (found[name] for name in names if name in found)
