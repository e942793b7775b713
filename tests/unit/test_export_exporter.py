"""Cycles of export on a real database: what is committed, formed anew, left out, and when."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Connection, delete, insert, select

from alerts.tables import micros, permits
from devices.decode import decode
from gateway import cursor
from gateway.export import erasures, forming, progress, samples, thinning
from gateway.export.chores import THIN_AGAIN_S, THIN_EVERY_S
from gateway.export.forming import RECORDS
from gateway.export.influx import Answer, Influx, InfluxError, Verdict
from gateway.export.tables import CONSUMER, export_feed, export_refused
from gateway.export.tables import samples as samples_table
from gateway.homes.store import standing_orders
from gateway.schema.tables import devices, orders
from tests.fakes.exporting import DOOR, Exporting, RecordedInflux, exporting

HOUSE = "440307006031203"


@contextmanager
def beside(tmp_path: Path) -> Iterator[tuple[Exporting, RecordedInflux]]:
    """An exporter, and what it writes to."""
    recorded = RecordedInflux()
    with exporting(tmp_path, lambda: cast("Influx", recorded)) as export:
        yield export, recorded


def watch_of(export: Exporting) -> str:
    """The order at the home of DOOR."""
    with export.database.read() as connection:
        orders_ = standing_orders(connection, export.keys)
    return next(each.watch for each in orders_ if each.code == HOUSE)


def release(export: Exporting, watch: str) -> None:
    """What a release does to the tables."""

    def gone(connection: Connection) -> None:
        connection.execute(delete(devices).where(devices.c.watch == watch))
        connection.execute(delete(orders).where(orders.c.watch == watch))
        erasures.ask(connection, "r1", watch, export.now)

    export.write(gone)
    export.keys.shred(watch)


# ---- progress ----


def test_the_whole_journal_is_exported_in_batches_of_bounded_size(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, influx):
        export.journal(2 * RECORDS + 10)
        export.drain()
        assert len(influx.lines("observation")) == 2 * RECORDS + 10
        assert export.cursor() == 2 * RECORDS + 10
        assert max(map(len, influx.posts)) <= 5000


def test_what_was_not_saved_is_written_once_more_and_changes_nothing(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, influx):
        export.journal(50)
        export.cycle()
        assert export.cursor() == 0
        before = {bucket: dict(kept) for bucket, kept in influx.points.items()}
        export.restart()
        export.drain()
        assert influx.points == before
        assert export.cursor() == 50


def test_little_is_saved_every_ten_seconds_and_not_every_second(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, _):
        saved = []
        for second in range(25):
            export.elapsed = float(second)
            export.journal(1)
            export.cycle()
            saved.append(export.cursor())
        assert len(set(saved)) == 3


def test_a_sample_is_forgotten_as_soon_as_it_is_written(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, influx):
        at = micros(export.now)
        sample = samples.Gateway(at=at, fields={"up_s": 5.0})
        export.write(lambda connection: samples.append(connection, sample))
        export.cycle()
        assert len(influx.lines("gateway")) == 1
        with export.database.read() as connection:
            assert not connection.execute(select(samples_table)).all()


def test_a_row_that_changes_while_it_is_posted_is_posted_again(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, influx):
        watch = watch_of(export)

        def permit(connection: Connection, name: str) -> None:
            connection.execute(
                insert(permits).values(
                    id=name,
                    watch=watch,
                    from_at=micros(export.now),
                    until_at=micros(export.now + timedelta(hours=1)),
                    purpose="meal",
                    granted_by="team-3/lead",
                    asked_by=export.keys.seal(watch, ""),
                    is_late=False,
                )
            )

        export.write(lambda connection: permit(connection, "p1"))
        export.cycle()
        export.write(
            lambda connection: connection.execute(permits.update().values(revoked_at=1)) and None
        )
        export.exporter.save(export.now)
        with export.database.read() as connection:
            assert len(connection.execute(select(export_feed)).all()) == 1
        export.drain()
        with export.database.read() as connection:
            assert not connection.execute(select(export_feed)).all()
        assert influx.lines("state")


def test_a_rewind_beside_a_running_exporter_is_followed(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, influx):
        export.journal(30)
        export.drain()
        influx.points.clear()
        export.write(lambda connection: cursor.move(connection, CONSUMER, 10, export.now))
        export.drain()
        assert len(influx.lines("observation")) == 20


def test_a_rewind_between_posting_and_saving_is_not_overwritten(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, influx):
        export.journal(30)
        export.drain()
        export.journal(5)
        export.cycle()
        export.write(lambda connection: cursor.move(connection, CONSUMER, 10, export.now))
        export.exporter.save(export.now)
        assert export.cursor() == 10
        influx.points.clear()
        export.drain()
        assert len(influx.lines("observation")) == 25


def test_without_influx_nothing_is_kept_for_it(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, _):
        export.write(lambda connection: progress.end(connection, export.now))
        assert export.cursor() is None
        export.write(lambda connection: progress.end(connection, export.now))  # once more: nothing
        with export.database.read() as connection:
            assert not connection.execute(select(export_feed)).all()


def test_a_first_start_notes_every_row_and_a_second_none(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, _):
        export.journal(30)
        export.drain()
        export.write(lambda connection: progress.begin(connection, export.now))
        assert export.cursor() == 30


# ---- outages ----


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict.OUTAGE, "outage"),
        (Verdict.UNAUTHORIZED, "unauthorized"),
        (Verdict.NOT_FOUND, "not_found"),
    ],
)
def test_why_nothing_is_taken_is_told_and_nothing_is_lost(
    tmp_path: Path, verdict: Verdict, state: str
) -> None:
    with beside(tmp_path) as (export, influx):
        export.journal(30)
        influx.answers.extend([Answer(verdict, "why")] * 3)
        pauses = [export.cycle() for _ in range(3)]
        status = export.exporter.status()
        assert (status.state, status.detail, status.cursor_seq) == (state, "why", 0)
        assert status.oldest_waiting_at is not None
        assert pauses == ([1, 2, 4] if verdict is Verdict.OUTAGE else [60, 60, 60])
        export.drain()
        assert len(influx.lines("observation")) == 30


def test_an_outage_is_logged_once_and_its_end_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with beside(tmp_path) as (export, influx), caplog.at_level(logging.INFO, "gateway.export"):
        export.journal(3)
        influx.answers.extend([Answer(Verdict.OUTAGE, "503")] * 5)
        for _ in range(5):
            export.cycle()
        export.drain()
        assert [each.levelname for each in caplog.records] == ["WARNING", "INFO"]


def test_a_home_released_during_an_outage_is_in_no_later_post(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, influx):
        watch = watch_of(export)
        export.journal(30)
        influx.answers.append(Answer(Verdict.OUTAGE))
        export.cycle()
        assert watch.encode() in b"".join(influx.posts[0])
        influx.posts.clear()
        release(export, watch)  # and nobody tells the exporter
        export.drain()
        assert influx.erased == [watch]
        assert watch.encode() not in b"".join(line for post in influx.posts for line in post)
        assert export.exporter.status().passed_over == 30


def test_a_deletion_comes_before_anything_else_is_written(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, influx):
        export.journal(30)
        export.drain()
        release(export, watch_of(export))
        export.cycle()
        assert not influx.lines("observation")
        assert export.exporter.status().erasures_pending == 0


# ---- lines that are refused ----


def test_a_refused_line_is_kept_under_the_key_of_its_home_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    with beside(tmp_path) as (export, influx):
        watch = watch_of(export)
        influx.bad = lambda line: b"seq=7i" in line
        export.journal(20)
        export.drain()
        with export.database.read() as connection:
            [row] = connection.execute(select(export_refused)).all()
        assert (row.watch, row.bucket, row.why) == (watch, "homes", "unable to parse")
        assert "seq=7i" in export.keys.unseal(watch, row.line)
        assert len(influx.lines("observation")) == 19
        assert export.cursor() == 20
        assert export.exporter.status().points_refused == 1


def test_no_more_refused_lines_are_kept_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress, "MOST_REFUSED", 5)
    with beside(tmp_path) as (export, influx):
        influx.bad = lambda line: line.startswith(b"observation,") and b"1i" in line
        for _ in range(3):
            export.journal(30)
            export.drain()
        with export.database.read() as connection:
            assert len(connection.execute(select(export_refused)).all()) == 5
        assert export.exporter.status().points_refused > 5
        assert export.cursor() == 90
    assert len([each for each in caplog.records if "refuses" in each.message]) == 1


def test_a_refused_line_that_leads_to_nobody_is_kept_under_the_gateways_own_key(
    tmp_path: Path,
) -> None:
    with beside(tmp_path) as (export, influx):
        influx.bad = lambda line: line.startswith(b"gateway,")
        export.journal(3)
        sample = samples.Gateway(at=micros(export.now), fields={"up_s": 5.0})
        export.write(lambda connection: samples.append(connection, sample))
        export.drain()
        with export.database.read() as connection:
            [row] = connection.execute(select(export_refused)).all()
        assert row.watch is None
        assert export.keys.unseal("gateway", row.line).startswith("gateway,")


def test_a_refused_line_of_a_home_without_a_key_is_not_kept(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, influx):
        influx.bad = lambda line: b"seq=7i" in line
        export.journal(20)
        watch = watch_of(export)
        influx.bad = lambda line: (export.keys.shred(watch), b"seq=7i" in line)[1]
        export.drain()
        with export.database.read() as connection:
            assert not connection.execute(select(export_refused)).all()


def test_a_record_on_which_our_own_code_fails_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(topic: str, payload: bytes, retained: bool, *, registry: object) -> object:
        if b'"seq": 7,' in payload:
            raise RuntimeError("a defect")
        return decode(topic, payload, retained, registry)  # type: ignore[arg-type]

    monkeypatch.setattr(forming, "decode", broken)
    with beside(tmp_path) as (export, influx):
        export.journal(20)
        export.drain()
        assert len(influx.lines("observation")) == 19
        assert export.cursor() == 20
        assert export.exporter.status().passed_over == 1


# ---- who is where, and how fast ----


def test_a_device_that_is_registered_later_is_found_once_that_is_told(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, influx):
        export.journal(1)
        export.drain()

        def register(connection: Connection) -> None:
            row = connection.execute(select(devices).where(devices.c.id == DOOR)).mappings().one()
            connection.execute(insert(devices).values({**row, "id": "door-new"}))

        export.write(register)
        export.exporter.directory_changed()
        export.journal(1, "door-new")
        export.drain()
        assert len(influx.lines("observation")) == 2


def test_while_intake_is_busy_a_tenth_of_a_core_is_used(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, _):
        export.journal(RECORDS * 2)
        assert export.cycle() == 0
        export.is_busy = True
        assert export.cycle() == pytest.approx(0.05 * 9)


def test_nothing_is_too_old_by_a_clock_that_is_not_to_be_believed(tmp_path: Path) -> None:
    with beside(tmp_path) as (export, influx):
        export.journal(5, ago=timedelta(days=100))
        export.is_trusted = False
        export.drain()
        assert len(influx.lines("observation")) == 5
        export.journal(5, ago=timedelta(days=100))
        export.is_trusted = True
        export.drain()
        assert export.exporter.status().points_too_old > 0


def test_figures_are_made_once_all_is_exported_and_no_failure_of_theirs_holds_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[datetime] = []

    def run(
        influx: object, exported_to: datetime, done_to: datetime | None, every_s: int
    ) -> datetime:
        made.append(exported_to)
        if len(made) == 1:
            raise InfluxError(Verdict.OUTAGE, "too slow")
        return exported_to

    monkeypatch.setattr(thinning, "run", run)
    with beside(tmp_path) as (export, influx):
        export.journal(RECORDS + 1)
        assert export.cycle() == 0
        assert not made
        export.drain()
        assert export.exporter.status().state == "up_to_date"
        assert len(influx.lines("observation")) == RECORDS + 1
        for elapsed in (THIN_AGAIN_S - 1, THIN_AGAIN_S, THIN_AGAIN_S + THIN_EVERY_S):
            export.elapsed = elapsed
            export.cycle()
        assert len(made) == 3
        with export.database.read() as connection:
            assert thinning.thinned_to(connection) == made[-1]
