"""What is old goes and what is needed stays, however the disk and the clock are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, insert

from alerts.model import NoticeState
from alerts.tables import (
    attempts,
    conditions,
    decisions,
    incidents,
    micros,
    notices,
    permits,
    silences,
    texts_in,
    transitions,
    unknown_spans,
)
from gateway import cursor, journal, memories, pipeline
from gateway.audit.tables import audit_said
from gateway.db import driver_of
from gateway.export.tables import CONSUMER, export_refused, samples
from gateway.installing.tables import device_checks, installings
from gateway.journal import Row
from gateway.keeping import (
    FIRST_ROUND_S,
    LOOK_EVERY_S,
    PAUSE_S,
    ROUND_EVERY_S,
    SAMPLES_SLICE,
    SLICE,
    Keeping,
    Limits,
)
from gateway.registry.tables import bindings, idempotency_keys, registry_changes
from gateway.retention import RECORDS
from gateway.schema.tables import metadata, proofs
from tests.fakes.shell import MemoryBroker, Shell, event_of
from tests.fakes.street import local

NOW = local("14:30")
LIMITS = Limits(timedelta(days=30), timedelta(days=88), room_bytes=1000, least_records=2)
OLD = NOW - timedelta(days=89)
FRESH = NOW - timedelta(days=87)


@dataclass
class Kept:
    """A database, and what deletes from it."""

    shell: Shell
    free: int | None = 10_000
    is_trusted: bool = True
    elapsed_s: float = 0.0
    keeping: Keeping = field(init=False)

    def __post_init__(self) -> None:
        self.keeping = Keeping(
            LIMITS,
            lambda: NOW,
            lambda: self.is_trusted,
            lambda: self.free,
            lambda: self.elapsed_s,
        )

    def journal(self, *days_ago: float, applied: int | None = None) -> None:
        """Append a record for each, and say that so many are applied: all, by default."""
        with self.shell.in_transaction():
            for days in days_ago:
                at = micros(NOW - timedelta(days=days))
                seq = journal.last_seq(self.shell.connection) + 1
                row = Row(at, None, "t", b"x" * 2000, False, None, None)
                journal.append(self.shell.connection, seq, at, [row])
        done = len(days_ago) if applied is None else applied
        for consumer in (pipeline.CONSUMER, memories.CONSUMER):
            self.move(consumer, done)

    def move(self, consumer: str, seq: int) -> None:
        with self.shell.in_transaction():
            cursor.move(self.shell.connection, consumer, seq, NOW)

    def put(self, table: Table, **values: Any) -> None:
        """Insert a row; what is not given is something of its type."""
        filled = {
            column.name: {"str": "x", "int": 0, "bytes": b"x", "bool": False}[
                column.type.python_type.__name__
            ]
            for column in table.columns
            if not column.nullable and column.name not in values and not column.primary_key
        }
        with self.shell.in_transaction():
            self.shell.connection.execute(insert(table).values(**filled, **values))

    def round(self) -> None:
        """Let a whole round pass."""
        self.elapsed_s += FIRST_ROUND_S + ROUND_EVERY_S
        self.work()

    def work(self) -> int:
        """Pump until there is nothing to do; return how many slices that took."""
        for slices in range(10_000):
            wait_s = self.keeping.pump(self.shell.connection)
            self.elapsed_s += wait_s
            if wait_s >= LOOK_EVERY_S:
                return slices
        raise AssertionError("it never came to rest")

    def seqs(self) -> list[int]:
        return [record.seq for record in self.shell.records()]

    def ids(self, table: Table) -> list[Any]:
        return sorted(row[0] for row in self.shell.rows(table))


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    shell = Shell(tmp_path / "menshen.db", MemoryBroker())
    yield Kept(shell)
    shell.kill()


# ---- the journal, by age ----


def test_records_older_than_they_may_be_go_and_their_numbers_are_not_used_again(
    kept: Kept,
) -> None:
    kept.journal(40, 31, 29, 0)
    kept.round()
    assert kept.seqs() == [3, 4]
    kept.journal(31, applied=5)
    assert kept.seqs()[-1] == 5


def test_a_journal_that_lost_every_record_goes_on_counting(kept: Kept) -> None:
    kept.journal(40, 31)
    kept.round()
    assert kept.seqs() == []
    with kept.shell.database.read() as connection:
        assert journal.last_seq(connection) == 2


@pytest.mark.parametrize("behind", [pipeline.CONSUMER, memories.CONSUMER])
def test_what_a_consumer_still_needs_stays(kept: Kept, behind: str) -> None:
    kept.journal(40, 40, 40)
    kept.move(behind, 1)
    kept.round()
    assert kept.seqs() == [2, 3]


def test_what_any_other_cursor_has_not_passed_stays(kept: Kept) -> None:
    kept.journal(40, 40, 40)
    kept.move("uplink", 2)
    kept.round()
    assert kept.seqs() == [3]


def test_before_the_first_checkpoint_nothing_goes(tmp_path: Path) -> None:
    broker = MemoryBroker()
    shell = Shell(tmp_path / "menshen.db", broker)
    shell.start()
    shell.now = NOW - timedelta(days=40)
    broker.publish(*event_of("door-1", 1, "closed"))
    shell.settle()
    kept = Kept(shell, free=0)
    kept.round()
    assert kept.seqs() == [1]
    shell.pipeline.stop(shell.connection, NOW)  # saves every device: nothing is to be folded
    kept.round()
    assert kept.seqs() == []
    shell.kill()


def test_many_records_go_a_slice_at_a_time_with_a_pause_between(kept: Kept) -> None:
    kept.journal(*([40] * (2 * SLICE + 10)), 0)
    kept.elapsed_s += FIRST_ROUND_S + ROUND_EVERY_S
    kept.keeping.pump(kept.shell.connection)
    assert len(kept.seqs()) == SLICE + 11
    assert kept.keeping.pump(kept.shell.connection) > 0  # it is too soon
    assert len(kept.seqs()) == SLICE + 11
    kept.work()
    assert kept.seqs() == [2 * SLICE + 11]


def test_nothing_goes_by_age_on_a_clock_that_is_not_to_be_believed(kept: Kept) -> None:
    kept.journal(40, 0)
    kept.put(decisions, decided_at=micros(OLD))
    kept.is_trusted = False
    kept.round()
    assert len(kept.seqs()) == 2
    assert kept.ids(decisions) == [1]
    kept.is_trusted = True
    kept.round()
    assert len(kept.seqs()) == 1


def test_records_of_a_clock_that_was_ahead_go_with_those_around_them(kept: Kept) -> None:
    kept.journal(-365, -365, 40, -365, 40, -365, 0)
    kept.round()
    assert kept.seqs() == [6, 7]


# ---- the journal, where the disk runs low ----


def test_on_a_disk_that_runs_low_the_oldest_go_until_there_is_room(kept: Kept) -> None:
    kept.journal(*([1] * 5 * SLICE))
    kept.free = 0
    kept.work()
    assert kept.seqs()[0] == SLICE + 1  # what one slice took is room enough inside the file
    assert kept.seqs()[-1] == 5 * SLICE
    assert kept.keeping.shortened_at == NOW
    assert kept.keeping.counts["journal_records_removed_for_room"] == SLICE


def test_not_even_a_full_disk_takes_what_is_not_applied(kept: Kept) -> None:
    kept.journal(1, 1, 1, 1, applied=1)
    kept.free = -(10**9)
    kept.work()
    assert kept.seqs() == [2, 3, 4]


def test_a_disk_that_others_fill_does_not_take_the_latest_records(kept: Kept) -> None:
    kept.journal(1, 1, 1, 1)
    kept.free = -(10**9)
    kept.work()
    assert kept.seqs() == [3, 4]


def test_a_disk_that_cannot_be_asked_takes_nothing(kept: Kept) -> None:
    kept.journal(1, 1, 1)
    kept.free = None
    kept.work()
    assert kept.keeping.shortened_at is None
    assert len(kept.seqs()) == 3


# ---- what waits for InfluxDB ----


def exported_to(kept: Kept, seq: int) -> None:
    kept.move(CONSUMER, seq)


def samples_of(kept: Kept, count: int) -> None:
    for number in range(count):
        kept.put(samples, at=micros(NOW) + number)


def test_on_a_disk_that_runs_low_what_is_exported_goes_and_nothing_else(kept: Kept) -> None:
    kept.journal(1, 1, 1, 1, 1, 1)
    exported_to(kept, 2)
    samples_of(kept, 1)
    for _ in range(2):
        kept.free = LIMITS.room_bytes - 1 - reusable(kept)
        kept.work()
        assert kept.seqs() == [3, 4, 5, 6]
    assert len(kept.ids(samples)) == 1
    assert kept.keeping.unexported_removed_at is None


def test_on_a_disk_that_is_nearly_full_samples_go_first_and_then_unexported_records(
    kept: Kept,
) -> None:
    kept.journal(1, 1, 1, 1, 1, 1)
    exported_to(kept, 2)
    samples_of(kept, SAMPLES_SLICE + 5)
    kept.free = -(10**9)
    pump = kept.keeping.pump
    pump(kept.shell.connection)
    assert (kept.seqs(), len(kept.ids(samples))) == ([3, 4, 5, 6], SAMPLES_SLICE + 5)
    kept.elapsed_s += PAUSE_S
    pump(kept.shell.connection)
    assert (kept.seqs(), len(kept.ids(samples))) == ([3, 4, 5, 6], 5)
    kept.work()
    assert (kept.seqs(), kept.ids(samples)) == ([5, 6], [])  # the latest of all stay
    assert kept.keeping.counts["samples_removed_unexported"] == SAMPLES_SLICE + 5
    assert kept.keeping.counts["journal_records_removed_unexported"] == 2
    assert kept.keeping.unexported_removed_at == NOW


def test_not_even_a_full_disk_takes_unexported_records_that_are_not_applied(kept: Kept) -> None:
    kept.journal(1, 1, 1, 1, applied=1)
    exported_to(kept, 0)
    kept.free = -(10**9)
    kept.work()
    assert kept.seqs() == [2, 3, 4]


def test_records_that_are_not_exported_wait_longer_than_others(kept: Kept) -> None:
    kept.journal(40, 40, 40)
    exported_to(kept, 1)
    kept.round()
    assert kept.seqs() == [2, 3]


def test_after_three_months_records_go_whether_they_are_exported_or_not(kept: Kept) -> None:
    kept.journal(89, 89, 89, 40, 0)
    exported_to(kept, 1)
    kept.round()
    assert kept.seqs() == [4, 5]
    assert kept.keeping.counts["journal_records_removed_unexported"] == 2
    assert kept.keeping.counts["journal_records_expired"] == 3


def test_what_the_engine_has_not_applied_stays_after_three_months_too(kept: Kept) -> None:
    kept.journal(89, 89, applied=1)
    exported_to(kept, 0)
    kept.round()
    assert kept.seqs() == [2]


def reusable(kept: Kept) -> int:
    """The room inside the file."""
    driver = driver_of(kept.shell.connection)
    (pages,) = driver.execute("PRAGMA freelist_count").fetchone()
    return int(pages) * 4096


# ---- everything else ----


def test_what_is_over_for_too_long_goes_and_what_is_over_since_then_stays(kept: Kept) -> None:
    for name, at in (("old", OLD), ("fresh", FRESH)):
        since = micros(at)
        kept.put(conditions, id=name, cleared_at=since)
        kept.put(incidents, id=name, reviewed_at=since)
        kept.put(transitions, incident=name, decided_at=since)
        kept.put(notices, id=name, settled_at=since, state=NoticeState.DELIVERED)
        kept.put(attempts, notice=name, ended_at=since)
        kept.put(proofs, sent_at=since)
        kept.put(decisions, decided_at=since)
        kept.put(texts_in, digest=name, received_at=since)
        kept.put(unknown_spans, until_at=since)
        kept.put(export_refused, at=since)
        kept.put(permits, id=name, until_at=since)
        kept.put(silences, id=name, until_at=since)
        kept.put(bindings, until_at=since)
        kept.put(registry_changes, at=since)
        kept.put(installings, id=name, ended_at=since)
        kept.put(device_checks, at=since)
        kept.put(audit_said, at=since)
    kept.put(samples, at=micros(NOW - timedelta(days=31)))
    kept.put(samples, at=micros(NOW - timedelta(days=29)))
    kept.put(idempotency_keys, key="old", at=micros(NOW - timedelta(hours=24)))
    kept.put(idempotency_keys, key="fresh", at=micros(NOW - timedelta(hours=23)))
    kept.round()
    for retention in RECORDS:
        assert kept.ids(retention.table) in (["fresh"], [2]), retention.table.name


def test_what_still_stands_stays_however_old_it_is(kept: Kept) -> None:
    old = micros(OLD)
    kept.put(conditions, id="stands", raised_at=old)
    kept.put(conditions, id="of an open incident", cleared_at=old, incident="open")
    kept.put(incidents, id="open", opened_at=old)
    kept.put(transitions, incident="open", decided_at=old)
    kept.put(notices, id="waits", created_at=old, state=NoticeState.PENDING)
    kept.put(attempts, notice="waits", ended_at=old)
    kept.put(unknown_spans, from_at=old, until_at=None)
    kept.round()
    assert len(kept.ids(unknown_spans)) == 1
    assert kept.ids(conditions) == ["of an open incident", "stands"]
    assert kept.ids(incidents) == ["open"]
    assert kept.ids(notices) == ["waits"]
    assert len(kept.ids(transitions)) == len(kept.ids(attempts)) == 1


def test_old_rows_among_fresh_ones_are_found_beyond_the_first_slice(kept: Kept) -> None:
    for number in range(SLICE + 20):
        kept.put(decisions, decided_at=micros(OLD if number >= SLICE + 10 else FRESH))
    kept.round()
    assert len(kept.ids(decisions)) == SLICE + 10


def test_every_table_of_what_happened_has_its_retention() -> None:
    """The rest is the present: the register, cursors, and the last word of each device."""
    present = {
        *("areas", "buildings", "teams", "contacts", "homes", "orders", "devices"),
        *("residents", "equipment"),
        *("cursors", "device_states", "meta", "device_credentials"),
        *("accounts", "sessions", "tokens", "recovery_codes"),
        "audit",  # for good: it names nobody
        *("releases", "freed_devices", "record_codes", "contests", "spent_orders"),  # their own
        "export_feed",  # until InfluxDB has it
        "erasures",  # their own: until it has forgotten
    }
    assert {each.table.name for each in RECORDS} | present | {"journal"} == set(metadata.tables)


def test_a_disk_that_refuses_is_tried_again_later(kept: Kept) -> None:
    kept.journal(40, 0)
    kept.elapsed_s += FIRST_ROUND_S + ROUND_EVERY_S
    kept.shell.connection.exec_driver_sql("PRAGMA query_only = ON")
    kept.shell.connection.rollback()
    assert kept.keeping.pump(kept.shell.connection) == LOOK_EVERY_S
    kept.shell.connection.exec_driver_sql("PRAGMA query_only = OFF")
    kept.shell.connection.rollback()
    kept.round()
    assert kept.seqs() == [2]
