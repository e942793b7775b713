"""What is asked of InfluxDB besides points: released homes deleted, figures made for the years."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from gateway.db import Database
from gateway.export import erasing, thinning
from gateway.export.influx import Influx
from gateway.export.verdict import InfluxError, Verdict
from gateway.writer import Writer

THIN_EVERY_S = 3600.0
"""Between two makings of hourly figures."""
THIN_AGAIN_S = 600.0
"""Until they are tried again where InfluxDB did not answer (ours)."""
ON_ITS_WAY = timedelta(minutes=1)
"""What is younger may not be in InfluxDB yet, whatever is exported: samples take time (ours)."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Chores:
    """On the exporter's thread. None of them raises for what InfluxDB does."""

    influx: Influx
    database: Database
    writer: Writer
    is_trusted: Callable[[], bool]  # the clock
    state_every_s: int  # between two samples of homes
    monotonic: Callable[[], float] = time.monotonic
    _thin_at: float = field(init=False, default=0.0)

    def erase(self, now: datetime) -> None:
        """Delete what was released, and note what became of it."""
        with self.database.read() as connection:
            pending = erasing.pending(connection, now)
        outcomes: list[erasing.Outcome] = []
        for each in pending:
            outcomes.append(erasing.erase(self.influx, each))
            if outcomes[-1].why == Verdict.OUTAGE:
                break

        def settle(connection: Connection) -> None:
            for outcome in outcomes:
                erasing.settle(connection, outcome, now)

        if outcomes:
            self.writer.call(settle).result()

    def thin(self, now: datetime) -> None:
        """Make hourly and daily figures if it is time; everything until now is in InfluxDB."""
        if self.monotonic() < self._thin_at or not self.is_trusted():
            return
        exported_to = now - ON_ITS_WAY
        with self.database.read() as connection:
            before = thinning.thinned_to(connection)
        try:
            done_to = thinning.run(self.influx, exported_to, before, self.state_every_s)
        except InfluxError as error:
            logger.warning("figures for the years could not be made: %s", error)
            self._thin_at = self.monotonic() + THIN_AGAIN_S
            return
        self.writer.call(lambda connection: thinning.note(connection, done_to)).result()
        has_more = exported_to - done_to >= thinning.HOUR
        self._thin_at = self.monotonic() + (0.0 if has_more else THIN_EVERY_S)
