"""Appends to the audit within the caller's transaction, and reads it; nothing changes a row."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select
from sqlalchemy import Row as DbRow

from alerts.tables import from_micros, micros
from gateway.audit.chain import (
    GENESIS,
    Action,
    Broken,
    Fault,
    Head,
    Row,
    check,
    digests,
    linked,
    words_differ,
)
from gateway.audit.tables import audit, audit_said
from gateway.privacy import GATEWAY, KeyStore, UnreadableError
from gateway.schema.tables import meta

SALT = "audit_salt"
"""Key in `meta` of the salt of all digests; sealed, so that the database alone tries no names."""

NOBODY = "nobody"
"""Actor of what was tried by somebody we do not know."""


class Told(NamedTuple):
    """One row as people read it; subject and detail are empty where their words are gone."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: str
    hash: str


def append(
    connection: Connection,
    keys: KeyStore,
    now: datetime,
    actor: str,
    action: Action,
    subject: str = "",
    detail: str = "",
    *,
    owner: str = GATEWAY,
    sealer: KeyStore | None = None,
) -> Row:
    """Write one row, in the transaction of what it speaks of.

    `subject` and `detail` enter the chain as digests; their words are kept apart, sealed for
    `owner`: the watch they are about, where they are about one. `sealer`: what has the owner's
    key, where `keys` has it no more.
    """
    before = last(connection)
    seq = before.seq + 1 if before else 1
    digested = digests(_salt(connection, keys), seq, subject, detail)
    row = linked(
        before,
        at=micros(now),
        actor=actor,
        action=action,
        subject=digested[0],
        detail=digested[1],
    )
    connection.execute(insert(audit).values(**_columns(row)))
    if subject or detail:
        said = json.dumps({"subject": subject, "detail": detail}, ensure_ascii=False)
        sealed = (sealer or keys).seal(owner, said)
        connection.execute(
            insert(audit_said).values(seq=row.seq, at=row.at, owner=owner, sealed=sealed)
        )
    return row


def last(connection: Connection) -> Row | None:
    """Return the newest row."""
    row = connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(1)).first()
    return None if row is None else Row(*row)


def rows(connection: Connection, after: int = 0) -> Iterator[Row]:
    """Yield the chain from its beginning, or from behind a row."""
    query = select(audit).where(audit.c.seq > after).order_by(audit.c.seq)
    return (Row(*row) for row in connection.execute(query))


def verify(
    connection: Connection, keys: KeyStore, given: list[Head], *, newest: int | None = None
) -> Broken | None:
    """Return the first row that does not fit, or whose words do not fit it; None where all do.

    `newest`: look at so many of the last rows alone.
    """
    after = _row_before_the_last(connection, newest) if newest is not None else None
    start = after.seq if after else 0
    broken = check(rows(connection, start), given, after=after)
    differing = _first_with_other_words(connection, keys, start)
    if differing is not None and (broken is None or differing < broken.seq):
        return Broken(differing, Fault.WORDS_DIFFER)
    return broken


def heads(connection: Connection, from_day: date, until_day: date, timezone: str) -> list[Head]:
    """Return where the chain ended on each local day, both days included."""
    days = range((until_day - from_day).days + 1)
    return [head(connection, from_day + timedelta(days=n), timezone) for n in days]


def head(connection: Connection, day: date, timezone: str) -> Head:
    """Return where the chain ended when this local day did, or where it stands if it has not."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone))
    found = connection.execute(
        select(audit.c.seq, audit.c.hash)
        .where(audit.c.at < micros(midnight))
        .order_by(audit.c.seq.desc())
        .limit(1)
    ).first()
    return Head(day, found.seq, found.hash) if found else Head(day, 0, GENESIS)


def latest(
    connection: Connection, keys: KeyStore | None, count: int, before: int = 0
) -> list[Told]:
    """Return the newest rows, the newest first, with their words as long as those are readable.

    `keys` None: without words. `before`: only rows with a smaller number.
    """
    query = (
        select(audit, audit_said.c.owner, audit_said.c.sealed)
        .outerjoin(audit_said, audit.c.seq == audit_said.c.seq)
        .order_by(audit.c.seq.desc())
        .limit(count)
    )
    found = connection.execute(query if not before else query.where(audit.c.seq < before))
    return [_told(row, keys) for row in found]


def _told(row: DbRow[Any], keys: KeyStore | None) -> Told:
    said = _words(keys, row.owner, row.sealed) if keys and row.sealed is not None else None
    subject, detail = (said["subject"], said["detail"]) if said else ("", "")
    at = from_micros(row.at)
    return Told(row.seq, at, row.actor, row.action, subject, detail, row.hash)


def _words(keys: KeyStore, owner: str, sealed: bytes) -> dict[str, str] | None:
    """Return what was sealed; None where its key is shredded."""
    with suppress(UnreadableError):
        said: dict[str, str] = json.loads(keys.unseal(owner, sealed))
        return said
    return None


def _row_before_the_last(connection: Connection, count: int) -> Row | None:
    """Return the row that the last `count` rows follow; None where there are no more than those."""
    newest = select(audit).order_by(audit.c.seq.desc()).offset(count).limit(1)
    row = connection.execute(newest).first()
    return None if row is None else Row(*row)


def _first_with_other_words(connection: Connection, keys: KeyStore, after: int) -> int | None:
    salt = known_salt(connection, keys)
    if salt is None:
        return None
    query = (
        select(audit, audit_said.c.owner, audit_said.c.sealed)
        .join(audit_said, audit.c.seq == audit_said.c.seq)
        .where(audit.c.seq > after)
        .order_by(audit.c.seq)
    )
    for row in connection.execute(query):
        said = _words(keys, row.owner, row.sealed)
        if said is not None and words_differ(salt, Row(*row[: len(audit.c)]), said):
            return int(row.seq)
    return None


def _salt(connection: Connection, keys: KeyStore) -> bytes:
    """Return the salt of this database's digests, made once."""
    known = known_salt(connection, keys)
    if known is None:
        known = secrets.token_bytes(32)
        sealed = keys.seal(GATEWAY, known.hex()).hex()
        connection.execute(insert(meta).values(key=SALT, value=sealed))
    return known


def known_salt(connection: Connection, keys: KeyStore) -> bytes | None:
    """Return the salt of this database's digests; None where nothing was audited yet."""
    sealed = connection.scalar(select(meta.c.value).where(meta.c.key == SALT))
    return None if sealed is None else bytes.fromhex(keys.unseal(GATEWAY, bytes.fromhex(sealed)))


def _columns(row: Row) -> dict[str, object]:
    return {column.name: getattr(row, column.name) for column in audit.c}
