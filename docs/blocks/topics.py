"""What devices can say, and on which topics, from `devices.model` and `devices.topic`."""

from __future__ import annotations

from devices.model import MOMENTARY, STATES, Kind
from devices.topic import DEVICE_LEAVES, GATEWAY_LEAVES, ROOT
from docs.blocks.markdown import table

MEANING: dict[tuple[Kind, str], str] = {
    (Kind.DOOR, "open"): "the magnet is away from its contact",
    (Kind.DOOR, "closed"): "the magnet is at its contact",
    (Kind.SEAL, "applied"): "the seal is whole and in its place",
    (Kind.SEAL, "broken"): "the seal is cut or torn",
    (Kind.SEAL, "removed"): "the seal is off its place, and whole",
    (Kind.TAMPER, "on"): "somebody opened the device or took it off its mount",
    (Kind.TAMPER, "off"): "the device is shut and on its mount",
    (Kind.CAMERA, "exit"): "somebody came out of the door",
    (Kind.CAMERA, "entry"): "somebody went in at the door",
    (Kind.CAMERA, "loitering"): "somebody stays outside the door",
    (Kind.CAMERA, "gathering"): "several people stay outside the door",
    (Kind.CAMERA, "motion"): "something moved; kept, and no rule judges it",
    (Kind.CAMERA, "covered"): "the camera sees nothing",
    (Kind.CAMERA, "uncovered"): "the camera sees again",
    (Kind.CAMERA, "fault"): "the camera says that it does not work",
    (Kind.BUTTON, "help"): "the resident asks for help",
    (Kind.BUTTON, "announce"): "the resident is about to open the door",
    (Kind.POWER, "battery"): "the device runs on its battery",
    (Kind.POWER, "mains"): "the device runs on mains",
    (Kind.POWER, "low"): "the battery is nearly empty",
    (Kind.POWER, "ok"): "the battery is no longer low; not on the native wire",
    (Kind.BATTERY, "level"): "a charge, and nothing else",
    (Kind.STATUS, "online"): "there is a way to the device, or to its bridge",
    (Kind.STATUS, "offline"): "the way is lost: a last will, or the bridge's word",
    (Kind.STATUS, "sleeping"): "the device goes to sleep as it should",
    (Kind.HEARTBEAT, "alive"): "proof of life, with the longest pause until the next",
}

LEAVES: dict[str, tuple[str, str, str]] = {
    "event": ("1", "no", "one thing that happened, as JSON"),
    "heartbeat": ("0 or 1", "no", "proof of life and the present states, as JSON"),
    "status": ("1", "yes", "`online`, `offline` (the last will too) or `sleeping`"),
    "result": ("1", "no", "what became of a command, as JSON"),
    "received": ("0", "no", '`{"boot", "seq"}`: this boot is on the disk up to `seq`'),
    "command": ("1", "no", "a command; this version of the gateway sends none"),
}


def kinds() -> str:
    """Every kind and state."""
    rows = [
        (f"`{kind}`", f"`{state}`", "happens" if (kind, state) in MOMENTARY else "lasts", meaning)
        for (kind, state), meaning in MEANING.items()
        if state in STATES[kind]
    ]
    return table(("kind", "state", "it", "meaning"), rows)


def native() -> str:
    """Every topic of the native make."""
    rows = [
        (f"`{ROOT}{{device_id}}/{leaf}`", who, *LEAVES[leaf])
        for who, leaves in (("device", DEVICE_LEAVES), ("gateway", GATEWAY_LEAVES))
        for leaf in leaves
    ]
    return table(("topic", "from", "QoS", "retained", "payload"), rows)
