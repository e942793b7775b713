"""May this text go to this phone now? Each rule, and the reason it gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.budget import Act, Spent, Text, Told, Verdict, Why, decide
from alerts.model import NoticeKind, Severity
from alerts.policy import Spending

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 21, 16, tzinfo=UTC)
NOTHING = Spent(0, TOMORROW)
GOES = Verdict(Act.GO, Why.WITHIN_LIMITS)


def text(severity: Severity, kind: NoticeKind = NoticeKind.ALARM, **values: bool) -> Text:
    return Text(severity, kind, **values)


def told(
    seconds_ago: float,
    severity: Severity = Severity.MAJOR,
    kind: NoticeKind = NoticeKind.ALARM,
    *,
    is_free: bool = False,
) -> Told:
    return Told(NOW - timedelta(seconds=seconds_ago), severity, kind, is_free)


def verdict(
    asked: Text, *before: Told, spent: int = 0, spending: Spending | None = None
) -> Verdict:
    return decide(asked, before, Spent(spent, TOMORROW), spending or Spending(), NOW)


def held(why: Why, seconds: float) -> Verdict:
    return Verdict(Act.HOLD, why, NOW + timedelta(seconds=seconds))


def minutes_apart(count: int, minutes: float, severity: Severity = Severity.MAJOR) -> list[Told]:
    """So many texts, the latest of them so many minutes ago, and each before as long before."""
    return [told((each + 1) * minutes * 60, severity) for each in range(count)]


# ---- the window ----


def test_the_first_text_goes_at_once() -> None:
    assert verdict(text(Severity.HEALTH)) == GOES


def test_what_follows_waits_until_two_minutes_after_it() -> None:
    assert verdict(text(Severity.MAJOR), told(30)) == held(Why.FOLLOWS_ANOTHER, 90)
    assert verdict(text(Severity.MAJOR), told(121)) == GOES


def test_something_worse_than_all_before_goes_at_once() -> None:
    assert verdict(text(Severity.MAJOR), told(30, Severity.MINOR)) == GOES
    assert verdict(text(Severity.CRITICAL), told(30), told(10, Severity.MINOR)) == GOES


def test_that_a_colleague_has_it_waits_for_no_alarm_and_no_alarm_for_that() -> None:
    taken = NoticeKind.TAKEN
    assert verdict(text(Severity.MINOR, taken), told(30)) == GOES
    assert verdict(text(Severity.MINOR), told(30, Severity.MINOR, taken)) == GOES
    after_another = verdict(text(Severity.MINOR, taken), told(30, Severity.MINOR, taken))
    assert after_another == held(Why.FOLLOWS_ANOTHER, 90)


def test_a_critical_text_waits_a_minute_after_one_as_bad() -> None:
    asked = text(Severity.CRITICAL)
    assert verdict(asked, told(20, Severity.CRITICAL)) == held(Why.FOLLOWS_ANOTHER, 40)
    assert verdict(asked, told(61, Severity.CRITICAL)) == GOES


def test_what_is_less_bad_waits_the_longer_time_after_a_critical_one() -> None:
    found = verdict(text(Severity.MINOR), told(61, Severity.CRITICAL))
    assert found == held(Why.FOLLOWS_ANOTHER, 59)


@pytest.mark.parametrize("kind", [NoticeKind.ANSWER, NoticeKind.TEST])
def test_an_answer_and_a_test_wait_for_nothing_and_make_nothing_wait(kind: NoticeKind) -> None:
    assert verdict(text(Severity.MINOR, kind), told(5)) == GOES
    assert verdict(text(Severity.MINOR), told(5, Severity.CRITICAL, kind)) == GOES


def test_a_text_that_is_sent_once_more_does_not_wait_for_its_own_first_try() -> None:
    again = text(Severity.CRITICAL, is_resend=True)
    assert verdict(again, told(1, Severity.CRITICAL)) == GOES


def test_the_window_holds_over_channels_that_cost_nothing_too() -> None:
    free = text(Severity.MAJOR, is_free=True)
    assert verdict(free, told(30, is_free=True)) == held(Why.FOLLOWS_ANOTHER, 90)


# ---- a phone's limits ----


def test_five_texts_within_fifteen_minutes_hold_the_sixth_until_the_first_is_past() -> None:
    five = minutes_apart(5, 2.5)
    assert verdict(text(Severity.MAJOR), *five[:4]) == GOES
    assert verdict(text(Severity.MAJOR), *five) == held(Why.PHONE_LIMIT, 150)


def test_eleven_texts_within_an_hour_hold_the_twelfth() -> None:
    eleven = minutes_apart(11, 5)
    assert verdict(text(Severity.MAJOR), *eleven[:10]) == GOES
    assert verdict(text(Severity.MAJOR), *eleven) == held(Why.PHONE_LIMIT, 300)


def test_neither_holds_a_critical_text() -> None:
    assert verdict(text(Severity.CRITICAL), *minutes_apart(49, 2, Severity.CRITICAL)) == GOES


def test_the_last_five_of_a_day_are_kept_for_what_is_critical() -> None:
    forty_five = minutes_apart(45, 30)
    assert verdict(text(Severity.MAJOR), *forty_five[:44]) == GOES
    found = verdict(text(Severity.MAJOR), *forty_five)
    assert found == held(Why.PHONE_DAY_LIMIT, (24 * 60 - 45 * 30) * 60)
    assert verdict(text(Severity.CRITICAL), *forty_five) == GOES


def test_a_critical_text_beyond_the_phones_day_goes_elsewhere_and_is_never_held() -> None:
    fifty = minutes_apart(50, 20)
    assert verdict(text(Severity.CRITICAL), *fifty) == Verdict(Act.ELSEWHERE, Why.PHONE_DAY_LIMIT)
    just_now = told(1, Severity.CRITICAL)
    assert verdict(text(Severity.CRITICAL), *fifty, just_now).act is Act.ELSEWHERE


def test_answers_and_tests_count_and_are_limited() -> None:
    answers = [told(60.0 * each, kind=NoticeKind.ANSWER) for each in range(1, 6)]
    assert verdict(text(Severity.MINOR), *answers).why is Why.PHONE_LIMIT
    assert verdict(text(Severity.MINOR, NoticeKind.ANSWER), *answers).why is Why.PHONE_LIMIT


def test_what_costs_nothing_is_neither_counted_nor_limited() -> None:
    free = [told(each * 150.0, is_free=True) for each in range(1, 60)]
    assert verdict(text(Severity.MAJOR), *free) == GOES
    paid = minutes_apart(50, 2.5)
    assert verdict(text(Severity.MAJOR, is_free=True), *paid, spent=500) == GOES


# ---- the day's budget ----


def test_the_days_budget_keeps_a_fifth_for_what_is_critical() -> None:
    assert verdict(text(Severity.MAJOR), spent=399) == GOES
    assert verdict(text(Severity.MAJOR), spent=400) == Verdict(Act.HOLD, Why.DAY_BUDGET, TOMORROW)
    assert verdict(text(Severity.CRITICAL), spent=400) == GOES


def test_no_critical_text_is_held_for_money() -> None:
    assert verdict(text(Severity.CRITICAL), spent=5000) == GOES


def test_of_several_reasons_to_wait_the_longest_is_named() -> None:
    found = verdict(text(Severity.MAJOR), told(30), spent=500)
    assert found == Verdict(Act.HOLD, Why.DAY_BUDGET, TOMORROW)


# ---- help ----

ANY_TOLD = st.builds(
    told,
    st.floats(0, 86_400),
    st.sampled_from(Severity),
    st.sampled_from(NoticeKind),
    is_free=st.booleans(),
)


@given(st.lists(ANY_TOLD, max_size=80), st.integers(0, 10_000), st.sampled_from(NoticeKind))
def test_a_call_for_help_is_exempt_from_all_of_it(
    before: list[Told], spent: int, kind: NoticeKind
) -> None:
    assert verdict(text(Severity.HELP, kind), *before, spent=spent) == Verdict(Act.GO, Why.HELP)


@given(st.lists(ANY_TOLD, max_size=80), st.integers(0, 10_000), st.sampled_from(Severity))
def test_whatever_is_held_goes_once_its_time_has_come_and_nothing_else_was_sent(
    before: list[Told], spent: int, severity: Severity
) -> None:
    asked, spending = text(severity), Spending()
    found = decide(asked, before, Spent(spent, TOMORROW), spending, NOW)
    if found.until is not None:
        assert found.until > NOW
        later = max(found.until, TOMORROW)
        assert decide(asked, before, NOTHING, spending, later + timedelta(days=1)).act is Act.GO
    if severity >= Severity.CRITICAL:
        longest = timedelta(seconds=spending.bundle_critical_s)
        assert found.until is None or found.until <= NOW + longest
