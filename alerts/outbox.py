"""The outbox: notices written with the change that caused them, claimed, sent, settled.

SQL on the caller's connection; it never commits. A claimed notice is ours until its lease ends; one
whose lease ended without a settlement is *unconfirmed*, because it may have gone out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, or_, select, update

from alerts.channels.base import Attempt, Outcome
from alerts.instead import name_who_was_told_instead
from alerts.model import IncidentId, NoticeKind, NoticeState, Severity
from alerts.retry import Progress, Settlement, settle
from alerts.tables import Sealer, attempts, from_micros, micros, notices

WAITING = (NoticeState.PENDING, NoticeState.FAILED_TEMPORARY)
NOT_SENT_IN_TIME = "not_sent_in_time"
NO_REPORT_CAME = "no_report_came"
"""Why a notice expired: it was never sent, or it was and nobody knows what became of it."""
REPORT_WITHIN = timedelta(hours=48)
"""A delivery report that has not come by then does not come (SMS validity periods)."""

LegCount = Callable[[str], int]
"""How many legs a contact has."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A notice that is ours to send, until its lease ends."""

    id: str
    incident: IncidentId | None
    contact: str
    kind: NoticeKind
    severity: Severity
    text: str
    created_at: datetime
    progress: Progress


_OF_THESE_LEGS = (
    (notices.c.leg % bindparam("ways")).in_(bindparam("legs", expanding=True)),
    notices.c.expires_at > bindparam("now"),
)
_WORST = (
    select(notices)
    .where(
        notices.c.state == bindparam("state"),
        *_OF_THESE_LEGS,
        notices.c.next_at <= bindparam("now"),
    )
    .order_by(notices.c.severity.desc(), notices.c.created_at)
    .limit(1)
)
_NEXT_AT = select(func.min(notices.c.next_at)).where(notices.c.state.in_(WAITING), *_OF_THESE_LEGS)


def _worst_first(row: Row[Any]) -> tuple[int, int]:
    return -row.severity, row.created_at


def claim(
    connection: Connection,
    sealer: Sealer,
    channel: str,
    legs: Collection[int],
    ways: int,
    now: datetime,
    lease: timedelta,
) -> Claim | datetime | None:
    """Take the worst, oldest notice whose next leg runs over one of the channels `legs` of `ways`.

    Returns:
        The claim; or when the next one is due; or None where none waits.
    """
    at = {"legs": list(legs), "ways": ways, "now": micros(now)}
    # One question for each state: only so does each follow the index and end at its first row.
    found = [connection.execute(_WORST, at | {"state": state}).one_or_none() for state in WAITING]
    row = min((each for each in found if each), key=_worst_first, default=None)
    if row is None:
        next_at = connection.scalar(_NEXT_AT, at)
        return None if next_at is None else from_micros(next_at)
    connection.execute(
        update(notices)
        .where(notices.c.id == row.id)
        .values(state=NoticeState.SENDING, channel=channel, lease_until=micros(now + lease))
    )
    return Claim(
        id=row.id,
        incident=row.incident,
        contact=row.contact,
        kind=NoticeKind(row.kind),
        severity=Severity(row.severity),
        text=sealer.unseal(row.watch or "gateway", row.text),
        created_at=from_micros(row.created_at),
        progress=Progress(row.leg, row.tries, row.is_resend),
    )


def record(
    connection: Connection,
    claim: Claim,
    channel: str,
    attempt: Attempt,
    legs: int,
    started_at: datetime,
    now: datetime,
) -> Settlement:
    """Record an attempt and what becomes of its notice."""
    if attempt.outcome is not Outcome.NOT_TRIED:
        connection.execute(
            insert(attempts).values(
                notice=claim.id,
                channel=channel,
                started_at=micros(started_at),
                ended_at=micros(now),
                outcome=attempt.outcome,
                reason=attempt.reason,
                references=json.dumps(attempt.references),
                detail=attempt.detail,
            )
        )
    settlement = settle(attempt, claim.progress, legs, claim.severity, now)
    _write(connection, claim.id, settlement, now)
    if settlement.state is NoticeState.FAILED_PERMANENT and claim.incident is not None:
        name_who_was_told_instead(connection, [claim.incident])
    return settlement


def _write(connection: Connection, notice: str, settlement: Settlement, now: datetime) -> None:
    goes_on = settlement.next_at is not None
    connection.execute(
        update(notices)
        .where(notices.c.id == notice)
        .values(
            state=settlement.state,
            leg=settlement.progress.leg,
            tries=settlement.progress.tries,
            is_resend=settlement.progress.is_resend,
            next_at=micros(settlement.next_at) if settlement.next_at else notices.c.next_at,
            lease_until=None,
            settled_at=None if goes_on else micros(now),
            end_reason=settlement.reason,
        )
    )


def recover(
    connection: Connection, legs: LegCount, now: datetime, *, all_leases: bool
) -> list[Settlement]:
    """Settle what nobody settled: at start every lease (`all_leases`), later those that ended."""
    left = select(notices).where(notices.c.state == NoticeState.SENDING)
    if not all_leases:
        left = left.where(notices.c.lease_until <= micros(now))
    lost = Attempt(Outcome.UNCONFIRMED, "gateway_stopped" if all_leases else "lease_ended")
    settlements = []
    for row in connection.execute(left).all():
        progress = Progress(row.leg, row.tries, row.is_resend)
        settlement = settle(lost, progress, legs(row.contact), Severity(row.severity), now)
        _write(connection, row.id, settlement, now)
        settlements.append(settlement)
    return settlements


def expire(connection: Connection, now: datetime) -> int:
    """End what nobody needs any more, and what was sent but never reported; return how many."""
    waited = (notices.c.state.in_(WAITING), notices.c.expires_at <= micros(now))
    unreported = (
        notices.c.state.in_((NoticeState.SENT, NoticeState.UNCONFIRMED)),
        notices.c.settled_at <= micros(now - REPORT_WITHIN),
    )
    over = select(notices.c.incident).where(or_(and_(*waited), and_(*unreported)))
    incidents = connection.scalars(over).all()
    if not incidents:
        return 0
    expired = update(notices).values(state=NoticeState.EXPIRED)
    connection.execute(
        expired.where(*waited).values(settled_at=micros(now), end_reason=NOT_SENT_IN_TIME)
    )
    connection.execute(expired.where(*unreported).values(end_reason=NO_REPORT_CAME))
    name_who_was_told_instead(connection, filter(None, incidents))
    return len(incidents)


def shift(connection: Connection, by: timedelta) -> None:
    """Move what waits, after the clock stepped by `by`."""
    step = by // timedelta(microseconds=1)
    connection.execute(
        update(notices)
        .where(notices.c.state.in_((*WAITING, NoticeState.SENDING)))
        .values(
            next_at=notices.c.next_at + step,
            expires_at=notices.c.expires_at + step,
            lease_until=notices.c.lease_until + step,
        )
    )
