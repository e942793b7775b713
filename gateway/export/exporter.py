"""One cycle of export: what is new becomes points, they are posted, and progress is committed.

    deletions → one snapshot: changed rows, records, samples → points → posted → committed

Whatever is waiting, no more than one batch is in memory. A batch that could not be posted is thrown
away and formed anew: what it is about may have been released meanwhile. Nobody waits for it: it
reads snapshots, and hands what is to be written to the writer thread.
"""

from __future__ import annotations

import logging
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from alerts.tables import micros
from gateway import cursor
from gateway.db import Database
from gateway.export import progress
from gateway.export.backoff import Backoff
from gateway.export.chores import Chores
from gateway.export.forming import Batch, Former
from gateway.export.influx import Influx
from gateway.export.progress import ExportStatus, Kept, Position
from gateway.export.shipping import Refused, Shipped, Shipper
from gateway.export.tables import CONSUMER
from gateway.export.verdict import Answer, InfluxError, Verdict
from gateway.privacy import GATEWAY, KeyStore, UnreadableError
from gateway.writer import Writer

EVERY_S = 2.0
"""What happens within it is posted together (ours): each post wears InfluxDB's own disk."""
SAVE_EVERY_S = 10.0
"""How far the saved progress may trail while little happens: each commit wears the card (ours)."""
SAVE_EVERY_RECORDS = 2_000
"""How far it may trail while much happens (ours)."""
SHARE_WHEN_BUSY = 0.1
"""Of one core, while intake has much to do (ours)."""

_STATES = {
    Verdict.OUTAGE: "outage",
    Verdict.UNAUTHORIZED: "unauthorized",
    Verdict.NOT_FOUND: "not_found",
    Verdict.REFUSED: "refuses_all",
}
_WATCH = re.compile(rb",watch=([^,= ]+)")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Means:
    """What the exporter works with."""

    influx: Influx
    shipper: Shipper
    former: Former
    chores: Chores
    database: Database
    writer: Writer
    keys: KeyStore
    is_trusted: Callable[[], bool]  # the clock
    is_busy: Callable[[], bool]  # intake
    draw: Callable[[], float] = random.random
    monotonic: Callable[[], float] = time.monotonic
    spent_s: Callable[[], float] = time.thread_time


class _Standing(NamedTuple):
    state: str
    since: datetime
    detail: str = ""


class Exporter:
    """Runs cycles, all on one thread; `status`, `wake` and `directory_changed` on any."""

    def __init__(self, means: Means, now: datetime) -> None:
        self._means = means
        self._backoff = Backoff(means.draw)
        self._has_moved = threading.Event()
        self.woken = threading.Event()
        """Set when a pause is to end."""
        self.failures = 0
        """How often a cycle failed by itself."""
        self._standing = _Standing("catching_up", now)
        self._counts: Counter[str] = Counter()
        self._last_written_at: datetime | None = None
        self._version = ""
        self._refused_for = ""  # is logged
        self.forget()

    # ---- from any thread ----

    def wake(self) -> None:
        """Begin the next cycle at once."""
        self.woken.set()

    def directory_changed(self) -> None:
        """Read who is where anew, before anything else is exported."""
        self._has_moved.set()

    def status(self) -> ExportStatus:
        """Say how export does."""
        done, counts, standing = self._done, self._counts, self._standing
        with self._means.database.read() as connection:
            if self._saved is None:
                done = Position(cursor.read(connection, CONSUMER))
            waiting = progress.waiting(connection, done)
        return ExportStatus(
            is_configured=True,
            state=standing.state,
            since=standing.since,
            detail=standing.detail,
            cursor_seq=done.seq,
            journal_seq=waiting.journal_seq,
            feed_waiting=waiting.rows,
            samples_waiting=waiting.samples,
            oldest_waiting_at=waiting.since,
            points_written=counts["written"],
            points_refused=counts["refused"],
            points_too_old=counts["too_old"],
            passed_over=counts["passed_over"],
            failures=self.failures,
            last_written_at=self._last_written_at,
            erasures_pending=waiting.erasures,
            server_version=self._version,
        )

    # ---- on its own thread ----

    def forget(self) -> None:
        """Forget what was done and not saved: it is done again."""
        self._saved: Position | None = None
        self._done = Position()
        self._has_moved.set()

    def cycle(self, now: datetime) -> float:
        """Do what is due; return the seconds until the next cycle. Raises whatever goes wrong."""
        means, began_s = self._means, self._means.spent_s()
        means.chores.erase(now)
        batch = self._form(now)
        shipped = means.shipper.ship(
            batch.points, micros(now) * 1000 if means.is_trusted() else None
        )
        if shipped.obstacle is not None:
            self.save(now)
            return self._meet(shipped.obstacle, now)
        self._take(batch, shipped, now)
        if not batch.has_more:
            means.chores.thin(now)
        pause_s = 0.0 if batch.has_more else EVERY_S
        if means.is_busy():
            spent_s = means.spent_s() - began_s
            return max(pause_s, spent_s / SHARE_WHEN_BUSY - spent_s)
        return pause_s

    def save(self, now: datetime, refused: Sequence[Refused] = ()) -> None:
        """Commit what was done since the last time."""
        saved, done = self._saved, self._done
        if saved is None or (saved == done and not refused):
            return

        def commit(connection: Connection) -> bool:
            # Sealed here: on this thread nobody is released between that and the commit.
            return progress.commit(connection, saved.seq, done, self._sealed(refused), now)

        self._saved_at = self._means.monotonic()
        if self._means.writer.call(commit).result():
            self._saved = done
        else:
            logger.info("export goes on from where it was rewound to")
            self.forget()

    def close(self) -> None:
        """Close the connections to InfluxDB."""
        self._means.influx.close()

    # ---- the parts of a cycle ----

    def _form(self, now: datetime) -> Batch:
        """Make points of what comes next, all from one snapshot."""
        has_moved = self._has_moved.is_set()
        self._has_moved.clear()  # before the snapshot: what changes after it is told again
        with self._means.database.read() as connection:
            saved_seq = cursor.read(connection, CONSUMER)
            if self._saved is None or self._saved.seq != saved_seq:  # the first, or rewound
                self._saved = self._done = Position(saved_seq)
                self._saved_at = self._means.monotonic()
            return self._means.former.form(connection, self._done, now, has_moved=has_moved)

    def _take(self, batch: Batch, shipped: Shipped, now: datetime) -> None:
        """Note that a batch is in InfluxDB."""
        self._backoff.reset()
        self._turn_to("catching_up" if batch.has_more else "up_to_date", "", now)
        self._done = batch.done
        self._counts["written"] += shipped.written
        self._counts["refused"] += len(shipped.refused)
        self._counts["too_old"] += shipped.too_old
        self._counts["passed_over"] += batch.passed_over.total()
        if shipped.written:
            self._last_written_at = now
            self._version = self._version or self._ask_version()
        if shipped.refused and shipped.refused[0].why != self._refused_for:
            self._refused_for = shipped.refused[0].why
            logger.warning("InfluxDB refuses points, which are set aside: %s", self._refused_for)
        assert self._saved is not None
        if (
            shipped.refused
            or batch.has_samples
            or self._done.seq - self._saved.seq >= SAVE_EVERY_RECORDS
            or self._means.monotonic() - self._saved_at >= SAVE_EVERY_S
        ):
            self.save(now, shipped.refused)

    def _meet(self, obstacle: Answer, now: datetime) -> float:
        """Note why InfluxDB takes nothing; return the seconds until it is tried again."""
        self._version = ""  # it may come back as another
        self._turn_to(_STATES[obstacle.verdict], obstacle.detail, now)
        return self._backoff.after(obstacle)

    def _turn_to(self, state: str, detail: str, now: datetime) -> None:
        before = self._standing
        since = before.since if state == before.state else now
        self._standing = _Standing(state, since, detail)
        if state == before.state:
            return
        if state in _STATES.values():
            logger.warning("InfluxDB takes nothing (%s: %s); it is tried again", state, detail)
        elif before.state in _STATES.values():
            logger.info("InfluxDB takes points again")

    def _ask_version(self) -> str:
        try:
            return self._means.influx.version()
        except InfluxError:
            return ""  # something between us lets writes through alone

    def _sealed(self, refused: Sequence[Refused]) -> list[Kept]:
        """Seal lines under the key of the home that they lead to; without its key none is kept."""
        kept = []
        for each in refused:
            found = _WATCH.search(each.line)
            watch = found[1].decode() if found else None
            try:
                sealed = self._means.keys.seal(watch or GATEWAY, each.line.decode())
            except UnreadableError:
                continue
            kept.append(Kept(each.bucket, watch, sealed, each.why))
        return kept
