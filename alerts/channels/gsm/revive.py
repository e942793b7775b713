"""What to do with a modem that does not answer: each step harsher than the last, none too often.

Pure: the caller says when an opening of the port failed, and is told what to do before the next.
"""

from __future__ import annotations

from enum import StrEnum

RESTART_EVERY_S = 300.0
POWER_CYCLE_EVERY_S = 600.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0


class Step(StrEnum):
    """One way to wake a modem."""

    REOPEN = "reopen"
    RESTART = "restart"  # AT+CFUN=1,1
    POWER_CYCLE = "power_cycle"  # a relay or GPIO, where there is one


class Revival:
    """Counts failures since the modem last worked. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._restarted_at: float | None = None
        self._power_cycled_at: float | None = None

    def worked(self) -> None:
        """Begin anew: the modem was set up."""
        self._failures = 0

    def failed(self) -> float:
        """Count a failure; return the pause before the next try, 1 s doubling to 60 s."""
        pause_s = min(FIRST_PAUSE_S * 2.0 ** min(self._failures, 10), LONGEST_PAUSE_S)
        self._failures += 1
        return pause_s

    def next_step(self, now: float) -> Step:
        """Return the harshest step that is due after so many failures."""
        if self._failures >= 3 and _is_due(self._power_cycled_at, now, POWER_CYCLE_EVERY_S):
            self._power_cycled_at = now
            return Step.POWER_CYCLE
        if self._failures >= 2 and _is_due(self._restarted_at, now, RESTART_EVERY_S):
            self._restarted_at = now
            return Step.RESTART
        return Step.REOPEN


def _is_due(last: float | None, now: float, every_s: float) -> bool:
    return last is None or now - last >= every_s
