"""Every number a decision depends on, with where it comes from. Written in TOML, checked when read.

Durations are in seconds, because a file needs a number; `timedelta`s are made where they are used.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Doors."""

    bounce_s: float = 5.0
    """A contact that flaps within this long is one opening (Alarmo's default)."""
    brief_s: float = 60.0
    """Closed again within this long: recorded as `closed_again_briefly`. It changes no level: an
    opening by itself is level 1 until it lasts `left_open_s` (ours)."""
    left_open_s: float = 180.0
    """Open for longer than this is told to all three roles (ours)."""
    repeated_count: int = 3
    repeated_within_s: float = 1800.0
    """This many unannounced openings within this long are told to all three roles (ours)."""
    night_from: str = "22:00"
    night_until: str = "06:00"
    """Local time in which every unannounced opening is told to all three roles (ours)."""
    agree_within_s: float = 120.0
    """Sensors of two kinds agree where they speak within this long of each other (ours)."""


class Announcing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The announce button."""

    window_s: float = 300.0
    """What one press covers."""
    per_day: int = 6
    """Presses that count in one local day."""
    late_s: float = 60.0
    """An announcement this long after the opening still counts ..."""
    late_per_day: int = 2
    """... this often in one local day."""


class Supervision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long something may say nothing."""

    mains_silent_s: float = 900.0
    """A device on mains, or polled (Taiwan's 15 minutes)."""
    heartbeats_missed: float = 3.0
    """A sleeping device: its own heartbeat times this (Zigbee2MQTT) ..."""
    sleeping_silent_max_s: float = 90000.0
    """... and at most 25 hours; also what is allowed where no heartbeat was promised."""
    hold_s: float = 120.0
    """A device that went silent or offline is told after this long, so that several become one."""
    outage_devices: int = 5
    """This many devices of one building or gateway silent within `hold_s` are one outage (ours)."""
    intake_down_s: float = 120.0
    """No broker for this long is told to the maintainers (EN 50131 grade 3: under 180 s)."""
    channel_down_s: float = 600.0
    """A channel that could send nothing for so long is told to the maintainers (ours: a modem that
    starts anew is back within two minutes)."""
    settle_s: float = 60.0
    """After a start, or once the broker is found again, what fell due meanwhile waits this long
    for the messages that are still on their way (ours)."""
    flood_per_minute: int = 600
    """A device that reports so many facts within a minute floods (ours: ten a second)."""
    flood_over_s: float = 300.0
    """A flood that did not go on for this long is over (ours)."""
    battery_low_pct: float = 20.0
    """Charge at which a battery is called low (DC-09 practice) ..."""
    battery_ok_pct: float = 30.0
    """... and at which it is no longer: cold and load move the figure by several percent (ours)."""


class Telling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told next, and when."""

    critical_step_s: float = 180.0
    """No acknowledgement of a critical incident in this long: the next step (NFPA 72)."""
    step_s: float = 900.0
    """The same for every other incident (Taiwan's 15 minutes)."""
    lease_s: float = 1800.0
    """A report-in lapses after this long unless the incident goes on (ours)."""
    on_site_lease_s: float = 3600.0
    """The same for somebody who is on site (ours)."""
    review_after_s: float = 43200.0
    """A resolved incident that nobody reviewed in this long is told to the lead (ours)."""
    reopen_within_s: float = 1800.0
    """A condition that comes back this soon after resolving reopens the incident (ours)."""
    expires_s: float = 14400.0
    """A notice that could not be sent for this long is of no use to anybody any more (ours)."""
    equipment_reminder_s: float = 86400.0
    """Equipment that nobody mended is told to its maintainers again after this long (ours)."""


class Quiet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hours in which nobody is woken for what can wait; in the morning it comes as one text."""

    from_time: str = "22:00"
    """Local time it begins ..."""
    until_time: str = "07:00"
    """... and ends (ours: before the day shift)."""
    severity: Literal["none", "health", "minor"] = "health"
    """What waits: equipment alone, or what concerns one person as well; `none`: nothing waits.
    What leaves several homes unwatched never waits."""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of it. Each home may have its own."""

    opening: Opening = Opening()
    announcing: Announcing = Announcing()
    supervision: Supervision = Supervision()
    telling: Telling = Telling()
    quiet: Quiet = Quiet()
    timezone: str = "Asia/Shanghai"
    """Local time of nights, shifts and days."""


class Spending(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much a phone is sent, and this gateway sends. A call for help is exempt from all of it.

    Nothing is lost by it: what is held back goes with the next text, which says how much else
    there is.
    """

    bundle_s: float = 120.0
    """What follows a text to the same phone within this long goes in one (Grafana OnCall). 0: every
    text goes by itself."""
    bundle_critical_s: float = 60.0
    """The same where a critical text follows one as bad: one a minute (GoAlert), and within the 90
    seconds that NFPA 72 allows."""
    phone_per_15_min: int = 5
    """Texts to one phone within 15 minutes, critical ones not held back (GoAlert)."""
    phone_per_hour: int = 11
    """Texts to one phone within an hour, critical ones not held back (GoAlert)."""
    phone_per_day: int = 50
    """Texts to one phone within 24 hours (Aliyun's limit for one template) ..."""
    phone_kept: int = 5
    """... of which the last so many are kept for what is critical (ours)."""
    parts_per_day: int = 500
    """Parts of texts that this gateway sends within a local day over all channels (ours) ..."""
    kept_pct: float = 20.0
    """... of which this share is kept for what is critical (ours)."""
