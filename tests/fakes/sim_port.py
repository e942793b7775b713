"""A port that is always up and keeps what was posted: a street without a broker."""

from firmware_sim.port import Endpoint
from firmware_sim.wire import Outgoing


class RecordingPort:
    """What one endpoint posted; after `vanish` or `leave` it refuses until `connect`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.posted: list[Outgoing] = []
        self.is_up = False
        self._endpoint = endpoint
        endpoint.port = self

    def connect(self, now_s: float = 0.0) -> None:
        self.is_up = True
        self._endpoint.came_online(now_s)

    def post(self, message: Outgoing) -> bool:
        if self.is_up:
            self.posted.append(message)
        return self.is_up

    def drop(self) -> None:
        if self.is_up:
            self.connect()

    def vanish(self) -> None:
        self.is_up = False

    def leave(self) -> None:
        self.is_up = False

    def come_back(self) -> None:
        self.connect()

    def take(self) -> list[Outgoing]:
        """Return what was posted since the last call."""
        taken, self.posted = self.posted, []
        return taken
