"""Jobs run one after the other on the one thread that writes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from selectors import BaseSelector

import pytest
from sqlalchemy import Connection, insert, select

from gateway.db import Database
from gateway.schema.tables import meta
from gateway.writer import Writer, WriterStoppedError


class Idle:
    """A pump that would sleep for a minute."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def start(self, connection: Connection, selector: BaseSelector) -> None:
        self.said.append("start")

    def pump(self, connection: Connection) -> float:
        return 60.0

    def stop(self, connection: Connection) -> None:
        self.said.append("stop")


class Failing(Idle):
    def pump(self, connection: Connection) -> float:
        raise ZeroDivisionError


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "m.db")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    writer = Writer(database, Idle())
    writer.start().result(5)
    yield writer
    writer.close()


def note(key: str):
    def job(connection: Connection) -> str:
        connection.execute(insert(meta).values(key=key, value=threading.current_thread().name))
        return key

    return job


def notes(database: Database) -> dict[str, str]:
    with database.read() as connection:
        return {row.key: row.value for row in connection.execute(select(meta))}


def test_a_job_is_committed_when_its_future_is_done(database: Database, writer: Writer) -> None:
    # The pump sleeps for a minute: the job wakes it.
    assert writer.call(note("a")).result(5) == "a"
    assert notes(database) == {"a": "writer"}


def test_what_a_failed_job_wrote_is_undone_and_the_next_one_runs(
    database: Database, writer: Writer
) -> None:
    def half(connection: Connection) -> None:
        note("half")(connection)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        writer.call(half).result(5)
    writer.call(note("next")).result(5)
    assert notes(database) == {"next": "writer"}


async def test_a_coroutine_waits_for_its_job(database: Database, writer: Writer) -> None:
    assert await writer.run(note("a")) == "a"
    assert await writer.run_turn(lambda connection: connection.in_transaction()) is False


def test_jobs_that_wait_at_the_end_still_run(database: Database) -> None:
    idle = Idle()
    writer = Writer(database, idle)
    futures = [writer.call(note(str(each))) for each in range(5)]
    writer.start()
    writer.close()
    assert [future.result(0) for future in futures] == ["0", "1", "2", "3", "4"]
    assert idle.said == ["start", "stop"]
    with pytest.raises(WriterStoppedError):
        writer.call(note("late"))


def test_a_thread_that_fails_says_so_and_leaves_nobody_waiting(database: Database) -> None:
    failure: Future[BaseException] = Future()
    writer = Writer(database, Failing(), on_failure=failure.set_result)
    writer.start().result(5)
    assert isinstance(failure.result(5), ZeroDivisionError)
    with pytest.raises(WriterStoppedError):
        writer.call(note("a"))
    writer.close()


def test_a_pump_that_cannot_start_is_told_to_whoever_waits_for_it(database: Database) -> None:
    class Unable(Idle):
        def start(self, connection: Connection, selector: BaseSelector) -> None:
            raise OSError("no such thing")

    writer = Writer(database, Unable())
    with pytest.raises(OSError, match="no such thing"):
        writer.start().result(5)
    writer.close()
