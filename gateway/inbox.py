"""What people send us is understood, and on the disk, before its modem forgets it.

The engine reads a text and saves what follows; then the text is kept (sealed: a stranger's words
are nobody else's business) and the modem may forget it. Killed in between, it is read once more
from the modem, and doing again what was done changes nothing. A text that is kept is known again.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import Connection, insert, select

from alerts import receipts
from alerts.channels.base import DeliveryReport, IncomingText
from alerts.channels.gsm.inbox import Kept
from alerts.commands import Answer
from alerts.model import IncidentId, NoticeState
from alerts.strikes import Written, is_person
from alerts.tables import Sealer, from_micros, micros, micros_or_none, texts_in
from gateway.schema.tables import meta

STORED_WITHIN_S = 30.0
"""How long a modem's thread waits for the disk; after that the modem keeps its copy."""

TEST_TEXT = "test_text"
"""Why a text was kept that says nothing: it is our own, and proves that texts arrive."""

T = TypeVar("T")


class OnWriter(Protocol):
    """Runs a job on the writing thread."""

    def __call__(self, job: Callable[[Connection], T]) -> Future[T]: ...


class Reply(Protocol):
    """Lets the engine read a text, in a transaction of its own."""

    def __call__(
        self, connection: Connection, contacts: tuple[str, ...], text: str, now: datetime
    ) -> Answer: ...


def no_proof(_connection: Connection, _item: IncomingText, _now: datetime) -> bool:
    """Take every text for one that somebody wrote."""
    return False


@dataclass(frozen=True, slots=True)
class Received:
    """A text that was read, for whoever watches."""

    sender: str
    text: str
    contacts: tuple[str, ...]
    answer: Answer


@dataclass(frozen=True, slots=True)
class Inbox:
    """Takes what channels receive; called from their threads."""

    call: OnWriter  # in a transaction of its own
    turn: OnWriter  # the job begins its own transactions
    reply: Reply
    sealer: Sealer
    contacts: Callable[[str], Sequence[str]]  # whose phone this is
    unreachable: Callable[[Connection, IncidentId | None], None]  # begins its own transaction
    now: Callable[[], datetime]
    salt: bytes
    received: Callable[[Received], None]
    phone_digest: Callable[[str], str] | None = None  # what a phone is called in records
    is_proof: Callable[[Connection, IncomingText, datetime], bool] = no_proof
    """Takes our own test text that came back; in the transaction that keeps it."""
    own_numbers: Collection[str] = ()
    """Of our SIMs."""

    def receive(self, item: IncomingText | DeliveryReport) -> None:
        """Keep and understand what came. Raises where the disk refused; then it comes again."""
        if isinstance(item, DeliveryReport):
            self.turn(lambda c: self._take_report(c, item)).result(STORED_WITHIN_S)
            return
        taken = self.turn(lambda c: self._take(c, item)).result(STORED_WITHIN_S)
        if taken is not None:
            self.received(taken)

    def keep(self, kept: Kept) -> None:
        """Keep what is no text for people, as it came."""
        stamp = hashlib.blake2b(kept.pdu.encode(), key=self.salt, digest_size=16).hexdigest()
        self.call(lambda c: self._store(c, kept.channel, stamp, "", kept.pdu, kept.reason)).result(
            STORED_WITHIN_S
        )

    def _take_report(self, connection: Connection, item: DeliveryReport) -> None:
        """Settle the notice it is about; a person who cannot be reached hurries the next step."""
        with connection.begin():
            receipt = receipts.take(connection, item, self.now(), self.phone_digest)
        if receipt is not None and receipt.state is NoticeState.FAILED_PERMANENT:
            for incident in (receipt.incident, *receipt.others):
                self.unreachable(connection, incident)

    def _take(self, connection: Connection, item: IncomingText) -> Received | None:
        digest = self._digest(item)
        with connection.begin():
            if self._is_known(connection, digest):
                return None
            if self.is_proof(connection, item, self.now()):
                said = (item.channel, digest, item.sender, item.text)
                self._store(connection, *said, TEST_TEXT, sent_at=item.sent_at)
                return None
        contacts = tuple(self.contacts(item.sender)) if self._may_be_heard(item.sender) else ()
        answer = self.reply(connection, contacts, item.text, self.now())
        with connection.begin():
            self._store(
                connection,
                item.channel,
                digest,
                item.sender,
                item.text,
                answer.reason,
                contact=contacts[0] if contacts else None,
                sent_at=item.sent_at,
            )
        return Received(item.sender, item.text, contacts, answer)

    def _may_be_heard(self, sender: str) -> bool:
        """Say whether a person may have sent it, though the homes file has the number of a service
        or of our own SIM: they would answer us for ever."""
        return is_person(sender) and sender not in self.own_numbers

    def _store(
        self,
        connection: Connection,
        channel: str,
        digest: str,
        sender: str,
        text: str,
        reason: str,
        *,
        contact: str | None = None,
        sent_at: datetime | None = None,
    ) -> None:
        if self._is_known(connection, digest):
            return
        connection.execute(
            insert(texts_in).values(
                channel=channel,
                digest=digest,
                sender=self.sealer.seal("gateway", sender),
                text=self.sealer.seal("gateway", text),
                contact=contact,
                sent_at=micros_or_none(sent_at),
                received_at=micros(self.now()),
                reason=reason,
            )
        )

    def _is_known(self, connection: Connection, digest: str) -> bool:
        query = select(texts_in.c.id).where(texts_in.c.digest == digest)
        return connection.scalar(query) is not None

    def _digest(self, item: IncomingText) -> str:
        """Name a text by sender, stamp and words; salted, so that it tells nothing by itself."""
        stamp = item.sent_at.isoformat() if item.sent_at else self.now().isoformat()
        named = f"{item.channel}\0{item.sender}\0{stamp}\0{item.text}"
        return hashlib.blake2b(named.encode(), key=self.salt, digest_size=16).hexdigest()


def salt_of(connection: Connection) -> bytes:
    """Return this database's own salt, made once."""
    known = connection.scalar(select(meta.c.value).where(meta.c.key == "texts_salt"))
    if known is None:
        known = secrets.token_hex(32)
        connection.execute(insert(meta).values(key="texts_salt", value=known))
    return bytes.fromhex(known)


def written_since(connection: Connection, since_at: datetime) -> list[Written]:
    """Return what phones of known people sent since then, in its order."""
    rows = connection.execute(
        select(texts_in.c.contact, texts_in.c.reason, texts_in.c.received_at)
        .where(texts_in.c.contact.is_not(None), texts_in.c.received_at > micros(since_at))
        .order_by(texts_in.c.id)
    )
    return [Written(row.contact, row.reason, from_micros(row.received_at)) for row in rows]
