"""What happens when: callbacks by scenario second, same second in the order they were put there.

It knows no clock: the player waits for a second to come, a test doesn't.
"""

import heapq
from collections.abc import Callable
from itertools import count
from math import inf

Happening = Callable[[float], None]


class Timeline:
    """A heap of happenings; each is called with the second it was meant for."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Happening]] = []
        self._order = count()

    @property
    def next_s(self) -> float:
        """The second of the next happening, infinity where there is none."""
        return self._heap[0][0] if self._heap else inf

    def at(self, at_s: float, happening: Happening) -> None:
        """Put one happening at a second."""
        heapq.heappush(self._heap, (at_s, next(self._order), happening))

    def every(self, first_s: float, pause_s: Callable[[], float], happening: Happening) -> None:
        """Put a happening at a second, and again after each pause, for ever."""

        def again(now_s: float) -> None:
            happening(now_s)
            self.at(now_s + pause_s(), again)

        self.at(first_s, again)

    def run_until(self, until_s: float) -> None:
        """Call everything due up to and including a second, what it adds on the way too."""
        while self._heap and self._heap[0][0] <= until_s:
            at_s, _, happening = heapq.heappop(self._heap)
            happening(at_s)
