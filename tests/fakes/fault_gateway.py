"""`menshen run` as a process that can be killed, with its texts on a console that is kept."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx

from gateway.config import Config
from tests.fakes.fault_publisher import Device, Publisher
from tests.fakes.fault_wait import until

_MENSHEN = [sys.executable, "-c", "from gateway.cli import main; main()", "run", "--config"]
_TEXT = re.compile(r"^\d\d:\d\d:\d\d  (\+\d+)  (.*)$")


class Text(NamedTuple):
    """One text that went over the console channel."""

    phone: str
    text: str


class GatewayProcess:
    """One gateway's directory, for as many lives as a test wants."""

    def __init__(self, directory: Path, config: Config, ahead_s: float | None = None) -> None:
        """`ahead_s`: how far its wall clock is ahead of ours; None runs the product's own."""
        self.config = config
        self.ahead_s = ahead_s
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._web = httpx.Client(base_url=config.base_url, trust_env=False, timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._web.close()

    # ---- its lives ----

    def start(self) -> Self:
        """Start it, and return at once."""
        config_file = str(self._directory / "menshen.toml")
        command = [*_MENSHEN, config_file]
        if self.ahead_s is not None:
            runner = [sys.executable, "-m", "tests.fakes.gateway_process"]
            command = [*runner, config_file, str(self.ahead_s)]
        with self._console.open("ab") as out, self._log.open("ab") as err:
            self._process = subprocess.Popen(command, stdout=out, stderr=err)
        return self

    def ready(self, within_s: float = 20.0) -> Self:
        """Wait until it is connected to its broker and subscribed."""
        until(self._is_connected, f"the gateway is connected ({self.log()[-800:]})", within_s)
        return self

    def hears(self, publisher: Publisher) -> Self:
        """Wait until a message comes through: the broker has taken the subscriptions."""
        probe = Device("fault-probe", boot=os.urandom(4).hex())
        before = self.ready().journalled()

        def is_heard() -> bool:
            publisher.send(*probe.heartbeat())
            return self.journalled() > before

        until(is_heard, "a message comes through")
        publisher.drain()
        return self

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """End it as a service manager would; return its exit status."""
        return self._end(signal.SIGTERM)

    def wait(self, within_s: float = 20.0) -> int:
        """Wait for its end; return its exit status."""
        assert self._process is not None
        return self._process.wait(within_s)

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def _end(self, number: signal.Signals) -> int:
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(number)
        status = self._process.wait(30)
        self._process = None
        return status

    # ---- what it says ----

    def health(self) -> dict[str, Any]:
        """Return what `/healthz` says; empty while nobody answers."""
        with contextlib.suppress(httpx.HTTPError):
            found: dict[str, Any] = self._web.get("/healthz").json()
            return found
        return {}

    def metric(self, name: str) -> float:
        """Return one metric's value, 0 where it is absent."""
        with contextlib.suppress(httpx.HTTPError):
            for line in self._web.get("/metrics").text.splitlines():
                if line.startswith(f"menshen_{name} "):
                    return float(line.split(" ")[1])
        return 0.0

    def log(self) -> str:
        """Return all it logged, of all lives."""
        return _read(self._log)

    def texts(self) -> list[Text]:
        """Return the texts that went out, of all lives."""
        found = (_TEXT.match(line) for line in _read(self._console).splitlines())
        return [Text(match[1], match[2]) for match in found if match]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask its database, read-only, whether it runs or not."""
        file = self.config.database_file
        if not file.exists():
            return []
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as reader:
            return reader.execute(query, values).fetchall()

    def count(self, query: str, *values: object) -> int:
        """Ask its database for one number; 0 where there is no table yet."""
        with contextlib.suppress(sqlite3.OperationalError):
            rows = self.rows(query, *values)
            return int(rows[0][0]) if rows else 0
        return 0

    def journalled(self) -> int:
        """How many records it has."""
        return self.count("SELECT count(*) FROM journal")

    def _is_connected(self) -> bool:
        assert self.is_alive, f"the gateway ended: {self.log()[-1500:]}"
        return self.metric("broker_connected") == 1

    @property
    def _console(self) -> Path:
        return self._directory / "texts.log"

    @property
    def _log(self) -> Path:
        return self._directory / "gateway.log"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def resident_mb(pid: int) -> float:
    """Memory of a process, now."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024
