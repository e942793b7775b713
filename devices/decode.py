"""Topic and payload to observations, or to the reason why not. Never raises, for any bytes."""

from __future__ import annotations

from devices.model import Decoded, Undecodable
from devices.registry import Registry

MAX_PAYLOAD_BYTES = 16 * 1024
"""More than any message of a door, seal or camera needs (wire contract, version 1)."""


def decode(topic: str, payload: bytes, retained: bool, registry: Registry) -> Decoded | Undecodable:
    """Read one message; `retained` is MQTT's flag: the broker's copy, of unknown age."""
    profile = registry.find(topic)
    if profile is None:
        return Undecodable("", "", "unclaimed_topic")
    if len(payload) > MAX_PAYLOAD_BYTES and profile.is_read(topic):
        return Undecodable(profile.name, profile.device_of(topic), "payload_too_large")
    return profile.decode(topic, payload, retained, registry.settings)
