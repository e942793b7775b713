"""Wired devices speak as native ones do, and past the broker: a dead broker loses no wired door.

What they say is decoded, numbered and journalled like everybody else's. What the queue cannot hold
is lost from its front; the numbers of what remains say so.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from selectors import EVENT_READ, BaseSelector

import msgspec

from devices import topic
from devices.model import Kind
from gateway.wire import Arrival

INTERVAL_S = 60.0
"""Between two heartbeats of a wired device (ours: silent within 180 s, EN 50131 grade 3)."""
QUEUED = 10_000
"""Messages kept for a disk that takes none: what a street of wired doors says in a day (ours)."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was so, by the gateway's clock."""

    at: float  # seconds since 1970, UTC
    is_trusted: bool

    def fields(self) -> dict[str, object]:
        """Return it as the wire has it."""
        return {"at": round(self.at, 3), "clock": "synced" if self.is_trusted else "free"}


@dataclass(slots=True)
class WiredDevice:
    """One device id: its boot, its numbers, and the states it restates."""

    id: str
    boot: str  # new at each start
    seq: int = 0
    states: dict[str, str] = field(default_factory=dict)

    def found(self, kind: Kind, part: str, state: str) -> None:
        """Note a state that nobody saw begin: the next heartbeat says it, as a state."""
        self.states[kind.value if part == "main" else f"{kind.value}/{part}"] = state

    def event(self, kind: Kind, part: str, state: str, when: Moment) -> Arrival:
        """Return the message that this just happened."""
        self.found(kind, part, state)
        self.seq += 1
        said = {"seq": self.seq, "boot": self.boot, "kind": kind.value, "state": state}
        return self._says("event", said | {"part": part} | when.fields())

    def heartbeat(self, when: Moment, uptime_s: float) -> Arrival:
        """Return the message that restates everything."""
        said: dict[str, object] = {"seq": self.seq, "boot": self.boot, "states": self.states}
        lasting = {"uptime_s": round(uptime_s, 1), "interval_s": INTERVAL_S}
        return self._says("heartbeat", said | lasting | when.fields())

    def _says(self, leaf: str, said: Mapping[str, object]) -> Arrival:
        return Arrival(topic.build(self.id, leaf), _encode(said), 0, False)


class WiredSource:
    """What wired devices said, for intake to take beside the broker's messages.

    Put in from any one thread, taken on the writer thread, which it wakes.
    """

    def __init__(self, most: int = QUEUED) -> None:
        self._waiting: deque[Arrival] = deque(maxlen=most)
        self._woken, self._wakes = socket.socketpair()
        self._woken.setblocking(False)
        self._wakes.setblocking(False)

    def put(self, arrivals: Iterable[Arrival]) -> None:
        """Hand over what was said."""
        self._waiting.extend(arrivals)
        with suppress(OSError):  # woken often enough already, or nobody takes anything any more
            self._wakes.send(b"\0")

    def start(self, selector: BaseSelector) -> None:
        """Wake `selector` when something was put in."""
        selector.register(self._woken, EVENT_READ)

    def take(self) -> list[Arrival]:
        """Return what waits."""
        self._sleep()
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def close(self) -> None:
        """Give back the sockets; nothing is put in or taken after it."""
        self._woken.close()
        self._wakes.close()

    def _sleep(self) -> None:
        """Take back the wake-ups; before the messages, so that none is slept through."""
        with suppress(OSError):  # nothing is left of them
            while self._woken.recv(4096):
                pass
