"""How long to wait before InfluxDB is tried again: longer each time, and never all at once."""

from __future__ import annotations

from collections.abc import Callable

from gateway.export.verdict import Answer, Verdict

FIRST_S, LONGEST_S = 1.0, 300.0
"""Pauses of an outage; each is twice the one before (ours)."""
WRONGLY_SET_S = 60.0
"""Where a person has to help: soon after they did, it goes on (ours)."""


class Backoff:
    """The pauses of one outage after the other."""

    def __init__(self, draw: Callable[[], float]) -> None:
        """`draw` returns a number from 0 to 1."""
        self._draw = draw
        self._next_s = FIRST_S

    def reset(self) -> None:
        """It works again."""
        self._next_s = FIRST_S

    def after(self, answer: Answer) -> float:
        """Return the seconds to wait; no shorter than the server asks, and 25% longer at most."""
        if answer.verdict in (Verdict.UNAUTHORIZED, Verdict.NOT_FOUND):
            pause_s = WRONGLY_SET_S
        else:
            pause_s = self._next_s
            self._next_s = min(LONGEST_S, self._next_s * 2)
        return max(pause_s, answer.retry_after_s or 0.0) * (1 + self._draw() / 4)
