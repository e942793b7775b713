"""Which hours and days are made, and when: in order, a day at a time, none before its time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.export import thinning
from gateway.export.influx import Series
from gateway.export.schema import Bucket
from gateway.export.thinning import AT_ONCE, BACK, HOUR
from gateway.export.verdict import Answer, InfluxError, Verdict
from tests.fakes.shell import MemoryBroker, Shell

NOW = datetime(2026, 11, 21, 12, 34, tzinfo=UTC)
WHOLE = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Server:
    """Remembers what it is asked."""

    def __init__(self, verdict: Verdict = Verdict.WRITTEN) -> None:
        self.asked: list[str] = []
        self.written: list[bytes] = []
        self.verdict = verdict

    def query(self, bucket: Bucket, influxql: str) -> list[Series]:
        self.asked.append(influxql)
        if '"attempt"' in influxql:
            tags = {"gateway": "g1", "channel": "modem"}
            return [Series("attempt", tags, (), [(0, 3, 4, None, None)])]
        return []

    def write(self, bucket: Bucket, lines: Sequence[bytes]) -> Answer:
        assert bucket is Bucket.COUNTS
        self.written += lines
        return Answer(self.verdict, "why")

    def about(self, measurement: str) -> str:
        return next(each for each in self.asked if f'FROM "{measurement}"' in each)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(tmp_path / "menshen.db", MemoryBroker())
    yield made
    made.kill()


def ns(at: datetime) -> str:
    return f"{int(at.timestamp())}000000000"


def test_the_hours_that_are_over_are_made_and_the_one_that_runs_is_not() -> None:
    server = Server()
    assert thinning.run(server, NOW, WHOLE - 2 * HOUR, 600) == WHOLE
    assert f"time >= {ns(WHOLE - 2 * HOUR)} AND time < {ns(WHOLE)}" in server.about("home")


def test_the_day_that_runs_is_made_too_and_the_two_before_it_again() -> None:
    server = Server()
    thinning.run(server, NOW, WHOLE, 600)
    since = datetime(2026, 11, 19, tzinfo=UTC)
    assert f"time >= {ns(since)} AND time < {ns(NOW)}" in server.about("incident")


def test_where_no_hour_is_over_since_none_is_asked_for() -> None:
    server = Server()
    assert thinning.run(server, NOW, WHOLE, 600) == WHOLE
    assert not any('FROM "home"' in each for each in server.asked)


def test_after_a_long_time_one_day_is_made_at_once() -> None:
    server = Server()
    done_to = WHOLE - timedelta(days=10)
    assert thinning.run(server, NOW, done_to, 600) == done_to + AT_ONCE
    assert f"time < {ns(done_to + AT_ONCE)}" in server.about("incident")


@pytest.mark.parametrize("done_to", [None, NOW - timedelta(days=4000)])
def test_it_begins_where_influxdb_may_have_something(done_to: datetime | None) -> None:
    server = Server()
    assert thinning.run(server, NOW, done_to, 600) == WHOLE - BACK + AT_ONCE


def test_a_clock_that_went_back_takes_nothing_for_done() -> None:
    assert thinning.run(Server(), NOW, NOW + timedelta(days=3), 600) == WHOLE


def test_what_is_none_is_written_as_none_and_not_left_out() -> None:
    server = Server()
    thinning.run(server, NOW, WHOLE, 600)
    assert server.written == [
        b"channel_day,channel=modem,gateway=g1 attempts=3i,parts=4i,delivered=0i,cost_yuan=0.0 0"
    ]


@pytest.mark.parametrize("verdict", [Verdict.OUTAGE, Verdict.REFUSED, Verdict.NOT_FOUND])
def test_what_is_not_written_is_not_done(verdict: Verdict) -> None:
    with pytest.raises(InfluxError) as raised:
        thinning.run(Server(verdict), NOW, WHOLE - HOUR, 600)
    assert raised.value.verdict is verdict


def test_how_far_it_is_is_remembered(shell: Shell) -> None:
    for done_to in (WHOLE, WHOLE + HOUR):
        with shell.in_transaction():
            thinning.note(shell.connection, done_to)
    with shell.database.read() as connection:
        assert thinning.thinned_to(connection) == WHOLE + HOUR


def test_before_the_first_time_it_is_nowhere(shell: Shell) -> None:
    with shell.database.read() as connection:
        assert thinning.thinned_to(connection) is None
