"""A released home leaves InfluxDB, by a real engine, whatever fails on the way; no other does."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from selectors import DefaultSelector
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection

from devices.registry import standard
from gateway.export import erasing, erasures, progress
from gateway.export.chores import Chores
from gateway.export.erasures import SECOND_LOOK
from gateway.export.exporter import Exporter, Means
from gateway.export.forming import Former, Naming
from gateway.export.influx import Influx
from gateway.export.sampling import HomeSampling
from gateway.export.schema import Bucket
from gateway.export.shipping import Shipper
from gateway.export.tables import erasures as rows_of_erasures
from gateway.export.tables import samples
from gateway.release import certificate
from gateway.release.tables import releases
from tests.fakes.influx_engine import Engine, influx_engine
from tests.fakes.influx_target import Target, influx_under_test
from tests.fakes.released import CONTEST, HOME, OTHER, Life

T = TypeVar("T")
KEEP = dict.fromkeys(Bucket, timedelta(days=88))


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with influx_engine() as running:
        yield running


@dataclass
class Writes:
    """The writer thread, which is this one."""

    life: Life

    def call(self, job: Callable[[Connection], T]) -> Future[T]:
        done: Future[T] = Future()
        with self.life.connection.begin():
            done.set_result(job(self.life.connection))
        return done


@dataclass
class Exported:
    """A life of two homes, all of it in InfluxDB."""

    life: Life
    target: Target
    influx: Influx = field(init=False)
    exporter: Exporter = field(init=False)

    def __post_init__(self) -> None:
        fake = self.target.influx
        self.influx = Influx(fake.url, fake.org, self.target.bucket, fake.token, timeout_s=5.0)
        self.influx.prepare(KEEP)
        with self.life.connection.begin():
            progress.begin(self.life.connection, self.life.now)
        self.restart()
        self.life.happen()
        self.sample()
        self.export()

    def restart(self) -> None:
        """Begin with what the tables have, as after a kill."""
        life = self.life
        writer: Any = Writes(life)
        means = Means(
            influx=self.influx,
            chores=Chores(self.influx, life.database, writer, lambda: False, 600),
            shipper=Shipper(self.influx, KEEP),
            former=Former(Naming(life.keys, "code", "street-3", {}), standard({})),
            database=life.database,
            writer=writer,
            keys=life.keys,
            is_trusted=lambda: True,
            is_busy=lambda: False,
            draw=lambda: 0.0,
        )
        self.exporter = Exporter(means, life.now)

    def sample(self) -> None:
        """Take a sample of both homes."""
        pump = HomeSampling(self.life.pipeline, 600, lambda: self.life.now, lambda: 0.0)
        with DefaultSelector() as selector:
            pump.start(self.life.connection, selector)
        pump.pump(self.life.connection)

    def export(self) -> None:
        """Run the exporter until nothing waits."""
        self.exporter.directory_changed()
        for _ in range(100):
            if self.exporter.cycle(self.life.now) > 0:
                self.exporter.save(self.life.now)
                return
        raise AssertionError("it never came to rest")

    def everything(self) -> str:
        """All that InfluxDB has of homes, as text."""
        points = self.target.query("homes", "SELECT * FROM /.*/")
        tags = self.target.query("homes", 'SHOW TAG VALUES WITH KEY IN ("home", "watch", "device")')
        return json.dumps([points, tags], ensure_ascii=False)

    def of(self, watch: str) -> list[dict[str, Any]]:
        """All points of a home."""
        return [
            {name: value for name, value in zip(series["columns"], row, strict=True) if value}
            for series in self.target.query(
                "homes", f"SELECT * FROM /.*/ WHERE \"watch\" = '{watch}'"
            )
            for row in series["values"]
        ]

    def asked(self) -> Any:
        """The one row of deletions."""
        (row,) = self.life.rows(rows_of_erasures)
        return row

    def certificate(self) -> dict[str, Any]:
        """The one certificate."""
        (row,) = self.life.rows(releases)
        found: dict[str, Any] = json.loads(row.certificate)
        return found


@pytest.fixture
def exported(tmp_path: Path, engine: Engine) -> Iterator[Exported]:
    life = Life(tmp_path)
    with influx_under_test(engine) as target:
        made = Exported(life, target)
        yield made
        made.influx.close()
    life.kill()


def test_nothing_of_a_released_home_is_found_and_its_neighbour_is_as_it_was(
    exported: Exported,
) -> None:
    life, watch, other = exported.life, exported.life.watch(), exported.life.watch(OTHER)
    before = exported.of(other)
    for what in (watch, HOME, "door-kept", "seal-kept", other, OTHER):
        assert what in exported.everything()
    life.release()
    exported.export()
    for what in (watch, HOME, "door-kept", "seal-kept"):
        assert what not in exported.everything()
    assert exported.of(other) == before
    assert (exported.asked().points_left, exported.asked().why) == (0, "")


def test_influxdb_away_at_the_release_is_asked_when_it_is_back(exported: Exported) -> None:
    life, watch = exported.life, exported.life.watch()
    exported.target.influx.is_down = True
    life.release()
    exported.exporter.cycle(life.now)
    assert (exported.asked().why, exported.asked().proven_at) == ("outage", None)
    life.now += timedelta(hours=3)
    exported.restart()  # and nobody remembers it but the tables
    exported.target.influx.is_well()
    exported.export()
    assert exported.of(watch) == []
    assert exported.asked().proven_at is not None


def test_killed_between_deleting_and_proof_it_is_deleted_and_proven_once_more(
    exported: Exported,
) -> None:
    life, watch = exported.life, exported.life.watch()
    life.release()
    with life.database.read() as connection:
        (due,) = erasures.pending(connection, life.now)
    assert erasing.erase(exported.influx, due).points_left == 0
    assert exported.asked().proven_at is None  # it was not noted
    exported.restart()
    exported.export()
    assert exported.of(watch) == []
    assert exported.asked().proven_at is not None


def test_what_influxdb_still_had_in_hand_is_found_a_day_later_and_deleted_too(
    exported: Exported,
) -> None:
    life, watch = exported.life, exported.life.watch()
    life.release()
    exported.export()
    late = f'observation,home={HOME},watch={watch} state="open" 1700000000000000000'
    exported.influx.write(Bucket.HOMES, [late.encode()])
    life.now += SECOND_LOOK
    exported.export()
    assert exported.of(watch) == []
    assert exported.asked().watch is None  # seen empty twice: it leads to nobody any more


def test_an_influxdb_that_deletes_nothing_is_told_of_and_asked_for_ever(
    exported: Exported,
) -> None:
    life, watch = exported.life, exported.life.watch()
    exported.target.influx.version = "v3.1.0"
    life.release()
    exported.export()
    assert exported.asked().why == "not_supported"
    assert exported.asked().points_left == erasing.count(exported.influx, watch) > 0
    life.now += timedelta(days=3)
    exported.export()
    with life.database.read() as connection:
        told = erasures.unproven(connection)
    assert (told.many, told.why) == (1, ("not_supported",))
    exported.target.query("homes", f'DROP DATABASE "{exported.target.bucket}_homes"')
    exported.target.query(
        "homes", f'CREATE DATABASE "{exported.target.bucket}_homes"'
    )  # the remedy
    life.now += timedelta(hours=1)
    exported.export()
    assert exported.asked().why == ""


def test_released_while_influxdb_is_away_it_is_in_no_sample_that_waits(exported: Exported) -> None:
    life, watch = exported.life, exported.life.watch()
    exported.target.influx.is_down = True
    life.now += timedelta(minutes=10)
    exported.sample()
    pump = HomeSampling(life.pipeline, 600, lambda: life.now, lambda: life.elapsed)
    pump.pump(life.connection)
    life.release()
    for _ in range(20):
        life.elapsed += 10
        pump.pump(life.connection)
    kept = [zlib.decompress(row.sample) for row in life.rows(samples)]
    assert kept
    assert all(watch.encode() not in each for each in kept)
    assert any(life.watch(OTHER).encode() in each for each in kept)


def test_the_proof_says_that_the_copies_are_deleted(exported: Exported) -> None:
    life = exported.life
    life.release()
    assert exported.certificate()["copies"] is None
    exported.export()
    life.now += SECOND_LOOK
    exported.export()
    life.passes(CONTEST)
    proof = exported.certificate()
    assert proof["copies"] == {"state": "deleted", "on": "2026-11-22"}
    assert life.rows(rows_of_erasures) == []
    public = certificate.signing_key(life.releasing.signing_key_file).public_key()
    assert certificate.why_not(proof, public) is None


def test_a_proof_that_could_not_say_so_is_made_anew_once_they_are(exported: Exported) -> None:
    life = exported.life
    exported.target.influx.is_down = True
    code = life.release().code
    life.passes(CONTEST + timedelta(hours=1))
    early = exported.certificate()
    assert early["copies"] == {"state": "not_proven", "on": None}
    exported.target.influx.is_well()
    exported.export()
    life.now += SECOND_LOOK
    exported.export()
    life.work()
    late = exported.certificate()
    assert late["copies"] == {"state": "deleted", "on": "2026-12-06"}
    assert {**early, "copies": None, "signature": ""} == {**late, "copies": None, "signature": ""}
    public = certificate.signing_key(life.releasing.signing_key_file).public_key()
    for proof in (early, late):
        tie = certificate.tie_of(code, HOME)
        assert certificate.why_not(proof, public, tie) is None
