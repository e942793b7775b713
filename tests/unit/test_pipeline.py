"""The pipeline: what is in memory is what was saved, whatever fails, and whenever it stops."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alerts import engine
from alerts.commands import Acknowledge
from alerts.model import ConditionKind
from alerts.state import Turn, Voice
from alerts.tables import conditions, decisions, incidents, notices
from devices.model import Observation
from gateway import checkpoint, cursor
from tests.fakes.shell import MemoryBroker, Shell, event_of, later

Start = Callable[..., Shell]


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
def start(tmp_path: Path, broker: MemoryBroker) -> Iterator[Start]:
    """Start a gateway; it may be killed or stopped, and another started on the same database."""
    shells: list[Shell] = []

    def start(**options: object) -> Shell:
        shell = Shell(tmp_path / "m.db", broker, **options)  # type: ignore[arg-type]
        shell.start()
        shells.append(shell)
        return shell

    yield start
    for shell in shells:
        shell.connection.close()
        shell.database.close()


def beat(device: str, seq: int, door: str = "closed") -> tuple[str, bytes]:
    said = {"boot": "b1", "seq": seq, "uptime_s": 1, "interval_s": 600, "states": {"door": door}}
    return f"menshen/v1/{device}/heartbeat", json.dumps(said).encode()


def break_seal(shell: Shell, broker: MemoryBroker) -> None:
    broker.publish(*event_of("seal-1", 1, "applied"))
    broker.publish(*event_of("seal-1", 2, "broken"))
    shell.settle()


def test_a_broken_seal_is_an_incident_with_notices_and_the_dispatcher_is_woken(
    start: Start, broker: MemoryBroker
) -> None:
    shell = start()
    break_seal(shell, broker)
    assert [row.headline for row in shell.rows(incidents)] == [ConditionKind.SEAL_BROKEN]
    assert len(shell.rows(notices)) >= 3
    assert shell.woken == 1
    with shell.database.read() as connection:
        assert cursor.read(connection, "alerts") == 2


def test_texts_are_written_in_the_language_of_the_gateway_after_a_restart_too(
    start: Start, broker: MemoryBroker
) -> None:
    shell = start(voice=Voice("en"))
    break_seal(shell, broker)
    assert all(b"[Menshen]" in row.text for row in shell.rows(notices))
    shell.kill()
    again = start(voice=Voice("en"))
    before = len(again.rows(notices))
    answer = again.pipeline.reply(again.connection, ("team-1/worker-day",), "?", again.now)
    assert answer.text.startswith("[Menshen]")
    assert len(again.rows(notices)) == before + 1
    assert b"[Menshen]" in again.rows(notices)[-1].text


def test_after_a_kill_the_same_state_is_known(start: Start, broker: MemoryBroker) -> None:
    shell = start()
    break_seal(shell, broker)
    for message in (beat("door-1", 0), event_of("door-1", 1, "open"), beat("door-1", 1, "open")):
        broker.publish(*message)
    shell.settle()
    known = shell.pipeline.state
    shell.kill()
    again = start()
    again.settle()
    assert again.pipeline.state is not None
    assert known is not None
    for name, device in known.devices.items():
        restored = again.pipeline.state.devices[name]
        assert restored.memory.to_row() == device.memory.to_row()
        assert restored.interval_s == device.interval_s
    assert again.pipeline.state.conditions == known.conditions
    assert again.pipeline.state.incidents == known.incidents


def test_an_orderly_stop_leaves_nothing_to_fold(start: Start, broker: MemoryBroker) -> None:
    shell = start()
    broker.publish(*beat("door-1", 0))
    shell.settle()
    shell.stop()
    again = start()
    with again.database.read() as connection:
        assert cursor.read(connection, "devices") == cursor.read(connection, "alerts") == 1


def test_a_checkpoint_saves_every_device_a_slice_at_a_time(
    start: Start, broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "EVERY_RECORDS", 3)
    monkeypatch.setattr(checkpoint, "SLICE", 1)
    shell = start()
    for _ in range(8):
        for device in ("door-1", "door-2", "seal-1"):
            broker.publish(*beat(device, 0))
            shell.pump(2)
    with shell.database.read() as connection:
        assert 3 <= cursor.read(connection, "devices") < shell.pipeline.cursor
    known = shell.pipeline.state
    shell.kill()
    again = start()
    again.settle()
    assert known is not None
    assert again.pipeline.state is not None
    for name, device in known.devices.items():
        assert again.pipeline.state.devices[name].memory.to_row() == device.memory.to_row()


class Defective:
    """The engine, but for one message on which it fails."""

    def __getattr__(self, name: str) -> object:
        return getattr(engine, name)

    def apply(self, turn: Turn, observation: Observation, received_at: datetime) -> None:
        if observation.device == "door-2":
            raise ZeroDivisionError
        engine.apply(turn, observation, received_at)


def test_a_record_on_which_the_engine_fails_stops_no_other(
    start: Start, broker: MemoryBroker
) -> None:
    shell = start(engine=Defective())
    broker.publish(*event_of("door-2", 1, "open"))
    break_seal(shell, broker)
    broker.publish(*event_of("door-2", 2, "closed"))
    shell.settle()
    assert len(shell.rows(incidents)) == 1
    assert shell.pipeline.records_passed_over == 2
    failed = [row for row in shell.rows(decisions) if row.detail == "engine failed"]
    assert [(row.device, row.journal_seq) for row in failed] == [("door-2", 1), ("door-2", 4)]
    assert shell.pipeline.cursor == 4


def test_what_waits_in_the_journal_is_applied_in_order_at_the_next_start(
    start: Start, broker: MemoryBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = start()
    monkeypatch.setattr(shell.pipeline, "apply", lambda *_: None)  # killed before each of them
    break_seal(shell, broker)
    assert shell.rows(incidents) == []
    shell.kill()
    again = start()
    assert again.pipeline.is_behind
    again.settle()
    assert len(again.rows(incidents)) == 1
    assert again.pipeline.cursor == 2


def test_time_alone_opens_what_is_due(start: Start, broker: MemoryBroker) -> None:
    shell = start()
    broker.publish(*event_of("door-1", 1, "closed"))
    broker.publish(*event_of("door-1", 2, "open"))
    shell.settle()
    due = shell.pipeline.next_at()
    assert due is not None
    shell.pipeline.tick(shell.connection, later(shell, timedelta(minutes=4).total_seconds()))
    kinds = {row.kind for row in shell.rows(conditions)}
    assert ConditionKind.LEFT_OPEN in kinds


def test_a_command_is_saved_before_it_is_answered(start: Start, broker: MemoryBroker) -> None:
    shell = start()
    break_seal(shell, broker)
    (incident,) = shell.rows(incidents)
    asked = Acknowledge(incident.id, "team-1/police-day", "cli")
    answer = shell.pipeline.command(shell.connection, asked, shell.now)
    assert answer.ok
    (incident,) = shell.rows(incidents)
    assert json.loads(incident.acknowledgements)[0]["contact"] == "team-1/police-day"


def test_a_turn_that_fails_leaves_nothing_behind(start: Start, broker: MemoryBroker) -> None:
    shell = start()
    break_seal(shell, broker)

    def half(turn: Turn) -> None:
        turn.state.incidents.clear()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        shell.pipeline.run(shell.connection, half, shell.now)
    assert shell.pipeline.is_behind
    shell.settle()
    assert shell.pipeline.state is not None
    assert len(shell.pipeline.state.incidents) == 1
