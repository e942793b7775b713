"""A running gateway with things wired to it, its pins pulled by the test, and no broker at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from sqlalchemy import func, select

from alerts.commands import Acknowledge
from gateway import config
from gateway.app import Running, running
from gateway.broker import free_port
from gateway.hardware import inputs, lights, wiring
from gateway.hardware import running as at_work
from gateway.health import assess
from gateway.init import init_data
from gateway.schema.tables import journal

TURN_S = 0.5
"""Of the buzzer, quicker than in life."""
CONTACT, SEAL, MAINS, BUTTON, WELL, INCIDENT, BUZZER = 17, 27, 22, 23, 5, 6, 13

CONFIG = """
[mqtt]
port = {mqtt}
[web]
port = {web}
[[channels]]
kind = "console"
[policy.supervision]
hold_s = 0.2
[[inputs]]
kind = "contact"
device = "door-7f3a"
debounce_ms = 20
[[inputs]]
kind = "seal"
device = "seal-91bc"
debounce_ms = 20
[[inputs]]
kind = "mains"
debounce_ms = 20
[[inputs]]
kind = "button"
debounce_ms = 20
[[outputs]]
kind = "light"
[[outputs]]
kind = "light"
shows = "incident"
pin = 6
[[outputs]]
kind = "buzzer"
at_night = "all"
"""

HOMES = """
[[buildings]]
id = "nl-3"
name = "南岭村3栋"
[[teams]]
id = "team-3"
members = [
  {{ id = "worker", role = "worker", phones = ["13900000001"] }},
  {{ id = "doctor", role = "doctor", phones = ["13900000002"] }},
  {{ id = "police", role = "police", phones = ["13900000003"] }},
]
[[teams]]
id = "maintainers"
members = [{{ id = "first", role = "maintainer", phones = ["13900000008"] }}]
[[homes]]
code = "4403070060030001203"
building = "nl-3"
team = "team-3"
address = "南岭村3栋1203"
order = {{ starts_at = {start}, ends_at = {end}, notice_served_at = {start} }}
[[devices]]
id = "door-7f3a"
home = "4403070060030001203"
[[devices]]
id = "seal-91bc"
home = "4403070060030001203"
[[devices]]
id = "gateway-mains"
building = "nl-3"
class = "mains"
place = "网关"
"""


@dataclass
class Cupboard:
    """The gateway, its wires, and the phones of those it tells."""

    gateway: Running
    pins: MockFactory
    capsys: pytest.CaptureFixture[str]
    printed: str = ""

    def closes(self, *pins: int) -> None:
        """A circuit is closed: the pin is pulled to ground."""
        for pin in pins:
            self.pins.pin(pin).drive_low()

    def opens(self, pin: int) -> None:
        """A circuit is open: the pin floats up."""
        self.pins.pin(pin).drive_high()

    def is_lit(self, pin: int) -> bool:
        """Whether an output was on at any time since it was last asked."""
        states = [each.state for each in self.pins.pin(pin).states]
        self.pins.pin(pin).clear_states()
        return any(states)

    def texts(self) -> str:
        """All that was printed by the console channel."""
        self.printed += self.capsys.readouterr().out
        return self.printed

    def state(self, device: str) -> dict[str, str]:
        """What the engine knows of a device."""
        state = self.gateway.desk.pipeline.state
        return {} if state is None else dict(state.devices[device].memory.states)

    def findings(self) -> dict[str, str]:
        """What health says."""
        found = assess(self.gateway.desk.facts()).findings
        return {finding.part: finding.reason for finding in found}

    async def until(self, is_so: Callable[[], Any]) -> None:
        """Wait for it."""
        async with asyncio.timeout(20):
            await asyncio.sleep(0)
            while not is_so():  # noqa: ASYNC110 - other threads' states, which have no event
                await asyncio.sleep(0.01)

    async def until_silent(self) -> None:
        """Wait until the buzzer has missed two of its turns."""
        quiet_s = 0.0
        async with asyncio.timeout(20):
            while quiet_s < 2 * TURN_S:
                self.is_lit(BUZZER)
                await asyncio.sleep(TURN_S)
                quiet_s = 0.0 if self.is_lit(BUZZER) else quiet_s + TURN_S

    def records(self, device: str) -> int:
        """How many records there are of a device."""
        with self.gateway.desk.read() as connection:
            of_it = select(func.count()).where(journal.c.device == device)
            return int(connection.scalar(of_it) or 0)

    async def at_rest(self) -> None:
        """The door is closed, the seal whole, the mains there."""
        self.closes(CONTACT, SEAL, MAINS)
        await self.until(lambda: self.state("door-7f3a") == {"door": "closed"})
        await self.until(lambda: self.state("seal-91bc") == {"seal": "applied"})
        await self.until(lambda: self.state("gateway-mains") == {"power": "mains"})


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[MockFactory]:
    factory = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", factory)
    monkeypatch.setattr(at_work, "LEARN_EVERY_S", 0.05)
    monkeypatch.setattr(inputs, "HELD_S", 5.0)
    monkeypatch.setitem(lights._RHYTHM, lights.Pattern.BLINK, (TURN_S / 2, TURN_S))
    yield factory
    factory.close()


@pytest.fixture
def cupboard(
    tmp_path: Path, pins: MockFactory, capsys: pytest.CaptureFixture[str]
) -> Callable[[], Any]:
    @asynccontextmanager
    async def started() -> AsyncIterator[Cupboard]:
        now = datetime.now(UTC)
        start, end = (
            (now + timedelta(days=days)).isoformat(timespec="seconds") for days in (-2, 12)
        )
        path = tmp_path / "menshen.toml"
        path.write_text(CONFIG.format(mqtt=free_port(), web=free_port()), encoding="utf-8")
        (tmp_path / "homes.toml").write_text(HOMES.format(start=start, end=end), encoding="utf-8")
        loaded = config.load(path)
        init_data(loaded)
        async with running(loaded) as gateway:
            yield Cupboard(gateway, pins, capsys)

    return started


async def test_a_wired_door_that_opens_is_a_text_though_there_is_no_broker(
    cupboard: Callable[[], Any],
) -> None:
    async with cupboard() as here:
        await here.at_rest()
        assert here.texts() == ""  # what was found at the start is told to nobody
        here.opens(CONTACT)
        await here.until(lambda: "南岭村3栋1203" in here.texts())
        assert not here.gateway.desk.vitals.source.is_connected
        (text,) = here.texts().splitlines()
        assert "+8613900000001" in text
        assert "门" in text
        assert here.pins.pin(WELL).function == "output"
    assert here.pins.pin(WELL).function == "input"  # given back: it is dark


async def test_a_cut_seal_sounds_until_the_button_and_shows_until_somebody_takes_it(
    cupboard: Callable[[], Any],
) -> None:
    async with cupboard() as here:
        here.opens(BUTTON)
        await here.at_rest()
        here.is_lit(INCIDENT), here.is_lit(BUZZER)
        here.opens(SEAL)
        await here.until(lambda: here.is_lit(BUZZER))
        await here.until(lambda: here.is_lit(INCIDENT))
        here.closes(BUTTON)
        await here.until_silent()
        here.opens(BUTTON)
        state = here.gateway.desk.pipeline.state
        assert state is not None
        (incident,) = state.incidents.values()
        assert incident.acknowledgements == ()  # heard is not taken: nobody knows by whom
        assert incident.state == "open"
        assert here.is_lit(INCIDENT)


async def test_a_cut_seal_is_silent_once_somebody_takes_it(cupboard: Callable[[], Any]) -> None:
    async with cupboard() as here:
        await here.at_rest()
        here.opens(SEAL)
        await here.until(lambda: here.is_lit(BUZZER))
        state = here.gateway.desk.pipeline.state
        (incident,) = state.incidents.values()
        await here.gateway.desk.command(Acknowledge(incident.id, "operator", "cli"))
        await here.until_silent()


async def test_a_button_that_is_held_tests_lights_and_buzzer(
    cupboard: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inputs, "HELD_S", 0.2)
    async with cupboard() as here:
        await here.at_rest()
        here.is_lit(BUZZER)
        here.closes(BUTTON)
        await here.until(lambda: all(here.pins.pin(pin).state for pin in (WELL, INCIDENT, BUZZER)))


async def test_lost_mains_are_told_to_the_maintainers_and_said_by_health(
    cupboard: Callable[[], Any],
) -> None:
    async with cupboard() as here:
        await here.at_rest()
        assert here.findings()["power"] == "on_mains"
        here.opens(MAINS)
        await here.until(lambda: here.findings()["power"] == "on_battery")
        await here.until(lambda: "+8613900000008" in here.texts())
        assert "断电" in here.texts()


async def test_a_change_of_which_no_edge_told_is_found(
    cupboard: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_work, "LOOK_EVERY_S", 0.05)
    async with cupboard() as here:
        await here.at_rest()
        here.pins.pin(CONTACT)._state = True  # past everything that would tell
        await here.until(lambda: here.state("door-7f3a") == {"door": "open"})


async def test_a_pin_that_fails_is_said_and_the_others_are_read(
    cupboard: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_work, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(wiring, "INTERVAL_S", 0.05)
    async with cupboard() as here:
        await here.at_rest()

        def broken() -> bool:
            raise OSError("the chip is gone")

        monkeypatch.setattr(here.pins.pin(CONTACT), "_get_state", broken)
        await here.until(lambda: here.findings()["pins"] == "not_usable")
        here.opens(SEAL)
        await here.until(lambda: here.state("seal-91bc") == {"seal": "broken"})
        said, others = here.records("door-7f3a"), here.records("seal-91bc")
        await here.until(lambda: here.records("seal-91bc") > others + 5)
        assert here.records("door-7f3a") == said  # it restates nothing that nobody sees
        monkeypatch.undo()


async def test_without_the_library_the_gateway_runs_and_says_what_is_not_read(
    cupboard: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.setitem(__import__("sys").modules, "lgpio", None)
    async with cupboard() as here:
        await here.until(lambda: here.findings()["pins"] == "not_usable")
    assert "apt install python3-lgpio" in caplog.text
