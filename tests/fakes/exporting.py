"""An exporter on a real database with thirty homes: its clock yours, its cycles run by hand.

with exporting(tmp_path, lambda: client(target)) as export:
    export.journal(100); export.drain(); export.restart()
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, select

from alerts.tables import micros
from devices.registry import standard
from gateway import homes, journal
from gateway.db import Database
from gateway.export import progress
from gateway.export.chores import Chores
from gateway.export.exporter import Exporter, Means
from gateway.export.forming import Former, Naming
from gateway.export.influx import Answer, Influx, Series, Verdict
from gateway.export.schema import Bucket
from gateway.export.shipping import Shipper
from gateway.export.tables import CONSUMER
from gateway.journal import Row
from gateway.privacy import KeyStore
from gateway.schema.tables import cursors
from gateway.writer import Writer
from tests.fakes.gateway import NOW, street
from tests.fakes.influx_target import Target
from tests.fakes.shell import _migrated

DOOR = "door-31203"
KEEP = {
    Bucket.HOMES: timedelta(days=88),
    Bucket.GATEWAY: timedelta(days=90),
    Bucket.COUNTS: timedelta(days=1096),
}

T = TypeVar("T")

_LINE = re.compile(rb"((?:\\.|[^ ])+) (.+) (\d+)", re.DOTALL)


@dataclass
class Exporting:
    """One gateway's export, for as many lives as a test wants."""

    database: Database
    keys: KeyStore
    writer: Writer
    reach: Callable[[], Influx]
    now: datetime = NOW
    elapsed: float = 0.0
    spent: float = 0.0
    is_busy: bool = False
    is_trusted: bool = True
    influx: Influx | None = field(init=False, default=None)
    exporter: Exporter = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin with what the tables have, as after a kill."""
        self.close()
        self.influx = influx = self.reach()
        naming = Naming(self.keys, "code", "street-3", {"gsm": 5.0})
        means = Means(
            influx=influx,
            shipper=Shipper(influx, KEEP),
            former=Former(naming, standard({})),
            chores=Chores(
                influx,
                self.database,
                self.writer,
                lambda: self.is_trusted,
                600,
                lambda: self.elapsed,
            ),
            database=self.database,
            writer=self.writer,
            keys=self.keys,
            is_trusted=lambda: self.is_trusted,
            is_busy=lambda: self.is_busy,
            draw=lambda: 0.0,
            monotonic=lambda: self.elapsed,
            spent_s=self._spend,
        )
        self.exporter = Exporter(means, self.now)

    def close(self) -> None:
        """Close the connections to InfluxDB."""
        if self.influx is not None:
            self.influx.close()

    def write(self, job: Callable[[Connection], T]) -> T:
        """Run a job on the writer thread."""
        return self.writer.call(job).result()

    def journal(self, count: int, device: str = DOOR, ago: timedelta = timedelta(0)) -> None:
        """Append records of a door, one a second up to `ago` before now."""

        def append(connection: Connection) -> None:
            first = journal.last_seq(connection) + 1
            last_at = micros(self.now - ago)
            rows = [
                Row(
                    last_at - (count - number) * 1_000_000,
                    None,
                    f"menshen/v1/{device}/event",
                    json.dumps(
                        {
                            "seq": first + number,
                            "boot": "b1",
                            "kind": "door",
                            "state": "closed" if number % 2 else "open",
                        }
                    ).encode(),
                    retained=False,
                    device=device,
                    reason=None,
                )
                for number in range(count)
            ]
            for begin in range(0, count, 500):
                journal.append(connection, first + begin, last_at, rows[begin : begin + 500])

        self.write(append)

    def cycle(self) -> float:
        """One cycle."""
        return self.exporter.cycle(self.now)

    def drain(self) -> None:
        """Run cycles until nothing waits; then save."""
        for _ in range(1000):
            if self.cycle() > 0:
                assert self.exporter.status().state == "up_to_date", self.exporter.status()
                self.exporter.save(self.now)
                return
        raise AssertionError("it never came to rest")

    def cursor(self) -> int | None:
        """Where the saved cursor is; None where nothing is exported."""
        found = select(cursors.c.seq).where(cursors.c.consumer == CONSUMER)
        with self.database.read() as connection:
            return connection.scalar(found)

    def _spend(self) -> float:
        self.spent += 0.05
        return self.spent


@dataclass
class RecordedInflux:
    """What `Influx` is to the exporter: keeps the points it is given, and answers as it is told."""

    points: dict[Bucket, dict[bytes, bytes]] = field(default_factory=dict)  # fields by series, time
    answers: deque[Answer] = field(default_factory=deque)  # of the next writes
    posts: list[list[bytes]] = field(default_factory=list)
    bad: Callable[[bytes], bool] = lambda _: False
    erased: list[str] = field(default_factory=list)

    def write(self, bucket: Bucket, lines: Sequence[bytes]) -> Answer:
        """Take all of it, or nothing."""
        self.posts.append(list(lines))
        if self.answers and (answer := self.answers.popleft()).verdict is not Verdict.WRITTEN:
            return answer
        if any(self.bad(line) for line in lines):
            return Answer(Verdict.REFUSED, "unable to parse")
        kept = self.points.setdefault(bucket, {})
        for line in lines:
            match = _LINE.fullmatch(line)
            assert match, line
            kept[match[1] + b" " + match[3]] = match[2]
        return Answer(Verdict.WRITTEN)

    def lines(self, measurement: str) -> list[bytes]:
        """Return series and time of each point of a measurement."""
        begins = measurement.encode() + b","
        return [key for kept in self.points.values() for key in kept if key.startswith(begins)]

    def erase(self, bucket: Bucket, watch: str) -> None:
        """Delete what leads to a home."""
        self.erased.append(watch)
        kept = self.points.get(bucket, {})
        for key in [key for key in kept if watch.encode() in key]:
            del kept[key]

    def query(self, bucket: Bucket, influxql: str) -> list[Series]:
        """Find nothing."""
        return []

    def version(self) -> str:
        """Say one."""
        return "2.7.11"

    def close(self) -> None:
        """Nothing."""


@contextmanager
def exporting(
    folder: Path, reach: Callable[[], Influx], now: datetime = NOW
) -> Iterator[Exporting]:
    """Lay the ground and begin."""
    keys = KeyStore.create(folder / "keys.json")
    database = Database(folder / "menshen.db")
    database.path.write_bytes(_migrated())
    with database.writer() as connection, connection.begin():
        homes.store(connection, street(), keys, now)
        progress.begin(connection, now)
    writer = Writer(database)
    writer.start().result()
    try:
        export = Exporting(database, keys, writer, reach, now)
        try:
            yield export
        finally:
            export.close()
    finally:
        writer.close()
        database.close()


def client(target: Target, timeout_s: float = 5.0) -> Influx:
    """A client of the test's own InfluxDB, whose buckets are made."""
    fake = target.influx
    influx = Influx(fake.url, fake.org, target.bucket, fake.token, None, timeout_s)
    if not fake.is_down:
        influx.prepare(KEEP)
    return influx
