"""Rows of incidents, their transitions and conditions to points."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row, func, select

from alerts.incident import SYSTEM
from alerts.model import ENDS_BY_ITSELF, ConditionKind, IncidentState
from alerts.tables import conditions, incidents, transitions
from alerts.wording import WORDINGS
from gateway.export.directory import with_tags
from gateway.export.line import Value, instant
from gateway.export.point import point
from gateway.export.schema import CONDITION, INCIDENT, TRANSITION
from gateway.export.told_place import Around, Keys, number_of, seconds

IN_TIME: Final = timedelta(minutes=15) // timedelta(microseconds=1)
"""Within which somebody should have reported in, in microseconds (Taiwan: contact or visit within
15 minutes of an alarm)."""
_OPERATOR: Final = "operator"
"""Role of who sits at a screen and is of no team."""


def of_incidents(around: Around, keys: Keys) -> Iterator[bytes]:
    """Yield the point of each incident, as it stands now."""
    first = _first_reached(around, keys)
    for row in around.connection.execute(select(incidents).where(incidents.c.id.in_(keys))):
        place = around.tags(row.watch, row.subject, row.opened_at)
        if place is not None:
            at_ns = instant(row.opened_at, number_of(row.id))
            fields = _incident(row, first[row.id], around.now)
            yield point(INCIDENT, with_tags(place, matter=row.matter), fields, at_ns)


def of_transitions(around: Around, keys: Keys) -> Iterator[bytes]:
    """Yield the point of each transition."""
    found = around.connection.execute(
        select(
            transitions,
            *(incidents.c.number, incidents.c.matter, incidents.c.subject),
            *(incidents.c.watch, incidents.c.opened_at),
        )
        .join(incidents, incidents.c.id == transitions.c.incident)
        .where(transitions.c.id.in_([int(key) for key in keys]))
    ).all()
    roles = around.roles({row.actor for row in found})
    for row in found:
        place = around.tags(row.watch, row.subject, row.opened_at)
        if place is None:
            continue
        nobody = SYSTEM if row.actor == SYSTEM else _OPERATOR
        fields: dict[str, Value | None] = {
            "incident": row.incident,
            "number": row.number,
            "from": row.from_state,
            "reason": row.reason,
            "role": roles.get(row.actor, nobody),
            "after_s": seconds(row.opened_at, row.decided_at),
        }
        tags = with_tags(place, matter=row.matter, to=row.to_state)
        yield point(TRANSITION, tags, fields, instant(row.decided_at, row.id))


def of_conditions(around: Around, keys: Keys) -> Iterator[bytes]:
    """Yield the point of each condition, as it stands now."""
    for row in around.connection.execute(select(conditions).where(conditions.c.id.in_(keys))):
        place = around.tags(row.watch, row.subject, row.raised_at, row.device)
        if place is None:
            continue
        fields: dict[str, Value | None] = {
            "id": row.id,
            "reason": row.reason,
            "stands": row.cleared_at is None,
            "lasted_s": seconds(row.raised_at, row.cleared_at),
            "clear_reason": row.clear_reason,
            "incident": row.incident,
        }
        tags = with_tags(place, kind=row.kind, part=row.part)
        yield point(CONDITION, tags, fields, instant(row.raised_at, number_of(row.id)))


# ---- what became of an incident ----


def _first_reached(around: Around, keys: Keys) -> Mapping[str, dict[str, int]]:
    """Return when each of these incidents first came to each of its states."""
    rows = around.connection.execute(
        select(
            transitions.c.incident,
            transitions.c.to_state,
            func.min(transitions.c.decided_at).label("at"),
        )
        .where(transitions.c.incident.in_(keys))
        .group_by(transitions.c.incident, transitions.c.to_state)
    )
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        found[row.incident][row.to_state] = row.at
    return found


def _incident(row: Row[Any], first: Mapping[str, int], now: int) -> dict[str, Value | None]:
    """Return its fields. A clock that stepped meanwhile may leave a time out, never below zero."""
    opened_at, end_at = row.opened_at, row.resolved_at
    headline = ConditionKind(row.headline)
    taken_by = json.loads(row.acknowledgements)
    taken = [each["at"] for each in taken_by]
    acknowledged_at = _earliest(opened_at, [*taken, first.get(IncidentState.ACKNOWLEDGED)])
    on_site_at = _earliest(opened_at, [first.get(IncidentState.ON_SITE)])
    return {
        "id": row.id,
        "number": row.number,
        "state": row.state,
        "headline": row.headline,
        "title_zh": WORDINGS["zh"].what[headline].shortest,
        "title_en": WORDINGS["en"].what[headline].shortest,
        "severity": row.severity,
        "level": row.level,
        "level_reason": row.level_reason,
        "since_ms": row.since_at // 1000,
        "end_ms": (now if end_at is None else end_at) // 1000,
        "is_open": end_at is None,
        "acknowledged_s": seconds(opened_at, acknowledged_at),
        "reported_in": _roles(taken_by),
        "on_site_s": seconds(opened_at, on_site_at),
        "resolved_s": seconds(opened_at, end_at),
        "reviewed_s": seconds(opened_at, row.reviewed_at),
        "in_time": is_in_time(opened_at, acknowledged_at or on_site_at, end_at, row.cause, now),
        "cause": row.cause,
        "reopened": row.reopened,
        "homes_blind": row.homes_blind,
    }


def _roles(taken_by: Iterable[Mapping[str, Any]]) -> str:
    """Return the roles that reported in, each once, the first one first."""
    in_order = sorted(taken_by, key=lambda each: int(each["at"]))
    return ",".join(dict.fromkeys(str(each["role"]) for each in in_order))


def _earliest(opened_at: int, times: Iterable[int | None]) -> int | None:
    return min((at for at in times if at is not None and at >= opened_at), default=None)


def is_in_time(
    opened_at: int, taken_at: int | None, end_at: int | None, cause: str | None, now: int
) -> bool | None:
    """Say whether somebody took it within 15 minutes; None while that may still be.

    Times in microseconds since 1970 UTC. Whoever says that it is dealt with has taken it, and what
    was over by itself before the time was up asked nothing of anybody.
    """
    is_by_itself = cause in ENDS_BY_ITSELF
    if taken_at is None and end_at is not None and not is_by_itself:
        taken_at = end_at
    if taken_at is not None:
        return taken_at - opened_at <= IN_TIME
    until_at = now if end_at is None else end_at
    return False if until_at - opened_at > IN_TIME else None
