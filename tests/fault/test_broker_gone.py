"""The broker dies, stays away, forgets us, or has more for us than it may keep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_gateway import GatewayProcess
from tests.fakes.fault_inside import inside
from tests.fakes.fault_publisher import Device, Publisher
from tests.fakes.fault_street import door, prepare, seal
from tests.fakes.fault_wait import soon, until

pytestmark = pytest.mark.mosquitto


def test_a_broker_killed_and_restarted_costs_nothing_that_it_had_saved(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes=2)
        device = Device(door(0))
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            assert gateway.stop() == 0
            before = gateway.journalled()
            for _ in range(500):
                publisher.send(*device.event("door", "closed"))
            publisher.drain()
            broker.save()
            broker.kill()
            gateway.start()
            broker.start()
            gateway.ready()
            until(lambda: gateway.journalled() == before + 500, "what waited is journalled")
            for _ in range(100):
                publisher.send(*device.event("door", "closed"))
            until(lambda: gateway.journalled() == before + 600, "so is what came after")
            assert gateway.metric("mqtt_sessions_lost_total") == 0
            assert gateway.metric("reason_messages_missing_total") == 0


def test_a_lost_session_is_subscribed_anew_counted_and_opens_no_incident(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes=2)
        device = Device(door(0))
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            publisher.send(*device.event("door", "closed"))
            publisher.drain()
            broker.kill()
            broker.forget()
            broker.start()
            until(lambda: gateway.metric("mqtt_sessions_lost_total") == 1, "the loss is counted")
            gateway.hears(publisher)
            assert gateway.count("SELECT count(*) FROM incidents") == 0
            publisher.send(*device.event("door", "open"))
            until(gateway.texts, "an opening after it is told")
            assert gateway.count("SELECT count(*) FROM incidents") == 1


def test_what_an_overflown_queue_dropped_shows_as_a_gap_of_its_device(tmp_path: Path) -> None:
    kept = {"max_queued_messages": "20", "max_inflight_messages": "20"}
    with (
        Mosquitto(tmp_path / "broker", **kept) as broker,
        Publisher(broker.port) as publisher,
    ):
        config = prepare(tmp_path / "gateway", broker.port, homes=1)
        device = Device(door(0))
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            publisher.send(*device.event("door", "closed"))
            publisher.drain()
            until(lambda: gateway.metric("cursor_lag_records") == 0, "all is applied")
            assert gateway.stop() == 0
            for _ in range(200):
                publisher.send(*device.event("door", "closed"))
            publisher.drain()
            gateway.start().hears(publisher)
            publisher.send(*device.heartbeat())
            until(lambda: gateway.metric("reason_messages_missing_total") > 0, "a gap is counted")
            until(lambda: gateway.metric("cursor_lag_records") == 0, "all is applied")
            kept_events = gateway.count("SELECT count(*) FROM journal WHERE topic LIKE '%/event'")
            [(seen,)] = gateway.rows(
                "SELECT detail FROM decisions WHERE reason = 'messages_missing' AND device = ?",
                door(0),
            )
            assert seen.startswith(f"{201 - kept_events} missing since 2")
            assert gateway.count("SELECT count(*) FROM incidents") == 0


async def test_ten_minutes_without_a_broker_tell_the_maintainers_once_and_nobody_else(
    tmp_path: Path,
) -> None:
    silent = {seal(0): 'class = "mains"'}  # owes a word every 15 minutes
    with Mosquitto(tmp_path / "broker") as broker:
        config = prepare(tmp_path / "gateway", broker.port, homes=2, per_device=silent)
        async with inside(config) as world:
            with Publisher(broker.port) as publisher:
                for device in (Device(door(0)), Device(seal(0)), Device(seal(1))):
                    publisher.send(*device.event("door", "closed"))
                    publisher.send(*device.heartbeat(interval_s=100))
                publisher.drain()
            await world.applied(6)
            broker.kill()
            await world.connected(is_connected=False)
            await soon(lambda: _deaf(world.gateway), "the loss is noticed", 10)
            await world.pass_time(119)
            assert await world.incidents() == []
            await world.pass_time(2)
            assert await world.incidents() == [("outage", "intake_down")]
            await world.pass_time(479)
            assert await world.incidents() == [("outage", "intake_down")]
            broker.start()
            await world.connected()
            await soon(lambda: not _deaf(world.gateway), "it is noticed", 10)
            # Supervision begins anew: what was owed meanwhile is not held against anybody.
            await world.pass_time(280)
            assert await world.incidents() == [("outage", "intake_down")]
            # But from now on they owe as ever: 100 s three times over, and a moment's grace.
            await world.pass_time(300)
            assert ("device", "silent") in await world.incidents()


def _deaf(gateway: object) -> bool:
    state = gateway.desk.pipeline.state  # type: ignore[attr-defined]
    return state is not None and state.intake_lost_at is not None


def test_a_gateway_started_before_its_broker_waits_for_it_and_says_so(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker")
    config = prepare(tmp_path / "gateway", broker.port, homes=1)
    with GatewayProcess(tmp_path / "gateway", config) as gateway:
        gateway.start()
        health = until(gateway.health, "it answers without a broker")
        assert not health["ok"]
        assert "not_connected" in json.dumps(health)
        with broker, Publisher(broker.port) as publisher:
            gateway.hears(publisher)
            until(lambda: gateway.health()["ok"], "all is well")
