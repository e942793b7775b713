"""A real InfluxDB 1.6 on free ports, in a directory of its own, that can be killed and started.

    with influx_engine() as engine: engine.url, engine.query(database, influxql), engine.kill()

A fixture of the session's: `@pytest.fixture(scope="session")`, `with influx_engine() as engine:
yield engine`. In front of it stands `tests.fakes.influx`, which makes it answer as InfluxDB 2.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import httpx

from gateway.broker import free_port
from tests.fakes.fault_wait import until
from tests.fakes.programs import need

_SETTINGS = """
reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{home}/meta"
  logging-enabled = false
[data]
  dir = "{home}/data"
  wal-dir = "{home}/wal"
  index-version = "inmem"
  query-log-enabled = false
  max-series-per-database = 0
  max-values-per-tag = 0
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[continuous_queries]
  enabled = false
[logging]
  level = "warn"
"""


class Engine:
    """One `influxd`, for as many lives as a test wants."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._web = httpx.Client(base_url=self.url, trust_env=False, timeout=60)
        settings = _SETTINGS.format(home=home, port=self.port, rpc=free_port())
        (home / "influxdb.conf").write_text(settings, encoding="utf-8")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._web.close()

    @property
    def url(self) -> str:
        """Where it answers, as InfluxDB 1."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and return once it answers."""
        command = [need("influxd"), "-config", str(self.home / "influxdb.conf")]
        with (self.home / "influxd.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self._answers, "influxd answers")

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(20)
        self._process = None

    def query(self, database: str, influxql: str) -> list[dict[str, Any]]:
        """Return the series of all statements, as the engine says them; times in nanoseconds."""
        asked = {"db": database, "q": influxql, "epoch": "ns"}
        answer = self._web.post("/query", data=asked).raise_for_status().json()
        results = answer.get("results", [])
        assert all("error" not in each for each in results), (influxql, results)
        return [series for each in results for series in each.get("series", [])]

    def count(self, database: str, measurement: str, field: str) -> int:
        """Return how many points of a measurement have a field."""
        found = self.query(database, f'SELECT count("{field}") FROM "{measurement}"')
        return int(found[0]["values"][0][1]) if found else 0

    def databases(self) -> list[str]:
        """Return the names of its databases."""
        [series] = self.query("", "SHOW DATABASES")
        return [name for [name] in series.get("values", []) if name != "_internal"]

    def forget(self) -> None:
        """Drop every database."""
        for name in self.databases():
            self.query("", f'DROP DATABASE "{name}"')

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.home / "influxd.log").read_text()[-800:]
        with suppress(httpx.HTTPError):
            return self._web.get("/ping").status_code == 204
        return False


@contextmanager
def influx_engine(home: Path | None = None) -> Iterator[Engine]:
    """Run an engine until the block ends; skips where influxd is not installed."""
    need("influxd")
    if home is not None:
        with Engine(home) as engine:
            yield engine
        return
    with TemporaryDirectory(prefix="influx") as folder, Engine(Path(folder)) as engine:
        yield engine
