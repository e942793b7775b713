"""A broker of our own, for the demo and for tests: mosquitto where it is installed, else amqtt.

A real installation runs mosquitto as a service with `deploy/mosquitto/menshen.conf`; this starts
one with the same settings, in its own directory, on a free loopback port. amqtt is for trying out
only: it forgets what was under way when a consumer dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SHIPPED_SETTINGS = Path(__file__).parents[1] / "deploy" / "mosquitto" / "menshen.conf"
READY_WITHIN_S = 10.0

BrokerKind = Literal["mosquitto", "embedded"]


class BrokerError(Exception):
    """The broker did not start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """Where it listens, and what it is."""

    kind: BrokerKind
    port: int
    pid: int

    @property
    def url(self) -> str:
        """Return its address in the form that MQTT programs take."""
        return f"mqtt://127.0.0.1:{self.port}"


def find_mosquitto() -> str | None:
    """Return mosquitto's path; Debian keeps it in /usr/sbin, which is not on everybody's PATH."""
    return shutil.which("mosquitto") or shutil.which(
        "mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin"
    )


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
    """Say whether somebody listens on this loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def mosquitto_settings(directory: Path, port: int) -> str:
    """Return the shipped settings, with `directory` and one loopback listener."""
    shipped = [
        line
        for line in SHIPPED_SETTINGS.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    own = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        f"persistence_location {directory}/",
        f"user {getpass.getuser()}",
    ]
    return "\n".join(shipped + own) + "\n"


@contextlib.asynccontextmanager
async def run_broker(
    directory: Path, kind: BrokerKind | None = None, port: int | None = None
) -> AsyncIterator[RunningBroker]:
    """Run a broker until the block ends. `kind` None: the best one this machine has.

    Raises:
        BrokerError: it is not installed, or did not come up.
    """
    mosquitto = find_mosquitto()
    chosen: BrokerKind = kind or ("mosquitto" if mosquitto else "embedded")
    port = port or free_port()
    if is_taken(port):
        raise BrokerError(f"port {port} is taken by another program; name another one")
    directory.mkdir(parents=True, exist_ok=True)
    if chosen == "mosquitto":
        if mosquitto is None:
            raise BrokerError("mosquitto is not installed; on Debian: apt-get install mosquitto")
        settings = directory / "mosquitto.conf"
        settings.write_text(mosquitto_settings(directory, port), encoding="utf-8")
        command = [mosquitto, "-c", str(settings)]
    else:
        command = [sys.executable, "-m", "gateway.embedded_broker", str(port)]
    log = directory / "broker.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(*command, stdout=output, stderr=output)
        try:
            await _until_ready(process, port, log)
            yield RunningBroker(chosen, port, process.pid)
        finally:
            await _stop(process)


async def _until_ready(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    deadline = asyncio.get_running_loop().time() + READY_WITHIN_S
    while asyncio.get_running_loop().time() < deadline:
        if process.returncode is not None:
            break
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
    raise BrokerError(f"the broker did not come up on port {port}; it said: {' / '.join(said)}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 5)
    except TimeoutError:
        process.kill()
        await process.wait()
