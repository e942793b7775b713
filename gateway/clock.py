"""The gateway's clock: runs steadily, follows the wall, and says when the wall stepped.

Timers must not fire, and nobody be released, because a Pi without a battery-backed clock learnt the
date late. So `now` goes on from the wall time at start by the monotonic clock; small differences
are followed, a larger one is a *step*: it is reported once, and whoever holds due times moves them.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

FOLLOWED_S = 2.0
"""Differences up to this are followed silently; NTP slews at most 0.5 ms a second (ours)."""
DISTRUSTED_STEP = timedelta(hours=1)
"""A step over this makes the clock untrusted ..."""
DISTRUSTED_FOR = timedelta(hours=24)
"""... for this long after it. Orders end, and data is deleted, on a trusted clock only."""

_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


@dataclass(frozen=True, slots=True)
class Step:
    """The wall clock jumped."""

    by: timedelta  # positive: forward
    at: datetime  # the wall time after it


class Clock:
    """Aware UTC time for every decision. `rate` above 1 makes a demo's hours pass in minutes."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        rate: float = 1.0,
        starts_at: float | None = None,
    ) -> None:
        self._wall = wall if rate == 1.0 and starts_at is None else None
        self._monotonic = monotonic
        self._rate = rate
        self._anchor = wall() if starts_at is None else starts_at
        self._since = monotonic()
        self.last_large_step_at: datetime | None = None

    def timestamp(self) -> float:
        """Return seconds since 1970, UTC."""
        return self._anchor + (self._monotonic() - self._since) * self._rate

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        return datetime.fromtimestamp(self.timestamp(), UTC)

    def follow(self) -> Step | None:
        """Compare with the wall: follow a small difference, report and take over a step.

        Call it about once a second, from the one thread that decides.
        """
        if self._wall is None:
            return None
        steady, wall = self.timestamp(), self._wall()
        self._anchor += wall - steady
        if abs(wall - steady) <= FOLLOWED_S:
            return None
        step = Step(timedelta(seconds=wall - steady), datetime.fromtimestamp(wall, UTC))
        self._note(step)
        return step

    def resume_after(self, last_at: datetime | None) -> Step | None:
        """Say whether the wall went back while we were off; `last_at` is the last time we knew.

        A clock that went *forward* cannot be told from a gateway that was off, so nothing is said.
        """
        if last_at is None:
            return None
        by = self.now() - last_at
        if by >= -timedelta(seconds=FOLLOWED_S):
            return None
        step = Step(by, self.now())
        self._note(step)
        return step

    def is_trusted(self) -> bool:
        """Say whether orders may end and data be deleted by this clock."""
        if self._wall is None:
            return True  # a demo's clock is set by the demo
        if self.last_large_step_at and self.now() - self.last_large_step_at < DISTRUSTED_FOR:
            return False
        return is_synchronised()

    def _note(self, step: Step) -> None:
        if abs(step.by) > DISTRUSTED_STEP:
            self.last_large_step_at = step.at


class _Timex(ctypes.Structure):
    """`struct timex`, of which only the call's return value is used; 208 bytes on 64-bit Linux."""

    _fields_ = (("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 252))


def is_synchronised() -> bool:
    """Ask the kernel whether something (NTP, an RTC daemon) keeps its clock right."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return False
    state = int(adjtimex(ctypes.byref(_Timex())))
    return 0 <= state != _TIME_ERROR
