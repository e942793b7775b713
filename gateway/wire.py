"""The broker's socket as paho sees it: PUBLISH packets are taken out before paho reads them.

paho spends 36 us on a message under MQTT 3.1.1 and 52 us under MQTT 5: a `recv` for each header
byte, a fresh properties object, three locks. Everything that makes a client hard stays paho's:
connecting, authenticating, subscribing, keeping alive. What is left here is to cut a stream into
packets (MQTT 5.0, 2.1), and to write PUBACKs and QoS 0 publishes.

paho takes this object through `Client.tls_set_context`, whose context makes the socket it uses.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from struct import Struct
from typing import NamedTuple, cast

RECEIVED_AT_ONCE = 128 * 1024
"""Bytes asked of the socket in one call: more than 500 messages, all that may be unconfirmed."""

_PUBLISH = 3
_puback = Struct("!BBH").pack
_short = Struct("!H").pack


class WireError(Exception):
    """The broker sent what is no MQTT; the connection is of no further use."""


class Arrival(NamedTuple):
    """One message as it came."""

    topic: str
    payload: bytes
    mid: int  # packet id to confirm; 0 for QoS 0
    retained: bool


class Wire:
    """A non-blocking socket that keeps PUBLISH packets for us and gives paho the rest."""

    def __init__(self, sock: socket.socket, *, has_properties: bool) -> None:
        self._sock = sock
        self._has_properties = has_properties  # MQTT 5
        self._received = bytearray()
        self._needed = 2  # bytes without which no packet can be cut off
        self._for_paho = bytearray()
        self._unsent = bytearray()
        self._has_ended = False
        self.redelivered = 0
        """Messages since the last `take` that the broker had sent before, by its own word."""

    # ---- for intake ----

    def take(self) -> list[Arrival]:
        """Receive once, without waiting; return the messages. Raises `WireError`."""
        self.redelivered = 0
        sock = self._sock
        data = self._records(sock) if isinstance(sock, ssl.SSLSocket) else self._bytes(sock)
        self._received += data
        if not data or len(self._received) < self._needed:
            return []
        try:
            return self._cut()
        except (IndexError, ValueError) as error:
            raise WireError(f"malformed packet: {error}") from None

    @property
    def has_for_paho(self) -> bool:
        """Say whether paho should read: a packet of its own, or the end."""
        return bool(self._for_paho) or self._has_ended

    @property
    def has_unsent(self) -> bool:
        """Say whether to `flush` once the socket can be written."""
        return bool(self._unsent)

    def confirm(self, mids: Iterable[int]) -> None:
        """Send a PUBACK for each packet id."""
        self._send(b"".join([_puback(0x40, 2, mid) for mid in mids]))

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        """Send messages by topic and payload, QoS 0, not retained."""
        packets = bytearray()
        for topic, payload in messages:
            name = topic.encode()
            properties = b"\0" if self._has_properties else b""
            body = b"".join((_short(len(name)), name, properties, payload))
            packets.append(_PUBLISH << 4)
            packets += _length(len(body))
            packets += body
        self._send(packets)

    def flush(self) -> None:
        """Send what the socket did not take before."""
        self._send(b"")

    # ---- for paho ----

    def recv(self, limit: int) -> bytes:
        """Give paho its bytes, "" at the end. Raises `BlockingIOError` where there are none."""
        if self._for_paho:
            data = bytes(self._for_paho[:limit])
            del self._for_paho[:limit]
            return data
        if self._has_ended:
            return b""
        raise BlockingIOError

    def send(self, data: bytes | bytearray) -> int:
        """Take all of it: packets of paho and ours must not cut into each other."""
        self._send(data)
        return len(data)

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()

    def fileno(self) -> int:
        """The socket's; -1 once closed."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """As the socket's."""
        self._sock.setblocking(flag)

    def settimeout(self, seconds: float | None) -> None:
        """As the socket's."""
        self._sock.settimeout(seconds)

    def do_handshake(self) -> None:
        """TLS where it is TLS."""
        if isinstance(self._sock, ssl.SSLSocket):
            self._sock.do_handshake()

    # ---- both ----

    def _bytes(self, sock: socket.socket) -> bytes:
        """Receive once; b"" where nothing has come, or it has ended."""
        try:
            data = sock.recv(RECEIVED_AT_ONCE)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._has_ended = True
        return data

    def _records(self, sock: ssl.SSLSocket) -> bytes:
        """Receive TLS records, 16 KiB each, until none is whole: one call gives no more than one.

        None is left decrypted: `select` would not tell of it.
        """
        data = bytearray()
        try:
            while len(data) < RECEIVED_AT_ONCE or sock.pending():
                record = sock.recv(RECEIVED_AT_ONCE)
                if not record:
                    self._has_ended = True
                    break
                data += record
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            self._has_ended = True
        return bytes(data)

    def _send(self, data: bytes | bytearray) -> None:
        self._unsent += data
        if not self._unsent:
            return
        try:
            sent = self._sock.send(self._unsent)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            self._has_ended = True
            return
        del self._unsent[:sent]

    def _cut(self) -> list[Arrival]:
        """Cut complete packets off what was received."""
        data = bytes(self._received)
        end = len(data)
        arrivals: list[Arrival] = []
        at = 0
        self._needed = 2
        while end - at >= 2:
            body, size = at + 2, data[at + 1]
            if size > 127:
                size, body = _long_length(data, at + 1)
                if not body:
                    break
            stop = body + size
            if stop > end:
                self._needed = stop - at
                break
            if data[at] >> 4 == _PUBLISH:
                arrivals.append(self._arrival(data, at, body, stop))
            else:
                self._for_paho += data[at:stop]
            at = stop
        del self._received[:at]
        return arrivals

    def _arrival(self, data: bytes, at: int, body: int, stop: int) -> Arrival:
        head = data[at]
        name = body + 2
        after = name + (data[body] << 8 | data[body + 1])
        topic = data[name:after].decode("utf-8", "replace")
        mid = 0
        if head & 0b0110:
            mid = data[after] << 8 | data[after + 1]
            after += 2
        if self._has_properties:
            size = data[after]
            after += 1
            if size > 127:
                size, after = _long_length(data, after - 1)
            after += size
        if head & 0b1000:
            self.redelivered += 1
        if after > stop or head & 0b0100:
            raise ValueError("PUBLISH")
        return Arrival(topic, data[after:stop], mid, bool(head & 1))


class WireContext:
    """Makes `Wire`s for paho: what `Client.tls_set_context` takes, with or without TLS."""

    def __init__(self, tls: ssl.SSLContext | None, *, has_properties: bool) -> None:
        self._tls = tls
        self._has_properties = has_properties
        # The real context checks it; paho must not do so a second time.
        self.check_hostname = tls is not None and tls.check_hostname
        self.wire: Wire | None = None

    def wrap_socket(
        self,
        sock: socket.socket,
        server_hostname: str | None = None,
        do_handshake_on_connect: bool = False,
    ) -> Wire:
        """Make the socket paho will use of the one it has connected."""
        # At 20 messages a second Nagle's algorithm costs 50 ms against 14 ms.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            sock = self._tls.wrap_socket(
                sock,
                server_hostname=server_hostname,
                do_handshake_on_connect=do_handshake_on_connect,
            )
        self.wire = Wire(sock, has_properties=self._has_properties)
        return self.wire

    def as_tls(self) -> ssl.SSLContext:
        """Itself, under the type that paho's signature names; only `wrap_socket` is called."""
        return cast("ssl.SSLContext", self)


def _long_length(data: bytes, at: int) -> tuple[int, int]:
    """Length at `at` and where it ends; (0, 0) where bytes are missing. ValueError if too long."""
    size = shift = 0
    for index in range(at, min(at + 4, len(data))):
        size |= (data[index] & 127) << shift
        if data[index] < 128:
            return size, index + 1
        shift += 7
    if len(data) - at >= 4:
        raise ValueError("length")
    return 0, 0


def _length(size: int) -> bytes:
    out = bytearray()
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    out.append(size)
    return bytes(out)
