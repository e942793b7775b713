"""What the network says became of a text that was sent: delivered, or not to be delivered.

SQL on the caller's connection; it never commits.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from alerts.channels.base import DeliveryReport, Outcome
from alerts.instead import name_who_was_told_instead
from alerts.model import IncidentId, NoticeState
from alerts.outbox import REPORT_WITHIN, WAITING
from alerts.tables import attempts, micros, notices

_LOOKED_AT = 512
"""Attempts among which a reference is looked for: it means another text after 256."""
_OPEN_TO_REPORTS = (NoticeState.SENT, NoticeState.UNCONFIRMED, *WAITING)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a report settled."""

    notice: str
    incident: IncidentId | None
    state: NoticeState | None  # the end that the notice came to by it, if it did


def take(connection: Connection, report: DeliveryReport, now: datetime) -> Receipt | None:
    """Note what the network says became of a part; return None if it is no text of ours.

    References wrap after 256 texts, so the latest attempt that bears it is the one meant.
    """
    rows = connection.execute(
        select(attempts.c.id, attempts.c.notice, attempts.c.references, attempts.c.reported)
        .where(
            attempts.c.channel == report.channel,
            attempts.c.started_at > micros(now - REPORT_WITHIN),
        )
        .order_by(attempts.c.id.desc())
        .limit(_LOOKED_AT)
    )
    for row in rows:
        references: list[str] = json.loads(row.references)
        if report.reference in references:
            reported: dict[str, str] = json.loads(row.reported or "{}")
            reported[report.reference] = report.outcome
            written = update(attempts).where(attempts.c.id == row.id)
            connection.execute(written.values(reported=json.dumps(reported)))
            is_delivered = all(reported.get(each) == Outcome.DELIVERED for each in references)
            return _conclude(connection, row.notice, report, now, is_delivered=is_delivered)
    return None


def _conclude(
    connection: Connection,
    notice: str,
    report: DeliveryReport,
    now: datetime,
    *,
    is_delivered: bool,
) -> Receipt:
    """A notice is delivered once every part is; one part that failed for good fails it."""
    incident = connection.scalar(select(notices.c.incident).where(notices.c.id == notice))
    if is_delivered:
        state = NoticeState.DELIVERED
    elif report.outcome is Outcome.FAILED_PERMANENT:
        state = NoticeState.FAILED_PERMANENT
    else:
        return Receipt(notice, incident, None)
    settled = connection.execute(
        update(notices)
        .where(notices.c.id == notice, notices.c.state.in_(_OPEN_TO_REPORTS))
        .values(state=state, settled_at=micros(now), end_reason=report.reason)
    )
    if state is NoticeState.FAILED_PERMANENT:
        name_who_was_told_instead(connection, filter(None, [incident]))
    return Receipt(notice, incident, state if settled.rowcount else None)
