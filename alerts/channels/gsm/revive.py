"""What to do with a modem that is of no use: each step harsher than the last, none too often.

Pure: the caller says when an opening of the port failed, and is told what to do before the next.
"""

from __future__ import annotations

from enum import StrEnum

RESTART_EVERY_S = 300.0
POWER_CYCLE_EVERY_S = 600.0
SETTLING_S = 30.0
"""A modem that was restarted is given so long to come up before a harsher step."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
_SILENT = ("no_answer", "driver_failed")
_AFTER, _LATER = (2, 3), (5, 7)
"""How many openings fail before a restart and a power cycle. A modem that speaks, or whose port is
gone, gets half a minute and two: a SIM may be busy for so long, and a stick be changed."""

PORT_ABSENT = "port_absent"
_BEYOND_US = ("port_busy", "sim_pin", "sim_wants", "starting", "stopped")
"""Reasons that no restart removes: another program's, or a person's to remove."""


class Step(StrEnum):
    """One way to wake a modem."""

    REOPEN = "reopen"
    RESTART = "restart"  # AT+CFUN=1,1
    POWER_CYCLE = "power_cycle"  # a relay or GPIO, where there is one


class Revival:
    """Counts failures since the modem last worked. Times are monotonic seconds."""

    def __init__(self, *, can_power_cycle: bool = True) -> None:
        self._can_power_cycle = can_power_cycle
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

    def next_step(self, now: float, reason: str = "no_answer") -> Step:
        """Return the harshest step that is due, and can help against `reason`."""
        if reason.startswith(_BEYOND_US) or not self._has_settled(now):
            return Step.REOPEN
        restart_after, power_cycle_after = _AFTER if reason in _SILENT else _LATER
        if (
            self._can_power_cycle
            and self._failures >= power_cycle_after
            and _is_due(self._power_cycled_at, now, POWER_CYCLE_EVERY_S)
        ):
            self._power_cycled_at = now
            return Step.POWER_CYCLE
        if (
            reason != PORT_ABSENT
            and self._failures >= restart_after
            and _is_due(self._restarted_at, now, RESTART_EVERY_S)
        ):
            self._restarted_at = now
            return Step.RESTART
        return Step.REOPEN

    def _has_settled(self, now: float) -> bool:
        return all(
            _is_due(at, now, SETTLING_S) for at in (self._restarted_at, self._power_cycled_at)
        )


def _is_due(last: float | None, now: float, every_s: float) -> bool:
    return last is None or now - last >= every_s
