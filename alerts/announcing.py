"""The announce button: a short permit of the resident's own, a few times a day.

Shortly after an opening a press still counts: the opening becomes an announced one, and the
incident about it ends by itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts import conditions, incident, permits
from alerts.clock import day_start
from alerts.model import Condition, ConditionKind, Permit, Watch
from alerts.permits import ANNOUNCE_BUTTON
from alerts.reason import Reason
from alerts.rules.opening import LEFT_OPEN, UNANNOUNCED, recent_openings
from alerts.state import ConditionKey, Turn


def announce(turn: Turn, watch: Watch, device: str, at: datetime, age_s: float) -> None:
    """Take in a press of the announce button that arrived at `at`, `age_s` after it was made."""
    rules = watch.policy.announcing
    if age_s >= rules.window_s:
        conditions.decide(turn, Reason.AGED, watch.id, device, "announcement")
        return
    pressed_at = at - timedelta(seconds=age_s)
    until_at = pressed_at + timedelta(seconds=rules.window_s)
    today = [
        permit
        for permit in turn.state.permits.get(watch.id, ())
        if permit.granted_by == ANNOUNCE_BUTTON
        and permit.from_at >= day_start(pressed_at, watch.policy)
    ]
    if len(today) >= rules.per_day:
        conditions.decide(turn, Reason.ANNOUNCEMENTS_USED_UP, watch.id, device)
        return
    openings = _openings_announced_late(turn, watch, pressed_at)
    is_late = bool(openings) and sum(permit.is_late for permit in today) < rules.late_per_day
    permit = Permit(
        id=turn.draws.new_id(),
        watch=watch.id,
        from_at=pressed_at,
        until_at=until_at,
        purpose="announced",
        granted_by=ANNOUNCE_BUTTON,
        used_at=min(opening.raised_at for opening in openings) if is_late else None,
        is_late=is_late,
    )
    permits.put_permit(turn, permit)
    conditions.decide(turn, Reason.ANNOUNCED, watch.id, device)
    if is_late:
        for opening in openings:
            _announced_late(turn, watch, opening, permit)
    elif openings:
        conditions.decide(turn, Reason.ANNOUNCEMENTS_USED_UP, watch.id, device, "late")


def _openings_announced_late(turn: Turn, watch: Watch, pressed_at: datetime) -> list[Condition]:
    """Return the unannounced openings so recent that this press may still announce them."""
    home = turn.state.homes.get(watch.id)
    if home is None:
        return []
    since = pressed_at - timedelta(seconds=watch.policy.announcing.late_s)
    standing = (
        turn.state.conditions.get(ConditionKey(ConditionKind.OPENED, watch.id, *door))
        for door in sorted(home.open_doors)
    )
    return [
        opening
        for opening in (*standing, *home.last_closed.values())
        if opening is not None
        and opening.reason in UNANNOUNCED
        and opening.clear_reason is not Reason.ANNOUNCED_LATE
        and since <= opening.raised_at <= pressed_at
    ]


def _announced_late(turn: Turn, watch: Watch, opening: Condition, permit: Permit) -> None:
    """Make an opening an announced one; its incident ends by itself if nothing else stands."""
    key = ConditionKey(ConditionKind.OPENED, watch.id, opening.device, opening.part)
    home = turn.state.homes[watch.id]
    home.openings = [at for at in home.openings if at != opening.raised_at]
    is_open = opening.is_standing
    if is_open:
        ended = conditions.end(turn, key, Reason.ANNOUNCED_LATE, turn.now)
    else:
        ended = replace(opening, clear_reason=Reason.ANNOUNCED_LATE)
        turn.put_condition(ended)
        home.last_closed[(opening.device or "", opening.part)] = ended
    if len(recent_openings(home, watch, turn.now)) < watch.policy.opening.repeated_count:
        repeated = ConditionKey(ConditionKind.REPEATED, watch.id, None, "")
        conditions.end(turn, repeated, Reason.ANNOUNCED_LATE, turn.now)
    if ended is not None and ended.incident is not None:
        incident.announced_late(turn, ended)
    if is_open:
        grace = timedelta(seconds=watch.policy.opening.left_open_s)
        conditions.raise_(
            turn, key, Reason.PERMITTED, turn.now, watch=watch.id, since_at=opening.raised_at
        )
        turn.state.timers.set(conditions.timer_of(LEFT_OPEN, key), permit.until_at + grace)
