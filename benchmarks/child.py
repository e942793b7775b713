"""A process per role: the one that measures starts the others and talks to them in JSON lines.

Times that cross processes are `time.monotonic()`: one clock for the whole machine.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import Any

Line = dict[str, Any]

_ROOT = Path(__file__).parents[1]


class ChildError(Exception):
    """A role did not do its part; the message says which, and what it said."""


class Child:
    """One role at work."""

    def __init__(self, role: str, *arguments: object) -> None:
        self.role = role
        command = [sys.executable, "-m", f"benchmarks.roles.{role}", *map(str, arguments)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT
        )
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def say(self) -> None:
        """Tell it to go on."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def hear(self, within_s: float = 60.0) -> Line:
        """Return its next line. Raises `ChildError`."""
        try:
            said = self._lines.get(timeout=within_s)
        except Empty:
            raise ChildError(f"{self.role} said nothing for {within_s:g} s") from None
        if not said:
            raise ChildError(f"{self.role} ended with status {self._process.wait()}")
        line: Line = json.loads(said)
        return line

    def close(self) -> None:
        """End it, if it has not ended."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line)
        self._lines.put("")


@contextlib.contextmanager
def child(role: str, *arguments: object) -> Iterator[Child]:
    """Run a role until the block ends; it has said that it is ready."""
    one = Child(role, *arguments)
    try:
        one.hear()
        yield one
    finally:
        one.close()
