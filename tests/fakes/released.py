"""Two homes on a real gateway's durable path, with all that is kept of one, to be released."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from selectors import DefaultSelector
from typing import Any, Literal, TypeVar

import httpx
from sqlalchemy import Connection, Table, event, insert, select

from alerts.commands import Answer
from alerts.model import DeviceClass, Role
from alerts.permits import AddSilence, GrantPermit
from alerts.policy import Policy
from alerts.state import Voice
from devices.decode import decode
from devices.registry import standard
from gateway import homes
from gateway.db import Database
from gateway.export import progress
from gateway.health import Facts
from gateway.homes import watching
from gateway.homes.look import Look, looks
from gateway.homes.store import standing_orders
from gateway.homes.street import (
    BuildingRow,
    DeviceRow,
    HomeRow,
    MemberRow,
    OrderRow,
    Street,
    TeamRow,
)
from gateway.intake import Intake
from gateway.pipeline import Pipeline, Surroundings
from gateway.privacy import KeyStore
from gateway.recall import Registered
from gateway.registry.history import follow_file
from gateway.registry.tables import residents
from gateway.release.escrow import Escrow
from gateway.release.hearing import releases_of
from gateway.release.pump import LOOK_EVERY_S, ReleasePump
from gateway.release.releasing import Released, Releasing
from gateway.web.app import create_app
from tests.fakes import wire
from tests.fakes.shell import MemoryBroker, MemorySource, _migrated, event_of
from tests.fakes.street import CountedDraws, local

T = TypeVar("T")
NOW = local("14:30")
TOKEN = "the-token-of-this-test"
HOME, OTHER = "440307006031203", "440307006031204"
PERSONAL = ("陈秀英", "+8613712345678", "陈秀英的女儿", "水管工来过两次", "door-kept", "seal-kept")
"""Seeded below: names, a phone, words, and the devices that lead to the door."""
CONTEST = timedelta(days=14)


def street(ends_at: datetime = NOW + timedelta(days=12)) -> Street:
    """Two homes, the first with a door and a seal."""
    order = OrderRow(NOW - timedelta(days=2), ends_at, NOW - timedelta(days=2))
    members = (
        MemberRow("worker", Role.WORKER, "王小明", ("13912345601",)),
        MemberRow("lead", Role.LEAD, "赵干部", ("13912345604",)),
    )
    other = OrderRow(NOW - timedelta(days=2), NOW + timedelta(days=90), NOW - timedelta(days=2))
    return Street(
        buildings=(BuildingRow("b3", "南岭村3栋"),),
        teams=(TeamRow("team-3", members=members),),
        homes=(
            HomeRow(HOME, "b3", "team-3", "南岭村3栋1203", order, "3栋1203"),
            HomeRow(OTHER, "b3", "team-3", "南岭村3栋1204", other, "3栋1204"),
        ),
        devices=(
            DeviceRow("door-kept", HOME, device_class=DeviceClass.MAINS, place="前门"),
            DeviceRow("seal-kept", HOME, place="前门"),
            DeviceRow("door-other", OTHER),
        ),
    )


@dataclass
class Life:
    """One life of a gateway, from its start until it is killed. The clock is yours to move."""

    folder: Path
    step: Callable[[], None] = lambda: None
    is_trusted: bool = True
    now: datetime = NOW
    said: Street = field(default_factory=street)

    def __post_init__(self) -> None:
        path = self.folder / "menshen.db"
        if not path.exists():
            path.write_bytes(_migrated())
        keys_file = self.folder / "keys.json"
        is_new = not keys_file.exists()
        self.keys = KeyStore.create(keys_file) if is_new else KeyStore.open(keys_file)
        self.database = Database(path)
        self.database.migrate()
        self.connection = self.database.writer()
        self.elapsed = 0.0
        self.take_in()
        self.pipeline = Pipeline(self._surroundings())
        self.broker = MemoryBroker()
        self.intake = Intake(
            MemorySource(self.broker),  # type: ignore[arg-type]
            self.pipeline,
            self._decode,
            lambda: self.now,
            monotonic=self._monotonic,
        )
        with DefaultSelector() as selector:
            self.intake.start(self.connection, selector)
        self.releasing = Releasing(
            pipeline=self.pipeline,
            keys=self.keys,
            escrow=Escrow(self.keys),
            signing_key_file=self.folder / "certificate-key.pem",
            contest=CONTEST,
            timezone="Asia/Shanghai",
            is_trusted=lambda: self.is_trusted,
        )
        self.pump = ReleasePump(
            self.releasing, lambda: self.now, lambda: self.is_trusted, lambda: self.elapsed
        )
        with DefaultSelector() as selector:
            self.pump.start(self.connection, selector)
        event.listen(self.connection, "commit", lambda _: self.step())
        event.listen(self.connection, "begin", lambda _: self.step())

    # ---- what happens ----

    def take_in(self) -> None:
        """Read the homes file."""
        with self.connection.begin():
            homes.store(self.connection, self.said, self.keys, self.now)
            follow_file(self.connection, self.now)

    def hears(self, device: str, seq: int, state: str) -> None:
        """A device says something."""
        self.broker.publish(*event_of(device, seq, state))
        for _ in range(20):
            self.intake.pump(self.connection)
        self.pipeline.note_time(self.connection, self.now)

    def happen(self) -> None:
        """An opening with its texts, a permit, a silence, a resident: all kinds that are kept."""
        watch = self.watch()
        for number, (device, state) in enumerate(
            (("door-kept", "closed"), ("door-other", "closed"), ("door-kept", "open")), 1
        ):
            self.hears(device, number, state)
        self.hears("seal-kept", 1, "broken")
        later = self.now + timedelta(hours=1)
        permit = GrantPermit(watch, self.now, later, "meal", "team-3/lead", PERSONAL[2])
        self.pipeline.command(self.connection, permit, self.now)
        silence = AddSilence(watch, self.now, later, "operator", PERSONAL[3])
        self.pipeline.command(self.connection, silence, self.now)
        lives_there = json.dumps({"name": PERSONAL[0], "phone": PERSONAL[1]}, ensure_ascii=False)
        with self.connection.begin():
            sealed = self.keys.seal(watch, lives_there)
            self.connection.execute(
                insert(residents).values(id="r1", watch=watch, position=0, sealed=sealed)
            )

    def exports(self) -> None:
        """From now on all is exported to an InfluxDB."""
        with self.connection.begin():
            progress.begin(self.connection, self.now)

    def release(self, why: str = "医生签字解除") -> Released:
        """A person releases the first home."""
        self.now += timedelta(seconds=1)
        released = self.releasing.release(self.connection, self.watch(), "machine", why, self.now)
        self.pump.released()
        return released

    def passes(self, span: timedelta) -> None:
        """Let time pass, and what it brings be done."""
        self.now += span
        self.pipeline.trust_clock(self.is_trusted)
        self.pipeline.tick(self.connection, self.now)
        self.work()

    def work(self) -> None:
        """Pump until there is nothing left to do."""
        self.elapsed += 100.0
        for _ in range(1000):
            wait_s = self.pump.pump(self.connection)
            self.elapsed += wait_s
            if wait_s >= LOOK_EVERY_S:
                return
        raise AssertionError("it never came to rest")

    def kill(self) -> None:
        """End without a word."""
        self.connection.close()
        self.database.close()

    # ---- what there is ----

    def watch(self, code: str = HOME) -> str:
        """The watch of a home that is under an order."""
        with self.database.read() as connection:
            return next(o.watch for o in standing_orders(connection, self.keys) if o.code == code)

    def codes(self) -> set[str]:
        """The homes under an order."""
        with self.database.read() as connection:
            return {order.code for order in standing_orders(connection, self.keys)}

    def rows(self, table: Table) -> list[Any]:
        """A whole table."""
        with self.database.read() as connection:
            return list(connection.execute(select(table)))

    def bytes_on_disk(self) -> bytes:
        """Every file there is, the database's log among them."""
        return b"".join(
            path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()
        )

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            load_registered=self._registered,
            decode=self._decode,
            sealer=self.keys,
            draws=CountedDraws(),
            policy=Policy(),
            on_notices=lambda: None,
            voice=Voice(),
        )

    def _registered(self, connection: Connection) -> Registered:
        found = watching.watches(connection, self.keys, Policy())
        return Registered(found.watches, found.teams, found.devices)

    def _decode(self, topic: str, payload: bytes, retained: bool) -> Any:
        return decode(topic, payload, retained, standard())

    def _monotonic(self) -> float:
        self.elapsed += 1.0
        return self.elapsed


@dataclass
class Window:
    """The same life as the web server sees it, writing at once on the one connection."""

    life: Life
    name: str = "street-3"
    language: Literal["zh", "en"] = "zh"
    timezone: str = "Asia/Shanghai"
    asks_login: bool = False
    token: str = TOKEN

    @property
    def keys(self) -> KeyStore:
        return self.life.keys

    @property
    def reports_dir(self) -> Path:
        return self.life.folder / "reports"

    @property
    def audit_heads_file(self) -> Path:
        return self.life.folder / "audit-heads.txt"

    def now(self) -> datetime:
        return self.life.now

    def read(self) -> AbstractContextManager[Connection]:
        return self.life.database.read()

    def facts(self) -> Facts:
        now = self.life.now
        return Facts(
            now=now,
            started_at=now,
            broker_connected=True,
            broker_since=now,
            journal_seq=1,
            cursor_seq=1,
            disk_free_bytes=1,
        )

    async def looks(self) -> list[Look]:
        return looks(self.life.pipeline.state) if self.life.pipeline.state else []

    async def command(self, command: Any) -> Answer:
        return self.life.pipeline.command(self.life.connection, command, self.life.now)

    async def write(self, job: Callable[[Connection], T]) -> T:
        return await self.run(job)

    async def run(self, job: Callable[[Connection], T]) -> T:
        with self.life.connection.begin():
            return job(self.life.connection)

    async def run_turn(self, job: Callable[[Connection], T]) -> T:
        return job(self.life.connection)

    def client(self) -> AbstractContextManager[httpx.Client]:
        """A client of everything that the web server serves."""
        releases = releases_of(self, self, self.life.pump)
        return wire.client(create_app(self, self, releases=releases))
