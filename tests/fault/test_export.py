"""`kill -9` of a gateway that exports, and of InfluxDB: all that was journalled is there once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from gateway.config import Config
from gateway.export.influx import Influx
from gateway.export.schema import Bucket
from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_gateway import GatewayProcess
from tests.fakes.fault_publisher import Device, Publisher
from tests.fakes.fault_street import CONSOLE, door, prepare
from tests.fakes.fault_wait import until
from tests.fakes.influx_engine import influx_engine
from tests.fakes.influx_target import Target, influx_under_test

pytestmark = pytest.mark.mosquitto

HOMES = 20
KILLS = 5
OF_DOORS = "SELECT count(*) FROM journal WHERE reason IS NULL AND topic LIKE '%/door-%/event'"
CURSOR = "SELECT seq FROM cursors WHERE consumer = 'influx'"


class Street(NamedTuple):
    """Everything that stands."""

    gateway: GatewayProcess
    target: Target
    publisher: Publisher
    doors: list[Device]

    def publish(self, rounds: int) -> None:
        """Have every door open and close so often."""
        for number in range(rounds):
            for each in self.doors:
                self.publisher.send(*each.event("door", "closed" if number % 2 else "open"))

    def is_complete(self) -> bool:
        """Say whether what is in InfluxDB is what is in the journal."""
        return self.numbers() == self.journalled()

    def is_saved(self) -> bool:
        """Say whether the saved cursor is at the end of the journal."""
        return self.gateway.count(CURSOR) >= self.gateway.count("SELECT max(seq) FROM journal")

    def has_all_transitions(self) -> bool:
        """Say whether every change of an incident is in InfluxDB, and none twice."""
        told = self.target.count("homes", "transition", "reason")
        return told == self.gateway.count("SELECT count(*) FROM transitions") > 0

    def numbers(self) -> list[int]:
        """Return the journal's numbers of all observations of doors in InfluxDB."""
        found = self.target.query("homes", "SELECT seq FROM observation WHERE kind = 'door'")
        column = found[0]["columns"].index("seq") if found else 0
        return sorted(row[column] for series in found for row in series["values"])

    def journalled(self) -> list[int]:
        """Return the journal's numbers of all events of doors."""
        asked = OF_DOORS.replace("count(*)", "seq")
        return sorted(seq for (seq,) in self.gateway.rows(asked))


@contextmanager
def street(tmp_path: Path) -> Iterator[Street]:
    """A street whose gateway exports, and hears its doors."""
    with (
        Mosquitto(tmp_path / "broker") as broker,
        influx_engine(_made(tmp_path / "influx")) as engine,
        influx_under_test(engine) as target,
        Publisher(broker.port) as publisher,
    ):
        config = _prepare(tmp_path / "gateway", broker.port, target)
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            doors = [Device(door(home)) for home in range(HOMES)]
            yield Street(gateway, target, publisher, doors)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _prepare(folder: Path, port: int, target: Target) -> Config:
    fake = target.influx
    influx = Influx(fake.url, fake.org, target.bucket, fake.token, None)
    influx.prepare({bucket: timedelta(days=88) for bucket in Bucket})
    influx.close()
    folder.mkdir()
    token = folder / "influx-token"
    token.write_text(fake.token, encoding="utf-8")
    token.chmod(0o600)
    export = (
        f'[influx]\nurl = "{fake.url}"\norg = "{fake.org}"\nbucket = "{target.bucket}"\n'
        f'token_file = "influx-token"\n'
    )
    return prepare(folder, port, HOMES, channels=CONSOLE + export)


@pytest.mark.slow
def test_killed_again_and_again_it_exports_every_record_exactly_once(tmp_path: Path) -> None:
    with street(tmp_path) as all_:
        for kill in range(KILLS):
            before = all_.target.influx.requests["/api/v2/write"]
            all_.publish(12)
            all_.publisher.drain()

            def has_posted(before: int = before) -> bool:
                return all_.target.influx.requests["/api/v2/write"] > before

            until(has_posted, "something is posted")
            if kill % 2:
                all_.target.influx.drops(2)  # written, and never answered
            all_.gateway.kill()
            all_.gateway.start().ready()
        until(all_.is_complete, "everything is exported", 60)
        until(all_.is_saved, "progress is saved", 60)
        assert all_.is_complete()
        until(all_.has_all_transitions, "what was decided is exported")
        assert len(all_.journalled()) == KILLS * 12 * HOMES


def test_the_gateway_works_through_an_outage_and_then_catches_up(tmp_path: Path) -> None:
    with street(tmp_path) as all_:
        all_.publish(2)
        until(all_.is_complete, "everything is exported", 60)
        all_.target.influx.is_down = True
        all_.publish(10)
        all_.publisher.drain()
        until(lambda: all_.gateway.count(OF_DOORS) == 12 * HOMES, "all is journalled")
        assert all_.gateway.is_alive
        all_.target.influx.is_down = False
        until(all_.is_complete, "everything is exported", 60)
        assert all_.gateway.stop() == 0


def test_influxdb_that_hangs_does_not_hold_up_the_end_of_the_gateway(tmp_path: Path) -> None:
    with street(tmp_path) as all_:
        before = all_.target.influx.requests["/api/v2/write"]
        all_.target.influx.hangs(3)
        all_.publish(1)
        until(lambda: all_.target.influx.requests["/api/v2/write"] > before, "a post hangs")
        assert all_.gateway.stop() == 0
        assert "Traceback" not in all_.gateway.log()
        all_.target.influx.is_well()
        all_.gateway.start().ready()
        until(all_.is_complete, "everything is exported", 60)


def test_a_gateway_that_exports_no_more_keeps_nothing_for_it(tmp_path: Path) -> None:
    with street(tmp_path) as all_:
        all_.publish(2)
        until(all_.is_complete, "everything is exported", 60)
        all_.gateway.stop()
        assert all_.gateway.rows(CURSOR)
        settings = tmp_path / "gateway" / "menshen.toml"
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace("[influx]\nurl", "[influx]\n#url"), encoding="utf-8")
        all_.gateway.start().ready()
        all_.publish(2)
        all_.publisher.drain()
        until(lambda: all_.gateway.count(OF_DOORS) == 4 * HOMES, "all is journalled")
        assert not all_.gateway.rows(CURSOR)
        assert all_.gateway.count("SELECT count(*) FROM export_feed") == 0
        assert all_.gateway.count("SELECT count(*) FROM samples") == 0
