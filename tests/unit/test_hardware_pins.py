"""Pins by gpiozero, on pins that a test can pull: opened, read, lit, and given back."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from sqlalchemy import insert

from gateway import config
from gateway.db import Database
from gateway.doctor import pins as doctor
from gateway.hardware.pins import Pins, PinsError, make_factory
from gateway.hardware.settings import BuzzerOutput, ContactInput, LightOutput
from gateway.health import Level
from gateway.schema import tables
from gateway.settings import SettingsError


@pytest.fixture
def factory() -> Iterator[MockFactory]:
    made = MockFactory()
    yield made
    made.close()


@pytest.fixture
def chosen(factory: MockFactory, monkeypatch: pytest.MonkeyPatch) -> MockFactory:
    """What `make_factory` returns."""
    monkeypatch.setattr(Device, "pin_factory", factory)
    return factory


def ignored(pin: int, is_closed: bool, at: float) -> None:
    pass


# ---- the pins ----


@pytest.mark.parametrize(("pull", "closing"), [("up", "drive_low"), ("down", "drive_high")])
def test_a_circuit_is_closed_when_it_pulls_its_pin_the_other_way(
    factory: MockFactory, pull: str, closing: str
) -> None:
    pins = Pins([ContactInput(pin=17, pull=pull)], (), ignored, factory)  # type: ignore[arg-type]
    assert dict(pins.levels()) == {17: False}
    getattr(factory.pin(17), closing)()
    assert dict(pins.levels()) == {17: True}
    pins.close()


def test_every_edge_is_told_with_its_level_for_nothing_below_debounces(
    factory: MockFactory,
) -> None:
    edges: list[tuple[int, bool, float]] = []
    pins = Pins([ContactInput(pin=17)], (), lambda *edge: edges.append(edge), factory)
    puller = threading.Thread(
        target=lambda: [
            pull()
            for _ in range(3)
            for pull in (factory.pin(17).drive_low, factory.pin(17).drive_high)
        ]
    )
    puller.start()
    puller.join()
    pins.close()
    assert [(pin, is_closed) for pin, is_closed, _ in edges] == [(17, True), (17, False)] * 3
    assert [at for *_, at in edges] == sorted(at for *_, at in edges)


def test_outputs_follow_and_go_dark_at_the_end(factory: MockFactory) -> None:
    lamp, buzzer = factory.pin(5), factory.pin(13)
    pins = Pins((), [LightOutput(pin=5), BuzzerOutput(pin=13, active_low=True)], ignored, factory)
    assert (lamp.state, buzzer.state) == (False, True)
    pins.show({5: True, 13: True})
    assert (lamp.state, buzzer.state) == (True, False)
    pins.close()
    assert (lamp.function, buzzer.function) == ("input", "input")


def test_a_pin_that_cannot_be_had_takes_no_other_with_it(factory: MockFactory) -> None:
    other = Pins([ContactInput(pin=17)], (), ignored, factory)
    pins = Pins([ContactInput(pin=17), ContactInput(pin=4)], (), ignored, factory)
    assert set(pins.problems) == {17}
    assert dict(pins.levels()) == {4: False}
    pins.close()
    other.close()


def test_a_pin_that_fails_later_is_said_and_read_no_more(
    factory: MockFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    pins = Pins([ContactInput(pin=17)], (), ignored, factory)
    assert pins.problems == {}

    def broken(self: object) -> bool:
        raise OSError("the chip is gone")

    monkeypatch.setattr(type(factory.pin(17)), "_get_state", broken)
    assert dict(pins.levels()) == {}
    assert pins.problems == {17: "the chip is gone"}
    monkeypatch.undo()
    pins.close()


# ---- the library ----


@pytest.fixture
def no_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)


@pytest.mark.usefixtures("no_choice")
def test_a_stub_of_lgpio_is_recognised_and_the_right_one_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", ModuleType("lgpio"))
    with pytest.raises(
        PinsError, match=r"empty stub; apt install python3-lgpio.*--system-site-pack"
    ):
        make_factory()


@pytest.mark.usefixtures("no_choice")
@pytest.mark.parametrize(
    ("name", "remedy"), [("lgpio", "apt install python3-lgpio"), ("gpiozero", r"menshen\[pi\]")]
)
def test_a_missing_library_is_named_with_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, name: str, remedy: str
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(PinsError, match=f"{name} is missing; .*{remedy}"):
        make_factory()


def test_nothing_of_gpiozero_is_loaded_by_the_gateway_itself() -> None:
    import subprocess

    seen = "import sys, gateway.app, gateway.doctor; print('gpiozero' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", seen], capture_output=True, check=True)
    assert said.stdout.split() == [b"False"]


# ---- the settings ----


def read(tmp_path: Path, text: str) -> config.Config:
    (tmp_path / "menshen.toml").write_text(text, encoding="utf-8")
    return config.load(tmp_path / "menshen.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[inputs]]\nkind = "contact"\n[[outputs]]\nkind = "light"\npin = 17',
            "outputs[1].pin: GPIO 17 is that of inputs[1] already; give each a pin of its own",
        ),
        (
            '[[inputs]]\nkind = "contact"\n[[inputs]]\nkind = "contact"\npin = 4',
            'inputs[2]: says the same of "wired-door" as inputs[1]; give it another device',
        ),
        ('[[inputs]]\nkind = "contact"\npin = 28', "inputs[1].pin: must be a whole number <= 27"),
        (
            '[[inputs]]\nkind = "contact"\ndevice = "a/b"',
            "inputs[1].device: must be a text in quotes matching regex",
        ),
        ('[[inputs]]\nkind = "lock"', 'inputs[1].kind: must be "'),
        ('[[outputs]]\nkind = "lock"', 'outputs[1].kind: must be "'),
        (
            '[[inputs]]\nkind = "seal"\nnormally = "open"',
            'inputs[1]: unknown key "normally"',
        ),
        ('[[inputs]]\nkind = "mains"\ndebounce_ms = 0', "inputs[1].debounce_ms: must be"),
    ],
)
def test_a_wrong_entry_is_named_with_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)


def test_two_parts_of_one_device_and_its_seal_may_share_an_id(tmp_path: Path) -> None:
    text = (
        '[[inputs]]\nkind = "contact"\n'
        '[[inputs]]\nkind = "contact"\npin = 4\npart = "back"\n'
        '[[inputs]]\nkind = "seal"\ndevice = "wired-door"'
    )
    assert len(read(tmp_path, text).inputs) == 3


# ---- the doctor ----


def registered(folder: config.Config, *devices: tuple[str, str, str]) -> None:
    """A database that knows devices by id, class and building, and one home."""
    folder.data_dir.mkdir()
    database = Database(folder.database_file)
    database.migrate()
    with database.writer() as connection, connection.begin():
        for id_, device_class, building in devices:
            row = {"id": id_, "device_class": device_class, "building": building}
            connection.execute(insert(tables.devices).values(row | {"place": "", "settings": "{}"}))
        home = {"code": "1", "building": "nl-3", "team": "t", "address": "a"}
        connection.execute(
            insert(tables.homes).values(home | {"short_address": "", "policy": "{}"})
        )
    database.close()


def test_the_doctor_says_which_pins_are_taken_and_who_is_not_registered(tmp_path: Path) -> None:
    text = '[[inputs]]\nkind = "contact"\npin = 2\n[[inputs]]\nkind = "mains"\n'
    loaded = read(tmp_path, text)
    registered(loaded, ("gateway-mains", "sleeping", "office"))
    found = list(doctor.examine(loaded))
    assert all(advice.level is Level.WARN and advice.remedy for advice in found)
    assert [advice.what.partition(" (")[0].partition(",")[0] for advice in found] == [
        "inputs[1]: GPIO 2 is used for I2C",
        'speaks for "wired-door"',
        '"gateway-mains" is registered as one that sleeps: lost mains are told to nobody',
        '"gateway-mains" is registered where no home is: lost mains are told to nobody',
    ]


def test_the_doctor_is_content_with_what_is_registered_as_it_must_be(tmp_path: Path) -> None:
    loaded = read(tmp_path, '[[inputs]]\nkind = "contact"\n[[inputs]]\nkind = "mains"\n')
    registered(loaded, ("gateway-mains", "mains", "nl-3"), ("wired-door", "sleeping", "nl-3"))
    assert list(doctor.examine(loaded)) == []


def test_the_doctor_reads_the_levels(tmp_path: Path, chosen: MockFactory) -> None:
    text = (
        '[[inputs]]\nkind = "contact"\n[[inputs]]\nkind = "button"\n[[outputs]]\nkind = "light"\n'
    )
    found = list(doctor.levels(read(tmp_path, text)))
    assert [(advice.part, advice.what) for advice in found] == [
        ("GPIO 17", "circuit open: wired-door door open"),
        ("GPIO 23", "circuit open: button not pressed"),
    ]
    assert chosen.pin(5).function == "input"  # no light was touched


def test_the_doctor_says_how_to_get_the_library(
    tmp_path: Path, no_choice: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    (advice,) = doctor.levels(read(tmp_path, '[[inputs]]\nkind = "contact"\n'))
    assert advice.level is Level.BAD
    assert advice.what == "lgpio is missing"
    assert "apt install python3-lgpio" in advice.remedy


def test_where_nothing_is_wired_nothing_is_said(tmp_path: Path) -> None:
    bare = read(tmp_path, "")
    assert [*doctor.examine(bare), *doctor.levels(bare)] == []
