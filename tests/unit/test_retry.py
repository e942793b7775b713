"""What follows an attempt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.base import Attempt, Outcome
from alerts.model import NoticeState, Severity
from alerts.retry import RETRY_AFTER, TRIES_PER_LEG, Progress, settle

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
FIRST = Progress(leg=0, tries=0, is_resend=False)


def test_a_refusal_that_may_pass_is_tried_again_on_the_same_leg_after_a_while() -> None:
    after = settle(Attempt(Outcome.FAILED_TEMPORARY, "cms_500"), FIRST, 2, Severity.CRITICAL, NOW)
    assert after.progress == Progress(0, 1, is_resend=False)
    assert after.next_at == NOW + RETRY_AFTER


def test_a_channel_that_knows_when_it_can_send_again_is_heard() -> None:
    paced = Attempt(Outcome.FAILED_TEMPORARY, "paced", retry_after_s=120.0)
    after = settle(paced, FIRST, 2, Severity.MINOR, NOW)
    assert after.next_at == NOW + timedelta(seconds=120)


def test_after_three_tries_the_next_leg_is_taken_at_once() -> None:
    worn = Progress(0, TRIES_PER_LEG - 1, is_resend=False)
    after = settle(Attempt(Outcome.FAILED_TEMPORARY, "cms_38"), worn, 2, Severity.MINOR, NOW)
    assert (after.progress.leg, after.progress.tries, after.next_at) == (1, 0, NOW)


def test_a_number_that_is_refused_for_good_is_not_tried_three_times() -> None:
    after = settle(Attempt(Outcome.FAILED_PERMANENT, "cms_28"), FIRST, 2, Severity.MINOR, NOW)
    assert (after.progress.leg, after.next_at) == (1, NOW)


def test_after_the_last_leg_the_person_is_out_of_reach() -> None:
    after = settle(Attempt(Outcome.FAILED_PERMANENT, "cms_1"), FIRST, 1, Severity.MINOR, NOW)
    assert (after.state, after.next_at) == (NoticeState.FAILED_PERMANENT, None)


@pytest.mark.parametrize("severity", [Severity.CRITICAL, Severity.HELP])
def test_a_critical_text_without_an_answer_goes_once_more_and_only_once(
    severity: Severity,
) -> None:
    silent = Attempt(Outcome.UNCONFIRMED, "no_answer")
    after = settle(silent, FIRST, 1, severity, NOW)
    assert (after.state, after.progress.is_resend) == (NoticeState.PENDING, True)
    again = settle(silent, after.progress, 1, severity, NOW)
    assert (again.state, again.next_at) == (NoticeState.UNCONFIRMED, None)


def test_any_other_text_without_an_answer_is_not_sent_twice() -> None:
    silent = Attempt(Outcome.UNCONFIRMED, "no_answer")
    assert settle(silent, FIRST, 3, Severity.MAJOR, NOW).next_at is None


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
        after = settle(Attempt(outcome, "r"), progress, legs, severity, NOW)
        attempts += 1
        assert after.progress.leg < legs
        if after.next_at is None:
            break
        progress = after.progress
    else:
        pytest.fail("it never came to rest")
    assert attempts <= legs * TRIES_PER_LEG + TRIES_PER_LEG
