"""What the status page shows, read in one go: nothing in it leads to a person or a home.

The page asks no login, so it is made of counts, buildings, roles and numbers alone, and nothing
sealed is opened for it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, func, select

from alerts.channels.base import ChannelHealth
from alerts.model import ConditionKind, IncidentState, Matter, Role, Severity
from alerts.outbox import NO_REPORT_CAME, PUSHED_ONLY
from alerts.tables import from_micros, incidents, notices
from gateway.health import Facts, Health, Proved, Today, assess
from gateway.homes.look import Look, Standing, count
from gateway.schema.tables import buildings, contacts, devices
from gateway.web.ports import GatewayView

INCIDENTS_SHOWN = 20
TEXTS_SHOWN = 10
Places = Mapping[str, str]
"""The name of the building by subject."""
BUILDINGS_SHOWN = 24


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One incident that is not yet reviewed."""

    number: str
    severity: Severity
    level: int | None  # of evidence that somebody left; None where that is not the matter
    headline: ConditionKind
    place: str  # name of the building, or "" for this gateway
    state: IncidentState
    since_at: datetime
    next_at: datetime | None
    taken_by: tuple[Role, ...]
    homes_blind: int


@dataclass(frozen=True, slots=True)
class TextLine:
    """One notice, by whom it was for and what became of it."""

    created_at: datetime
    number: str
    role: Role | None
    kind: str
    severity: Severity
    state: str
    has_no_report: bool  # it was sent, and nobody knows what became of it
    channel: str


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """One means of telling people: how it stands, what it did today, when it proved itself."""

    name: str
    health: ChannelHealth
    today: Today
    is_proven_daily: bool
    proved: Proved


@dataclass(frozen=True, slots=True)
class BuildingLine:
    """One building, by the standing of its homes."""

    name: str
    homes: Mapping[Standing, int]

    @property
    def total(self) -> int:
        """Number of its homes."""
        return sum(self.homes.values())


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it."""

    now: datetime
    facts: Facts
    health: Health
    homes: Mapping[Standing, int]
    doors_open: int
    buildings: tuple[BuildingLine, ...]
    buildings_more: int
    incidents: tuple[IncidentLine, ...]
    incidents_more: int
    texts: tuple[TextLine, ...]
    channels: tuple[ChannelLine, ...]


async def take(view: GatewayView) -> Picture:
    """Look at everything once."""
    found = await view.looks()
    facts = view.facts()
    with view.read() as connection:
        names = _names(connection)
        at = {look.watch: names.get(look.building, "") for look in found}
        lines = _incidents(connection, _places(connection, at, names))
        more = sum(incidents_by_state(connection).values()) - len(lines)
        texts = _texts(connection)
    by_building = _buildings(found, names)
    return Picture(
        now=view.now(),
        facts=facts,
        health=assess(facts),
        homes=count(found),
        doors_open=sum(look.doors_open for look in found),
        buildings=by_building[:BUILDINGS_SHOWN],
        buildings_more=max(0, len(by_building) - BUILDINGS_SHOWN),
        incidents=lines,
        incidents_more=more,
        texts=texts,
        channels=tuple(_channels(facts)),
    )


def incidents_by_state(connection: Connection) -> dict[str, int]:
    """Count the incidents not yet reviewed."""
    counted = connection.execute(
        select(incidents.c.state, func.count().label("number"))
        .where(incidents.c.reviewed_at.is_(None))
        .group_by(incidents.c.state)
    )
    return {row.state: row.number for row in counted}


def _names(connection: Connection) -> dict[str, str]:
    return {row.id: row.name for row in connection.execute(select(buildings))}


def _places(connection: Connection, at: Mapping[str, str], names: Mapping[str, str]) -> Places:
    """Return the name of the building by every subject that lies in one."""
    of_a_house = select(devices.c.id, devices.c.building).where(devices.c.watch.is_(None))
    return {
        **at,
        **{f"building:{building}": name for building, name in names.items()},
        **{
            f"device:{row.id}": names.get(row.building, "")
            for row in connection.execute(of_a_house)
        },
    }


def _buildings(found: Sequence[Look], names: Mapping[str, str]) -> tuple[BuildingLine, ...]:
    """Return buildings, those with the most to worry about first."""
    homes: dict[str, Counter[Standing]] = {}
    for look in found:
        homes.setdefault(look.building, Counter())[look.standing] += 1
    lines = [BuildingLine(names.get(each, each), counted) for each, counted in homes.items()]

    def worry(line: BuildingLine) -> tuple[int, int, str]:
        counted = line.homes
        return (-counted.get(Standing.INCIDENT, 0), -counted.get(Standing.UNKNOWN, 0), line.name)

    return tuple(sorted(lines, key=worry))


def _channels(facts: Facts) -> Iterator[ChannelLine]:
    for name, health in facts.channels.items():
        proved = facts.proofs.get(name)
        yield ChannelLine(
            name, health, facts.today.get(name, Today()), proved is not None, proved or Proved()
        )


def _incidents(connection: Connection, places: Places) -> tuple[IncidentLine, ...]:
    """Return those that somebody has to do something about, the most urgent first."""
    is_over = incidents.c.state == IncidentState.RESOLVED
    rows = connection.execute(
        select(incidents)
        .where(incidents.c.reviewed_at.is_(None))
        .order_by(is_over, incidents.c.severity.desc(), incidents.c.since_at.desc())
        .limit(INCIDENTS_SHOWN)
    )
    return tuple(_incident(row, places) for row in rows)


def _incident(row: Row[*tuple[object, ...]], places: Places) -> IncidentLine:
    taken = {Role(each["role"]): None for each in json.loads(row.acknowledgements)}
    return IncidentLine(
        number=row.number,
        severity=Severity(row.severity),
        level=row.level if row.matter == Matter.DEPARTURE else None,
        headline=ConditionKind(row.headline),
        place=places.get(row.watch or row.subject, ""),
        state=IncidentState(row.state),
        since_at=from_micros(row.since_at),
        next_at=None if row.next_at is None else from_micros(row.next_at),
        taken_by=tuple(taken),
        homes_blind=row.homes_blind,
    )


def _texts(connection: Connection) -> tuple[TextLine, ...]:
    rows = connection.execute(
        select(
            notices.c.created_at,
            notices.c.kind,
            notices.c.severity,
            notices.c.state,
            notices.c.end_reason,
            notices.c.channel,
            incidents.c.number,
            contacts.c.role,
        )
        .join(incidents, incidents.c.id == notices.c.incident, isouter=True)
        .join(contacts, contacts.c.id == notices.c.contact, isouter=True)
        .order_by(notices.c.created_at.desc())
        .limit(TEXTS_SHOWN)
    )
    return tuple(
        TextLine(
            created_at=from_micros(row.created_at),
            number=row.number or "",
            role=None if row.role is None else Role(row.role),
            kind=row.kind,
            severity=Severity(row.severity),
            state=row.state,
            has_no_report=row.end_reason in (NO_REPORT_CAME, PUSHED_ONLY),
            channel=row.channel or "",
        )
        for row in rows
    )
