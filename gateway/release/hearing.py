"""A resident sees the own record by a code, contests it, and is answered.

While the order runs the record is read from the tables; once it is over from its box, whose key
comes out of escrow for this alone, with who and why in the audit. When the key is destroyed nothing
opens any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy import Row as DbRow

from alerts.tables import from_micros, from_micros_or_none, micros
from gateway.accounts.lockout import Lockout, network_of
from gateway.audit import store as audit
from gateway.audit.chain import Action
from gateway.pipeline import Pipeline
from gateway.privacy import KeyStore, UnreadableError
from gateway.release import box, codes, contest
from gateway.release.contest import Contest
from gateway.release.escrow import Escrow
from gateway.release.notify import contested
from gateway.release.office import Reads, ReleaseOffice, UnknownError, Writes
from gateway.release.pump import ReleasePump
from gateway.release.record import Record, picture, roles_of_contacts, who_looked
from gateway.release.tables import releases
from gateway.schema.tables import orders

RESIDENT = "resident"
"""Actor of what was done by a code."""


class TooLateError(Exception):
    """The time for contesting is over."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Too many codes were tried: nothing is looked at before this has passed."""

    time: timedelta


@dataclass(frozen=True, slots=True)
class Case:
    """Whose record it is, what opens it, and until when."""

    watch: str
    keys: KeyStore
    release: DbRow[Any] | None  # None: the order is not over


@dataclass(frozen=True, slots=True)
class Hearing:
    """Records by code, and contests."""

    view: Reads
    writer: Writes
    pipeline: Pipeline
    escrow: Escrow
    lockout: Lockout = field(default_factory=Lockout)

    # ---- the resident ----

    async def record(self, code: str, address: str) -> Record | Wait | None:
        """Return the record that a code opens; None where it opens none."""
        case = self._tried(code, address)
        if not isinstance(case, Case):
            return case
        if case.release is not None:
            subject = f"release:{case.release.id}"
            await self.writer.run(
                lambda c: self._note(c, case, RESIDENT, Action.RECORD_SEEN, subject)
            )
        return self._record(case)

    async def contest(self, code: str, words: str, address: str) -> Record | Wait | None:
        """Enter a contest and tell the lead. Raises `TooLateError`, or `UnknownError` for too many.

        Returns as `record` does.
        """
        case = self._tried(code, address)
        if not isinstance(case, Case):
            return case
        said = contest.clean(words)
        if not self._can_contest(case):
            raise TooLateError
        if said and await self.writer.run_turn(lambda c: self._enter(c, case, said)) is None:
            raise UnknownError("too many wait for an answer already")
        return self._record(case)

    # ---- contests, for supervisors ----

    def contests(self) -> list[Contest]:
        """Return every contest without its words."""
        with self.view.read() as connection:
            return contest.waiting(connection)

    async def open_contest(self, id_: str, actor: str, why: str) -> Record:
        """Return the record that is contested, with its words; who and why is audited first.

        Raises `UnknownError`, or `TooLateError` once the time for it is over.
        """
        case = self._contested(id_)
        await self.writer.run(
            lambda c: self._note(c, case, actor, Action.CONTEST_OPENED, f"contest:{id_}", why)
        )
        return self._record(case)

    async def answer_contest(self, id_: str, actor: str, words: str) -> None:
        """Answer a contest. Raises as `open_contest` does."""
        case = self._contested(id_)

        def job(connection: Connection) -> None:
            now, said = self.view.now(), contest.clean(words)
            self._note(connection, case, actor, Action.CONTEST_ANSWERED, f"contest:{id_}")
            contest.answer(connection, case.keys, id_, case.watch, said, now)

        await self.writer.run(job)

    # ---- how it is looked up ----

    def _tried(self, code: str, address: str) -> Case | Wait | None:
        names, now = [f"record {network_of(address)}"], self.view.now()
        if wait := self.lockout.wait(names, now):
            return Wait(wait)
        with self.view.read() as connection:
            watch = codes.watch_of(connection, self.view.keys, code)
            case = None if watch is None else self._case(connection, watch)
        if case is None:
            self.lockout.failed(names, now)
        else:
            self.lockout.succeeded(names)
        return case

    def _contested(self, id_: str) -> Case:
        with self.view.read() as connection:
            watch = contest.watch_of(connection, id_)
            case = None if watch is None else self._case(connection, watch)
        if case is None:
            raise UnknownError("there is no such contest")
        if not self._can_contest(case):
            raise TooLateError
        return case

    def _case(self, connection: Connection, watch: str) -> Case | None:
        """Return a record and what opens it; the escrow is asked for what was released."""
        row = connection.execute(select(releases).where(releases.c.watch == watch)).first()
        try:
            if row is not None:
                return Case(watch, self.escrow.opened(watch), row)
        except UnreadableError:
            return None  # its key is being destroyed
        standing = connection.scalar(select(orders.c.watch).where(orders.c.watch == watch))
        return Case(watch, self.view.keys, None) if standing else None

    def _can_contest(self, case: Case) -> bool:
        shred_at = case.release.shred_at if case.release is not None else None
        return shred_at is None or micros(self.view.now()) < shred_at

    def _record(self, case: Case) -> Record:
        row = case.release
        with self.view.read() as connection:
            rows = (
                box.gather(connection, case.watch)
                if row is None
                else box.unseal(case.keys, case.watch, row.box)
            )
            return picture(
                rows,
                roles_of_contacts(connection),
                who_looked(connection, case.watch),
                contest.of_watch(connection, case.keys, case.watch),
                released_at=from_micros(row.released_at) if row is not None else None,
                kept_until=from_micros_or_none(row.shred_at) if row is not None else None,
                can_contest=self._can_contest(case),
            )

    # ---- how it is written ----

    def _enter(self, connection: Connection, case: Case, words: str) -> str | None:
        """Enter a contest, and tell the lead in the same transaction."""
        entered: list[str | None] = []

        def also(inside: Connection) -> None:
            now = self.view.now()
            id_ = contest.enter(inside, case.keys, case.watch, words, now)
            entered.append(id_)
            if id_ is not None:
                self._note(inside, case, RESIDENT, Action.CONTESTED, f"contest:{id_}")

        team = self._team_of(case)
        self.pipeline.run(connection, lambda turn: contested(turn, team), self.view.now(), also)
        return entered[0]

    def _team_of(self, case: Case) -> str:
        state = self.pipeline.state
        if case.release is None:
            watch = state.watches.get(case.watch) if state is not None else None
            return watch.team.id if watch is not None else ""
        rows = box.unseal(case.keys, case.watch, case.release.box)
        return next((row["team"] for row in rows["homes"]), "")

    def _note(
        self,
        connection: Connection,
        case: Case,
        actor: str,
        action: Action,
        subject: str,
        detail: str = "",
    ) -> None:
        """Write into the audit; words about a record are sealed as the record is."""
        audit.append(
            connection,
            self.view.keys,
            self.view.now(),
            actor,
            action,
            subject,
            detail,
            owner=case.watch,
            sealer=case.keys,
        )


class Releases(NamedTuple):
    """All that the web serves of release."""

    office: ReleaseOffice
    hearing: Hearing


def releases_of(view: Reads, writer: Writes, pump: ReleasePump) -> Releases:
    """Make what the web serves of a running gateway."""
    releasing = pump.releasing
    return Releases(
        ReleaseOffice(view, writer, releasing, pump),
        Hearing(view, writer, releasing.pipeline, releasing.escrow),
    )
