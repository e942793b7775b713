"""The life of an incident: conditions open it, join it, make it worse, bring it back.

An open incident always has a next step with a time. Its severity and level never fall while it is
open. Each change is put with a transition that says from, to, why and by whom; `change` is the one
place where that happens. What people do to an incident is in `alerts.commands`, what time does in
`alerts.escalation`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alerts import concerned, evidence, numbers, quiet, route, story, telling
from alerts.deadline import with_next_step
from alerts.model import (
    Cause,
    Condition,
    Contact,
    Incident,
    IncidentState,
    Matter,
    NoticeKind,
    Transition,
    WatchId,
)
from alerts.reason import Reason
from alerts.route import EQUIPMENT
from alerts.state import TimerKind, Turn

SYSTEM = "system"
"""The actor where no person acted."""


# ---- what the rules tell ----


def concern(turn: Turn, condition: Condition) -> None:
    """Tell of a condition that was just raised: open, join or reopen the incident it belongs to."""
    matter = evidence.matter_of(condition.kind)
    subject = condition.watch or condition.subject
    current = turn.state.incidents.get(turn.state.concerns.get((matter, subject), ""))
    if current is None or (current.is_over and not _came_back_soon(turn, current)):
        _open(turn, condition, matter, subject)
    elif current.is_over:
        bring_back(turn, _take_in(turn, current, condition, afresh=True), Reason.CAME_BACK, SYSTEM)
    else:
        _join(turn, current, condition)


def condition_cleared(turn: Turn, condition: Condition) -> None:
    """Learn that a condition is over. Equipment that works again ends its incident by itself."""
    incident = turn.state.incidents.get(condition.incident or "")
    if incident is None or incident.is_over or incident.matter not in EQUIPMENT:
        return
    if not story.standing(turn, incident):
        _end_by_itself(turn, incident, Cause.RECOVERED, Reason.RECOVERED)


def announced_late(turn: Turn, condition: Condition) -> None:
    """End an incident whose opening was announced in time after all.

    An announcement covers its own opening of the door: an incident that holds anything else, or an
    earlier opening that nobody announced, stays open.
    """
    incident = turn.state.incidents.get(condition.incident or "")
    if incident is None or incident.is_over:
        return
    others = [each for each in turn.state.members[incident.id].values() if each.id != condition.id]
    if all(each.clear_reason is Reason.ANNOUNCED_LATE for each in others):
        _end_by_itself(turn, incident, Cause.ANNOUNCED_LATE, Reason.ANNOUNCED_LATE)


def order_ended(turn: Turn, watch_id: WatchId) -> None:
    """End what is open about a home whose order is over: nobody is told of these people again."""
    for incident in list(turn.state.incidents.values()):
        if incident.watch != watch_id:
            continue
        if not incident.is_over:
            _end_by_itself(turn, incident, Cause.ORDER_ENDED, Reason.ORDER_ENDED)
        else:
            telling.supersede(turn, incident)


# ---- shared with commands and escalation ----


def change(
    turn: Turn, before: Incident, after: Incident, reason: Reason, actor: str, detail: str = ""
) -> Incident:
    """Put a changed incident with its transition, and set its timer to its next step."""
    turn.put_incident(
        after,
        Transition(after.id, before.state, after.state, reason, actor, turn.now, detail),
    )
    set_timer(turn, after)
    return after


def set_timer(turn: Turn, incident: Incident) -> None:
    """Make the timer of an incident follow its `next_at`."""
    kind = TimerKind("step", incident.id)
    if incident.next_at is None:
        turn.state.timers.cancel(kind)
    else:
        turn.state.timers.set(kind, incident.next_at)


def bring_back(
    turn: Turn, incident: Incident, reason: Reason, actor: str, detail: str = ""
) -> Incident:
    """Open a resolved incident again under its number, and tell those concerned.

    Of equipment that failed, recovered and fails again they are told once.
    """
    is_known = incident.cause == Cause.RECOVERED and bool(incident.told)
    opened = replace(
        incident,
        state=IncidentState.OPEN,
        step=0,
        acknowledgements=(),
        cause=None,
        resolved_at=None,
        resolved_by=None,
        reopened=incident.reopened + 1,
    )
    if not is_known:
        opened = _tell_at_once(turn, opened, told_again=True, reason=reason)
    return change(turn, incident, with_next_step(turn, opened), reason, actor, detail)


# ---- how conditions come together ----


def _open(turn: Turn, condition: Condition, matter: Matter, subject: str) -> None:
    watch = turn.state.watches.get(condition.watch) if condition.watch is not None else None
    teams = concerned.teams(turn.state, matter, subject)
    owner = watch.team.id if watch is not None else turn.state.maintainers_team
    found = evidence.assess([condition], watch, turn.now)
    incident_id = turn.draws.new_id()
    incident = Incident(
        id=incident_id,
        number=numbers.give(turn, {owner, *(team.id for team in teams)}, incident_id),
        matter=matter,
        subject=subject,
        watch=condition.watch,
        team=owner,
        severity=found.severity,
        level=found.level,
        level_reason=found.reason,
        state=IncidentState.OPEN,
        headline=found.headline,
        opened_at=turn.now,
        since_at=found.since_at,
        next_at=turn.now,
        homes_blind=concerned.homes_blind(turn.state, matter, subject),
    )
    turn.put_incident(
        incident,
        Transition(incident.id, None, IncidentState.OPEN, condition.reason, SYSTEM, turn.now),
    )
    turn.put_condition(replace(condition, incident=incident.id))
    told = _tell_at_once(turn, incident, told_again=False)
    opened = with_next_step(turn, told)
    turn.put_incident(opened, None)
    set_timer(turn, opened)


def _join(turn: Turn, before: Incident, condition: Condition) -> None:
    incident = _take_in(turn, before, condition)
    if incident.severity > before.severity:
        telling.retract(turn, before)
        if _is_untold(turn, before):
            incident = replace(incident, told=())
        told = _tell_at_once(turn, incident, told_again=True, reason=Reason.RAISED)
        sooner = with_next_step(turn, replace(told, step=0))
        next_at = min(at for at in (before.next_at, sooner.next_at) if at is not None)
        change(
            turn, before, replace(sooner, next_at=next_at), Reason.RAISED, SYSTEM, condition.kind
        )
    elif incident.matter is Matter.HELP:  # nobody asks for help again without a need
        telling.retract(turn, before)
        asked_again = replace(incident, since_at=condition.raised_at)
        told = _tell_at_once(turn, asked_again, told_again=True, reason=Reason.HELP_ASKED)
        change(turn, before, told, Reason.HELP_ASKED, SYSTEM, condition.kind)
    else:
        told = _tell_at_once(turn, incident, told_again=False)
        change(turn, before, told, Reason.JOINED, SYSTEM, condition.kind)


def _take_in(
    turn: Turn, incident: Incident, condition: Condition, *, afresh: bool = False
) -> Incident:
    """Make the condition a member, and weigh all members anew.

    What is open never becomes lighter; what comes back is weighed by what stands now.
    """
    turn.put_condition(replace(condition, incident=incident.id))
    watch = turn.state.watches.get(incident.watch) if incident.watch is not None else None
    members = turn.state.members[incident.id].values()
    weighty = [each for each in members if each.is_standing or not afresh] or [condition]
    found = evidence.assess(weighty, watch, turn.now)
    blind = concerned.homes_blind(turn.state, incident.matter, incident.subject)
    weighed = replace(incident, homes_blind=max(blind, incident.homes_blind))
    if not afresh and (found.severity, found.level) < (incident.severity, incident.level):
        return weighed
    return replace(
        weighed,
        severity=found.severity,
        level=found.level if afresh else max(found.level, incident.level),
        level_reason=found.reason,
        headline=found.headline,
        since_at=found.since_at,
    )


def _tell_at_once(
    turn: Turn, incident: Incident, *, told_again: bool, reason: Reason | None = None
) -> Incident:
    """Tell those whom the incident concerns now: news to some, an update to those told before.

    Whoever has reported in is among those told again.
    """
    circle = concerned.circle(turn, incident)
    targets = route.audience(incident.matter, incident.severity, incident.headline, circle)
    takers = [
        route.Target(Contact(taken.contact, taken.role), Reason.REPLIED)
        for taken in incident.acknowledgements
    ]
    new = [target for target in targets if target.contact.id not in incident.told]
    known = [
        target for target in route.once([*targets, *takers]) if target.contact.id in incident.told
    ]
    if not targets:
        telling.explain(turn, incident, Reason.NOBODY_TO_TELL)
    if told_again and known:
        incident = telling.tell(turn, incident, known, NoticeKind.UPDATE, reason)
    if new:
        was_told = bool(incident.told)
        first = reason if reason is Reason.CAME_BACK and was_told else None
        incident = telling.tell(turn, incident, new, NoticeKind.ALARM, first)
    return incident


def _came_back_soon(turn: Turn, incident: Incident) -> bool:
    if incident.resolved_at is None:
        return False
    within_s = concerned.policy(turn.state, incident).telling.reopen_within_s
    return turn.now - incident.resolved_at < timedelta(seconds=within_s)


def _is_untold(turn: Turn, incident: Incident) -> bool:
    return quiet.is_untold(incident, concerned.policy(turn.state, incident), turn.now)


def _end_by_itself(turn: Turn, incident: Incident, cause: Cause, reason: Reason) -> None:
    """Resolve an incident that needs nobody any more, and stop what still waits to be sent.

    Of one that waited for the morning nobody has heard, then.
    """
    ended = replace(
        incident,
        told=() if _is_untold(turn, incident) else incident.told,
        state=IncidentState.RESOLVED,
        cause=cause,
        resolved_at=turn.now,
        resolved_by=SYSTEM,
    )
    telling.supersede(turn, incident)
    change(turn, incident, with_next_step(turn, ended), reason, SYSTEM, cause)
