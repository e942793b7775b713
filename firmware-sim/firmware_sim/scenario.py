"""A scenario, resolved: every home, device, phone, step and fault of one street by name.

The file's own form is in `loader`; here each generator is spelled out and each name resolves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

import msgspec

from firmware_sim.clock import Trust
from firmware_sim.faults import Fault
from firmware_sim.truth import Demand, Role, Truth

Profile = Literal["native", "zigbee2mqtt"]
Supply = Literal["battery", "mains"]
Shift = Literal["day", "night", "all"]


class ScenarioError(Exception):
    """A scenario that can't be played; the message names the file, the place and the remedy."""


class DeviceKind(StrEnum):
    """What a device is."""

    MAGNET = "magnet"
    SEAL = "seal"
    CAMERA = "camera"
    BUTTON = "button"


class What(StrEnum):
    """What a step plays: acts of residents, of devices, and of the street."""

    OPEN = "open"
    CLOSE = "close"
    LEAVE = "leave"
    RETURN = "return"
    ANNOUNCE = "announce"
    HELP = "help"
    BOUNCE = "bounce"
    BREAK_SEAL = "break_seal"
    REMOVE_SEAL = "remove_seal"
    APPLY_SEAL = "apply_seal"
    TAMPER = "tamper"
    CAMERA = "camera"
    LOW_BATTERY = "low_battery"
    REPEAT = "repeat"
    REBOOT = "reboot"
    SLEEP = "sleep"
    VANISH = "vanish"
    RETAINED_COPY = "retained_copy"
    BRIDGE_RESTART = "bridge_restart"
    POWER_CUT = "power_cut"
    WITNESS = "witness"


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that happens, its truth and the demand on the gateway."""

    at_s: float
    what: What
    home: str | None = None
    device: str | None = None
    building: str | None = None
    bridge: str | None = None
    part: str = "main"
    for_s: float | None = None
    announced_s: float | None = None
    times: int = 4
    state: str | None = None
    persons: int | None = None
    truth: Truth | None = None
    demand: Demand | None = None


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A reply: verb 1 (reports in), 2 (on site) or 3 (dealt with), so long after the text.

    `text` replaces the usual words, `on` limits it to texts that contain this, `repeat` lets it
    come for every text; what the modem makes of them is told in `phones`.
    """

    after_s: float = 5.0
    verb: Literal[1, 2, 3] | None = None
    text: str | None = None
    on: str = ""
    repeat: bool = False


class Phone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A team member's phone and how that person answers; no answers: never replies."""

    name: str
    role: Role
    number: str
    teams: list[str]
    shift: Shift = "all"
    answers: list[Answer] = []
    switched_off: bool = False
    on_after_s: float | None = None
    sends_as: Literal["international", "national", "unknown"] = "international"


class Team(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A team and the buildings it looks after."""

    id: str
    name: str
    buildings: list[str]


class Building(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A building: `name` opens its homes' addresses; `area` is city to grid."""

    code: str
    name: str
    area: list[str]


class Bridge(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A Zigbee2MQTT bridge that carries the Zigbee sensors of one building."""

    id: str
    building: str
    base: str = "zigbee2mqtt"


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A make of device, as a template for many: intervals in scenario seconds."""

    name: str
    kind: DeviceKind
    prefix: str
    profile: Profile = "native"
    interval_s: float = 60.0
    repeat_s: float | None = None
    supply: Supply = "battery"
    battery: float = 100.0
    drain_per_day: float = 0.05
    clock: Trust = Trust.SYNCED
    drift_ppm: float = 0.0
    rssi: int = -60
    loss: float = 0.0
    listens: bool = True
    parts: tuple[str, ...] = ("main",)
    contact_model: Literal["MCCGQ11LM", "SNZB-04P"] = "MCCGQ11LM"


@dataclass(frozen=True, slots=True)
class Device:
    """One device in its place; `bridge` is None for a native one."""

    id: str
    home: str
    building: str
    model: Model
    bridge: str | None = None

    @property
    def kind(self) -> DeviceKind:
        """What the device is."""
        return self.model.kind

    @property
    def is_native(self) -> bool:
        """Whether the device has an MQTT connection of its own."""
        return self.bridge is None


@dataclass(frozen=True, slots=True)
class Home:
    """One dwelling, by house code."""

    code: str
    address: str
    building: str
    area: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One street and what happens in it; steps in order of time."""

    name: str
    seed: int
    speed: float
    duration_s: float
    local_time: str
    utc_offset_h: float
    buildings: Mapping[str, Building]
    bridges: Mapping[str, Bridge]
    homes: Mapping[str, Home]
    devices: Mapping[str, Device]
    teams: tuple[Team, ...]
    phones: tuple[Phone, ...]
    steps: tuple[Step, ...]
    faults: tuple[Fault, ...] = field(default=())

    def device_of(self, home: str, kind: DeviceKind) -> Device | None:
        """Return a home's first device of a kind."""
        return next((d for d in self.devices.values() if (d.home, d.kind) == (home, kind)), None)

    def devices_in(self, building: str) -> list[Device]:
        """Return the devices of one building."""
        return [device for device in self.devices.values() if device.building == building]
