"""What kinds of device there are to mount, where each belongs, and what each says. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from devices.model import Kind


class DeviceKind(StrEnum):
    """What a device is for."""

    CONTACT = "contact"  # on a door
    SEAL = "seal"
    CAMERA = "camera"
    BUTTON = "button"
    VIBRATION = "vibration"  # knocks, tilting, a tamper contact of its own
    BRIDGE = "bridge"  # what others speak through


class Place(StrEnum):
    """Where a device hangs at a home."""

    FRONT_DOOR = "front_door"
    BACK_DOOR = "back_door"
    BALCONY = "balcony"
    OUTSIDE = "outside"
    CORRIDOR = "corridor"
    BEDSIDE = "bedside"
    LIVING_ROOM = "living_room"


_DOORS = (Place.FRONT_DOOR, Place.BACK_DOOR, Place.BALCONY)
PLACES: Final[Mapping[DeviceKind, tuple[Place, ...]]] = MappingProxyType(
    {
        DeviceKind.CONTACT: _DOORS,
        DeviceKind.SEAL: _DOORS,
        DeviceKind.CAMERA: (Place.OUTSIDE, Place.CORRIDOR),
        DeviceKind.BUTTON: (Place.BEDSIDE, Place.LIVING_ROOM),
        DeviceKind.VIBRATION: _DOORS,
        DeviceKind.BRIDGE: (Place.CORRIDOR, Place.LIVING_ROOM),
    }
)
"""Where each kind may hang. A camera has no place within a home."""

CALLED: Final[Mapping[str, Mapping[Place, str]]] = MappingProxyType(
    {
        "zh": {
            Place.FRONT_DOOR: "前门",
            Place.BACK_DOOR: "后门",
            Place.BALCONY: "阳台门",
            Place.OUTSIDE: "门外",
            Place.CORRIDOR: "楼道",
            Place.BEDSIDE: "床头",
            Place.LIVING_ROOM: "客厅",
        },
        "en": {
            Place.FRONT_DOOR: "front door",
            Place.BACK_DOOR: "back door",
            Place.BALCONY: "balcony",
            Place.OUTSIDE: "outside",
            Place.CORRIDOR: "corridor",
            Place.BEDSIDE: "bedside",
            Place.LIVING_ROOM: "living room",
        },
    }
)
"""Each place as it stands in texts; 12 characters at most, as the registry wants."""

SAYS: Final[Mapping[DeviceKind, frozenset[Kind]]] = MappingProxyType(
    {
        DeviceKind.CONTACT: frozenset({Kind.DOOR}),
        DeviceKind.SEAL: frozenset({Kind.SEAL}),
        DeviceKind.CAMERA: frozenset({Kind.CAMERA}),
        DeviceKind.BUTTON: frozenset({Kind.BUTTON}),
        DeviceKind.VIBRATION: frozenset({Kind.TAMPER}),
        DeviceKind.BRIDGE: frozenset({Kind.STATUS}),
    }
)
"""By which facts each kind is known."""

TELLING: Final = frozenset({Kind.DOOR, Kind.SEAL, Kind.CAMERA, Kind.BUTTON})
"""Facts that only one kind of device says; everybody may speak of tampering, power and status."""

_WORDS: Final = (
    (DeviceKind.CAMERA, r"cam|camera|ipc|摄像"),
    (DeviceKind.SEAL, r"seal|封条"),
    (DeviceKind.BUTTON, r"button|btn|sos|wxkg|按钮"),
    (DeviceKind.VIBRATION, r"vib|vibration|tamper|djt|shock|震动"),
    (DeviceKind.BRIDGE, r"bridge|gw|coordinator|网桥"),
    (DeviceKind.CONTACT, r"door|contact|magnet|mccgq|reed|门磁"),
)


def guess(*named: str) -> DeviceKind | None:
    """Return the kind that a model or an id speaks of, the first name first; None: neither does."""
    for name in named:
        words = re.split(r"[^a-z一-鿿]+", name.lower())
        for kind, called in _WORDS:
            if any(re.match(called, word) for word in words if word):
                return kind
    return None
