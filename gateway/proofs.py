"""The test texts on record: when each went out over which channel, and whether it arrived.

SQL on the caller's connection; it never commits.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from alerts.channels.base import IncomingText
from alerts.model import NoticeState
from alerts.outbox import REPORT_WITHIN
from alerts.tables import from_micros, from_micros_or_none, micros, notices
from gateway.schema.tables import proofs

WAITING, CAME_BACK, DELIVERED = "waiting", "came_back", "delivered"
"""What a row's reason says; where it went wrong, it says why."""
LOOKED_AT = 64
"""Rows of one channel that are looked through: more than a day of them, one an hour."""
AHEAD = timedelta(days=1)
"""A row that is later than this was written by a clock that was wrong, and says nothing."""

Begin = Callable[[Connection, datetime], None]
"""Records a test text, in a transaction that goes before it goes out."""

_WENT_WRONG = (NoticeState.FAILED_PERMANENT, NoticeState.UNCONFIRMED, NoticeState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Proof:
    """One test text."""

    token: str  # what it says, to be known again
    sent_at: datetime
    came_at: datetime | None = None
    reason: str = WAITING

    @property
    def took_s(self) -> float | None:
        """How long it took to arrive; None: it has not."""
        return None if self.came_at is None else (self.came_at - self.sent_at).total_seconds()

    @property
    def has_failed(self) -> bool:
        """Say whether it did not go out, or nobody knows."""
        return self.came_at is None and self.reason != WAITING


@dataclass(frozen=True, slots=True)
class Standing:
    """What the test texts of one channel say."""

    proven: Proof | None = None  # the latest that arrived
    open: tuple[Proof, ...] = ()  # those sent after it, which have not; the oldest first


def new_token() -> str:
    """Draw a token: nobody who sees yesterday's can guess it."""
    return secrets.token_hex(4)


def notice_of(token: str) -> str:
    """Return the id of the notice that carries a token."""
    return f"test-{token}"


def begin(connection: Connection, channel: str, token: str, now: datetime) -> None:
    """Note that a test text goes out."""
    connection.execute(
        insert(proofs).values(channel=channel, token=token, sent_at=micros(now), reason=WAITING)
    )


def forget(connection: Connection, token: str) -> None:
    """Take back a test text that was never given to the network."""
    connection.execute(proofs.delete().where(proofs.c.token == token))


def take(
    connection: Connection, item: IncomingText, own_numbers: Collection[str], now: datetime
) -> bool:
    """Take a text that came back to us; False where it is none: somebody wrote it."""
    if item.sender not in own_numbers:
        return False
    open_ = (proofs.c.came_at.is_(None), proofs.c.sent_at > micros(now - REPORT_WITHIN))
    for row in connection.execute(select(proofs.c.id, proofs.c.token).where(*open_)):
        if row.token in item.text:
            arrived = update(proofs).where(proofs.c.id == row.id)
            connection.execute(arrived.values(came_at=micros(now), reason=CAME_BACK))
            return True
    return False


def take_reports(connection: Connection, channel: str, *, is_proof: bool) -> None:
    """Take from the notices of test texts what became of them, as far as it is known.

    A delivery report is proof where the text went to somebody's phone; where it goes to ourselves
    it must come back.
    """
    rows = connection.execute(
        select(proofs.c.id, notices.c.state, notices.c.settled_at, notices.c.end_reason)
        .join(notices, notices.c.id == "test-" + proofs.c.token)
        .where(proofs.c.channel == channel, proofs.c.reason == WAITING)
    )
    for row in rows.all():
        reported = update(proofs).where(proofs.c.id == row.id)
        if row.state == NoticeState.DELIVERED and is_proof:
            connection.execute(reported.values(came_at=row.settled_at, reason=DELIVERED))
        elif row.state in _WENT_WRONG:
            connection.execute(reported.values(reason=row.end_reason or row.state))


def standing(connection: Connection, channel: str, now: datetime) -> Standing:
    """Return what the test texts of a channel say."""
    rows = connection.execute(
        select(proofs)
        .where(proofs.c.channel == channel, proofs.c.sent_at < micros(now + AHEAD))
        .order_by(proofs.c.sent_at.desc(), proofs.c.id.desc())
        .limit(LOOKED_AT)
    )
    open_: list[Proof] = []
    for row in rows:
        proof = Proof(
            row.token, from_micros(row.sent_at), from_micros_or_none(row.came_at), row.reason
        )
        if proof.came_at is not None:
            return Standing(proof, tuple(reversed(open_)))
        open_.append(proof)
    return Standing(None, tuple(reversed(open_)))
