"""What shall happen when: the simulated modem's only idea of time.

Nothing in the modem or the network waits or asks for the time; they put acts on the agenda, and
whoever owns the clock (a pty loop, or a test) advances it.
"""

import heapq
from collections.abc import Callable
from itertools import count


class Agenda:
    """Acts in the order of their instants; those of one instant in the order they were added."""

    def __init__(self, now_s: float = 0.0) -> None:
        self.now_s = now_s
        self._order = count()
        self._acts: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, delay_s: float, act: Callable[[], None]) -> None:
        """Let `act` happen `delay_s` seconds from now."""
        heapq.heappush(self._acts, (self.now_s + delay_s, next(self._order), act))

    @property
    def next_at_s(self) -> float | None:
        """The instant of the earliest act."""
        return self._acts[0][0] if self._acts else None

    def advance(self, now_s: float) -> None:
        """Let everything happen that is due by `now_s`, each act at its own instant."""
        while self._acts and self._acts[0][0] <= now_s:
            at_s, _, act = heapq.heappop(self._acts)
            self.now_s = max(self.now_s, at_s)
            act()
        self.now_s = max(self.now_s, now_s)
