"""Tells the lead that a resident contests a record. Pure; it names no home, for it may be over."""

from __future__ import annotations

from datetime import timedelta

from alerts import rota, route
from alerts.model import Notice, NoticeKind, Role, Severity
from alerts.reason import Reason
from alerts.state import Turn
from alerts.wording import WORDINGS

TEXT = {
    "zh": "有住户对自己的记录提出异议，请督导人员查看并答复",
    "en": "a resident contests their record. Please have it answered",
}


def contested(turn: Turn, team: str) -> None:
    """Put a notice for the lead of a team; of an unknown one, for whoever maintains the gateway."""
    state = turn.state
    known = state.teams.get(team) or state.teams.get(state.maintainers_team)
    if known is None:
        return
    role = Role.LEAD if known.id == team else Role.MAINTAINER
    at_local = rota.local(turn.now, state.policy.timezone)
    language = state.voice.language
    for target in route.answering(known, role, at_local)[:1]:
        turn.put_notice(
            Notice(
                id=turn.draws.new_id(),
                incident=None,
                watch=None,
                contact=target.contact.id,
                kind=NoticeKind.REMINDER,
                severity=Severity.MINOR,
                text=WORDINGS[language].signature + TEXT[language],
                reason=Reason.COMMANDED,
                created_at=turn.now,
                expires_at=turn.now + timedelta(seconds=state.policy.telling.expires_s),
            )
        )
