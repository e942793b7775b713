"""What is wired to a pin says what it must, when it must, and nothing it does not know."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from devices.decode import decode
from devices.model import Decoded, Kind, News, Observation, Origin
from devices.news import DeviceMemory, judge
from devices.registry import standard
from gateway.hardware.inputs import HELD_S, Press
from gateway.hardware.local import INTERVAL_S, Moment
from gateway.hardware.settings import ButtonInput, ContactInput, Input, MainsInput, SealInput
from gateway.hardware.wiring import Now, Wiring
from gateway.wire import Arrival

WALL = 1_795_280_000.0
REGISTRY = standard()


@dataclass
class Bench:
    """Some inputs, and a clock you move."""

    inputs: tuple[Input, ...]
    boot: str = "b1"
    now: float = 100.0
    said: list[Arrival] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.wiring = Wiring(self.inputs, self.boot, self.now)

    def level(self, pin: int, is_closed: bool) -> None:
        """A pin is at this level from now on."""
        self.wiring.see(pin, is_closed, self.now)

    def passes(self, seconds: float) -> None:
        """Let time pass, with everything done as it falls due."""
        until = self.now + seconds
        while (due := self.wiring.due_at()) is not None and due <= until:
            self.now = max(self.now, due + 1e-6)
            self._advance()
        self.now = until
        self._advance()

    def _advance(self) -> None:
        wall = Moment(WALL + self.now - 100.0, is_trusted=True)
        said, presses = self.wiring.advance(Now(self.now, wall))
        self.said += said
        self.presses += presses

    def bodies(self, leaf: str) -> list[dict[str, Any]]:
        """What was said on one leaf."""
        return [json.loads(each.payload) for each in self.said if each.topic.endswith(leaf)]

    def observations(self) -> list[Observation]:
        """What the gateway reads of it."""
        found: list[Observation] = []
        for each in self.said:
            decoded = decode(*each[:2], each.retained, REGISTRY)
            assert isinstance(decoded, Decoded)
            found += decoded.observations
        return found


def test_the_state_at_the_start_is_said_as_a_state_and_is_no_news_of_an_opening() -> None:
    bench = Bench((ContactInput(),))
    bench.level(17, False)
    bench.passes(1)
    assert bench.bodies("event") == []
    alive, door = bench.observations()
    assert (alive.kind, door.kind, door.state) == (Kind.HEARTBEAT, Kind.DOOR, "open")
    assert door.origin is Origin.REPORT
    assert judge(DeviceMemory(), door).news is News.FOUND


def test_nothing_is_said_before_the_first_level_has_lasted() -> None:
    bench = Bench((ContactInput(debounce_ms=50),))
    bench.level(17, False)  # the pull resistor has not filled the wire yet
    bench.passes(0.02)
    assert bench.said == []
    bench.level(17, True)
    bench.passes(0.06)
    (beat,) = bench.bodies("heartbeat")
    assert beat["states"] == {"door": "closed"}


def test_an_opening_is_one_event_with_the_time_at_which_it_began() -> None:
    bench = Bench((ContactInput(debounce_ms=50),))
    bench.level(17, True)
    bench.passes(1)
    opened_at = bench.now
    for level in (False, True, False, True, False):
        bench.level(17, level)
        bench.passes(0.005)
    bench.passes(1)
    (event,) = bench.bodies("event")
    assert (event["seq"], event["kind"], event["state"], event["part"]) == (
        1,
        "door",
        "open",
        "main",
    )
    assert event["at"] == pytest.approx(WALL + opened_at - 100 + 0.02, abs=0.002)
    assert event["clock"] == "synced"


@pytest.mark.parametrize(
    ("entry", "closed", "open_"),
    [
        (ContactInput(pin=4), "closed", "open"),
        (ContactInput(pin=4, normally="open"), "open", "closed"),
        (SealInput(pin=4), "applied", "broken"),
        (MainsInput(pin=4), "mains", "battery"),
        (MainsInput(pin=4, normally="open"), "battery", "mains"),
    ],
)
def test_what_a_circuit_means(entry: Input, closed: str, open_: str) -> None:
    bench = Bench((entry,))
    bench.level(4, True)
    bench.passes(2)
    bench.level(4, False)
    bench.passes(2)
    states = [each.state for each in bench.observations() if each.kind is not Kind.HEARTBEAT]
    assert states == [closed, open_]


def test_events_are_numbered_from_one_and_heartbeats_name_the_last() -> None:
    bench = Bench((ContactInput(), SealInput(device="wired-door")))
    bench.level(17, True)
    bench.level(27, True)
    bench.passes(1)
    bench.level(17, False)
    bench.passes(1)
    bench.level(27, False)
    bench.passes(INTERVAL_S)
    assert [(each["seq"], each["state"]) for each in bench.bodies("event")] == [
        (1, "open"),
        (2, "broken"),
    ]
    first, last = bench.bodies("heartbeat")
    assert (first["seq"], last["seq"]) == (0, 2)
    assert last["states"] == {"door": "open", "seal": "broken"}
    assert last["interval_s"] == INTERVAL_S
    memory = DeviceMemory()
    assert all(judge(memory, each).gap == 0 for each in bench.observations())


def test_parts_of_one_device_are_told_apart() -> None:
    bench = Bench((ContactInput(pin=4), ContactInput(pin=5, part="back")))
    bench.level(4, True)
    bench.level(5, False)
    bench.passes(1)
    (beat,) = bench.bodies("heartbeat")
    assert beat["states"] == {"door": "closed", "door/back": "open"}


def test_a_device_of_which_a_pin_is_lost_restates_nothing_and_others_go_on() -> None:
    bench = Bench((ContactInput(), SealInput()))
    bench.level(17, True)
    bench.level(27, True)
    bench.passes(1)
    bench.wiring.lost([17])
    bench.said.clear()
    bench.passes(3 * INTERVAL_S)
    assert {each.topic.split("/")[2] for each in bench.said} == {"wired-seal"}


def test_a_device_with_a_pin_that_was_never_read_does_not_say_that_it_is_alive() -> None:
    bench = Bench((ContactInput(), SealInput(device="wired-door")))
    bench.level(17, True)
    bench.passes(2 * INTERVAL_S)
    assert bench.said == []


def test_a_door_whose_wire_never_rests_is_open_and_a_button_is_not_pressed() -> None:
    bench = Bench((ContactInput(), ButtonInput()))
    bench.level(17, True)
    bench.level(23, False)
    bench.passes(1)
    for index in range(300):
        bench.level(17, index % 2 == 1)
        bench.level(23, index % 2 == 0)
        bench.passes(0.01)
    assert [each["state"] for each in bench.bodies("event")] == ["open"]
    assert bench.presses == []


def test_mains_are_known_with_the_time_they_were_lost() -> None:
    bench = Bench((MainsInput(),))
    bench.level(22, True)
    bench.passes(2)
    assert bench.wiring.has_mains
    assert bench.wiring.on_battery_since is None
    bench.level(22, False)
    bench.passes(30)
    since = bench.wiring.on_battery_since
    assert since is not None
    assert since.timestamp() == WALL + 2
    bench.level(22, True)
    bench.passes(2)
    assert bench.wiring.on_battery_since is None


def test_a_press_is_told_at_once_and_a_long_one_once_more() -> None:
    bench = Bench((ButtonInput(),))
    bench.level(23, False)
    bench.passes(1)
    assert bench.presses == []
    bench.level(23, True)
    bench.passes(0.1)
    assert bench.presses == [Press.PRESSED]
    bench.passes(3 * HELD_S)
    assert bench.presses == [Press.PRESSED, Press.HELD]
    bench.level(23, False)
    bench.passes(1)
    bench.level(23, True)
    bench.passes(0.1)
    assert bench.presses == [Press.PRESSED, Press.HELD, Press.PRESSED]


def test_a_press_says_nothing_to_the_journal() -> None:
    bench = Bench((ButtonInput(),))
    bench.level(23, False)
    bench.passes(1)
    bench.level(23, True)
    bench.passes(2 * INTERVAL_S)
    assert bench.said == []
