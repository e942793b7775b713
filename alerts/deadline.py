"""When the next step of an incident is due.

Every incident that is not reviewed has one: somebody must report in, a report-in lapses, or a
review falls due. A later step never waits for a person to remember.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from alerts import concerned, quiet, quorum
from alerts.model import ENDS_BY_ITSELF, Cause, Incident, IncidentState, Severity
from alerts.policy import Policy
from alerts.route import EQUIPMENT
from alerts.state import Turn

HELD = frozenset({IncidentState.ACKNOWLEDGED, IncidentState.ON_SITE})
"""States in which somebody has reported in."""
SHORTEST = timedelta(seconds=1)
"""A policy that allows no time at all would have steps follow each other for ever in one tick."""


def with_next_step(turn: Turn, incident: Incident) -> Incident:
    """Return the incident with the time of its next step, counted from when people are told.

    That is now, but for what waits for the morning.
    """
    policy = concerned.policy(turn.state, incident)
    if incident.state is IncidentState.REVIEWED:
        return replace(incident, next_at=None)
    if incident.state is IncidentState.RESOLVED:
        return replace(incident, next_at=turn.now + _filed_after(incident, policy))
    told_at = quiet.not_before(incident, policy, turn.now) or turn.now
    next_at = told_at + step_delay(incident, policy)
    if (lease := lease_ends_at(incident, policy)) is not None:
        is_met = quorum.is_met(incident, concerned.team(turn.state, incident))
        next_at = lease if is_met else min(lease, next_at)
    return replace(incident, next_at=next_at)


def step_delay(incident: Incident, policy: Policy) -> timedelta:
    """Return how long an incident may wait for somebody to report in."""
    seconds = policy.telling.step_s
    if incident.matter in EQUIPMENT:
        seconds = policy.telling.equipment_reminder_s
    elif incident.severity >= Severity.CRITICAL:
        seconds = policy.telling.critical_step_s
    return max(SHORTEST, timedelta(seconds=seconds))


def lease_ends_at(incident: Incident, policy: Policy) -> datetime | None:
    """Return until when the last report-in holds; None while nobody has it."""
    if incident.state not in HELD or not incident.acknowledgements:
        return None
    last = max(taken.at for taken in incident.acknowledgements)
    if incident.matter in EQUIPMENT:
        return last + timedelta(seconds=policy.telling.equipment_reminder_s)
    if incident.state is IncidentState.ON_SITE:
        return last + timedelta(seconds=policy.telling.on_site_lease_s)
    return last + timedelta(seconds=policy.telling.lease_s)


def _filed_after(incident: Incident, policy: Policy) -> timedelta:
    """Return how long a resolved incident waits for its review, or to see that it stays so."""
    if incident.cause == Cause.ORDER_ENDED:
        return timedelta(0)
    if incident.cause in ENDS_BY_ITSELF:
        return timedelta(seconds=policy.telling.reopen_within_s)
    return max(SHORTEST, timedelta(seconds=policy.telling.review_after_s))
