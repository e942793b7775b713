"""Who was told instead, where a notice reached nobody: named once it ended and a later step told.

Kept with the notice, so that it can be said a month later that somebody knew all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby

from sqlalchemy import Connection, select, update

from alerts.model import IncidentId, NoticeKind, NoticeState
from alerts.tables import notices

UNREACHED = (NoticeState.FAILED_PERMANENT, NoticeState.EXPIRED)


def name_who_was_told_instead(connection: Connection, incidents: Iterable[IncidentId]) -> None:
    """Note in each notice that reached nobody whom the first step after it told, if there was one.

    An answer is nobody else's; and whom the step told again is told once more, not instead.
    """
    wanted = set(incidents)
    if not wanted:
        return
    rows = connection.execute(
        select(
            *(notices.c.id, notices.c.incident, notices.c.contact, notices.c.kind),
            *(notices.c.state, notices.c.created_at, notices.c.instead),
        )
        .where(notices.c.incident.in_(wanted), notices.c.kind != NoticeKind.ANSWER)
        .order_by(notices.c.incident, notices.c.created_at, notices.c.id)
    ).all()
    for _, of_one in groupby(rows, key=lambda row: row.incident):
        told = list(of_one)
        steps = [each for each in told if each.kind == NoticeKind.ESCALATION]
        for lost in told:
            if lost.state not in UNREACHED or lost.instead is not None:
                continue
            later = [each for each in steps if each.created_at > lost.created_at]
            at_once = [each for each in later if each.created_at == later[0].created_at]
            others = [each.contact for each in at_once if each.contact != lost.contact]
            if others:
                connection.execute(
                    update(notices)
                    .where(notices.c.id == lost.id)
                    .values(instead=json.dumps(others))
                )
