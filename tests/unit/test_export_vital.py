"""How the gateway does becomes a sample: each figure where the schema has it, and rates of now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from alerts.channels.base import ChannelHealth
from alerts.tables import micros
from gateway.export import samples, vital
from gateway.export.samples import Gateway
from gateway.export.schema import CHANNEL, FINDING, GATEWAY
from gateway.export.vital import Before, VitalSampling
from gateway.health import Facts, Proved, Today
from gateway.wear import Wear
from tests.fakes.shell import MemoryBroker, Shell

T = TypeVar("T")
NOW = datetime(2026, 11, 21, 12, 0, 0, 4000, tzinfo=UTC)
FACTS = Facts(
    now=NOW,
    started_at=NOW - timedelta(hours=1),
    broker_connected=True,
    broker_since=NOW,
    journal_seq=100,
    cursor_seq=90,
    channels={"modem": ChannelHealth(True, "ok", {"signal_dbm": "-71"})},
    proofs={"modem": Proved(NOW - timedelta(hours=2), 7.0)},
    today={"modem": Today(texts=3, parts=4, cost_fen=20.0)},
    notices_waiting=1,
    oldest_due_at=NOW - timedelta(seconds=9),
    counts={"intake_messages": 700, "intake_commits": 20},
)
WORN = Wear(60.0, 50_000_000, 6.0, 9000, 51.5, 0.7)
BEFORE = Before(Wear(50.0, None, 5.0, 4000, None, None), 500, 10)


def taken(facts: Facts = FACTS, before: Before | None = BEFORE) -> Gateway:
    return vital.sample(facts, WORN, {"alerts": 90, "influx": 40}, 1234, 60, before)


def test_a_sample_is_on_the_whole_multiple_that_is_nearest() -> None:
    exact = NOW.replace(microsecond=0)
    assert taken().at == micros(exact)
    early = replace(FACTS, now=exact - timedelta(milliseconds=3))
    assert taken(early).at == micros(exact)


def test_every_field_has_its_place_in_the_schema() -> None:
    sample = taken()
    assert set(sample.fields) == {field.name for field in GATEWAY.fields}
    assert set(sample.channels[0].fields) == {field.name for field in CHANNEL.fields}
    assert {"level", "reason", "detail"} == {field.name for field in FINDING.fields}


def test_rates_are_of_the_time_since_the_sample_before() -> None:
    fields = taken().fields
    assert fields["messages_per_s"] == 20
    assert fields["commits_per_s"] == 1
    assert fields["disk_written_bytes_per_s"] == 500
    assert fields["cpu_pct"] == 10


def test_a_first_sample_has_no_rates_rather_than_wrong_ones() -> None:
    assert "messages_per_s" not in taken(before=None).fields


def test_what_is_behind_or_waits_is_said() -> None:
    fields = taken().fields
    assert (fields["lag_records"], fields["notice_wait_s"]) == (10, 9)
    assert taken(replace(FACTS, oldest_due_at=None)).fields["notice_wait_s"] == 0


def test_a_channel_is_kept_with_its_signal_and_its_last_proof() -> None:
    (channel,) = taken().channels
    assert channel.fields == {
        "is_up": True,
        "reason": "ok",
        "signal_dbm": -71,
        "texts_today": 3,
        "parts_today": 4,
        "cost_today_yuan": 0.2,
        "proof_age_s": 7200,
        "proof_took_s": 7,
    }


def test_findings_are_numbered_by_how_bad_they_are() -> None:
    found = {
        each.part: each.level for each in taken(replace(FACTS, broker_connected=False)).findings
    }
    assert (found["broker"], found["journal"]) == (2, 0)
    assert taken(replace(FACTS, broker_connected=False)).fields["is_well"] is False


class Writes:
    """The writer thread, which is this one."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell

    async def run(self, job: Callable[[Connection], T]) -> T:
        with self.shell.in_transaction():
            return job(self.shell.connection)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(tmp_path / "menshen.db", MemoryBroker())
    yield made
    made.kill()


def sampling(shell: Shell, facts: Callable[[], Facts]) -> VitalSampling:
    path = shell.database.path
    return VitalSampling(facts, shell.database.read, Writes(shell), path, lambda: NOW, 60)


def stored(shell: Shell) -> list[Any]:
    with shell.database.read() as connection:
        return [each.sample for each in samples.read(connection, 10)]


async def test_samples_are_kept_one_after_the_other(shell: Shell) -> None:
    later = iter([FACTS, replace(FACTS, now=NOW + timedelta(minutes=1))])
    taking = sampling(shell, lambda: next(later))
    await taking.take()
    await taking.take()
    first, second = stored(shell)
    assert second.at - first.at == 60_000_000
    assert "messages_per_s" not in first.fields
    assert second.fields["messages_per_s"] == 0
    assert first.fields["database_bytes"] > 10_000


async def test_a_sample_that_fails_does_not_end_the_sampling(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = []

    class EnoughError(BaseException):
        """Ends the test."""

    async def sleep(_: float) -> None:
        tries.append(1)
        if len(tries) > 2:
            raise EnoughError

    def fails() -> Facts:
        raise RuntimeError("a defect")

    monkeypatch.setattr("gateway.export.vital.asyncio.sleep", sleep)
    with pytest.raises(EnoughError):
        await sampling(shell, fails).run()
    assert caplog.text.count("could not be kept") == 2
