"""What a make of device is to the gateway: the topics it claims and how its messages read.

A profile is stateless and pure, and its `decode` never raises. Whether a fact is news is not its
business (`devices.news`). A new make is one module in `devices.profiles` and one line in the
registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from devices.model import Decoded, Kind, Observation, Origin, Scope, Undecodable


class DeviceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an installer says of one device that its messages cannot say."""

    invert: bool = False  # the contact reports the other way round
    vibration_as: Literal["tamper"] | None = None  # a vibration sensor glued to a seal
    action_help: tuple[str, ...] = ()  # button actions by which the resident asks for help
    action_announce: tuple[str, ...] = ()  # button actions that announce a door opening


Settings = Mapping[str, DeviceSettings]
"""Settings by device, under the id that the observations carry."""

DEFAULT_SETTINGS = DeviceSettings()


class Profile(Protocol):
    """One make of device."""

    @property
    def name(self) -> str:
        """The name kept with every journal record."""

    @property
    def prefix(self) -> str:
        """What every topic of this make begins with; ends at a `/`."""

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """MQTT topic filters the gateway has to subscribe to."""

    def claims(self, topic: str) -> bool:
        """Whether a message on this topic is of this make."""

    def is_read(self, topic: str) -> bool:
        """Whether payloads on this topic are looked at: False for commands and inventories."""

    def device_of(self, topic: str) -> str:
        """The device a claimed topic belongs to, "" where it is none."""

    def decode(
        self, topic: str, payload: bytes, retained: bool, settings: Settings
    ) -> Decoded | Undecodable:
        """Read one message on a claimed topic."""


def unknown(
    device: str, what: str, origin: Origin, *, part: str = "main", scope: Scope = Scope.DEVICE
) -> Observation:
    """An observation that a message came and says no fact; `what` is a lower_snake_case word."""
    return Observation(device, Kind.UNKNOWN, what, part, origin, scope, note=what)
