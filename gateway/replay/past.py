"""What the tables hold of then: what was allowed, what people did, what was sent. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, select

from alerts.incident import SYSTEM
from alerts.model import IncidentState, Permit, Silence
from alerts.permits import ANNOUNCE_BUTTON
from alerts.store import permit_of, silence_of
from alerts.tables import from_micros, incidents, micros, notices, permits, silences, transitions
from gateway import journal
from gateway.privacy import GATEWAY, KeyStore, UnreadableError
from gateway.replay.compare import Text
from gateway.schema.tables import journal as journal_table


@dataclass(frozen=True, slots=True)
class Did:
    """What a person did to an incident, which in the replay is another one of the same matter."""

    at: datetime
    matter: str
    subject: str
    state: IncidentState
    actor: str
    cause: str | None


def first_seq_at(connection: Connection, at: datetime) -> int:
    """Return the first record of `at` or later, or the one after the last.

    By halving: records are numbered in the order in which they were written.
    """
    table = journal_table
    low: int | None = connection.scalar(select(table.c.seq).order_by(table.c.seq).limit(1))
    high = journal.last_seq(connection) + 1
    if low is None:
        return high
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            select(table.c.seq, table.c.recorded_at)
            .where(table.c.seq >= middle)
            .order_by(table.c.seq)
            .limit(1)
        ).one_or_none()
        if row is None or row.recorded_at >= micros(at):
            high = middle
        else:
            low = int(row.seq) + 1
    return low


def granted(connection: Connection, since: datetime, until: datetime) -> Iterator[Permit]:
    """Yield what the team had granted; presses of the button are in the journal."""
    rows = connection.execute(
        select(permits).where(
            permits.c.until_at > micros(since),
            permits.c.from_at < micros(until),
            permits.c.granted_by != ANNOUNCE_BUTTON,
        )
    )
    for permit in map(permit_of, rows):
        ends = min(permit.until_at, permit.revoked_at or permit.until_at)
        yield replace(permit, until_at=ends, revoked_at=None, used_at=None)


def silenced(connection: Connection, since: datetime, until: datetime) -> Iterator[Silence]:
    rows = connection.execute(
        select(silences).where(
            silences.c.until_at > micros(since), silences.c.from_at < micros(until)
        )
    )
    for silence in map(silence_of, rows):
        ends = min(silence.until_at, silence.ended_at or silence.until_at)
        yield replace(silence, until_at=ends, ended_at=None)


def done_by_people(connection: Connection, since: datetime, until: datetime) -> Iterator[Did]:
    rows = connection.execute(
        select(
            transitions.c.decided_at,
            transitions.c.to_state,
            transitions.c.actor,
            incidents.c.matter,
            incidents.c.subject,
            incidents.c.cause,
        )
        .join(incidents, incidents.c.id == transitions.c.incident)
        .where(
            transitions.c.actor != SYSTEM,
            transitions.c.decided_at >= micros(since),
            transitions.c.decided_at <= micros(until),
        )
        .order_by(transitions.c.decided_at, transitions.c.id)
    )
    for row in rows:
        at, state = from_micros(row.decided_at), IncidentState(row.to_state)
        yield Did(at, row.matter, row.subject, state, row.actor, row.cause)


def sent(connection: Connection, keys: KeyStore, since: datetime, until: datetime) -> list[Text]:
    """Return what was written to the outbox, whatever became of it."""
    rows = connection.execute(
        select(notices)
        .where(notices.c.created_at >= micros(since), notices.c.created_at <= micros(until))
        .order_by(notices.c.created_at)
    )
    found = []
    for row in rows:
        try:
            text = keys.unseal(row.watch or GATEWAY, row.text)
        except UnreadableError:
            text = ""
        at = from_micros(row.created_at)
        found.append(Text(at, row.contact, row.kind, row.reason, text))
    return found
