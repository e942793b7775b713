"""What the API tells of texts: phones masked, the words of strangers not at all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from alerts import ledger
from alerts.channels.base import Attempt, ChannelHealth
from alerts.model import NoticeState, Severity
from alerts.tables import attempts, from_micros, from_micros_or_none, incidents, notices, texts_in
from gateway.health import Facts
from gateway.masking import mask_phone
from gateway.privacy import GATEWAY, KeyStore
from gateway.proofs import notice_of
from gateway.remedies import remedy_for
from gateway.web.ports import GatewayView
from gateway.web.told import Told, unsealed

SHOWN = 20
"""Texts out, and texts in, that one look shows."""


def frame(view: GatewayView) -> Told:
    """Tell how each channel stands, what waits, and the last texts."""
    facts = view.facts()
    with view.read() as connection:
        return {
            "now": facts.now,
            "gateway": view.name,
            "channels": [_channel(facts, name, health) for name, health in facts.channels.items()],
            "waiting": facts.notices_waiting,
            "oldest_due_at": facts.oldest_due_at,
            "held": dict(facts.held),
            "parts_today": facts.parts_today,
            "parts_a_day": facts.parts_a_day,
            "sent": _sent(connection, view),
            "received": _received(connection, view.keys),
        }


def _channel(facts: Facts, name: str, health: ChannelHealth) -> Told:
    remedy, today, proved = (
        remedy_for(health.reason),
        facts.today.get(name),
        facts.proofs.get(name),
    )
    return {
        "name": name,
        "is_up": health.is_up,
        "reason": health.reason,
        "what": remedy.en,
        "do": remedy.do_en,
        "facts": dict(health.facts),
        "texts_today": today.texts if today else 0,
        "parts_today": today.parts if today else 0,
        "cost_today_yuan": round(today.cost_fen / 100, 2) if today else 0.0,
        "outcomes_today": dict(today.outcomes) if today else {},
        "is_proven_daily": proved is not None,
        "proved_at": proved.at if proved else None,
        "proof_took_s": proved.took_s if proved else None,
    }


def _sent(connection: Connection, view: GatewayView) -> list[Told]:
    rows = connection.execute(
        select(
            attempts,
            notices.c.contact,
            notices.c.kind,
            notices.c.severity,
            notices.c.state,
            notices.c.watch,
            notices.c.text,
            incidents.c.number,
        )
        .join(notices, notices.c.id == attempts.c.notice)
        .join(incidents, incidents.c.id == notices.c.incident, isouter=True)
        .order_by(attempts.c.id.desc())
        .limit(SHOWN)
    )
    return [
        {
            "at": from_micros(row.started_at),
            "channel": row.channel,
            "contact": row.contact,
            "phone": _masked(view, row.contact, row.phone),
            "kind": row.kind,
            "severity": Severity(row.severity).name.lower(),
            "number": row.number,
            "outcome": row.outcome,
            "reason": row.reason,
            "state": row.state,
            "parts": row.parts,
            "took_s": (row.ended_at - row.started_at) / 1e6,
            "text": unsealed(view.keys, row.watch or GATEWAY, row.text),
        }
        for row in rows
    ]


def _masked(view: GatewayView, contact: str, digest: str | None) -> str:
    """Return the phone of a contact that an attempt went to, masked; "" where it is not known."""
    phones = {view.phone_digest(phone): phone for phone in view.phones(contact)}
    return mask_phone(phones[digest]) if digest in phones else ""


def _received(connection: Connection, keys: KeyStore) -> list[Told]:
    """Tell of texts that came in. What a stranger wrote is nobody else's business."""
    rows = connection.execute(select(texts_in).order_by(texts_in.c.id.desc()).limit(SHOWN))
    return [
        {
            "at": from_micros(row.received_at),
            "sent_at": from_micros_or_none(row.sent_at),
            "channel": row.channel,
            "phone": mask_phone(unsealed(keys, GATEWAY, row.sender)),
            "contact": row.contact,
            "reason": row.reason,
            "text": unsealed(keys, GATEWAY, row.text) if row.contact else "",
        }
        for row in rows
    ]


def trial(connection: Connection, token: str, ended: Attempt | None) -> Told | None:
    """Tell how far a test text has come; None where there is none.

    `ended` is what its channel said of it, where nothing is on record: it was given to nobody.
    """
    row = connection.execute(
        select(notices.c.state, notices.c.created_at, notices.c.settled_at, attempts)
        .join(attempts, attempts.c.notice == notices.c.id)
        .where(notices.c.id == notice_of(token))
    ).one_or_none()
    if row is None:
        return None if ended is None else {"state": "not_tried", "reason": ended.reason}
    steps = [("handed_over", row.started_at)]
    if row.state in {NoticeState.SENT, NoticeState.DELIVERED}:
        steps.append(("network_took_it", row.ended_at))
    if row.state == NoticeState.DELIVERED:
        steps.append(("delivered", row.settled_at))
    return {
        "state": row.state,
        "reason": row.reason,
        "detail": row.detail,
        "channel": row.channel,
        "parts": row.parts,
        "steps": [
            {"step": step, "at": from_micros(at), "after_s": (at - row.created_at) / 1e6}
            for step, at in steps
        ],
    }


def ledger_lines(connection: Connection, view: GatewayView, since_at: datetime) -> list[Told]:
    """Tell what was sent on each local day, to which team, over which channel."""
    lines = ledger.days(connection, since_at, view.now(), view.timezone, view.prices_fen)
    return [
        {
            "day": line.day,
            "team": line.team,
            "channel": line.channel,
            "texts": line.texts,
            "parts": line.parts,
            "cost_yuan": round(line.cost_fen / 100, 2),
            "delivered": line.delivered,
            "unknown": line.unknown,
            "unconfirmed": line.unconfirmed,
            "failed": line.failed,
        }
        for line in lines
    ]
