"""One connection of the load generator: a plain socket that writes ahead of its PUBACKs."""

import contextlib
import socket
from dataclasses import dataclass

from firmware_sim import mqtt_packets
from firmware_sim.broker import Broker
from firmware_sim.mix import Batch

CONNECT_TIMEOUT_S = 5.0
READ_BYTES = 65_536


class LoadError(Exception):
    """The load can't be sent; the message says what the broker answered."""


@dataclass(slots=True)
class Publisher:
    """One connection and its place in its batch."""

    client_id: str
    batch: Batch
    broker: Broker
    sock: socket.socket | None = None
    allowed: int = 0  # packets that may go out
    written: int = 0  # bytes the kernel took
    confirmed: int = 0  # packets
    rest: bytes = b""  # of a PUBACK that came in pieces

    def connect(self) -> None:
        """Connect, and go back to what was not confirmed; LoadError where the broker refuses."""
        sock = socket.create_connection((self.broker.host, self.broker.port), CONNECT_TIMEOUT_S)
        # Without it Nagle and delayed ACK add 40 ms to a message at low rates.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(
            mqtt_packets.connect(self.client_id, self.broker.username, self.broker.password)
        )
        connack = sock.recv(4, socket.MSG_WAITALL)
        if reason := mqtt_packets.refusal(connack):
            sock.close()
            raise LoadError(f"the broker refused {self.client_id}: {reason}")
        sock.setblocking(False)
        self.sock = sock
        self.rest = b""
        self.written = self.batch.ends[self.confirmed - 1] if self.confirmed else 0

    def close(self) -> None:
        """Disconnect as wanted, where the broker is still there to hear it."""
        if self.sock is None:
            return
        self.sock.setblocking(True)
        with contextlib.suppress(OSError):
            self.sock.sendall(mqtt_packets.DISCONNECT)
        self.sock.close()
        self.sock = None

    def read(self) -> int:
        """Return how many more packets are confirmed; ConnectionError where the broker left."""
        assert self.sock is not None
        data = self.sock.recv(READ_BYTES)
        if not data:
            raise ConnectionResetError("the broker closed the connection")
        data = self.rest + data
        whole = len(data) - len(data) % mqtt_packets.PUBACK_SIZE
        self.rest = data[whole:]
        count = mqtt_packets.pubacks(data[:whole])
        self.confirmed += count
        return count

    def write(self, window: int) -> bool:
        """Send what may go; return whether some of it didn't fit into the socket."""
        until = min(self.allowed, self.confirmed + window, len(self.batch.ends))
        end = self.batch.ends[until - 1] if until else 0
        if self.sock is None or end <= self.written:
            return False
        with memoryview(self.batch.packets) as packets:
            try:
                self.written += self.sock.send(packets[self.written : end])
            except BlockingIOError:
                return True
        return self.written < end
