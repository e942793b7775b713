"""Runs the engine over the journal again, on a state and in a time of its own.

Watches, teams and devices are those of now; permits, silences and what people did are those of
then. What a device had said before is learnt from earlier records, so that the first one replayed
is no surprise. The journal does not say when the gateway was off: a long pause counts as silence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts import engine, restore
from alerts.commands import Acknowledge, Command, OnSite, Reopen, Resolve, Review
from alerts.model import Cause, IncidentState, Notice
from alerts.policy import Policy
from alerts.state import DeviceState, State, Turn, Voice
from alerts.tables import from_micros
from devices.model import Decoded, Scope, Undecodable
from devices.news import judge
from devices.profile import Settings
from gateway import homes, journal
from gateway.journal import Record
from gateway.privacy import KeyStore
from gateway.replay import past
from gateway.replay.compare import Line, Text, compare
from gateway.replay.past import Did

LEARNT_FROM = timedelta(hours=26)
"""Every device has said its states within this long: the slowest heartbeat is 25 hours."""

Decode = Callable[[str, bytes, bool], Decoded | Undecodable]


class CountedDraws:
    """Ids and numbers that are the same each time."""

    def __init__(self) -> None:
        self._ids = self._numbers = 0

    def new_id(self) -> str:
        """Return the next id."""
        self._ids += 1
        return f"replay-{self._ids}"

    def four_digits(self) -> int:
        """Return the next number."""
        self._numbers += 1
        return 1000 + self._numbers % 9000


def replay(
    connection: Connection,
    keys: KeyStore,
    policy: Policy,
    since: datetime,
    until: datetime,
    make_decode: Callable[[Settings], Decode],
    voice: Voice = Voice(),  # noqa: B008 - a frozen value
) -> list[Line]:
    """Run the engine over the records of `since` to `until`; return both sides, by time."""
    watching = homes.watches(connection, keys, policy)
    decode = make_decode(watching.settings)
    devices = [DeviceState(info) for info in watching.devices]
    begins = past.first_seq_at(connection, since)
    _learn({each.info.id: each for each in devices}, connection, decode, since, begins)
    saved = restore.Saved(
        watches=watching.watches.values(),
        teams=watching.teams.values(),
        devices=devices,
        permits=past.granted(connection, since, until),
        silences=past.silenced(connection, since, until),
        last_alive_at=since,  # orders that had begun by then are nothing new
    )
    run = _Run(restore.rebuild(saved, since, policy=policy, voice=voice), since)
    done = deque(past.done_by_people(connection, since, until))
    for record in journal.read_all(connection, begins - 1, journal.last_seq(connection)):
        at = from_micros(record.received_at)
        if at > until:
            break
        while done and done[0].at <= at:
            run.did(done.popleft())
        run.heard(record, decode, at)
    for left in done:
        run.did(left)
    run.pass_time(until)
    return compare(run.texts, past.sent(connection, keys, since, until))


class _Run:
    """The engine on a state of its own, and the texts it composed."""

    def __init__(self, state: State, now: datetime) -> None:
        self._state = state
        self._now = now
        self._draws = CountedDraws()
        self.texts: list[Text] = []

    def heard(self, record: Record, decode: Decode, at: datetime) -> None:
        """Apply one record, after what was due before it."""
        self.pass_time(at)
        if record.reason is not None:
            return
        decoded = decode(record.topic, record.payload, record.retained)
        if isinstance(decoded, Decoded):
            turn = self._turn(record.seq)
            for observation in decoded.observations:
                engine.apply(turn, observation, at)
            self._keep(turn)

    def did(self, done: Did) -> None:
        """Let a person do to this incident what they did to that one; it may be refused."""
        self.pass_time(done.at)
        for (matter, subject), incident in list(self._state.concerns.items()):
            if (matter, subject) == (done.matter, done.subject):
                turn = self._turn(None)
                engine.command(turn, _command(incident, done))
                self._keep(turn)

    def pass_time(self, until: datetime) -> None:
        """Do what is due, each at its time."""
        while (due_at := self._state.timers.next_at()) is not None and due_at <= until:
            self._now = max(self._now, due_at)
            turn = self._turn(None)
            engine.tick(turn)
            self._keep(turn)
        self._now = max(self._now, until)

    def _turn(self, seq: int | None) -> Turn:
        return Turn(self._state, self._now, self._draws, journal_seq=seq)

    def _keep(self, turn: Turn) -> None:
        self.texts += map(_text, turn.changes.notices)


def _text(notice: Notice) -> Text:
    return Text(notice.created_at, notice.contact, notice.kind, notice.reason, notice.text)


def _command(incident: str, done: Did) -> Command:
    by = (incident, done.actor, "cli")
    match done.state:
        case IncidentState.ACKNOWLEDGED:
            return Acknowledge(*by)
        case IncidentState.ON_SITE:
            return OnSite(*by)
        case IncidentState.RESOLVED:
            return Resolve(*by, Cause(done.cause or Cause.DEALT_WITH))
        case IncidentState.REVIEWED:
            return Review(*by)
        case IncidentState.OPEN:
            return Reopen(*by)


def _learn(
    known: Mapping[str, DeviceState],
    connection: Connection,
    decode: Decode,
    since: datetime,
    begins: int,
) -> None:
    """Let devices remember what they said before `since`, with nothing decided about it."""
    after = past.first_seq_at(connection, since - LEARNT_FROM) - 1
    for record in journal.read_all(connection, after, begins - 1):
        if record.reason is not None:
            continue
        decoded = decode(record.topic, record.payload, record.retained)
        for observation in decoded.observations if isinstance(decoded, Decoded) else ():
            device = known.get(observation.device)
            if device is not None and observation.scope is Scope.DEVICE:
                judge(device.memory, observation)
                device.heard_at = from_micros(record.received_at)
                device.interval_s = observation.interval_s or device.interval_s
