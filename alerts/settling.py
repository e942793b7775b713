"""What becomes of a claimed notice, and of those that its text spoke of.

These end with the text that may have spoken of them, wait again where it goes once more or was only
pushed, and fail with it where their person is out of reach. SQL on the caller's connection; it
never commits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, null, or_, select, update

from alerts import tries, waiting
from alerts.budget import Why
from alerts.bundle import QUIET
from alerts.channels.base import Attempt, Outcome
from alerts.instead import name_who_was_told_instead
from alerts.model import IncidentId, NoticeState, Severity
from alerts.outbox import Claim, progress_of
from alerts.retry import Progress, Settlement, settle, settle_push
from alerts.tables import micros, notices
from alerts.tries import Report
from alerts.ways import Legs

BUNDLED = "bundled"
"""Why a notice ended: another text spoke of it, the one in `bundled_into`."""
REPORTED = "reported"
"""Why a notice ended: the network's reports were there before the channel's own answer was."""

_SPOKE = (NoticeState.SENT, NoticeState.DELIVERED, NoticeState.UNCONFIRMED)
"""The text went out, or may have."""

LegsOf = Callable[[str, Severity], Legs]
"""The ways of a contact for something so severe."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was recorded of an attempt."""

    state: NoticeState
    unreached: tuple[IncidentId | None, ...] = ()  # incidents whose next step is to be hurried


def record(
    connection: Connection,
    claim: Claim,
    channel: str,
    attempt: Attempt,
    legs: Legs,
    now: datetime,
) -> Settled:
    """Record an attempt, and what becomes of its notice and of those it spoke of."""
    if claim.attempt is None:
        tries.refuse(connection, claim.id, channel, attempt, now)
    elif not tries.end(connection, claim.attempt, attempt, now):
        # Its lease had ended: the notice went on without this answer.
        state = select(notices.c.state).where(notices.c.id == claim.id)
        return Settled(NoticeState(connection.scalars(state).one()))
    settlement = _settle(channel, attempt, claim.progress, legs, claim.severity, now)
    settlement = _as_reported(connection, claim.id, settlement)
    if settlement.state not in _SPOKE:
        waiting.release(connection, claim.contact, Why.FOLLOWS_ANOTHER, settlement.next_at or now)
    if channel in legs.outside:
        _part(connection, claim.id, settlement, now)
    unreached = _write(connection, claim.id, claim.contact, settlement, now)
    if settlement.state is not NoticeState.FAILED_PERMANENT:
        return Settled(settlement.state)
    incidents = tuple(dict.fromkeys([claim.incident, *unreached]))
    name_who_was_told_instead(connection, filter(None, incidents))
    return Settled(settlement.state, incidents)


def _settle(
    channel: str,
    attempt: Attempt,
    progress: Progress,
    legs: Legs,
    severity: Severity,
    now: datetime,
) -> Settlement:
    if channel in legs.outside:
        return settle_push(attempt, progress, legs, now)
    return settle(attempt, progress, legs, severity, now)


def _as_reported(connection: Connection, notice: str, settlement: Settlement) -> Settlement:
    """Heed reports that were faster than the answer: what was delivered is not sent again."""
    report = tries.reported_of(connection, notice)
    if report is Report.DELIVERED:
        return replace(settlement, state=NoticeState.DELIVERED, next_at=None, reason=REPORTED)
    if report is Report.FAILED and settlement.state in _SPOKE:
        return replace(
            settlement, state=NoticeState.FAILED_PERMANENT, next_at=None, reason=REPORTED
        )
    return settlement


def _write(
    connection: Connection, notice: str, contact: str, settlement: Settlement, now: datetime
) -> list[IncidentId | None]:
    """Write what became of a notice and its bundle; return the other incidents that it failed."""
    goes_on = settlement.next_at is not None
    connection.execute(
        update(notices)
        .where(notices.c.id == notice)
        .values(
            state=settlement.state,
            leg=settlement.progress.leg,
            tries=settlement.progress.tries,
            is_resend=settlement.progress.is_resend,
            push_tries=settlement.progress.push_tries,
            next_at=micros(settlement.next_at) if settlement.next_at else notices.c.next_at,
            held=case((notices.c.held == QUIET, QUIET), else_=null()),
            lease_until=None,
            settled_at=None if goes_on else micros(now),
            end_reason=settlement.reason,
        )
    )
    ours = and_(notices.c.bundled_into == notice, notices.c.state == NoticeState.SENDING)
    bundled = update(notices).where(ours)
    ends: dict[str, Any] = {"lease_until": None, "settled_at": micros(now)}
    failed: list[IncidentId | None] = []
    if settlement.state in _SPOKE:
        over = bundled.values(state=NoticeState.SUPERSEDED, end_reason=BUNDLED, **ends)
        connection.execute(over)
    elif settlement.state is NoticeState.FAILED_PERMANENT:
        with_it = notices.c.contact == contact
        failed = list(connection.scalars(select(notices.c.incident).where(ours, with_it)))
        ends |= {"bundled_into": None, "end_reason": settlement.reason}
        connection.execute(bundled.where(with_it).values(state=settlement.state, **ends))
    _wait_again(connection, ours, settlement.next_at or now)
    return failed


def _part(connection: Connection, notice: str, settlement: Settlement, now: datetime) -> None:
    """Let go of all that a push spoke of, which ends none of it; note whether it was taken."""
    bundled = and_(notices.c.bundled_into == notice, notices.c.state == NoticeState.SENDING)
    if settlement.progress.is_pushed:
        told = or_(notices.c.id == notice, bundled)
        connection.execute(update(notices).where(told).values(pushed_at=micros(now)))
    _wait_again(connection, bundled, settlement.next_at or now)


def _wait_again(connection: Connection, which: ColumnElement[bool], at: datetime) -> None:
    """Let go of what is still bundled: at this time it goes along with another text."""
    connection.execute(
        update(notices)
        .where(which)
        .values(
            state=NoticeState.PENDING,
            bundled_into=None,
            lease_until=None,
            next_at=micros(at),
            held=case((notices.c.held == QUIET, QUIET), else_=Why.FOLLOWS_ANOTHER),
        )
    )


def recover(connection: Connection, legs_of: LegsOf, now: datetime, *, all_leases: bool) -> int:
    """Settle what nobody settled: at start every lease (`all_leases`), later those that ended.

    Returns how many notices were claimed and forgotten.
    """
    left = notices.c.state == NoticeState.SENDING
    if not all_leases:
        left = and_(left, notices.c.lease_until <= micros(now))
    reason = "gateway_stopped" if all_leases else "lease_ended"
    rows = connection.execute(select(notices).where(left)).all()
    for row in rows:
        if row.bundled_into is not None:
            continue
        tries.lose(connection, row.id, reason, now)
        severity = Severity(row.severity)
        legs, lost = legs_of(row.contact, severity), Attempt(Outcome.UNCONFIRMED, reason)
        settlement = _settle(row.channel, lost, progress_of(row), legs, severity, now)
        settlement = _as_reported(connection, row.id, settlement)
        if row.channel in legs.outside:
            _part(connection, row.id, settlement, now)
        _write(connection, row.id, row.contact, settlement, now)
    if rows:
        _wait_again(connection, and_(left, notices.c.bundled_into.is_not(None)), now)
    return len(rows)
