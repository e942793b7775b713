"""Each day's head in a file of its own, from which copies go to people who do not run the gateway.

One line a local day: day, number of the last row, its hash. Lines are only ever added. Whoever
keeps a copy can prove later that the chain was rewritten, to whoever has the database.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from gateway.audit import store
from gateway.audit.chain import Head

LOOK_EVERY_S = 30.0

_LINE = re.compile(r"(\d{4}-\d\d-\d\d) (\d{1,18}) ([0-9a-f]{64})")

logger = logging.getLogger(__name__)


class HeadsError(Exception):
    """The file of heads cannot be read; the message says which line is none."""


def read(path: Path) -> list[Head]:
    """Return every head of a file; none where it does not exist yet. Raises `HeadsError`."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise HeadsError(f"{path}: cannot be read: {type(error).__name__}") from None
    return [_head(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def add(path: Path, head: Head) -> None:
    """Add a line, on the disk when it returns. Raises `OSError`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, f"{head}\n".encode("ascii"))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Heads:
    """Writes the line of a day once it is over."""

    path: Path
    read: Callable[[], AbstractContextManager[Connection]]
    now: Callable[[], datetime]
    timezone: str

    def note(self) -> Head | None:
        """Write yesterday's head if it is not there yet; return what was written.

        A day is written once, in the order in which days end for this gateway's clock: one that
        was wrong adds a line of its own, and takes nothing from the days that follow.
        """
        yesterday = self.now().astimezone(ZoneInfo(self.timezone)).date() - timedelta(days=1)
        if any(head.day == yesterday for head in read(self.path)):
            return None
        with self.read() as connection:
            head = store.head(connection, yesterday, self.timezone)
        if head.seq == 0:
            return None
        add(self.path, head)
        return head

    async def run(self) -> None:
        """Note each day's head soon after local midnight, and a missed one at the start."""
        noted_on: date | None = None
        while True:
            today = self.now().astimezone(ZoneInfo(self.timezone)).date()
            if today != noted_on:
                try:
                    self.note()
                    noted_on = today
                except (OSError, HeadsError) as error:
                    # A disk that is full or a file that was spoilt: everything else goes on.
                    logger.error("the audit's head was not written: %s", error)  # noqa: TRY400 - said in full
                    await asyncio.sleep(LOOK_EVERY_S * 20)
            await asyncio.sleep(LOOK_EVERY_S)


def _head(path: Path, number: int, line: str) -> Head:
    found = _LINE.fullmatch(line.strip())
    with suppress(ValueError):  # a day that no calendar has
        if found is not None:
            return Head(date.fromisoformat(found[1]), int(found[2]), found[3])
    raise HeadsError(
        f"{path}: line {number} is no head; somebody wrote into it: compare it with a copy"
    )
