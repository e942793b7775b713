"""Time on the writer thread: ticks when due, steps of the clock, a broker that is gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from selectors import DefaultSelector
from types import SimpleNamespace
from typing import Any

import pytest

from gateway import timers
from gateway.timers import LOST_AFTER_S, Timers
from tests.fakes.street import local


@dataclass
class FakeClock:
    at: datetime = field(default_factory=lambda: local("14:30"))
    step: timedelta | None = None
    went_back: timedelta | None = None

    def now(self) -> datetime:
        return self.at

    def follow(self) -> Any:
        step, self.step = self.step, None
        return step and _Step(step)

    def resume_after(self, last_at: datetime | None) -> Any:
        return self.went_back and _Step(self.went_back)

    def is_trusted(self) -> bool:
        return False


@dataclass
class _Step:
    by: timedelta


@dataclass
class FakePipeline:
    due: datetime | None = None
    is_behind: bool = False
    fails: bool = False
    state: Any = None
    did: list[Any] = field(default_factory=list)

    def next_at(self) -> datetime | None:
        return self.due

    def tick(self, _connection: object, now: datetime) -> None:
        if self.fails:
            raise OSError("disk full")
        self.did.append(("tick", now))
        self.due = None

    def trust_clock(self, is_trusted: bool) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return lambda _connection, *rest: self.did.append((name, *rest))


class Bench:
    """A timers pump whose every surrounding is moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pipeline, self.clock = FakePipeline(), FakeClock()
        self.elapsed, self.is_connected = 0.0, True
        monkeypatch.setattr(timers.cursor, "last_moved_at", lambda _: None)
        self.timers = Timers(
            self.pipeline,  # type: ignore[arg-type]
            self.clock,
            lambda: self.is_connected,
            lambda: self.elapsed,
        )

    def pump(self, after_s: float = 0.0) -> float:
        self.elapsed += after_s
        self.clock.at += timedelta(seconds=after_s)
        return self.timers.pump(None)  # type: ignore[arg-type]

    def did(self, name: str) -> list[Any]:
        return [each for each in self.pipeline.did if each[0] == name]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


class Transactions:
    """A connection of which only `begin` is asked."""

    def begin(self) -> Any:
        return DefaultSelector()  # any context manager


def test_it_sleeps_until_the_next_is_due(bench: Bench) -> None:
    bench.pipeline.due = bench.clock.at + timedelta(seconds=0.25)
    assert bench.pump() == pytest.approx(0.25)
    assert bench.did("tick") == []
    bench.pump(0.25)
    assert bench.did("tick") == [("tick", bench.clock.at)]


def test_nothing_is_decided_by_time_while_older_records_wait(bench: Bench) -> None:
    bench.pipeline.due, bench.pipeline.is_behind = bench.clock.at, True
    bench.pump()
    assert bench.did("tick") == []


def test_a_tick_that_cannot_be_saved_is_tried_again_a_second_later(bench: Bench) -> None:
    bench.pipeline.due, bench.pipeline.fails = bench.clock.at, True
    assert bench.pump() == pytest.approx(1.0)
    bench.pipeline.fails = False
    assert bench.pump(0.5) == pytest.approx(0.5)
    bench.pump(0.5)
    assert len(bench.did("tick")) == 1


def test_a_step_of_the_clock_moves_what_is_due(bench: Bench) -> None:
    bench.clock.step = timedelta(hours=-1)
    bench.pump(2)
    assert bench.did("shift") == [("shift", timedelta(hours=-1), bench.clock.at)]


def test_a_clock_that_went_back_while_we_were_off_is_taken_over_at_start(bench: Bench) -> None:
    bench.clock.went_back = timedelta(days=-400)
    bench.timers.start(Transactions(), DefaultSelector())  # type: ignore[arg-type]
    assert bench.did("shift") == [("shift", timedelta(days=-400), bench.clock.at)]


def test_a_broker_that_stays_away_is_told_once_and_so_is_its_return(bench: Bench) -> None:
    bench.is_connected = False
    bench.pump()
    bench.pump(1)
    assert bench.did("intake_lost") == []
    for _ in range(5):
        bench.pump(LOST_AFTER_S)
    assert len(bench.did("intake_lost")) == 1
    bench.is_connected = True
    for _ in range(3):
        bench.pump(2)
    assert len(bench.did("intake_back")) == 1


def test_a_broker_lost_before_the_start_is_told_to_be_back(bench: Bench) -> None:
    bench.pipeline.state = SimpleNamespace(intake_lost_at=local("14:20"))
    bench.timers.start(Transactions(), DefaultSelector())  # type: ignore[arg-type]
    bench.pump()
    bench.pump(1)
    assert len(bench.did("intake_back")) == 1


def test_a_reconnect_is_no_news(bench: Bench) -> None:
    for is_connected in (True, False, True, False, True):
        bench.is_connected = is_connected
        bench.pump(1)
    assert bench.did("intake_lost") == bench.did("intake_back") == []


def test_that_we_were_alive_is_noted_each_minute(bench: Bench) -> None:
    for _ in range(120):
        bench.pump(1)
    assert len(bench.did("note_time")) == 2
