"""When a pump of the writer thread works next: a piece at a time, so that intake waits little."""

from __future__ import annotations

import time
from collections.abc import Callable


class Piecework:
    """Pauses between two pieces of work, and looks now and then whether there is any."""

    def __init__(
        self, pause_s: float, look_every_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._pause_s = pause_s
        self._look_every_s = look_every_s
        self._monotonic = monotonic
        self._next = 0.0

    def wait_s(self) -> float:
        """Return the seconds until the next piece; zero or less where it is due."""
        return self._next - self._monotonic()

    def go_on(self, has_more: bool) -> float:
        """Return the seconds until the next piece, after one that left more to do, or did not."""
        wait_s = self._pause_s if has_more else self._look_every_s
        self._next = self._monotonic() + wait_s
        return wait_s

    def hurry(self) -> None:
        """Let the next piece be due now."""
        self._next = 0.0
