"""The clock runs on, whatever the wall does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.clock import Clock


class Hands:
    """A wall and a monotonic clock that the test moves."""

    def __init__(self) -> None:
        self.wall = 1_795_280_000.0
        self.mono = 50.0

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.mono += seconds

    def clock(self) -> Clock:
        return Clock(wall=lambda: self.wall, monotonic=lambda: self.mono)


def test_it_runs_on_while_the_wall_steps_until_the_step_is_taken_over() -> None:
    hands = Hands()
    clock = hands.clock()
    before = clock.now()
    hands.pass_(10)
    hands.wall -= 3600
    assert clock.now() - before == timedelta(seconds=10)

    step = clock.follow()

    assert step is not None
    assert step.by == timedelta(hours=-1)
    assert clock.now() - before == timedelta(seconds=10 - 3600)
    assert clock.follow() is None


def test_a_small_difference_is_followed_without_a_word() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.wall += 0.4
    assert clock.follow() is None
    assert clock.timestamp() == hands.wall


def test_a_year_forward_is_a_step_that_makes_it_untrusted() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.wall += 365 * 86400
    step = clock.follow()
    assert step is not None
    assert step.by == timedelta(days=365)
    assert not clock.is_trusted()


def test_a_step_under_an_hour_is_reported_but_not_held_against_it() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.wall += 1800
    assert clock.follow() is not None
    assert clock.last_large_step_at is None


def test_a_wall_that_went_back_while_we_were_off_is_found_at_start() -> None:
    hands = Hands()
    last_at = datetime.fromtimestamp(hands.wall, UTC) + timedelta(hours=1)
    step = hands.clock().resume_after(last_at)
    assert step is not None
    assert step.by == timedelta(hours=-1)


def test_a_wall_that_went_on_while_we_were_off_is_no_step() -> None:
    hands = Hands()
    assert hands.clock().resume_after(datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert hands.clock().resume_after(None) is None


def test_a_demo_runs_faster_and_looks_at_no_wall() -> None:
    hands = Hands()
    clock = Clock(lambda: hands.wall, lambda: hands.mono, rate=10, starts_at=0.0)
    hands.pass_(6)
    assert clock.timestamp() == 60.0
    assert clock.follow() is None
    assert clock.is_trusted()
