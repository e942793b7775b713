"""What comes next for an incident that nobody deals with, step by step until somebody does.

The first step goes to every phone of the team's roles on call and to the lead, each later one to
the next who comes after the team; then it starts over. Who is on call is asked at the time of the
step, so that a shift that changed meanwhile is told, and the one that went home is left in peace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from alerts import concerned, quorum, rota, route, telling
from alerts.deadline import lease_ends_at, with_next_step
from alerts.incident import SYSTEM, change, set_timer
from alerts.model import (
    ENDS_BY_ITSELF,
    TEAM_ROLES,
    Contact,
    Incident,
    IncidentId,
    IncidentState,
    NoticeKind,
    Role,
    Severity,
    Team,
)
from alerts.reason import Reason
from alerts.route import EQUIPMENT, Target
from alerts.state import Turn


class Step(NamedTuple):
    """One step that tells somebody."""

    number: int  # of this step, the first is 1
    targets: tuple[Target, ...]
    reason: Reason


def step_due(turn: Turn, incident_id: IncidentId) -> None:
    """Take the next step of an incident, now that its time has come."""
    incident = turn.state.incidents.get(incident_id)
    if incident is None or incident.next_at is None:
        return
    if incident.next_at > turn.now:
        set_timer(turn, incident)
    elif incident.is_over:
        _review_due(turn, incident)
    elif _has_lapsed(turn, incident):
        _lapse(turn, incident)
    elif incident.matter in EQUIPMENT:
        _remind_maintainers(turn, incident)
    else:
        _escalate(turn, incident)


def steps(team: Team, roles: Iterable[Role], at_local: datetime) -> tuple[tuple[Target, ...], ...]:
    """Return whom each step would tell, in order: all of the roles and the lead, then beyond."""
    answering = [target for role in roles for target in route.answering(team, role, at_local)]
    leads = [Target(lead, Reason.ON_CALL) for lead in rota.on_call(team, Role.LEAD, at_local)]
    beyond = [(Target(contact, Reason.BEYOND_TEAM),) for contact in team.beyond]
    return (route.once([*answering, *leads]), *beyond)


def next_step(incident: Incident, team: Team, at_local: datetime) -> Step | None:
    """Return the next step that reaches somebody; None for a team without anybody.

    In the first round nobody who knows is told again, unless it is critical; whoever reported in
    is left in peace. Where roles are missing, only they are stepped.
    """
    missing = quorum.missing_roles(incident, team) if incident.acknowledgements else ()
    ladder = steps(team, missing or TEAM_ROLES, at_local)
    takers = {taken.contact for taken in incident.acknowledgements}
    for count in range(incident.step, incident.step + 2 * len(ladder)):
        turn_of_ladder, rung = divmod(count, len(ladder))
        is_urgent = rung == 0 and incident.severity >= Severity.CRITICAL
        targets = tuple(
            target
            for target in ladder[rung]
            if target.contact.id not in takers
            and (turn_of_ladder > 0 or is_urgent or target.contact.id not in incident.told)
        )
        if targets:
            first = Reason.STEPS_REPEAT if turn_of_ladder > 0 else Reason.NO_ACKNOWLEDGEMENT
            return Step(count + 1, targets, Reason.QUORUM_MISSING if missing else first)
    return None


def _escalate(turn: Turn, incident: Incident) -> None:
    at_local = rota.local(turn.now, concerned.policy(turn.state, incident).timezone)
    step = next_step(incident, concerned.team(turn.state, incident), at_local)
    if step is None:
        telling.explain(turn, incident, Reason.NOBODY_TO_TELL)
        after = replace(incident, step=incident.step + 1)
        reason = Reason.NOBODY_TO_TELL
    elif telling.is_silenced(turn, incident):
        telling.explain(turn, incident, Reason.SILENCED)
        after, reason = incident, Reason.SILENCED
    else:
        told = telling.tell(turn, incident, step.targets, NoticeKind.ESCALATION, step.reason)
        after, reason = replace(told, step=step.number), step.reason
    change(turn, incident, with_next_step(turn, after), reason, SYSTEM, f"step {after.step}")


def _has_lapsed(turn: Turn, incident: Incident) -> bool:
    """Say whether the report-in no longer holds. With its roles complete nothing else is due."""
    lease = lease_ends_at(incident, concerned.policy(turn.state, incident))
    if lease is None:
        return False
    return lease <= turn.now or quorum.is_met(incident, concerned.team(turn.state, incident))


def _lapse(turn: Turn, incident: Incident) -> None:
    """Remind whoever took it, and let the steps go on: the incident is open again."""
    takers = [
        Target(Contact(taken.contact, taken.role), Reason.LEASE_LAPSED)
        for taken in incident.acknowledgements
        if taken.contact in incident.told
    ]
    opened = replace(incident, state=IncidentState.OPEN, acknowledgements=())
    if takers:
        opened = telling.tell(
            turn, opened, route.once(takers), NoticeKind.REMINDER, Reason.LEASE_LAPSED
        )
    change(turn, incident, with_next_step(turn, opened), Reason.LEASE_LAPSED, SYSTEM)


def _remind_maintainers(turn: Turn, incident: Incident) -> None:
    """Equipment that nobody mended is told again, to its maintainers alone."""
    circle = concerned.circle(turn, incident)
    maintainers = circle.maintainers
    if maintainers is not None:
        targets = route.answering(maintainers, Role.MAINTAINER, circle.at_local)[:1]
    else:
        targets = route.audience(incident.matter, incident.severity, incident.headline, circle)
    reason = Reason.NO_ACKNOWLEDGEMENT
    told = telling.tell(turn, incident, targets, NoticeKind.REMINDER, reason)
    after = with_next_step(turn, replace(told, step=incident.step + 1))
    change(turn, incident, after, reason, SYSTEM, f"step {after.step}")


def _review_due(turn: Turn, incident: Incident) -> None:
    """Ask the lead for the review; file what no person needs to look at."""
    order_is_over = incident.watch is not None and incident.watch not in turn.state.running
    if incident.cause in ENDS_BY_ITSELF or order_is_over:
        filed = replace(incident, state=IncidentState.REVIEWED, reviewed_at=turn.now)
        reason = Reason.ORDER_ENDED if order_is_over else Reason.PASSED
        change(turn, incident, with_next_step(turn, filed), reason, SYSTEM)
        return
    team = concerned.team(turn.state, incident)
    at_local = rota.local(turn.now, concerned.policy(turn.state, incident).timezone)
    role = Role.MAINTAINER if incident.matter in EQUIPMENT else Role.LEAD
    targets = route.answering(team, role, at_local)[:1]
    told = telling.tell(turn, incident, targets, NoticeKind.REMINDER, Reason.REVIEW_DUE)
    change(turn, incident, with_next_step(turn, told), Reason.REVIEW_DUE, SYSTEM)


def unreachable(turn: Turn, incident_id: IncidentId | None) -> None:
    """A notice reached nobody for good: unless somebody has taken the incident, go on now."""
    incident = turn.state.incidents.get(incident_id or "")
    if incident is None or incident.next_at is None or incident.is_over:
        return
    if incident.acknowledgements or incident.matter in EQUIPMENT:
        return
    _escalate(turn, incident)
