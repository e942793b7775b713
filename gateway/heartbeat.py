"""A gateway that dies is missed: systemd is told that it lives, somebody outside that it is well.

The outside service (healthchecks.io, Uptime Kuma's push monitor, a neighbour gateway) alarms when
the calls stop. A gateway that is alive but cannot do its work does not call either, so that it is
missed just the same.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

CALL_WITHIN_S = 10.0


class Get(Protocol):
    """Fetches an address; raises `httpx.HTTPError` where that fails."""

    async def __call__(self, url: str) -> None: ...


@dataclass(slots=True)
class Heartbeat:
    """The calls so far. `is_well` decides whether the next one is made."""

    url: str | None
    is_well: Callable[[], bool]
    now: Callable[[], datetime]
    get: Get
    called_at: datetime | None = None
    failure: str | None = None
    failures: int = field(default=0)

    async def beat(self) -> None:
        """Call once, if all is well; a call that fails is counted and said by `health`.

        systemd is told in any case: it starts anew a gateway that hangs, and starting anew mends
        neither a broker that is gone nor a disk that is full.
        """
        notify_systemd("WATCHDOG=1")
        if self.url is None or not self.is_well():
            return
        import httpx  # 10 MB with all it brings along, wanted only where somebody is called

        try:
            await self.get(self.url)
        except (httpx.HTTPError, OSError) as error:
            self.failures += 1
            self.failure = type(error).__name__
        else:
            self.called_at, self.failure = self.now(), None

    async def run(self, every_s: float) -> None:
        """Beat for ever."""
        while True:
            await self.beat()
            await asyncio.sleep(every_s)


async def get(url: str) -> None:
    """Fetch `url` and take any 2xx for heard."""
    import httpx

    async with httpx.AsyncClient(timeout=CALL_WITHIN_S) as client:
        (await client.get(url)).raise_for_status()


def notify_systemd(state: str) -> bool:
    """Tell systemd (`READY=1`, `WATCHDOG=1`, `STOPPING=1`); False where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        try:
            channel.sendto(state.encode(), address)
        except OSError:
            return False
    return True
