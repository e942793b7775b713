"""The people side of alerting without its rules: conditions are raised by hand, phones reply.

desk = Desk(at="14:32")
desk.raised("left_open")
desk.writes("worker-day", "1 4821")
desk.passes(minutes=30)
assert desk.last("worker-day").startswith("【门神】报到已超时")
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from alerts import commands, escalation, incident, reply
from alerts.changes import Changes
from alerts.commands import Answer, Command
from alerts.model import (
    Condition,
    ConditionKind,
    Incident,
    Notice,
    NoticeKind,
    Transition,
    Watch,
)
from alerts.reason import Reason
from alerts.state import State, Turn
from tests.fakes.street import CountedDraws, local, maintainers, team, watch

WHY = {
    "opened": Reason.OPENED_UNANNOUNCED,
    "left_open": Reason.STILL_OPEN,
    "repeated": Reason.OPENED_REPEATEDLY,
    "seal_broken": Reason.SEAL_BROKEN,
    "camera_exit": Reason.CAMERA_SAW_EXIT,
    "camera_entry": Reason.CAMERA_SAW_ENTRY,
    "loitering": Reason.CAMERA_SAW_LOITERING,
    "gathering": Reason.CAMERA_SAW_GATHERING,
    "help": Reason.HELP_ASKED,
    "silent": Reason.REPORTING_TIME_PASSED,
    "outage": Reason.SEVERAL_SILENT,
}


@dataclass
class Desk:
    """One team's incidents, with a clock you move. Contacts are named without their team."""

    at: str = "14:32"
    watches: tuple[Watch, ...] = (watch(),)
    state: State = field(default_factory=State)
    draws: CountedDraws = field(default_factory=CountedDraws)
    changes: list[Changes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now: datetime = local(self.at)
        for each in (team(), maintainers()):
            self.state.teams[each.id] = each
        for home in self.watches:
            self.state.watches[home.id] = home
            self.state.running.add(home.id)

    # ---- what happens ----

    def raised(
        self,
        kind: str,
        watch_id: str | None = "w1",
        *,
        reason: Reason | None = None,
        subject: str = "",
    ) -> Condition:
        """A rule finds a condition and tells of it."""
        condition = Condition(
            id=self.draws.new_id(),
            kind=ConditionKind(kind),
            subject=subject or watch_id or "gateway",
            watch=watch_id,
            device=None if subject else f"{kind}-device",
            part="main",
            raised_at=self.now,
            reason=reason or WHY[kind],
        )
        turn = self.turn()
        turn.put_condition(condition)
        incident.concern(turn, condition)
        return condition

    def cleared(self, condition: Condition, reason: Reason = Reason.CLOSED_AGAIN) -> None:
        """A condition is over."""
        turn = self.turn()
        known = next(
            (
                members[condition.id]
                for members in self.state.members.values()
                if condition.id in members
            ),
            condition,
        )
        over = replace(known, cleared_at=self.now, clear_reason=reason)
        turn.put_condition(over)
        if reason is Reason.ANNOUNCED_LATE:
            incident.announced_late(turn, over)
        else:
            incident.condition_cleared(turn, over)

    def order_ended(self, watch_id: str = "w1") -> None:
        """The order of a home is over."""
        self.state.running.discard(watch_id)
        incident.order_ended(self.turn(), watch_id)

    def writes(self, contact: str, text: str, *others: str) -> Answer:
        """A text arrives from the phone of a contact, which `others` may share."""
        senders = tuple(self.full(each) for each in (contact, *others))
        return reply.read(self.turn(), senders, text)

    def asked(self, command: type[Command], actor: str = "operator", **fields: object) -> Answer:
        """Somebody asks at a screen for something to be done with the only incident."""
        return commands.apply(self.turn(), command(self.incident().id, actor, "cli", **fields))

    def passes(self, *, minutes: float = 0, hours: float = 0) -> None:
        """Let time pass, with each step at its time."""
        until = self.now + timedelta(minutes=minutes, hours=hours)
        while (due := self.state.timers.next_at()) is not None and due <= until:
            self.now = max(self.now, due)
            turn = self.turn()
            for kind in self.state.timers.pop_due(self.now):
                escalation.step_due(turn, kind.subject)
        self.now = until

    def turn(self) -> Turn:
        """Open a turn at the present time; what it decides is kept."""
        opened = Turn(self.state, self.now, self.draws)
        self.changes.append(opened.changes)
        return opened

    # ---- what came of it ----

    @staticmethod
    def full(contact: str) -> str:
        """Return the contact's id: of the first team, unless it says whose it is."""
        return contact if "/" in contact else f"team-1/{contact}"

    @property
    def notices(self) -> list[Notice]:
        return [notice for changes in self.changes for notice in changes.notices]

    @property
    def transitions(self) -> list[Transition]:
        return [each for changes in self.changes for each in changes.transitions]

    @property
    def decisions(self) -> list[Reason]:
        return [each.reason for changes in self.changes for each in changes.decisions]

    def told(self, contact: str) -> list[str]:
        """The texts to one contact, in order."""
        return [each.text for each in self.notices if each.contact == self.full(contact)]

    def last(self, contact: str) -> str:
        """The latest text to one contact."""
        return self.told(contact)[-1]

    def who_was_told(self, *kinds: NoticeKind) -> list[str]:
        """Whom notices went to, in order, without their team; all but answers, or of some kinds."""
        return [
            notice.contact.partition("/")[2]
            for notice in self.notices
            if (notice.kind in kinds if kinds else notice.kind is not NoticeKind.ANSWER)
        ]

    def forget(self) -> None:
        """Begin a new page: what was decided so far is no longer shown."""
        self.changes.clear()

    def incident(self) -> Incident:
        """The only incident not yet reviewed."""
        (only,) = self.state.incidents.values()
        return only
