"""What the engine knows, in memory: a fold of the journal and of what was decided from it.

It is rebuilt from the tables at start, and thrown away and rebuilt when saving a turn's changes
failed: the tables are the truth, this is their shape for deciding quickly.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from alerts.changes import Changes
from alerts.model import (
    Condition,
    ConditionKind,
    Decision,
    DeviceInfo,
    Incident,
    IncidentId,
    Matter,
    Notice,
    Permit,
    Silence,
    Team,
    Transition,
    Unknown,
    Watch,
    WatchId,
)
from alerts.policy import Policy
from alerts.reason import Reason
from alerts.strikes import Strikes
from devices.news import DeviceMemory


class ConditionKey(NamedTuple):
    """At most one condition stands for each key."""

    kind: ConditionKind
    subject: str
    device: str | None
    part: str


@dataclass(slots=True)
class DeviceState:
    """One registered device's last word, and whether it can be relied on."""

    info: DeviceInfo
    memory: DeviceMemory = field(default_factory=DeviceMemory)
    heard_at: datetime | None = None  # gateway clock
    interval_s: float | None = None  # longest pause it promised in a heartbeat
    unknown_since: datetime | None = None  # set while nobody can say what it does
    missing_since: datetime | None = None  # it owes messages: silent, or its last will came
    missing_reason: Reason | None = None
    mains_lost_since: datetime | None = None
    is_battery_low: bool = False
    allowance: int = field(default=0, compare=False)
    """Facts it may still report before it is looked at how soon it used up so many."""
    paced_from: datetime | None = field(default=None, compare=False)  # when that began
    look: int | None = None  # the round of `State.looks` in which it is looked at next

    @property
    def trouble_since(self) -> datetime | None:
        """Return since when it counts towards an outage of its building or bridge, if it does."""
        return self.missing_since or self.mains_lost_since


@dataclass(slots=True)
class Place:
    """A building or a bridge, by what is supervised there. Named like a subject."""

    memory: DeviceMemory | None = None  # a bridge's own last word
    devices: list[str] = field(default_factory=list)
    troubled: dict[str, datetime] = field(default_factory=dict)
    """Devices that are missing or without mains, and since when; the latest last."""
    offline_since: datetime | None = None  # a bridge, by its own word or its last will
    back_at: datetime | None = None  # what is behind it owes nothing from before that


@dataclass(slots=True)
class HomeState:
    """What must be remembered of one watch between observations, beyond what stands."""

    last_closed: dict[tuple[str, str], Condition] = field(default_factory=dict)
    """The latest opening that is over, by (device, part): it may bounce, or be announced late."""
    open_doors: set[tuple[str, str]] = field(default_factory=set)
    """Doors that are open now, by (device, part)."""
    openings: list[datetime] = field(default_factory=list)
    """Unannounced openings still within the window of `repeated`, oldest first."""
    lead_asked_at: datetime | None = None
    """When the lead was last asked about an order that is over by a clock not trusted."""


class TimerKind(NamedTuple):
    """What a due time is for: a word of the module that set it, and its subject."""

    what: str  # "left_open", "passed", "look", "hold", "intake", "step", "order_end", ...
    subject: str  # watch, incident or silence id, or place
    device: str = ""
    part: str = ""
    kind: str = ""  # of the condition, where several may wait at once


CALENDAR = frozenset({"order_start", "order_end", "silence_end"})
"""Timers set by the calendar: a step of the clock does not move them."""


@dataclass(slots=True)
class Timers:
    """Due times, earliest first. Setting one again moves it; its old entry is skipped.

    Old entries are swept out once they outnumber the living, so that what is set again and again
    takes no more room.
    """

    due: dict[TimerKind, datetime] = field(default_factory=dict)
    heap: list[tuple[datetime, TimerKind]] = field(default_factory=list)

    def set(self, kind: TimerKind, at: datetime) -> None:
        """Make `kind` due at `at`, instead of whenever it was due before."""
        self.due[kind] = at
        heapq.heappush(self.heap, (at, kind))
        if len(self.heap) > 2 * len(self.due) + 100:
            self._sweep()

    def cancel(self, kind: TimerKind) -> None:
        """Forget it, if it was set."""
        self.due.pop(kind, None)

    def pop_due(self, now: datetime) -> Iterator[TimerKind]:
        """Yield and forget each one due at `now`, earliest first, those set meanwhile included."""
        while self.heap and self.heap[0][0] <= now:
            at, kind = heapq.heappop(self.heap)
            if self.due.get(kind) == at:
                del self.due[kind]
                yield kind

    def next_at(self) -> datetime | None:
        """Return when the next one is due."""
        while self.heap and self.due.get(self.heap[0][1]) != self.heap[0][0]:
            heapq.heappop(self.heap)
        return self.heap[0][0] if self.heap else None

    def shift(self, by: timedelta) -> None:
        """Move every due time but the calendar's, after the clock stepped by `by`."""
        self.due = {kind: at if kind.what in CALENDAR else at + by for kind, at in self.due.items()}
        self._sweep()

    def _sweep(self) -> None:
        """Keep of the heap only what is still due."""
        self.heap = [(at, kind) for kind, at in self.due.items()]
        heapq.heapify(self.heap)


@dataclass(frozen=True, slots=True)
class Voice:
    """How this gateway speaks to people."""

    language: str = "zh"  # a key of `alerts.wording.WORDINGS`
    gateway: str = ""  # its name, for texts about itself


@dataclass(slots=True)
class State:
    """Everything the engine decides from."""

    watches: dict[WatchId, Watch] = field(default_factory=dict)
    devices: dict[str, DeviceState] = field(default_factory=dict)
    homes: dict[WatchId, HomeState] = field(default_factory=dict)
    permits: dict[WatchId, list[Permit]] = field(default_factory=dict)
    silences: dict[str, list[Silence]] = field(default_factory=dict)  # by subject
    conditions: dict[ConditionKey, Condition] = field(default_factory=dict)  # standing ones
    incidents: dict[IncidentId, Incident] = field(default_factory=dict)  # not yet reviewed
    concerns: dict[tuple[Matter, str], IncidentId] = field(default_factory=dict)
    """The incident that a new condition of this matter and subject joins."""
    members: dict[IncidentId, dict[str, Condition]] = field(default_factory=dict)
    """The conditions of each incident not yet reviewed, by condition id, cleared ones too."""
    numbers: dict[str, dict[str, tuple[IncidentId, datetime]]] = field(default_factory=dict)
    """By team: each number given in the last 7 days, its incident, and when."""
    strikes: dict[str, Strikes] = field(default_factory=dict)
    """What phones wrote of late that led to nothing, by their first contact."""
    timers: Timers = field(default_factory=Timers)
    looks: dict[int, list[str]] = field(default_factory=dict)
    """By round: devices that must have been heard by then. One timer serves all of a round."""
    teams: dict[str, Team] = field(default_factory=dict)
    maintainers_team: str = "maintainers"
    policy: Policy = field(default_factory=Policy)
    """Of what belongs to no home: buildings, bridges, the gateway itself."""
    voice: Voice = Voice()
    places: dict[str, Place] = field(default_factory=dict)
    """Buildings and bridges by subject, "building:<id>" or "bridge:<id>"."""
    running: set[WatchId] = field(default_factory=set)
    """Orders served, begun and not ended; a clock that is wrong neither ends nor unbegins one."""
    clock_is_trusted: bool = True
    """Synchronised, and no step over an hour within the last 24 h: orders may end on it."""
    supervised_from: datetime | None = None
    """Nobody owes a message from before: the start, or when the broker was last found again."""
    intake_lost_at: datetime | None = None  # set while this gateway hears nobody
    lived_until: datetime | None = None
    """The latest time, by whatever the clock said then, at which the gateway is known to have run
    before this start, or before the clock went back."""


class Draws(Protocol):
    """Where ids and numbers come from: random in the gateway, counted in tests and replay."""

    def new_id(self) -> str:
        """Return an id nobody used before."""
        ...

    def four_digits(self) -> int:
        """Return 1000 to 9999, unpredictable."""
        ...


@dataclass(slots=True)
class Turn:
    """One run of the engine: what it sees, and what it has decided so far.

    Each `put_` records a value for saving and folds it into the state at once, so that what comes
    later in the same turn sees it.
    """

    state: State
    now: datetime
    draws: Draws
    changes: Changes = field(default_factory=Changes)
    journal_seq: int | None = None
    counts: dict[Reason, int] = field(default_factory=dict)
    """What is too common to be kept one by one, and every decision besides."""
    touched: set[str] = field(default_factory=set)
    """Devices whose present state changed and is to be saved."""
    _spans: dict[str | None, int] = field(default_factory=dict)
    """By device: which of `changes.unknown` lasts."""

    def count(self, reason: Reason) -> None:
        """Count one more of what was decided for this reason."""
        self.counts[reason] = self.counts.get(reason, 0) + 1

    def put_condition(self, condition: Condition) -> None:
        """Record a condition, new, changed or cleared."""
        key = ConditionKey(condition.kind, condition.subject, condition.device, condition.part)
        if condition.is_standing:
            self.state.conditions[key] = condition
        elif (standing := self.state.conditions.get(key)) and standing.id == condition.id:
            del self.state.conditions[key]
        if condition.incident is not None and condition.incident in self.state.members:
            self.state.members[condition.incident][condition.id] = condition
        self.changes.conditions.append(condition)

    def put_incident(self, incident: Incident, transition: Transition | None) -> None:
        """Record an incident, new or changed, with the transition that tells of it, if any."""
        concern = (incident.matter, incident.subject)
        if incident.reviewed_at is not None:
            self.state.incidents.pop(incident.id, None)
            self.state.members.pop(incident.id, None)
            if self.state.concerns.get(concern) == incident.id:
                del self.state.concerns[concern]
        else:
            self.state.incidents[incident.id] = incident
            self.state.members.setdefault(incident.id, {})
            holder = self.state.incidents.get(self.state.concerns.get(concern, ""))
            if holder is None or holder.opened_at <= incident.opened_at:
                self.state.concerns[concern] = incident.id
        self.changes.incidents.append(incident)
        if transition is not None:
            self.changes.transitions.append(transition)

    def put_notice(self, notice: Notice) -> None:
        """Record a notice for the outbox."""
        self.changes.notices.append(notice)

    def put_permit(self, permit: Permit) -> None:
        """Record a permit, new or changed."""
        permits = self.state.permits.setdefault(permit.watch, [])
        permits[:] = [other for other in permits if other.id != permit.id] + [permit]
        self.changes.permits.append(permit)

    def put_silence(self, silence: Silence) -> None:
        """Record a silence, new or ended."""
        silences = self.state.silences.setdefault(silence.subject, [])
        silences[:] = [other for other in silences if other.id != silence.id] + [silence]
        self.changes.silences.append(silence)

    def put_decision(self, decision: Decision) -> None:
        """Record why something was, or was not, done."""
        self.count(decision.reason)
        self.changes.decisions.append(decision)

    def put_unknown(self, device: DeviceState | None, reason: Reason, from_at: datetime) -> None:
        """Record that from a time on nobody can say what a device does; None: what any does."""
        if device is None:
            self.state.intake_lost_at = from_at
            began = Unknown(None, None, reason, from_at)
        else:
            device.unknown_since = from_at
            self.touched.add(device.info.id)
            began = Unknown(device.info.id, device.info.watch, reason, from_at)
        self._spans[began.device] = len(self.changes.unknown)
        self.changes.unknown.append(began)

    def put_known(self, device: DeviceState | None, at: datetime) -> None:
        """Record that it is known again."""
        if device is None:
            self.state.intake_lost_at = None
        else:
            device.unknown_since = None
            self.touched.add(device.info.id)
        id_ = None if device is None else device.info.id
        span = self._spans.pop(id_, None)
        if span is None:
            self.changes.known[id_] = at
        else:
            began = self.changes.unknown[span]
            self.changes.unknown[span] = replace(began, until_at=max(began.from_at, at))
