"""Intake: nothing is confirmed that is not on the disk, and nothing on the disk comes twice."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from alerts.tables import incidents, micros
from gateway import cursor
from gateway.intake import KEPT_OF_LARGE
from tests.fakes.shell import MemoryBroker, Shell, event_of, later


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
def shell(tmp_path: Path, broker: MemoryBroker):
    shell = Shell(tmp_path / "m.db", broker)
    shell.start()
    yield shell
    shell.kill()


def fill_the_disk(shell: Shell) -> None:
    """Let the database not grow by another page."""
    with shell.connection.begin():
        pages = shell.connection.exec_driver_sql("PRAGMA page_count").scalar()
        shell.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def make_room(shell: Shell) -> None:
    with shell.connection.begin():
        shell.connection.exec_driver_sql("PRAGMA max_page_count = 1000000")


def test_a_message_is_journalled_as_it_came_with_three_times(
    shell: Shell, broker: MemoryBroker
) -> None:
    payload = b'{"seq": 1, "boot": "b1", "at": 1.5, "kind": "door", "state": "open"}'
    broker.publish("menshen/v1/door-1/event", payload)
    shell.settle()
    (record,) = shell.records()
    assert (record.topic, record.payload, record.device) == (
        "menshen/v1/door-1/event",
        payload,
        "door-1",
    )
    assert record.observed_at == 1_500_000
    assert record.received_at == record.recorded_at == micros(shell.now)
    assert record.reason is None
    assert broker.queued == {}


def test_a_second_copy_is_confirmed_and_not_journalled(shell: Shell, broker: MemoryBroker) -> None:
    for _ in range(3):
        broker.publish(*event_of("door-1", 1, "open"))
    shell.settle()
    assert broker.queued == {}
    assert len(shell.records()) == 1
    assert shell.intake.counts["intake_duplicates"] == 2


def test_a_second_copy_is_recognised_after_a_restart(tmp_path: Path, broker: MemoryBroker) -> None:
    for end in (Shell.kill, Shell.stop, Shell.stop):
        shell = Shell(tmp_path / "m.db", broker)
        shell.start()
        broker.publish(*event_of("door-1", 1, "open"))
        broker.publish(*event_of("stranger", 1, "open"))
        shell.settle()
        assert len(shell.records()) == 2
        end(shell)


def test_the_device_hears_how_far_everything_is_on_the_disk(
    shell: Shell, broker: MemoryBroker
) -> None:
    for seq in (1, 2, 4):
        broker.publish(*event_of("door-1", seq, "open" if seq % 2 else "closed"))
    shell.settle()
    assert broker.sent == [("menshen/v1/door-1/received", b'{"boot":"b1","seq":2}')]
    broker.publish(*event_of("door-1", 3, "open"))
    shell.settle()
    assert broker.sent[1:] == [("menshen/v1/door-1/received", b'{"boot":"b1","seq":4}')]


def test_a_heartbeat_alone_is_not_answered(shell: Shell, broker: MemoryBroker) -> None:
    beat = {"boot": "b1", "seq": 3, "uptime_s": 5, "interval_s": 60, "states": {"door": "closed"}}
    broker.publish("menshen/v1/door-1/heartbeat", json.dumps(beat).encode())
    shell.settle()
    assert len(shell.records()) == 1
    assert broker.sent == []


def test_what_cannot_be_read_is_kept_whole_with_its_reason(
    shell: Shell, broker: MemoryBroker
) -> None:
    broker.publish("menshen/v1/door-1/event", b"\xff\x00 not json")
    broker.publish("elsewhere/entirely", b"x")
    shell.settle()
    broken, unclaimed = shell.records()
    assert (broken.payload, broken.device) == (b"\xff\x00 not json", "door-1")
    assert broken.reason
    assert unclaimed.reason == "unclaimed_topic"
    assert shell.intake.counts["intake_undecodable"] == 2
    assert broker.queued == {}
    assert shell.pipeline.cursor == 2


def test_of_a_payload_that_is_too_large_the_head_and_a_digest_are_kept(
    shell: Shell, broker: MemoryBroker
) -> None:
    broker.publish("menshen/v1/door-1/event", b"a" * 20_000)
    shell.settle()
    (record,) = shell.records()
    assert record.payload == b"a" * KEPT_OF_LARGE
    assert record.reason is not None
    assert record.reason.startswith("payload_too_large: 20000 bytes, sha256 ")


def test_a_full_disk_confirms_nothing_and_loses_nothing(shell: Shell, broker: MemoryBroker) -> None:
    fill_the_disk(shell)
    large = b"x" * 8000
    for _ in range(20):
        broker.publish("menshen/v1/door-1/event", large)
    shell.pump(3)
    assert len(broker.queued) == 20
    assert shell.records() == []
    assert shell.intake.refused_since == shell.now
    assert shell.intake.refused_reason == "disk_full"
    make_room(shell)
    shell.elapsed += 60
    shell.settle()
    assert broker.queued == {}
    assert len(shell.records()) == 20
    assert shell.intake.refused_since is None


def test_a_full_disk_is_tried_again_after_a_pause_not_at_once(
    shell: Shell, broker: MemoryBroker
) -> None:
    fill_the_disk(shell)
    broker.publish("menshen/v1/door-1/event", b"x" * 16_000)
    shell.pump()
    shell._monotonic = lambda: 100.0  # type: ignore[method-assign]
    shell.intake._monotonic = lambda: 100.0
    shell.intake._retry_at = 100.5
    assert shell.pump() == pytest.approx(0.5)
    assert shell.intake.counts["intake_commits_refused"] == 1


def test_decisions_that_could_not_be_saved_are_made_again(
    shell: Shell, broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    from alerts import store

    def full(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    with monkeypatch.context() as patch:
        patch.setattr(store, "save", full)
        broker.publish(*event_of("seal-1", 1, "applied"))
        broker.publish(*event_of("seal-1", 2, "broken"))
        shell.pump(2)
        assert broker.queued == {}  # the journal has them
        assert shell.pipeline.is_behind
        assert shell.rows(incidents) == []
    shell.settle()
    assert len(shell.rows(incidents)) == 1
    assert shell.pipeline.cursor == 2


def test_confirmations_of_a_lost_connection_are_not_sent_on_the_next(
    shell: Shell, broker: MemoryBroker
) -> None:
    broker.publish(*event_of("door-1", 1, "open"))
    shell.intake._read(shell.source.take())
    shell.source.reconnect()
    broker.queued.clear()
    other = broker.publish(*event_of("door-2", 1, "open"))
    shell.intake._read(shell.source.take())
    assert shell.intake._mids == [other]
    shell.settle()
    assert len(shell.records()) == 2


def test_a_commit_just_made_lets_what_follows_gather(shell: Shell, broker: MemoryBroker) -> None:
    at = 100.0
    shell.intake._monotonic = lambda: at
    broker.publish(*event_of("door-1", 1, "open"))
    shell.pump()
    assert shell.intake.last_seq == 1  # latency first
    broker.publish(*event_of("door-1", 2, "closed"))
    assert shell.pump() == pytest.approx(0.005)
    assert shell.intake.last_seq == 1
    at += 0.006
    shell.pump()
    assert shell.intake.last_seq == 2


def test_a_full_group_does_not_wait(tmp_path: Path, broker: MemoryBroker) -> None:
    shell = Shell(tmp_path / "m.db", broker, group_rows=2)
    shell.start()
    shell.intake._monotonic = lambda: 100.0
    for seq in range(1, 4):
        broker.publish(*event_of("door-1", seq, "open"))
    broker.window = 1
    shell.pump(2)
    assert shell.intake.last_seq == 1
    broker.window = 3
    shell.pump(2)
    assert shell.intake.last_seq == 3
    shell.kill()


def test_an_idle_cursor_is_saved_with_a_later_append(shell: Shell, broker: MemoryBroker) -> None:
    def saved() -> int:
        with shell.database.read() as connection:
            return cursor.read(connection, "alerts")

    broker.publish(*event_of("stranger", 1, "open"))
    shell.settle()
    broker.publish(*event_of("stranger", 2, "closed"))
    shell.settle()
    assert (shell.pipeline.cursor, saved()) == (2, 0)
    later(shell, timedelta(seconds=2).total_seconds())
    broker.publish(*event_of("stranger", 3, "open"))
    shell.settle()
    assert saved() == 2
