"""What release leaves to time: orders that are over, keys that are due, what freed devices say.

A pump of the writer thread, a little at a time. Keys are destroyed, and orders that the calendar
ended are released, only on a clock that can be believed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from selectors import BaseSelector

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gateway.db import empty_log, overwriting
from gateway.piecework import Piecework
from gateway.privacy import UnreadableError
from gateway.release import freed
from gateway.release.releasing import Releasing

LOOK_EVERY_S = 10.0
"""How often it is looked whether an order is over or a key is due."""
SWEEP_EVERY_S = 60.0
"""How long what a freed device says stays in the journal."""
COPIES_EVERY_S = 60.0
"""How often it is looked whether copies in InfluxDB are proven to be gone."""
CERTIFICATES = 50
"""Certificates signed anew in one piece."""
PAUSE_S = 0.05
"""Between two pieces of work, for intake."""
RELEASES = 10
"""Orders released in one piece: 10 ms each, and 100 ms for the keys of 20,000 homes (measured on a
PC)."""
KEYS = 200
"""Keys destroyed at once: each time the file of keys is written anew."""

logger = logging.getLogger(__name__)


class ReleasePump:
    """The pump."""

    def __init__(
        self,
        releasing: Releasing,
        now: Callable[[], datetime],
        is_trusted: Callable[[], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.releasing = releasing
        self._now = now
        self._is_trusted = is_trusted
        self._monotonic = monotonic
        self._work = Piecework(PAUSE_S, LOOK_EVERY_S, monotonic)
        self._next_sweep = 0.0
        self._next_copies = 0.0
        self._is_log_full = False  # it may still have what was deleted
        self.counts = {"orders_released": 0, "keys_destroyed": 0, "freed_records_removed": 0}

    def start(self, connection: Connection, selector: BaseSelector) -> None:  # noqa: ARG002
        """Finish what a kill left half done, before anybody can look."""
        self.releasing.mend(connection)

    def pump(self, connection: Connection) -> float:
        """Do a piece of what is due; return the seconds until the next look."""
        if (wait_s := self._work.wait_s()) > 0:
            return wait_s
        try:
            has_more = self._piece(connection)
        except (DBAPIError, OSError, UnreadableError):
            # A full disk, or a key that is not there: nothing is half done, and all is tried again.
            logger.exception("what release is due could not be done")
            has_more = False
        return self._work.go_on(has_more)

    def stop(self, connection: Connection) -> None:
        """Nothing: all that was done is committed."""

    def released(self) -> None:
        """Note that a person released an order: there is a log to be emptied."""
        self.counts["orders_released"] += 1
        self._is_log_full = True
        self._work.hurry()

    def _piece(self, connection: Connection) -> bool:
        """Do one piece; say whether there may be more."""
        now = self._now()
        self.releasing.farewells.forget(now)
        if self._is_trusted():
            self.releasing.trust(connection, now)
            if gone := self.releasing.shred_those_due(connection, KEYS, now):
                self.counts["keys_destroyed"] += gone
                self._is_log_full, self._next_sweep = True, 0.0
                return True
        if over := self.releasing.release_those_over(connection, RELEASES, now):
            self.counts["orders_released"] += over
            self._is_log_full = True
            return True
        if self._sweep(connection, now) or self._tell_of_copies(connection):
            return True
        if self._is_log_full:
            self._is_log_full = not empty_log(connection)
        return False

    def _tell_of_copies(self, connection: Connection) -> bool:
        if self._monotonic() < self._next_copies:
            return False
        if self.releasing.tell_of_copies(connection, CERTIFICATES):
            return True
        self._next_copies = self._monotonic() + COPIES_EVERY_S
        return False

    def _sweep(self, connection: Connection, now: datetime) -> bool:
        if self._monotonic() < self._next_sweep:
            return False
        with overwriting(connection), connection.begin():
            gone = freed.sweep(connection, now)
        if gone is None:
            self._next_sweep = self._monotonic() + SWEEP_EVERY_S
            return False
        self.counts["freed_records_removed"] += gone
        self._is_log_full = self._is_log_full or gone > 0
        return True
