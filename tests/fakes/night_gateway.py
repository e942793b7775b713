"""A whole gateway without threads: its tables, engine and outbox, played along a clock of its own.

What happens is entered beforehand (`at`); `play` lets it happen in order, with every tick, text and
sample that falls between. Devices beat every ten minutes unless they are told not to.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from alerts import outbox, receipts, settling
from alerts.channels.base import Attempt, DeliveryReport, Outcome
from alerts.commands import Acknowledge, Answer, Command
from alerts.model import DeviceInfo, IncidentId
from alerts.outbox import Claim, Sender, Terms
from alerts.permits import PermitCommand
from alerts.policy import Policy, Spending
from alerts.state import Turn, Voice
from alerts.tables import incidents, micros
from alerts.ways import Way
from devices.decode import decode
from devices.model import Decoded
from devices.registry import standard
from gateway import cursor, homes, journal
from gateway.db import Database
from gateway.export.sampling import LOOK_EVERY_S, HomeSampling
from gateway.homes import watching
from gateway.homes.store import standing_orders
from gateway.homes.street import Street
from gateway.journal import Row
from gateway.pipeline import Entry, Pipeline, Surroundings
from gateway.privacy import KeyStore
from gateway.recall import Registered
from tests.fakes.street import CountedDraws

BEAT = timedelta(minutes=10)
CHANNEL = "gsm"
SENDS_IN = timedelta(seconds=4)
REPORTS_IN = timedelta(seconds=3)
NEVER = datetime.max.replace(tzinfo=UTC)


class NightGateway:
    """One gateway from `begins_at` on, with the homes of a street."""

    def __init__(self, folder: Path, street: Street, begins_at: datetime) -> None:
        self.now = begins_at
        self.keys = KeyStore.create(folder / "keys.json")
        self.database = Database(folder / "menshen.db")
        self.database.migrate()
        self.connection = self.database.writer()
        driver = self.connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA synchronous=OFF")  # no disk need have it
        self.draws = CountedDraws()
        self.beating: dict[str, dict[str, str]] = {}
        """States of each device that beats."""
        self.battery: dict[str, Callable[[datetime], float]] = {}
        self.clock_off_s: dict[str, float] = {}
        """How far a device's clock is ahead, of those that have one."""
        self.no_phone: set[str] = set()
        """Contacts whom no text reaches."""
        self.is_channel_up = True
        self.is_off = False
        self.texts_sent = 0
        self._sends_at = begins_at
        self._registry = standard()
        self._seq: dict[str, int] = {}
        self._said: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = count()
        self._reference = count(1)
        with self.connection.begin():
            homes.store(self.connection, street, self.keys, begins_at)
            cursor.move(self.connection, "influx", 0, begins_at)
            self.watches = {o.code: o.watch for o in standing_orders(self.connection, self.keys)}
        self._book = watching.phone_book(self.connection, self.keys)
        self.connection.rollback()
        self._elapsed_s = 0.0
        self.starts()

    def close(self) -> None:
        """Let go of the database."""
        self.connection.close()
        self.database.close()

    # ---- what is to happen ----

    def at(self, when: datetime, what: Callable[[], object]) -> None:
        """Enter something that is to happen."""
        heapq.heappush(self._said, (when, next(self._order), what))

    def says(self, when: datetime, device: str, kind: str, state: str, **more: Any) -> None:
        """Enter an event of a device; what it beats from then on is so too."""

        def said() -> None:
            self._seq[device] = self._seq.get(device, 0) + 1
            payload = {"boot": "b1", "seq": self._seq[device], "kind": kind, "state": state, **more}
            if device in self.beating and kind in self.beating[device]:
                self.beating[device][kind] = state
            self._hear([(f"menshen/v1/{device}/event", payload)])

        self.at(when, said)

    def status(self, when: datetime, device: str, state: str) -> None:
        """Enter that a device comes online, or that the broker tells its last will."""
        self.at(when, lambda: self._hear([(f"menshen/v1/{device}/status", state)]))

    def asks(self, when: datetime, what: Callable[[], Command | PermitCommand]) -> None:
        """Enter something that a person asks."""

        def asked() -> None:
            answer = self._command(what())
            assert answer.ok, answer

        self.at(when, asked)

    def incident(self, home: str, matter: str = "departure") -> IncidentId:
        """Return the id of the incident at a home."""
        query = select(incidents.c.id).where(
            incidents.c.watch == self.watches[home], incidents.c.matter == matter
        )
        with self.connection.begin():
            return IncidentId(self.connection.scalars(query).one())

    def acknowledges(
        self, when: datetime, home: str, contact: str, matter: str = "departure"
    ) -> None:
        """Enter that somebody reports in for a home's incident by text."""
        self.asks(when, lambda: Acknowledge(self.incident(home, matter), contact, "sms"))

    def run(self, work: Callable[[Turn], object]) -> None:
        """Run a turn now."""
        self.pipeline.run(self.connection, work, self.now)

    def stops(self) -> None:
        """Lose the power."""
        self.is_off = True

    def starts(self) -> None:
        """Come back, from what is on the disk."""
        self.is_off = False
        self.started_at = self.now
        self.pipeline = self._new_pipeline()
        self.pipeline.start(self.connection, self.now)
        self._sampling = HomeSampling(
            self.pipeline,
            round(BEAT.total_seconds()),
            lambda: self.now,
            lambda: self._elapsed_s,
        )
        self._sample_homes()

    # ---- time ----

    def play(self, until: datetime) -> None:
        """Let everything happen up to then."""
        beat = self.now  # a whole multiple of BEAT
        while beat <= until:
            self.at(beat, self._beat)
            beat += BEAT
        while self._said and self._said[0][0] <= until:
            when, _, what = heapq.heappop(self._said)
            self._tick_until(when)
            self.now = when
            what()
            self._send()
        self._tick_until(until)
        self.now = until

    def _tick_until(self, when: datetime) -> None:
        if self.is_off:
            return
        while (due := self.pipeline.next_at()) is not None and due <= when:
            self.now = max(self.now, due)
            self.pipeline.tick(self.connection, self.now)
            self._send()

    def _beat(self) -> None:
        if self.is_off:
            return
        self._hear(
            (f"menshen/v1/{device}/heartbeat", self.heartbeat(device, self.now))
            for device in self.beating
        )
        self.pipeline.note_time(self.connection, self.now)
        self._sample_homes()

    def heartbeat(self, device: str, at: datetime) -> dict[str, Any]:
        """Return what a device beats."""
        said = {
            "boot": "b1",
            "seq": self._seq.get(device, 0),
            "uptime_s": 1,
            "interval_s": BEAT.total_seconds(),
            "states": self.beating[device],
            "battery": self.battery[device](at),
            "rssi": -61,
        }
        if (ahead_s := self.clock_off_s.get(device)) is not None:
            said |= {"at": at.timestamp() + ahead_s, "clock": "synced"}
        return said

    def _sample_homes(self) -> None:
        """Look at every home, in as many slices as it takes."""
        self._elapsed_s += 1
        while self._sampling.pump(self.connection) < LOOK_EVERY_S:
            self._elapsed_s += 1

    # ---- the gateway's work ----

    def _hear(self, messages: Iterable[tuple[str, dict[str, Any] | str]]) -> None:
        if self.is_off:
            return
        at = micros(self.now)
        with self.connection.begin():
            first = journal.last_seq(self.connection) + 1
            rows = [
                Row(at, None, topic, written(said), False, topic.split("/")[2], None)
                for topic, said in messages
            ]
            journal.append(self.connection, first, at, rows)
        entries = []
        for seq, row in enumerate(rows, first):
            decoded = self.decode(row.topic, row.payload, row.retained)
            assert isinstance(decoded, Decoded), (row, decoded)
            entries.append(Entry(seq, self.now, decoded.observations))
        self.pipeline.apply(self.connection, entries, first + len(rows) - 1, self.now)

    def decode(self, topic: str, payload: bytes, retained: bool) -> Any:
        """Read a message as the gateway does."""
        return decode(topic, payload, retained, self._registry)

    def _command(self, asked: Command | PermitCommand) -> Answer:
        return self.pipeline.command(self.connection, asked, self.now)

    def _send(self) -> None:
        """Send what is due, one text after the other."""
        sender = Sender(CHANNEL, frozenset(), timedelta(seconds=60))
        while self.is_channel_up and not self.is_off and self._sends_at <= self.now:
            with self.connection.begin():
                claim = outbox.claim(self.connection, self._terms, sender, self.now)
                if not isinstance(claim, Claim):
                    self._sends_at = claim or NEVER
                    return
            with self.connection.begin():
                self._settle(self.connection, claim)

    def _has_notices(self) -> None:
        self._sends_at = self.now

    def _settle(self, connection: Connection, claim: Claim) -> None:
        sent_at = self.now + SENDS_IN
        legs = self._terms.legs(claim.contact, claim.severity)
        record = partial(settling.record, connection, claim, CHANNEL)
        if claim.contact in self.no_phone:
            record(Attempt(Outcome.FAILED_PERMANENT, "cms_1"), legs, sent_at)
            return
        self.texts_sent += 1
        reference = str(next(self._reference))
        record(Attempt(Outcome.SENT, "network_took_it", (reference,)), legs, sent_at)
        report = DeliveryReport(CHANNEL, reference, "", Outcome.DELIVERED, "received")
        self.at(sent_at + REPORTS_IN, lambda: self._report(report))

    def _report(self, report: DeliveryReport) -> None:
        with self.connection.begin():
            receipts.take(self.connection, report, self.now)

    @property
    def _terms(self) -> Terms:
        return Terms(
            sealer=self.keys,
            ways=lambda contact: [Way(CHANNEL, each) for each in self._book.phones(contact)],
            digest_of=lambda address: f"digest of {address[::-1]}",
            spending=Spending(),
            costly=frozenset({CHANNEL}),
        )

    def _new_pipeline(self) -> Pipeline:
        return Pipeline(
            Surroundings(
                load_registered=self._registered,
                decode=self.decode,
                sealer=self.keys,
                draws=self.draws,
                policy=Policy(),
                on_notices=self._has_notices,
                voice=Voice(),
            )
        )

    def _registered(self, connection: Connection) -> Registered:
        found = watching.watches(connection, self.keys, Policy())
        devices: list[DeviceInfo] = found.devices
        return Registered(found.watches, found.teams, devices)


def written(said: dict[str, Any] | str) -> bytes:
    """Return a payload."""
    return said.encode() if isinstance(said, str) else json.dumps(said).encode()
