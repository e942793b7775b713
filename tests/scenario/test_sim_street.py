"""A whole street without a broker: the same for one seed, true to its scenario."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

from firmware_sim import loader
from firmware_sim.faults import Fault, FaultKind
from firmware_sim.street import Street
from tests.fakes.sim_port import RecordingPort

EPOCH = 1_795_280_000.0


class Played:
    """One street played to a second, with everything it sent and said."""

    def __init__(
        self, name: str, until_s: float, *, seed: int | None = None, faults: tuple[Fault, ...] = ()
    ) -> None:
        self.lines: list[dict[str, Any]] = []
        scenario = loader.load(name)
        street = Street(scenario, epoch=EPOCH, emit=self.lines.append, seed=seed, faults=faults)
        self.ports = {endpoint.id: RecordingPort(endpoint) for endpoint in street.endpoints}
        for port in self.ports.values():
            port.connect()
        street.timeline.run_until(until_s)
        self.street = street

    def bytes_of(self, endpoint: str) -> list[tuple[str, bytes]]:
        return [(m.topic, m.payload) for m in self.ports[endpoint].posted]

    def everything(self) -> list[list[tuple[str, bytes]]]:
        return [self.bytes_of(name) for name in sorted(self.ports)]


def test_one_seed_plays_the_same_bytes() -> None:
    lossy = (Fault(FaultKind.DROP, 0.1), Fault(FaultKind.REPEAT, 0.1))
    first, second = (Played("street", 300.0, faults=lossy) for _ in range(2))
    assert first.everything() == second.everything()
    assert first.lines == second.lines


def test_another_seed_plays_another_evening_of_the_same_events() -> None:
    first, second = Played("street", 300.0, seed=1), Played("street", 300.0, seed=2)
    assert first.everything() != second.everything()
    assert [line for line in first.lines if "truth" in line] == [
        line for line in second.lines if "truth" in line
    ]


def test_a_second_evening_has_boots_of_its_own() -> None:
    scenario = loader.load("quiet")
    boots = [
        {d.firmware.boot for d in Street(scenario, epoch=e, emit=lambda _: None).devices.values()}
        for e in (EPOCH, EPOCH + 86_400)
    ]
    assert not boots[0] & boots[1]


def test_every_truth_is_told_at_its_second_with_its_demand() -> None:
    played = Played("street", 900.0)
    told = [line for line in played.lines if "truth" in line]
    expected = [step for step in played.street.scenario.steps if step.truth is not None]
    assert [(line["at_s"], line["truth"]) for line in told] == [
        (step.at_s, step.truth) for step in expected
    ]
    seal = next(line for line in told if line["truth"] == "seal_broken")
    assert seal["home"] == "SW-12-0401"
    assert seal["demand"]["told"] == ["worker", "doctor", "police"]
    json.dumps(played.lines)


def test_nothing_unannounced_happens_on_the_quiet_street() -> None:
    played = Played("quiet", 600.0)
    news = [
        (line["at_s"], line["home"], line["sent"]["state"])
        for line in played.lines
        if "sent" in line and not line.get("repeat")
    ]
    announced_s: dict[str, float] = {}
    for at_s, home, state in news:
        if state == "announce":
            announced_s[home] = at_s
        elif state == "open":
            assert at_s - announced_s[home] < 300


def test_everybody_keeps_the_interval_they_promise() -> None:
    played = Played("quiet", 600.0)
    for device_id, device in played.street.devices.items():
        uptimes = [
            (beat["boot"], beat["uptime_s"])
            for topic, payload in played.bytes_of(device_id)
            if topic.endswith("/heartbeat")
            for beat in [json.loads(payload)]
        ]
        assert len(uptimes) >= 8
        for (boot, before), (next_boot, after) in pairwise(uptimes):
            if boot == next_boot and device_id != "mag-nl-03-0501":  # this one sleeps a minute
                assert after - before <= device.interval_s


def test_a_power_cut_silences_a_building_and_its_mains_devices_start_anew() -> None:
    played = Played("street", 500.0)
    down = {name for name, port in played.ports.items() if not port.is_up}
    scenario = played.street.scenario
    assert down == {device.id for device in scenario.devices_in("NL-03")}
    boots = {d.id: d.firmware.boot for d in played.street.devices.values()}
    played.street.timeline.run_until(800.0)
    assert all(port.is_up for port in played.ports.values())
    anew = {d.id for d in played.street.devices.values() if boots[d.id] != d.firmware.boot}
    assert anew == {d for d in boots if d.startswith("cam-nl-03")}


def test_what_a_device_senses_off_the_air_arrives_later_with_its_age() -> None:
    scenario = loader.load("faults")
    street = Street(replace(scenario, faults=()), epoch=EPOCH, emit=lambda _line: None)
    port = RecordingPort(street.devices["mag-nl-07-0302"])
    port.connect()
    street.timeline.run_until(580.0)
    port.take()
    port.connect(590.0)
    events = [json.loads(m.payload) for m in port.take() if m.topic.endswith("/event")]
    opening = next(event for event in events if event["state"] == "open")
    assert opening["age_s"] == 60.0
