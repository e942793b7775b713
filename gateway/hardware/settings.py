"""What is wired to which pin, as people write it: the shape of `[[inputs]]` and `[[outputs]]`.

Pins are numbered as the chip does (GPIO 17 is `17`), not by their place on the header.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gateway.settings import SettingsError

Pin = Annotated[int, Meta(ge=0, le=27)]
"""The pins of the 40-pin header."""
DeviceId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{4,64}$")]
Part = Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,16}$")]
DebounceMs = Annotated[float, Meta(ge=1, le=5000)]
Pull = Literal["up", "down"]

RESERVED: Mapping[int, str] = {
    0: "the EEPROM of add-on boards",
    1: "the EEPROM of add-on boards",
    2: "I2C (a clock with a battery hangs there, and a fixed pull-up)",
    3: "I2C (a clock with a battery hangs there, and a fixed pull-up)",
    14: "the serial console",
    15: "the serial console",
}
"""Pins that the Pi itself, or what is commonly plugged onto it, wants (Raspberry Pi, pinout)."""


class _Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class ContactInput(_Entry, frozen=True, tag_field="kind", tag="contact"):
    """A door contact: a reed switch and its magnet."""

    pin: Pin = 17
    """GPIO number."""
    device: DeviceId = "wired-door"
    """The id under which it is registered in the homes file; it needs no account on the broker."""
    part: Part = "main"
    """Which door, where one device has several."""
    normally: Literal["closed", "open"] = "closed"
    """The circuit while the door is closed. `closed` has a cut wire seen as an open door."""
    pull: Pull = "up"
    """`up`: the contact joins the pin to ground; `down`: to 3.3 V."""
    debounce_ms: DebounceMs = 50.0
    """A change is believed once it has lasted this long (ours: a reed settles within 5 ms, a door
    that is slammed within 40)."""


class SealInput(_Entry, frozen=True, tag_field="kind", tag="seal"):
    """A seal loop: a wire through the seal. Closed is applied, cut is broken."""

    pin: Pin = 27
    """GPIO number."""
    device: DeviceId = "wired-seal"
    """The id under which it is registered in the homes file; it needs no account on the broker."""
    part: Part = "main"
    """Which seal, where one device has several."""
    pull: Pull = "up"
    """`up`: the loop joins the pin to ground; `down`: to 3.3 V."""
    debounce_ms: DebounceMs = 200.0
    """A change is believed once it has lasted this long (ours)."""


class MainsInput(_Entry, frozen=True, tag_field="kind", tag="mains"):
    """The mains-lost signal of the power supply or UPS this gateway runs on."""

    pin: Pin = 22
    """GPIO number."""
    device: DeviceId = "gateway-mains"
    """The id under which it is registered in the homes file: of a building, of class `mains`."""
    normally: Literal["closed", "open"] = "closed"
    """The circuit while there is mains."""
    pull: Pull = "up"
    """`up`: the signal joins the pin to ground; `down`: to 3.3 V."""
    debounce_ms: DebounceMs = 1000.0
    """A change is believed once it has lasted this long (ours: a UPS takes 20 ms)."""


class ButtonInput(_Entry, frozen=True, tag_field="kind", tag="button"):
    """The button at the gateway: silences the buzzer; held for 3 s it tests lights and buzzer.

    It reports in for nobody: it does not know who pressed it.
    """

    pin: Pin = 23
    """GPIO number."""
    normally: Literal["closed", "open"] = "open"
    """The circuit while nobody presses it."""
    pull: Pull = "up"
    """`up`: the button joins the pin to ground; `down`: to 3.3 V."""
    debounce_ms: DebounceMs = 30.0
    """A press is believed once it has lasted this long (ours)."""


class LightOutput(_Entry, frozen=True, tag_field="kind", tag="light"):
    """A status light. None of them is on while the gateway does not run."""

    pin: Pin = 5
    """GPIO number."""
    shows: Literal["well", "incident", "unwell"] = "well"
    """`well` flashes every 2 s; `incident`: one waits for somebody (quick while it is critical or a
    call for help), steady once taken; `unwell`: something keeps this gateway from its work."""
    active_low: bool = False
    """Whether it is lit while the pin is low."""


class BuzzerOutput(_Entry, frozen=True, tag_field="kind", tag="buzzer"):
    """A buzzer with a sound of its own: heard while a critical incident or help waits."""

    pin: Pin = 13
    """GPIO number."""
    active_low: bool = False
    """Whether it sounds while the pin is low."""
    at_night: Literal["all", "help", "none"] = "help"
    """What it sounds for between `policy.opening.night_from` and `night_until`."""


WiredInput = ContactInput | SealInput | MainsInput
"""What speaks for a device; the button speaks for nobody."""
Input = WiredInput | ButtonInput
Output = LightOutput | BuzzerOutput


def check(inputs: Sequence[Input], outputs: Sequence[Output], where: str) -> None:
    """Raise `SettingsError` where one pin, or one part of one device, stands twice."""
    taken: dict[int, str] = {}
    spoken: dict[tuple[str, str, str], str] = {}
    for place, entry in _placed(inputs, outputs):
        first = taken.setdefault(entry.pin, place)
        if first != place:
            raise SettingsError(
                f"{where}: {place}.pin: GPIO {entry.pin} is that of {first} already; "
                "give each a pin of its own"
            )
        if isinstance(entry, WiredInput):
            first = spoken.setdefault((entry.device, type(entry).__name__, part_of(entry)), place)
            if first != place:
                raise SettingsError(
                    f'{where}: {place}: says the same of "{entry.device}" as {first}; '
                    'give it another device, or another "part"'
                )


def part_of(entry: WiredInput) -> str:
    """Return which part of its device an input is."""
    return "main" if isinstance(entry, MainsInput) else entry.part


def reserved(inputs: Sequence[Input], outputs: Sequence[Output]) -> Iterator[tuple[str, int, str]]:
    """Yield place, pin and what it is commonly used for, of each that had better stay free."""
    for place, entry in _placed(inputs, outputs):
        if entry.pin in RESERVED:
            yield place, entry.pin, RESERVED[entry.pin]


def _placed(
    inputs: Sequence[Input], outputs: Sequence[Output]
) -> Iterator[tuple[str, Input | Output]]:
    """Yield each entry with its place in the file, counted from 1."""
    for table, entries in (("inputs", inputs), ("outputs", outputs)):
        for number, entry in enumerate(entries, 1):
            yield f"{table}[{number}]", entry
