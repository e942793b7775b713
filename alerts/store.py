"""Saves what the engine decided, and loads what it must know again. It never commits."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    TextClause,
    and_,
    insert,
    or_,
    select,
    text,
    true,
    update,
)

from alerts import spans
from alerts.changes import Changes
from alerts.instead import name_who_was_told_instead
from alerts.model import (
    Acknowledgement,
    Condition,
    ConditionKind,
    Incident,
    IncidentId,
    IncidentState,
    Matter,
    Notice,
    NoticeKind,
    NoticeState,
    Permit,
    Role,
    Severity,
    Silence,
)
from alerts.reason import Reason
from alerts.tables import (
    Sealer,
    conditions,
    decisions,
    from_micros,
    from_micros_or_none,
    incidents,
    micros,
    notices,
    permits,
    silences,
    transitions,
)
from alerts.waiting import WAITING

NUMBERS_KEPT = timedelta(days=7)
"""A number is not given again in its team for this long."""
OPENINGS_KEPT = timedelta(minutes=30)
PERMITS_KEPT = timedelta(days=1)
"""All permits of the day count against what may be announced in it."""

NEVER_TOLD = "never_told"
"""Why a notice ended that says who took it: its person had not been told of it at all."""

_HANDED_ON = (
    NoticeState.SENDING,
    NoticeState.SENT,
    NoticeState.DELIVERED,
    NoticeState.UNCONFIRMED,
)
_WRITTEN_ONCE = {permits.name: frozenset({"asked_by"}), silences.name: frozenset({"why"})}
"""Words for people, which deciding never unseals, and so does not know to write again."""
_NOTICE_FIELDS = tuple(each.name for each in fields(Notice) if each.name in notices.c)
_PLAIN = frozenset({str, type(None), int, bool})
"""Types that are stored as they are."""


# ---- saving ----


def save(connection: Connection, changes: Changes, sealer: Sealer, now: datetime) -> None:
    """Write all changes: one statement a table."""
    if changes.supersede:
        _supersede(connection, changes.supersede, now)
    if changes.retract:
        is_outdated = or_(notices.c.kind == NoticeKind.TAKEN, notices.c.held == Reason.QUIET_HOURS)
        _supersede(connection, changes.retract, now, is_outdated)
    _upsert(connection, conditions, {each.id: _row(each) for each in changes.conditions})
    _upsert(connection, incidents, {each.id: _row(each) for each in changes.incidents})
    _upsert(connection, permits, {each.id: _permit_row(each, sealer) for each in changes.permits})
    _upsert(
        connection, silences, {each.id: _silence_row(each, sealer) for each in changes.silences}
    )
    _insert(connection, transitions, [_row(each) for each in changes.transitions])
    needless = _needless(connection, changes.notices)
    _insert(connection, notices, [_notice_row(each, sealer) for each in changes.notices])
    _end_needless(connection, needless, now)
    stepped = {each.incident for each in changes.notices if each.kind is NoticeKind.ESCALATION}
    name_who_was_told_instead(connection, filter(None, stepped))
    _insert(connection, decisions, [_decision_row(_row(each)) for each in changes.decisions])
    spans.save(connection, changes.known, changes.unknown)


def _supersede(
    connection: Connection,
    of: Iterable[IncidentId],
    now: datetime,
    which: ColumnElement[bool] = true(),  # noqa: B008 - a constant of SQL
) -> None:
    """End what still waits about these incidents: a later notice said it, or nobody needs it.

    So does what another's text only counts: it is not to come back where that goes once more.
    """
    is_counted = and_(notices.c.state == NoticeState.SENDING, notices.c.bundled_into.is_not(None))
    connection.execute(
        update(notices)
        .where(
            notices.c.incident.in_(set(of)),
            or_(notices.c.state.in_(WAITING), is_counted),
            notices.c.kind != NoticeKind.ANSWER,
            which,
        )
        .values(state=NoticeState.SUPERSEDED, settled_at=micros(now), end_reason="superseded")
    )


def _needless(connection: Connection, new: Sequence[Notice]) -> list[str]:
    """Return the ids of those that say who took it to people who were never told of it.

    Somebody who knows nothing need not be told that it is over.
    """
    taken = [each for each in new if each.kind is NoticeKind.TAKEN]
    if not taken:
        return []
    rows = connection.execute(
        select(notices.c.incident, notices.c.contact).where(
            notices.c.incident.in_({each.incident for each in taken}),
            or_(notices.c.state.in_(_HANDED_ON), notices.c.is_resend),
            notices.c.bundled_into.is_(None),
        )
    )
    told = {(row.incident, row.contact) for row in rows}
    return [each.id for each in taken if (each.incident, each.contact) not in told]


def _end_needless(connection: Connection, ids: Collection[str], now: datetime) -> None:
    if ids:
        connection.execute(
            update(notices)
            .where(notices.c.id.in_(ids))
            .values(state=NoticeState.SUPERSEDED, settled_at=micros(now), end_reason=NEVER_TOLD)
        )


def _upsert(connection: Connection, table: Table, latest: Mapping[str, dict[str, Any]]) -> None:
    """Write each value as it was left, by id: one that changed twice is written once."""
    if latest:
        connection.execute(_upsert_into(table), list(latest.values()))


@cache
def _upsert_into(table: Table) -> TextClause:
    return text(upsert_sql(table, _WRITTEN_ONCE.get(table.name, frozenset())))


@cache
def upsert_sql(table: Table, once: Collection[str] = frozenset()) -> str:
    """Return the statement that inserts a row of `table`, or replaces the one of the same key.

    Columns that are written `once` stay as they were first.
    """
    names = [column.name for column in table.columns]
    key = ", ".join(f'"{column.name}"' for column in table.primary_key)
    rest = [name for name in names if name not in table.primary_key.columns and name not in once]
    return (
        f"INSERT INTO {table.name} ({', '.join(f'{name!r}' for name in names)}) "  # noqa: S608  # names of our own columns
        f"VALUES ({', '.join(f':{name}' for name in names)}) "
        f"ON CONFLICT ({key}) DO UPDATE SET {', '.join(f'{n!r} = excluded.{n!r}' for n in rest)}"
    ).replace("'", '"')


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _row(value: Any) -> dict[str, Any]:
    row = {}
    kind: type = type(value)
    for name in _field_names(kind):
        each = getattr(value, name)
        # Most values are texts and None: only what is not plain is asked what it is.
        row[name] = each if type(each) in _PLAIN else _plain(each)
    return row


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return micros(value)
    if isinstance(value, tuple):
        return json.dumps(
            [_row(each) if isinstance(each, Acknowledgement) else each for each in value]
        )
    return value.value if isinstance(value, Enum) else value


def _notice_row(notice: Notice, sealer: Sealer) -> dict[str, Any]:
    owner = notice.watch or "gateway"
    row = {name: _plain(getattr(notice, name)) for name in _NOTICE_FIELDS}
    said = json.dumps({"short": notice.short_text, "fields": dict(notice.fields)})
    return row | {
        "text": sealer.seal(owner, notice.text),
        "said": sealer.seal(owner, said),
        "next_at": micros(notice.not_before_at or notice.created_at),
        "held": Reason.QUIET_HOURS.value if notice.not_before_at else None,
    }


def _permit_row(permit: Permit, sealer: Sealer) -> dict[str, Any]:
    return _row(permit) | {"asked_by": sealer.seal(permit.watch, permit.asked_by)}


def _silence_row(silence: Silence, sealer: Sealer) -> dict[str, Any]:
    return _row(silence) | {"why": sealer.seal(owner_of(silence.subject), silence.why)}


def owner_of(subject: str) -> str:
    """Return under whose key words about a subject are sealed: a home's own, else the gateway's."""
    is_of_a_home = ":" not in subject and subject != "gateway"
    return subject if is_of_a_home else "gateway"


def _decision_row(row: dict[str, Any]) -> dict[str, Any]:
    row["decided_at"] = row.pop("at")
    return row


# ---- loading ----


@dataclass(frozen=True, slots=True)
class Standing:
    """What the engine must know again of what it decided."""

    conditions: tuple[Condition, ...]
    incidents: tuple[Incident, ...]
    permits: tuple[Permit, ...]
    silences: tuple[Silence, ...]
    numbers: Mapping[str, Mapping[str, tuple[IncidentId, datetime]]]


def load(connection: Connection, now: datetime) -> Standing:
    """Load what stands, what is not reviewed, and what still counts for a while."""
    unreviewed = incidents.c.reviewed_at.is_(None)
    found = connection.execute(
        select(conditions).where(
            or_(
                conditions.c.cleared_at.is_(None),
                conditions.c.incident.in_(select(incidents.c.id).where(unreviewed)),
                and_(
                    conditions.c.kind == ConditionKind.OPENED,
                    conditions.c.cleared_at > micros(now - OPENINGS_KEPT),
                ),
            )
        )
    )
    return Standing(
        tuple(condition_of(row) for row in found),
        tuple(incident_of(row) for row in connection.execute(select(incidents).where(unreviewed))),
        tuple(
            permit_of(row)
            for row in connection.execute(
                select(permits).where(permits.c.until_at > micros(now - PERMITS_KEPT))
            )
        ),
        tuple(
            silence_of(row)
            for row in connection.execute(
                select(silences).where(
                    silences.c.until_at > micros(now), silences.c.ended_at.is_(None)
                )
            )
        ),
        _numbers(connection, now),
    )


def _numbers(
    connection: Connection, now: datetime
) -> dict[str, dict[str, tuple[IncidentId, datetime]]]:
    given: dict[str, dict[str, tuple[IncidentId, datetime]]] = {}
    rows = connection.execute(
        select(incidents.c.team, incidents.c.number, incidents.c.id, incidents.c.opened_at)
        .where(incidents.c.opened_at > micros(now - NUMBERS_KEPT))
        .order_by(incidents.c.opened_at)
    )
    for team, number, incident, opened_at in rows:
        given.setdefault(team, {})[number] = (incident, from_micros(opened_at))
    return given


def condition_of(row: Row[Any]) -> Condition:
    """Make a condition of its row."""
    clear_reason = row.clear_reason
    return Condition(
        **{
            **row._mapping,
            "kind": ConditionKind(row.kind),
            "raised_at": from_micros(row.raised_at),
            "reason": Reason(row.reason),
            "cleared_at": from_micros_or_none(row.cleared_at),
            "clear_reason": None if clear_reason is None else Reason(clear_reason),
        }
    )


def incident_of(row: Row[Any]) -> Incident:
    """Make an incident of its row."""
    return Incident(
        **{
            **row._mapping,
            "matter": Matter(row.matter),
            "severity": Severity(row.severity),
            "level_reason": Reason(row.level_reason),
            "state": IncidentState(row.state),
            "headline": ConditionKind(row.headline),
            "opened_at": from_micros(row.opened_at),
            "since_at": from_micros(row.since_at),
            "next_at": from_micros_or_none(row.next_at),
            "told": tuple(json.loads(row.told)),
            "acknowledgements": tuple(
                Acknowledgement(
                    **{**each, "role": Role(each["role"]), "at": from_micros(each["at"])}
                )
                for each in json.loads(row.acknowledgements)
            ),
            "resolved_at": from_micros_or_none(row.resolved_at),
            "reviewed_at": from_micros_or_none(row.reviewed_at),
        }
    )


def permit_of(row: Row[Any]) -> Permit:
    """Make a permit of its row, but for the sealed name of who asked."""
    return Permit(
        **{
            **row._mapping,
            "asked_by": "",
            "from_at": from_micros(row.from_at),
            "until_at": from_micros(row.until_at),
            "revoked_at": from_micros_or_none(row.revoked_at),
            "used_at": from_micros_or_none(row.used_at),
        }
    )


def silence_of(row: Row[Any]) -> Silence:
    """Make a silence of its row, but for the sealed words that say why."""
    return Silence(
        **{
            **row._mapping,
            "why": "",
            "from_at": from_micros(row.from_at),
            "until_at": from_micros(row.until_at),
            "ended_at": from_micros_or_none(row.ended_at),
        }
    )
