"""Rows of notices, and of tries to send them, to points. No text and no phone is among them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import select

from alerts import ledger
from alerts.ledger import Fate
from alerts.tables import attempts, incidents, notices
from alerts.tries import BEGUN
from gateway.export.directory import with_tags
from gateway.export.line import Value, instant, tags_of
from gateway.export.point import point
from gateway.export.schema import ATTEMPT, NOTICE
from gateway.export.told_place import Around, Keys, number_of, seconds
from gateway.release.farewell import OF_A_RESIDENT

_RESIDENT: Final = OF_A_RESIDENT.removesuffix(":")


def of_notices(around: Around, keys: Keys) -> Iterator[bytes]:
    """Yield the point of each notice, as it stands now."""
    found = around.connection.execute(
        select(
            *(notices.c.id, notices.c.incident, notices.c.watch, notices.c.contact),
            *(notices.c.kind, notices.c.severity, notices.c.reason, notices.c.created_at),
            *(notices.c.state, notices.c.is_resend, notices.c.channel, notices.c.settled_at),
            *(notices.c.end_reason, incidents.c.subject),
        )
        .join(incidents, incidents.c.id == notices.c.incident, isouter=True)
        .where(notices.c.id.in_(keys))
    ).all()
    roles = around.roles({row.contact for row in found})
    for row in found:
        place = around.tags(row.watch, row.subject or "", row.created_at)
        if place is None:
            continue
        fields: dict[str, Value | None] = {
            "incident": row.incident,
            "role": roles.get(row.contact),
            "state": row.state,
            "reason": row.reason,
            "end_reason": row.end_reason,
            "severity": row.severity,
            "channel": row.channel,
            "settled_s": seconds(row.created_at, row.settled_at),
            "is_resend": row.is_resend,
            "count": 1,
        }
        tags = with_tags(place, device=None, contact=_who(row.contact), kind=row.kind)
        yield point(NOTICE, tags, fields, instant(row.created_at, number_of(row.id)))


def of_attempts(around: Around, keys: Keys) -> Iterator[bytes]:
    """Yield the point of each try, as it stands now."""
    found = around.connection.execute(
        select(attempts, notices.c.contact, notices.c.kind)
        .join(notices, notices.c.id == attempts.c.notice)
        .where(attempts.c.id.in_([int(key) for key in keys]))
    )
    for row in found:
        fate = ledger.fate(row.outcome, row.references, row.reported)
        has_ended = row.outcome != BEGUN
        fields: dict[str, Value | None] = {
            "outcome": row.outcome,
            "reason": row.reason,
            "took_s": seconds(row.started_at, row.ended_at) if has_ended else None,
            "parts": row.parts,
            "cost_yuan": row.parts * around.prices_fen.get(row.channel, 0.0) / 100,
            "reported": fate.value if row.reported else None,
            "is_delivered": fate is Fate.DELIVERED,
            "is_failed": fate in (Fate.REFUSED, Fate.FAILED),
        }
        tags = tags_of(
            (
                ("gateway", around.gateway),
                ("channel", row.channel),
                ("team", _who(row.contact).partition("/")[0]),
                ("kind", row.kind),
            )
        )
        yield point(ATTEMPT, tags, fields, instant(row.started_at, row.id))


def _who(contact: str) -> str:
    """Return the contact; residents, who are told once that it is over, are all one."""
    return _RESIDENT if contact.startswith(OF_A_RESIDENT) else contact
