"""Notices: who is written to, in which words, when, or why they are not.

Every notice carries the reason why this person is told, and why now. Whoever is sent the number of
an incident is kept in its `told`: a number is answered only from there. What can wait for the
morning does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from alerts import concerned, drafts, quiet, rota, route, story, strikes, suppress
from alerts.drafts import Draft
from alerts.model import (
    Contact,
    Decision,
    Incident,
    Matter,
    Notice,
    NoticeKind,
    NoticeState,
    Role,
    Severity,
    Team,
    Watch,
)
from alerts.reason import Reason
from alerts.route import EQUIPMENT, Target
from alerts.state import Turn


def tell(
    turn: Turn,
    incident: Incident,
    targets: Iterable[Target],
    kind: NoticeKind,
    reason: Reason | None = None,
) -> Incident:
    """Write to each of these people, and return the incident with them among its `told`.

    Without a `reason` the one for which each was chosen is kept. A silence in force keeps the
    notices back, and says so; a call for help is never kept back.
    """
    people = list(targets)
    if not people:
        explain(turn, incident, Reason.NOBODY_TO_TELL)
        return incident
    if is_silenced(turn, incident):
        explain(turn, incident, Reason.SILENCED)
        return incident
    morning = quiet.not_before(incident, concerned.policy(turn.state, incident), turn.now)
    if morning is not None:
        explain(turn, incident, Reason.QUIET_HOURS)
    for target in people:
        _write(turn, incident, target.contact.id, kind, reason or target.reason, morning)
    told = dict.fromkeys([*incident.told, *(target.contact.id for target in people)])
    return replace(incident, told=tuple(told))


def put(
    turn: Turn,
    contact: str,
    kind: NoticeKind,
    reason: Reason,
    draft: Draft,
    *,
    about: Incident | Watch | None,
    severity: Severity,
    not_before_at: datetime | None = None,
    useless_from: datetime | None = None,
) -> None:
    """Write one notice to one person: every notice is made here.

    It is of no use to anybody any more some hours after it could have gone out, or `useless_from`.
    """
    policy, watch = turn.state.policy, None
    if isinstance(about, Incident):
        policy, watch = concerned.policy(turn.state, about), about.watch
    elif about is not None:
        policy, watch = about.policy, about.id
    expires_at = (not_before_at or turn.now) + timedelta(seconds=policy.telling.expires_s)
    turn.put_notice(
        Notice(
            id=turn.draws.new_id(),
            incident=about.id if isinstance(about, Incident) else None,
            watch=watch,
            contact=contact,
            kind=kind,
            severity=severity,
            text=draft.text,
            reason=reason,
            created_at=turn.now,
            expires_at=min(expires_at, useless_from or expires_at),
            short_text=draft.short_text,
            fields=draft.fields,
            not_before_at=not_before_at,
        )
    )


def answer(turn: Turn, incident: Incident | None, contact: str, text: str, reason: Reason) -> None:
    """Answer somebody who wrote to us."""
    number = incident.number if incident is not None else ""
    severity = incident.severity if incident is not None else Severity.MINOR
    draft = drafts.of_sentence(text, number, turn.state.voice.language)
    put(turn, contact, NoticeKind.ANSWER, reason, draft, about=incident, severity=severity)


def order_waits(turn: Turn, watch: Watch) -> None:
    """Ask the lead to look: an order is over, and the clock that says so is not to be believed."""
    at_local = rota.local(turn.now, watch.policy.timezone)
    draft = drafts.order_waits(watch.address, turn.state.voice.language)
    can_wait = quiet.can_wait(Severity.HEALTH, None, watch.policy)
    morning = quiet.morning(turn.now, watch.policy) if can_wait else None
    for target in route.answering(watch.team, Role.LEAD, at_local)[:1]:
        put(
            turn,
            target.contact.id,
            NoticeKind.REMINDER,
            Reason.CLOCK_NOT_TRUSTED,
            draft,
            about=watch,
            severity=Severity.HEALTH,
            not_before_at=morning,
        )


def guessing(turn: Turn, contact: str) -> None:
    """Tell the lead of this person's teams that numbers are tried on their phone.

    Where it is the lead's own phone, whoever comes after the team is told; else colleagues.
    """
    at_local = rota.local(turn.now, turn.state.policy.timezone)
    own = [team for team in turn.state.teams.values() if _is_of(team, contact)]
    targets = route.once(target for team in own for target in _above(team, contact, at_local))
    roles = [each.role for team in own for each in _everybody(team) if each.id == contact]
    ignored_s = strikes.IGNORED_FOR.total_seconds()
    draft = drafts.guessed(roles[0] if roles else None, ignored_s, turn.state.voice.language)
    for target in targets:
        kind, reason = NoticeKind.ALARM, Reason.GUESSING
        put(turn, target.contact.id, kind, reason, draft, about=None, severity=Severity.MAJOR)


def supersede(turn: Turn, incident: Incident) -> None:
    """End what still waits to be sent about an incident: nobody needs it any more."""
    turn.changes.supersede.append(incident.id)
    turn.changes.notices[:] = [
        replace(notice, state=NoticeState.SUPERSEDED)
        if notice.incident == incident.id and notice.kind is not NoticeKind.ANSWER
        else notice
        for notice in turn.changes.notices
    ]


def retract(turn: Turn, incident: Incident) -> None:
    """End what waits and is true no more now that it grew worse: who has it, and what had time."""
    turn.changes.retract.append(incident.id)
    turn.changes.notices[:] = [
        replace(notice, state=NoticeState.SUPERSEDED)
        if notice.incident == incident.id
        and (notice.kind is NoticeKind.TAKEN or notice.not_before_at is not None)
        else notice
        for notice in turn.changes.notices
    ]


def explain(turn: Turn, incident: Incident, reason: Reason) -> None:
    """Keep why nobody was told."""
    turn.put_decision(
        Decision(reason, turn.now, incident.watch, None, turn.journal_seq, incident.id)
    )


def is_silenced(turn: Turn, incident: Incident) -> bool:
    """Say whether somebody asked that all this incident is about be told to nobody."""
    if incident.matter is Matter.HELP:
        return False
    members = turn.state.members.get(incident.id, {}).values()
    return bool(members) and all(
        suppress.silenced(turn, suppress.subjects_of(turn.state, each)) is not None
        for each in members
    )


def _everybody(team: Team) -> tuple[Contact, ...]:
    return (*team.contacts, *team.beyond)


def _is_of(team: Team, contact: str) -> bool:
    return any(each.id == contact for each in _everybody(team))


def _above(team: Team, contact: str, at_local: datetime) -> tuple[Target, ...]:
    """Return who is to look after this person: the first who is not they themselves."""
    beyond = (Target(each, Reason.BEYOND_TEAM) for each in team.beyond)
    colleagues = (Target(each, Reason.NOBODY_ON_CALL) for each in team.contacts)
    in_order = (*route.answering(team, Role.LEAD, at_local), *beyond, *colleagues)
    return tuple(each for each in in_order if each.contact.id != contact)[:1]


def _write(
    turn: Turn,
    incident: Incident,
    contact: str,
    kind: NoticeKind,
    reason: Reason,
    not_before_at: datetime | None,
) -> None:
    if kind is NoticeKind.ALARM and incident.matter in EQUIPMENT:
        kind = NoticeKind.HEALTH
    said = story.of(turn, incident, contact, kind, reason)
    draft = drafts.of_story(said, turn.state.voice.language)
    put(
        turn,
        contact,
        kind,
        reason,
        draft,
        about=incident,
        severity=incident.severity,
        not_before_at=not_before_at,
    )
