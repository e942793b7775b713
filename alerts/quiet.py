"""Hours in which nobody is woken for what can wait. Pure.

What can wait: a device of one home, the reminder that something dealt with is to be reviewed, and,
where a team wants it so, what concerns one person. Never what leaves several homes unwatched or
keeps texts from going out, never what concerns a whole team, never a call for help or an answer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.clock import clock_time, zone
from alerts.model import Incident, IncidentState, Matter, Severity
from alerts.policy import Policy

_WAITS: dict[str, Severity] = {"health": Severity.HEALTH, "minor": Severity.MINOR}


def morning(now: datetime, policy: Policy) -> datetime | None:
    """Return when the quiet hours end in which `now` lies; None where it lies in none.

    They may pass midnight. Hours that end when they begin are none.
    """
    if policy.quiet.severity == "none":
        return None
    here = now.astimezone(zone(policy.timezone))
    begins, ends = clock_time(policy.quiet.from_time), clock_time(policy.quiet.until_time)
    clock = here.time()
    if begins <= ends:
        is_quiet, days = begins <= clock < ends, 0
    else:
        is_quiet, days = clock >= begins or clock < ends, int(clock >= begins)
    if not is_quiet:
        return None
    day = here.date() + timedelta(days=days)
    end = datetime.combine(day, ends, here.tzinfo).astimezone(UTC)
    if end <= now:  # the clocks went back over it: it comes once more
        end = datetime.combine(day, ends.replace(fold=1), here.tzinfo).astimezone(UTC)
    return end


def can_wait(severity: Severity, matter: Matter | None, policy: Policy) -> bool:
    """Say whether something so severe can wait; `matter` is None for what is about no incident."""
    least = _WAITS.get(policy.quiet.severity)
    return least is not None and severity <= least and matter is not Matter.OUTAGE


def not_before(incident: Incident, policy: Policy, now: datetime) -> datetime | None:
    """Return until when a notice about an incident waits; None: it goes at once.

    Of what is dealt with only its review is left, and that waits whatever it was about.
    """
    is_over = incident.state is IncidentState.RESOLVED
    if not is_over and not can_wait(incident.severity, incident.matter, policy):
        return None
    return morning(now, policy)


def is_untold(incident: Incident, policy: Policy, now: datetime) -> bool:
    """Say whether all that was written about an incident still waits for the morning."""
    if not can_wait(incident.severity, incident.matter, policy):
        return False
    told_at = morning(incident.opened_at, policy)
    return told_at is not None and now < told_at
