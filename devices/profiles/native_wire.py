"""Native payloads as typed messages: required fields hold, bad optional ones are dropped.

A message is first read by a strict decoder made once. Only where that refuses is it read again
field by field, so that a door's "open" is not lost to a battery of 250 percent.
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

LATEST_AT_S = 4_102_444_800
"""2100-01-01: a device clock beyond it is no clock."""

MAX_SEQ = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly (RFC 8259, section 6)."""

MAX_INTERVAL_S = 7 * 86_400

Seq = Annotated[int, Meta(ge=0, le=MAX_SEQ)]
Name = Annotated[str, Meta(min_length=1, max_length=16)]
At = Annotated[float, Meta(ge=0, le=LATEST_AT_S)]
Age = Annotated[float, Meta(ge=0, le=LATEST_AT_S)]
Clock = Literal["synced", "free", "unknown"]
Percent = Annotated[float, Meta(ge=0, le=100)]
Dbm = Annotated[int, Meta(ge=-200, le=50)]


class Event(msgspec.Struct, gc=False):
    """One event of a device."""

    seq: Seq
    boot: Name
    kind: str
    state: str
    part: Name = "main"
    at: At | None = None
    age_s: Age | None = None
    clock: Clock | None = None
    battery: Percent | None = None
    rssi: Dbm | None = None
    persons: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None


class Heartbeat(msgspec.Struct):
    """What a device restates at its interval. `seq` is that of its last event."""

    seq: Seq
    boot: Name
    interval_s: Annotated[float, Meta(gt=0, le=MAX_INTERVAL_S)]
    states: dict[str, Any] = {}
    at: At | None = None
    clock: Clock | None = None
    battery: Percent | None = None
    rssi: Dbm | None = None


class Result(msgspec.Struct):
    """A device's answer to a command."""

    ok: bool


Message = TypeVar("Message", Event, Heartbeat, Result)

_IDENTIFYING = {"part", "states"}
"""Optional, but a message in which they are wrong says something else than its device meant."""

_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {
    type_: msgspec.json.Decoder(type_) for type_ in (Event, Heartbeat, Result)
}
_DROPPABLE: dict[Any, dict[str, Any]] = {
    type_: {
        field.name: field.type
        for field in msgspec.structs.fields(type_)
        if not field.required and field.name not in _IDENTIFYING
    }
    for type_ in _DECODERS
}
_PATH = re.compile(r"`(?:\$\.)?([a-z_]+)`$")
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_NO_CHARACTER = "\uffff"
"""Stands for half a surrogate pair, which is no text for anybody; as unprintable."""

decode_event = _DECODERS[Event].decode
decode_heartbeat = _DECODERS[Heartbeat].decode
decode_result = _DECODERS[Result].decode


def mend(type_: type[Message], payload: bytes) -> Message | str:
    """The message without its bad optional fields, or the reason why it is no message."""
    try:
        written = json.dumps(json.loads(payload.decode()), ensure_ascii=False)
        fields = json.loads(_HALF_PAIR.sub(_NO_CHARACTER, written))
    except (ValueError, RecursionError):
        return "not_json"
    if not isinstance(fields, dict):
        return "not_an_object"
    for name, field_type in _DROPPABLE[type_].items():
        if name in fields and not _fits(fields[name], field_type):
            del fields[name]
    try:
        return msgspec.convert(fields, type_)
    except msgspec.ValidationError as error:
        path = _PATH.search(str(error))
        return f"invalid_field: $.{path[1]}" if path else "invalid_message"


def _fits(value: object, type_: Any) -> bool:
    try:
        msgspec.convert(value, type_)
    except msgspec.ValidationError:
        return False
    return True
