"""The tables of alerting. Times are integer microseconds since 1970 UTC, in columns named `_at`.

What is personal (the text of a notice, a stranger's number, the words given for a permit or
silence) is sealed before it comes here.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    text,
)

metadata = MetaData()

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

RowId = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the type is spelt INTEGER."""


def micros(at: datetime) -> int:
    """Return microseconds since 1970 UTC, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(at: int) -> datetime:
    """Return the aware UTC datetime of `micros`."""
    return _EPOCH + timedelta(microseconds=at)


def micros_or_none(at: datetime | None) -> int | None:
    """Return `micros`, None for None."""
    return None if at is None else micros(at)


def from_micros_or_none(at: int | None) -> datetime | None:
    """Return `from_micros`, None for None."""
    return None if at is None else from_micros(at)


class Sealer(Protocol):
    """Encrypts what is personal under the key of its owner.

    An owner is a watch id, "team:<id>" or "gateway".
    """

    def seal(self, owner: str, text: str) -> bytes:
        """Encrypt."""
        ...

    def unseal(self, owner: str, blob: bytes) -> str:
        """Decrypt what `seal` returned."""
        ...


conditions = Table(
    "conditions",
    metadata,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("watch", String),
    Column("device", String),
    Column("part", String, nullable=False),
    Column("raised_at", BigInteger, nullable=False),
    Column("reason", String, nullable=False),
    Column("detail", String, nullable=False),
    Column("cleared_at", BigInteger),
    Column("clear_reason", String),
    Column("incident", String),
    Column("journal_seq", BigInteger),
    Index("conditions_incident", "incident"),
    Index("conditions_cleared_at", "cleared_at"),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String, primary_key=True),
    Column("number", String, nullable=False),
    Column("matter", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("watch", String),
    Column("team", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("level", Integer, nullable=False),
    Column("level_reason", String, nullable=False),
    Column("state", String, nullable=False),
    Column("headline", String, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("since_at", BigInteger, nullable=False),
    Column("next_at", BigInteger),
    Column("step", Integer, nullable=False),
    Column("told", String, nullable=False),  # JSON list of contact ids
    Column("acknowledgements", String, nullable=False),  # JSON list
    Column("homes_blind", Integer, nullable=False),
    Column("cause", String),
    Column("resolved_at", BigInteger),
    Column("resolved_by", String),
    Column("reviewed_at", BigInteger),
    Column("reopened", Integer, nullable=False),
    Index("incidents_reviewed_at", "reviewed_at"),
)

transitions = Table(
    "transitions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("incident", String, nullable=False),
    Column("from_state", String),
    Column("to_state", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Column("detail", String, nullable=False),
    Index("transitions_incident", "incident"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", String, primary_key=True),
    Column("incident", String),
    Column("watch", String),
    Column("contact", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("text", LargeBinary, nullable=False),  # sealed under the watch, or "gateway"
    Column("said", LargeBinary),  # sealed likewise: JSON of its short form and its fields
    Column("reason", String, nullable=False),  # why this person is told, and why now
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("state", String, nullable=False),
    Column("next_at", BigInteger, nullable=False),  # not to be tried before
    Column("leg", Integer, nullable=False, default=0),  # which phone over which channel is next
    Column("tries", Integer, nullable=False, default=0),  # of that leg
    Column("is_resend", Boolean, nullable=False, default=False),
    Column("channel", String),  # that claimed it last
    Column("lease_until", BigInteger),
    Column("settled_at", BigInteger),
    Column("end_reason", String),
    Column("instead", String),  # JSON list of contact ids: who was told instead
    Column("held", String),  # why it waits until `next_at`, where a limit holds it
    Column("bundled_into", String),  # the notice whose text speaks of this one
    Column("pushed_at", BigInteger),  # a push service took it, which ends nothing
    Column("push_tries", Integer, nullable=False, server_default="0"),  # pushes that failed
    Index("notices_incident", "incident"),
    Index("notices_next", "state", "next_at"),  # what waits for its time costs a claim nothing
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("notice", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("outcome", String, nullable=False),  # "begun" until it is known
    Column("reason", String, nullable=False),
    Column("references", String, nullable=False),  # JSON list: the network's, one a part
    Column("detail", String, nullable=False),
    Column("reported", String),  # JSON object: outcome by reference
    Column("phone", String),  # salted digest of the address it went to
    Column("parts", Integer, nullable=False, server_default="1"),  # each costs
    Index("attempts_notice", "notice"),
    Index("attempts_channel", "channel", "started_at"),
    Index("attempts_phone", "phone", "started_at"),
)

permits = Table(
    "permits",
    metadata,
    Column("id", String, primary_key=True),
    Column("watch", String, nullable=False),
    Column("from_at", BigInteger, nullable=False),
    Column("until_at", BigInteger, nullable=False),
    Column("purpose", String, nullable=False),
    Column("granted_by", String, nullable=False),
    Column("asked_by", LargeBinary, nullable=False),  # sealed under the watch
    Column("revoked_at", BigInteger),
    Column("used_at", BigInteger),
    Column("is_late", Boolean, nullable=False),
    Index("permits_until_at", "until_at"),
)

silences = Table(
    "silences",
    metadata,
    Column("id", String, primary_key=True),
    Column("subject", String, nullable=False),
    Column("from_at", BigInteger, nullable=False),
    Column("until_at", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("why", LargeBinary, nullable=False),  # sealed under the watch, or "gateway"
    Column("ended_at", BigInteger),
    Index("silences_until_at", "until_at"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("reason", String, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Column("watch", String),
    Column("device", String),
    Column("journal_seq", BigInteger),
    Column("detail", String, nullable=False),
    Index("decisions_watch", "watch"),
)

unknown_spans = Table(
    "unknown_spans",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("watch", String),  # NULL: a device of a building, or the gateway
    Column("device", String),  # NULL: the gateway itself heard nobody, or was off
    Column("reason", String, nullable=False),
    Column("from_at", BigInteger, nullable=False),
    Column("until_at", BigInteger),  # NULL: it lasts
    Index("unknown_spans_watch", "watch", "from_at"),
    Index("unknown_spans_until_at", "until_at"),
    Index("unknown_spans_open", "device", sqlite_where=text("until_at IS NULL")),
)

texts_in = Table(
    "texts_in",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("channel", String, nullable=False),
    Column("digest", String, nullable=False, unique=True),  # salted: the same text twice is one
    Column("sender", LargeBinary, nullable=False),  # sealed under "gateway"
    Column("text", LargeBinary, nullable=False),  # sealed under "gateway"
    Column("contact", String),
    Column("sent_at", BigInteger),
    Column("received_at", BigInteger, nullable=False),
    Column("reason", String, nullable=False),  # what it was taken for
)
