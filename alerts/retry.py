"""What follows an attempt: the same way again, the next way, or the end. Pure.

A notice has *legs*: the ways of its contact for texts that carry it, in order of preference. A leg
is tried a few times, then the next one; after the last come pushes, and then the person counts as
out of reach, and the incident's next step is hurried.

A push that a service took ends nothing: the notice waits for its next leg, and is pushed no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.channels.base import Attempt, Outcome
from alerts.model import NoticeState, Severity
from alerts.ways import Legs

TRIES_PER_LEG = 3
"""Sending retries, then the next channel or person (GoAlert)."""
RETRY_AFTER = timedelta(seconds=15)
"""Between tries of one leg (GoAlert)."""
NOT_TRIED_PAUSE = timedelta(seconds=1)
"""After a channel gave a notice back untried: it counts as no try, and wears nothing out (ours)."""
LONGEST_PAUSE_S = 30.0
"""Something critical waits no longer than this for a channel where there is another way (ours)."""
TEXT_AGAIN_AFTER = timedelta(minutes=5)
"""From an accepted push to a text by a way that had failed, and not for good (ours)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a notice has come: which leg is next, and how often that leg was tried."""

    leg: int
    tries: int  # beyond the last leg: whether that may work again
    is_resend: bool
    push_tries: int = 0  # pushes that failed, TRIES_PER_LEG for each way that is worn out
    is_pushed: bool = False  # a service has taken it, or may have

    @property
    def push(self) -> int | None:
        """Return which push is next, None if no more is wanted."""
        return None if self.is_pushed else self.push_tries // TRIES_PER_LEG

    def may_push(self, legs: Legs) -> bool:
        """Say whether there is a push to try."""
        return self.push is not None and self.push < legs.pushes


@dataclass(frozen=True, slots=True)
class Settlement:
    """What to record of an attempt. `next_at` is set where the notice goes out again."""

    state: NoticeState
    progress: Progress
    next_at: datetime | None
    reason: str


def settle(
    attempt: Attempt, progress: Progress, legs: Legs, severity: Severity, now: datetime
) -> Settlement:
    """Decide what becomes of a notice after `attempt` to text it on `progress.leg` of `legs`."""
    if _takes_too_long(attempt, severity) and _has_another(progress, legs):
        return _next_leg(attempt, progress, legs, now)
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
            again = replace(progress, tries=progress.tries + 1)
            next_at = now + _pause(attempt, RETRY_AFTER)
            return Settlement(NoticeState.FAILED_TEMPORARY, again, next_at, attempt.reason)
        case Outcome.FAILED_TEMPORARY | Outcome.FAILED_PERMANENT:
            return _next_leg(attempt, progress, legs, now)


def settle_push(attempt: Attempt, progress: Progress, legs: Legs, now: datetime) -> Settlement:
    """Decide what becomes of a notice after `attempt` to push it: no leg is worn out by that."""
    is_texted = progress.leg < legs.texts
    longest = RETRY_AFTER if is_texted else timedelta.max  # a text does not wait for a push
    match attempt.outcome:
        case Outcome.SENT | Outcome.DELIVERED | Outcome.UNCONFIRMED:
            return _pushed(attempt, replace(progress, is_pushed=True), legs, now)
        case Outcome.NOT_TRIED:
            next_at = now + min(longest, _pause(attempt, NOT_TRIED_PAUSE))
            return Settlement(NoticeState.PENDING, progress, next_at, attempt.reason)
        case Outcome.FAILED_TEMPORARY:
            tries = progress.push_tries + 1
            next_at = now + min(longest, _pause(attempt, RETRY_AFTER))
        case Outcome.FAILED_PERMANENT:
            tries = (progress.push_tries // TRIES_PER_LEG + 1) * TRIES_PER_LEG
            next_at = now
    failed = replace(progress, push_tries=tries)
    if is_texted or failed.may_push(legs):
        return Settlement(NoticeState.FAILED_TEMPORARY, failed, next_at, attempt.reason)
    return Settlement(NoticeState.FAILED_PERMANENT, failed, None, attempt.reason)


def _pushed(attempt: Attempt, progress: Progress, legs: Legs, now: datetime) -> Settlement:
    """Let it wait for its text; where one may have gone and none is left, the doubt stays."""
    if progress.leg < legs.texts:
        return Settlement(NoticeState.PENDING, progress, now, attempt.reason)
    if progress.tries:
        again = replace(progress, leg=max(0, legs.texts - 1), tries=0)
        return Settlement(NoticeState.PENDING, again, now + TEXT_AGAIN_AFTER, attempt.reason)
    if progress.is_resend:
        return Settlement(NoticeState.UNCONFIRMED, progress, None, attempt.reason)
    return Settlement(NoticeState.PENDING, progress, now, attempt.reason)


def _takes_too_long(attempt: Attempt, severity: Severity) -> bool:
    return (
        severity >= Severity.CRITICAL
        and attempt.outcome in (Outcome.FAILED_TEMPORARY, Outcome.NOT_TRIED)
        and (attempt.retry_after_s or 0.0) > LONGEST_PAUSE_S
    )


def _has_another(progress: Progress, legs: Legs) -> bool:
    return progress.leg + 1 < legs.texts or progress.may_push(legs)


def _pause(attempt: Attempt, otherwise: timedelta) -> timedelta:
    """Return how long to wait; a channel that knows better is heard."""
    known_s = attempt.retry_after_s
    return otherwise if known_s is None else timedelta(seconds=known_s)


def _unconfirmed(
    attempt: Attempt, progress: Progress, legs: Legs, severity: Severity, now: datetime
) -> Settlement:
    """It may have gone out: a critical one goes once more, marked; others wait for a report.

    Where the second is in doubt too it is pushed.
    """
    if severity < Severity.CRITICAL or (progress.is_resend and not progress.may_push(legs)):
        return Settlement(NoticeState.UNCONFIRMED, progress, None, attempt.reason)
    leg = min(progress.leg + 1, max(0, legs.texts - 1))
    again = replace(progress, leg=legs.texts if progress.is_resend else leg, tries=0)
    return Settlement(NoticeState.PENDING, replace(again, is_resend=True), now, attempt.reason)


def _next_leg(attempt: Attempt, progress: Progress, legs: Legs, now: datetime) -> Settlement:
    if not _has_another(progress, legs):
        return Settlement(NoticeState.FAILED_PERMANENT, progress, None, attempt.reason)
    further = replace(progress, leg=min(progress.leg + 1, legs.texts), tries=0)
    if further.leg == legs.texts and attempt.outcome is not Outcome.FAILED_PERMANENT:
        further = replace(further, tries=1)
    return Settlement(NoticeState.FAILED_TEMPORARY, further, now, attempt.reason)
