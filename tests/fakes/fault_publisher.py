"""A publisher that waits for the broker's PUBACK, and so knows what the broker answered for."""

from __future__ import annotations

import json
from collections import deque
from types import TracebackType
from typing import Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.fakes.fault_wait import until

Message = tuple[str, bytes]
"""Topic and payload."""

WINDOW = 200


class Publisher:
    """QoS 1 over one connection; it reconnects by itself and sends again what was not confirmed."""

    def __init__(self, port: int, client_id: str = "fault-publisher") -> None:
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        self._client.max_inflight_messages_set(WINDOW)
        self._client.reconnect_delay_set(1, 1)
        # Called with a lock of the client's held: it may only note what it is told.
        self._client.on_publish = lambda _client, _data, mid, *_rest: self._answers.append(mid)
        self._port = port
        self._answers: deque[int] = deque()
        self._under_way: dict[int, Message] = {}
        self._confirmed: list[Message] = []

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def confirmed(self) -> list[Message]:
        """What the broker answered for, in that order."""
        while self._answers and self._answers[0] in self._under_way:
            self._confirmed.append(self._under_way.pop(self._answers.popleft()))
        return self._confirmed

    def send(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish; it comes to stand in `confirmed` later."""
        self._under_way[self._client.publish(topic, payload, 1, retain).mid] = (topic, payload)

    def drain(self, within_s: float = 30.0) -> None:
        """Wait until the broker has confirmed everything."""

        def is_drained() -> bool:
            return bool(self.confirmed) and not self._under_way

        until(is_drained, "the broker confirmed everything", within_s)


class Device:
    """A native device that numbers its events."""

    def __init__(self, name: str, boot: str = "b0070001") -> None:
        self.name = name
        self.boot = boot
        self.seq = 0
        self._uptime_s = 0
        self._states: dict[str, str] = {}

    def event(self, kind: str, state: str, **more: object) -> Message:
        """Return its next event."""
        self.seq += 1
        self._states[kind] = state
        said = {"seq": self.seq, "boot": self.boot, "kind": kind, "state": state, **more}
        return f"menshen/v1/{self.name}/event", json.dumps(said).encode()

    def heartbeat(self, interval_s: float = 3600) -> Message:
        """Return a heartbeat; no two are the same bytes."""
        self._uptime_s += 1
        said = {
            "boot": self.boot,
            "seq": self.seq,
            "uptime_s": self._uptime_s,
            "interval_s": interval_s,
            "states": self._states,
        }
        return f"menshen/v1/{self.name}/heartbeat", json.dumps(said).encode()

    def reboot(self, boot: str) -> None:
        """Begin to number anew."""
        self.boot, self.seq, self._uptime_s = boot, 0, 0
