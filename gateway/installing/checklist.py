"""Which ticks a device owes before it is in service, and what is to be done for the next. Pure.

Nothing is ticked by hand but what no device can say: where a camera looks, and that a sign hangs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from devices.model import Kind
from gateway.installing.facts import Facts
from gateway.installing.kinds import SAYS, TELLING, DeviceKind


class Tick(StrEnum):
    """One thing that is to be so."""

    SIGNAL = "signal"
    BATTERY = "battery"
    TAMPER_OFF = "tamper_off"
    DOOR_OPEN = "door_open"
    DOOR_CLOSED = "door_closed"
    SEAL_APPLIED = "seal_applied"
    BUTTON_PRESSED = "button_pressed"
    KNOCKED = "knocked"
    UNCOVERED = "uncovered"
    LOOKS_OUTSIDE = "looks_outside"
    SIGNAGE = "signage"


class Why(StrEnum):
    """What is known of a tick, and so what is to be done next."""

    GOOD = "good"
    NOT_SAID = "not_said"  # it has no such thing to speak of; nothing stands against it
    NOT_HEARD = "not_heard"
    WAITS = "waits"
    WEAK = "weak"
    LOW = "low"
    IS_ON = "is_on"
    STILL_OPEN = "still_open"
    BROKEN = "broken"
    COVERED = "covered"
    OTHER_KIND = "other_kind"
    TO_CONFIRM = "to_confirm"
    LOOKS_INSIDE = "looks_inside"
    NO_SIGN = "no_sign"


MET: Final = frozenset({Why.GOOD, Why.NOT_SAID})
CONFIRMED: Final = frozenset({Tick.LOOKS_OUTSIDE, Tick.SIGNAGE})
"""What the installer is asked, because no device says it."""

_HEARD = (Tick.SIGNAL, Tick.BATTERY)
OWED: Final[Mapping[DeviceKind, tuple[Tick, ...]]] = MappingProxyType(
    {
        DeviceKind.CONTACT: (*_HEARD, Tick.DOOR_OPEN, Tick.DOOR_CLOSED, Tick.TAMPER_OFF),
        DeviceKind.SEAL: (*_HEARD, Tick.SEAL_APPLIED, Tick.TAMPER_OFF),
        DeviceKind.CAMERA: (
            Tick.SIGNAL,
            Tick.TAMPER_OFF,
            Tick.UNCOVERED,
            Tick.LOOKS_OUTSIDE,
            Tick.SIGNAGE,
        ),
        DeviceKind.BUTTON: (*_HEARD, Tick.BUTTON_PRESSED, Tick.TAMPER_OFF),
        DeviceKind.VIBRATION: (*_HEARD, Tick.KNOCKED, Tick.TAMPER_OFF),
        DeviceKind.BRIDGE: (Tick.SIGNAL,),
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on signal and battery are good enough to be left alone."""

    rssi_dbm: int = -80
    link_quality: int = 40
    battery_pct: int = 30


@dataclass(frozen=True, slots=True)
class Ticked:
    """One tick, and why it is set or not. `value` is what the device said of it, in figures."""

    tick: Tick
    why: Why
    value: str = ""

    @property
    def is_met(self) -> bool:
        """Say whether nothing stands in the way of signing off."""
        return self.why in MET


def judge(
    kind: DeviceKind,
    facts: Facts,
    mounted_at: datetime,
    answers: Mapping[str, bool],
    limits: Limits = Limits(),
) -> tuple[Ticked, ...]:
    """Return every tick that this kind owes, in the order in which they are done.

    `answers` to what the installer is asked, by tick; one that is not there was not answered.
    """
    return tuple(_judge(tick, kind, facts, mounted_at, answers, limits) for tick in OWED[kind])


def next_of(ticks: tuple[Ticked, ...]) -> Ticked | None:
    """Return the tick that is to be seen to next; None: all are set."""
    return next((each for each in ticks if not each.is_met), None)


def speaks_as_other(kind: DeviceKind, facts: Facts) -> bool:
    """Say whether the device said what only another kind of device does, and nothing of its own."""
    told = facts.kinds & TELLING
    return bool(told) and not told & SAYS[kind]


def _judge(
    tick: Tick,
    kind: DeviceKind,
    facts: Facts,
    mounted_at: datetime,
    answers: Mapping[str, bool],
    limits: Limits,
) -> Ticked:
    if tick in CONFIRMED:
        return Ticked(tick, _confirmed(tick, answers))
    if facts.heard_at is None:
        return Ticked(tick, Why.NOT_HEARD)
    match tick:
        case Tick.SIGNAL:
            return _signal(kind, facts, limits)
        case Tick.BATTERY:
            return _battery(facts, limits)
        case Tick.TAMPER_OFF:
            return Ticked(tick, _tamper(kind, facts))
        case Tick.DOOR_OPEN:
            return Ticked(tick, _since(facts, (Kind.DOOR, "open"), mounted_at))
        case Tick.DOOR_CLOSED:
            return Ticked(tick, _door_closed(facts, mounted_at))
        case Tick.SEAL_APPLIED:
            return Ticked(tick, _seal(facts, mounted_at))
        case Tick.BUTTON_PRESSED:
            presses = ((Kind.BUTTON, "announce"), (Kind.BUTTON, "help"))
            return Ticked(tick, _any_since(facts, presses, mounted_at))
        case Tick.KNOCKED:
            return Ticked(tick, _since(facts, (Kind.TAMPER, "on"), mounted_at))
        case _:
            return Ticked(tick, _uncovered(facts))


def _confirmed(tick: Tick, answers: Mapping[str, bool]) -> Why:
    if tick.value not in answers:
        return Why.TO_CONFIRM
    if answers[tick.value]:
        return Why.GOOD
    return Why.LOOKS_INSIDE if tick is Tick.LOOKS_OUTSIDE else Why.NO_SIGN


def _signal(kind: DeviceKind, facts: Facts, limits: Limits) -> Ticked:
    if speaks_as_other(kind, facts):
        return Ticked(Tick.SIGNAL, Why.OTHER_KIND)
    if facts.rssi_dbm is not None:
        is_weak = facts.rssi_dbm < limits.rssi_dbm
        said = f"{facts.rssi_dbm} dBm"
    elif facts.link_quality is not None:
        is_weak = facts.link_quality < limits.link_quality
        said = f"{facts.link_quality}/255"
    else:
        return Ticked(Tick.SIGNAL, Why.GOOD)
    return Ticked(Tick.SIGNAL, Why.WEAK if is_weak else Why.GOOD, said)


def _battery(facts: Facts, limits: Limits) -> Ticked:
    said = "" if facts.battery_pct is None else f"{facts.battery_pct:.0f}%"
    is_low = facts.battery_pct is not None and facts.battery_pct < limits.battery_pct
    if is_low or "low" in facts.now_in(Kind.POWER):
        return Ticked(Tick.BATTERY, Why.LOW, said)
    return Ticked(Tick.BATTERY, Why.GOOD if said else Why.NOT_SAID, said)


def _tamper(kind: DeviceKind, facts: Facts) -> Why:
    states = facts.now_in(Kind.TAMPER)
    if "on" in states:
        return Why.IS_ON
    if states:
        return Why.GOOD
    if kind is DeviceKind.VIBRATION:
        return Why.WAITS
    # Silence about it is no proof until the device told all it has, or was tried at the door.
    door = {(Kind.DOOR, "open"), (Kind.DOOR, "closed")}
    is_tried = door <= facts.said.keys() or (Kind.SEAL, "applied") in facts.said
    is_tried = is_tried or Kind.BUTTON in facts.kinds or Kind.CAMERA in facts.kinds
    return Why.NOT_SAID if facts.is_whole or is_tried else Why.WAITS


def _since(facts: Facts, what: tuple[Kind, str], mounted_at: datetime) -> Why:
    return _any_since(facts, (what,), mounted_at)


def _any_since(facts: Facts, which: tuple[tuple[Kind, str], ...], mounted_at: datetime) -> Why:
    is_heard = any(
        (arrived_at := facts.said.get(each)) is not None and arrived_at >= mounted_at
        for each in which
    )
    return Why.GOOD if is_heard else Why.WAITS


def _door_closed(facts: Facts, mounted_at: datetime) -> Why:
    opened = _since(facts, (Kind.DOOR, "open"), mounted_at)
    if opened is not Why.GOOD:
        return Why.WAITS
    if "open" in facts.now_in(Kind.DOOR):
        return Why.STILL_OPEN
    return _since(facts, (Kind.DOOR, "closed"), mounted_at)


def _seal(facts: Facts, mounted_at: datetime) -> Why:
    if facts.now_in(Kind.SEAL) & {"broken", "removed"}:
        return Why.BROKEN
    return _since(facts, (Kind.SEAL, "applied"), mounted_at)


def _uncovered(facts: Facts) -> Why:
    states = facts.now_in(Kind.CAMERA)
    return Why.COVERED if states & {"covered", "fault"} else Why.GOOD
