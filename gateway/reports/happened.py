"""Reads what happened in a period: incidents with their steps, openings, blind time, permits, acts.

Each function returns what concerns the homes and buildings in sight; what happened after the end
of `within` is left out, so that a report made later says the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from alerts.model import ConditionKind
from alerts.reason import Reason
from alerts.tables import (
    conditions,
    incidents,
    permits,
    silences,
    transitions,
    unknown_spans,
)
from gateway.accounts.rights import MACHINE
from gateway.accounts.tables import accounts
from gateway.audit.chain import Action
from gateway.audit.tables import audit
from gateway.intervals import Span, clip
from gateway.reports.known import (
    Act,
    Blind,
    Fault,
    Incident,
    Opening,
    Permit,
    Places,
    Silence,
    Step,
)

FAULTS = (
    *(ConditionKind.SILENT, ConditionKind.BATTERY_LOW, ConditionKind.MAINS_LOST),
    *(ConditionKind.CAMERA_COVERED, ConditionKind.CAMERA_FAULT, ConditionKind.TAMPERED),
    ConditionKind.FLOODING,
)
"""What is wrong with a device for as long as it stands."""

EVERYDAY = (Action.LOGIN, Action.LOGOUT, Action.SESSION_ENDED, Action.FACTOR_SHOWN)
"""What the audit has of every working day: no news for a log."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Where it is read, and what of it may be seen."""

    connection: Connection
    watches: frozenset[str]
    building_of: Mapping[str, tuple[str, str]]
    """Building and place of each device."""
    area: str
    places: Places

    def building(self, subject: str) -> str:
        """Return in which building a subject lies; "" for a home's, the gateway's or a bridge's."""
        kind, _, name = subject.partition(":")
        if kind == "building":
            return name
        return self.building_of.get(name, ("", ""))[0] if kind == "device" else ""

    def sees(self, watch: str | None, building: str) -> bool:
        """Say whether something of a home or building may be seen."""
        if watch is not None:
            return watch in self.watches
        return not self.area or bool(building and self.places.lies_in(building, self.area))


def incidents_of(sight: Sight, within: Span) -> list[Incident]:
    """Return incidents that were opened in the span or not over before it, the oldest first."""
    query = (
        select(incidents)
        .where(
            incidents.c.opened_at < within[1],
            or_(incidents.c.reviewed_at.is_(None), incidents.c.reviewed_at >= within[0]),
        )
        .order_by(incidents.c.opened_at, incidents.c.id)
    )
    found = sight.connection.execute(query).all()
    steps = _steps(sight.connection, within)
    return [
        _incident(row, building, steps[row.id])
        for row in found
        if sight.sees(row.watch, building := sight.building(row.subject))
    ]


def _steps(connection: Connection, within: Span) -> Mapping[str, list[Step]]:
    concerned = select(incidents.c.id).where(
        incidents.c.opened_at < within[1],
        or_(incidents.c.reviewed_at.is_(None), incidents.c.reviewed_at >= within[0]),
    )
    query = (
        select(transitions)
        .where(transitions.c.incident.in_(concerned), transitions.c.decided_at < within[1])
        .order_by(transitions.c.decided_at, transitions.c.id)
    )
    found: dict[str, list[Step]] = defaultdict(list)
    for row in connection.execute(query):
        step = Step(row.decided_at, row.from_state, row.to_state, row.reason, row.actor)
        found[row.incident].append(step)
    return found


def _incident(row: Row[*tuple[Any, ...]], building: str, steps: list[Step]) -> Incident:
    return Incident(
        id=row.id,
        number=row.number,
        watch=row.watch,
        building=building,
        matter=row.matter,
        severity=row.severity,
        level=row.level,
        headline=row.headline,
        team=row.team,
        cause=row.cause,
        homes_blind=row.homes_blind,
        opened_at=row.opened_at,
        steps=tuple(steps),
    )


def openings(sight: Sight, within: Span) -> list[Opening]:
    """Return each opening of a door."""
    query = select(conditions).where(
        conditions.c.kind == ConditionKind.OPENED,
        conditions.c.raised_at >= within[0],
        conditions.c.raised_at < within[1],
    )
    return [
        Opening(row.raised_at, row.watch, row.reason, row.clear_reason == Reason.ANNOUNCED_LATE)
        for row in sight.connection.execute(query)
        if row.watch in sight.watches
    ]


def faults(sight: Sight, at: int) -> list[Fault]:
    """Return what was wrong with devices at a moment, the oldest first."""
    query = (
        select(conditions)
        .where(
            conditions.c.kind.in_(FAULTS),
            conditions.c.device.is_not(None),
            conditions.c.raised_at < at,
            or_(conditions.c.cleared_at.is_(None), conditions.c.cleared_at >= at),
        )
        .order_by(conditions.c.raised_at, conditions.c.id)
    )
    found = []
    for row in sight.connection.execute(query):
        building, place = sight.building_of.get(row.device, ("", ""))
        if sight.sees(row.watch, building):
            found.append(Fault(row.raised_at, row.kind, row.watch, building, row.device, place))
    return found


def blind(sight: Sight, within: Span) -> list[Blind]:
    """Return spans in which homes, or the whole gateway, could not be seen, the earliest first.

    A device of a building itself blinds no home.
    """
    query = (
        select(unknown_spans)
        .where(
            unknown_spans.c.from_at < within[1],
            or_(unknown_spans.c.until_at.is_(None), unknown_spans.c.until_at > within[0]),
            or_(unknown_spans.c.watch.is_not(None), unknown_spans.c.device.is_(None)),
        )
        .order_by(unknown_spans.c.from_at, unknown_spans.c.id)
    )
    found = []
    for row in sight.connection.execute(query):
        if row.watch is None or row.watch in sight.watches:
            is_over = row.until_at is not None and row.until_at <= within[1]
            span = clip((row.from_at, row.until_at if is_over else within[1]), within)
            found.append(Blind(span, row.reason, row.watch, is_over))
    return found


def permits_of(sight: Sight, within: Span) -> list[Permit]:
    """Return permits whose window reaches into the span."""
    query = (
        select(permits)
        .where(permits.c.from_at < within[1], permits.c.until_at > within[0])
        .order_by(permits.c.from_at, permits.c.id)
    )
    return [
        Permit(
            id=row.id,
            watch=row.watch,
            window=(row.from_at, row.until_at),
            purpose=row.purpose,
            granted_by=row.granted_by,
            revoked_at=row.revoked_at,
            used_at=row.used_at,
        )
        for row in sight.connection.execute(query)
        if row.watch in sight.watches
    ]


def silences_of(sight: Sight, within: Span) -> list[Silence]:
    """Return silences that reach into the span."""
    query = (
        select(silences)
        .where(silences.c.from_at < within[1], silences.c.until_at > within[0])
        .order_by(silences.c.from_at, silences.c.id)
    )
    found = []
    for row in sight.connection.execute(query):
        watch = row.subject if row.subject in sight.watches else None
        building = sight.building(row.subject)
        is_of_elsewhere = watch is None and ":" not in row.subject
        if not is_of_elsewhere and sight.sees(watch, building):
            ended = row.until_at if row.ended_at is None else min(row.ended_at, row.until_at)
            found.append(Silence(watch, building, (row.from_at, ended), row.by))
    return found


def acts(connection: Connection, within: Span) -> list[Act]:
    """Return what the audit has to say, without what is done every day, by the role of who did."""
    roles = {row.id: row.role for row in connection.execute(select(accounts.c.id, accounts.c.role))}
    query = (
        select(audit.c.at, audit.c.action, audit.c.actor)
        .where(audit.c.at >= within[0], audit.c.at < within[1], audit.c.action.not_in(EVERYDAY))
        .order_by(audit.c.seq)
    )
    itself = {MACHINE.id: MACHINE.id, "gateway": "gateway"}
    return [
        Act(row.at, row.action, roles.get(row.actor, itself.get(row.actor, "nobody")))
        for row in connection.execute(query)
    ]
