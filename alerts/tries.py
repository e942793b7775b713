"""Attempts on the record: begun before anything is given to a network, noted part by part, ended.

By it a gateway that was killed knows what it had begun, and a limit what a phone was sent. SQL on
the caller's connection; it never commits.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, update

from alerts.budget import DAY, Told
from alerts.channels.base import Attempt, Outcome
from alerts.model import NoticeKind, Severity
from alerts.tables import attempts, from_micros, micros, notices

BEGUN = "begun"
"""The outcome of an attempt that is under way."""
MAY_HAVE_GONE = (BEGUN, Outcome.SENT, Outcome.DELIVERED, Outcome.UNCONFIRMED)
"""What counts as a text to a phone: it went out, or may have."""


class Report(StrEnum):
    """What the network's reports say of one attempt, all its parts together."""

    OPEN = "open"
    DELIVERED = "delivered"
    FAILED = "failed"


def begin(connection: Connection, notice: str, channel: str, phone: str, now: datetime) -> int:
    """Note that a text is about to be given to a channel; return the attempt's id."""
    began = connection.execute(
        insert(attempts).values(
            notice=notice,
            channel=channel,
            phone=phone,
            started_at=micros(now),
            ended_at=micros(now),
            outcome=BEGUN,
            reason=BEGUN,
            references="[]",
            detail="",
        )
    )
    return int(began.lastrowid)


def note(connection: Connection, attempt: int, reference: str) -> None:
    """Keep the network's name for a part; noted twice it is kept once."""
    mine = attempts.c.id == attempt
    known = json.loads(connection.scalar(select(attempts.c.references).where(mine)) or "[]")
    if reference not in known:
        kept = json.dumps([*known, reference])
        connection.execute(update(attempts).where(mine).values(references=kept))


def end(connection: Connection, attempt: int, ended: Attempt, now: datetime) -> bool:
    """Record how an attempt ended; False where it was given up for lost before.

    One that was given to nobody leaves no trace: it is no attempt.
    """
    mine = attempts.c.id == attempt
    row = connection.execute(select(attempts).where(mine)).one_or_none()
    if row is None:
        return False
    is_ours = bool(row.outcome == BEGUN)
    if ended.outcome is Outcome.NOT_TRIED:
        connection.execute(delete(attempts).where(mine))
        return is_ours
    references = list(ended.references) or json.loads(row.references)
    connection.execute(
        update(attempts)
        .where(mine)
        .values(
            ended_at=micros(now),
            outcome=ended.outcome,
            reason=ended.reason,
            references=json.dumps(references),
            detail=ended.detail,
            parts=ended.parts if ended.outcome in MAY_HAVE_GONE else len(references),
        )
    )
    return is_ours


def refuse(
    connection: Connection, notice: str, channel: str, ended: Attempt, now: datetime
) -> None:
    """Record an attempt that was over before it began: nobody to send to, or not now."""
    connection.execute(
        insert(attempts).values(
            notice=notice,
            channel=channel,
            started_at=micros(now),
            ended_at=micros(now),
            outcome=ended.outcome,
            reason=ended.reason,
            references="[]",
            detail=ended.detail,
            parts=0,
        )
    )


def lose(connection: Connection, notice: str, reason: str, now: datetime) -> None:
    """Give up for lost what was begun for a notice: it may have gone out."""
    connection.execute(
        update(attempts)
        .where(attempts.c.notice == notice, attempts.c.outcome == BEGUN)
        .values(ended_at=micros(now), outcome=Outcome.UNCONFIRMED, reason=reason)
    )


def reported(references: Collection[str], reports: dict[str, str]) -> Report:
    """Say what the reports of all parts come to: one part that failed for good fails them all."""
    if Outcome.FAILED_PERMANENT in reports.values():
        return Report.FAILED
    is_whole = bool(references) and all(
        reports.get(each) == Outcome.DELIVERED for each in references
    )
    return Report.DELIVERED if is_whole else Report.OPEN


def reported_of(connection: Connection, notice: str) -> Report:
    """Say what came of a notice by its ended attempts.

    One that was delivered is enough; of those that were not only the latest counts.
    """
    rows = connection.execute(
        select(attempts.c.references, attempts.c.reported)
        .where(attempts.c.notice == notice, attempts.c.outcome != BEGUN)
        .order_by(attempts.c.id)
    )
    found = [reported(json.loads(row.references), json.loads(row.reported or "{}")) for row in rows]
    if Report.DELIVERED in found:
        return Report.DELIVERED
    return found[-1] if found else Report.OPEN


def is_latest(connection: Connection, notice: str, attempt: int) -> bool:
    """Say whether a notice was not tried again after this attempt."""
    latest = select(func.max(attempts.c.id)).where(attempts.c.notice == notice)
    return bool(connection.scalar(latest) == attempt)


def told_lately(
    connection: Connection, phone: str, costly: Collection[str], now: datetime
) -> list[Told]:
    """Return what a phone was sent within the last day, whoever of its people it was for.

    What a wrong clock dated ahead of now says nothing: it must not hold anybody back.
    """
    rows = connection.execute(
        select(attempts.c.started_at, attempts.c.channel, notices.c.severity, notices.c.kind)
        .join(notices, notices.c.id == attempts.c.notice)
        .where(
            attempts.c.phone == phone,
            attempts.c.started_at > micros(now - DAY),
            attempts.c.started_at <= micros(now),
            attempts.c.outcome.in_(MAY_HAVE_GONE),
        )
    )
    return [
        Told(
            from_micros(row.started_at),
            Severity(row.severity),
            NoticeKind(row.kind),
            is_free=row.channel not in costly,
        )
        for row in rows
    ]
