"""The simulated Zigbee2MQTT bridge has the habits of the real one."""

import json
import random
from collections import Counter

import pytest

from firmware_sim import zigbee
from firmware_sim.bridge import Bridge
from firmware_sim.faults import Stream
from firmware_sim.scenario import Bridge as BridgeSpec
from firmware_sim.scenario import Device, DeviceKind, Model
from tests.fakes.sim_port import RecordingPort

NAME = "zc-0301"


@pytest.fixture
def bridge() -> tuple[Bridge, RecordingPort]:
    made = Bridge(BridgeSpec(id="z2m-1", building="NL-05"), lambda _line: None, Counter())
    model = Model(name="z", kind=DeviceKind.MAGNET, prefix="zc", profile="zigbee2mqtt")
    made.add(
        Device(NAME, "NL-05-0301", "NL-05", model, "z2m-1"),
        Stream(random.Random(1)),
        random.Random(2),
    )
    return made, RecordingPort(made)


def contacts(port: RecordingPort) -> list[bool]:
    return [
        json.loads(m.payload)["contact"] for m in port.take() if m.topic == f"zigbee2mqtt/{NAME}"
    ]


@pytest.mark.parametrize("model", sorted(zigbee.MODELS))
def test_every_message_is_the_whole_cached_state(model: str) -> None:
    state = zigbee.state("zigbee2mqtt", NAME, zigbee.ContactState(model, is_open=True))
    fields = json.loads(state.payload)
    assert {"battery", "contact", "linkquality", "voltage"} < set(fields)
    assert fields["contact"] is False  # the magnet is away: open
    assert fields["voltage"] == 3000  # millivolts
    assert ("tamper" in fields) == (model == "SNZB-04P")
    assert (state.qos, state.retain) == (0, False)


def test_availability_and_the_bridge_state_are_retained_objects() -> None:
    sent = [
        zigbee.availability("zigbee2mqtt", NAME, is_online=True),
        zigbee.bridge_state("zigbee2mqtt", is_online=False),
    ]
    assert [(m.topic, m.payload, m.qos, m.retain) for m in sent] == [
        (f"zigbee2mqtt/{NAME}/availability", b'{"state":"online"}', 1, True),
        ("zigbee2mqtt/bridge/state", b'{"state":"offline"}', 1, True),
    ]


def test_a_start_publishes_the_cached_state_as_if_it_were_new(
    bridge: tuple[Bridge, RecordingPort],
) -> None:
    made, port = bridge
    port.connect()
    made.sense(NAME, 10.0, "door", "open")
    port.take()
    made.say_goodbye()
    assert port.take()[-1].topic == "zigbee2mqtt/bridge/state"
    made.sense(NAME, 15.0, "door", "closed")  # nobody hears it
    made.start()
    assert contacts(port) == [False]
    made.repeat(NAME, 60.0)
    assert contacts(port) == [True]


def test_a_mere_reconnect_repeats_no_state(bridge: tuple[Bridge, RecordingPort]) -> None:
    _, port = bridge
    port.connect()
    port.take()
    port.connect(20.0)
    assert [m.topic for m in port.take()] == ["zigbee2mqtt/bridge/state"]


def test_a_retained_copy_has_the_retain_flag(bridge: tuple[Bridge, RecordingPort]) -> None:
    made, port = bridge
    port.connect()
    port.take()
    made.retained_copy(NAME, 5.0)
    assert [(m.topic, m.retain) for m in port.take()] == [(f"zigbee2mqtt/{NAME}", True)]
