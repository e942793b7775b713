"""The driver's pure parts: error classes, reports, pace, revival, CNMI choices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.base import Outcome
from alerts.channels.gsm.errors import FAILURES, Remedy, remedy_of
from alerts.channels.gsm.pace import Allowance, Pace, allowances_of
from alerts.channels.gsm.report import outcome_of
from alerts.channels.gsm.revive import Revival, Step
from alerts.channels.gsm.setup import choices


@pytest.mark.parametrize(
    ("family", "code", "remedy"),
    [
        *(("cms", code, Remedy.RETRY_SOON) for code in (41, 42, 47, 192, 314, 515)),
        *(("cms", code, Remedy.RETRY_SLOW) for code in (17, 27, 38, 194, 331, 332, 350)),
        *(("cms", code, Remedy.RECONFIGURE) for code in (302, 303, 304, 305, 330, 340)),
        *(("cms", code, Remedy.DRAIN) for code in (208, 211, 322)),
        *(("cms", code, Remedy.GIVE_UP) for code in (1, 8, 28, 69, 95, 111, 127, 128, 175, 196)),
        ("cms", 197, Remedy.TAKEN),
        ("cms", 500, Remedy.AMBIGUOUS),
        ("cms", 321, Remedy.ABSENT),
        *(("cme", code, Remedy.PERSON) for code in (10, 11, 12, 13, 15, 16)),
        *(("cme", code, Remedy.RETRY_SOON) for code in (14, 515)),
        *(("cme", code, Remedy.RETRY_SLOW) for code in (30, 31, 100)),
    ],
)
def test_r10_a_code_has_its_remedy(family: str, code: int, remedy: Remedy) -> None:
    assert remedy_of(family, code) is remedy


def test_r10_an_unknown_code_never_gives_up_a_number() -> None:
    assert {remedy_of(f, c) for f in ("cms", "cme", "error") for c in (9999, None)} == {
        Remedy.RETRY_SLOW,
        Remedy.RETRY_SOON,
    }


def test_r10_every_remedy_has_an_outcome() -> None:
    assert set(FAILURES) == set(Remedy)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0x00, Outcome.DELIVERED),
        (0x01, Outcome.SENT),
        (0x02, Outcome.DELIVERED),
        (0x20, Outcome.SENT),
        (0x3F, Outcome.SENT),
        (0x40, Outcome.FAILED_PERMANENT),
        (0x5F, Outcome.FAILED_PERMANENT),
        (0x60, Outcome.FAILED_TEMPORARY),
        (0x7F, Outcome.FAILED_TEMPORARY),
        (0xFF, Outcome.FAILED_TEMPORARY),
    ],
)
def test_r12_a_status_means_its_outcome_and_forwarded_is_not_delivered(
    status: int, outcome: Outcome
) -> None:
    assert outcome_of(status)[0] is outcome


def test_r22_parts_are_counted_and_refill_evenly() -> None:
    pace = Pace([Allowance(10, 60.0)], now=0.0)
    pace.spend(10, 0.0)

    assert pace.wait_s(1, 0.0, is_critical=True) == pytest.approx(6.0)
    assert pace.wait_s(1, 6.0, is_critical=True) == pytest.approx(0.0)
    assert pace.wait_s(2, 6.0, is_critical=True) == pytest.approx(6.0)


def test_r22_the_last_fifth_is_for_critical_texts() -> None:
    pace = Pace([Allowance(10, 60.0)], now=0.0)
    pace.spend(8, 0.0)

    assert pace.wait_s(1, 0.0, is_critical=True) <= 0
    assert pace.wait_s(1, 0.0, is_critical=False) == pytest.approx(6.0)


def test_r22_the_scarcest_allowance_decides() -> None:
    pace = Pace([Allowance(5, 30.0), Allowance(30, 3600.0)], now=0.0)
    for minute in range(7):
        pace.spend(5, minute * 60.0)

    assert pace.wait_s(1, 390.0, is_critical=True) > 300
    assert pace.spent_share(390.0) > 1


def test_r22_a_text_larger_than_the_bucket_goes_when_it_is_full() -> None:
    pace = Pace([Allowance(5, 30.0)], now=0.0)

    assert pace.wait_s(9, 0.0, is_critical=False) <= 0
    pace.spend(9, 0.0)
    assert pace.wait_s(1, 0.0, is_critical=True) == pytest.approx(30.0)


def test_r22_without_allowances_nothing_waits() -> None:
    pace = Pace([], now=0.0)
    pace.spend(1000, 0.0)

    assert pace.wait_s(1000, 0.0, is_critical=False) == 0
    assert pace.spent_share(0.0) == 0


def test_r22_a_clock_that_stands_still_gives_nothing() -> None:
    pace = Pace([Allowance(1, 1.0)], now=10.0)
    pace.spend(1, 10.0)

    assert pace.wait_s(1, 5.0, is_critical=True) == pytest.approx(1.0)


HISTORY = st.lists(st.tuples(st.floats(0, 86_400), st.integers(1, 5)), max_size=60)


@given(HISTORY)
def test_r22_a_pace_filled_from_history_is_the_one_that_lived_through_it(
    spent: list[tuple[float, int]],
) -> None:
    now = 100_000.0
    begun_at = now - max((age_s for age_s, _ in spent), default=0.0)
    lived = Pace(allowances_of(), begun_at)
    for age_s, parts in sorted(spent, reverse=True):
        lived.spend(parts, now - age_s)

    filled = Pace(allowances_of(), now, spent)

    assert filled.parts_left(now) == lived.parts_left(now)
    for parts in (1, 3):
        wait_s = lived.wait_s(parts, now, is_critical=True)
        assert filled.wait_s(parts, now, is_critical=True) == pytest.approx(wait_s, abs=1e-6)


def test_r22_what_was_spent_in_a_future_that_the_clock_took_back_counts_as_now() -> None:
    assert Pace([Allowance(10, 60.0)], now=0.0, spent=[(-500.0, 4)]).parts_left(0.0) == 6


def test_r22_allowances_are_made_of_parts_an_hour_and_a_day() -> None:
    assert allowances_of(20, 80)[1:] == (Allowance(20, 3600.0), Allowance(80, 86_400.0))
    assert Pace((), now=0.0).parts_left(0.0) is None


@given(st.integers(1, 4), st.integers(0, 3000))
def test_r22_no_hour_takes_more_than_its_allowance_and_what_came_back(
    parts: int, every_s: int
) -> None:
    pace, sent, now = Pace([Allowance(30, 3600.0)], 0.0), 0, 0.0
    while now < 3600.0:
        if pace.wait_s(parts, now, is_critical=True) <= 0:
            pace.spend(parts, now)
            sent += parts
        now += max(1.0, every_s / 10)

    assert sent <= 60


def test_r19_pauses_double_from_one_second_to_a_minute_and_begin_anew() -> None:
    revival = Revival()

    assert [revival.failed() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    revival.worked()
    assert revival.failed() == 1


def test_r20_steps_grow_harsher_and_none_comes_too_often() -> None:
    revival = Revival()
    steps = []
    for minute in range(12):
        revival.failed()
        steps.append(revival.next_step(minute * 60.0))

    assert steps[:4] == [Step.REOPEN, Step.RESTART, Step.POWER_CYCLE, Step.REOPEN]
    assert steps.count(Step.POWER_CYCLE) == 1
    assert steps.count(Step.RESTART) == 3  # after 1, 6 and 11 minutes


@pytest.mark.parametrize(
    ("reason", "steps"),
    [
        ("no_answer", {Step.RESTART, Step.POWER_CYCLE}),
        ("sim_fault_cme_13", {Step.RESTART, Step.POWER_CYCLE}),
        ("no_service_centre", {Step.RESTART, Step.POWER_CYCLE}),
        ("port_absent", {Step.POWER_CYCLE}),  # nobody is there to be told to restart
        ("port_busy", set()),
        ("sim_pin_wanted", set()),
        ("sim_wants_puk", set()),
    ],
)
def test_r20_a_step_is_taken_only_where_it_can_help(reason: str, steps: set[Step]) -> None:
    revival = Revival()
    taken = set()
    for minute in range(30):
        revival.failed()
        taken.add(revival.next_step(minute * 60.0, reason))

    assert taken - {Step.REOPEN} == steps


def test_r20_a_modem_that_was_restarted_gets_time_to_come_up() -> None:
    revival = Revival()
    for _ in range(4):
        revival.failed()

    assert revival.next_step(0.0) is Step.POWER_CYCLE
    assert revival.next_step(29.0) is Step.REOPEN
    assert revival.next_step(31.0) is Step.RESTART


def test_r20_a_sim_that_is_busy_for_a_while_is_left_in_peace() -> None:
    revival, now = Revival(), 0.0
    while now < 20:
        now += revival.failed()
        if now < 20:
            assert revival.next_step(now, "sim_busy") is Step.REOPEN


def test_r20_without_a_switch_for_its_power_a_modem_is_restarted_again() -> None:
    revival = Revival(can_power_cycle=False)
    steps = []
    for minute in range(12):
        revival.failed()
        steps.append(revival.next_step(minute * 60.0))

    assert steps.count(Step.RESTART) == 3


def test_choices_reads_ranges_and_lists() -> None:
    assert choices("(0-2),(0-3),(0,2),(0,1),(0,1)") == [
        {0, 1, 2},
        {0, 1, 2, 3},
        {0, 2},
        {0, 1},
        {0, 1},
    ]
    assert choices("nonsense") == []
