"""A crowd of homes under load: repeated states, heartbeats, and one opening for each home.

Half of the homes open their door, the others' seal breaks. After that the device only beats: one
home, one opening, and so one incident. Its neighbour device goes on repeating what it said.
"""

from __future__ import annotations

import random
import threading
from types import TracebackType
from typing import Self

from tests.fakes.fault_publisher import Device, Publisher
from tests.fakes.fault_street import door, seal


class Crowd:
    """Sends at `rate` messages a second until the block ends."""

    def __init__(
        self, publisher: Publisher, homes: int, *, rate: float, open_every_s: float, seed: int
    ) -> None:
        self.opened: list[int] = []
        """Homes that had their opening, in order."""
        self._publisher = publisher
        self._homes = homes
        self._pause_s = 1 / rate
        self._per_opening = max(1, round(open_every_s * rate))
        self._random = random.Random(seed)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="crowd")
        self._doors = [Device(door(home)) for home in range(homes)]
        self._seals = [Device(seal(home)) for home in range(homes)]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def is_open_everywhere(self) -> bool:
        """Whether every home had its opening."""
        return len(self.opened) == self._homes

    def _run(self) -> None:
        sent = 0
        while not self._stop.wait(self._pause_s):
            sent += 1
            if sent % self._per_opening == 0 and not self.is_open_everywhere:
                self._open(len(self.opened))
            else:
                self._repeat(self._random.randrange(self._homes))

    def _open(self, home: int) -> None:
        if home % 2:
            self._publisher.send(*self._seals[home].event("seal", "broken"))
        else:
            self._publisher.send(*self._doors[home].event("door", "open"))
        self.opened.append(home)

    def _repeat(self, home: int) -> None:
        is_door = self._random.random() < 0.5
        device = (self._doors if is_door else self._seals)[home]
        is_opened = home < len(self.opened) and is_door == (home % 2 == 0)
        if is_opened or self._random.random() < 0.5:
            self._publisher.send(*device.heartbeat())
        elif is_door:
            self._publisher.send(*device.event("door", "closed"))
        else:
            self._publisher.send(*device.event("seal", "applied"))
