"""Looks at what is wired to this machine: library, rights, pins, levels, and who is registered.

Levels are read only while no gateway runs: it alone has the pins then. Nothing is ever lit.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

from alerts.model import DeviceClass
from gateway.config import Config
from gateway.doctor.advice import Advice, bad, ok, warn
from gateway.hardware.inputs import meaning, rest_of
from gateway.hardware.pins import Pins, PinsError, make_factory
from gateway.hardware.settings import ButtonInput, Input, MainsInput, WiredInput, reserved

SETTLES_S = 0.05
"""A long wire's level after the pull resistor is switched on (ours)."""

_DEVICES = "SELECT id, device_class, building IN (SELECT building FROM homes) FROM devices"
"""Read by hand: nothing here opens the database for writing, or migrates it."""


def examine(config: Config) -> Iterator[Advice]:
    """Examine what needs no pin: which are taken, and whether devices are registered."""
    for place, pin, use in reserved(config.inputs, config.outputs):
        yield warn(
            "pins",
            f"{place}: GPIO {pin} is used for {use}",
            "take another pin, or make sure that nothing else uses it (docs/pi.md)",
        )
    wired = [entry for entry in config.inputs if not isinstance(entry, ButtonInput)]
    known = _registered(config) if wired else None
    if known is not None:
        for entry in wired:
            yield from _registration(entry, known.get(entry.device))


def levels(config: Config) -> Iterator[Advice]:
    """Open the inputs for a moment and say how they are. Nothing is said where nothing is wired."""
    if not (config.inputs or config.outputs):
        return
    try:
        factory = make_factory()
    except PinsError as error:
        what, _, remedy = str(error).partition("; ")
        yield bad("pins", what, remedy)
        return
    yield from _read(config.inputs, factory)


def _read(inputs: tuple[Input, ...], factory: Any) -> Iterator[Advice]:
    pins = Pins(inputs, (), lambda *_: None, factory)
    try:
        time.sleep(SETTLES_S)
        found = dict(pins.levels())
    finally:
        pins.close()
    for entry in inputs:
        part = f"GPIO {entry.pin}"
        if entry.pin in pins.problems:
            remedy = "stop what else uses it, and see docs/pi.md for the rights it needs"
            yield bad(part, f"cannot be read: {pins.problems[entry.pin]}", remedy)
            continue
        is_closed = found[entry.pin]
        circuit = "closed" if is_closed else "open"
        yield ok(part, f"circuit {circuit}: {_means(entry, is_closed)}")


def _means(entry: Input, is_closed: bool) -> str:
    if isinstance(entry, ButtonInput):
        return "button " + ("not pressed" if is_closed == rest_of(entry) else "pressed")
    said = meaning(entry)
    return f"{entry.device} {said.kind.value} {said.state(is_closed)}"


class Known(NamedTuple):
    """A registered device."""

    device_class: str
    is_among_homes: bool  # whether its building has any


def _registered(config: Config) -> dict[str, Known] | None:
    """Return the devices the gateway knows; None before its first start, or where it is damaged."""
    path = config.database_file
    if not path.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as opened:
            return {id_: Known(*rest) for id_, *rest in opened.execute(_DEVICES)}
    except sqlite3.Error:
        return None  # said of the database itself


def _registration(entry: WiredInput, device: Known | None) -> Iterator[Advice]:
    part = f"GPIO {entry.pin}"
    if device is None:
        yield warn(
            part,
            f'speaks for "{entry.device}", which is not registered: nobody is told',
            "register the device, and load what you changed",
        )
        return
    if not isinstance(entry, MainsInput):
        return
    if device.device_class != DeviceClass.MAINS:
        yield warn(
            part,
            f'"{entry.device}" is registered as one that sleeps: lost mains are told to nobody',
            'give it class = "mains"',
        )
    if not device.is_among_homes:
        yield warn(
            part,
            f'"{entry.device}" is registered where no home is: lost mains are told to nobody',
            "give it the building of homes that this gateway watches",
        )
