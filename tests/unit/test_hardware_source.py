"""What is wired takes the journal's way past the broker: same rules, same record, same order."""

from __future__ import annotations

import json
from pathlib import Path
from selectors import DefaultSelector

import pytest

from alerts.reason import Reason
from alerts.tables import conditions, decisions
from devices.model import Kind
from gateway.hardware.local import Moment, WiredDevice, WiredSource
from tests.fakes.shell import MemoryBroker, Shell, later

NOW = Moment(1_795_280_000.0, is_trusted=False)


@pytest.fixture
def source():
    source = WiredSource(most=5)
    yield source
    source.close()


@pytest.fixture
def shell(tmp_path: Path, source: WiredSource):
    shell = Shell(tmp_path / "m.db", MemoryBroker())
    shell.intake._beside = source
    shell.start()
    yield shell
    shell.kill()


def door(boot: str = "b1") -> WiredDevice:
    """A wired device that is registered at the home of the shell."""
    return WiredDevice("door-1", boot)


def settle(shell: Shell) -> None:
    for _ in range(5):
        shell.pump()


def test_a_wired_opening_is_journalled_and_decided_like_any_other(
    shell: Shell, source: WiredSource
) -> None:
    wired = door()
    source.put([wired.event(Kind.DOOR, "main", "closed", NOW)])
    source.put([wired.event(Kind.DOOR, "main", "open", NOW)])
    settle(shell)
    first, second = shell.records()
    assert (first.topic, first.device, first.retained) == (
        "menshen/v1/door-1/event",
        "door-1",
        False,
    )
    assert json.loads(second.payload)["seq"] == 2
    assert [row.kind for row in shell.rows(conditions)] == ["opened"]


def test_the_same_message_twice_is_one_record(shell: Shell, source: WiredSource) -> None:
    opening = door().event(Kind.DOOR, "main", "open", NOW)
    source.put([opening, opening])
    settle(shell)
    assert len(shell.records()) == 1
    assert shell.intake.counts["intake_duplicates"] == 1


def test_a_door_found_open_at_the_start_is_told_to_nobody(
    shell: Shell, source: WiredSource
) -> None:
    wired = door()
    wired.found(Kind.DOOR, "main", "open")
    source.put([wired.heartbeat(NOW, 0.1)])
    settle(shell)
    assert [row.reason for row in shell.rows(conditions)] == [Reason.FOUND_OPEN]
    assert shell.woken == 0


def test_what_a_full_queue_lost_shows_as_a_gap(shell: Shell, source: WiredSource) -> None:
    wired = door()
    source.put([wired.event(Kind.DOOR, "main", "closed", NOW)])
    settle(shell)
    states = ("open", "closed") * 4
    source.put([wired.event(Kind.DOOR, "main", state, NOW) for state in states])
    settle(shell)
    assert [json.loads(each.payload)["seq"] for each in shell.records()] == [1, 5, 6, 7, 8, 9]
    (gap,) = [row for row in shell.rows(decisions) if row.reason == Reason.MESSAGES_MISSING]
    assert gap.detail.startswith("3 missing")


def test_while_the_disk_is_full_it_waits_and_is_not_lost(shell: Shell, source: WiredSource) -> None:
    with shell.connection.begin():
        pages = shell.connection.exec_driver_sql("PRAGMA page_count").scalar()
        shell.connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    for _ in range(4):
        shell.source.broker.publish("menshen/v1/door-2/event", b"x" * 8000)
    source.put([door().event(Kind.DOOR, "main", "open", NOW)])
    settle(shell)
    assert shell.records() == []
    with shell.connection.begin():
        shell.connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    later(shell, 60)
    shell.elapsed += 60
    settle(shell)
    assert "door-1" in [each.device for each in shell.records()]


def test_what_was_said_before_the_stop_is_kept(
    tmp_path: Path, shell: Shell, source: WiredSource
) -> None:
    source.put([door().event(Kind.DOOR, "main", "open", NOW)])
    shell.intake.stop(shell.connection)
    assert len(shell.records()) == 1


def test_the_writer_thread_is_woken_for_it(shell: Shell, source: WiredSource) -> None:
    assert shell._selector.select(0) == []
    source.put([door().heartbeat(NOW, 1)])
    assert shell._selector.select(0) != []
    shell.pump()
    assert shell._selector.select(0) == []


def test_putting_something_in_wakes_who_sleeps_and_taking_it_lets_him_sleep() -> None:
    source = WiredSource()
    with DefaultSelector() as selector:
        source.start(selector)
        assert selector.select(0) == []
        source.put([door().heartbeat(NOW, 1)])
        assert selector.select(0) != []
        assert len(source.take()) == 1
        assert selector.select(0) == []
    source.close()
