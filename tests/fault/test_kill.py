"""`kill -9` at random moments under load, and an end as the service manager wants it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_gateway import GatewayProcess
from tests.fakes.fault_publisher import Device, Publisher
from tests.fakes.fault_street import prepare, seal
from tests.fakes.fault_wait import until
from tests.fault.soak import torment

pytestmark = pytest.mark.mosquitto


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("seed", [20261121])
def test_twenty_kills_lose_nothing_double_nothing_and_repeat_one_text_each_at_most(
    tmp_path: Path, seed: int
) -> None:
    found = torment(tmp_path, kills=20, seed=seed)
    assert not found.faults
    assert found.incidents == 60
    assert found.messages > 1000


def test_a_wanted_stop_leaves_no_text_in_doubt(tmp_path: Path) -> None:
    stops, homes = 6, 8
    doubtful = "SELECT count(*) FROM notices WHERE state IN ('sending', 'unconfirmed')"
    due = "SELECT count(*) FROM notices WHERE state <> 'delivered'"
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, stops * homes)
        with GatewayProcess(tmp_path / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            for number in range(stops):
                before = len(gateway.texts())
                for home in range(number * homes, (number + 1) * homes):
                    publisher.send(*Device(seal(home)).event("seal", "broken"))
                until(lambda n=before: len(gateway.texts()) > n, "texts go out")  # type: ignore[misc]
                assert gateway.stop() == 0
                assert gateway.count(doubtful) == 0
                gateway.start().ready()
            until(lambda: gateway.count(due) == 0, "all are delivered")
            assert len(gateway.texts()) == gateway.count("SELECT count(*) FROM notices")
