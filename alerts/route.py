"""Whom an incident concerns, each with the reason why it is them.

Pure. The lead fills in for a role that nobody answers for now, and is told once, not once for each
role. Where not even a lead is on call, anybody of the role is told off shift, and then whoever
comes after the team: nobody told is the one answer that is never given while there is somebody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from alerts import rota
from alerts.model import (
    TEAM_ROLES,
    ConditionKind,
    Contact,
    Matter,
    Role,
    Severity,
    Team,
)
from alerts.reason import Reason

EQUIPMENT = frozenset({Matter.DEVICE, Matter.OUTAGE})
"""Matters in which nobody behind a door is concerned."""


@dataclass(frozen=True, slots=True)
class Target:
    """A person to be told, and why it is this one."""

    contact: Contact
    reason: Reason  # ON_CALL, STANDS_IN, NOBODY_ON_CALL or BEYOND_TEAM


@dataclass(frozen=True, slots=True)
class Circle:
    """Who stands around an incident: the teams of its homes, and who maintains the equipment."""

    homes: tuple[Team, ...]
    maintainers: Team | None
    at_local: datetime


def roles_at_once(matter: Matter, severity: Severity, headline: ConditionKind) -> tuple[Role, ...]:
    """Return the roles of a home's team that are told at once."""
    if headline is ConditionKind.FLOODING:
        return ()  # only who maintains the device can stop it, and no home is blind
    if matter in EQUIPMENT:
        return (Role.WORKER,)
    if matter is Matter.HELP:
        return (Role.WORKER, Role.DOCTOR)
    if matter is Matter.VISIT:
        is_gathering = headline is ConditionKind.GATHERING
        return (Role.WORKER, Role.POLICE) if is_gathering else (Role.WORKER,)
    return TEAM_ROLES if severity >= Severity.MAJOR else (Role.WORKER,)


def audience(
    matter: Matter, severity: Severity, headline: ConditionKind, circle: Circle
) -> tuple[Target, ...]:
    """Return who is told at once: one person for each role and team, nobody twice."""
    roles = roles_at_once(matter, severity, headline)
    targets: list[Target] = []
    if matter in EQUIPMENT and circle.maintainers is not None:
        targets += answering(circle.maintainers, Role.MAINTAINER, circle.at_local)[:1]
    for team in circle.homes:
        for role in roles:
            targets += answering(team, role, circle.at_local)[:1]
    return once(targets)


def answering(team: Team, role: Role, at_local: datetime) -> tuple[Target, ...]:
    """Return all who answer for this role now, best first; empty only where nobody exists."""
    return (
        _targets(rota.on_call(team, role, at_local), Reason.ON_CALL)
        or _targets(rota.on_call(team, Role.LEAD, at_local), Reason.STANDS_IN)
        or _targets(_of_role(team, role), Reason.NOBODY_ON_CALL)
        or _targets(_of_role(team, Role.LEAD), Reason.NOBODY_ON_CALL)
        or _targets(team.beyond[:1], Reason.NOBODY_ON_CALL)
    )


def once(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Keep the first mention of each person."""
    found: dict[str, Target] = {}
    for target in targets:
        found.setdefault(target.contact.id, target)
    return tuple(found.values())


def _targets(contacts: Iterable[Contact], reason: Reason) -> tuple[Target, ...]:
    return tuple(Target(contact, reason) for contact in contacts)


def _of_role(team: Team, role: Role) -> Iterator[Contact]:
    return (contact for contact in team.contacts if contact.role is role)
