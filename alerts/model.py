"""The nouns of alerting, as values. Nothing here decides, reads a clock or touches a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import IntEnum, StrEnum

from alerts.policy import Policy
from alerts.reason import Reason

WatchId = str
"""The random id of one order at one home: rows carry it, and never the home."""
IncidentId = str


class Role(StrEnum):
    """What a person is to a home. `LEAD` stands in for any absent role."""

    WORKER = "worker"  # community worker
    DOCTOR = "doctor"
    POLICE = "police"
    LEAD = "lead"
    STREET = "street"  # the duty desk beyond the team: street, district, a department
    MAINTAINER = "maintainer"


TEAM_ROLES = (Role.WORKER, Role.DOCTOR, Role.POLICE)


class Severity(IntEnum):
    """How much it matters; greater is worse. Order of sending follows it."""

    HEALTH = 0  # equipment: nobody behind the door is concerned
    MINOR = 1  # one person is told
    MAJOR = 2  # the whole team is told
    CRITICAL = 3  # the whole team, with the short escalation delay
    HELP = 4  # a resident asks for help: no limit, silence or quiet hour applies


class ConditionKind(StrEnum):
    """Something true of a home, device, building or gateway now."""

    OPENED = "opened"
    LEFT_OPEN = "left_open"
    REPEATED = "repeated"
    SEAL_BROKEN = "seal_broken"
    SEAL_REMOVED = "seal_removed"
    TAMPERED = "tampered"
    CAMERA_EXIT = "camera_exit"
    CAMERA_ENTRY = "camera_entry"
    LOITERING = "loitering"
    GATHERING = "gathering"
    CAMERA_COVERED = "camera_covered"
    CAMERA_FAULT = "camera_fault"
    HELP = "help"
    SILENT = "silent"  # a device owes messages
    BATTERY_LOW = "battery_low"
    MAINS_LOST = "mains_lost"
    FLOODING = "flooding"  # a device says far more than it has to say
    OUTAGE = "outage"  # several devices of one building or gateway at once
    INTAKE_DOWN = "intake_down"  # this gateway hears nobody
    CHANNEL_DOWN = "channel_down"  # one of its ways of telling people does not work


MOMENTARY = frozenset(
    {
        ConditionKind.HELP,
        ConditionKind.CAMERA_EXIT,
        ConditionKind.CAMERA_ENTRY,
        ConditionKind.LOITERING,
        ConditionKind.GATHERING,
    }
)
"""What happens and is over: nothing ever says that it ended, and nobody can be asked to end it."""


class Matter(StrEnum):
    """What an incident is about. Conditions of one matter and subject join one incident."""

    DEPARTURE = "departure"  # door, seal, tamper, camera exit: somebody may have left
    VISIT = "visit"  # camera entry, loitering, gathering
    HELP = "help"
    DEVICE = "device"
    OUTAGE = "outage"


# ---- who ----


@dataclass(frozen=True, slots=True)
class Contact:
    """A person on a team, by what alerting must know; addresses are resolved when sending."""

    id: str  # stable, e.g. "team-3/worker-1"; never a phone number or name
    role: Role
    shift: str | None = None  # name of the shift; None: on every shift


@dataclass(frozen=True, slots=True)
class Shift:
    """One turn of the day in local time; `until` may lie on the next day."""

    name: str
    starts: time
    until: time


@dataclass(frozen=True, slots=True)
class Override:
    """A person swapped in for another, from-to (`until_at` exclusive)."""

    absent: str  # contact id
    instead: str  # contact id
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Team:
    """Who answers for a home, its shifts, and who comes after them."""

    id: str
    contacts: tuple[Contact, ...]
    shifts: tuple[Shift, ...] = ()
    overrides: tuple[Override, ...] = ()
    beyond: tuple[Contact, ...] = ()  # street, district, departments, in order


# ---- what is watched ----


class DeviceClass(StrEnum):
    """How supervision treats a device."""

    MAINS = "mains"
    SLEEPING = "sleeping"


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A registered device, by what deciding must know."""

    id: str
    watch: WatchId | None
    building: str
    bridge: str | None = None  # the gateway or bridge it speaks through
    device_class: DeviceClass = DeviceClass.SLEEPING
    place: str = ""  # where it hangs, for texts: "前门"


@dataclass(frozen=True, slots=True)
class Permit:
    """An announced opening. Covers the door in its window, and nothing but the door."""

    id: str
    watch: WatchId
    from_at: datetime
    until_at: datetime
    purpose: str  # enum word: meal, test, medical, waste, delivery, other, announced
    granted_by: str  # contact id, "announce_button" or an operator's name
    asked_by: str = ""
    revoked_at: datetime | None = None
    used_at: datetime | None = None  # the first opening that it covered
    is_late: bool = False  # announced after the opening


@dataclass(frozen=True, slots=True)
class Silence:
    """A person asked that a subject be recorded but not told, from-to, with a reason."""

    id: str
    subject: str  # watch id, "building:<id>", "bridge:<id>" or "device:<id>"
    from_at: datetime
    until_at: datetime
    by: str
    why: str
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """What the engine must know of one order at one home."""

    id: WatchId
    address: str  # as it stands in texts, e.g. 南岭村3栋1203; never a name
    short_address: str  # the same without the village or street, e.g. 3栋1203
    building: str
    team: Team
    policy: Policy
    starts_at: datetime
    ends_at: datetime
    notice_served_at: datetime | None
    devices: tuple[str, ...] = ()

    def is_active(self, now: datetime) -> bool:
        """Say whether the order is running and its notice was served."""
        return (
            self.notice_served_at is not None
            and self.notice_served_at <= now
            and self.starts_at <= now < self.ends_at
        )


# ---- what was decided ----


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that a rule found true. Kept after it clears, for the record."""

    id: str
    kind: ConditionKind
    subject: str  # watch id, "building:<id>", "bridge:<id>", "device:<id>" or "gateway"
    watch: WatchId | None
    device: str | None
    part: str
    raised_at: datetime  # gateway clock: when it became true, as far as the gateway can say
    reason: Reason
    detail: str = ""  # short, no personal data: "3 in 30 min", "door/back"
    cleared_at: datetime | None = None
    clear_reason: Reason | None = None
    incident: IncidentId | None = None
    journal_seq: int | None = None  # the record that raised it

    @property
    def is_standing(self) -> bool:
        """Say whether it is still true."""
        return self.cleared_at is None


class IncidentState(StrEnum):
    """吹哨 → 报到 → 到场 → 处置 → 办结."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    ON_SITE = "on_site"
    RESOLVED = "resolved"
    REVIEWED = "reviewed"


class Cause(StrEnum):
    """What it was in the end. The last three are for what ends by itself."""

    DEALT_WITH = "dealt_with"
    INNOCENT = "innocent"  # nobody left who should not have
    LEFT_HOME = "left_home"
    DEVICE_FAULT = "device_fault"
    ANNOUNCED_LATE = "announced_late"
    RECOVERED = "recovered"  # equipment that works again
    ORDER_ENDED = "order_ended"


ENDS_BY_ITSELF = frozenset({Cause.ANNOUNCED_LATE, Cause.RECOVERED, Cause.ORDER_ENDED})
"""No person resolved it, and none need review it."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person took the incident."""

    contact: str
    role: Role
    at: datetime
    by: str  # "sms", "cli", "web"


@dataclass(frozen=True, slots=True)
class Incident:
    """One conversation about one matter at one subject, with an owner."""

    id: IncidentId
    number: str  # four digits, unique in its team for 7 days
    matter: Matter
    subject: str
    watch: WatchId | None
    team: str
    severity: Severity
    level: int  # evidence, 0 to 4
    level_reason: Reason
    state: IncidentState
    headline: ConditionKind  # what the texts speak of: the worst condition
    opened_at: datetime
    since_at: datetime  # when the headline became true
    next_at: datetime | None  # the next step; None only once reviewed
    step: int = 0  # how many escalation steps have been taken
    told: tuple[str, ...] = ()  # contact ids that were sent its number
    acknowledgements: tuple[Acknowledgement, ...] = ()
    homes_blind: int = 0
    cause: str | None = None  # set when resolved
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    reviewed_at: datetime | None = None
    reopened: int = 0

    @property
    def is_over(self) -> bool:
        """Say whether nobody need be told of it any more."""
        return self.state in (IncidentState.RESOLVED, IncidentState.REVIEWED)


@dataclass(frozen=True, slots=True)
class Transition:
    """One recorded change of an incident; append-only."""

    incident: IncidentId
    from_state: IncidentState | None
    to_state: IncidentState
    reason: Reason
    actor: str  # contact id, operator, or "system"
    decided_at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A span in which nobody could say what a device did."""

    device: str | None  # None: the gateway itself heard nobody, or was off
    watch: WatchId | None
    reason: Reason
    from_at: datetime
    until_at: datetime | None = None  # None: it lasts


class NoticeKind(StrEnum):
    """What a notice is for."""

    ALARM = "alarm"  # first text of an incident to this person
    UPDATE = "update"  # it grew worse
    ESCALATION = "escalation"  # nobody took it
    REMINDER = "reminder"  # a report-in lapsed, or a review is due
    ANSWER = "answer"  # to a reply
    HEALTH = "health"  # equipment
    TAKEN = "taken"  # a colleague has taken it
    DIGEST = "digest"  # what waited for the morning
    TEST = "test"  # proof that texts arrive


class NoticeState(StrEnum):
    """What became of a notice. The last four are its only ends."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    UNCONFIRMED = "unconfirmed"
    FAILED_TEMPORARY = "failed_temporary"
    DELIVERED = "delivered"
    FAILED_PERMANENT = "failed_permanent"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one contact about one incident: an outbox row."""

    id: str
    incident: IncidentId | None
    watch: WatchId | None
    contact: str
    kind: NoticeKind
    severity: Severity
    text: str
    reason: Reason  # why this person is told, and why now
    created_at: datetime
    expires_at: datetime
    state: NoticeState = NoticeState.PENDING
    short_text: str = ""
    """The same with room for saying how much else there is."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """What fills the text that a provider approved: number, place, what, when, level, ask."""
    not_before_at: datetime | None = None  # it can wait for the morning


@dataclass(frozen=True, slots=True)
class Decision:
    """Why a fact did or did not lead to something, kept so that it can be explained later."""

    reason: Reason
    at: datetime
    watch: WatchId | None
    device: str | None
    journal_seq: int | None
    detail: str = ""
