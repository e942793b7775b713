"""What the API tells an operator who brought the token: houses, but no names and no phones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, select, tuple_

from alerts.model import Severity
from alerts.store import owner_of
from alerts.tables import (
    conditions,
    from_micros,
    from_micros_or_none,
    incidents,
    notices,
    permits,
    silences,
    transitions,
)
from gateway.homes.look import Look
from gateway.homes.store import standing_orders
from gateway.privacy import GATEWAY, KeyStore, UnreadableError
from gateway.schema.tables import devices, homes
from gateway.web.v1 import Leaf

Told = dict[str, Any]


def addresses(connection: Connection, keys: KeyStore) -> dict[str, tuple[str, str]]:
    """Return house code and address by watch, of orders not released."""
    known = {row.code: row.address for row in connection.execute(select(homes))}
    return {
        order.watch: (order.code, known.get(order.code, ""))
        for order in standing_orders(connection, keys)
    }


def incident_list(
    connection: Connection, keys: KeyStore, turned: Leaf, *, reviewed: bool
) -> list[Told]:
    """Tell of incidents, the latest first; those not reviewed alone, unless asked."""
    named = addresses(connection, keys)
    query = _latest(turned, select(incidents), incidents.c.opened_at, incidents.c.id)
    if not reviewed:
        query = query.where(incidents.c.reviewed_at.is_(None))
    return [_incident(row, named) for row in connection.execute(query)]


def incident_in_full(connection: Connection, keys: KeyStore, incident: str) -> Told:
    """Tell of one incident, each of its conditions, transitions and notices."""
    row = connection.execute(select(incidents).where(incidents.c.id == incident)).one()
    found = connection.execute(
        select(conditions, devices.c.place)
        .join(devices, devices.c.id == conditions.c.device, isouter=True)
        .where(conditions.c.incident == incident)
        .order_by(conditions.c.raised_at, conditions.c.id)
    )
    changes = connection.execute(
        select(transitions)
        .where(transitions.c.incident == incident)
        .order_by(transitions.c.decided_at, transitions.c.id)
    )
    sent = connection.execute(
        select(notices).where(notices.c.incident == incident).order_by(notices.c.created_at)
    )
    return _incident(row, addresses(connection, keys)) | {
        "conditions": [
            {
                "kind": each.kind,
                "device": each.device,
                "place": each.place or "",
                "part": each.part,
                "since_at": from_micros(each.raised_at),
                "cleared_at": from_micros_or_none(each.cleared_at),
                "reason": each.reason,
                "detail": each.detail,
            }
            for each in found
        ],
        "transitions": [
            {
                "decided_at": from_micros(each.decided_at),
                "from": each.from_state,
                "to": each.to_state,
                "reason": each.reason,
                "actor": each.actor,
                "detail": each.detail,
            }
            for each in changes
        ],
        "notices": [_notice(each, keys) for each in sent],
    }


def home_list(connection: Connection, keys: KeyStore, looks: Sequence[Look]) -> list[Told]:
    """Tell what is known of some homes."""
    named = addresses(connection, keys)
    return [
        {
            "code": named.get(look.watch, ("", ""))[0],
            "address": named.get(look.watch, ("", ""))[1],
            "building": look.building,
            "standing": look.standing,
            "doors_open": look.doors_open,
            "devices": look.devices,
            "missing": [each._asdict() for each in look.missing],
            "unknown_since": look.unknown_since,
            "ends_at": look.ends_at,
        }
        for look in looks
    ]


def permit_list(connection: Connection, keys: KeyStore, turned: Leaf, now: datetime) -> list[Told]:
    """Tell of permits, the latest first."""
    named = addresses(connection, keys)
    rows = connection.execute(_latest(turned, select(permits), permits.c.until_at, permits.c.id))
    return [
        {
            "id": row.id,
            "address": named.get(row.watch, ("", ""))[1],
            "from_at": from_micros(row.from_at),
            "until_at": from_micros(row.until_at),
            "purpose": row.purpose,
            "granted_by": row.granted_by,
            "asked_by": unsealed(keys, row.watch, row.asked_by),
            "revoked_at": from_micros_or_none(row.revoked_at),
            "used_at": from_micros_or_none(row.used_at),
            "is_in_force": row.revoked_at is None
            and from_micros(row.from_at) <= now < from_micros(row.until_at),
        }
        for row in rows
    ]


def silence_list(connection: Connection, keys: KeyStore, turned: Leaf, now: datetime) -> list[Told]:
    """Tell of silences, the latest first."""
    named = addresses(connection, keys)
    rows = connection.execute(_latest(turned, select(silences), silences.c.until_at, silences.c.id))
    return [
        {
            "id": row.id,
            "subject": named[row.subject][1] if row.subject in named else row.subject,
            "from_at": from_micros(row.from_at),
            "until_at": from_micros(row.until_at),
            "by": row.by,
            "why": unsealed(keys, owner_of(row.subject), row.why),
            "ended_at": from_micros_or_none(row.ended_at),
            "is_in_force": row.ended_at is None
            and from_micros(row.from_at) <= now < from_micros(row.until_at),
        }
        for row in rows
    ]


def _latest(
    turned: Leaf, query: Select[Any], at: ColumnElement[int], id_: ColumnElement[str]
) -> Select[Any]:
    """Ask for one page and one more, the latest first. Raises 422."""
    after = turned.after(int, str)
    if after is not None:
        query = query.where(tuple_(at, id_) < after)
    return query.order_by(at.desc(), id_.desc()).limit(turned.limit + 1)


def _incident(row: Row[*tuple[Any, ...]], named: Mapping[str, tuple[str, str]]) -> Told:
    return {
        "id": row.id,
        "number": row.number,
        "state": row.state,
        "severity": Severity(row.severity).name.lower(),
        "level": row.level,
        "headline": row.headline,
        "address": named[row.watch][1] if row.watch in named else row.subject,
        "team": row.team,
        "opened_at": from_micros(row.opened_at),
        "since_at": from_micros(row.since_at),
        "next_at": from_micros_or_none(row.next_at),
        "step": row.step,
        "told": json.loads(row.told),
        "acknowledgements": [
            {**each, "at": from_micros(each["at"])} for each in json.loads(row.acknowledgements)
        ],
        "homes_blind": row.homes_blind,
        "cause": row.cause,
        "resolved_by": row.resolved_by,
    }


def _notice(row: Row[*tuple[Any, ...]], keys: KeyStore) -> Told:
    return {
        "created_at": from_micros(row.created_at),
        "contact": row.contact,
        "kind": row.kind,
        "reason": row.reason,
        "state": row.state,
        "end_reason": row.end_reason,
        "instead": json.loads(row.instead or "[]"),
        "channel": row.channel,
        "text": unsealed(keys, row.watch or GATEWAY, row.text),
    }


def unsealed(keys: KeyStore, owner: str, blob: bytes) -> str:
    """Return what was sealed, or why nobody can read it any more."""
    try:
        return keys.unseal(owner, blob)
    except UnreadableError as error:
        return f"({error})"
