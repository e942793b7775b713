"""What people do to an incident, by text message, screen or command line alike.

Each is taken or refused with a reason and a sentence for whoever asked; refusing changes nothing,
and asking for what is already so is no error. By text message only somebody who was sent the number
is heard, nothing is closed while its condition stands, and nothing is reviewed or reopened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from alerts import colleagues, concerned, quorum, render, rota, story, telling
from alerts.deadline import HELD, with_next_step
from alerts.incident import bring_back, change
from alerts.model import (
    Acknowledgement,
    Cause,
    Incident,
    IncidentId,
    IncidentState,
    Role,
)
from alerts.reason import Reason
from alerts.state import Turn
from alerts.wording import Say


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command. `ok`: it is as was asked, now or already."""

    ok: bool
    reason: Reason
    text: str  # for whoever asked


@dataclass(frozen=True, slots=True)
class Command:
    """Something a person asks of one incident."""

    incident: IncidentId
    actor: str  # contact id, or an operator's name
    by: str  # "sms", "cli" or "web"


@dataclass(frozen=True, slots=True)
class Acknowledge(Command):
    """报到: I take it."""


@dataclass(frozen=True, slots=True)
class OnSite(Command):
    """到场: I am there."""


@dataclass(frozen=True, slots=True)
class Resolve(Command):
    """处置: it is dealt with."""

    cause: Cause = Cause.DEALT_WITH


@dataclass(frozen=True, slots=True)
class Review(Command):
    """办结: a second person has looked at it."""


@dataclass(frozen=True, slots=True)
class Reopen(Command):
    """It was not dealt with after all."""


BY_SMS = (Acknowledge, OnSite, Resolve)
"""All that a text message can do: its sender is not proven."""


def apply(turn: Turn, command: Command) -> Answer:
    """Do what a person asks of an incident, or say why not."""
    incident = turn.state.incidents.get(command.incident)
    language = turn.state.voice.language
    if incident is None:
        text = render.answer(Say.NOT_YOURS, "", language=language)
        return Answer(False, Reason.NUMBER_UNKNOWN, text)
    if command.by == "sms" and command.actor not in incident.told:
        text = render.answer(Say.NOT_YOURS, incident.number, language=language)
        return Answer(False, Reason.NOT_SENT_TO_YOU, text)
    if command.by == "sms" and not isinstance(command, BY_SMS):
        text = render.answer(Say.HOW_TO_REPLY, language=language)
        return Answer(False, Reason.NOT_A_REPLY, text)
    return _TAKE[type(command)](turn, incident, command)


def role_of(turn: Turn, incident: Incident, actor: str) -> Role:
    """Return for which role this person reports in: one that is still missing, if they have it.

    An operator at a screen is of no role on the team and counts as the lead does; so does whoever
    comes after the team.
    """
    team = concerned.team(turn.state, incident)
    if any(contact.id == actor for contact in team.beyond):
        return Role.STREET
    at_local = _local(turn, incident, turn.now)
    for each in (team, *concerned.teams(turn.state, incident.matter, incident.subject)):
        roles = rota.roles_of(each, actor, at_local)
        if roles:
            missing = roles & set(quorum.missing_roles(incident, team))
            return min(missing or roles)
    return Role.LEAD


def _acknowledge(turn: Turn, incident: Incident, command: Command) -> Answer:
    if incident.is_over:
        return _already_resolved(turn, incident)
    mine = [taken for taken in incident.acknowledgements if taken.contact == command.actor]
    team = concerned.team(turn.state, incident)
    role = role_of(turn, incident, command.actor)
    is_wanted = role in quorum.missing_roles(incident, team) or role in quorum.COUNTS_FOR_ANY
    if incident.acknowledgements and not (is_wanted and not quorum.is_met(incident, team)):
        if mine:
            return _say(turn, incident, Reason.ALREADY_DONE, Say.YOU_HAVE_IT, at=mine[0].at)
        first = incident.acknowledgements[0]
        return _say(
            turn,
            incident,
            Reason.ALREADY_DONE,
            Say.ANOTHER_HAS_IT,
            at=first.at,
            roles=(first.role,),
        )
    state = incident.state if incident.state in HELD else IncidentState.ACKNOWLEDGED
    after = change(
        turn,
        incident,
        with_next_step(turn, _taken(turn, incident, command, role, state)),
        _reason(command),
        command.actor,
        command.by,
    )
    _tell_others(turn, after)
    missing = quorum.missing_roles(after, team)
    if missing:
        return _say(turn, after, _reason(command), Say.ACKNOWLEDGED_MISSING, roles=missing)
    return _say(turn, after, _reason(command), Say.ACKNOWLEDGED)


def _on_site(turn: Turn, incident: Incident, command: Command) -> Answer:
    if incident.is_over:
        return _already_resolved(turn, incident)
    team = concerned.team(turn.state, incident)
    mine = [taken for taken in incident.acknowledgements if taken.contact == command.actor]
    role = mine[0].role if mine else role_of(turn, incident, command.actor)
    if incident.state is IncidentState.ON_SITE and (mine or quorum.is_met(incident, team)):
        latest = incident.acknowledgements[-1]
        return _say(
            turn,
            incident,
            Reason.ALREADY_DONE,
            Say.ALREADY_ON_SITE,
            at=latest.at,
            roles=(latest.role,),
        )
    after = change(
        turn,
        incident,
        with_next_step(turn, _taken(turn, incident, command, role, IncidentState.ON_SITE)),
        _reason(command),
        command.actor,
        command.by,
    )
    if mine:
        _stop_what_waits(turn, after)
    else:
        _tell_others(turn, after)
    return _say(turn, after, _reason(command), Say.ON_SITE)


def _resolve(turn: Turn, incident: Incident, command: Command) -> Answer:
    if incident.is_over:
        return _already_resolved(turn, incident)
    cause = command.cause if isinstance(command, Resolve) else Cause.DEALT_WITH
    standing = story.standing(turn, incident)
    may_stand = cause is Cause.DEVICE_FAULT and command.by != "sms"
    if standing and not may_stand:
        kinds = tuple(dict.fromkeys(condition.kind for condition in standing))
        language = turn.state.voice.language
        text = render.answer(Say.STANDS, incident.number, language=language, standing=kinds)
        return Answer(False, Reason.CONDITION_STANDS, text)
    resolved = replace(
        incident,
        state=IncidentState.RESOLVED,
        cause=cause,
        resolved_at=turn.now,
        resolved_by=command.actor,
    )
    telling.supersede(turn, incident)
    after = with_next_step(turn, resolved)
    change(turn, incident, after, Reason.DEALT_WITH, command.actor, f"{command.by}: {cause}")
    return _say(turn, after, Reason.DEALT_WITH, Say.RESOLVED)


def _review(turn: Turn, incident: Incident, command: Command) -> Answer:
    if not incident.is_over:
        return _refuse(turn, incident, Say.NOT_RESOLVED)
    if command.actor == incident.resolved_by:
        return _refuse(turn, incident, Say.SAME_PERSON)
    reviewed = replace(incident, state=IncidentState.REVIEWED, reviewed_at=turn.now, next_at=None)
    telling.supersede(turn, incident)
    change(turn, incident, reviewed, _reason(command), command.actor, command.by)
    return _say(turn, reviewed, _reason(command), Say.REVIEWED)


def _reopen(turn: Turn, incident: Incident, command: Command) -> Answer:
    if not incident.is_over:
        return _refuse(turn, incident, Say.NOT_OVER)
    current = turn.state.concerns.get((incident.matter, incident.subject))
    other = turn.state.incidents.get(current or "")
    if other is not None and other.id != incident.id and not other.is_over:
        return _refuse(turn, incident, Say.ANOTHER_OPEN, other=other.number)
    after = bring_back(turn, incident, _reason(command), command.actor, command.by)
    return _say(turn, after, _reason(command), Say.REOPENED)


_TAKE: dict[type[Command], Callable[[Turn, Incident, Command], Answer]] = {
    Acknowledge: _acknowledge,
    OnSite: _on_site,
    Resolve: _resolve,
    Review: _review,
    Reopen: _reopen,
}


def _taken(
    turn: Turn, incident: Incident, command: Command, role: Role, state: IncidentState
) -> Incident:
    """Return the incident with this person's report-in, which begins anew if there was one."""
    others = tuple(
        taken
        for taken in incident.acknowledgements
        if (taken.contact, taken.role) != (command.actor, role)
    )
    mine = Acknowledgement(command.actor, role, turn.now, command.by)
    return replace(incident, state=state, acknowledgements=(*others, mine))


def _tell_others(turn: Turn, incident: Incident) -> None:
    """Let the others know who has just reported in; what waits for no report-in goes no more."""
    _stop_what_waits(turn, incident)
    colleagues.tell_who_has_it(turn, incident, incident.acknowledgements[-1])


def _stop_what_waits(turn: Turn, incident: Incident) -> None:
    if quorum.is_met(incident, concerned.team(turn.state, incident)):
        telling.supersede(turn, incident)


def _already_resolved(turn: Turn, incident: Incident) -> Answer:
    at = incident.resolved_at
    return _say(turn, incident, Reason.ALREADY_DONE, Say.ALREADY_RESOLVED, at=at)


def _refuse(turn: Turn, incident: Incident, say: Say, *, other: str = "") -> Answer:
    language = turn.state.voice.language
    text = render.answer(say, incident.number, language=language, other=other)
    return Answer(False, Reason.WRONG_STATE, text)


def _say(
    turn: Turn,
    incident: Incident,
    reason: Reason,
    say: Say,
    *,
    at: datetime | None = None,
    roles: tuple[Role, ...] = (),
) -> Answer:
    time_local = _local(turn, incident, at) if at is not None else None
    text = render.answer(
        say,
        incident.number,
        language=turn.state.voice.language,
        time_local=time_local,
        roles=roles,
    )
    return Answer(True, reason, text)


def _local(turn: Turn, incident: Incident, at: datetime) -> datetime:
    return rota.local(at, concerned.policy(turn.state, incident).timezone)


def _reason(command: Command) -> Reason:
    return Reason.REPLIED if command.by == "sms" else Reason.COMMANDED
