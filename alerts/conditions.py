"""Raise and clear conditions: what a rule found becomes a record, and people are told or not.

Every condition is kept. Whether anybody is told is `suppress`'s to say, whom and when is the
incident's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts import incident, suppress
from alerts.model import MOMENTARY, Condition, ConditionKind, Decision, WatchId
from alerts.policy import Policy
from alerts.reason import Reason
from alerts.rules.opening import LEFT_OPEN, UNANNOUNCED, recent_openings
from alerts.state import ConditionKey, HomeState, State, TimerKind, Turn
from devices.model import ENDED, Kind

PASSED = "passed"
"""The timer that ends what was true for a moment only."""

_SHAKEN = frozenset(part for kind, part in ENDED.values() if kind is Kind.TAMPER)
"""Parts of a sensor that feels a disturbance, and never says that all is well again."""

COMMON = frozenset(
    {
        Reason.REPEATED_STATE,
        Reason.DUPLICATE,
        Reason.ALIVE,
        Reason.NO_RULE,
        Reason.NOT_UNDERSTOOD,
        Reason.UNREGISTERED,
    }
)
"""Decisions too common to be kept one by one: they are counted."""


def decide(
    turn: Turn, reason: Reason, watch: WatchId | None, device: str | None, detail: str = ""
) -> None:
    """Record why something was, or was not, done."""
    if reason in COMMON:
        turn.count(reason)
        return
    turn.put_decision(Decision(reason, turn.now, watch, device, turn.journal_seq, detail))


def raise_(
    turn: Turn,
    key: ConditionKey,
    reason: Reason,
    at: datetime,
    *,
    watch: WatchId | None,
    detail: str = "",
    since_at: datetime | None = None,
) -> Condition:
    """Make a condition stand from `at`, or since `since_at`, and tell whom it concerns.

    One that stands already is joined; what passes by itself begins anew where people are done
    with the first.
    """
    standing = turn.state.conditions.get(key)
    passes = is_passing(key)
    if standing is not None and passes and _is_dealt_with(turn.state, standing):
        clear(turn, key, Reason.PASSED, at)
        standing = None
    if standing is not None:
        decide(turn, Reason.JOINED, watch, key.device, key.kind)
        return standing
    condition = Condition(
        id=turn.draws.new_id(),
        kind=key.kind,
        subject=key.subject,
        watch=watch,
        device=key.device,
        part=key.part,
        raised_at=since_at or at,
        reason=reason,
        detail=detail,
        journal_seq=turn.journal_seq,
    )
    turn.put_condition(condition)
    if key.kind is ConditionKind.OPENED:
        remember_opening(turn.state, condition)
    elif passes:
        turn.state.timers.set(timer_of(PASSED, key), passes_at(turn.state, condition))
    tell(turn, condition)
    return condition


def tell(turn: Turn, condition: Condition) -> None:
    """Pass a standing condition on to its incident, or record why nobody is told."""
    why_not = suppress.why_nobody_is_told(turn, condition)
    if why_not is None:
        incident.concern(turn, condition)
    else:
        decide(turn, why_not, condition.watch, condition.device, condition.kind)


def tell_what_was_held_back(turn: Turn, subject: str) -> None:
    """Tell of what still stands untold for this subject, now that nothing suppresses it."""
    held_back = [
        condition
        for condition in turn.state.conditions.values()
        if condition.incident is None
        and condition.reason not in suppress.QUIET
        and subject in suppress.subjects_of(turn.state, condition)
    ]
    for condition in held_back:
        tell(turn, condition)


def resume(turn: Turn, condition: Condition, reason: Reason) -> None:
    """Make a condition stand again that seemed over: nobody is told anything new."""
    standing = replace(condition, cleared_at=None, clear_reason=None)
    turn.put_condition(standing)
    if standing.kind is ConditionKind.OPENED and standing.watch is not None:
        home = turn.state.homes[standing.watch]
        home.open_doors.add(_door(standing))
        home.last_closed.pop(_door(standing), None)
    decide(turn, reason, standing.watch, standing.device, standing.kind)


def clear(turn: Turn, key: ConditionKey, reason: Reason, at: datetime) -> Condition | None:
    """End a condition, if it stands, and let its incident know."""
    cleared = end(turn, key, reason, at)
    if cleared is not None and cleared.incident is not None:
        incident.condition_cleared(turn, cleared)
    return cleared


def end(turn: Turn, key: ConditionKey, reason: Reason, at: datetime) -> Condition | None:
    """End a condition, if it stands; its incident is the caller's concern."""
    standing = turn.state.conditions.get(key)
    if standing is None:
        return None
    cleared = replace(standing, cleared_at=at, clear_reason=reason)
    turn.put_condition(cleared)
    if key.kind is ConditionKind.OPENED:
        turn.state.timers.cancel(timer_of(LEFT_OPEN, key))
        remember_opening(turn.state, cleared)
    elif is_passing(key):
        turn.state.timers.cancel(timer_of(PASSED, key))
    return cleared


def remember_opening(state: State, opening: Condition) -> None:
    """Fold an opening, begun or over, into what is remembered of its home."""
    if opening.watch is None:
        return
    home = state.homes.setdefault(opening.watch, HomeState())
    door = _door(opening)
    if not opening.is_standing:
        home.open_doors.discard(door)
        home.last_closed[door] = opening
        return
    home.open_doors.add(door)
    if opening.reason in UNANNOUNCED and (watch := state.watches.get(opening.watch)) is not None:
        home.openings = [*recent_openings(home, watch, opening.raised_at), opening.raised_at]


def timer_of(what: str, key: ConditionKey) -> TimerKind:
    """Return the timer that belongs to a condition."""
    return TimerKind(what, key.subject, key.device or "", key.part, key.kind)


def is_passing(key: ConditionKey) -> bool:
    """Say whether this ends by itself, because nothing ever says that it is over."""
    return key.kind in MOMENTARY or (key.kind is ConditionKind.TAMPERED and key.part in _SHAKEN)


def passes_at(state: State, condition: Condition) -> datetime:
    """Return when a condition that ends by itself does."""
    within_s = policy_of(state, condition.watch).opening.agree_within_s
    return condition.raised_at + timedelta(seconds=within_s)


def policy_of(state: State, watch: WatchId | None) -> Policy:
    """Return the policy of a home, the gateway's for what belongs to none."""
    known = state.watches.get(watch) if watch is not None else None
    return state.policy if known is None else known.policy


def _is_dealt_with(state: State, condition: Condition) -> bool:
    if condition.incident is None:
        return False
    known = state.incidents.get(condition.incident)
    return known is None or known.is_over


def _door(opening: Condition) -> tuple[str, str]:
    return opening.device or "", opening.part
