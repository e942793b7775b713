"""From the journal to saved decisions: each turn of the engine and the cursor are one commit.

The state in memory is a fold of the tables. Where a turn or its saving fails it is thrown away and
rebuilt from them, so that nothing is ever remembered that was not saved. What decided nothing costs
no commit: the cursor goes along with the next append to the journal.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from alerts import engine, outbox, reply, spans, store
from alerts.commands import Answer, Command
from alerts.model import Decision
from alerts.permits import PermitCommand
from alerts.policy import Policy
from alerts.reason import Reason
from alerts.state import Draws, State, Turn, Voice
from alerts.tables import Sealer, from_micros
from devices.model import Decoded, Observation
from gateway import checkpoint, cursor, journal
from gateway.checkpoint import Checkpoint
from gateway.homes.store import end_orders
from gateway.memories import Decode
from gateway.recall import LoadRegistered, Registered, recall

__all__ = ["Engine", "Entry", "Pipeline", "Registered", "Surroundings"]

CONSUMER = "alerts"
CURSOR_EVERY = timedelta(seconds=1)
"""How far the saved cursor may trail while nothing is decided."""
CATCH_UP_RECORDS = 2000

T = TypeVar("T")
Also = Callable[[Connection], None]
"""What is written together with a turn's changes, or not at all."""

logger = logging.getLogger(__name__)


class Entry(NamedTuple):
    """A journalled message that could be read."""

    seq: int
    received_at: datetime
    observations: tuple[Observation, ...]


class Engine(Protocol):
    """The decisions; `alerts.engine`, or a fake."""

    def apply(self, turn: Turn, observation: Observation, received_at: datetime) -> None: ...
    def tick(self, turn: Turn) -> None: ...
    def command(self, turn: Turn, asked: Command | PermitCommand) -> Answer: ...
    def shift(self, turn: Turn, by: timedelta) -> None: ...
    def intake_lost(self, turn: Turn) -> None: ...
    def intake_back(self, turn: Turn) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the pipeline needs of the rest of the gateway."""

    load_registered: LoadRegistered
    decode: Decode
    sealer: Sealer
    draws: Draws
    policy: Policy
    on_notices: Callable[[], None]  # after a commit that wrote notices; on the writer thread
    voice: Voice = field(default_factory=Voice)


class Pipeline:
    """Owns the state, runs the engine on it, and saves what it decides. On the writer thread."""

    def __init__(self, surroundings: Surroundings, engine_: Engine | None = None) -> None:
        self._around = surroundings
        self._engine: Engine = engine_ or engine
        self._state: State | None = None
        self._clock_is_trusted = True
        self._journalled = 0  # the last record that is to be applied
        self._saved_seq = 0
        self._saved_at: datetime | None = None
        self._checkpoint = Checkpoint()
        self.cursor = 0
        """The last record that was applied; what it decided is on the disk."""
        self.counts: Counter[str] = Counter()
        """Decisions, by reason."""
        self.records_passed_over = 0

    @property
    def is_behind(self) -> bool:
        """Say whether records wait in the journal, or the state is to be rebuilt."""
        return self.cursor < self._journalled or self._state is None

    @property
    def state(self) -> State | None:
        """What the engine knows, for looking at; None while it is to be rebuilt."""
        return self._state

    # ---- life ----

    def start(self, connection: Connection, now: datetime) -> None:
        """Restore what was decided; records after the cursor are applied by `catch_up`."""
        with connection.begin():
            self._journalled = journal.last_seq(connection)
            was_off = spans.was_off(connection, cursor.last_moved_at(connection), now)
        self._rebuild(connection, now)
        self._bring_spans_in_line(connection, now)
        if was_off:
            self._save_devices(connection, now)

    def stop(self, connection: Connection, now: datetime) -> None:
        """Save the cursor and every device, so that the next start folds nothing."""
        if self._state is not None:
            self._save_devices(connection, now)

    def reload(self, connection: Connection, now: datetime) -> None:
        """Rebuild after homes, orders, teams or devices changed."""
        self.stop(connection, now)
        was_deaf = self._state is not None and self._state.intake_lost_at is not None
        self._state = None  # not both in memory at once
        self._rebuild(connection, now)
        self._bring_spans_in_line(connection, now)
        if was_deaf:
            self.intake_lost(connection, now)

    # ---- what was heard ----

    def apply(
        self, connection: Connection, entries: Sequence[Entry], last_seq: int, now: datetime
    ) -> None:
        """Apply what was just journalled up to `last_seq`, unless older records wait."""
        is_in_step = not self.is_behind
        self._journalled = last_seq
        if is_in_step:
            self._apply(connection, entries, last_seq, now)

    def catch_up(self, connection: Connection, now: datetime) -> None:
        """Apply some of the records that wait in the journal."""
        if self._state is None:
            self._rebuild(connection, now)
        with connection.begin():
            records = journal.read(connection, self.cursor, CATCH_UP_RECORDS)
        if not records:
            self._journalled = self.cursor
            return
        entries = []
        for record in records:
            if record.reason is not None:
                continue
            decoded = self._around.decode(record.topic, record.payload, record.retained)
            if isinstance(decoded, Decoded):
                received_at = from_micros(record.received_at)
                entries.append(Entry(record.seq, received_at, decoded.observations))
        self._apply(connection, entries, records[-1].seq, now)

    def _apply(
        self, connection: Connection, entries: Sequence[Entry], last_seq: int, now: datetime
    ) -> None:
        def take_in(turn: Turn) -> None:
            apply = self._engine.apply
            for seq, received_at, observations in entries:
                turn.journal_seq = seq
                for observation in observations:
                    apply(turn, observation, received_at)

        try:
            self._turn(connection, take_in, now, last_seq)
        except DBAPIError as error:
            why = error.orig
            logger.warning("decisions could not be saved, they will be made again: %s", why)
        except Exception:
            # A defect met by one record must not stop the others, nor those of tomorrow.
            logger.exception("the engine failed on records up to %d", last_seq)
            if len(entries) > 1:
                self._apply_one_by_one(connection, entries, last_seq, now)
            else:
                self._pass_over(connection, entries, last_seq, now)

    def _apply_one_by_one(
        self, connection: Connection, entries: Sequence[Entry], last_seq: int, now: datetime
    ) -> None:
        ends = [entry.seq - 1 for entry in entries[1:]] + [last_seq]
        for entry, end in zip(entries, ends, strict=True):
            if self._state is None:
                self._rebuild(connection, now)
            self._apply(connection, [entry], end, now)
            if self.cursor < end:
                return  # it could not be saved: `catch_up` goes on from here

    def _pass_over(
        self, connection: Connection, entries: Sequence[Entry], last_seq: int, now: datetime
    ) -> None:
        """Leave out a record on which the engine fails, and say so in the record of decisions."""
        self._rebuild(connection, now)
        device = entries[0].observations[0].device if entries and entries[0].observations else None
        failed = Decision(Reason.NOT_UNDERSTOOD, now, None, device, last_seq, "engine failed")
        self.records_passed_over += 1
        self._turn(connection, lambda turn: turn.put_decision(failed), now, last_seq)

    # ---- time and people ----

    def next_at(self) -> datetime | None:
        """Return when `tick` is next due."""
        return None if self._state is None else self._state.timers.next_at()

    def tick(self, connection: Connection, now: datetime) -> None:
        """Do what is due."""
        self._turn(connection, self._engine.tick, now)

    def command(
        self, connection: Connection, asked: Command | PermitCommand, now: datetime
    ) -> Answer:
        """Carry out what a person asked, or say why not."""
        return self._turn(connection, lambda turn: self._engine.command(turn, asked), now)

    def reply(
        self, connection: Connection, contacts: tuple[str, ...], text: str, now: datetime
    ) -> Answer:
        """Take a text from the phone of these contacts."""
        return self._turn(connection, lambda turn: reply.read(turn, contacts, text), now)

    def run(
        self,
        connection: Connection,
        work: Callable[[Turn], T],
        now: datetime,
        also: Also | None = None,
    ) -> T:
        """Run any turn, and save what it decides; `also` is written in the same transaction."""
        return self._turn(connection, work, now, also=also)

    def shift(self, connection: Connection, by: timedelta, now: datetime) -> None:
        """The wall clock stepped by `by`; `now` is the time after it."""
        with connection.begin():
            outbox.shift(connection, by)
            spans.shift(connection, by)
        self._turn(connection, lambda turn: self._engine.shift(turn, by), now)

    def intake_lost(self, connection: Connection, now: datetime) -> None:
        """This gateway hears nobody."""
        self._turn(connection, self._engine.intake_lost, now)

    def intake_back(self, connection: Connection, now: datetime) -> None:
        """The broker was found again."""
        self._turn(connection, self._engine.intake_back, now)

    def trust_clock(self, is_trusted: bool) -> None:
        """Say whether orders may end on the present time."""
        self._clock_is_trusted = is_trusted
        if self._state is not None:
            self._state.clock_is_trusted = is_trusted

    # ---- turns ----

    def _turn(
        self,
        connection: Connection,
        work: Callable[[Turn], T],
        now: datetime,
        seq: int | None = None,
        also: Also | None = None,
    ) -> T:
        """Run the engine once and save what it decided, with the cursor at `seq`."""
        if self._state is None:
            self._rebuild(connection, now)
        assert self._state is not None
        turn = Turn(self._state, now, self._around.draws)
        seq = self.cursor if seq is None else seq
        try:
            result = work(turn)
            if turn.changes or also is not None:
                self._save(connection, turn, seq, also)
        except BaseException:
            self._state = None
            raise
        self.cursor = seq
        self._checkpoint.heard(turn.touched)
        for reason, count in turn.counts.items():
            self.counts[reason] += count
        if turn.changes.notices:
            self._around.on_notices()
        return result

    def _save(self, connection: Connection, turn: Turn, seq: int, also: Also | None) -> None:
        """Commit changes, the devices they are about, and the cursor."""
        changes = turn.changes
        about = {each.device for each in changes.conditions}
        about.update(each.device for each in changes.decisions)
        about.update(changes.known, (each.device for each in changes.unknown))
        with connection.begin():
            store.save(connection, changes, self._around.sealer, turn.now)
            end_orders(connection, changes.orders_ended)
            if any(each.device is None for each in changes.unknown):
                self._checkpoint.heard(turn.touched)
                self._checkpoint.finish(connection, turn.state, seq, turn.now)  # it is about all
            else:
                checkpoint.save(connection, turn.state, about, seq)
            cursor.move(connection, CONSUMER, seq, turn.now)
            if also is not None:
                also(connection)
        self._saved_seq, self._saved_at = seq, turn.now

    # ---- lazily saved ----

    def save_cursor_if_due(self, connection: Connection, now: datetime) -> None:
        """Save what may trail, in the transaction of the caller, who is committing anyway."""
        if self._state is None:
            return
        self._checkpoint.advance(connection, self._state, self.cursor, now)
        if self._is_cursor_due(now):
            self._move_cursor(connection, now)

    def save_cursor(self, connection: Connection, now: datetime) -> None:
        """Save the cursor if it trails: nothing else is being committed that it could join."""
        if self._state is not None and self._saved_seq != self.cursor and self._is_cursor_due(now):
            with connection.begin():
                self._move_cursor(connection, now)

    def _save_devices(self, connection: Connection, now: datetime) -> None:
        """Save every device that is behind, with the cursor."""
        assert self._state is not None
        with connection.begin():
            self._checkpoint.finish(connection, self._state, self.cursor, now)
            self._move_cursor(connection, now)

    def note_time(self, connection: Connection, now: datetime) -> None:
        """Note that the gateway was alive at `now`."""
        with connection.begin():
            self._move_cursor(connection, now)

    def _is_cursor_due(self, now: datetime) -> bool:
        return self._saved_at is None or not (timedelta(0) <= now - self._saved_at < CURSOR_EVERY)

    def _move_cursor(self, connection: Connection, now: datetime) -> None:
        cursor.move(connection, CONSUMER, self.cursor, now)
        self._saved_seq, self._saved_at = self.cursor, now

    # ---- rebuilding ----

    def _rebuild(self, connection: Connection, now: datetime) -> None:
        """Make the state of what the tables say."""
        around = self._around
        recalled = recall(
            connection,
            CONSUMER,
            around.load_registered,
            around.decode,
            around.policy,
            around.voice,
            now,
        )
        self._state, self.cursor = recalled.state, recalled.cursor
        self._state.clock_is_trusted = self._clock_is_trusted
        self._checkpoint.restart(recalled.folded_to, recalled.behind)
        self._saved_seq = self.cursor

    def _bring_spans_in_line(self, connection: Connection, now: datetime) -> None:
        assert self._state is not None
        with connection.begin():
            spans.bring_in_line(connection, self._state, now)
