"""A street under observation with a clock you move: tests on it read like the incident.

    street = Street(at="14:32")
    street.home("w1", door="door-1")
    street.says("door-1", "door", "open")
    assert street.told("team-1/worker-day") == [...]

The clock is local time in Shenzhen on 21 November 2026; `at` names a time of that day, and
moving to it runs every tick that falls due on the way.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from alerts import commands, engine, permits, restore, roster
from alerts.changes import Changes
from alerts.model import (
    Condition,
    ConditionKind,
    Contact,
    Decision,
    DeviceClass,
    DeviceInfo,
    Incident,
    Notice,
    Permit,
    Role,
    Shift,
    Silence,
    Team,
    Unknown,
    Watch,
)
from alerts.policy import Policy
from alerts.reason import Reason
from alerts.state import DeviceState, State, Turn
from devices.model import Kind, Observation, Origin, Scope
from devices.news import DeviceMemory

LOCAL = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 11, 21, tzinfo=LOCAL)


def local(hhmm: str, day: int = 0) -> datetime:
    """Return the UTC time of `HH:MM` or `HH:MM:SS` local time, `day` days after the first."""
    clock = time.fromisoformat(hhmm)
    return datetime.combine(DAY.date() + timedelta(days=day), clock, LOCAL).astimezone(UTC)


@dataclass
class CountedDraws:
    """Ids x1, x2, ... and numbers 4821, 4822, ...: the same at each run."""

    ids: int = 0
    digits: int = 4820

    def new_id(self) -> str:
        self.ids += 1
        return f"x{self.ids}"

    def four_digits(self) -> int:
        self.digits = 1000 + (self.digits - 999) % 9000
        return self.digits


def team(team_id: str = "team-1", **changed: Any) -> Team:
    """Three roles in a day and a night shift, one lead always, the street and police beyond."""
    day, night = Shift("day", time(8), time(20)), Shift("night", time(20), time(8))
    contacts = tuple(
        Contact(f"{team_id}/{role}-{shift.name}", role, shift.name)
        for shift in (day, night)
        for role in (Role.WORKER, Role.DOCTOR, Role.POLICE)
    )
    lead = Contact(f"{team_id}/lead", Role.LEAD)
    beyond = (
        Contact(f"{team_id}/street-desk", Role.STREET),
        Contact(f"{team_id}/district-desk", Role.STREET),
    )
    return replace(Team(team_id, (*contacts, lead), (day, night), (), beyond), **changed)


def maintainers() -> Team:
    """One maintainer, who answers for equipment."""
    return Team("maintainers", (Contact("maintainers/m1", Role.MAINTAINER),))


def watch(watch_id: str = "w1", **changed: Any) -> Watch:
    """An order of fourteen days, in its third, with its notice served."""
    given = Watch(
        id=watch_id,
        address="南岭村3栋1203",
        short_address="3栋1203",
        building="b3",
        team=team(),
        policy=Policy(),
        starts_at=local("00:00", -2),
        ends_at=local("00:00", 12),
        notice_served_at=local("00:00", -2),
    )
    return replace(given, **changed)


def observed(device: str, kind: str, state: str, **fields: Any) -> Observation:
    """An observation, by words."""
    return Observation(device=device, kind=Kind(kind), state=state, **fields)


@dataclass
class Tables:
    """What the gateway's tables would hold: the last word about each thing, by its id."""

    conditions: dict[str, Condition] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    permits: dict[str, Permit] = field(default_factory=dict)
    silences: dict[str, Silence] = field(default_factory=dict)
    orders_ended: set[str] = field(default_factory=set)
    spans: list[Unknown] = field(default_factory=list)

    def keep(self, changes: Changes) -> None:
        """Save what a turn put."""
        self.conditions |= {each.id: each for each in changes.conditions}
        self.incidents |= {each.id: each for each in changes.incidents}
        self.permits |= {each.id: each for each in changes.permits}
        self.silences |= {each.id: each for each in changes.silences}
        self.orders_ended |= set(changes.orders_ended)
        for device, at in changes.known.items():
            self.spans = [
                replace(each, until_at=max(each.from_at, at))
                if each.device == device and each.until_at is None
                else each
                for each in self.spans
            ]
        self.spans += changes.unknown

    def shift(self, by: timedelta) -> None:
        """What the gateway does with rows when the clock steps."""
        lasting = [each for each in self.spans if each.until_at is None]
        self.spans = [
            replace(each, until_at=each.from_at) if each.until_at is None else each
            for each in self.spans
        ]
        self.spans += [replace(each, from_at=each.from_at + by) for each in lasting]

    def saved(self, state: State) -> restore.Saved:
        """What would be read at start; the roster and the devices' rows as the state has them."""
        incidents = [each for each in self.incidents.values() if each.reviewed_at is None]
        concerned = {each.id for each in incidents}
        return restore.Saved(
            watches=[each for each in state.watches.values() if each.id not in self.orders_ended],
            teams=list(state.teams.values()),
            devices=[_reread(each) for each in state.devices.values()],
            bridges=[
                restore.SavedBridge(
                    subject.removeprefix("bridge:"), place.memory, place.offline_since
                )
                for subject, place in state.places.items()
                if place.memory is not None
            ],
            conditions=[
                each
                for each in self.conditions.values()
                if each.is_standing
                or each.incident in concerned
                or each.kind is ConditionKind.OPENED
            ],
            incidents=incidents,
            permits=list(self.permits.values()),
            silences=[each for each in self.silences.values() if each.ended_at is None],
            numbers=state.numbers,
        )


def _reread(device: DeviceState) -> DeviceState:
    return replace(
        device, memory=DeviceMemory.from_row(json.loads(json.dumps(device.memory.to_row())))
    )


@dataclass
class Street:
    """The state, its clock, and everything that was decided so far."""

    at: str = "14:30"
    draws: CountedDraws = field(default_factory=CountedDraws)
    state: State = field(default_factory=State)
    changes: list[Changes] = field(default_factory=list)
    counts: dict[Reason, int] = field(default_factory=dict)
    tables: Tables = field(default_factory=Tables)
    _seq: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.now = local(self.at)
        self.state.supervised_from = self.now
        for each in (team(), maintainers()):
            self.state.teams[each.id] = each

    # ---- who lives there ----

    def home(self, watch_id: str = "w1", *devices: str, **changed: Any) -> Watch:
        """Enter a watch with its devices, all known and quiet: doors closed, seals applied."""
        entered = watch(watch_id, devices=devices, **changed)
        self.state.teams.setdefault(entered.team.id, entered.team)
        roster.enter_watch(self.state, entered, self.now)
        for device in devices:
            self.device(device, watch_id, building=entered.building)
        return entered

    def device(self, device: str, watch_id: str | None = "w1", **changed: Any) -> DeviceInfo:
        """Register a device (building b3, sleeping) and let it tell its quiet state.

        What it is shows in its name: door-1, seal-1, camera-1, button-1.
        """
        changed = {"building": "b3"} | changed
        info = DeviceInfo(device, watch_id, **changed)
        roster.enter_device(self.state, info, self.now)
        home = self.state.watches.get(watch_id or "")
        if home is not None and device not in home.devices:
            entered = replace(home, devices=(*home.devices, device))
            roster.enter_watch(self.state, entered, self.now)
        kind = device.partition("-")[0]
        quiet = {"door": "closed", "seal": "applied", "tamper": "off"}.get(kind)
        if quiet:
            self.reports(device, kind, quiet)
        return info

    def mains_device(self, device: str, watch_id: str | None = "w1", **changed: Any) -> DeviceInfo:
        """Register a device on mains, which must be heard every 15 minutes."""
        return self.device(device, watch_id, device_class=DeviceClass.MAINS, **changed)

    # ---- time ----

    def turn(self) -> _Turn:
        """Open a turn at the present time; leaving it keeps what it decided."""
        return _Turn(self)

    def passes(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0) -> None:
        """Let time pass, with a tick at every due time on the way."""
        until = self.now + timedelta(seconds=seconds, minutes=minutes, hours=hours)
        while (due := self.state.timers.next_at()) is not None and due <= until:
            self.now = max(self.now, due)
            self.tick()
        self.now = until
        self.tick()

    def until(self, hhmm: str, day: int = 0) -> None:
        """Let time pass until `HH:MM[:SS]` local time."""
        self.passes((local(hhmm, day) - self.now).total_seconds())

    def tick(self) -> None:
        """Run what is due now."""
        with self.turn() as turn:
            engine.tick(turn)

    def clock_steps(self, by: timedelta) -> None:
        """The wall clock is set: what is waited for moves with it."""
        self.now += by
        self.tables.shift(by)
        with self.turn() as turn:
            engine.shift(turn, by)

    def restart(self, after_s: float = 0) -> None:
        """The gateway is killed, and starts again from what its turns had put."""
        alive_at = self.now
        self.now += timedelta(seconds=after_s)
        saved = replace(self.tables.saved(self.state), last_alive_at=alive_at)
        self.state = restore.rebuild(saved, self.now, policy=self.state.policy)
        if self.state.intake_lost_at is None:
            self.tables.keep(Changes(known={None: self.now}))

    # ---- what happens ----

    def says(self, device: str, kind: str, state: str, **fields: Any) -> None:
        """An event arrives from a device, with the next `seq` of its boot."""
        seq = fields.pop("seq", None)
        if seq is None:
            seq = self._seq[device] = self._seq.get(device, 0) + 1
        self.apply(observed(device, kind, state, boot=fields.pop("boot", "b1"), seq=seq, **fields))

    def reports(self, device: str, kind: str, state: str, **fields: Any) -> None:
        """A device restates what is, as with a heartbeat."""
        sent = {"boot": "b1", "seq": self._seq.get(device, 0), "origin": Origin.REPORT} | fields
        self.apply(observed(device, kind, state, **sent))

    def beats(self, device: str, interval_s: float = 60, **fields: Any) -> None:
        """A heartbeat arrives, promising the next within `interval_s`."""
        self.reports(device, "heartbeat", "alive", interval_s=interval_s, **fields)

    def status(self, device: str, state: str, **fields: Any) -> None:
        """A device's status changes: online, offline (its last will) or sleeping."""
        self.apply(observed(device, "status", state, **fields))

    def bridge(self, bridge: str, state: str, **fields: Any) -> None:
        """A bridge's status changes: online or offline."""
        self.status(bridge, state, scope=Scope.GATEWAY, **fields)

    def apply(self, observation: Observation, received_at: datetime | None = None) -> None:
        """One observation, in a turn of its own."""
        with self.turn() as turn:
            engine.apply(turn, observation, received_at or self.now)

    def command(self, command: commands.Command | permits.PermitCommand) -> commands.Answer:
        """Run a command and return its answer."""
        with self.turn() as turn:
            return engine.command(turn, command)

    # ---- what came of it ----

    @property
    def notices(self) -> list[Notice]:
        return [notice for changes in self.changes for notice in changes.notices]

    @property
    def decisions(self) -> list[Decision]:
        return [decision for changes in self.changes for decision in changes.decisions]

    @property
    def reasons(self) -> list[Reason]:
        """Why something was or was not done, in order."""
        return [decision.reason for decision in self.decisions]

    def told(self, contact: str) -> list[str]:
        """The texts to one contact, in order."""
        return [notice.text for notice in self.notices if notice.contact == contact]

    def who_was_told(self) -> set[str]:
        """Contact ids, without the team's: {"worker-day", "m1"}."""
        return {notice.contact.partition("/")[2] for notice in self.notices}

    def forget(self) -> None:
        """Begin a new page: what was decided so far is no longer shown."""
        self.changes.clear()

    def standing(self, kind: ConditionKind | str | None = None) -> list[Condition]:
        """The conditions that stand now, of one kind or all."""
        return [
            condition
            for condition in self.state.conditions.values()
            if kind is None or condition.kind == kind
        ]

    def incident(self) -> Incident:
        """The only incident not yet reviewed."""
        (only,) = self.state.incidents.values()
        return only


class _Turn:
    """A turn of the street: on leaving, its changes are kept."""

    def __init__(self, street: Street) -> None:
        self.street = street

    def __enter__(self) -> Turn:
        self.turn = Turn(self.street.state, self.street.now, self.street.draws)
        return self.turn

    def __exit__(self, *raised: object) -> None:
        self.street.changes.append(self.turn.changes)
        self.street.tables.keep(self.turn.changes)
        for reason, count in self.turn.counts.items():
            self.street.counts[reason] = self.street.counts.get(reason, 0) + count
