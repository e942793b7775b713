"""A deletion that was asked for is tried until it is proven, and proven twice before it is over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from gateway import cursor
from gateway.export import erasing, erasures, progress
from gateway.export.erasures import COPIES_LAST, RETRY_LONGEST, SECOND_LOOK, Outcome, Pending
from gateway.export.influx import Series
from gateway.export.tables import CONSUMER
from gateway.export.tables import erasures as table
from gateway.export.verdict import InfluxError, NotSupportedError, Verdict
from tests.fakes.shell import MemoryBroker, Shell
from tests.fakes.street import local

NOW = local("14:30")


class Asking:
    """The rows of deletions, and a clock."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.now = NOW

    def exports(self) -> None:
        with self.shell.in_transaction():
            cursor.move(self.shell.connection, CONSUMER, 0, self.now)

    def ask(self, id_: str = "r1", watch: str = "w1") -> None:
        with self.shell.in_transaction():
            erasures.ask(self.shell.connection, id_, watch, self.now)

    def due(self) -> list[str]:
        with self.shell.database.read() as connection:
            return [each.id for each in erasures.pending(connection, self.now)]

    def settle(self, left: int | None, why: str = "", id_: str = "r1") -> None:
        with self.shell.in_transaction():
            erasures.settle(self.shell.connection, Outcome(id_, left, why), self.now)

    def row(self) -> Any:
        (row,) = self.shell.rows(table)
        return row


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    shell = Shell(tmp_path / "menshen.db", MemoryBroker())
    yield Asking(shell)
    shell.kill()


class Server:
    """An InfluxDB with so many points of the home, which it deletes or not."""

    def __init__(self, left: Sequence[int | None], error: Exception | None = None) -> None:
        self.left = left
        self.error = error
        self.asked: list[str] = []

    def erase(self, bucket: object, watch: str) -> None:
        self.asked.append(watch)
        if self.error is not None:
            raise self.error

    def query(self, bucket: object, influxql: str) -> list[Series]:
        self.asked.append(influxql)
        return [
            Series(f"m{number}", {}, ("time", "count_a", "count_b"), [(0, each, 1)])
            for number, each in enumerate(self.left)
        ]


def erase(server: Server, watch: str = "w1") -> Outcome:
    return erasing.erase(server, Pending("r1", watch))  # type: ignore[arg-type]


# ---- asked for ----


def test_where_nothing_was_ever_exported_nothing_is_asked_for(asking: Asking) -> None:
    asking.ask()
    assert asking.shell.rows(table) == []


def test_a_release_is_due_at_once(asking: Asking) -> None:
    asking.exports()
    asking.ask()
    assert asking.due() == ["r1"]
    assert asking.row().why == "waiting"


def test_a_release_that_is_not_committed_asks_for_nothing(asking: Asking) -> None:
    asking.exports()
    with pytest.raises(RuntimeError), asking.shell.in_transaction():
        erasures.ask(asking.shell.connection, "r1", "w1", NOW)
        raise RuntimeError
    assert asking.shell.rows(table) == []


def test_copies_of_an_export_that_was_switched_off_are_not_forgotten_while_they_last(
    asking: Asking,
) -> None:
    asking.exports()
    with asking.shell.in_transaction():
        progress.end(asking.shell.connection, NOW)
    asking.now += COPIES_LAST - timedelta(days=1)
    asking.ask()
    assert asking.row().why == "not_configured"
    asking.now += timedelta(days=2)
    asking.ask("r2", "w2")
    assert len(asking.shell.rows(table)) == 1


# ---- tried again ----


def test_each_try_waits_twice_as_long_as_it_waited_already_and_an_hour_at_most(
    asking: Asking,
) -> None:
    asking.exports()
    asking.ask()
    tries: list[datetime] = []
    while asking.now < NOW + timedelta(hours=12):
        if asking.due():
            tries.append(asking.now)
            asking.settle(None, "outage")
        asking.now += timedelta(seconds=5)
    pauses = [after - before for before, after in pairwise(tries)]
    assert pauses[0] == timedelta(seconds=10)
    assert pauses == sorted(pauses)
    assert pauses[-1] == RETRY_LONGEST
    assert 15 < len(tries) < 30


def test_a_clock_that_went_back_delays_no_try(asking: Asking) -> None:
    asking.exports()
    asking.ask()
    asking.now += timedelta(days=400)
    asking.settle(None, "outage")
    asking.now = NOW + timedelta(seconds=1)
    assert asking.due() == ["r1"]


def test_points_that_are_left_are_tried_again_and_told(asking: Asking) -> None:
    asking.exports()
    asking.ask()
    asking.settle(5, "points_left")
    assert (asking.row().points_left, asking.row().why) == (5, "points_left")
    with asking.shell.database.read() as connection:
        assert erasures.unproven(connection) == (1, NOW, ("points_left",))
    asking.now += timedelta(minutes=1)
    assert asking.due() == ["r1"]


def test_the_longest_waiting_is_tried_first(asking: Asking) -> None:
    asking.exports()
    for id_ in ("r3", "r1", "r2"):
        asking.ask(id_, f"w{id_}")
        asking.now += timedelta(seconds=1)
    assert asking.due() == ["r3", "r1", "r2"]


# ---- proven ----


def test_what_was_found_empty_is_looked_at_once_more_after_a_day_and_then_forgotten(
    asking: Asking,
) -> None:
    asking.exports()
    asking.ask()
    asking.settle(0)
    assert asking.due() == []
    assert (asking.row().watch, asking.row().why) == ("w1", "")
    asking.now += SECOND_LOOK
    assert asking.due() == ["r1"]
    asking.settle(0)
    assert asking.due() == []
    assert asking.row().watch is None
    with asking.shell.database.read() as connection:
        assert erasures.asked(connection, "r1") == (asking.now,)
        assert erasures.unproven(connection).many == 0


def test_what_the_second_look_finds_begins_it_again(asking: Asking) -> None:
    asking.exports()
    asking.ask()
    asking.settle(0)
    asking.now += SECOND_LOOK
    asking.settle(2, "points_left")
    assert (asking.row().proven_at, asking.row().watch) == (None, "w1")
    asking.settle(0)
    assert asking.row().watch == "w1"


def test_a_second_look_that_cannot_be_taken_takes_no_proof_away(asking: Asking) -> None:
    asking.exports()
    asking.ask()
    asking.settle(0)
    asking.now += SECOND_LOOK
    asking.settle(None, "outage")
    assert asking.row().proven_at is not None
    assert asking.due() == []
    asking.now += RETRY_LONGEST
    assert asking.due() == ["r1"]


# ---- what InfluxDB says ----


def test_nothing_found_is_proof() -> None:
    server = Server([])
    assert erase(server) == ("r1", 0, "")
    assert server.asked[0] == "w1"


def test_points_are_counted_by_the_field_that_most_of_them_have() -> None:
    assert erase(Server([7, None, 2])) == ("r1", 7 + 1 + 2, "points_left")


@pytest.mark.parametrize("verdict", [Verdict.OUTAGE, Verdict.UNAUTHORIZED, Verdict.NOT_FOUND])
def test_a_request_that_failed_proves_nothing(verdict: Verdict) -> None:
    assert erase(Server([], InfluxError(verdict, "no"))) == ("r1", None, verdict.value)


def test_where_points_cannot_be_deleted_but_none_is_there_that_is_proof_too() -> None:
    cannot = NotSupportedError("drop it")
    assert erase(Server([3], cannot)) == ("r1", 3, "not_supported")
    assert erase(Server([], cannot)) == ("r1", 0, "")


def test_a_watch_cannot_change_the_question() -> None:
    server = Server([])
    erase(server, "w' OR ''='\\")
    assert server.asked[1].endswith("'w\\' OR \\'\\'=\\'\\\\'")
