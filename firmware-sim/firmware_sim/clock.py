"""Two clocks: the street's, which may run faster than ours, and each device's, which may be wrong.

Every time in a scenario is in seconds since its own second 0. The street's clock turns those into
waiting; a device's clock turns them into what the device writes in `at`.
"""

import asyncio
import time
from dataclasses import dataclass
from enum import StrEnum

DAY_S = 86_400.0


class Trust(StrEnum):
    """How a device's clock is, and so what it says of itself."""

    SYNCED = "synced"
    FREE = "free"
    UNKNOWN = "unknown"
    EPOCH_1970 = "1970"
    LOCAL_TIME = "local_time"
    DAY_AHEAD = "day_ahead"


_SAID = {Trust.EPOCH_1970: "free", Trust.LOCAL_TIME: "synced", Trust.DAY_AHEAD: "synced"}


@dataclass(slots=True)
class DeviceClock:
    """A device's own clock. `epoch` is the true time of second 0, in seconds since 1970 UTC."""

    epoch: float
    trust: Trust = Trust.SYNCED
    drift_ppm: float = 0.0
    utc_offset_h: float = 8.0
    started_at_s: float = 0.0

    def reading(self, now_s: float) -> float | None:
        """Return what the device writes in `at` (milliseconds kept), None where it has no time."""
        match self.trust:
            case Trust.UNKNOWN:
                return None
            case Trust.EPOCH_1970:
                seconds = now_s - self.started_at_s
            case Trust.LOCAL_TIME:
                seconds = self.epoch + now_s + self.utc_offset_h * 3600
            case Trust.DAY_AHEAD:
                seconds = self.epoch + now_s + DAY_S
            case Trust.FREE:
                seconds = self.epoch + now_s * (1 + self.drift_ppm / 1e6)
            case Trust.SYNCED:
                seconds = self.epoch + now_s
        return round(seconds, 3)

    def says(self) -> str:
        """Return what the device writes in `clock`: a wrong clock doesn't know that it is."""
        return _SAID.get(self.trust, self.trust.value)


class StreetClock:
    """Scenario seconds, `speed` of them to one of ours; stands at 0 until started."""

    def __init__(self, speed: float) -> None:
        if speed <= 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.speed = speed
        self._started: float | None = None

    def start(self) -> None:
        """Make this moment second 0."""
        self._started = time.monotonic()

    def now_s(self) -> float:
        """Return the present scenario second."""
        if self._started is None:
            return 0.0
        return (time.monotonic() - self._started) * self.speed

    async def sleep_until(self, at_s: float) -> None:
        """Wait until a scenario second; return at once where it has passed."""
        await asyncio.sleep(max(0.0, (at_s - self.now_s()) / self.speed))
