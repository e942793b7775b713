"""Twenty thousand messages at the door in the morning; one device that outshouts all others."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Self

import pytest

from firmware_sim.broker import Broker
from firmware_sim.load import Plan, run
from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_gateway import GatewayProcess
from tests.fakes.fault_publisher import Device, Publisher
from tests.fakes.fault_street import door, prepare, seal
from tests.fakes.fault_wait import until

pytestmark = pytest.mark.mosquitto

WAITING = 20_000
READY_WITHIN_S = 20.0
"""Two to three seconds on a quiet machine; CI's is neither quick nor quiet."""
FLOOD_PER_S = 1000
TOLD_WITHIN_S = 2.0


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_twenty_thousand_messages_waiting_at_start_are_all_taken_in_and_told_of(
    tmp_path: Path,
) -> None:
    homes = 50
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes)
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            until(lambda: gateway.metric("cursor_lag_records") == 0, "all is applied")
            assert gateway.stop() == 0
            before = gateway.journalled()
            opened = [Device(door(home)) for home in range(homes)]
            for device in opened[: homes // 2]:
                publisher.send(*device.event("door", "open"))
            run(Plan(devices=200, messages=WAITING - homes), Broker("127.0.0.1", broker.port))
            for device in opened[homes // 2 :]:
                publisher.send(*device.event("door", "open"))
            publisher.drain()
            started = time.monotonic()
            gateway.start()
            all_here = before + WAITING
            until(lambda: gateway.journalled() >= all_here, "all is journalled", READY_WITHIN_S)
            until(lambda: gateway.metric("journal_seq") >= all_here, "it answers", 5)
            until(lambda: gateway.metric("cursor_lag_records") == 0, "all is applied", 10)
            took_s = time.monotonic() - started
            until(lambda: gateway.health()["ok"], "all is well", 10)
            about = gateway.rows("SELECT watch, count(*) FROM incidents GROUP BY watch")
    assert took_s < READY_WITHIN_S
    assert len(about) == homes
    assert {times for _, times in about} == {1}
    numbered = "SELECT count(DISTINCT topic || payload) FROM journal WHERE topic LIKE '%/event'"
    events = "SELECT count(*) FROM journal WHERE topic LIKE '%/event'"
    assert gateway.count(numbered) == gateway.count(events)


@pytest.mark.parametrize("is_valid", [True, False], ids=["valid", "undecodable"])
def test_while_one_device_floods_an_opening_elsewhere_is_told_in_time(
    tmp_path: Path, is_valid: bool
) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes=10)
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            with Flood(broker.port, is_valid=is_valid) as flood:
                until(lambda: flood.sent > FLOOD_PER_S, "the flood runs")
                slowest_s = 0.0
                for home in range(1, 6):
                    before = len(gateway.texts())
                    sent_at = time.monotonic()
                    publisher.send(*Device(door(home)).event("door", "open"))
                    until(lambda n=before: len(gateway.texts()) > n, "it is told", 20)  # type: ignore[misc]
                    slowest_s = max(slowest_s, time.monotonic() - sent_at)
                rate = flood.rate
            assert rate > FLOOD_PER_S / 2
            assert slowest_s < TOLD_WITHIN_S
            confirmed = flood.confirmed + 5
            until(lambda: gateway.journalled() >= confirmed, "nothing of it is lost")


class Flood:
    """One device at `FLOOD_PER_S`, on a thread and a connection of its own."""

    def __init__(self, port: int, *, is_valid: bool) -> None:
        self.sent = 0
        self.confirmed = 0
        self.rate = 0.0
        self._port = port
        self._is_valid = is_valid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flood")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        device = Device(seal(0))
        began = time.monotonic()
        with Publisher(self._port, "flood") as publisher:
            while not self._stop.wait(0.01):
                due = int((time.monotonic() - began) * FLOOD_PER_S)
                for _ in range(min(due - self.sent, 100)):
                    topic, payload = device.event("seal", "applied")
                    publisher.send(topic, payload if self._is_valid else b"{" + payload)
                    self.sent += 1
                self.rate = self.sent / (time.monotonic() - began)
            publisher.drain()
            self.confirmed = len(publisher.confirmed)
