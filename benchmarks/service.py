"""The programs under measurement: the broker, and `menshen run` as a service manager starts it.

Nothing of the gateway is replaced or looked into: it says when it is ready as it says to systemd,
its cursor is read from its database, its texts from its console channel.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.street import write_homes
from firmware_sim import mqtt_packets
from gateway.broker import find_mosquitto, free_port, is_taken, mosquitto_settings
from gateway.config import load
from gateway.init import init_data

_CONFIG = """
[gateway]
data_dir = "data"
[mqtt]
port = {mqtt}
[web]
port = {web}
[policy]
timezone = "{zone}"
[[channels]]
kind = "console"
"""
_INFLUX = """
[influx]
url = "{url}"
token_file = "influx-token"
"""
_RUN = (sys.executable, "-c", "from gateway.cli import main; main()", "run", "--config")
_HELLO = ("menshen/v1/hello/heartbeat", b'{"boot":"hello","seq":0,"uptime_s":1,"interval_s":900}')
LOOK_EVERY_S = 0.01

Hear = Callable[[str, float], None]
"""Called with each text of the console channel, and when it came."""


class ServiceError(Exception):
    """A program did not come up, or stood still; the message says which and where to look."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A mosquitto that runs."""

    port: int
    pid: int


@contextlib.contextmanager
def broker(directory: Path, *, is_persistent: bool) -> Iterator[Broker]:
    """Run mosquitto with the shipped settings; where not persistent, with that one turned off."""
    program = find_mosquitto()
    if program is None:
        raise ServiceError("mosquitto is not installed; on Debian: apt-get install mosquitto")
    directory.mkdir(parents=True)
    port = free_port()
    settings = mosquitto_settings(directory, port)
    if not is_persistent:
        settings = settings.replace("persistence true", "persistence false")
    conf, log = directory / "mosquitto.conf", directory / "broker.log"
    conf.write_text(settings, encoding="utf-8")
    with log.open("wb") as output:
        process = subprocess.Popen([program, "-c", str(conf)], stdout=output, stderr=output)
        try:
            until(lambda: is_taken(port), 10, f"mosquitto did not come up; see {log}")
            yield Broker(port, process.pid)
        finally:
            process.terminate()
            process.wait()


@dataclass(frozen=True, slots=True)
class Gateway:
    """A `menshen run` that runs."""

    process: subprocess.Popen[str]
    database: Path
    started_at: float  # all three: `time.monotonic()`
    ready_at: float  # it told its service manager so
    first_seq: int  # of the first message published from now on

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    def cursor(self, consumer: str = "alerts") -> int:
        """Return a consumer's saved cursor, counted from the first message of the run."""
        saved = _ask(self.database, "SELECT seq FROM cursors WHERE consumer = ?", consumer)
        return saved - (self.first_seq - 1)

    def commits(self) -> int:
        """Return how many distinct times of commit the journal bears."""
        return _ask(self.database, "SELECT count(DISTINCT recorded_at) FROM journal")

    def until_applied(self, count: int, within_s: float) -> float:
        """Wait until the saved cursor has passed `count` messages; return when it had."""
        deadline = time.monotonic() + within_s
        while (done := self.cursor()) < count:
            if time.monotonic() > deadline or self.process.poll() is not None:
                journalled = _last_seq(self.database) - self.first_seq + 1
                raise ServiceError(
                    f"of {count} messages {journalled} were journalled and {done} applied; "
                    f"exit status {self.process.poll()}; see {self.database.parent.parent}"
                )
            time.sleep(LOOK_EVERY_S)
        return time.monotonic()


def _settings(mqtt_port: int, influx_url: str = "") -> str:
    settings = _CONFIG.format(mqtt=mqtt_port, web=free_port(), zone=_noon_zone())
    return settings + _INFLUX.format(url=influx_url) if influx_url else settings


def _noon_zone() -> str:
    """Return a time zone in which it is about noon now: at night an opening is told to three.

    Their names count the other way: Etc/GMT-8 is eight hours ahead of UTC.
    """
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


def prepare(directory: Path, doors: int, seals: int = 0) -> Path:
    """Make a gateway's directory, its homes taken in already; return it."""
    directory.mkdir(parents=True)
    write_homes(directory / "homes.toml", doors, seals)
    (directory / "menshen.toml").write_text(_settings(mqtt_port=1), "utf-8")
    init_data(load(directory / "menshen.toml"))
    with gateway(directory, None):
        pass
    return directory


@contextlib.contextmanager
def copy_of(template: Path, name: str) -> Iterator[Path]:
    """A prepared directory to run in once; it is thrown away unless something went wrong."""
    directory = template.parent / name
    shutil.copytree(template, directory)
    yield directory
    shutil.rmtree(directory)


@contextlib.contextmanager
def gateway(
    directory: Path, mqtt: Broker | None, hear: Hear | None = None, *, influx_url: str = ""
) -> Iterator[Gateway]:
    """Run `menshen run` in a prepared directory; it is ready, and connected where a broker is.

    With `influx_url` it exports, by the token in `influx-token` of that directory.
    """
    settings = directory / "menshen.toml"
    port = mqtt.port if mqtt else 1
    settings.write_text(_settings(port, influx_url), "utf-8")
    database = directory / "data" / "menshen.db"
    with contextlib.ExitStack() as stack:
        told = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        told.bind("")  # Linux chooses a name that is no file
        address = "@" + told.getsockname()[1:].decode()
        log = stack.enter_context((directory / "gateway.log").open("wb"))
        started_at = time.monotonic()
        process = subprocess.Popen(
            [*_RUN, str(settings)],
            stdout=subprocess.PIPE if hear else subprocess.DEVNULL,
            stderr=log,
            text=True,
            env={**os.environ, "NOTIFY_SOCKET": address},
        )
        if hear:
            listener = threading.Thread(target=_listen, args=(process, hear), daemon=True)
            listener.start()
            stack.callback(listener.join)
        stack.callback(_end, process)
        _until_told(told, process, directory / "gateway.log")
        ready_at = time.monotonic()
        first_seq = _say_hello(mqtt.port, database) + 1 if mqtt else 1
        yield Gateway(process, database, started_at, ready_at, first_seq)


def until(is_so: Callable[[], bool], within_s: float, otherwise: str) -> None:
    """Wait until it is so. Raises `ServiceError`."""
    deadline = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > deadline:
            raise ServiceError(otherwise)
        time.sleep(LOOK_EVERY_S)


def _until_told(told: socket.socket, process: subprocess.Popen[str], log: Path) -> None:
    told.settimeout(0.5)
    while process.poll() is None:
        with contextlib.suppress(TimeoutError):
            if b"READY=1" in told.recv(1024):
                return
    raise ServiceError(f"menshen run ended with status {process.returncode}; see {log}")


def _say_hello(port: int, database: Path) -> int:
    """Publish until something is journalled: it is subscribed now. Return the last seq."""
    topic, body = _HELLO
    before = _last_seq(database)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(mqtt_packets.connect("hello", None, None))
        sock.recv(4, socket.MSG_WAITALL)
        for n in range(1, 1000):
            sock.sendall(mqtt_packets.publish_head(topic.encode(), n, len(body)) + body)
            sock.recv(4, socket.MSG_WAITALL)
            time.sleep(0.02)
            if _last_seq(database) > before:
                break
        else:
            raise ServiceError("nothing that was published reached the journal within 20 s")
        sock.sendall(mqtt_packets.DISCONNECT)
    last = 0
    while last != (now := _last_seq(database)):  # those under way
        last = now
        time.sleep(0.05)
    return last


def _last_seq(database: Path) -> int:
    return _ask(database, "SELECT max(seq) FROM journal")


def _ask(database: Path, question: str, *values: str) -> int:
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as found:
        row = found.execute(question, values).fetchone()
    return int(row[0] or 0) if row else 0


def _listen(process: subprocess.Popen[str], hear: Hear) -> None:
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            hear(line, time.monotonic())


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
