"""What a Zigbee2MQTT bridge publishes for a contact sensor: always the whole cached state.

The shapes are those of Zigbee2MQTT 2.x with its defaults: `contact` true means closed, voltage is
in millivolts, `linkquality` is a hop's LQI of 0-255, state messages are QoS 0 and not retained,
availability and the bridge's own state are QoS 1 and retained. There is no time in a message and
no heartbeat: a sensor repeats its state every hour or so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from firmware_sim.wire import Outgoing

MODELS = frozenset({"MCCGQ11LM", "SNZB-04P"})
"""An Aqara contact without a tamper switch, and a Sonoff one with it."""


@dataclass(slots=True)
class ContactState:
    """The bridge's cached state of one sensor."""

    model: str = "MCCGQ11LM"
    is_open: bool = False
    is_tampered: bool = False
    battery: int = 100
    linkquality: int = 120
    trigger_count: int = field(default=0)

    def fields(self) -> dict[str, object]:
        """Return the cached state as it is published, keys in Zigbee2MQTT's order."""
        common: dict[str, object] = {
            "battery": self.battery,
            "contact": not self.is_open,
            "linkquality": self.linkquality,
            "voltage": 2850 + round(1.5 * self.battery),
        }
        if self.model == "SNZB-04P":
            own: dict[str, object] = {
                "battery_low": self.battery <= 10,
                "tamper": self.is_tampered,
            }
        else:
            own = {"device_temperature": 24, "trigger_count": self.trigger_count}
        return dict(sorted((common | own).items()))


def state(base: str, name: str, cached: ContactState, *, retain: bool = False) -> Outgoing:
    """Return a sensor's state message; `retain` only where its owner switched that on."""
    return Outgoing(f"{base}/{name}", cached.fields(), qos=1 if retain else 0, retain=retain)


def availability(base: str, name: str, *, is_online: bool) -> Outgoing:
    """Return a sensor's retained availability."""
    return Outgoing(f"{base}/{name}/availability", _online(is_online), retain=True)


def bridge_state(base: str, *, is_online: bool) -> Outgoing:
    """Return the bridge's own retained state; with `is_online` false also its last will."""
    return Outgoing(f"{base}/bridge/state", _online(is_online), retain=True)


def bridge_devices(base: str, models: Mapping[str, str]) -> Outgoing:
    """Return the retained inventory: friendly names with their models."""
    listed = [
        {"friendly_name": name, "type": "EndDevice", "definition": {"model": model}}
        for name, model in sorted(models.items())
    ]
    return Outgoing(f"{base}/bridge/devices", listed, retain=True)


def _online(is_online: bool) -> dict[str, object]:
    return {"state": "online" if is_online else "offline"}
