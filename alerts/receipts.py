"""What the network says became of a text that was sent: delivered, or not to be delivered.

SQL on the caller's connection; it never commits.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from alerts import tries
from alerts.channels.base import DeliveryReport
from alerts.channels.gsm.numbers import normalise
from alerts.instead import name_who_was_told_instead
from alerts.model import IncidentId, NoticeState
from alerts.outbox import REPORT_WITHIN, WAITING
from alerts.tables import attempts, micros, notices
from alerts.tries import BEGUN, Report, reported

_LOOKED_AT = 512
"""Attempts among which a reference is looked for: it means another text after 256."""
_MAY_BE_DELIVERED = (NoticeState.SENT, NoticeState.UNCONFIRMED, *WAITING)
_MAY_HAVE_FAILED = (NoticeState.SENT, NoticeState.UNCONFIRMED)
"""What goes once more is not given up because its first text failed."""


class TooEarly(Exception):  # noqa: N818 - a state of the world, not a mistake
    """The report may be about a text under way whose name the disk has not: it must come again."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a report settled."""

    notice: str
    incident: IncidentId | None
    state: NoticeState | None  # the end that the notice came to by it, if it did
    others: tuple[IncidentId, ...] = ()  # incidents of which the same text spoke


def take(
    connection: Connection,
    report: DeliveryReport,
    now: datetime,
    digest_of: Callable[[str], str] | None = None,
) -> Receipt | None:
    """Note what the network says became of a part; return None if it is no text of ours.

    References wrap after 256 texts, so the latest attempt that bears it is the one meant, among
    those to the same phone: `digest_of` tells what an address is called in records.

    Raises:
        TooEarly: nothing bears it, and an attempt is under way. Its references are noted before its
            channel passes reports on, unless the disk refused them; its settlement has them again.
    """
    query = select(attempts).where(
        attempts.c.channel == report.channel, attempts.c.started_at > micros(now - REPORT_WITHIN)
    )
    if report.number and digest_of is not None:
        phone = attempts.c.phone
        query = query.where(or_(phone == digest_of(normalise(report.number)), phone.is_(None)))
    is_one_under_way = False
    for row in connection.execute(query.order_by(attempts.c.id.desc()).limit(_LOOKED_AT)):
        references: list[str] = json.loads(row.references)
        if report.reference in references:
            reports: dict[str, str] = json.loads(row.reported or "{}")
            reports[report.reference] = report.outcome
            written = update(attempts).where(attempts.c.id == row.id)
            connection.execute(written.values(reported=json.dumps(reports)))
            # Of a text that is under way not all parts are known: its settlement looks at this.
            come = Report.OPEN if row.outcome == BEGUN else reported(references, reports)
            if come is Report.FAILED and not tries.is_latest(connection, row.notice, row.id):
                come = Report.OPEN  # it was sent once more since
            return _conclude(connection, row.notice, come, report.reason, now)
        is_one_under_way |= row.outcome == BEGUN
    if is_one_under_way:
        raise TooEarly("a text to this phone is not settled yet")
    return None


def _conclude(
    connection: Connection, notice: str, come: Report, reason: str, now: datetime
) -> Receipt:
    """A notice is delivered once every part is; one part that failed for good fails it."""
    incident = connection.scalar(select(notices.c.incident).where(notices.c.id == notice))
    if come is Report.OPEN:
        return Receipt(notice, incident, None)
    is_delivered = come is Report.DELIVERED
    state = NoticeState.DELIVERED if is_delivered else NoticeState.FAILED_PERMANENT
    may_be = _MAY_BE_DELIVERED if is_delivered else _MAY_HAVE_FAILED
    settled = connection.execute(
        update(notices)
        .where(notices.c.id == notice, notices.c.state.in_(may_be))
        .values(state=state, settled_at=micros(now), end_reason=reason)
    )
    if not settled.rowcount:
        return Receipt(notice, incident, None)
    if is_delivered:
        return Receipt(notice, incident, state)
    name_who_was_told_instead(connection, filter(None, [incident]))
    return Receipt(notice, incident, state, _bundled(connection, notice, incident))


def _bundled(
    connection: Connection, notice: str, incident: IncidentId | None
) -> tuple[IncidentId, ...]:
    """Return the other incidents of which a notice's text spoke."""
    found = connection.scalars(
        select(notices.c.incident).where(notices.c.bundled_into == notice).distinct()
    )
    return tuple(each for each in found if each is not None and each != incident)
