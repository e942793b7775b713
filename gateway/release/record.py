"""A resident's own record: what was noted at the door, who was told, who looked, and until when.

Made of the rows of the order, from tables or from its box alike. It names roles, never people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from alerts.model import ConditionKind, NoticeState
from alerts.reason import Reason
from alerts.tables import from_micros, from_micros_or_none
from gateway.accounts.tables import accounts
from gateway.audit.chain import Action
from gateway.audit.tables import audit, audit_said
from gateway.release.box import Rows
from gateway.release.contest import Contest
from gateway.schema.tables import contacts

OPENINGS: Final = frozenset({ConditionKind.OPENED})
UNKNOWN: Final = frozenset({ConditionKind.SILENT, ConditionKind.OUTAGE, ConditionKind.INTAKE_DOWN})
"""Times in which nobody can say what the door did."""
ANNOUNCED: Final = frozenset({Reason.PERMITTED, Reason.ANNOUNCED_LATE})


@dataclass(frozen=True, slots=True)
class Device:
    """One device, by where it hangs and what it has said."""

    place: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Something that lasted. `until_at` None: it still does."""

    kind: ConditionKind
    from_at: datetime
    until_at: datetime | None
    is_announced: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """One text, by the role it was for."""

    at: datetime
    role: str  # "" where that person is on no team any more
    has_gone: bool


@dataclass(frozen=True, slots=True)
class Permitted:
    """One announced opening."""

    from_at: datetime
    until_at: datetime
    purpose: str
    is_revoked: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """Somebody saw in full what is masked."""

    at: datetime
    role: str


@dataclass(frozen=True, slots=True)
class Record:
    """All of it, the latest of each first."""

    starts_at: datetime
    ends_at: datetime
    notice_served_at: datetime | None
    released_at: datetime | None
    kept_until: datetime | None
    devices: tuple[Device, ...]
    openings: tuple[Span, ...]
    others: tuple[Span, ...]
    unknown: tuple[Span, ...]
    told: tuple[Told, ...]
    permits: tuple[Permitted, ...]
    looked: tuple[Looked, ...]
    contests: tuple[Contest, ...]
    can_contest: bool


def picture(
    rows: Mapping[str, Rows],
    roles: Mapping[str, str],
    looked: Iterable[Looked],
    contests: Iterable[Contest],
    *,
    released_at: datetime | None = None,
    kept_until: datetime | None = None,
    can_contest: bool = True,
) -> Record:
    """Make the record of an order's rows. `roles`: of contacts, by id."""
    (order,) = rows["orders"]
    spans = [_span(row) for row in _latest(rows["conditions"], "raised_at")]
    opened = [each for each in spans if each.kind in OPENINGS]
    unknown = [each for each in spans if each.kind in UNKNOWN]
    others = [each for each in spans if each.kind not in OPENINGS | UNKNOWN]
    told = [_told(row, roles) for row in _latest(rows["notices"], "created_at")]
    permitted = [_permitted(row) for row in _latest(rows["permits"], "from_at")]
    return Record(
        starts_at=from_micros(order["starts_at"]),
        ends_at=from_micros(order["ends_at"]),
        notice_served_at=from_micros_or_none(order["notice_served_at"]),
        released_at=released_at,
        kept_until=kept_until,
        devices=_devices(rows),
        openings=tuple(opened),
        others=tuple(others),
        unknown=tuple(unknown),
        told=tuple(told),
        permits=tuple(permitted),
        looked=tuple(looked),
        contests=tuple(contests),
        can_contest=can_contest,
    )


def roles_of_contacts(connection: Connection) -> dict[str, str]:
    """Return the role of everybody on a team."""
    return {row.id: row.role for row in connection.execute(select(contacts.c.id, contacts.c.role))}


def who_looked(connection: Connection, watch: str) -> list[Looked]:
    """Return who saw in full what is masked, by role, the latest first."""
    rows = connection.execute(
        select(audit.c.at, audit.c.actor, accounts.c.role)
        .join(audit_said, audit_said.c.seq == audit.c.seq)
        .outerjoin(accounts, accounts.c.id == audit.c.actor)
        .where(
            audit_said.c.owner == watch,
            audit.c.action.in_((Action.UNMASKED, Action.CONTEST_OPENED)),
        )
        .order_by(audit.c.seq.desc())
    )
    return [Looked(from_micros(row.at), row.role or row.actor) for row in rows]


def _latest(rows: Rows, by: str) -> Rows:
    return sorted(rows, key=lambda row: -row[by])


def _devices(rows: Mapping[str, Rows]) -> tuple[Device, ...]:
    kinds = {row["device"]: tuple(row["kinds"]) for row in rows["facts"]}
    return tuple(Device(row["place"], kinds.get(row["id"], ())) for row in rows["devices"])


def _span(row: Mapping[str, Any]) -> Span:
    is_announced = {row["reason"], row["clear_reason"]} & ANNOUNCED
    return Span(
        ConditionKind(row["kind"]),
        from_micros(row["raised_at"]),
        from_micros_or_none(row["cleared_at"]),
        bool(is_announced),
    )


def _told(row: Mapping[str, Any], roles: Mapping[str, str]) -> Told:
    has_gone = row["state"] in (NoticeState.SENT, NoticeState.DELIVERED, NoticeState.UNCONFIRMED)
    return Told(from_micros(row["created_at"]), roles.get(row["contact"], ""), has_gone)


def _permitted(row: Mapping[str, Any]) -> Permitted:
    return Permitted(
        from_micros(row["from_at"]),
        from_micros(row["until_at"]),
        row["purpose"],
        row["revoked_at"] is not None,
    )
