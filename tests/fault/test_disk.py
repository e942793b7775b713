"""The disk is full and then not; what is on it is damaged, too new, or missing."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Connection

from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_gateway import GatewayProcess
from tests.fakes.fault_inside import inside
from tests.fakes.fault_publisher import Device, Publisher
from tests.fakes.fault_street import door, prepare, seal
from tests.fakes.fault_wait import soon, until

pytestmark = pytest.mark.mosquitto


class Scene(NamedTuple):
    gateway: GatewayProcess
    publisher: Publisher


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes=2)
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            yield Scene(gateway, publisher)


def limit_files(pid: int, size: int) -> None:
    """Let no file of this process grow beyond `size`: what a full disk is to a program."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def give_room(pages: int, connection: Connection) -> None:
    """Let the database have so many pages, or as many as it has, whichever is more."""
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def test_a_disk_that_takes_no_more_costs_nothing_and_work_goes_on_afterwards(scene: Scene) -> None:
    gateway, publisher = scene
    gateway.start().hears(publisher)
    device, other = Device(door(0)), Device(door(1))
    limit_files(gateway.pid, 200_000)
    for _ in range(3000):
        publisher.send(*device.event("door", "closed"))
    publisher.drain()
    until(lambda: gateway.metric("intake_commits_refused_total") > 0, "commits are refused")
    assert not gateway.health()["ok"]
    assert {"part": "journal", "level": "bad"}.items() <= {
        key: value
        for finding in gateway.health()["findings"]
        if finding["part"] == "journal"
        for key, value in finding.items()
    }.items()
    publisher.send(*other.event("door", "open"))
    publisher.drain()
    assert gateway.texts() == []
    limit_files(gateway.pid, resource.RLIM_INFINITY)
    events = "SELECT count(*) FROM journal WHERE topic LIKE '%/event'"
    until(lambda: gateway.count(events) == 3001, "all is journalled, by itself")
    until(gateway.texts, "the opening is told")
    until(lambda: gateway.health()["ok"], "all is well again")
    assert gateway.metric("intake_duplicates_total") == 0


async def test_a_full_database_is_said_by_name_and_both_journal_and_decisions_recover(
    tmp_path: Path,
) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes=2)
        async with inside(config) as world:
            desk, device = world.gateway.desk, Device(door(0))
            await desk.writer.run(partial(give_room, 1))  # never below what is
            for _ in range(500):
                publisher.send(*device.event("door", "closed"))
            publisher.send(*Device(door(1)).event("door", "open"))
            await soon(lambda: desk.vitals.facts().refused_reason == "disk_full", "it is said")
            assert await world.incidents() == []
            await desk.writer.run(partial(give_room, 1_000_000_000))
            await soon(lambda: desk.vitals.facts().refused_since is None, "it is over")
            await soon(lambda: desk.pipeline.cursor >= 501, "all is applied")
            assert [matter for matter, _ in await world.incidents()] == ["departure"]
            assert world.counted("intake_messages") == 501


def test_telling_waits_for_the_disk_and_then_goes_on_without_a_restart(
    tmp_path: Path,
) -> None:
    homes = 30
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes)
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            for home in range(homes):
                publisher.send(*Device(seal(home)).event("seal", "broken"))
            until(lambda: len(gateway.texts()) > 5, "texts go out")
            limit_files(gateway.pid, 20_000)
            until(lambda: "tried again" in gateway.log(), "telling waits")
            limit_files(gateway.pid, resource.RLIM_INFINITY)
            due = "SELECT count(*) FROM notices WHERE state <> 'delivered'"
            until(lambda: gateway.count(due) == 0, "all are delivered")
            assert len(gateway.texts()) == gateway.count("SELECT count(*) FROM notices")
            assert gateway.is_alive


def test_a_damaged_database_is_refused_at_start_by_name(scene: Scene) -> None:
    gateway, publisher = scene
    gateway.start().hears(publisher)
    assert gateway.stop() == 0
    file = gateway.config.database_file
    spoilt = bytearray(file.read_bytes())
    for at in range(4096 * 2, len(spoilt), 4096):  # a page's head says what the page holds
        spoilt[at : at + 200] = b"\xa5" * 200
    file.write_bytes(spoilt)
    assert gateway.start().wait() != 0
    assert str(file) in gateway.log()
    assert "damaged" in gateway.log()
    assert "backup" in gateway.log()
    assert file.read_bytes() == spoilt


def test_a_file_that_is_no_database_is_refused_by_name(scene: Scene) -> None:
    gateway, _ = scene
    gateway.config.database_file.write_bytes(b"not a database, but 64 bytes of text" * 64)
    assert gateway.start().wait() != 0
    assert str(gateway.config.database_file) in gateway.log()
    assert "damaged" in gateway.log()


def test_a_newer_database_is_refused_by_name_and_left_as_it_is(scene: Scene) -> None:
    gateway, publisher = scene
    gateway.start().hears(publisher)
    assert gateway.stop() == 0
    with closing(sqlite3.connect(gateway.config.database_file)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    assert gateway.start().wait() != 0
    assert str(gateway.config.database_file) in gateway.log()
    assert "newer" in gateway.log()
    assert gateway.rows("SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_missing_key_store_is_refused_by_name_and_no_new_one_is_made(scene: Scene) -> None:
    gateway, publisher = scene
    gateway.start().hears(publisher)
    assert gateway.stop() == 0
    gateway.config.keys_file.unlink()
    assert gateway.start().wait() != 0
    assert str(gateway.config.keys_file) in gateway.log()
    assert not gateway.config.keys_file.exists()


def test_a_second_gateway_on_the_same_database_is_refused(scene: Scene, tmp_path: Path) -> None:
    gateway, publisher = scene
    gateway.start().hears(publisher)
    with GatewayProcess(tmp_path / "gateway", gateway.config) as second:
        assert second.start().wait() != 0
    assert "another gateway" in gateway.log()
    assert gateway.is_alive
