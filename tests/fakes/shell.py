"""A gateway's durable path on a real database: its broker in memory, its clock yours to move."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from selectors import BaseSelector, DefaultSelector
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Connection, Table, event, select

from alerts.model import DeviceInfo
from alerts.policy import Policy
from alerts.state import Voice
from devices.decode import decode
from devices.registry import standard
from gateway import journal
from gateway.db import Database
from gateway.intake import Intake
from gateway.journal import Record
from gateway.pipeline import Engine, Pipeline, Surroundings
from gateway.recall import Registered
from gateway.wire import Arrival
from tests.fakes.street import CountedDraws, local, maintainers, team, watch

DEVICES = ("door-1", "door-2", "seal-1")


@dataclass
class MemoryBroker:
    """Keeps what was published until it is confirmed, and delivers it again to who reconnects."""

    queued: dict[int, tuple[str, bytes, bool]] = field(default_factory=dict)
    window: int = 500
    sent: list[tuple[str, bytes]] = field(default_factory=list)
    _last_mid: int = 0

    def publish(self, topic: str, payload: bytes, *, retained: bool = False) -> int:
        """Take a message for the gateway."""
        self._last_mid += 1
        self.queued[self._last_mid] = (topic, payload, retained)
        return self._last_mid


class MemorySource:
    """What `MqttSource` is to intake, one connection after the other."""

    def __init__(self, broker: MemoryBroker, step: Callable[[], None] = lambda: None) -> None:
        self.broker = broker
        self.epoch = 1
        self.is_connected = True
        self._delivered: set[int] = set()
        self._step = step

    def start(self, selector: BaseSelector) -> None:
        pass

    def stop(self) -> None:
        pass

    def reconnect(self) -> None:
        """Lose the connection and get another: unconfirmed messages come again."""
        self.epoch += 1
        self._delivered.clear()

    def take(self) -> list[Arrival]:
        self._step()
        unconfirmed = list(self.broker.queued.items())[: self.broker.window]
        fresh = [each for each in unconfirmed if each[0] not in self._delivered]
        self._delivered.update(mid for mid, _ in fresh)
        return [Arrival(topic, payload, mid, retained) for mid, (topic, payload, retained) in fresh]

    def confirm(self, mids: Iterable[int], epoch: int) -> None:
        self._step()
        if epoch == self.epoch:
            for mid in mids:
                self.broker.queued.pop(mid, None)
        self._step()

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        self.broker.sent.extend(messages)

    def wait_s(self) -> float:
        return 1.0


class PlainSealer:
    """Seals nothing."""

    def seal(self, owner: str, text: str) -> bytes:
        return f"{owner}|{text}".encode()

    def unseal(self, owner: str, blob: bytes) -> str:
        return blob.decode().removeprefix(f"{owner}|")


class Shell:
    """One life of a gateway: from opening the database to being killed, or stopped."""

    def __init__(
        self,
        path: Path,
        broker: MemoryBroker,
        *,
        draws: CountedDraws | None = None,
        step: Callable[[], None] = lambda: None,
        engine: Engine | None = None,
        group_rows: int = 500,
        voice: Voice | None = None,
    ) -> None:
        self.now = local("14:30")
        self.elapsed = 0.0
        self.woken = 0
        if not path.exists():
            path.write_bytes(_migrated())
        self.database = Database(path)
        self.database.migrate()
        self.source = MemorySource(broker, step)
        self._registry = standard()
        self._step = step
        around = Surroundings(
            load_registered=registered,
            decode=lambda topic, payload, retained: decode(
                topic, payload, retained, self._registry
            ),
            sealer=PlainSealer(),
            draws=draws or CountedDraws(),
            policy=Policy(),
            on_notices=self._notices_wait,
            voice=voice or Voice(),
        )
        self.pipeline = Pipeline(around, engine)
        self.intake = Intake(
            self.source,  # type: ignore[arg-type]
            self.pipeline,
            around.decode,
            lambda: self.now,
            group_rows=group_rows,
            monotonic=self._monotonic,
        )
        self.connection = self.database.writer()
        event.listen(self.connection, "begin", lambda _: step())
        event.listen(self.connection, "commit", lambda _: step())
        self._selector = DefaultSelector()

    def start(self) -> None:
        """Begin to listen."""
        self.intake.start(self.connection, self._selector)

    def pump(self, times: int = 1) -> float:
        """Let intake have its turn, some seconds after the last."""
        wait_s = 0.0
        for _ in range(times):
            wait_s = self.intake.pump(self.connection)
        return wait_s

    def settle(self) -> None:
        """Pump until nothing waits any more."""
        for _ in range(1000):
            if self.pump() > 0 and not self.source.broker.queued and not self.pipeline.is_behind:
                return
        raise AssertionError("it never came to rest")

    def kill(self) -> None:
        """End without a word, as `kill -9` does: what was not committed is gone."""
        self._selector.close()
        self.connection.close()
        self.database.close()

    def stop(self) -> None:
        """End in order."""
        self.intake.stop(self.connection)
        self.kill()

    def in_transaction(self) -> AbstractContextManager[Any]:
        """A transaction on the writing connection."""
        return self.connection.begin()

    def records(self) -> list[Record]:
        """The whole journal."""
        with self.database.read() as connection:
            return journal.read(connection, 0, 100_000)

    def rows(self, table: Table) -> list[Any]:
        """A whole table."""
        with self.database.read() as connection:
            return list(connection.execute(select(table)))

    def _monotonic(self) -> float:
        self.elapsed += 1.0
        return self.elapsed

    def _notices_wait(self) -> None:
        self.woken += 1
        self._step()


@cache
def _migrated() -> bytes:
    """An empty database of the present version: to migrate takes longer than most tests."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "empty.db")
        database = Database(path)
        database.migrate()
        database.close()
        return path.read_bytes()


def registered(connection: Connection) -> Registered:
    """One home with three devices, whose order is running."""
    home = watch("w1", devices=DEVICES)
    return Registered(
        {"w1": home},
        {each.id: each for each in (team(), maintainers())},
        [DeviceInfo(device, "w1", "b3") for device in DEVICES],
    )


def event_of(device: str, seq: int, state: str, boot: str = "b1") -> tuple[str, bytes]:
    """Topic and payload of a native event; the kind stands in the device's name."""
    kind = device.partition("-")[0]
    payload = {"seq": seq, "boot": boot, "kind": kind, "state": state}
    return f"menshen/v1/{device}/event", json.dumps(payload).encode()


def later(shell: Shell, seconds: float) -> datetime:
    """Move the clock."""
    shell.now += timedelta(seconds=seconds)
    return shell.now
