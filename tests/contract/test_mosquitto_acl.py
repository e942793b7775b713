"""The shipped access rules, in a real mosquitto: nobody reports or listens in another's name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_wait import until

RULES = Path(__file__).parents[2] / "deploy" / "mosquitto" / "acl.example"


class Account:
    """One user of the broker, and what it hears. Without a password file a name is enough."""

    def __init__(self, broker: Mosquitto, name: str) -> None:
        self.heard: list[str] = []
        self._acknowledged = 0
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{name}")
        self.client.username_pw_set(name)
        self.client.on_message = lambda _client, _data, message: self.heard.append(message.topic)
        self.client.on_subscribe = lambda *_: self._count()
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()

    def _count(self) -> None:
        self._acknowledged += 1

    def listen(self, topic: str) -> None:
        before = self._acknowledged
        self.client.subscribe(topic, qos=1)
        until(lambda: self._acknowledged > before, f"a subscription to {topic}")

    def say(self, topic: str) -> None:
        self.client.publish(topic, b"{}", qos=1).wait_for_publish(5)

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


class Accounts:
    """Those who are connected."""

    def __init__(self, broker: Mosquitto) -> None:
        self._broker = broker
        self._by_name: dict[str, Account] = {}

    def __getitem__(self, name: str) -> Account:
        if name not in self._by_name:
            self._by_name[name] = Account(self._broker, name)
        return self._by_name[name]

    def leave(self) -> None:
        for each in self._by_name.values():
            each.leave()


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    rules = tmp_path / "acl"
    rules.write_text(RULES.read_text(encoding="utf-8"), encoding="utf-8")
    rules.chmod(0o600)
    with Mosquitto(tmp_path / "broker", acl_file=str(rules)) as broker:
        found = Accounts(broker)
        yield found
        found.leave()


@pytest.mark.parametrize("leaf", ["event", "heartbeat", "status", "result"])
def test_the_gateway_hears_a_device_in_its_own_name_alone(accounts: Accounts, leaf: str) -> None:
    gateway = accounts["gateway"]
    gateway.listen("menshen/v1/#")
    for name in ("door-2", "zigbee2mqtt", "stranger"):
        accounts[name].say(f"menshen/v1/door-1/{leaf}")
    accounts["door-1"].say(f"menshen/v1/door-1/{leaf}")
    until(lambda: bool(gateway.heard), "the device's own word")
    assert gateway.heard == [f"menshen/v1/door-1/{leaf}"]


@pytest.mark.parametrize("leaf", ["received", "command"])
def test_a_device_hears_what_the_gateway_tells_it_and_nobody_else(
    accounts: Accounts, leaf: str
) -> None:
    device, other = accounts["door-1"], accounts["door-2"]
    device.listen("menshen/v1/#")
    other.listen("menshen/v1/#")
    accounts["door-2"].say(f"menshen/v1/door-1/{leaf}")
    accounts["gateway"].say(f"menshen/v1/door-2/{leaf}")
    accounts["gateway"].say(f"menshen/v1/door-1/{leaf}")
    until(lambda: bool(device.heard and other.heard), "the gateway's word")
    assert device.heard == [f"menshen/v1/door-1/{leaf}"]
    assert other.heard == [f"menshen/v1/door-2/{leaf}"]


def test_zigbee2mqtt_has_its_base_and_the_gateway_reads_it(accounts: Accounts) -> None:
    gateway, bridge = accounts["gateway"], accounts["zigbee2mqtt"]
    gateway.listen("zigbee2mqtt/#")
    bridge.listen("zigbee2mqtt/#")
    accounts["door-1"].say("zigbee2mqtt/door")
    gateway.say("zigbee2mqtt/door/set")
    bridge.say("zigbee2mqtt/door")
    until(lambda: bool(gateway.heard and bridge.heard), "the bridge's word")
    assert gateway.heard == bridge.heard == ["zigbee2mqtt/door"]
