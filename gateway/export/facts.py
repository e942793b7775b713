"""Records of the journal to points: every fact, what stands from it on, and readings.

The same records always make the same bytes. Time is the gateway's: arrival, less the age that a
device gives what it kept back; a device's own clock dates nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from alerts.tables import micros
from devices.model import ENDED, STATES, Decoded, Kind, Observation, Origin, Scope
from gateway.export.directory import Directory
from gateway.export.line import SPREAD, WIDEST, quoted
from gateway.export.schema import Bucket, Points
from gateway.journal import Record
from gateway.memories import Decode

UNDECODABLE: Final = "undecodable"
OF_A_BRIDGE: Final = "of_a_bridge"
"""What a bridge says of itself: it hangs at no home, and its devices' spans tell what it meant."""
UNREGISTERED: Final = "unregistered"
"""Said by a device that hung nowhere then, or at a home whose order was released."""

STANDING: Final = {
    Kind.DOOR: STATES[Kind.DOOR],
    Kind.SEAL: STATES[Kind.SEAL],
    Kind.TAMPER: STATES[Kind.TAMPER],
    Kind.CAMERA: frozenset({"covered", "uncovered", "fault"}),
    Kind.POWER: STATES[Kind.POWER],
    Kind.STATUS: STATES[Kind.STATUS],
}
"""States that last until another is said."""
_ENDED: Final = {word: where for word, where in ENDED.items() if where[0] in STANDING}
_OVER: Final = "off"

_LASTS: Final = frozenset((kind, state) for kind, states in STANDING.items() for state in states)

# An enum member costs 0.1 us to look up on its class, ten times what a global does.
_EVENT, _REPORT, _DEVICE, _UNKNOWN = Origin.EVENT, Origin.REPORT, Scope.DEVICE, Kind.UNKNOWN


@dataclass(slots=True)
class Facts:
    """What records came to."""

    points: Points = field(default_factory=lambda: {Bucket.HOMES: []})
    passed_over: Counter[str] = field(default_factory=Counter)
    """What made no points, by reason: undecodable records, and facts."""


def points(records: Sequence[Record], directory: Directory, decode: Decode) -> Facts:
    """Return the points of records. `decode` as the gateway's own."""
    facts = Facts()
    lines = facts.points[Bucket.HOMES]
    for record in records:
        if record.reason is not None:
            facts.passed_over[UNDECODABLE] += 1
            continue
        decoded = decode(record.topic, record.payload, record.retained)
        if type(decoded) is not Decoded:
            facts.passed_over[UNDECODABLE] += 1
            continue
        _of_record(record, decoded.observations, directory, lines, facts.passed_over)
    return facts


def happened_at(received_at: int, observation: Observation) -> int:
    """Return when a fact was so, in microseconds: when it arrived, less its age."""
    age_s = observation.kept_back_s
    return received_at - round(age_s * 1_000_000) if age_s else received_at


def standing(key: str, state: str) -> tuple[str, str, str] | None:
    """Return kind, part and state of what a device's memory holds; None for what does not last.

    `key`: `kind` or `kind/part`, as in `devices.news.DeviceMemory.states`.
    """
    word, _, part = key.partition("/")
    kind = Kind(word)
    if state not in STANDING.get(kind, ()):
        if (kind, part) not in _ENDED.values():
            return None
        state = _OVER
    return word, part or "main", state


def said(tags: str, state: str, at_ns: int, source: str = "said") -> bytes:
    """Return the line of what something is from a moment on."""
    return f'state{tags} state={quoted(state)},source="{source}" {at_ns}'.encode()


# Lines are put together here and not by `point`, which takes three times as long: a thousand
# messages a second are to leave room for others.


def _of_record(
    record: Record,
    observations: Sequence[Observation],
    directory: Directory,
    lines: list[bytes],
    passed_over: Counter[str],
) -> None:
    received_at, seq = record.received_at, record.seq
    seen: set[tuple[str, int]] = set()
    read: set[tuple[str, str]] = set()
    for observation in observations:
        if observation.scope is not _DEVICE:
            passed_over[OF_A_BRIDGE] += 1
            continue
        device, kind, state = observation.device, observation.kind, observation.state
        observed_at = observation.observed_at
        observed_us = None if observed_at is None else micros(observed_at)
        at = happened_at(received_at, observation) if observation.age_s else received_at
        where = directory.at(device, at)
        if where is None:
            passed_over[UNREGISTERED] += 1
            continue
        tags = directory.tags(where, device, kind._value_, observation.part)
        at_ns = at * 1000 + seq % SPREAD  # as `instant`
        while (tags, at_ns) in seen:
            at_ns += SPREAD
        seen.add((tags, at_ns))
        lines.append(_observation(observation, tags, seq, observed_us, at_ns))
        origin = observation.origin
        if origin is not _EVENT and origin is not _REPORT:
            continue
        if kind is _UNKNOWN:
            if (ended := _ENDED.get(state)) is not None:
                part_tags = directory.tags(where, device, ended[0]._value_, ended[1])
                lines.append(said(part_tags, _OVER, at_ns))
        elif (kind, state) in _LASTS:
            lines.append(said(tags, state, at_ns))
            if at < received_at and directory.at(device, received_at) is where:
                # What was sampled meanwhile was what was known then: from here on this is.
                lines.append(said(tags, state, received_at * 1000 + seq % SPREAD))
        off_us = None if observed_us is None else observed_us - at
        readings = [
            each for each in _readings(observation, off_us) if each and (device, each) not in read
        ]
        if readings:
            read.update((device, each) for each in readings)
            own = directory.tags(where, device)
            lines.append(f"device{own} {','.join(readings)} {at_ns}".encode())


def _observation(
    observation: Observation, tags: str, seq: int, observed_us: int | None, at_ns: int
) -> bytes:
    found = (
        f"observation{tags} state={quoted(observation.state)}"
        f',origin="{observation.origin._value_}",seq={seq}i'
    )
    if observation.age_s is not None:
        found += f",late_s={float(observation.kept_back_s)!r}"
    if observed_us is not None:
        found += f",observed_at_ms={observed_us // 1000}i"
    if observation.clock is not None:
        found += f",clock={quoted(observation.clock)}"
    if observation.persons is not None:
        found += _whole(",persons", observation.persons)
    if observation.confidence is not None:
        found += _number(",confidence", observation.confidence)
    if observation.note is not None:
        found += f",note={quoted(observation.note)}"
    return f"{found} {at_ns}".encode()


def _readings(observation: Observation, off_us: int | None) -> Iterator[str]:
    """Yield the fields of what a message reads of its device; each of its facts may repeat them.

    `off_us`: its clock less ours, in microseconds.
    """
    if observation.battery_pct is not None:
        yield _number("battery_pct", observation.battery_pct)
    if observation.battery_v is not None:
        yield _number("battery_v", observation.battery_v)
    if observation.rssi_dbm is not None:
        yield _whole("rssi_dbm", observation.rssi_dbm)
    if observation.link_quality is not None:
        yield _whole("link_quality", observation.link_quality)
    if observation.interval_s is not None:
        yield _number("interval_s", observation.interval_s)
    if off_us is not None:
        yield f"clock_off_s={off_us / 1_000_000!r}"


def _number(name: str, value: float) -> str:
    return f"{name}={float(value)!r}" if isfinite(value) else ""


def _whole(name: str, value: int) -> str:
    return f"{name}={value}i" if -WIDEST <= value < WIDEST else ""
