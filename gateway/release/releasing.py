"""The one action that ends an order, and the one that destroys its key: each once, or again.

A release is one commit: disarmed, boxed, devices freed, certificate and audit. The order's key is
in escrow before it and out of the key store after it; whoever is killed between the two finds on
the next start which of both is true, by the row of the release.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy import Row as DbRow

from alerts.state import Turn
from alerts.tables import from_micros, micros
from gateway.audit import store as audit
from gateway.audit.chain import Action, Head
from gateway.audit.tables import audit_said
from gateway.db import overwriting
from gateway.export import erasures
from gateway.export.tables import erasures as asked_erasures
from gateway.homes.store import OVER, RELEASED
from gateway.pipeline import Pipeline
from gateway.privacy import KeyStore
from gateway.release import box, certificate, codes, freed, spent
from gateway.release.certificate import Certificate, Copies, Fate, Stage
from gateway.release.disarm import disarm
from gateway.release.escrow import Escrow
from gateway.release.farewell import Farewells, phones_of, tell
from gateway.release.tables import contests, record_codes, releases
from gateway.schema.tables import devices, homes, orders

GATEWAY_ITSELF = "gateway"
"""Actor where the calendar, and no person, ended an order."""

logger = logging.getLogger(__name__)


class NotReleasedError(Exception):
    """The order cannot be released; the message says why."""


@dataclass(frozen=True, slots=True)
class Released:
    """What became of a release."""

    certificate: Certificate
    code: str = ""
    """The resident's code, where one was made with the release: shown now and never again."""


@dataclass(frozen=True, slots=True)
class Releasing:
    """Releases and destroys. On the writer thread."""

    pipeline: Pipeline
    keys: KeyStore
    escrow: Escrow
    signing_key_file: Path
    contest: timedelta  # how long a record can be contested before its key is destroyed
    timezone: str
    is_trusted: Callable[[], bool]
    on_released: Callable[[], None] = lambda: None  # after the commit; on the writer thread
    farewells: Farewells = field(default_factory=Farewells)

    # ---- the end of an order ----

    def release(
        self, connection: Connection, watch: str, actor: str, why: str, now: datetime
    ) -> Released:
        """End an order because a person says so. Raises `NotReleasedError`."""
        with connection.begin():
            known = connection.scalar(select(orders.c.watch).where(orders.c.watch == watch))
        if known is None:
            raise NotReleasedError("there is no such order: it was released before")
        self.escrow.hold([watch])
        released = self._release(connection, watch, actor, why, now, wants_code=True)
        self._let_go(watch)
        return released

    def release_those_over(self, connection: Connection, limit: int, now: datetime) -> int:
        """Release orders that were taken out of the homes file, or whose time is over.

        The latter only on a clock that can be believed. Returns how many.
        """
        states = OVER if self.is_trusted() else (RELEASED,)
        with connection.begin():
            found = select(orders.c.watch, orders.c.state).where(orders.c.state.in_(states))
            known = self.keys.owners()
            over = [row for row in connection.execute(found) if row.watch in known][:limit]
        # Each writing of a file of keys takes long where there are many: once for all of them.
        self.escrow.hold(row.watch for row in over)
        for row in over:
            self._release(connection, row.watch, GATEWAY_ITSELF, f"order {row.state}", now)
        self._let_go(*(row.watch for row in over))
        return len(over)

    def _release(
        self,
        connection: Connection,
        watch: str,
        actor: str,
        why: str,
        now: datetime,
        *,
        wants_code: bool = False,
    ) -> Released:
        """Do all of it that is one commit; the key is held before, and leaves the store after."""
        with connection.begin():
            at_home = connection.scalars(select(devices.c.id).where(devices.c.watch == watch)).all()
            phones = phones_of(connection, self.keys, watch)
        done: list[Released] = []

        def close(inside: Connection) -> None:
            done.append(self._close(inside, watch, (actor, why), now, wants_code))

        def end(turn: Turn) -> None:
            disarm(turn, watch, at_home)
            tell(turn, self.farewells, phones, self._day(now + self.contest))

        with overwriting(connection):
            self.pipeline.run(connection, end, now, close)
        logger.info("an order is over: certificate %s", done[0].certificate["id"])
        return done[0]

    def _let_go(self, *watches: str) -> None:
        """Take the keys of released orders out of the key store: they are held."""
        self.keys.shred(*watches)
        if watches:
            self.on_released()

    def _close(
        self,
        connection: Connection,
        watch: str,
        said: tuple[str, str],
        now: datetime,
        wants_code: bool,
    ) -> Released:
        """Write all that a release changes in tables, within the transaction of the engine's."""
        order = connection.execute(select(orders).where(orders.c.watch == watch)).one()
        house_code = self.keys.unseal(watch, order.sealed_home)
        actor, why = said
        audit.append(
            connection,
            self.keys,
            now,
            actor,
            Action.RELEASED,
            f"home:{house_code}",
            why,
            owner=watch,
        )
        code = ""
        if wants_code and not codes.tie(connection, watch):
            code = codes.give(connection, self.keys, watch, house_code, now)
        rows = self._box_rows(connection, watch, house_code, now)
        id_ = secrets.token_hex(8)
        freed.free(connection, watch, id_, order.starts_at, now)
        box.remove(connection, watch)
        erasures.ask(connection, id_, watch, now)
        spent.spend(connection, self.keys, house_code, order.starts_at)
        promise = self._issue(
            connection, id_, Stage.PROMISED, self._day(now), None, box.count(rows), watch
        )
        connection.execute(
            insert(releases).values(
                id=id_,
                watch=watch,
                released_at=micros(now),
                shred_at=micros(now + self.contest) if self.is_trusted() else None,
                box=box.seal(self.keys, watch, rows),
                certificate=json.dumps(promise),
            )
        )
        return Released(promise, code)

    def _box_rows(
        self, connection: Connection, watch: str, house_code: str, now: datetime
    ) -> dict[str, box.Rows]:
        rows = box.gather(connection, watch)
        rows["notices"] = box.stopped(rows["notices"], micros(now))
        home = connection.execute(select(homes).where(homes.c.code == house_code)).mappings()
        return rows | {"homes": [dict(each) for each in home]}

    # ---- the end of its key ----

    def trust(self, connection: Connection, now: datetime) -> None:
        """Begin the time for contesting of what was released on a clock not to be believed."""
        with connection.begin():
            waits = update(releases).where(
                releases.c.shred_at.is_(None), releases.c.shredded_at.is_(None)
            )
            connection.execute(waits.values(shred_at=micros(now + self.contest)))

    def shred_those_due(self, connection: Connection, limit: int, now: datetime) -> int:
        """Destroy the keys whose time for contesting is over; return how many."""
        with connection.begin():
            due = connection.execute(
                select(releases)
                .where(releases.c.shredded_at.is_(None), releases.c.shred_at <= micros(now))
                .order_by(releases.c.shred_at)
                .limit(limit)
            ).all()
        if not due:
            return 0
        watches = [row.watch for row in due]
        # First the key, then the word that it is gone: killed between, it is said next time.
        self.keys.shred(*watches)
        self.escrow.destroy(watches)
        with overwriting(connection), connection.begin():
            for row in due:
                self._shredded(connection, row, now)
        return len(due)

    def _shredded(self, connection: Connection, row: DbRow[Any], now: datetime) -> None:
        """Write that a key is gone, and delete what it alone could open."""
        promise: Certificate = json.loads(row.certificate)
        counts = promise["counts"] | {
            "contests": connection.execute(
                delete(contests).where(contests.c.watch == row.watch)
            ).rowcount,
            "words_of_the_audit": connection.execute(
                delete(audit_said).where(audit_said.c.owner == row.watch)
            ).rowcount,
        }
        audit.append(
            connection,
            self.keys,
            now,
            GATEWAY_ITSELF,
            Action.KEY_DESTROYED,
            f"certificate:{row.id}",
        )
        released_on = date.fromisoformat(promise["released_on"])
        copies = self._fate(connection, row.id)
        proof = self._issue(
            connection,
            row.id,
            Stage.DESTROYED,
            released_on,
            self._day(now),
            counts,
            row.watch,
            copies,
        )
        connection.execute(delete(record_codes).where(record_codes.c.watch == row.watch))
        connection.execute(
            update(releases)
            .where(releases.c.id == row.id)
            .values(watch=None, box=None, shredded_at=micros(now), certificate=json.dumps(proof))
        )
        freed.let_go(connection, row.id)

    # ---- the end of its copies ----

    def tell_of_copies(self, connection: Connection, limit: int) -> int:
        """Have certificates say that the copies in InfluxDB are gone; return how many.

        Only of keys that are destroyed; then nothing else needs the row of the deletion.
        """
        with connection.begin():
            rows = connection.execute(
                select(releases.c.id, releases.c.certificate)
                .join(asked_erasures, asked_erasures.c.id == releases.c.id)
                .where(asked_erasures.c.watch.is_(None), releases.c.shredded_at.is_not(None))
                .limit(limit)
            ).all()
            for row in rows:
                self._tell_of_copies(connection, row.id, json.loads(row.certificate))
        return len(rows)

    def _tell_of_copies(self, connection: Connection, id_: str, issued: Certificate) -> None:
        copies = self._fate(connection, id_)
        key = certificate.signing_key(self.signing_key_file)
        renewed = certificate.renew(key, issued, copies)
        this = update(releases).where(releases.c.id == id_)
        connection.execute(this.values(certificate=json.dumps(renewed)))
        erasures.forget(connection, id_)

    def _fate(self, connection: Connection, release: str) -> Fate:
        asked = erasures.asked(connection, release)
        if asked is None:
            return Fate(Copies.NONE)
        if asked.proven_at is None:
            return Fate(Copies.NOT_PROVEN)
        return Fate(Copies.DELETED, self._day(asked.proven_at))

    # ---- after a kill ----

    def mend(self, connection: Connection) -> None:
        """Bring both files of keys in line with what was committed."""
        with connection.begin():
            released = set(
                connection.scalars(select(releases.c.watch).where(releases.c.watch.is_not(None)))
            )
        self.keys.shred(*(released & self.escrow.owners()))
        # Held, but not released: that release was never committed, and the key store has the key.
        self.escrow.destroy((self.escrow.owners() - released) & self.keys.owners())

    # ---- certificates ----

    def _issue(
        self,
        connection: Connection,
        id_: str,
        stage: Stage,
        released_on: date,
        destroyed_on: date | None,
        counts: dict[str, int],
        watch: str,
        copies: Fate | None = None,
    ) -> Certificate:
        newest = audit.last(connection)
        assert newest is not None
        return certificate.issue(
            certificate.signing_key(self.signing_key_file),
            id_=id_,
            stage=stage,
            released_on=released_on,
            destroyed_on=destroyed_on,
            counts={name: number for name, number in counts.items() if number},
            head=Head(self._day(from_micros(newest.at)), newest.seq, newest.hash),
            tie=codes.tie(connection, watch),
            copies=copies,
        )

    def _day(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.timezone)).date()
