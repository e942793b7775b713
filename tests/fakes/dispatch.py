"""An outbox with its dispatcher, channels that do as they are told, and a clock the test moves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, insert, select
from sqlalchemy.pool import StaticPool

from alerts import receipts
from alerts.channels.base import (
    Attempt,
    ChannelHealth,
    DeliveryReport,
    Message,
    Noted,
    Outcome,
    not_noted,
)
from alerts.dispatch import Delivery, Dispatcher, Sent
from alerts.model import IncidentId, NoticeKind, NoticeState, Severity
from alerts.outbox import Terms
from alerts.policy import Spending
from alerts.receipts import Receipt
from alerts.tables import attempts, metadata, micros, notices
from alerts.ways import Way

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
EACH_BY_ITSELF = Spending(
    bundle_s=0, bundle_critical_s=0, phone_per_15_min=99, phone_per_hour=99, phone_per_day=99
)
FIELDS = {"number": "4821", "place": "南岭村3栋1203", "level": "2"}
T = TypeVar("T")


def digest_of(address: str) -> str:
    """Return what an address is called in records."""
    return f"digest of {address}"


class Plain:
    """Seals nothing: what is stored is what was written."""

    def seal(self, owner: str, text: str) -> bytes:
        return text.encode()

    def unseal(self, owner: str, blob: bytes) -> str:
        return blob.decode()


@dataclass
class Phone:
    """A channel that does as it is told, and remembers."""

    name: str
    answers: list[Attempt] = field(default_factory=list)
    is_up: bool = True
    texts: list[tuple[str, str]] = field(default_factory=list)
    slowest_s: float = 180.0
    is_outside: bool = False
    is_free: bool = False
    hangs: asyncio.Event | None = None
    notes: tuple[str, ...] = ()  # references that are known before the answer
    messages: list[Message] = field(default_factory=list)

    async def send(self, to: str, message: Message, noted: Noted = not_noted) -> Attempt:
        self.texts.append((to, message.text))
        self.messages.append(message)
        for reference in self.notes:
            noted(reference)
        if self.hangs is not None:
            await self.hangs.wait()
        return self.answers.pop(0) if self.answers else Attempt(Outcome.SENT, "ok", ("7",))

    def health(self) -> ChannelHealth:
        return ChannelHealth(self.is_up, "ready" if self.is_up else "unplugged", {})

    async def open(self) -> None: ...

    async def close(self) -> None: ...


@dataclass
class Desk:
    """An outbox with its dispatcher, and a clock that the test moves."""

    engine: Engine
    channels: list[Phone]
    now: datetime = NOW
    sent: list[Sent] = field(default_factory=list)
    unreachable: list[str | None] = field(default_factory=list)
    spending: Spending = field(default_factory=lambda: EACH_BY_ITSELF)
    phones: dict[str, list[str]] = field(default_factory=lambda: {"t/worker": ["+8613900000001"]})

    def __post_init__(self) -> None:
        self.terms = Terms(
            sealer=Plain(),
            ways=self.ways,
            digest_of=digest_of,
            spending=self.spending,
            costly=frozenset(each.name for each in self.channels if not each.is_free),
            outside=frozenset(each.name for each in self.channels if each.is_outside),
        )
        self.dispatcher = Dispatcher(
            self.channels,
            Delivery(
                run=self.run,
                call=self.call,
                terms=self.terms,
                now=lambda: self.now,
                unreachable=self.note_unreachable,
                sent=self.sent.append,
                link="https://menshen.example",
            ),
        )

    def ways(self, contact: str) -> list[Way]:
        """Each phone over each channel for texts, then the groups of those that push."""
        phones = self.phones.get(contact, [])
        texts = [each.name for each in self.channels if not each.is_outside]
        groups = [each.name for each in self.channels if each.is_outside and phones]
        return [Way(name, phone) for phone in phones for name in texts] + [
            Way(name, "") for name in groups
        ]

    async def note_unreachable(self, incident: IncidentId | None) -> None:
        self.unreachable.append(incident)

    def call(self, job: Callable[[Connection], None]) -> Future[None]:
        done: Future[None] = Future()
        with self.engine.begin() as connection:
            job(connection)
        done.set_result(None)
        return done

    def run(self, job: Callable[[Connection], T]) -> Awaitable[T]:
        async def in_transaction() -> T:
            with self.engine.begin() as connection:
                return job(connection)

        return in_transaction()

    def write(self, id_: str, severity: Severity = Severity.MAJOR, **values: object) -> None:
        row: dict[str, object] = {
            "id": id_,
            "incident": "i1",
            "watch": "w1",
            "contact": "t/worker",
            "kind": NoticeKind.ALARM,
            "severity": severity,
            "text": f"【门神】text {id_}".encode(),
            "said": json.dumps({"short": f"【门神】short {id_}", "fields": FIELDS}).encode(),
            "reason": "opened_unannounced",
            "created_at": micros(self.now),
            "expires_at": micros(self.now + timedelta(hours=4)),
            "state": NoticeState.PENDING,
            "next_at": micros(self.now),
            **values,
        }
        with self.engine.begin() as connection:
            connection.execute(insert(notices).values(**row))

    def state(self, id_: str) -> NoticeState:
        with self.engine.connect() as connection:
            query = select(notices.c.state).where(notices.c.id == id_)
            return NoticeState(connection.scalars(query).one())

    def report(self, reference: str, outcome: Outcome, number: str = "") -> Receipt | None:
        """Let a delivery report come in over the first channel."""
        said = DeliveryReport(self.channels[0].name, reference, number, outcome, "st")
        with self.engine.begin() as connection:
            return receipts.take(connection, said, self.now, digest_of)

    def attempts(self) -> list[tuple[str, str, str]]:
        """Channel, outcome and references of every attempt on record."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(attempts).order_by(attempts.c.id)).all()
        return [(row.channel, row.outcome, row.references) for row in rows]

    def end(self, id_: str) -> tuple[str | None, str | None]:
        """Why it ended, and who was told instead."""
        with self.engine.connect() as connection:
            query = select(notices.c.end_reason, notices.c.instead).where(notices.c.id == id_)
            row = connection.execute(query).one()
        return row.end_reason, row.instead

    async def passes(self, seconds: float) -> None:
        """Let time pass, and all that falls due by then go out."""
        self.now += timedelta(seconds=seconds)
        self.dispatcher.wake()
        for _ in range(100):
            await asyncio.sleep(0)

    async def until(self, fact: Callable[[], bool]) -> None:
        for _ in range(2000):
            if fact():
                return
            await asyncio.sleep(0)
        raise AssertionError("it did not happen")

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.dispatcher.serve(i)) for i in range(len(self.channels))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def desk(*channels: Phone, spending: Spending = EACH_BY_ITSELF) -> Desk:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    metadata.create_all(engine)
    return Desk(engine, list(channels) or [Phone("modem")], spending=spending)
