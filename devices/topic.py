"""The grammar of native topics, `menshen/v1/{device_id}/{leaf}`: built and read here only."""

from __future__ import annotations

import re

ROOT = "menshen/v1/"

DEVICE_LEAVES = ("event", "heartbeat", "status", "result")
"""What a device publishes, and the gateway subscribes to."""

GATEWAY_LEAVES = ("received", "command")
"""What the gateway publishes; a device only reads it."""

_LEAVES = frozenset(DEVICE_LEAVES + GATEWAY_LEAVES)
_DEVICE_ID = "[A-Za-z0-9_-]{4,64}"
_match_device_id = re.compile(_DEVICE_ID).fullmatch
_match_topic = re.compile(rf"{ROOT}({_DEVICE_ID})/({'|'.join(sorted(_LEAVES))})").fullmatch


def is_device_id(text: str) -> bool:
    """Whether `text` is 4 to 64 of `A-Z a-z 0-9 _ -`."""
    return _match_device_id(text) is not None


def build(device: str, leaf: str) -> str:
    """The topic of one leaf of one device; ValueError for an id or leaf outside the grammar."""
    if not is_device_id(device):
        raise ValueError(f"device id {device!r}: 4 to 64 of A-Z a-z 0-9 _ - are allowed")
    if leaf not in _LEAVES:
        raise ValueError(f"leaf {leaf!r}: must be one of {', '.join(sorted(_LEAVES))}")
    return f"{ROOT}{device}/{leaf}"


def parse(topic: str) -> tuple[str, str] | None:
    """The device and leaf of a native topic, None for anything else."""
    match = _match_topic(topic)
    if match is None:
        return None
    device, leaf = match.groups()
    return device, leaf
