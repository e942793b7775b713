"""The native wire contract, version 1, as a device writes it.

An independent reading of the contract: it shares no line with the decoder it is played against,
so that a misunderstanding shows as a failing scenario instead of hiding on both sides.
"""

from collections.abc import Mapping
from typing import Literal

from firmware_sim.wire import Outgoing

ROOT = "menshen/v1"

STATES: Mapping[str, frozenset[str]] = {
    "door": frozenset({"open", "closed"}),
    "seal": frozenset({"applied", "broken", "removed"}),
    "tamper": frozenset({"on", "off"}),
    "camera": frozenset(
        {
            "exit",
            "entry",
            "loitering",
            "gathering",
            "motion",
            "covered",
            "uncovered",
            "fault",
        }
    ),
    "button": frozenset({"help", "announce"}),
    "power": frozenset({"battery", "mains", "low"}),
}
"""Every state a device may report, by kind."""

MOMENTS = frozenset(
    {("camera", state) for state in ("exit", "entry", "loitering", "gathering", "motion", "fault")}
    | {("button", "help"), ("button", "announce")}
)
"""What happens and is over: never a present state, so never in a heartbeat."""

Status = Literal["online", "offline", "sleeping"]
Fields = dict[str, object]


def topic(device_id: str, leaf: str) -> str:
    """Return one of a device's topics: `event`, `heartbeat`, `status`, `received`, ..."""
    return f"{ROOT}/{device_id}/{leaf}"


def event_fields(
    *,
    seq: int,
    boot: str,
    kind: str,
    state: str,
    part: str = "main",
    at: float | None = None,
    clock: str | None = None,
    battery: int | None = None,
    rssi: int | None = None,
    persons: int | None = None,
    confidence: float | None = None,
) -> Fields:
    """Return the fields of one event; ValueError for a state the contract doesn't know."""
    if state not in STATES.get(kind, ()):
        raise ValueError(f"the contract knows no state {state!r} of kind {kind!r}")
    return {"seq": seq, "boot": boot, "kind": kind, "state": state} | _present(
        part=None if part == "main" else part,
        at=at,
        clock=clock,
        battery=battery,
        rssi=rssi,
        persons=persons,
        confidence=confidence,
    )


def heartbeat_fields(
    *,
    seq: int,
    boot: str,
    uptime_s: float,
    interval_s: float,
    states: Mapping[tuple[str, str], str],
    at: float | None = None,
    clock: str | None = None,
    battery: int | None = None,
    rssi: int | None = None,
    firmware: str | None = None,
) -> Fields:
    """Return the fields of one heartbeat; `states` are keyed by kind and part."""
    present = {
        kind if part == "main" else f"{kind}/{part}": state
        for (kind, part), state in states.items()
    }
    required: Fields = {
        "boot": boot,
        "seq": seq,
        "uptime_s": round(uptime_s, 3),
        "interval_s": interval_s,
        "states": present,
    }
    return required | _present(at=at, clock=clock, battery=battery, rssi=rssi, firmware=firmware)


def event(device_id: str, fields: Fields) -> Outgoing:
    """Return an event on its way: QoS 1, never retained."""
    return Outgoing(topic(device_id, "event"), fields)


def heartbeat(device_id: str, fields: Fields) -> Outgoing:
    """Return a heartbeat on its way."""
    return Outgoing(topic(device_id, "heartbeat"), fields)


def status(device_id: str, state: Status) -> Outgoing:
    """Return a status on its way: retained, and with `offline` also the last will."""
    return Outgoing(topic(device_id, "status"), state, retain=True)


def result(device_id: str, command_id: str, error: str | None = None) -> Outgoing:
    """Return the answer to a command; `error` says why it was not done."""
    fields: Fields = {"id": command_id, "ok": error is None}
    return Outgoing(topic(device_id, "result"), fields | _present(error=error))


def _present(**fields: object) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}
