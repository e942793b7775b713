"""What a notice about an incident has to say to one person, before words: read from the state."""

from __future__ import annotations

from alerts import concerned, quorum, render, rota
from alerts.model import (
    MOMENTARY,
    Condition,
    ConditionKind,
    Incident,
    Matter,
    NoticeKind,
)
from alerts.reason import Reason
from alerts.render import Story
from alerts.state import Turn
from alerts.wording import Ask

DOOR = frozenset({ConditionKind.OPENED, ConditionKind.LEFT_OPEN, ConditionKind.REPEATED})
"""What the door alone did: a text may add that it is shut by now."""


def of(turn: Turn, incident: Incident, contact: str, kind: NoticeKind, reason: Reason) -> Story:
    """Return what there is to say of an incident to this person, for this reason."""
    policy = concerned.policy(turn.state, incident)
    address, short_address = addresses(turn, incident)
    return Story(
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


def addresses(turn: Turn, incident: Incident) -> tuple[str, str]:
    """Return where it is, in full and without the village or street."""
    watch = turn.state.watches.get(incident.watch) if incident.watch is not None else None
    if watch is not None:
        return watch.address, watch.short_address
    device = concerned.device_of_a_building(turn.state, incident.subject)
    subject = f"building:{device.info.building}" if device is not None else incident.subject
    homes = tuple(home.address for home in concerned.homes(turn.state, subject))
    voice = turn.state.voice
    named = render.place(subject, homes, voice.language, gateway=voice.gateway)
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


def standing(turn: Turn, incident: Incident) -> tuple[Condition, ...]:
    """Return the conditions of the incident that are still true, momentary ones left out."""
    members = turn.state.members.get(incident.id, {}).values()
    return tuple(each for each in members if each.is_standing and each.kind not in MOMENTARY)
