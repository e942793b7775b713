"""The native make: devices that speak the wire contract, version 1."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec import structs

from devices import topic as native_topic
from devices.model import MOMENTARY, STATES, Decoded, Kind, Observation, Origin, Scope, Undecodable
from devices.profile import Settings, unknown
from devices.profiles import native_wire as wire

NAME = "native"

MAX_STATES = 32
"""Facts taken from one heartbeat; no device has more doors, seals and zones than this."""

_NOT_ON_THE_WIRE = {(Kind.POWER, "ok")}
_FACTS: dict[str, tuple[Kind, dict[str, str]]] = {
    kind.value: (
        kind,
        {state: state for state in STATES[kind] if (kind, state) not in _NOT_ON_THE_WIRE},
    )
    for kind in (Kind.DOOR, Kind.SEAL, Kind.TAMPER, Kind.CAMERA, Kind.BUTTON, Kind.POWER)
}
"""Kinds and states of the contract; the states map to themselves so that one text is shared."""

_LASTING = {
    name: (kind, {state: state for state in states if (kind, state) not in MOMENTARY})
    for name, (kind, states) in _FACTS.items()
}
"""What a heartbeat may restate: a press or a passing is over."""

_ONLY_ONCE: dict[str, Any] = {"interval_s": None, "battery_pct": None, "rssi_dbm": None}
"""What is said of the device as a whole stands in the first observation of a heartbeat."""

_STATUS = {b"online": "online", b"offline": "offline", b"sleeping": "sleeping"}

# An enum member costs 0.1 us to look up on its class, ten times what a global does.
_EVENT, _REPORT, _RETAINED, _DEVICE = Origin.EVENT, Origin.REPORT, Origin.RETAINED, Scope.DEVICE
_UNKNOWN, _HEARTBEAT = Kind.UNKNOWN, Kind.HEARTBEAT
_NO_FACT: tuple[Kind, dict[str, str]] = (_UNKNOWN, {})


class Native:
    """Menshen's own devices."""

    name = NAME
    prefix = native_topic.ROOT
    subscriptions = tuple(f"{native_topic.ROOT}+/{leaf}" for leaf in native_topic.DEVICE_LEAVES)

    def claims(self, topic: str) -> bool:
        """Whether a message on this topic is of this make."""
        return topic.startswith(self.prefix)

    def is_read(self, topic: str) -> bool:
        """Whether payloads on this topic are looked at: not those of our own messages."""
        return not topic.endswith(native_topic.GATEWAY_LEAVES)

    def device_of(self, topic: str) -> str:
        """The device a topic belongs to, "" where the topic is outside the grammar."""
        parsed = native_topic.parse(topic)
        return parsed[0] if parsed else ""

    def decode(
        self,
        topic: str,
        payload: bytes,
        retained: bool,
        settings: Settings,  # noqa: ARG002  # a native device says all by itself
    ) -> Decoded | Undecodable:
        """Read one native message."""
        parsed = native_topic.parse(topic)
        if parsed is None:
            return Undecodable(NAME, "", "invalid_topic")
        device, leaf = parsed
        if leaf == "event":
            return _event(device, payload, retained)
        if leaf == "heartbeat":
            return _heartbeat(device, payload, retained)
        if leaf == "status":
            return _status(device, payload, retained)
        if leaf == "result":
            return _result(device, payload, retained)
        return _decoded(device, unknown(device, "own_message", _origin(retained)))


def _event(device: str, payload: bytes, retained: bool) -> Decoded | Undecodable:
    try:
        event = wire.decode_event(payload)
    except (ValueError, RecursionError):
        event = wire.mend(wire.Event, payload)
        if isinstance(event, str):
            return Undecodable(NAME, device, event)
    boot, part = event.boot, event.part
    if not boot.isprintable() or not part.isprintable():
        return Undecodable(NAME, device, "unprintable_name")
    kind, states = _FACTS.get(event.kind, _NO_FACT)
    state = states.get(event.state)
    note = None
    if state is None:
        state = note = "unknown_kind" if kind is _UNKNOWN else "unknown_state"
        kind = _UNKNOWN
    observation = Observation(
        device,
        kind,
        state,
        part,
        _RETAINED if retained else _EVENT,
        _DEVICE,
        None if event.at is None else datetime.fromtimestamp(event.at, UTC),
        event.clock,
        event.age_s,
        boot,
        event.seq,
        None,
        event.battery,
        None,
        None,
        event.rssi,
        event.persons,
        event.confidence,
        note,
    )
    return Decoded(NAME, device, (observation,))


def _heartbeat(device: str, payload: bytes, retained: bool) -> Decoded | Undecodable:
    try:
        beat = wire.decode_heartbeat(payload)
    except (ValueError, RecursionError):
        beat = wire.mend(wire.Heartbeat, payload)
        if isinstance(beat, str):
            return Undecodable(NAME, device, beat)
    boot, seq, clock = beat.boot, beat.seq, beat.clock
    if not boot.isprintable():
        return Undecodable(NAME, device, "unprintable_name")
    origin = _RETAINED if retained else _REPORT
    observed_at = None if beat.at is None else datetime.fromtimestamp(beat.at, UTC)
    alive = Observation(
        device,
        _HEARTBEAT,
        "alive",
        "main",
        origin,
        _DEVICE,
        observed_at,
        clock,
        None,
        boot,
        seq,
        beat.interval_s,
        beat.battery,
        None,
        None,
        beat.rssi,
    )
    observations = [alive]
    for name, said in beat.states.items():
        if len(observations) > MAX_STATES:
            observations.append(unknown(device, "too_many_states", origin))
            break
        fact = _LASTING.get(name)
        state = None if fact is None or type(said) is not str else fact[1].get(said)
        if fact is None or state is None:
            kind, state, part, note = _reported(name, said)
            said_of = {"kind": kind, "state": state, "part": part, "note": note}
            observations.append(structs.replace(alive, **said_of, **_ONLY_ONCE))
            continue
        observations.append(
            Observation(
                device, fact[0], state, "main", origin, _DEVICE, observed_at, clock, None, boot, seq
            )
        )
    return Decoded(NAME, device, tuple(observations))


def _reported(name: str, said: object) -> tuple[Kind, str, str, str | None]:
    """Kind, state, part and note of an entry of `states` with a part, or that is no fact."""
    name, has_part, part = name.partition("/")
    part = part if has_part else "main"
    kind, states = _FACTS.get(name, _NO_FACT)
    state = states.get(said) if isinstance(said, str) else None
    if not 1 <= len(part) <= 16 or not part.isprintable():
        problem, part = "invalid_part", "main"
    elif kind is _UNKNOWN:
        problem = "unknown_kind"
    elif state is None:
        problem = "unknown_state"
    elif (kind, state) in MOMENTARY:
        problem = "momentary_state"
    else:
        return kind, state, part, None
    return _UNKNOWN, problem, part, problem


def _status(device: str, payload: bytes, retained: bool) -> Decoded | Undecodable:
    origin = _origin(retained)
    if not payload:
        return _decoded(device, unknown(device, "topic_cleared", origin))
    state = _STATUS.get(bytes(payload))
    if state is None:
        return Undecodable(NAME, device, "invalid_status")
    return _decoded(device, Observation(device, Kind.STATUS, state, "main", origin))


def _result(device: str, payload: bytes, retained: bool) -> Decoded | Undecodable:
    try:
        result = wire.decode_result(payload)
    except (ValueError, RecursionError):
        result = wire.mend(wire.Result, payload)
        if isinstance(result, str):
            return Undecodable(NAME, device, result)
    what = "result_ok" if result.ok else "result_failed"
    return _decoded(device, unknown(device, what, _origin(retained)))


def _origin(retained: bool) -> Origin:
    return _RETAINED if retained else _EVENT


def _decoded(device: str, observation: Observation) -> Decoded:
    return Decoded(NAME, device, (observation,))
