"""Zigbee2MQTT's topics: which device a message is about, and what sort of message it is.

A friendly name may hold slashes, so topics have no fixed depth: the base is matched, then the
last level says whether it is a state, one attribute of it, availability, or a command.
"""

from __future__ import annotations

from typing import Any

import msgspec

from devices.model import LEFT_NETWORK, Decoded, Kind, Observation, Origin, Scope, Undecodable
from devices.profile import DEFAULT_SETTINGS, Settings, unknown
from devices.profiles.zigbee2mqtt_state import is_attribute, observe, parse_attribute

NAME = "zigbee2mqtt"
DEFAULT_BASE = "zigbee2mqtt"

MAX_NAME = 200
"""Characters of a friendly name; Zigbee2MQTT itself sets no limit."""

_COMMANDS = frozenset({"set", "get"})
_STATES = {"online": "online", "offline": "offline"}
_decode_json = msgspec.json.Decoder().decode


class Zigbee2Mqtt:
    """The devices of one Zigbee2MQTT instance, known by its base topic.

    A device is known by its friendly name; outside the default base by `base/name`, so that two
    instances may each have a `door`. The bridge itself is known by its base.
    """

    name = NAME

    def __init__(self, base: str = DEFAULT_BASE) -> None:
        if not base or base.strip("/") != base or "+" in base or "#" in base:
            raise ValueError(f"zigbee2mqtt base {base!r}: a topic without wildcards is needed")
        self.base = base
        self.prefix = f"{base}/"
        self.subscriptions = (f"{base}/#",)
        self._bridge = f"{base}/bridge/"
        self._id_prefix = "" if base == DEFAULT_BASE else self.prefix

    def claims(self, topic: str) -> bool:
        """Whether a message on this topic is of this make."""
        return topic.startswith(self.prefix)

    def is_read(self, topic: str) -> bool:
        """Whether payloads on this topic are looked at: not commands, nor the inventories."""
        if topic.startswith(self._bridge):
            return topic[len(self._bridge) :] in {"state", "event"}
        return self._split(topic)[1] not in _COMMANDS

    def device_of(self, topic: str) -> str:
        """The device a topic belongs to: the bridge itself for its own topics."""
        if topic.startswith(self._bridge):
            return self.base
        name, leaf = self._split(topic)
        # Without the payload an attribute cannot be told from a name that looks like one.
        return self._id(name if leaf in _COMMANDS or leaf == "availability" else f"{name}/{leaf}")

    def decode(
        self, topic: str, payload: bytes, retained: bool, settings: Settings
    ) -> Decoded | Undecodable:
        """Read one message of this instance."""
        origin = Origin.RETAINED if retained else Origin.EVENT
        if topic.startswith(self._bridge):
            return self._bridge_message(topic[len(self._bridge) :], payload, origin)
        name, leaf = self._split(topic)
        whole = f"{name}/{leaf}" if name else leaf
        if not 1 <= len(whole) <= MAX_NAME or not whole.isprintable():
            return Undecodable(NAME, "", "invalid_topic")
        if name and leaf in _COMMANDS:
            return _nothing(self._id(name), "command_topic", origin)
        if name and leaf == "availability":
            return _availability(self._id(name), payload, origin, Scope.DEVICE)
        if not payload:
            return _nothing(self._id(whole), "topic_cleared", origin)
        fields: object
        if name and is_attribute(leaf) and not payload.lstrip().startswith(b"{"):
            device = self._id(name)
            fields = parse_attribute(leaf, payload)
        else:
            device = self._id(whole)
            fields = _json(payload)
        if not isinstance(fields, dict):
            return Undecodable(NAME, device, "not_json" if fields is None else "not_an_object")
        facts = observe(device, fields, origin, settings.get(device, DEFAULT_SETTINGS))
        return Decoded(NAME, device, facts)

    def _bridge_message(self, leaf: str, payload: bytes, origin: Origin) -> Decoded | Undecodable:
        if leaf == "state":
            return _availability(self.base, payload, origin, Scope.GATEWAY)
        if leaf == "event":
            return self._bridge_event(payload, origin)
        return _nothing(self.base, "bridge_topic", origin, Scope.GATEWAY)

    def _bridge_event(self, payload: bytes, origin: Origin) -> Decoded | Undecodable:
        event = _json(payload)
        if not isinstance(event, dict):
            reason = "not_json" if event is None else "not_an_object"
            return Undecodable(NAME, self.base, reason)
        if event.get("type") != "device_leave":
            return _nothing(self.base, "bridge_event", origin, Scope.GATEWAY)
        data = event.get("data")
        name = data.get("friendly_name") or data.get("ieee_address") if type(data) is dict else None
        if not isinstance(name, str) or len(name) > MAX_NAME or not name.isprintable():
            return Undecodable(NAME, self.base, "invalid_field: $.data.friendly_name")
        device = self._id(name)
        left = Observation(device, Kind.STATUS, "offline", "main", origin, note=LEFT_NETWORK)
        return Decoded(NAME, device, (left,))

    def _split(self, topic: str) -> tuple[str, str]:
        """The topic below the base as (name, last level); the name is "" where there is one."""
        name, _, leaf = topic[len(self.prefix) :].rpartition("/")
        return name, leaf

    def _id(self, name: str) -> str:
        return f"{self._id_prefix}{name.removeprefix('/')}"


def _availability(
    device: str, payload: bytes, origin: Origin, scope: Scope
) -> Decoded | Undecodable:
    """`online` or `offline`, as JSON since 2.0 and as plain text before."""
    if not payload:
        return _nothing(device, "topic_cleared", origin, scope)
    said: object = payload.decode(errors="replace").strip()
    if said not in _STATES:
        fields = _json(payload)
        if not isinstance(fields, dict):
            return Undecodable(NAME, device, "not_json" if fields is None else "not_an_object")
        said = fields.get("state")
    state = _STATES.get(said) if isinstance(said, str) else None
    if state is None:
        return Undecodable(NAME, device, "invalid_field: $.state")
    status = Observation(device, Kind.STATUS, state, "main", origin, scope)
    return Decoded(NAME, device, (status,))


def _nothing(device: str, what: str, origin: Origin, scope: Scope = Scope.DEVICE) -> Decoded:
    return Decoded(NAME, device, (unknown(device, what, origin, scope=scope),))


def _json(payload: bytes) -> Any:
    """The JSON value, None for what is no JSON; `null` is no message either."""
    try:
        return _decode_json(payload)
    except (ValueError, RecursionError):
        return None
