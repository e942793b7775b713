"""What follows an attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.base import Attempt, Outcome
from alerts.model import NoticeState, Severity
from alerts.retry import (
    RETRY_AFTER,
    TEXT_AGAIN_AFTER,
    TRIES_PER_LEG,
    Progress,
    settle,
    settle_push,
)
from alerts.ways import Legs, Way

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
FIRST = Progress(leg=0, tries=0, is_resend=False)
LIMITED = Attempt(Outcome.FAILED_TEMPORARY, "rate_limited", retry_after_s=3600.0)
BUSY = Attempt(Outcome.NOT_TRIED, "sending_too_fast", retry_after_s=120.0)
TAKEN = Attempt(Outcome.SENT, "http_200")


def texts(count: int, pushes: int = 0) -> Legs:
    """So many ways for texts, and after them so many for pushes."""
    ways = [Way(f"text{number}", "+8613900000001") for number in range(count)]
    groups = [Way(f"push{number}", "") for number in range(pushes)]
    return Legs((*ways, *groups), frozenset(way.channel for way in groups))


def test_a_refusal_that_may_pass_is_tried_again_on_the_same_leg_after_a_while() -> None:
    after = settle(
        Attempt(Outcome.FAILED_TEMPORARY, "cms_500"), FIRST, texts(2), Severity.CRITICAL, NOW
    )
    assert after.progress == Progress(0, 1, is_resend=False)
    assert after.next_at == NOW + RETRY_AFTER


def test_a_channel_that_knows_when_it_can_send_again_is_heard() -> None:
    paced = Attempt(Outcome.FAILED_TEMPORARY, "paced", retry_after_s=120.0)
    after = settle(paced, FIRST, texts(2), Severity.MINOR, NOW)
    assert after.next_at == NOW + timedelta(seconds=120)


def test_after_three_tries_the_next_leg_is_taken_at_once() -> None:
    worn = Progress(0, TRIES_PER_LEG - 1, is_resend=False)
    after = settle(Attempt(Outcome.FAILED_TEMPORARY, "cms_38"), worn, texts(2), Severity.MINOR, NOW)
    assert (after.progress.leg, after.progress.tries, after.next_at) == (1, 0, NOW)


def test_a_number_that_is_refused_for_good_is_not_tried_three_times() -> None:
    after = settle(
        Attempt(Outcome.FAILED_PERMANENT, "cms_28"), FIRST, texts(2), Severity.MINOR, NOW
    )
    assert (after.progress.leg, after.next_at) == (1, NOW)


def test_after_the_last_leg_the_person_is_out_of_reach() -> None:
    after = settle(Attempt(Outcome.FAILED_PERMANENT, "cms_1"), FIRST, texts(1), Severity.MINOR, NOW)
    assert (after.state, after.next_at) == (NoticeState.FAILED_PERMANENT, None)


@pytest.mark.parametrize("severity", [Severity.CRITICAL, Severity.HELP])
def test_a_critical_text_without_an_answer_goes_once_more_and_only_once(
    severity: Severity,
) -> None:
    silent = Attempt(Outcome.UNCONFIRMED, "no_answer")
    after = settle(silent, FIRST, texts(1), severity, NOW)
    assert (after.state, after.progress.is_resend) == (NoticeState.PENDING, True)
    again = settle(silent, after.progress, texts(1), severity, NOW)
    assert (again.state, again.next_at) == (NoticeState.UNCONFIRMED, None)


def test_any_other_text_without_an_answer_is_not_sent_twice() -> None:
    silent = Attempt(Outcome.UNCONFIRMED, "no_answer")
    assert settle(silent, FIRST, texts(3), Severity.MAJOR, NOW).next_at is None


# ---- a channel that wants too long a pause ----


@pytest.mark.parametrize("attempt", [LIMITED, BUSY])
@pytest.mark.parametrize("severity", [Severity.CRITICAL, Severity.HELP])
def test_something_critical_takes_the_next_way_rather_than_wait_for_a_limit(
    attempt: Attempt, severity: Severity
) -> None:
    after = settle(attempt, FIRST, texts(2), severity, NOW)
    assert (after.progress.leg, after.next_at) == (1, NOW)


@pytest.mark.parametrize("attempt", [LIMITED, BUSY])
def test_where_there_is_no_other_way_even_something_critical_waits(attempt: Attempt) -> None:
    after = settle(attempt, FIRST, texts(1), Severity.CRITICAL, NOW)
    assert attempt.retry_after_s is not None
    assert after.next_at == NOW + timedelta(seconds=attempt.retry_after_s)


@pytest.mark.parametrize("attempt", [LIMITED, BUSY])
def test_what_is_not_critical_waits_for_a_limit(attempt: Attempt) -> None:
    after = settle(attempt, FIRST, texts(2), Severity.MAJOR, NOW)
    assert (after.progress.leg, after.next_at != NOW) == (0, True)


def test_half_a_minute_is_not_too_long_for_something_critical() -> None:
    paced = Attempt(Outcome.NOT_TRIED, "paced", retry_after_s=30.0)
    after = settle(paced, FIRST, texts(2), Severity.CRITICAL, NOW)
    assert (after.progress.leg, after.next_at) == (0, NOW + timedelta(seconds=30))


def test_what_was_pushed_because_of_a_limit_is_texted_again_later() -> None:
    limited = settle(LIMITED, FIRST, texts(1, pushes=1), Severity.CRITICAL, NOW)
    assert (limited.progress.leg, limited.next_at) == (1, NOW)
    pushed = settle_push(TAKEN, limited.progress, texts(1, pushes=1), NOW)
    assert pushed.progress == Progress(0, 0, is_resend=False, is_pushed=True)
    assert pushed.next_at == NOW + TEXT_AGAIN_AFTER


# ---- pushes ----


@pytest.mark.parametrize("outcome", [Outcome.SENT, Outcome.DELIVERED, Outcome.UNCONFIRMED])
def test_a_push_that_may_have_arrived_ends_nothing_and_is_not_repeated(outcome: Outcome) -> None:
    after = settle_push(Attempt(outcome, "r"), FIRST, texts(1, pushes=2), NOW)
    assert (after.state, after.next_at) == (NoticeState.PENDING, NOW)
    assert after.progress == Progress(0, 0, is_resend=False, is_pushed=True)


def test_a_push_that_fails_wears_out_no_way_for_texts() -> None:
    refused = Attempt(Outcome.FAILED_PERMANENT, "http_401")
    after = settle_push(refused, FIRST, texts(1, pushes=1), NOW)
    assert (after.progress.leg, after.progress.tries, after.next_at) == (0, 0, NOW)
    assert not after.progress.may_push(texts(1, pushes=1))


def test_a_text_does_not_wait_for_a_push_service_that_wants_a_pause() -> None:
    after = settle_push(LIMITED, FIRST, texts(1, pushes=1), NOW)
    assert after.next_at == NOW + RETRY_AFTER


def test_after_the_last_push_whose_texts_all_failed_is_out_of_reach() -> None:
    refused = Attempt(Outcome.FAILED_PERMANENT, "http_401")
    worn = settle(refused, FIRST, texts(1, pushes=1), Severity.MAJOR, NOW)
    assert worn.progress.leg == 1
    after = settle_push(refused, worn.progress, texts(1, pushes=1), NOW)
    assert (after.state, after.next_at) == (NoticeState.FAILED_PERMANENT, None)


def test_a_critical_text_in_doubt_twice_is_pushed() -> None:
    silent = Attempt(Outcome.UNCONFIRMED, "no_answer")
    legs = texts(1, pushes=1)
    once = settle(silent, FIRST, legs, Severity.CRITICAL, NOW)
    twice = settle(silent, once.progress, legs, Severity.CRITICAL, NOW)
    way = legs.next(twice.progress.leg, twice.progress.push, frozenset())
    assert way == Way("push0", "")
    pushed = settle_push(TAKEN, twice.progress, legs, NOW)
    assert (pushed.state, pushed.next_at) == (NoticeState.UNCONFIRMED, None)


# ---- whatever happens ----


@given(
    outcomes=st.lists(
        st.sampled_from(sorted(set(Outcome) - {Outcome.NOT_TRIED})), min_size=60, max_size=60
    ),
    legs=st.integers(1, 4),
    severity=st.sampled_from(Severity),
)
def test_every_notice_comes_to_rest_within_its_legs_and_tries(
    outcomes: list[Outcome], legs: int, severity: Severity
) -> None:
    progress, attempts = FIRST, 0
    for outcome in outcomes:
        after = settle(Attempt(outcome, "r"), progress, texts(legs), severity, NOW)
        attempts += 1
        assert after.progress.leg < legs
        if after.next_at is None:
            break
        progress = after.progress
    else:
        pytest.fail("it never came to rest")
    assert attempts <= legs * TRIES_PER_LEG + TRIES_PER_LEG
