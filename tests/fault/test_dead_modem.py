"""The modem goes silent, is pulled out and plugged in again, or forgets to report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from alerts.wording import WORDINGS
from firmware_sim.modem_run import SimulatedModem
from firmware_sim.modem_world import Settings
from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_gateway import GatewayProcess
from tests.fakes.fault_publisher import Device, Publisher
from tests.fakes.fault_street import CONSOLE, prepare, seal
from tests.fakes.fault_wait import until

pytestmark = pytest.mark.mosquitto

AGAIN = WORDINGS["zh"].resent
TOLD = 3
"""A broken seal is told to worker, doctor and police officer."""


class Scene(NamedTuple):
    modem: SimulatedModem
    gateway: GatewayProcess
    publisher: Publisher

    def break_seal(self, home: int) -> None:
        self.publisher.send(*Device(seal(home)).event("seal", "broken"))

    def states(self) -> dict[str, int]:
        """How many notices are in each state; the gateway's own test texts are not counted."""
        query = "SELECT state, count(*) FROM notices WHERE kind <> 'test' GROUP BY state"
        return dict(self.gateway.rows(query))

    def arrived(self) -> list[dict[str, Any]]:
        """Every text that reached a phone."""
        return [each for each in self.modem.events if each["event"] == "text"]

    def channel_is_up(self, *, is_up: bool = True) -> bool:
        findings = self.gateway.health().get("findings", [])
        return any(
            each["part"] == "channel modem" and (each["reason"] == "ready") == is_up
            for each in findings
        )


@contextmanager
def at_work(tmp_path: Path, further_channels: str = "") -> Iterator[Scene]:
    """A gateway whose modem is ready."""
    link = tmp_path / "modem"
    channel = f'[[channels]]\nkind = "gsm"\nname = "modem"\nport = "{link}"\nis_paced = false\n'
    channel += further_channels + '[proof]\nat = ""\n'
    with (
        Mosquitto(tmp_path / "broker") as broker,
        Publisher(broker.port) as publisher,
        SimulatedModem(link, Settings(air_s=0.01)) as modem,
    ):
        config = prepare(tmp_path / "gateway", broker.port, homes=3, channels=channel)
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            found = Scene(modem, gateway, publisher)
            until(found.channel_is_up, "the modem is ready")
            yield found


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with at_work(tmp_path) as found:
        yield found


def test_notices_wait_for_a_modem_that_was_pulled_out_and_go_when_it_is_back(scene: Scene) -> None:
    scene.modem.order(do="unplug")
    until(lambda: scene.channel_is_up(is_up=False), "health says so")
    scene.break_seal(0)
    until(lambda: sum(scene.states().values()) == TOLD, "notices are written")
    assert scene.arrived() == []
    scene.modem.order(do="plug")
    until(lambda: scene.states() == {"delivered": TOLD}, "all are delivered")
    assert len(scene.arrived()) == TOLD
    assert not any(AGAIN in each["text"] for each in scene.arrived())


def test_a_critical_text_that_the_modem_swallowed_goes_once_more_and_says_so(scene: Scene) -> None:
    scene.modem.order(do="fault", fault="unplug=answer,for=1,count=1")
    scene.break_seal(0)
    until(lambda: scene.states() == {"delivered": TOLD}, "all are delivered", 50)
    marked = [each for each in scene.arrived() if AGAIN in each["text"]]
    assert len(marked) == 1
    assert len(scene.arrived()) <= TOLD + 1


def test_a_second_channel_takes_over_from_a_modem_that_is_gone(tmp_path: Path) -> None:
    with at_work(tmp_path, further_channels=CONSOLE) as scene:
        scene.modem.order(do="unplug")
        until(lambda: scene.channel_is_up(is_up=False), "health says so")
        scene.break_seal(0)
        until(lambda: scene.states() == {"delivered": TOLD}, "all are delivered")
        assert len(scene.gateway.texts()) == TOLD
        assert scene.arrived() == []


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_second_channel_takes_over_from_a_modem_that_no_longer_answers(tmp_path: Path) -> None:
    with at_work(tmp_path, further_channels=CONSOLE) as scene:
        scene.modem.order(do="fault", fault="silence=lost")
        scene.break_seal(0)
        until(lambda: len(scene.gateway.texts()) >= TOLD - 1, "the others are told", 60)
        assert scene.arrived() == []


def test_without_status_reports_a_text_is_sent_and_not_sent_again(scene: Scene) -> None:
    scene.modem.order(do="fault", fault="lost-report")
    scene.break_seal(0)
    until(lambda: scene.states() == {"sent": TOLD}, "the network took them")
    scene.modem.order(do="clear")
    scene.break_seal(1)
    until(lambda: scene.states() == {"sent": TOLD, "delivered": TOLD}, "reports come again")
    assert len(scene.arrived()) == 2 * TOLD
    assert not any(AGAIN in each["text"] for each in scene.arrived())


def test_a_gateway_killed_while_its_modem_sends_repeats_one_text_at_most(scene: Scene) -> None:
    scene.modem.order(do="fault", fault="slow-send=1")
    for home in range(3):
        scene.break_seal(home)
    until(scene.arrived, "texts go out")
    scene.gateway.kill()
    scene.gateway.start().ready()
    until(lambda: scene.states() == {"delivered": 3 * TOLD}, "all are delivered", 50)
    texts = [(each["to"], each["text"]) for each in scene.arrived()]
    assert len(texts) <= 3 * TOLD + 1
    assert len({(phone, text.replace(AGAIN, "")) for phone, text in texts}) == 3 * TOLD
