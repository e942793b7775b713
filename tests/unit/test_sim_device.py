"""A simulated native device: what it remembers, sends again, and says of its clock and battery."""

import json
import random
from collections import Counter
from typing import Any

import pytest

from firmware_sim.battery import Battery
from firmware_sim.clock import DeviceClock, Trust
from firmware_sim.device import NativeDevice
from firmware_sim.faults import Fault, FaultKind, Stream
from firmware_sim.firmware import Firmware
from firmware_sim.radio import Radio
from firmware_sim.scenario import Device, DeviceKind, Model
from tests.fakes.sim_port import RecordingPort

EPOCH = 1_795_280_000.0


def device(
    *,
    trust: Trust = Trust.SYNCED,
    battery: float = 100.0,
    loss: float = 0.0,
    listens: bool = True,
    faults: tuple[Fault, ...] = (),
) -> tuple[NativeDevice, RecordingPort, list[dict[str, object]]]:
    model = Model(name="magnet", kind=DeviceKind.MAGNET, prefix="mag")
    lines: list[dict[str, object]] = []
    made = NativeDevice(
        Device("mag-1203", "NL-03-1203", "NL-03", model),
        firmware=Firmware(
            random.Random(1),
            [(("door", "main"), "closed"), (("tamper", "main"), "off")],
            listens=listens,
        ),
        clock=DeviceClock(EPOCH, trust),
        battery=Battery(battery),
        radio=Radio(random.Random(2), loss=loss),
        stream=Stream(random.Random(3), faults),
        emit=lines.append,
        counts=Counter(),
    )
    return made, RecordingPort(made), lines


def bodies(port: RecordingPort, leaf: str) -> list[dict[str, Any]]:
    return [json.loads(m.payload) for m in port.take() if m.topic.endswith(f"/{leaf}")]


def test_the_first_words_are_online_and_a_heartbeat_with_the_present_states() -> None:
    made, port, _ = device()
    port.connect()
    online, heartbeat = port.take()
    assert (online.payload, online.retain) == (b"online", True)
    fields = json.loads(heartbeat.payload)
    assert (fields["seq"], fields["states"]) == (0, {"door": "closed", "tamper": "off"})
    assert (made.will.payload, made.will.retain) == (b"offline", True)


def test_events_count_up_and_heartbeats_repeat_the_last_number() -> None:
    made, port, _ = device()
    port.connect()
    made.sense(10.0, "door", "open")
    made.sense(12.0, "door", "closed")
    made.heartbeat(20.0)
    sent = [json.loads(m.payload) for m in port.take()[2:]]
    assert [fields["seq"] for fields in sent] == [1, 2, 2]
    assert sent[-1]["states"]["door"] == "closed"


def test_an_unconfirmed_event_goes_out_again_after_a_reconnect_with_its_age() -> None:
    made, port, _ = device()
    port.connect()
    made.sense(10.0, "door", "open")
    port.vanish()
    made.sense(25.0, "door", "closed")
    port.take()
    port.connect(40.0)
    assert [(e["seq"], e["age_s"]) for e in bodies(port, "event")] == [(1, 30.0), (2, 15.0)]


def test_a_confirmed_event_is_not_sent_again() -> None:
    made, port, _ = device()
    port.connect()
    made.sense(10.0, "door", "open")
    made.sense(11.0, "door", "closed")
    made.hear(
        made.subscriptions[0],
        json.dumps({"boot": made.firmware.boot, "seq": 1}).encode(),
        12.0,
    )
    port.take()
    port.connect(20.0)
    assert [e["seq"] for e in bodies(port, "event")] == [2]


def test_a_confirmation_of_another_boot_confirms_nothing_of_this_one() -> None:
    made, port, _ = device()
    port.connect()
    made.sense(10.0, "door", "open")
    made.hear(made.subscriptions[0], b'{"boot":"other","seq":9}', 12.0)
    assert len(made.firmware.kept) == 1


def test_a_device_that_does_not_listen_loses_what_the_broker_loses() -> None:
    made, port, lines = device(listens=False)
    made.sense(10.0, "door", "open")
    port.connect(20.0)
    assert bodies(port, "event") == []
    assert lines[0]["unsent"] is True


def test_a_reboot_has_a_new_boot_and_counts_from_the_start() -> None:
    made, port, _ = device()
    port.connect()
    made.sense(10.0, "door", "open")
    before = made.firmware.boot
    made.reboot(20.0)
    port.take()
    made.sense(30.0, "door", "closed")
    event = bodies(port, "event")[0]
    assert event["boot"] != before
    assert event["seq"] == 1


@pytest.mark.parametrize(
    ("trust", "at", "said"),
    [
        (Trust.SYNCED, EPOCH + 10, "synced"),
        (Trust.UNKNOWN, None, "unknown"),
        (Trust.EPOCH_1970, 10.0, "free"),
        (Trust.LOCAL_TIME, EPOCH + 10 + 8 * 3600, "synced"),
        (Trust.DAY_AHEAD, EPOCH + 10 + 86_400, "synced"),
    ],
)
def test_a_wrong_clock_writes_its_wrong_time(trust: Trust, at: float | None, said: str) -> None:
    made, port, _ = device(trust=trust)
    port.connect()
    port.take()
    made.sense(10.0, "door", "open")
    event = bodies(port, "event")[0]
    assert (event.get("at"), event["clock"]) == (at, said)


def test_a_free_clock_drifts() -> None:
    clock = DeviceClock(EPOCH, Trust.FREE, drift_ppm=100.0)
    assert clock.reading(10_000.0) == pytest.approx(EPOCH + 10_001.0)


def test_a_battery_drains_and_warns_once() -> None:
    made, port, _ = device(battery=20.1)
    port.connect()
    made.heartbeat(1000.0)
    port.take()
    made.heartbeat(3 * 86_400.0)
    made.heartbeat(3 * 86_400.0 + 60)
    assert [(e["kind"], e["state"]) for e in bodies(port, "event")] == [("power", "low")]


def test_a_flat_battery_is_silent() -> None:
    made, port, _ = device(battery=0.0)
    port.connect()
    port.take()
    made.heartbeat(60.0)
    assert port.take() == []


def test_without_power_nothing_is_sensed_and_power_brings_a_new_boot() -> None:
    made, port, _ = device()
    port.connect()
    before = made.firmware.boot
    made.vanish(loses_power=True)
    made.sense(10.0, "door", "open")
    assert made.firmware.seq == 0
    made.power_up(20.0)
    assert made.firmware.boot != before
    assert port.is_up


def test_a_lossy_radio_tries_an_event_harder_than_a_heartbeat() -> None:
    radio = Radio(random.Random(1), loss=0.5)
    heartbeats = sum(radio.carries() for _ in range(1000))
    events = sum(radio.carries(3) for _ in range(1000))
    assert heartbeats == pytest.approx(500, abs=60)
    assert events == pytest.approx(875, abs=60)


@pytest.mark.parametrize(
    ("command", "ok"),
    [
        ({"id": "1", "do": "identify", "expires_at": EPOCH + 60}, True),
        ({"id": "2", "do": "identify", "expires_at": EPOCH + 5}, False),
        ({"id": "3", "do": "unlock", "expires_at": EPOCH + 60}, False),
    ],
)
def test_a_command_is_answered(command: dict[str, object], ok: bool) -> None:
    made, port, _ = device()
    port.connect()
    made.hear(made.subscriptions[1], json.dumps(command).encode(), 10.0)
    answer = bodies(port, "result")[0]
    assert (answer["id"], answer["ok"]) == (command["id"], ok)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{", b'{"boot":1}', b"\xff", b'{"do":"sync"}'])
def test_what_cannot_be_read_changes_nothing(payload: bytes) -> None:
    made, port, _ = device()
    port.connect()
    made.sense(10.0, "door", "open")
    for topic in made.subscriptions:
        made.hear(topic, payload, 20.0)
    assert len(made.firmware.kept) == 1


def test_a_reboot_fault_strikes_at_a_heartbeat() -> None:
    made, port, _ = device(faults=(Fault(FaultKind.REBOOT, 1.0, from_s=5.0, until_s=15.0),))
    port.connect()
    before = made.firmware.boot
    made.heartbeat(10.0)
    assert made.firmware.boot != before
