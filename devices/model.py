"""What a device can say, as facts. Everything above this package speaks these words.

Times are aware UTC datetimes. `observed_at` is the device's own clock: shown, never trusted
to order events or to fire a timer.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What a fact is about."""

    DOOR = "door"  # open, closed
    SEAL = "seal"  # applied, broken, removed
    TAMPER = "tamper"  # on, off
    CAMERA = "camera"  # exit, entry, loitering, gathering, motion, covered, uncovered, fault
    BUTTON = "button"  # help, announce
    POWER = "power"  # battery, mains, low, ok (no longer low; not on the native wire)
    BATTERY = "battery"  # level: only a charge is said
    STATUS = "status"  # online, offline, sleeping: the path to the device, or its bridge
    HEARTBEAT = "heartbeat"  # alive: proof of life, with the interval until the next
    UNKNOWN = "unknown"  # understood as a message, not as a fact; `state` says what it was


STATES: dict[Kind, frozenset[str]] = {
    Kind.DOOR: frozenset({"open", "closed"}),
    Kind.SEAL: frozenset({"applied", "broken", "removed"}),
    Kind.TAMPER: frozenset({"on", "off"}),
    Kind.CAMERA: frozenset(
        {"exit", "entry", "loitering", "gathering", "motion", "covered", "uncovered", "fault"}
    ),
    Kind.BUTTON: frozenset({"help", "announce"}),
    Kind.POWER: frozenset({"battery", "mains", "low", "ok"}),
    Kind.BATTERY: frozenset({"level"}),
    Kind.STATUS: frozenset({"online", "offline", "sleeping"}),
    Kind.HEARTBEAT: frozenset({"alive"}),
}

MOMENTARY: frozenset[tuple[Kind, str]] = frozenset(
    {(Kind.BUTTON, "help"), (Kind.BUTTON, "announce")}
    | {(Kind.CAMERA, state) for state in ("exit", "entry", "loitering", "gathering", "motion")}
)
"""Facts that happen and are over: two in a row are two facts, never a repeated state."""

ENDED: dict[str, tuple[Kind, str]] = {
    "vibration_over": (Kind.TAMPER, "vibration"),
    "tilt_over": (Kind.TAMPER, "tilt"),
    "drop_over": (Kind.TAMPER, "drop"),
    "sos_over": (Kind.BUTTON, "sos"),
}
"""Unknown observations that say that something passing is over, and of which kind and part.

They say nothing of the seal or the resident; but the next one is news again."""


LEFT_NETWORK = "left_network"
"""The note of an `offline` that says that the device was taken out of its bridge's network."""


class Origin(StrEnum):
    """How a fact came to us, and so how much it says about *now*."""

    EVENT = "event"  # the device says that it just happened
    REPORT = "report"  # the device itself restates what is
    CACHED = "cached"  # a bridge's copy: right when it was made, of unknown age
    RETAINED = "retained"  # the broker's copy: of unknown age


class Scope(StrEnum):
    """Whose fact it is."""

    DEVICE = "device"
    GATEWAY = "gateway"  # a bridge or gateway: true of everything behind it


LONGEST_AGE_S = 1e9
"""30 years: no device is older, and a date so far back is still a date."""


class Observation(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One decoded fact. `device` is the id in the topic (native) or the bridge's name for it."""

    device: str
    kind: Kind
    state: str
    part: str = "main"
    origin: Origin = Origin.EVENT
    scope: Scope = Scope.DEVICE
    observed_at: datetime | None = None  # the device's clock, aware UTC
    clock: str | None = None  # synced, free, unknown: how far the device trusts it
    age_s: float | None = None  # seconds between the fact and its sending, by the device's counter
    boot: str | None = None  # new at each start of the device
    seq: int | None = None  # grows by one with each event of one boot
    interval_s: float | None = None  # heartbeat: the longest pause until the next
    battery_pct: float | None = None  # 0 to 100
    battery_v: float | None = None  # volts
    link_quality: int | None = None  # 0 to 255, of the last radio hop; neither dBm nor percent
    rssi_dbm: int | None = None
    persons: int | None = None  # camera
    confidence: float | None = None  # camera, 0.0 to 1.0
    note: str | None = None  # short, no payload text: what an unknown observation was, why offline

    @property
    def kept_back_s(self) -> float:
        """How long before it arrived it happened, in seconds; 0 where the device does not say."""
        return min(self.age_s or 0.0, LONGEST_AGE_S)


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """A message read: zero or more facts, in the order in which they are to be applied."""

    profile: str
    device: str  # "" where the message is about no single device
    observations: tuple[Observation, ...]


class Undecodable(msgspec.Struct, frozen=True):
    """A message that is no message of its profile. It is journalled raw, with this reason."""

    profile: str  # "" where no profile claims the topic
    device: str
    reason: str  # a stable lower_snake_case word, optionally ": detail"


class News(StrEnum):
    """Whether a fact is new, compared with what was known of its device; never a bare bool."""

    NEW = "new"  # it happened now
    AGED = "aged"  # it happened, but a while ago: kept back during an outage
    FOUND = "found"  # true now, but nobody saw it happen (heartbeat, gap, first contact)
    REPEATED = "repeated"  # the state we knew
    DUPLICATE = "duplicate"  # this very event was here before: (device, boot, seq)
    LATE = "late"  # an older event than the newest we have: journalled, changes nothing now
    UNCERTAIN = "uncertain"  # a copy of unknown age that contradicts what we knew
