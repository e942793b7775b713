"""Rows of unknown time: written with what made them, ended once, and right after every start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert

from alerts import spans
from alerts.model import DeviceInfo
from alerts.tables import from_micros, micros, unknown_spans
from gateway import cursor, memories
from gateway.recall import Registered
from tests.fakes.shell import MemoryBroker, Shell, event_of, registered
from tests.fakes.street import local

Start = Callable[..., Shell]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a gateway at a time; killed or stopped, another may start on the same database."""
    broker = MemoryBroker()
    lives: list[Shell] = []

    def start(at: str = "14:30") -> Shell:
        life = Shell(tmp_path / "m.db", broker)
        life.now = local(at)
        life.start()
        lives.append(life)
        return life

    yield start
    for life in lives:
        life.connection.close()
        life.database.close()


def says(life: Shell, *message: Any) -> None:
    life.source.broker.publish(*message)
    life.settle()


def falls_silent(life: Shell) -> None:
    """A door says that it is closed, and its last will comes."""
    says(life, *event_of("door-1", 1, "closed"))
    says(life, "menshen/v1/door-1/status", b"offline")


def rows(life: Shell) -> list[tuple[str | None, str, datetime, datetime | None]]:
    return [
        (
            row.device,
            row.reason,
            from_micros(row.from_at),
            row.until_at and from_micros(row.until_at),
        )
        for row in life.rows(unknown_spans)
    ]


def lasting(life: Shell) -> list[tuple[str | None, str]]:
    return [row[:2] for row in rows(life) if row[3] is None]


def registers(life: Shell, monkeypatch: pytest.MonkeyPatch, devices: Sequence[DeviceInfo]) -> None:
    """From now on these are the only devices."""

    def load(connection: Connection) -> Registered:
        return replace(registered(connection), devices=devices)

    around = replace(life.pipeline._around, load_registered=load)
    monkeypatch.setattr(life.pipeline, "_around", around)


def test_a_span_is_written_with_its_decision_and_the_device_with_it(start: Start) -> None:
    life = start()
    falls_silent(life)
    assert rows(life) == [("door-1", "last_will", local("14:30"), None)]
    with life.database.read() as connection:
        saved = memories.load(connection, ["door-1"])["door-1"]
    assert saved.row.unknown_since == micros(local("14:30"))
    assert saved.memory.states["door"] == "closed"


def test_a_word_ends_it_in_the_same_way(start: Start) -> None:
    life = start()
    falls_silent(life)
    life.now += MINUTE
    says(life, *event_of("door-1", 2, "closed"))
    assert rows(life) == [("door-1", "last_will", local("14:30"), local("14:31"))]
    with life.database.read() as connection:
        saved = memories.load(connection, ["door-1"])["door-1"]
    assert saved.row.unknown_since is None
    assert saved.row.heard_at == micros(local("14:31"))


def test_a_word_from_before_ends_a_span_no_earlier_than_it_began(start: Start) -> None:
    life = start()
    falls_silent(life)
    with life.in_transaction():
        spans.save(life.connection, {"door-1": local("14:00")}, [])
    assert rows(life) == [("door-1", "last_will", local("14:30"), local("14:30"))]


def test_after_a_kill_an_open_span_is_open_and_not_doubled(start: Start) -> None:
    life = start()
    falls_silent(life)
    life.kill()
    again = start()
    again.settle()
    assert rows(again) == [("door-1", "last_will", local("14:30"), None)]
    again.now += MINUTE
    says(again, *event_of("door-1", 2, "closed"))
    assert rows(again) == [("door-1", "last_will", local("14:30"), local("14:31"))]


def test_a_gateway_that_was_off_says_so(start: Start) -> None:
    life = start()
    says(life, *event_of("door-1", 1, "closed"))
    life.stop()
    again = start(at="14:35")
    assert rows(again) == [(None, "gateway_off", local("14:30"), local("14:35"))]
    again.stop()
    soon = start(at="14:36")
    assert len(rows(soon)) == 1


def test_the_last_word_of_every_device_is_saved_after_it_was_off(start: Start) -> None:
    """What is exported of the time in which it was off is every device's last word."""
    life = start()
    says(life, *event_of("door-1", 1, "closed"))
    life.pipeline.note_time(life.connection, life.now)
    life.kill()
    again = start(at="14:35")
    with again.database.read() as connection:
        assert memories.load(connection)["door-1"].memory.states == {"door": "closed"}


def test_killed_while_it_starts_it_was_off_once_for_longer(start: Start) -> None:
    life = start()
    says(life, *event_of("door-1", 1, "closed"))
    life.pipeline.note_time(life.connection, life.now)
    off_at = cursor.last_moved_at(life.connection)
    life.connection.rollback()
    with life.in_transaction():
        spans.was_off(life.connection, off_at, local("14:35"))
    life.kill()
    again = start(at="14:40")
    assert rows(again) == [(None, "gateway_off", local("14:30"), local("14:40"))]


def test_a_broker_lost_and_found_is_a_span_of_the_gateway(start: Start) -> None:
    life = start()
    says(life, *event_of("door-1", 1, "closed"))
    life.pipeline.intake_lost(life.connection, life.now)
    with life.database.read() as connection:
        assert "door-1" in memories.load(connection)  # it is about every device
    life.now += MINUTE
    life.pipeline.intake_back(life.connection, life.now)
    assert rows(life) == [(None, "intake_lost", local("14:30"), local("14:31"))]


def test_a_broker_lost_before_a_kill_was_lost_until_the_start(start: Start) -> None:
    life = start()
    life.pipeline.intake_lost(life.connection, life.now)
    life.kill()
    again = start(at="14:30:30")
    assert rows(again) == [(None, "intake_lost", local("14:30"), local("14:30:30"))]


def test_reading_homes_again_makes_a_deaf_gateway_hear_nothing(start: Start) -> None:
    life = start()
    life.pipeline.intake_lost(life.connection, life.now)
    life.now += MINUTE
    life.pipeline.reload(life.connection, life.now)
    assert lasting(life) == [(None, "intake_lost")]
    assert rows(life)[0][3] == rows(life)[1][2]


def test_a_device_taken_out_of_the_homes_is_unknown_no_more(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = start()
    falls_silent(life)
    life.now += MINUTE

    registers(life, monkeypatch, [])
    life.pipeline.reload(life.connection, life.now)
    assert rows(life) == [("door-1", "last_will", local("14:30"), local("14:31"))]


def test_a_device_at_another_home_is_unknown_there_from_now_on(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = start()
    falls_silent(life)
    life.now += MINUTE

    registers(life, monkeypatch, [DeviceInfo("door-1", "w2", "b3")])
    life.pipeline.reload(life.connection, life.now)
    assert [(row.watch, row.until_at is None) for row in life.rows(unknown_spans)] == [
        ("w1", False),
        ("w2", True),
    ]


def test_what_an_older_version_left_unknown_has_a_span_from_the_start_on(start: Start) -> None:
    life = start()
    falls_silent(life)
    with life.in_transaction():
        life.connection.execute(delete(unknown_spans))
    life.kill()
    again = start(at="14:30:40")
    assert rows(again) == [("door-1", "last_will", local("14:30:40"), None)]


def test_a_clock_that_steps_where_nothing_is_unknown_moves_nothing(start: Start) -> None:
    life = start()
    life.now -= timedelta(hours=1)
    life.pipeline.shift(life.connection, timedelta(hours=-1), life.now)
    assert rows(life) == []


def test_a_clock_that_stepped_moves_rows_that_last_and_leaves_the_others(start: Start) -> None:
    life = start()
    falls_silent(life)
    with life.in_transaction():
        life.connection.execute(
            insert(unknown_spans).values(
                device="door-2", reason="last_will", from_at=5, until_at=7, watch="w1"
            )
        )
    life.now -= timedelta(hours=1)
    life.pipeline.shift(life.connection, timedelta(hours=-1), life.now)
    found = {(each[0], each[2], each[3]) for each in rows(life)}
    assert found == {
        ("door-1", local("14:30"), local("14:30")),
        ("door-1", local("13:30"), None),
        ("door-2", from_micros(5), from_micros(7)),
    }
