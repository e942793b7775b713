"""Which roles must report in before the others are left in peace.

A call for help needs a doctor and a worker, a critical departure the police and a worker, anything
else one person, whoever it is. The lead counts for any role, and so does who comes after the team.
A role that nobody could fill is not waited for.
"""

from __future__ import annotations

from alerts.model import Incident, Matter, Role, Severity, Team

COUNTS_FOR_ANY = frozenset({Role.LEAD, Role.STREET})


def wanted_roles(incident: Incident) -> tuple[Role, ...]:
    """Return the roles that must all report in; empty where any one person will do."""
    if incident.matter is Matter.HELP:
        return (Role.WORKER, Role.DOCTOR)
    if incident.matter is Matter.DEPARTURE and incident.severity >= Severity.CRITICAL:
        return (Role.WORKER, Role.POLICE)
    return ()


def missing_roles(incident: Incident, team: Team) -> tuple[Role, ...]:
    """Return which of the wanted roles nobody has reported in for yet."""
    came = {acknowledgement.role for acknowledgement in incident.acknowledgements}
    if came & COUNTS_FOR_ANY:
        return ()
    there_are = {contact.role for contact in team.contacts}
    may_fill_any = bool(team.beyond) or Role.LEAD in there_are
    return tuple(
        role
        for role in wanted_roles(incident)
        if role not in came and (may_fill_any or role in there_are)
    )


def is_met(incident: Incident, team: Team) -> bool:
    """Say whether enough people have reported in."""
    return bool(incident.acknowledgements) and not missing_roles(incident, team)
