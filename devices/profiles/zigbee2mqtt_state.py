"""What a Zigbee2MQTT state says: its fields as facts, gravest first.

Every message repeats the whole cached state, so a fact here is a state, not yet an event. What is
absent, null or of the wrong type says nothing; what is out of range is dropped and the rest kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from devices.model import ENDED, Kind, Observation, Origin, Scope
from devices.profile import DeviceSettings

Fields = Mapping[str, Any]

HELP_ACTIONS = frozenset({"emergency"})
"""Actions that mean help on every button; others only where the installer says so."""

MAX_DOORS = 16
MAX_PART = 16

_DISTURBANCES = ("vibration", "tilt", "drop")
_READ = frozenset({"contact", "tamper", "battery", "battery_low", "action", "sos", *_DISTURBANCES})
_SILENT = frozenset(
    {
        *("linkquality", "voltage", "last_seen", "elapsed", "update", "update_available", "device"),
        *("device_temperature", "temperature", "humidity", "illuminance", "pressure", "strength"),
        *("power_outage_count", "trigger_count", "angle", "angle_x", "angle_y", "angle_z"),
        *("x_axis", "y_axis", "z_axis", "sensitivity", "detection_distance", "occupancy"),
        *("presence", "angle_x_absolute", "angle_y_absolute"),
    }
)


class Fact(NamedTuple):
    """One thing a state says."""

    kind: Kind
    state: str
    part: str = "main"


_UNKNOWN, _DEVICE = Kind.UNKNOWN, Scope.DEVICE
_LEVEL, _NO_READING = Fact(Kind.BATTERY, "level"), Fact(Kind.UNKNOWN, "no_reading")
_TAMPERED, _UNTAMPERED = Fact(Kind.TAMPER, "on"), Fact(Kind.TAMPER, "off")
_LOW = {True: Fact(Kind.POWER, "low"), False: Fact(Kind.POWER, "ok")}
_NOT_A_BOOLEAN = Fact(Kind.UNKNOWN, "not_a_boolean")


def is_attribute(leaf: str) -> bool:
    """Whether a topic's last level names an attribute (`advanced.output: attribute`)."""
    return leaf in _READ or leaf in _SILENT or leaf.startswith(("contact_", "update-"))


def parse_attribute(name: str, payload: bytes) -> dict[str, Any]:
    """The state of one attribute, from its raw text: `true`, `87`, `emergency`, `null`."""
    text = payload.decode(errors="replace").strip()
    value: Any = text
    if text in {"true", "false"}:
        value = text == "true"
    elif text == "null":
        value = None
    elif name not in {"action", "last_seen"}:
        try:
            value = float(text)
        except ValueError:
            value = text
    return {name: value}


def observe(
    device: str, fields: Fields, origin: Origin, settings: DeviceSettings
) -> tuple[Observation, ...]:
    """The observations of one state, at least one; each carries the readings of the message."""
    battery_pct = _number(fields.get("battery"), 0, 100)
    millivolts = _number(fields.get("voltage"), 1, 100_000)
    link_quality = _number(fields.get("linkquality"), 0, 255)
    facts = list(_facts(fields, settings))
    is_charge_known = battery_pct is not None or millivolts is not None
    if is_charge_known and all(fact.kind is _UNKNOWN for fact in facts):
        facts.insert(0, _LEVEL)
    observed_at = _last_seen(fields.get("last_seen"))
    return tuple(
        Observation(
            device,
            fact.kind,
            fact.state,
            fact.part,
            origin,
            _DEVICE,
            observed_at,
            battery_pct=battery_pct,
            battery_v=None if millivolts is None else millivolts / 1000,
            link_quality=None if link_quality is None else int(link_quality),
            note=fact.state if fact.kind is _UNKNOWN else None,
        )
        for fact in facts or (_NO_READING,)
    )


def _facts(fields: Fields, settings: DeviceSettings) -> Iterator[Fact]:
    action = fields.get("action")
    action = action if isinstance(action, str) else ""
    yield from _button(action, fields.get("sos"), settings)
    tamper = fields.get("tamper")
    if tamper is True:
        yield _TAMPERED
    if settings.vibration_as == "tamper":
        yield from _disturbance(action, fields)
    yield from _doors(fields, settings.invert)
    if tamper is not True:
        yield from _flag(tamper, {False: _UNTAMPERED})
    yield from _flag(fields.get("battery_low"), _LOW)


def _button(action: str, sos: object, settings: DeviceSettings) -> Iterator[Fact]:
    """A press comes once as `action`; `sos` is a boolean, repeated until it falls again."""
    if action in HELP_ACTIONS or action in settings.action_help:
        yield Fact(Kind.BUTTON, "help")
    elif action in settings.action_announce:
        yield Fact(Kind.BUTTON, "announce")
    if sos is True:
        yield Fact(Kind.BUTTON, "help", "sos")
    elif sos is False:
        yield _ended("sos")


def _disturbance(action: str, fields: Fields) -> Iterator[Fact]:
    """A vibration sensor's word. That it is still again says nothing of the seal it is on."""
    for name in _DISTURBANCES:
        value = fields.get(name)
        if value is True:
            yield Fact(Kind.TAMPER, "on", name)
        elif value is False:
            yield _ended(name)
        elif action == name:  # said once and never taken back: it is over at once
            yield Fact(Kind.TAMPER, "on", name)
            yield _ended(name)


def _doors(fields: Fields, invert: bool) -> Iterator[Fact]:
    """`contact` and `contact_<endpoint>`: true means that the magnet is near, so closed."""
    names = [name for name in fields if name == "contact" or name.startswith("contact_")]
    for name in names[:MAX_DOORS]:
        part = name.removeprefix("contact").removeprefix("_") or "main"
        if len(part) > MAX_PART or not part.isprintable():
            yield Fact(Kind.UNKNOWN, "invalid_part")
            continue
        closed, opened = Fact(Kind.DOOR, "closed", part), Fact(Kind.DOOR, "open", part)
        yield from _flag(fields[name], {not invert: closed, invert: opened})


def _flag(value: object, facts: Mapping[bool, Fact]) -> Iterator[Fact]:
    """The fact of a boolean. A quoted "false" is none: Python would take it for true."""
    if isinstance(value, bool):
        yield facts[value]
    elif value is not None:
        yield _NOT_A_BOOLEAN


def _ended(name: str) -> Fact:
    state = f"{name}_over"
    return Fact(Kind.UNKNOWN, state, ENDED[state][1])


def _number(value: object, low: float, high: float) -> float | None:
    """A number within its range, None for anything else; NaN is in no range."""
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
        return value
    return None


def _last_seen(value: object) -> datetime | None:
    """ISO 8601 with an offset, or epoch milliseconds: the last radio contact."""
    try:
        if isinstance(value, str):
            said = datetime.fromisoformat(value)
            return said.astimezone(UTC) if said.tzinfo else None
        milliseconds = _number(value, 0, 4_102_444_800_000)  # to the year 2100
        return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError):
        return None
