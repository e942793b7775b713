"""From the socket to the disk: drain, decode, recognise, append, commit, and only then confirm.

What was confirmed is in the journal; what is not in the journal was not confirmed, and the broker
sends it again. When the disk refuses, the batch is kept, nothing is confirmed, and the broker's
window (`mqtt.RECEIVE_MAXIMUM`) holds back the rest: that is all the back-pressure there is.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from datetime import datetime
from selectors import BaseSelector
from typing import Protocol

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from alerts.tables import micros
from devices import topic as native_topic
from devices.decode import MAX_PAYLOAD_BYTES
from devices.model import Decoded, Undecodable
from gateway import journal
from gateway.duplicates import Duplicates
from gateway.journal import Row
from gateway.memories import Decode
from gateway.mqtt import MqttSource
from gateway.pipeline import Entry, Pipeline
from gateway.wire import Arrival

RETRY_MIN_S, RETRY_MAX_S = 0.1, 5.0
"""Pauses between commits that the disk refuses."""
KEPT_OF_LARGE = 1024
"""Bytes kept of a payload that is too large, beside its size and digest."""

logger = logging.getLogger(__name__)


class Beside(Protocol):
    """A second source: messages that come past the broker and need no confirming."""

    def start(self, selector: BaseSelector) -> None:
        """Wake `selector` when messages come."""
        ...

    def take(self) -> list[Arrival]:
        """Return what has come, without waiting."""
        ...


class Intake:
    """The pump between the broker and the journal."""

    def __init__(
        self,
        source: MqttSource,
        pipeline: Pipeline,
        decode: Decode,
        now: Callable[[], datetime],
        *,
        group_rows: int = 500,
        group_ms: float = 5.0,
        monotonic: Callable[[], float] = time.monotonic,
        beside: Beside | None = None,
    ) -> None:
        self._source = source
        self._beside = beside
        self._pipeline = pipeline
        self._decode = decode
        self._now = now
        self._monotonic = monotonic
        self._group_rows = group_rows
        self._group_s = group_ms / 1000
        self._duplicates = Duplicates()
        self._next_seq = 1
        self._last_commit = 0.0
        self._retry_at = 0.0
        self._pause_s = RETRY_MIN_S
        self._epoch = 0
        self._forget_batch()
        self.refused_since: datetime | None = None
        """Set while the disk refuses commits."""
        self.refused_reason = ""
        self.counts = {
            "intake_messages": 0,
            "intake_duplicates": 0,
            "intake_undecodable": 0,
            "intake_commits": 0,
            "intake_commits_refused": 0,
        }

    @property
    def last_seq(self) -> int:
        """The last record that is on the disk."""
        return self._next_seq - 1

    # ---- the pump ----

    def start(self, connection: Connection, selector: BaseSelector) -> None:
        """Restore what was decided and which events are known; then listen."""
        now = self._now()
        self._pipeline.start(connection, now)
        with connection.begin():
            self._next_seq = journal.last_seq(connection) + 1
            self._duplicates.restore(connection, self._decode)
        self._source.start(selector)
        if self._beside is not None:
            self._beside.start(selector)

    def pump(self, connection: Connection) -> float:
        """Take what has arrived, commit when due; return the seconds until it wants to go on."""
        now = self._monotonic()
        is_full = len(self._rows) >= self._group_rows
        arrivals = [] if is_full else self._take()
        if arrivals:
            self._read(arrivals)
        if self._mids or self._rows:
            wait_s = self._due_in(now)
            if wait_s > 0:
                return wait_s
            self._commit(connection)
            return 0.0
        if self._pipeline.is_behind:
            self._pipeline.catch_up(connection, self._now())
            return 0.0
        return 0.0 if arrivals else self._source.wait_s()

    def stop(self, connection: Connection) -> None:
        """Commit what was taken, save what is known of each device, and disconnect."""
        if self._beside is not None:
            self._read(self._beside.take())
        if self._rows:
            self._commit(connection)
        self._source.stop()
        self._pipeline.stop(connection, self._now())

    def _due_in(self, now: float) -> float:
        """At once, unless a commit was just made: then what comes meanwhile shares the next."""
        if self.refused_since is not None:
            return self._retry_at - now
        if len(self._rows) >= self._group_rows:
            return 0.0
        return self._last_commit + self._group_s - now

    # ---- reading ----

    def _take(self) -> list[Arrival]:
        arrivals = self._source.take()
        return arrivals if self._beside is None else [*self._beside.take(), *arrivals]

    def _read(self, arrivals: list[Arrival]) -> None:
        received = self._now()
        received_at = micros(received)
        decode, rows, entries, mids = self._decode, self._rows, self._entries, self._mids
        is_new = self._duplicates.is_new
        if self._epoch != self._source.epoch:
            # Confirmations owed to a lost connection: the broker will send those again.
            mids.clear()
            self._epoch = self._source.epoch
        duplicates = undecodable = 0
        for topic, payload, mid, retained in arrivals:
            if mid:
                mids.append(mid)
            try:
                decoded = decode(topic, payload, retained)
            except Exception:
                # A defect met by one message must not stop the others: it would come again.
                logger.exception("a message on %r could not be decoded", topic)
                decoded = Undecodable("", "", "decoder_failed")
            if type(decoded) is Undecodable:
                undecodable += 1
                rows.append(_undecodable(received_at, topic, payload, retained, decoded))
                continue
            assert type(decoded) is Decoded
            observations = decoded.observations
            observed_at = None
            if observations:
                first = observations[0]
                if first.seq is not None and not is_new(first):
                    duplicates += 1
                    continue
                if first.observed_at is not None:
                    observed_at = micros(first.observed_at)
                entries.append(Entry(self._next_seq + len(rows), received, observations))
            device = decoded.device or None
            rows.append(Row(received_at, observed_at, topic, payload, retained, device, None))
        self.counts["intake_messages"] += len(arrivals)
        self.counts["intake_duplicates"] += duplicates
        self.counts["intake_undecodable"] += undecodable

    # ---- committing ----

    def _commit(self, connection: Connection) -> None:
        """Put the batch on the disk, confirm it, and hand it to the pipeline."""
        now = self._now()
        rows, entries = self._rows, self._entries
        if rows:
            try:
                with connection.begin():
                    journal.append(connection, self._next_seq, micros(now), rows)
                    self._pipeline.save_cursor_if_due(connection, now)
            except DBAPIError as error:
                self._refused(error, now)
                return
            self._next_seq += len(rows)
            self._accepted()
        self._source.confirm(self._mids, self._epoch)
        self._source.publish(
            (native_topic.ROOT + device + "/received", _received(boot, seq))
            for device, boot, seq in self._duplicates.newly_complete()
        )
        self._forget_batch()
        if rows:
            self._pipeline.apply(connection, entries, self._next_seq - 1, now)

    def _accepted(self) -> None:
        self._last_commit = self._monotonic()
        self.counts["intake_commits"] += 1
        if self.refused_since is not None:
            logger.warning("the disk takes commits again")
            self.refused_since = None

    def _refused(self, error: DBAPIError, now: datetime) -> None:
        self.counts["intake_commits_refused"] += 1
        if self.refused_since is None:
            logger.error("the disk refuses a commit, nothing is confirmed: %s", error.orig)
            self.refused_since, self._pause_s = now, RETRY_MIN_S
        self.refused_reason = "disk_full" if "full" in str(error.orig) else "commit_refused"
        self._retry_at = self._monotonic() + self._pause_s
        self._pause_s = min(RETRY_MAX_S, self._pause_s * 2)

    def _forget_batch(self) -> None:
        self._rows: list[Row] = []
        self._entries: list[Entry] = []
        self._mids: list[int] = []


def _undecodable(
    received_at: int, topic: str, payload: bytes, retained: bool, why: Undecodable
) -> Row:
    """Keep it whole, unless it is larger than any message may be: then its head and a digest."""
    reason = why.reason
    if len(payload) > MAX_PAYLOAD_BYTES:
        digest = hashlib.sha256(payload).hexdigest()
        reason = f"{reason}: {len(payload)} bytes, sha256 {digest}"
        payload = payload[:KEPT_OF_LARGE]
    return Row(received_at, None, topic, payload, retained, why.device or None, reason)


_encode = msgspec.json.Encoder().encode


def _received(boot: str, seq: int) -> bytes:
    return _encode({"boot": boot, "seq": seq})
