"""A real mosquitto with the shipped settings that can be killed, started again and robbed."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.broker import free_port, is_taken, mosquitto_settings
from tests.fakes.fault_wait import until
from tests.fakes.programs import need


class Mosquitto:
    """One broker on one port and in one directory, for as many lives as a test wants."""

    def __init__(self, home: Path, **changed: str) -> None:
        """`changed`: shipped settings that this test needs otherwise."""
        self.port = free_port()
        self._home = home
        self._config = home / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None
        home.mkdir(parents=True, exist_ok=True)
        lines = [
            line
            for line in mosquitto_settings(home, self.port).splitlines()
            if line.split(" ", 1)[0] not in changed
        ]
        lines += [f"{key} {value}" for key, value in changed.items()]
        self._config.write_text("\n".join(lines) + "\n", encoding="utf-8")

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

    def start(self) -> None:
        """Start it, and return once it listens."""
        command = [need("mosquitto"), "-c", str(self._config)]
        with (self._home / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until(lambda: is_taken(self.port), "mosquitto listens")

    def also(self, settings: str) -> None:
        """Take these settings, listeners among them, in place of its own listener and open door."""
        own = self._config.read_text(encoding="utf-8").splitlines()
        kept = [each for each in own if not each.startswith(("listener ", "allow_anonymous "))]
        self._config.write_text("\n".join([*kept, settings]), encoding="utf-8")

    def kill(self) -> None:
        """`kill -9`: what was not yet saved is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as a service manager would: it saves sessions and queues."""
        self._end(signal.SIGTERM)

    def save(self) -> None:
        """Have it save now what it else saves every minute."""
        assert self._process is not None
        saved = self._saved_at()
        self._process.send_signal(signal.SIGUSR1)
        until(lambda: self._saved_at() > saved, "mosquitto saved")

    def forget(self) -> None:
        """Lose what it saved: sessions, queues, retained messages."""
        self._persistence.unlink(missing_ok=True)

    @property
    def has_dropped(self) -> bool:
        """Whether a queue was full, and what came after was answered for and thrown away."""
        log = (self._home / "broker.log").read_text(encoding="utf-8", errors="replace")
        return "messages are being dropped" in log

    @property
    def _persistence(self) -> Path:
        return self._home / "mosquitto.db"

    def _saved_at(self) -> float:
        with contextlib.suppress(FileNotFoundError):
            return self._persistence.stat().st_mtime_ns
        return 0

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(20)
        self._process = None
