"""Everybody else on an incident learns who has taken it, and by which way that was said.

Only those whom it concerns still: the shift that went home is left in peace. Whoever was never
reached is told nothing of it.
"""

from __future__ import annotations

from alerts import concerned, drafts, quiet, quorum, rota, route, story, telling
from alerts.deadline import lease_ends_at
from alerts.model import (
    TEAM_ROLES,
    Acknowledgement,
    Incident,
    NoticeKind,
    Role,
    Severity,
    Team,
)
from alerts.reason import Reason
from alerts.route import EQUIPMENT
from alerts.state import Turn

_ROLES = (*TEAM_ROLES, Role.LEAD)


def tell_who_has_it(turn: Turn, incident: Incident, taken: Acknowledgement) -> None:
    """Tell each other one who was told and has not reported in, as long as the report-in holds.

    It is news of no hurry, whatever the incident is: it never uses what is kept for what is grave.
    """
    policy = concerned.policy(turn.state, incident)
    if quiet.is_untold(incident, policy, turn.now) or telling.is_silenced(turn, incident):
        return
    team = concerned.team(turn.state, incident)
    at_local = rota.local(turn.now, policy.timezone)
    missing = quorum.missing_roles(incident, team)
    takers = {each.contact for each in incident.acknowledgements}
    for contact in _still_concerned(turn, incident):
        if contact in takers:
            continue
        taking = drafts.Taking(
            number=incident.number,
            short_address=story.addresses(turn, incident)[1],
            role=_role_in_texts(team, taken),
            at_local=at_local,
            state=incident.state,
            by=taken.by,
            missing=missing,
            is_asked=not set(missing).isdisjoint(rota.roles_of(team, contact, at_local)),
        )
        telling.put(
            turn,
            contact,
            NoticeKind.TAKEN,
            Reason.TAKEN_BY_COLLEAGUE,
            drafts.of_taking(taking, turn.state.voice.language),
            about=incident,
            severity=min(Severity.MINOR, incident.severity),
            not_before_at=quiet.not_before(incident, policy, turn.now),
            useless_from=lease_ends_at(incident, policy),
        )


def _still_concerned(turn: Turn, incident: Incident) -> tuple[str, ...]:
    """Return those who were told and answer for it now, or come after those who do."""
    circle = concerned.circle(turn, incident)
    own = concerned.team(turn.state, incident)
    teams = [own, *(team for team in circle.homes if team.id != own.id)]
    answering = {
        target.contact.id
        for team in teams
        for role in _ROLES
        for target in route.answering(team, role, circle.at_local)
    }
    if incident.matter in EQUIPMENT and circle.maintainers is not None:
        maintainers = route.answering(circle.maintainers, Role.MAINTAINER, circle.at_local)
        answering |= {target.contact.id for target in maintainers}
    answering |= {contact.id for team in teams for contact in team.beyond}
    return tuple(contact for contact in incident.told if contact in answering)


def _role_in_texts(team: Team, taken: Acknowledgement) -> Role | None:
    """Return the taker's role; None for an operator at a screen, who only counts as the lead."""
    is_known = taken.by == "sms" or any(
        contact.id == taken.contact for contact in (*team.contacts, *team.beyond)
    )
    return taken.role if is_known else None
