"""May this text go to this phone now? If not, until when it waits, and why. Pure.

A call for help always may. What follows a text to the same phone waits a moment, so that it can go
in one; then come the limits of a phone, and the budget of the day. Nothing critical is held back
for money, nor by any limit but that of the phone's day: that sends it another way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.model import NoticeKind, Severity
from alerts.policy import Spending

DAY = timedelta(days=1)
"""What is looked back at: no limit of a phone reaches further."""
ALONE = frozenset({NoticeKind.ANSWER, NoticeKind.TEST})
"""Whoever wrote to us wants the answer now; it opens no window either."""


class Act(StrEnum):
    """What a verdict wants."""

    GO = "go"
    HOLD = "hold"  # until a time
    ELSEWHERE = "elsewhere"  # not to this address: the next way, or the end


class Why(StrEnum):
    """Why a text may go, or is held; the latter stands in `held` of its notice."""

    HELP = "help"  # exempt from everything
    WITHIN_LIMITS = "within_limits"
    FOLLOWS_ANOTHER = "follows_another"  # the phone got a text a moment ago
    PHONE_LIMIT = "phone_limit"  # enough within 15 minutes, or within the hour
    PHONE_DAY_LIMIT = "phone_day_limit"  # enough within 24 hours
    DAY_BUDGET = "day_budget"  # the gateway has spent what it may in one local day


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision with its reason; `until` is set where the text is held."""

    act: Act
    why: Why
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """What is to go: how bad it is, for what, and whether it costs anything."""

    severity: Severity
    kind: NoticeKind
    is_resend: bool = False
    is_free: bool = False  # over a channel that costs nothing

    @property
    def is_critical(self) -> bool:
        """Say whether it may use what is kept."""
        return self.severity >= Severity.CRITICAL

    @property
    def goes_alone(self) -> bool:
        """Say whether it is neither bundled nor waits to be."""
        return self.severity is Severity.HELP or self.kind in ALONE


@dataclass(frozen=True, slots=True)
class Told:
    """One text that this phone was sent, or may have been."""

    at: datetime
    severity: Severity
    kind: NoticeKind
    is_free: bool = False


@dataclass(frozen=True, slots=True)
class Spent:
    """Parts that the gateway sent today, over all channels that cost, and when the day ends."""

    parts: int
    day_ends_at: datetime


def decide(
    text: Text, told: Sequence[Told], spent: Spent, spending: Spending, now: datetime
) -> Verdict:
    """Decide about one text to one phone, which was `told` all this within the last day."""
    if text.severity is Severity.HELP:
        return Verdict(Act.GO, Why.HELP)
    costly = sorted(each.at for each in told if not each.is_free)
    holds = [_window(text, told, spending)]
    if not text.is_free:
        over = _full(costly, DAY, _a_day(text, spending), now)
        if over is not None and text.is_critical:
            return Verdict(Act.ELSEWHERE, Why.PHONE_DAY_LIMIT)
        holds.append(_hold(Why.PHONE_DAY_LIMIT, over))
        if not text.is_critical:
            holds += [
                _hold(Why.PHONE_LIMIT, _full(costly, timedelta(minutes=minutes), most, now))
                for minutes, most in (
                    (15, spending.phone_per_15_min),
                    (60, spending.phone_per_hour),
                )
            ]
            if spent.parts >= parts_for_all(spending):
                holds.append(_hold(Why.DAY_BUDGET, spent.day_ends_at))
    held = [each for each in holds if each is not None and each.until and each.until > now]
    return max(held, key=lambda each: each.until or now, default=Verdict(Act.GO, Why.WITHIN_LIMITS))


def parts_for_all(spending: Spending) -> float:
    """Return how many parts of a day any text may use; what is beyond is kept for critical ones."""
    return spending.parts_per_day * (1 - spending.kept_pct / 100)


def _window(text: Text, told: Sequence[Told], spending: Spending) -> Verdict | None:
    """Hold what follows a text that was as bad; what is worse than all before goes at once."""
    if text.goes_alone or text.is_resend:
        return None
    window_s = spending.bundle_critical_s if text.is_critical else spending.bundle_s
    before = [each.at for each in told if _opens_window(each, text)]
    return _hold(Why.FOLLOWS_ANOTHER, max(before) + timedelta(seconds=window_s)) if before else None


def _opens_window(told: Told, text: Text) -> bool:
    """Say whether a text that went makes this one wait.

    That a colleague has taken something makes no alarm wait, and waits for none: whoever is on the
    way should turn round soon.
    """
    if told.kind in ALONE or told.severity < text.severity:
        return False
    return (told.kind is NoticeKind.TAKEN) == (text.kind is NoticeKind.TAKEN)


def _a_day(text: Text, spending: Spending) -> int:
    kept = 0 if text.is_critical else spending.phone_kept
    return spending.phone_per_day - kept


def _full(times: Sequence[datetime], span: timedelta, most: int, now: datetime) -> datetime | None:
    """Return when there is room again for one more among `most` within `span`; None: now."""
    within = [at for at in times if at > now - span]
    if most < 1:
        return now + span
    return within[-most] + span if len(within) >= most else None


def _hold(why: Why, until: datetime | None) -> Verdict | None:
    return None if until is None else Verdict(Act.HOLD, why, until)
