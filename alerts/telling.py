"""Notices about an incident: who is written to, in which words, or why they are not.

Every notice carries the reason why this person is told, and why now. Whoever is sent the number of
an incident is kept in its `told`: a number is answered only from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from alerts import concerned, quorum, render, rota, route, suppress
from alerts.model import (
    MOMENTARY,
    Condition,
    ConditionKind,
    Decision,
    Incident,
    Matter,
    Notice,
    NoticeKind,
    NoticeState,
    Role,
    Severity,
    Watch,
)
from alerts.reason import Reason
from alerts.route import EQUIPMENT, Target
from alerts.state import Turn
from alerts.wording import Ask

DOOR = frozenset({ConditionKind.OPENED, ConditionKind.LEFT_OPEN, ConditionKind.REPEATED})
"""What the door alone did: a text may add that it is shut by now."""


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
    for target in people:
        _write(turn, incident, target.contact.id, kind, reason or target.reason)
    told = dict.fromkeys([*incident.told, *(target.contact.id for target in people)])
    return replace(incident, told=tuple(told))


def answer(turn: Turn, incident: Incident | None, contact: str, text: str, reason: Reason) -> None:
    """Answer somebody who wrote to us."""
    policy = concerned.policy(turn.state, incident) if incident is not None else turn.state.policy
    turn.put_notice(
        Notice(
            id=turn.draws.new_id(),
            incident=incident.id if incident is not None else None,
            watch=incident.watch if incident is not None else None,
            contact=contact,
            kind=NoticeKind.ANSWER,
            severity=incident.severity if incident is not None else Severity.MINOR,
            text=text,
            reason=reason,
            created_at=turn.now,
            expires_at=turn.now + timedelta(seconds=policy.telling.expires_s),
        )
    )


def order_waits(turn: Turn, watch: Watch) -> None:
    """Ask the lead to look: an order is over, and the clock that says so is not to be believed."""
    at_local = rota.local(turn.now, watch.policy.timezone)
    for target in route.answering(watch.team, Role.LEAD, at_local)[:1]:
        turn.put_notice(
            Notice(
                id=turn.draws.new_id(),
                incident=None,
                watch=watch.id,
                contact=target.contact.id,
                kind=NoticeKind.REMINDER,
                severity=Severity.HEALTH,
                text=render.order_waits(watch.address, turn.state.voice.language),
                reason=Reason.CLOCK_NOT_TRUSTED,
                created_at=turn.now,
                expires_at=turn.now + timedelta(seconds=watch.policy.telling.expires_s),
            )
        )


def supersede(turn: Turn, incident: Incident) -> None:
    """End what still waits to be sent about an incident: nobody needs it any more."""
    turn.changes.supersede.append(incident.id)
    turn.changes.notices[:] = [
        replace(notice, state=NoticeState.SUPERSEDED)
        if notice.incident == incident.id and notice.kind is not NoticeKind.ANSWER
        else notice
        for notice in turn.changes.notices
    ]


def standing(turn: Turn, incident: Incident) -> tuple[Condition, ...]:
    """Return the conditions of the incident that are still true, momentary ones left out."""
    members = turn.state.members.get(incident.id, {}).values()
    return tuple(each for each in members if each.is_standing and each.kind not in MOMENTARY)


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


def _write(turn: Turn, incident: Incident, contact: str, kind: NoticeKind, reason: Reason) -> None:
    policy = concerned.policy(turn.state, incident)
    if kind is NoticeKind.ALARM and incident.matter in EQUIPMENT:
        kind = NoticeKind.HEALTH
    turn.put_notice(
        Notice(
            id=turn.draws.new_id(),
            incident=incident.id,
            watch=incident.watch,
            contact=contact,
            kind=kind,
            severity=incident.severity,
            text=render.notice(
                _story(turn, incident, contact, kind, reason), turn.state.voice.language
            ),
            reason=reason,
            created_at=turn.now,
            expires_at=turn.now + timedelta(seconds=policy.telling.expires_s),
        )
    )


def _story(
    turn: Turn, incident: Incident, contact: str, kind: NoticeKind, reason: Reason
) -> render.Story:
    policy = concerned.policy(turn.state, incident)
    address, short_address = _address(turn, incident)
    return render.Story(
        kind=kind,
        reason=reason,
        headline=incident.headline,
        because=_because(turn, incident),
        address=address,
        short_address=short_address,
        since_local=rota.local(incident.since_at, policy.timezone),
        now_local=rota.local(turn.now, policy.timezone),
        number=incident.number,
        places=_places(turn, incident),
        ask=_ask(turn, incident, contact, reason),
        level=incident.level if incident.matter is Matter.DEPARTURE else None,
        level_reason=incident.level_reason,
        is_closed_again=incident.headline in DOOR and not standing(turn, incident),
        homes_blind=incident.homes_blind,
        missing=quorum.missing_roles(incident, concerned.team(turn.state, incident)),
        opening=policy.opening,
    )


def _address(turn: Turn, incident: Incident) -> tuple[str, str]:
    watch = turn.state.watches.get(incident.watch) if incident.watch is not None else None
    if watch is not None:
        return watch.address, watch.short_address
    device = concerned.device_of_a_building(turn.state, incident.subject)
    subject = f"building:{device.info.building}" if device is not None else incident.subject
    addresses = tuple(home.address for home in concerned.homes(turn.state, subject))
    voice = turn.state.voice
    named = render.place(subject, addresses, voice.language, gateway=voice.gateway)
    return named, named


def _places(turn: Turn, incident: Incident) -> tuple[str, ...]:
    """Return where the devices hang that the headline speaks of; of a house's own, else its id.

    Of one that floods always its id: that is what the broker knows it by.
    """
    if incident.matter is not Matter.DEVICE:
        return ()
    members = turn.state.members.get(incident.id, {}).values()
    spoken_of = [each for each in members if each.kind is incident.headline and each.device]
    weighty = [each for each in spoken_of if each.is_standing] or spoken_of
    devices = dict.fromkeys(
        each.device for each in sorted(weighty, key=lambda each: each.raised_at) if each.device
    )
    known = [turn.state.devices[each].info for each in devices if each in turn.state.devices]
    if incident.headline is ConditionKind.FLOODING:
        return tuple(info.id for info in known)
    return tuple(info.place or ("" if info.watch else info.id) for info in known)


def _because(turn: Turn, incident: Incident) -> Reason:
    """Return why the latest condition that the headline speaks of was raised."""
    members = turn.state.members.get(incident.id, {}).values()
    spoken_of = [each for each in members if each.kind is incident.headline]
    return max(spoken_of, key=lambda each: each.raised_at).reason if spoken_of else Reason.JOINED


def _ask(turn: Turn, incident: Incident, contact: str, reason: Reason) -> Ask:
    if reason is Reason.REVIEW_DUE:
        return Ask.REVIEW
    if any(taken.contact == contact for taken in incident.acknowledgements):
        return Ask.KNOW
    if reason is Reason.LEASE_LAPSED and not standing(turn, incident):
        return Ask.DEAL_WITH
    return Ask.REPORT_IN
