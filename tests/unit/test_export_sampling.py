"""Homes are looked at on time, a slice at a time, and each unknown second is counted once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update

from alerts.model import DeviceInfo
from alerts.permits import GrantPermit
from alerts.state import DeviceState, State
from alerts.tables import micros, unknown_spans
from gateway import cursor
from gateway.export import erasures, moment, samples, sampling
from gateway.export.moment import Window, covered_s, watched_span
from gateway.export.samples import Homes, OfHome
from gateway.export.sampling import HomeSampling
from tests.fakes.shell import MemoryBroker, Shell, event_of
from tests.fakes.street import local, watch

EVERY_S = 600
TEN = timedelta(minutes=10)
NOON = local("12:00")


@dataclass
class Sampled:
    """A gateway with one home of three devices, looked at by hand."""

    shell: Shell
    now: datetime = NOON + timedelta(minutes=3)
    elapsed_s: float = 0.0
    pump: HomeSampling = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self.pump = HomeSampling(
            self.shell.pipeline, EVERY_S, lambda: self.now, lambda: self.elapsed_s
        )

    def at(self, now: datetime) -> list[Homes]:
        """Move the clock, look for a while, and return the samples that came of it."""
        self.now = now
        before = len(self.all())
        for _ in range(20):
            self.elapsed_s += self.pump.pump(self.shell.connection)
        return self.all()[before:]

    def all(self) -> list[Homes]:
        with self.shell.database.read() as connection:
            found = [each.sample for each in samples.read(connection, 1000)]
        return [each for each in found if isinstance(each, Homes)]

    def unknown(
        self, since: datetime, until: datetime | None, device: str | None = "door-1"
    ) -> None:
        """A device, or the gateway itself, was unknown."""
        with self.shell.in_transaction():
            self.shell.connection.execute(
                insert(unknown_spans).values(
                    watch="w1" if device else None,
                    device=device,
                    reason="x",
                    from_at=micros(since),
                    until_at=until and micros(until),
                )
            )

    def ends(self, device: str, at: datetime) -> None:
        """A device is heard again."""
        with self.shell.in_transaction():
            self.shell.connection.execute(
                update(unknown_spans)
                .where(unknown_spans.c.device == device)
                .values(until_at=micros(at))
            )

    def says(self, device: str, seq: int, state: str) -> None:
        self.shell.source.broker.publish(*event_of(device, seq, state))
        self.shell.settle()


@pytest.fixture
def sampled(tmp_path: Path) -> Iterator[Sampled]:
    shell = Shell(tmp_path / "menshen.db", MemoryBroker())
    shell.now = NOON
    shell.start()
    made = Sampled(shell)
    made.says("door-1", 1, "closed")
    yield made
    shell.kill()


def only(found: list[Homes]) -> OfHome:
    ((home,),) = [each.homes for each in found]
    return home


# ---- when ----


def test_the_first_sample_is_taken_at_the_start_and_counts_nothing(sampled: Sampled) -> None:
    (first,) = sampled.at(sampled.now)
    assert (first.is_between, first.at) == (True, micros(sampled.now))


def test_from_then_on_one_is_taken_on_each_multiple_however_late_it_is_looked(
    sampled: Sampled,
) -> None:
    sampled.at(sampled.now)
    assert sampled.at(NOON + timedelta(minutes=9, seconds=59)) == []
    (late,) = sampled.at(NOON + TEN + timedelta(seconds=7))
    assert (late.at, late.is_between) == (micros(NOON + TEN), False)
    assert late.looked_at == micros(NOON + TEN + timedelta(seconds=7))
    (next_,) = sampled.at(NOON + 2 * TEN)
    assert next_.at == micros(NOON + 2 * TEN)


def test_one_is_taken_when_this_gateway_hears_again(sampled: Sampled) -> None:
    sampled.at(sampled.now)
    sampled.shell.pipeline.intake_lost(sampled.shell.connection, sampled.now)
    assert sampled.at(sampled.now + timedelta(seconds=5)) == []
    sampled.shell.pipeline.intake_back(sampled.shell.connection, sampled.now)
    (back,) = sampled.at(sampled.now + timedelta(seconds=5))
    assert back.is_between


def test_none_is_taken_of_what_was_known_before_the_journal_was_caught_up_with(
    sampled: Sampled, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(type(sampled.shell.pipeline), "is_behind", True)
        assert sampled.at(sampled.now) == []
    assert len(sampled.at(sampled.now)) == 1


def test_many_homes_are_looked_at_a_slice_at_a_time(
    sampled: Sampled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "SLICE", 2)
    state = sampled.shell.pipeline.state
    assert state is not None
    state.watches |= {f"x{number}": watch(f"x{number}") for number in range(4)}
    sampled.at(sampled.now)
    sampled.now, sampled.elapsed_s = NOON + TEN, sampled.elapsed_s + 1
    waits = [sampled.pump.pump(sampled.shell.connection)]
    del state.watches["x2"]  # released meanwhile
    for _ in range(2):
        sampled.elapsed_s += waits[-1]
        waits.append(sampled.pump.pump(sampled.shell.connection))
    assert waits == [sampling.PAUSE_S, sampling.PAUSE_S, sampling.LOOK_EVERY_S]
    whole = [each for each in sampled.all() if not each.is_between]
    assert {each.at for each in whole} == {micros(NOON + TEN)}
    assert [[home.watch for home in each.homes] for each in whole] == [["w1", "x0"], ["x1"], ["x3"]]


def test_a_disk_that_refuses_loses_one_sample_and_the_next_counts_from_the_last(
    sampled: Sampled,
) -> None:
    sampled.at(sampled.now)
    sampled.at(NOON + TEN)
    sampled.shell.connection.exec_driver_sql("PRAGMA query_only = ON")
    sampled.shell.connection.rollback()
    assert sampled.at(NOON + 2 * TEN) == []
    sampled.shell.connection.exec_driver_sql("PRAGMA query_only = OFF")
    sampled.shell.connection.rollback()
    assert only(sampled.at(NOON + 3 * TEN)).watched_s == 1200


# ---- what ----


def test_a_home_is_kept_as_it_stands(sampled: Sampled) -> None:
    sampled.at(sampled.now)
    sampled.shell.now = NOON + timedelta(minutes=5)
    sampled.says("door-1", 2, "open")
    sampled.says("seal-1", 1, "applied")
    home = only(sampled.at(NOON + TEN))
    assert (home.watch, home.standing.value, home.doors_open) == ("w1", "incident", 1)
    assert home.ends_in_s == (local("00:00", 12) - NOON - TEN).total_seconds()
    door, _, seal = home.devices
    assert door.states == (("door", "main", "open"),)
    assert seal.states == (("seal", "main", "applied"),)
    assert (door.silent_s, door.is_unknown, door.is_missing) == (300, False, False)
    assert door.owes_every_s == 25 * 3600


def test_a_device_of_a_building_is_looked_at_too_and_once(sampled: Sampled) -> None:
    state = sampled.shell.pipeline.state
    assert state is not None
    state.devices["gate-1"] = DeviceState(DeviceInfo("gate-1", None, "b3"))
    sampled.at(sampled.now)
    (sample,) = sampled.at(NOON + TEN)
    assert [each.device for each in sample.elsewhere] == ["gate-1"]


def test_what_is_announced_is_kept_for_its_window_alone(sampled: Sampled) -> None:
    pipeline, connection = sampled.shell.pipeline, sampled.shell.connection
    until = NOON + timedelta(minutes=5)
    asked = GrantPermit("w1", NOON, until, "meal", "team-1/lead")
    assert pipeline.command(connection, asked, NOON).ok
    assert only(sampled.at(NOON + timedelta(minutes=4))).permit == "meal"
    assert only(sampled.at(NOON + TEN)).permit == "none"


def test_while_this_gateway_hears_nobody_every_device_is_unknown(sampled: Sampled) -> None:
    sampled.at(sampled.now)
    sampled.shell.pipeline.intake_lost(sampled.shell.connection, sampled.now)
    home = only(sampled.at(NOON + TEN))
    assert all(each.is_unknown for each in home.devices)


# ---- unknown time ----


def test_unknown_seconds_of_a_home_are_those_of_any_of_its_devices_or_of_the_gateway(
    sampled: Sampled,
) -> None:
    after = NOON + TEN
    sampled.unknown(after - timedelta(hours=1), after + timedelta(seconds=60))
    sampled.unknown(after - timedelta(hours=2), after - timedelta(hours=1))
    sampled.at(sampled.now)
    sampled.at(NOON + TEN)
    sampled.unknown(after + timedelta(seconds=30), after + timedelta(seconds=90), "seal-1")
    sampled.unknown(after + timedelta(seconds=200), after + timedelta(seconds=210), None)
    sampled.unknown(after + timedelta(seconds=590), None, "door-2")
    home = only(sampled.at(NOON + 2 * TEN))
    assert (home.unknown_s, home.watched_s) == (90 + 10 + 10, 600)


def test_time_in_which_the_gateway_was_off_is_counted_by_the_sample_after(
    sampled: Sampled,
) -> None:
    sampled.at(sampled.now)
    sampled.at(NOON + TEN)
    off_at, on_at = NOON + timedelta(minutes=11), NOON + timedelta(hours=3, minutes=2)
    sampled.restart()
    sampled.unknown(off_at, on_at, None)
    sampled.at(on_at)
    home = only(sampled.at(NOON + timedelta(hours=3, minutes=10)))
    assert home.unknown_s == (on_at - off_at).total_seconds()
    assert home.watched_s == 3 * 3600


def test_a_silence_that_is_found_late_is_counted_from_its_beginning_and_once(
    sampled: Sampled,
) -> None:
    sampled.at(sampled.now)
    found = [only(sampled.at(NOON + number * TEN)).unknown_s for number in (1, 2, 3)]
    sampled.unknown(NOON + timedelta(minutes=12), None)
    sampled.unknown(NOON + timedelta(minutes=15), NOON + timedelta(minutes=28), "seal-1")
    found += [only(sampled.at(NOON + number * TEN)).unknown_s for number in (4, 5)]
    assert found == [0, 0, 0, 28 * 60, 10 * 60]


def test_of_what_is_found_late_nothing_is_counted_that_another_span_covered_already(
    sampled: Sampled,
) -> None:
    sampled.at(sampled.now)
    sampled.unknown(NOON + timedelta(minutes=2), NOON + timedelta(minutes=5), "seal-1")
    assert only(sampled.at(NOON + TEN)).unknown_s == 180
    sampled.unknown(NOON + timedelta(minutes=1), NOON + TEN)
    assert only(sampled.at(NOON + 2 * TEN)).unknown_s == (9 - 3) * 60


def test_what_is_found_late_is_counted_as_far_as_the_order_ran(sampled: Sampled) -> None:
    state = sampled.shell.pipeline.state
    assert state is not None
    state.watches["w1"] = watch("w1", devices=("door-1",), starts_at=NOON + timedelta(minutes=4))
    sampled.at(sampled.now)
    sampled.at(NOON + TEN)
    sampled.unknown(NOON, NOON + TEN)
    assert only(sampled.at(NOON + 2 * TEN)).unknown_s == 6 * 60


def test_a_sample_that_was_broken_off_counts_nothing_twice_and_loses_nothing(
    sampled: Sampled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is killed after the second home, and the next one after the first."""
    monkeypatch.setattr(sampling, "SLICE", 1)
    state = sampled.shell.pipeline.state
    assert state is not None
    door = state.devices["door-1"]
    for each in ("w2", "w3"):
        state.watches[each] = watch(each, devices=(f"door-{each}",))
        info = DeviceInfo(f"door-{each}", each, "b3")
        state.devices[info.id] = DeviceState(info, memory=door.memory)
    sampled.unknown(NOON + timedelta(minutes=12), NOON + timedelta(minutes=13), None)
    sampled.at(sampled.now)
    sampled.at(NOON + TEN)
    for number, pieces in ((2, 2), (3, 1)):
        sampled.now = NOON + number * TEN
        for _ in range(pieces):
            sampled.elapsed_s += 1
            sampled.pump.pump(sampled.shell.connection)
        sampled.restart()
        sampled.at(sampled.now)
        if number == 2:  # found by nobody who was looked at yet
            sampled.unknown(NOON + timedelta(minutes=5), NOON + timedelta(minutes=6), None)
    sampled.at(NOON + 4 * TEN)
    counted = [
        (home.watch, home.watched_s, home.unknown_s)
        for each in sampled.all()
        for home in each.homes
        if not each.is_between
    ]
    for each in ("w1", "w2", "w3"):
        mine = [(watched_s, unknown_s) for name, watched_s, unknown_s in counted if name == each]
        assert [sum(column) for column in zip(*mine, strict=True)] == [2400, 120]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 30)).map(
            lambda each: (each[0], each[0] + each[1], each[0] + each[2])
        ),
        max_size=5,
    )
)
def test_the_unknown_time_of_all_samples_is_that_of_all_spans_however_late_they_were_found(
    found: list[tuple[int, int, int]],
) -> None:
    """Each from a minute to another, noted at a third and ended when it was over."""
    with TemporaryDirectory() as folder:
        shell = Shell(Path(folder) / "menshen.db", MemoryBroker())
        shell.now = NOON
        shell.start()
        sampled = Sampled(shell, now=NOON)
        sampled.says("door-1", 1, "closed")
        sampled.at(NOON)
        total = 0.0
        for minute in range(1, 131):
            at = NOON + timedelta(minutes=minute)
            for number, (begun, ended, noted) in enumerate(found):
                if minute == noted + 1:
                    since, until = NOON + timedelta(minutes=begun), NOON + timedelta(minutes=ended)
                    sampled.unknown(since, until if until <= at else None, f"door-{number}")
                elif minute == ended > noted:
                    sampled.ends(f"door-{number}", at)
            if minute % 10 == 0:
                total += only(sampled.at(at)).unknown_s
        shell.kill()
    minutes = {minute for begun, ended, _ in found for minute in range(begun, ended)}
    assert total == len(minutes) * 60


def test_a_home_whose_door_never_spoke_was_unknown_all_the_time(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "menshen.db", MemoryBroker())
    shell.now = NOON
    shell.start()
    sampled = Sampled(shell)
    sampled.at(sampled.now)
    assert only(sampled.at(NOON + TEN)).unknown_s == 600
    shell.kill()


def test_a_clock_that_went_back_counts_no_time_twice(sampled: Sampled) -> None:
    sampled.at(sampled.now)
    sampled.at(NOON + 6 * TEN)
    assert only(sampled.at(NOON + TEN)).watched_s == 600


@pytest.mark.parametrize(
    ("changed", "is_running", "seconds"),
    [
        ({}, True, 600),
        ({"notice_served_at": None}, False, 0),
        ({"starts_at": NOON + timedelta(seconds=100)}, True, 500),
        ({"notice_served_at": NOON + timedelta(seconds=200)}, True, 400),
        ({"ends_at": NOON + timedelta(seconds=50)}, False, 50),
        ({"ends_at": NOON + timedelta(seconds=50)}, True, 600),  # a clock that ends no order
        ({"starts_at": NOON + timedelta(hours=1)}, False, 0),
        ({"ends_at": NOON - timedelta(hours=1)}, False, 0),
    ],
)
def test_a_home_is_watched_while_its_order_runs(
    changed: dict[str, Any], is_running: bool, seconds: float
) -> None:
    window = Window(micros(NOON), micros(NOON + TEN))
    since, until = watched_span(watch("w1", **changed), is_running, window)
    assert (until - since) / 1e6 == seconds


spans = st.tuples(st.integers(-50, 150), st.integers(-50, 150)).map(
    lambda each: tuple(sorted(each))
)


@given(st.lists(spans))
def test_each_second_is_counted_once_however_spans_overlap(found: list[tuple[int, int]]) -> None:
    seconds = {second for begun, ended in found for second in range(begun, ended)}
    scaled = [(begun * 1_000_000, ended * 1_000_000) for begun, ended in found]
    assert covered_s(scaled, (0, 100_000_000)) == len(seconds & set(range(100)))


# ---- released ----


def test_a_released_home_leaves_samples_that_wait_for_influxdb(sampled: Sampled) -> None:
    sampled.at(sampled.now)
    connection = sampled.shell.connection
    with sampled.shell.in_transaction():
        cursor.move(connection, "influx", 0, NOON)
        erasures.ask(connection, "r1", "w1", NOON)
    sampled.at(sampled.now + timedelta(minutes=1))
    assert [each.homes for each in sampled.all()] == [()]


def test_a_slice_of_homes_holds_the_writer_for_milliseconds_alone(
    sampled: Sampled, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine that is busy it may take longer: this is about what grows with the street."""
    state = sampled.shell.pipeline.state
    assert state is not None
    looked: list[Any] = []
    real = moment.home

    def counted(*given: Any) -> OfHome:
        looked.append(given)
        return real(*given)

    monkeypatch.setattr(moment, "home", counted)
    state.watches |= _street(state, 1000)
    sampled.now, sampled.elapsed_s = NOON, 1.0
    sampled.pump.pump(sampled.shell.connection)
    assert len(looked) == sampling.SLICE


def _street(state: State, homes: int) -> dict[str, Any]:
    found = {}
    for number in range(homes):
        devices = tuple(f"{kind}-{number}" for kind in ("door", "seal", "camera"))
        found[f"x{number}"] = watch(f"x{number}", devices=devices)
        for each in devices:
            state.devices[each] = DeviceState(DeviceInfo(each, f"x{number}", "b3"))
    return found
