"""Which profile claims a topic, what to subscribe to, and what installers said of each device.

Found by the topic's first level and then by prefix, for it stands in the path of every message.
"""

from __future__ import annotations

from collections.abc import Iterable

from devices.profile import Profile, Settings
from devices.profiles.homeassistant import HomeAssistantDiscovery
from devices.profiles.native import Native
from devices.profiles.zigbee2mqtt import DEFAULT_BASE, Zigbee2Mqtt


class Registry:
    """The profiles in use. `settings` is read at each message, so a caller may let it grow."""

    def __init__(self, profiles: Iterable[Profile], settings: Settings | None = None) -> None:
        self.profiles = tuple(profiles)
        self.settings: Settings = {} if settings is None else settings
        self._by_head: dict[str, tuple[tuple[str, Profile], ...]] = {}
        # Longest first: one base may lie within another.
        for profile in sorted(self.profiles, key=lambda each: -len(each.prefix)):
            head = profile.prefix.partition("/")[0]
            claimed = (profile.prefix, profile)
            self._by_head[head] = (*self._by_head.get(head, ()), claimed)

    def find(self, topic: str) -> Profile | None:
        """The profile that claims a topic, None where none does."""
        for prefix, profile in self._by_head.get(topic.partition("/")[0], ()):
            if topic.startswith(prefix):
                return profile
        return None

    def subscriptions(self) -> tuple[str, ...]:
        """The topic filters of all profiles, each once."""
        filters = (each for profile in self.profiles for each in profile.subscriptions)
        return tuple(dict.fromkeys(filters))


def standard(
    settings: Settings | None = None, zigbee2mqtt_bases: Iterable[str] = (DEFAULT_BASE,)
) -> Registry:
    """Every make that is known, Zigbee2MQTT once for each base topic.

    ValueError for a base that is empty, holds a wildcard, or stands twice.
    """
    bases = tuple(zigbee2mqtt_bases)
    if len(set(bases)) != len(bases):
        raise ValueError(f"zigbee2mqtt bases {bases!r}: each may stand once")
    return Registry(
        (
            Native(),
            *(Zigbee2Mqtt(base) for base in bases),
            HomeAssistantDiscovery(),
        ),
        settings,
    )
