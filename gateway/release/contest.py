"""What residents say against their record, and what they are answered; sealed like the record."""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import Connection, Row, func, insert, select, update

from alerts.tables import Sealer, from_micros, from_micros_or_none, micros
from gateway.release.tables import contests

LONGEST: Final = 500
"""Characters of a contest, and of an answer."""
MOST: Final = 10
"""Contests of one record that wait for an answer: what one resident can put on the list."""


class ContestState(StrEnum):
    """How far it has come."""

    OPEN = "open"
    ANSWERED = "answered"


class Contest(NamedTuple):
    """One contest, with its words where they could be read."""

    id: str
    at: datetime
    state: ContestState
    answered_at: datetime | None
    words: str = ""
    answer: str = ""


def clean(text: str) -> str:
    """Return what somebody wrote, without control characters, cut to what is kept."""
    spaced = text.replace("\r\n", "\n")
    kept = "".join(each for each in spaced if each == "\n" or each.isprintable())
    return kept.strip()[:LONGEST]


def enter(
    connection: Connection, sealer: Sealer, watch: str, words: str, now: datetime
) -> str | None:
    """Keep a contest and return its id; None where too many wait already."""
    waiting = select(func.count()).where(
        contests.c.watch == watch, contests.c.state == ContestState.OPEN
    )
    if (connection.scalar(waiting) or 0) >= MOST:
        return None
    id_ = secrets.token_hex(8)
    connection.execute(
        insert(contests).values(
            id=id_,
            watch=watch,
            at=micros(now),
            state=ContestState.OPEN,
            words=sealer.seal(watch, words),
        )
    )
    return id_


def answer(
    connection: Connection, sealer: Sealer, id_: str, watch: str, words: str, now: datetime
) -> None:
    """Answer a contest, or answer it anew."""
    connection.execute(
        update(contests)
        .where(contests.c.id == id_)
        .values(
            state=ContestState.ANSWERED,
            answer=sealer.seal(watch, words),
            answered_at=micros(now),
        )
    )


def waiting(connection: Connection) -> list[Contest]:
    """Return every contest without its words, those that wait first."""
    rows = connection.execute(
        select(contests).order_by(contests.c.state.desc(), contests.c.at.desc())
    )
    return [_contest(row) for row in rows]


def watch_of(connection: Connection, id_: str) -> str | None:
    """Return whose record a contest is about."""
    watch: str | None = connection.scalar(select(contests.c.watch).where(contests.c.id == id_))
    return watch


def of_watch(connection: Connection, sealer: Sealer, watch: str) -> list[Contest]:
    """Return what was said against one record, the latest first, in words."""
    rows = connection.execute(
        select(contests).where(contests.c.watch == watch).order_by(contests.c.at.desc())
    )
    return [
        _contest(row)._replace(
            words=sealer.unseal(watch, row.words),
            answer=sealer.unseal(watch, row.answer) if row.answer is not None else "",
        )
        for row in rows
    ]


def _contest(row: Row[*tuple[object, ...]]) -> Contest:
    return Contest(
        row.id,
        from_micros(row.at),
        ContestState(row.state),
        from_micros_or_none(row.answered_at),
    )
