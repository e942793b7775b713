"""Where devices hung and when, and what was entered and changed by whom. It never commits.

What is recorded of a device is read by the binding of its time: a device that moved leaves what it
said before at the home where it said it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, or_, select

from alerts.tables import from_micros, micros
from gateway.registry.tables import bindings, registry_changes

_CLOSE = """
UPDATE bindings SET until_at = :now WHERE until_at IS NULL {scope} AND NOT EXISTS (
  SELECT 1 FROM devices WHERE devices.id = bindings.device AND devices.watch IS bindings.watch
  AND devices.building = bindings.building AND devices.place = bindings.place)
"""
_OPEN = """
INSERT INTO bindings (device, watch, building, place, from_at)
SELECT id, watch, building, place, :now FROM devices AS d WHERE NOT EXISTS (
  SELECT 1 FROM bindings AS b WHERE b.device = d.id AND b.until_at IS NULL) {scope}
"""
_ENTER = """
INSERT INTO equipment (device, make, model, serial, state, changed_at)
SELECT id, '', '', '', 'in_service', :now FROM devices
WHERE id NOT IN (SELECT device FROM equipment)
"""
_RETURN = """
UPDATE equipment SET state = 'in_service', changed_at = :now
WHERE state IN ('registered', 'removed') AND device IN (SELECT id FROM devices)
"""
_LEAVE = """
UPDATE equipment SET state = 'removed', changed_at = :now
WHERE state NOT IN ('registered', 'removed') AND device NOT IN (SELECT id FROM devices)
"""


class Binding(NamedTuple):
    """Where a device hung, and from when until when; until None: it hangs there."""

    device: str
    watch: str | None
    building: str
    place: str
    from_at: datetime
    until_at: datetime | None


def follow_bindings(connection: Connection, now: datetime, touched: str = "") -> None:
    """End bindings that are not so any more, and begin those that are.

    `touched` names a table of device ids beyond which nothing changed.
    """
    of_bindings = f"AND device IN (SELECT device FROM {touched})" if touched else ""  # noqa: S608 - our own name
    of_devices = f"AND d.id IN (SELECT device FROM {touched})" if touched else ""  # noqa: S608 - our own name
    at = {"now": micros(now)}
    connection.exec_driver_sql(_CLOSE.format(scope=of_bindings), at)
    connection.exec_driver_sql(_OPEN.format(scope=of_devices), at)


def follow_file(connection: Connection, now: datetime) -> None:
    """Bring bindings and states in line with devices that a homes file named: all in service."""
    follow_bindings(connection, now)
    for statement in (_ENTER, _RETURN, _LEAVE):
        connection.exec_driver_sql(statement, {"now": micros(now)})


def bindings_of(connection: Connection, device: str) -> list[Binding]:
    """Return where a device hung, the first place first."""
    rows = connection.execute(
        select(bindings).where(bindings.c.device == device).order_by(bindings.c.from_at)
    )
    return [_binding(row) for row in rows]


def binding_at(connection: Connection, device: str, at: datetime) -> Binding | None:
    """Return where a device hung at a time; None: nowhere."""
    row = connection.execute(
        select(bindings)
        .where(
            bindings.c.device == device,
            bindings.c.from_at <= micros(at),
            or_(bindings.c.until_at.is_(None), bindings.c.until_at > micros(at)),
        )
        .order_by(bindings.c.from_at.desc())
        .limit(1)
    ).first()
    return _binding(row) if row else None


def note(
    connection: Connection,
    now: datetime,
    actor: str,
    kind: str,
    subject: str,
    change: str,
    fields: str = "",
) -> None:
    """Note one change."""
    values = {"at": micros(now), "actor": actor, "kind": kind, "subject": subject}
    connection.execute(insert(registry_changes).values(**values, change=change, fields=fields))


def changes_of(connection: Connection, kind: str, *subjects: str) -> list[dict[str, Any]]:
    """Return what was entered and changed, the latest last."""
    rows = connection.execute(
        select(registry_changes)
        .where(registry_changes.c.kind == kind, registry_changes.c.subject.in_(subjects))
        .order_by(registry_changes.c.id)
    ).mappings()
    return [{**row, "at": from_micros(row["at"])} for row in rows]


def _binding(row: Any) -> Binding:
    until_at = None if row.until_at is None else from_micros(row.until_at)
    return Binding(
        row.device, row.watch, row.building, row.place, from_micros(row.from_at), until_at
    )
