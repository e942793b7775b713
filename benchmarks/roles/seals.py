"""The probe: breaks one seal after the other at a steady pace, and says when it published each.

`seals PORT FIRST COUNT PER_SECOND`. A plain socket with TCP_NODELAY, as a device has one.
"""

from __future__ import annotations

import socket
import sys
import time

from benchmarks.roles.wire import tell, wait
from benchmarks.street import seal_name
from firmware_sim import mqtt_packets

EVENT = b'{"seq":1,"boot":"bench","at":%.3f,"clock":"synced","kind":"seal","state":"broken"}'


def main(port: int, first: int, count: int, per_second: float) -> None:
    """Break `count` seals."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.sendall(mqtt_packets.connect(f"seals-{first}", None, None))
        sock.recv(4, socket.MSG_WAITALL)
        tell(ready=True)
        if not wait():
            return
        published: dict[str, float] = {}
        started = time.monotonic()
        for n in range(count):
            time.sleep(max(0.0, started + n / per_second - time.monotonic()))
            name = seal_name(first + n)
            body = EVENT % time.time()
            topic = f"menshen/v1/{name}/event".encode()
            published[name] = time.monotonic()
            sock.sendall(mqtt_packets.publish_head(topic, n % 65535 + 1, len(body)) + body)
            sock.recv(4, socket.MSG_WAITALL)
        tell(published=published)
        sock.sendall(mqtt_packets.DISCONNECT)


if __name__ == "__main__":
    port, first, count, per_second = sys.argv[1:]
    main(int(port), int(first), int(count), float(per_second))
