"""A notice written as due until the modem's +CMGS for it is in our hands; its commit included.

Store, writer thread, outbox and dispatcher are the gateway's own, on a database file whose commits
are on the disk. Each notice is for another person, so that none shares another's text and no limit
holds any. Notices come to an idle gateway, and to one with a queue to serve.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, pairwise
from pathlib import Path

from sqlalchemy import Connection, insert

from alerts.channels.base import Attempt, Message, Noted, not_noted
from alerts.channels.gsm.channel import GsmChannel, ModemSettings
from alerts.dispatch import Delivery, Dispatcher
from alerts.model import IncidentId, NoticeKind, NoticeState, Severity
from alerts.outbox import Terms
from alerts.policy import Spending
from alerts.tables import micros, notices
from alerts.ways import Way
from benchmarks.service import ServiceError
from gateway.db import Database
from gateway.privacy import GATEWAY, KeyStore
from gateway.writer import Writer

WARM_UP = 5
QUIET_S = 0.1
"""A notice comes at a random moment within this long after the one before is settled."""
URGENT_EVERY_S = 0.1
"""How often a worse one comes, on average, while a queue is served."""
UP_WITHIN_S = 15.0
SENT_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds until +CMGS."""

    idle: list[float]  # from a notice's commit, nothing else being under way
    turns: list[float]  # from one +CMGS to the next, while a queue waits
    overtaking: list[float]  # from the commit of a critical notice, while that queue waits


class TimedModem(GsmChannel):
    """A modem channel that remembers when the +CMGS for each address came."""

    def __init__(self, port: Path) -> None:
        super().__init__(
            ModemSettings(str(port), allowances=()), lambda _: None, lambda _: None, name="modem"
        )
        self.came: dict[str, float] = {}  # by address, in their order

    async def send(self, to: str, message: Message, noted: Noted = not_noted) -> Attempt:
        """Send as ever; the moment is taken before the reference is put on the disk."""

        def came(reference: str) -> None:
            self.came[to] = time.perf_counter()
            noted(reference)

        return await super().send(to, message, came)


@dataclass(slots=True)
class Outbox:
    """Where notices are written, and when each was."""

    writer: Writer
    keys: KeyStore
    modem: TimedModem
    dispatcher: Dispatcher
    text: str
    written: dict[str, float] = field(default_factory=dict)  # by address: its commit's begin
    _numbers: Iterable[int] = field(default_factory=count)

    async def write(self, severity: Severity, notices_: int = 1) -> list[str]:
        """Write due notices in one commit, as the pipeline does; return whom they are for."""
        addresses = [_phone(n) for n, _ in zip(self._numbers, range(notices_), strict=False)]
        await self.writer.run(partial(self._insert, severity, addresses))
        self.dispatcher.wake()
        return addresses

    async def all_came(self, addresses: Iterable[str]) -> None:
        """Wait until the modem took the texts to all of these."""
        async with asyncio.timeout(SENT_WITHIN_S):
            while not all(  # noqa: ASYNC110 - a thread's state, without event
                each in self.modem.came for each in addresses
            ):
                await asyncio.sleep(0.005)

    def _insert(self, severity: Severity, addresses: list[str], connection: Connection) -> None:
        began, now = time.perf_counter(), datetime.now(UTC)
        connection.execute(
            insert(notices), [self._row(severity, address, now) for address in addresses]
        )
        self.written |= dict.fromkeys(addresses, began)

    def _row(self, severity: Severity, address: str, now: datetime) -> dict[str, object]:
        return {
            "id": address,
            "incident": f"incident of {address}",
            "contact": address,
            "kind": NoticeKind.ALARM,
            "severity": severity,
            "text": self.keys.seal(GATEWAY, self.text),
            "reason": "opened_unannounced",
            "created_at": micros(now),
            "expires_at": micros(now + timedelta(hours=4)),
            "state": NoticeState.PENDING,
            "next_at": micros(now),
        }


async def timed(port: Path, directory: Path, text: str, texts: int, queue: int) -> Took:
    """Let so many texts go out one by one, and then a queue with worse ones coming in between."""
    async with _outbox(port, directory, text) as outbox:
        draws = random.Random(1)  # the same moments in every run
        alone = []
        for _ in range(WARM_UP + texts):
            await asyncio.sleep(draws.uniform(0, QUIET_S))
            (address,) = await outbox.write(Severity.MAJOR)
            await outbox.all_came([address])
            alone.append(address)
        waiting = await outbox.write(Severity.MAJOR, queue)
        urgent = []
        while not outbox.modem.came.keys() >= set(waiting):
            urgent += await outbox.write(Severity.CRITICAL)
            await asyncio.sleep(draws.uniform(0, 2 * URGENT_EVERY_S))
        await outbox.all_came(urgent)
    came, written = outbox.modem.came, outbox.written
    served = sorted(came[each] for each in (*waiting, *urgent))
    return Took(
        idle=[came[each] - written[each] for each in alone[WARM_UP:]],
        turns=[later - earlier for earlier, later in pairwise(served[:queue])],
        overtaking=[came[each] - written[each] for each in urgent],
    )


@asynccontextmanager
async def _outbox(port: Path, directory: Path, text: str) -> AsyncIterator[Outbox]:
    keys, database = KeyStore.create(directory / "keys"), Database(directory / "menshen.db")
    database.migrate()
    writer, modem = Writer(database), TimedModem(port)
    await asyncio.wrap_future(writer.start())
    dispatcher = Dispatcher([modem], _delivery(writer, keys))
    await modem.open()
    serving = asyncio.create_task(dispatcher.serve(0))
    try:
        async with asyncio.timeout(UP_WITHIN_S):
            while not modem.health().is_up:  # noqa: ASYNC110 - a thread's state, without event
                await asyncio.sleep(0.01)
        yield Outbox(writer, keys, modem, dispatcher, text)
    except TimeoutError:
        raise ServiceError("the simulated modem took no text") from None
    finally:
        serving.cancel()
        await asyncio.wait([serving])
        await modem.close()
        writer.close()
        database.close()


def _delivery(writer: Writer, keys: KeyStore) -> Delivery:
    async def unreachable(_: IncidentId | None) -> None:
        raise ServiceError("the simulated modem refused a text")

    return Delivery(
        run=writer.run,
        call=writer.call,
        terms=Terms(
            sealer=keys,
            ways=lambda contact: [Way("modem", contact)],
            digest_of=lambda address: address,
            spending=Spending(parts_per_day=1_000_000),
            costly=frozenset({"modem"}),
        ),
        now=lambda: datetime.now(UTC),
        unreachable=unreachable,
        sent=lambda _: None,
    )


def _phone(number: int) -> str:
    return f"+861391{number:07d}"
