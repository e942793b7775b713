"""Texts on a screen instead of a phone: one line each, in full, for trying out and for demos."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

from alerts.channels.base import Attempt, ChannelHealth, Message, Noted, Outcome, not_noted


class ConsoleChannel:
    """Writes `time  number  text` to a stream; whoever reads it has it."""

    is_outside = False
    slowest_s = 5.0

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        name: str = "console",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = name
        self._stream = stream
        self._now = now
        self._reason = "ready"

    def health(self) -> ChannelHealth:
        """Say whether the last line could be written."""
        return ChannelHealth(self._reason == "ready", self._reason, {})

    async def open(self) -> None:
        """Nothing needs to be started."""

    async def close(self) -> None:
        """Nothing needs to be stopped; the stream is the caller's."""

    async def send(self, to: str, message: Message, noted: Noted = not_noted) -> Attempt:  # noqa: ARG002  # a screen reports nothing later
        """Write one line, with what would break it or the terminal left out."""
        at = self._now().astimezone().strftime("%H:%M:%S")
        line = f"{at}  {to}  {message.text}"
        printable = "".join(char if char.isprintable() else " " for char in line)
        try:
            print(printable, file=self._stream or sys.stdout, flush=True)
        except (OSError, ValueError):  # ValueError: the stream is closed
            self._reason = "stream_closed"
            return Attempt(Outcome.FAILED_TEMPORARY, self._reason)
        return Attempt(Outcome.DELIVERED, "written")
