"""Faults on a device's stream of messages: each does one thing, and any of them combine.

| fault | value | what it does |
|---|---|---|
| `drop` | chance 0-1 | the message is lost |
| `repeat` | chance 0-1 | the message goes out twice |
| `reorder` | chance 0-1 | the message goes out after the one that follows it |
| `skew` | seconds | the device's clock is off by so much |
| `reboot` | chance 0-1 | the device starts anew instead of sending this heartbeat |
| `flood` | messages a second | the device sends heartbeats without end, in real seconds |

The dice of each device are its own, so one seed gives one stream whatever its neighbours do.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from math import inf

import msgspec

from firmware_sim.wire import Outgoing


class FaultKind(StrEnum):
    """What can be wrong with a stream."""

    DROP = "drop"
    REPEAT = "repeat"
    REORDER = "reorder"
    SKEW = "skew"
    REBOOT = "reboot"
    FLOOD = "flood"


_CHANCES = frozenset({FaultKind.DROP, FaultKind.REPEAT, FaultKind.REORDER, FaultKind.REBOOT})


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fault on the devices whose id matches a pattern, between two scenario seconds."""

    kind: FaultKind
    value: float
    devices: str = "*"
    from_s: float = 0.0
    until_s: float = inf

    def __post_init__(self) -> None:
        """Refuse a value that the kind can't have."""
        if self.kind in _CHANCES and not 0.0 <= self.value <= 1.0:
            raise ValueError(f"{self.kind} is a chance from 0 to 1, not {self.value}")
        if self.kind is FaultKind.FLOOD and self.value < 0:
            raise ValueError(f"flood is a rate, messages a second, not {self.value}")

    def is_on(self, now_s: float) -> bool:
        """Return whether the fault is active at a scenario second."""
        return self.from_s <= now_s < self.until_s


def parse(text: str) -> Fault:
    """Return the fault written as `kind=value` or `kind=value@pattern`; ValueError explains."""
    what, _, devices = text.partition("@")
    kind, equals, value = what.partition("=")
    known = ", ".join(FaultKind)
    if not equals or kind not in set(FaultKind):
        raise ValueError(f"{text!r} is no fault; write kind=value[@pattern], kind one of {known}")
    try:
        number = float(value)
    except ValueError:
        raise ValueError(f"{value!r} in {text!r} is no number") from None
    return Fault(kind=FaultKind(kind), value=number, devices=devices or "*")


@dataclass(slots=True)
class Stream:
    """One device's messages, with the faults that lie on it."""

    rng: random.Random
    faults: tuple[Fault, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    _held: list[Outgoing] = field(default_factory=list)

    def pass_on(self, message: Outgoing, now_s: float) -> list[Outgoing]:
        """Return what really goes out in place of one message, in that order."""
        if self._strikes(FaultKind.DROP, now_s):
            return []
        message = self._skewed(message, now_s)
        if self._strikes(FaultKind.REORDER, now_s):
            self._held.append(message)
            return []
        out = [message]
        if self._strikes(FaultKind.REPEAT, now_s):
            out.append(message)
        out += self._held
        self._held.clear()
        return out

    def reboots(self, now_s: float) -> bool:
        """Return whether the device starts anew now."""
        return self._strikes(FaultKind.REBOOT, now_s)

    def flood_rate(self, now_s: float) -> float:
        """Return how many messages a real second the device sends beyond its own."""
        return sum(fault.value for fault in self._active(FaultKind.FLOOD, now_s))

    def _active(self, kind: FaultKind, now_s: float) -> Iterable[Fault]:
        return (fault for fault in self.faults if fault.kind is kind and fault.is_on(now_s))

    def _strikes(self, kind: FaultKind, now_s: float) -> bool:
        # A list, so that one fault's luck never spares the next one its roll of the dice.
        rolls = [self.rng.random() < fault.value for fault in self._active(kind, now_s)]
        if not any(rolls):
            return False
        self.counts[kind] = self.counts.get(kind, 0) + 1
        return True

    def _skewed(self, message: Outgoing, now_s: float) -> Outgoing:
        skew_s = sum(fault.value for fault in self._active(FaultKind.SKEW, now_s))
        body = message.body
        if not skew_s or not isinstance(body, Mapping):
            return message
        at = body.get("at")
        if not isinstance(at, int | float):
            return message
        self.counts[FaultKind.SKEW] = self.counts.get(FaultKind.SKEW, 0) + 1
        return replace(message, body={**body, "at": round(at + skew_s, 3)})


def stream_for(device_id: str, faults: Iterable[Fault], rng: random.Random) -> Stream:
    """Return a device's stream with those faults whose pattern matches it."""
    return Stream(rng, tuple(f for f in faults if fnmatchcase(device_id, f.devices)))
