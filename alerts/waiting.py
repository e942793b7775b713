"""What waits in the outbox, put together by what is decided about at once.

Five thousand notices to a few phones are a few groups: a claim looks at groups until one may go,
and then at the single notices of that one phone. What a limit holds is not looked at before then.
SQL on the caller's connection; it never commits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, case, func, or_, select, update

from alerts.bundle import QUIET, Waiting
from alerts.channels.base import Outcome
from alerts.model import NoticeKind, NoticeState, Severity
from alerts.tables import attempts, from_micros, micros, notices

HEARD_WITHIN = timedelta(minutes=5)
"""A group is not told the same of an incident twice within this time (ours)."""
WAITING = (NoticeState.PENDING, NoticeState.FAILED_TEMPORARY)


class Leg(NamedTuple):
    """Where a notice goes next: it alone says by which way, with the ways of its contact."""

    contact: str
    severity: Severity
    leg: int
    push_tries: int = 0
    is_pushed: bool = False


class Group(NamedTuple):
    """Notices that are due, and differ in nothing that a decision depends on."""

    next: Leg
    kind: NoticeKind
    is_resend: bool


_IS_PUSHED = case((notices.c.pushed_at.is_(None), 0), else_=1).label("is_pushed")
_LEG = (
    *(notices.c.contact, notices.c.severity, notices.c.leg, notices.c.push_tries),
    _IS_PUSHED,
)
_ALIKE = (*_LEG, notices.c.kind, notices.c.is_resend)


def due(connection: Connection, now: datetime) -> Iterator[Group]:
    """Yield all that is due, the worst and of these the oldest first."""
    rows = connection.execute(
        select(*_ALIKE)
        .where(*_alive(now), notices.c.next_at <= micros(now))
        .group_by(*_ALIKE)
        .order_by(notices.c.severity.desc(), func.min(notices.c.created_at))
    )
    with rows:
        for *leg, kind, is_resend in rows:
            yield Group(_leg(leg), NoticeKind(kind), is_resend)


def legs(connection: Connection, now: datetime) -> Iterator[Leg]:
    """Yield by which legs all goes that is due, or held by a limit."""
    for leg in connection.execute(select(*_LEG).where(*_may_go(now)).distinct()):
        yield _leg(leg)


def oldest(connection: Connection, group: Group, now: datetime) -> Row[Any]:
    """Return the row of a group that is due whose turn it is."""
    return connection.execute(
        select(notices)
        .where(*_due_of(group, now))
        .order_by(notices.c.created_at, notices.c.id)
        .limit(1)
    ).one()


def of(connection: Connection, by: Collection[Leg], now: datetime) -> list[Waiting]:
    """Return every notice that may go by one of these legs."""
    contacts = {each.contact for each in by}
    rows = connection.execute(
        select(*_ALIKE, notices.c.id, notices.c.incident, notices.c.created_at, notices.c.held)
        .where(*_may_go(now), notices.c.contact.in_(contacts))
        .order_by(notices.c.severity.desc(), notices.c.created_at, notices.c.id)
    )
    return [
        Waiting(
            row.id,
            row.incident,
            NoticeKind(row.kind),
            Severity(row.severity),
            row.created_at,
            row.is_resend,
            row.held,
        )
        for row in rows
        if tuple(row)[: len(_LEG)] in by
    ]


def hold(connection: Connection, group: Group, until: datetime, why: str, now: datetime) -> None:
    """Let all of a group wait; what waited for the morning is still known as that."""
    connection.execute(
        update(notices)
        .where(*_due_of(group, now))
        .values(next_at=micros(until), held=case((notices.c.held == QUIET, QUIET), else_=why))
    )


def release(connection: Connection, contact: str, why: str, at: datetime) -> None:
    """Let what waits for this reason be looked at again `at` this time, if not before."""
    connection.execute(
        update(notices)
        .where(
            notices.c.state.in_(WAITING),
            notices.c.contact == contact,
            notices.c.held == why,
            notices.c.next_at > micros(at),
        )
        .values(next_at=micros(at))
    )


def strike_heard(connection: Connection, group: Group, address: str, now: datetime) -> bool:
    """Count as pushed what a colleague's push said at this address a moment ago; say if any was.

    A group hears of an incident once, however many of its members are to be told.
    """
    theirs = notices.alias()
    heard = (
        select(attempts.c.id)
        .join(theirs, theirs.c.id == attempts.c.notice)
        .where(
            attempts.c.phone == address,
            attempts.c.outcome.in_((Outcome.SENT, Outcome.DELIVERED, Outcome.UNCONFIRMED)),
            attempts.c.started_at > micros(now - HEARD_WITHIN),
            theirs.c.incident == notices.c.incident,
            theirs.c.kind == notices.c.kind,
            theirs.c.contact != notices.c.contact,
        )
        .exists()
    )
    struck = update(notices).where(*_due_of(group, now), heard).values(pushed_at=micros(now))
    return bool(connection.execute(struck).rowcount)


def next_at(connection: Connection, now: datetime) -> datetime | None:
    """Return when the next notice falls due that is not due yet; None where none is."""
    query = select(func.min(notices.c.next_at))
    found = connection.scalar(query.where(*_alive(now), notices.c.next_at > micros(now)))
    return None if found is None else from_micros(found)


def _leg(values: Sequence[Any]) -> Leg:
    contact, severity, leg, push_tries, is_pushed = values
    return Leg(contact, Severity(severity), leg, push_tries, bool(is_pushed))


def _alive(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return notices.c.state.in_(WAITING), notices.c.expires_at > micros(now)


def _may_go(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Due, or held by a limit: that goes along where a text goes to the same phone."""
    is_held = and_(notices.c.held.is_not(None), notices.c.held != QUIET)
    return *_alive(now), or_(notices.c.next_at <= micros(now), is_held)


def _due_of(group: Group, now: datetime) -> tuple[ColumnElement[bool], ...]:
    values = (*group.next, group.kind, group.is_resend)
    alike = (column == value for column, value in zip(_ALIKE, values, strict=True))
    return *_alive(now), notices.c.next_at <= micros(now), *alike
