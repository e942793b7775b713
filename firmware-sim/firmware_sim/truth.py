"""What really happened, and what a gateway watching it must do: the measure of a scenario.

A truth is known to the scenario alone; a device may show it, hide it or distort it. A demand names
the roles that must be told (or that nobody may be), how fast, and at which evidence level.
"""

from enum import StrEnum

import msgspec


class Truth(StrEnum):
    """What happened in the street, or to its devices."""

    OPENED_BRIEFLY = "opened_briefly"
    OPENED_ANNOUNCED = "opened_announced"
    ANNOUNCED_LATE = "announced_late"
    LEFT_OPEN = "left_open"
    LEFT_UNANNOUNCED = "left_unannounced"
    CAME_BACK = "came_back"
    OPENED_AT_NIGHT = "opened_at_night"
    SEAL_BROKEN = "seal_broken"
    SEAL_REMOVED = "seal_removed"
    TAMPERED = "tampered"
    HELP_WANTED = "help_wanted"
    NOBODY_REPORTED_IN = "nobody_reported_in"
    LOITERED = "loitered"
    GATHERED = "gathered"
    CAMERA_COVERED = "camera_covered"
    CONTACT_BOUNCED = "contact_bounced"
    DEVICE_REBOOTED = "device_rebooted"
    DEVICE_VANISHED = "device_vanished"
    DEVICE_SLEPT = "device_slept"
    BATTERY_LOW = "battery_low"
    BRIDGE_RESTARTED = "bridge_restarted"
    STATE_REPEATED = "state_repeated"
    POWER_CUT = "power_cut"
    POWER_BACK = "power_back"
    NOTHING = "nothing"


class Role(StrEnum):
    """Who may be told."""

    WORKER = "worker"
    DOCTOR = "doctor"
    POLICE = "police"
    LEAD = "lead"


class Demand(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a truth demands: these roles told within so many scenario seconds, or nobody.

    `level` is the lowest evidence level to be printed; `at_most` the most texts one phone may get
    for it; with `told` empty, nobody may be told for `within_s` (to the end, where it is absent).
    """

    told: list[Role]
    within_s: float | None = None
    level: int | None = None
    at_most: int | None = None

    def __post_init__(self) -> None:
        """Refuse a demand that nothing could fail."""
        if self.told and self.within_s is None:
            raise ValueError("a demand that somebody is told needs within_s")
        if self.level is not None and not 0 <= self.level <= 4:
            raise ValueError(f"an evidence level is 0 to 4, not {self.level}")

    def as_json(self) -> dict[str, object]:
        """Return the demand for a line of JSON; `told` is always there."""
        fields: dict[str, object] = msgspec.to_builtins(self)
        return {"told": [], **fields}
