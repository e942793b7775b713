"""A radio link: how strong, and how often a try to send is lost in the air."""

import random
from dataclasses import dataclass

EVENT_TRIES = 3
"""Tries that a device spends on an event; a heartbeat gets one, the next is due anyway."""


@dataclass(slots=True)
class Radio:
    """Signal around `rssi` dBm; `loss` is the chance (0 to 1) that one try is lost."""

    rng: random.Random
    rssi: int = -60
    loss: float = 0.0

    def reading(self) -> int:
        """Return the signal strength of this moment, in dBm."""
        return max(-120, min(-20, round(self.rng.gauss(self.rssi, 2.0))))

    def linkquality(self) -> int:
        """Return the same as a Zigbee hop's LQI, 0 to 254 (255 would mean unknown)."""
        return max(0, min(254, 255 + 2 * self.reading()))

    def carries(self, tries: int = 1) -> bool:
        """Return True where one of so many tries gets through."""
        return any(self.rng.random() >= self.loss for _ in range(tries))
