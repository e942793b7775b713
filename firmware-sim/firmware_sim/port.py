"""Between a device and its connection: what each may ask of the other."""

from collections.abc import Iterable
from typing import Protocol

from firmware_sim.wire import Outgoing


class Port(Protocol):
    """A device's way to the broker. Nothing here waits; what can't go out now is refused."""

    def post(self, message: Outgoing) -> bool:
        """Send a message in its turn; False where there is no connection to send it over."""
        ...

    def drop(self) -> None:
        """Break the connection without a word; it comes back by itself."""
        ...

    def vanish(self) -> None:
        """Break the connection without a word and stay away."""
        ...

    def leave(self) -> None:
        """Send what was posted, disconnect as wanted, and stay away."""
        ...

    def come_back(self) -> None:
        """Connect again after `vanish` or `leave`."""
        ...


def post_all(port: Port, messages: Iterable[Outgoing]) -> bool:
    """Post each message; return whether there was one, and none was refused."""
    posted = [port.post(message) for message in messages]
    return bool(posted) and all(posted)


class Endpoint(Protocol):
    """What owns one MQTT connection: a native device, or a bridge for many sensors."""

    id: str
    port: Port
    will: Outgoing
    subscriptions: tuple[str, ...]

    def came_online(self, now_s: float) -> None:
        """The connection is there."""
        ...

    def hear(self, topic: str, payload: bytes, now_s: float) -> None:
        """A message arrived for this endpoint."""
        ...

    def say_goodbye(self) -> None:
        """Post the words that precede a wanted disconnect, and leave."""
        ...


class NoPort:
    """The port of a device nobody has connected yet: refuses everything."""

    def post(self, message: Outgoing) -> bool:  # noqa: ARG002 - the protocol's shape
        """Refuse."""
        return False

    def drop(self) -> None:
        """Nothing to break."""

    def vanish(self) -> None:
        """Nothing to break."""

    def leave(self) -> None:
        """Nothing to leave."""

    def come_back(self) -> None:
        """Nothing to come back to."""
