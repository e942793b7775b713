"""Home Assistant's discovery topics: configuration that other makes announce, never a reading.

Nothing subscribes to them; they are claimed so that one that comes by is ignored quietly.
"""

from __future__ import annotations

from devices.model import Decoded, Origin, Undecodable
from devices.profile import Settings, unknown

NAME = "ha.discovery"


class HomeAssistantDiscovery:
    """Configuration messages under `homeassistant/`."""

    name = NAME
    prefix = "homeassistant/"
    subscriptions: tuple[str, ...] = ()

    def claims(self, topic: str) -> bool:
        """Whether a message on this topic is of this make."""
        return topic.startswith(self.prefix)

    def is_read(self, topic: str) -> bool:  # noqa: ARG002  # the protocol's shape
        """Whether payloads on this topic are looked at: none is."""
        return False

    def device_of(self, topic: str) -> str:  # noqa: ARG002  # the protocol's shape
        """Always "": a configuration speaks for no device."""
        return ""

    def decode(
        self,
        topic: str,  # noqa: ARG002  # the protocol's shape
        payload: bytes,  # noqa: ARG002
        retained: bool,
        settings: Settings,  # noqa: ARG002
    ) -> Decoded | Undecodable:
        """An unknown observation, whatever the message."""
        origin = Origin.RETAINED if retained else Origin.EVENT
        return Decoded(NAME, "", (unknown("", "discovery", origin),))
