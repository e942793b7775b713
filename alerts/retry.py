"""What follows an attempt: the same way again, the next way, or the end. Pure.

A notice has *legs*: each phone of its contact over each channel, in order of preference. A leg is
tried a few times, then the next one; after the last the person counts as out of reach, and the
incident's next step is hurried.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.channels.base import Attempt, Outcome
from alerts.model import NoticeState, Severity

TRIES_PER_LEG = 3
"""Sending retries, then the next channel or person (GoAlert)."""
RETRY_AFTER = timedelta(seconds=15)
"""Between tries of one leg (GoAlert)."""
NOT_TRIED_PAUSE = timedelta(seconds=1)
"""After a channel gave a notice back untried: it counts as no try, and wears nothing out (ours)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a notice has come: which leg is next, and how often that leg was tried."""

    leg: int
    tries: int
    is_resend: bool


@dataclass(frozen=True, slots=True)
class Settlement:
    """What to record of an attempt. `next_at` is set where the notice goes out again."""

    state: NoticeState
    progress: Progress
    next_at: datetime | None
    reason: str


def settle(
    attempt: Attempt, progress: Progress, legs: int, severity: Severity, now: datetime
) -> Settlement:
    """Decide what becomes of a notice after `attempt` on `progress.leg` of `legs`."""
    match attempt.outcome:
        case Outcome.SENT:
            return Settlement(NoticeState.SENT, progress, None, attempt.reason)
        case Outcome.DELIVERED:
            return Settlement(NoticeState.DELIVERED, progress, None, attempt.reason)
        case Outcome.UNCONFIRMED:
            return _unconfirmed(attempt, progress, legs, severity, now)
        case Outcome.NOT_TRIED:
            next_at = now + _pause(attempt, NOT_TRIED_PAUSE)
            return Settlement(NoticeState.PENDING, progress, next_at, attempt.reason)
        case Outcome.FAILED_TEMPORARY if progress.tries + 1 < TRIES_PER_LEG:
            again = Progress(progress.leg, progress.tries + 1, progress.is_resend)
            next_at = now + _pause(attempt, RETRY_AFTER)
            return Settlement(NoticeState.FAILED_TEMPORARY, again, next_at, attempt.reason)
        case Outcome.FAILED_TEMPORARY | Outcome.FAILED_PERMANENT:
            return _next_leg(attempt, progress, legs, now)


def _pause(attempt: Attempt, otherwise: timedelta) -> timedelta:
    """Return how long to wait; a channel that knows better is heard."""
    known_s = attempt.retry_after_s
    return otherwise if known_s is None else timedelta(seconds=known_s)


def _unconfirmed(
    attempt: Attempt, progress: Progress, legs: int, severity: Severity, now: datetime
) -> Settlement:
    """It may have gone out: a critical one goes once more, marked; others wait for a report."""
    if severity < Severity.CRITICAL or progress.is_resend:
        return Settlement(NoticeState.UNCONFIRMED, progress, None, attempt.reason)
    leg = progress.leg + 1 if progress.leg + 1 < legs else progress.leg
    return Settlement(NoticeState.PENDING, Progress(leg, 0, is_resend=True), now, attempt.reason)


def _next_leg(attempt: Attempt, progress: Progress, legs: int, now: datetime) -> Settlement:
    if progress.leg + 1 >= legs:
        return Settlement(NoticeState.FAILED_PERMANENT, progress, None, attempt.reason)
    further = Progress(progress.leg + 1, 0, progress.is_resend)
    return Settlement(NoticeState.FAILED_TEMPORARY, further, now, attempt.reason)
