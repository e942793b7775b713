"""Saving what is known of each device, now and then, and a slice at a time.

Whatever a decision is about is saved with it. The rest waits for the checkpoint, which goes along
with commits that are made anyway, so that no commit takes long and none is made for it alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from alerts.state import State
from gateway import cursor, memories

EVERY_RECORDS = 50_000
"""Records between two checkpoints; at most as many are folded again at a start (0.3 s)."""
SLICE = 500
"""Devices saved in one commit: 3 ms."""


class Checkpoint:
    """Which rows are behind. Nothing here commits."""

    def __init__(self) -> None:
        self._behind: set[str] = set()  # devices heard since the last checkpoint began
        self._left: list[str] = []  # devices that the present checkpoint still has to save
        self._began_at = 0  # the record at which it began

    def restart(self, folded_to: int, behind: Iterable[str]) -> None:
        """Begin again from the tables: rows are complete up to `folded_to`."""
        self._began_at, self._behind, self._left = folded_to, set(behind), []

    def heard(self, devices: set[str]) -> None:
        """Note devices whose state is newer than their rows."""
        self._behind |= devices

    def advance(self, connection: Connection, state: State, seq: int, now: datetime) -> None:
        """Save a slice, as of record `seq`, or begin a checkpoint if it is time."""
        if self._left:
            slice_, self._left = self._left[-SLICE:], self._left[:-SLICE]
            save(connection, state, slice_, seq)
            if not self._left:
                memories.save_bridges(connection, state.places.items(), seq)
                cursor.move(connection, memories.CONSUMER, self._began_at, now)
        elif seq - self._began_at >= EVERY_RECORDS:
            self._began_at = seq
            # In the order of the rows: neighbours share pages.
            self._left, self._behind = sorted(self._behind, reverse=True), set()

    def finish(self, connection: Connection, state: State, seq: int, now: datetime) -> None:
        """Save all that is behind, so that a start folds nothing."""
        save(connection, state, sorted(self._behind.union(self._left)), seq)
        memories.save_bridges(connection, state.places.items(), seq)
        cursor.move(connection, memories.CONSUMER, seq, now)
        self.restart(seq, ())


def save(connection: Connection, state: State, devices: Iterable[str | None], seq: int) -> None:
    """Save these devices, those that are registered, as of record `seq`."""
    known = state.devices
    memories.save(connection, [(each, known[each]) for each in devices if each in known], seq)
