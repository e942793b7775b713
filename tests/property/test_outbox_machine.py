"""Whatever is written, refused, killed and reported in whatever order, the outbox keeps its word.

Each step is one transaction of the real outbox. The model beside it only remembers which texts
really went out, and which count against a phone.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Row, create_engine, insert, select
from sqlalchemy.pool import StaticPool

from alerts import outbox, receipts, settling, tries
from alerts.channels.base import Attempt, DeliveryReport, Outcome
from alerts.model import NoticeKind, NoticeState, Severity
from alerts.outbox import Claim, Sender, Terms
from alerts.policy import Spending
from alerts.tables import attempts, metadata, micros, notices
from alerts.ways import Way
from tests.fakes.dispatch import NOW, Plain, digest_of

TEXTS, PUSH = ("modem", "provider"), "push"
CHANNELS = (*TEXTS, PUSH)
SHARED, OWN = "+8613900000001", "+8613900000002"
PHONES = {"a/doctor": (SHARED,), "b/doctor": (SHARED, OWN), "b/worker": (OWN,)}
LIMITS = Spending(phone_per_15_min=3, phone_per_hour=5, phone_per_day=12, phone_kept=3)
WENT = (Outcome.SENT, Outcome.DELIVERED, Outcome.UNCONFIRMED)
AT_REST = {
    *(NoticeState.SENT, NoticeState.UNCONFIRMED, NoticeState.DELIVERED),
    *(NoticeState.FAILED_PERMANENT, NoticeState.SUPERSEDED, NoticeState.EXPIRED),
}
ENDS = AT_REST - {NoticeState.SENT, NoticeState.UNCONFIRMED}
KINDS = st.sampled_from(sorted(set(NoticeKind) - {NoticeKind.DIGEST, NoticeKind.HEALTH}))


@dataclass
class Flight:
    """A text that a channel has, and has not answered for."""

    claim: Claim
    started_at: float


@dataclass
class Counted:
    """A text that counts against a phone, until it is known that it did not go out."""

    at: float
    phone: str
    attempt: int


@dataclass
class World:
    """What really happened."""

    out: dict[str, int] = field(default_factory=dict)  # texts that went out, by notice
    counted: list[Counted] = field(default_factory=list)
    doubts: int = 0  # kills and answers that never came


class Outboxes(RuleBasedStateMachine):
    @initialize(down=st.sampled_from([(), TEXTS]))
    def an_empty_outbox(self, down: tuple[str, ...]) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool)
        metadata.create_all(self.engine)
        self.terms = Terms(
            Plain(),
            lambda contact: [
                *(Way(c, phone) for phone in PHONES[contact] for c in TEXTS),
                Way(PUSH, ""),
            ],
            digest_of,
            LIMITS,
            costly=frozenset(TEXTS),
            outside=frozenset({PUSH}),
        )
        self.now = NOW
        self.down = set(down)
        self.flights: dict[str, Flight] = {}
        self.written: dict[str, Severity] = {}
        self.world = World()

    # ---- what happens ----

    @rule(
        severity=st.sampled_from(Severity),
        contact=st.sampled_from(sorted(PHONES)),
        incident=st.integers(1, 6),
        kind=KINDS,
    )
    def a_notice_is_written(
        self, severity: Severity, contact: str, incident: int, kind: NoticeKind
    ) -> None:
        id_ = f"n{len(self.written):03}"
        self.written[id_] = severity
        row = {
            "id": id_,
            "incident": f"i{incident}",
            "watch": "w1",
            "contact": contact,
            "kind": kind,
            "severity": severity,
            "text": f"【门神】text {id_}".encode(),
            "said": json.dumps({"short": f"【门神】short {id_}", "fields": {}}).encode(),
            "reason": "opened_unannounced",
            "created_at": micros(self.now),
            "expires_at": micros(self.now + timedelta(hours=4)),
            "state": NoticeState.PENDING,
            "next_at": micros(self.now),
        }
        with self.engine.begin() as connection:
            connection.execute(insert(notices).values(row))

    @rule(channel=st.sampled_from(CHANNELS))
    def a_channel_takes_one(self, channel: str) -> None:
        if channel in self.down or channel in self.flights:
            return
        sender = Sender(channel, frozenset(self.down), timedelta(minutes=5))
        with self.engine.begin() as connection:
            found = outbox.claim(connection, self.terms, sender, self.now)
        if not isinstance(found, Claim):
            return
        assert not found.refused or found.severity is not Severity.HELP
        self._is_within_limits(found)
        at = self._seconds()
        if found.attempt is not None and channel != PUSH:
            self.world.counted.append(Counted(at, found.to, found.attempt))
        self.flights[channel] = Flight(found, at)

    @precondition(lambda self: self.flights)
    @rule(data=st.data(), outcome=st.sampled_from(Outcome), really=st.booleans())
    def a_channel_answers(self, data: st.DataObject, outcome: Outcome, really: bool) -> None:
        self._answer(data.draw(st.sampled_from(sorted(self.flights))), outcome, really=really)

    @rule(data=st.data())
    def the_gateway_is_killed(self, data: st.DataObject) -> None:
        for channel in sorted(self.flights):
            flight = self.flights.pop(channel)
            if flight.claim.attempt is not None and channel != PUSH:
                self.world.doubts += 1
                if data.draw(st.booleans()):
                    self._went_out(flight.claim)
        with self.engine.begin() as connection:
            settling.recover(connection, self.terms.legs, self.now, all_leases=True)

    @rule(seconds=st.sampled_from([1, 15, 60, 120, 900, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)
        with self.engine.begin() as connection:
            outbox.expire(connection, self.now)
            settling.recover(connection, self.terms.legs, self.now, all_leases=False)
        for channel in sorted(self.flights):
            if self._seconds() - self.flights[channel].started_at >= 300:
                self.world.doubts += 1

    @precondition(lambda self: any(r.state in outbox.WAITING for r in self._rows(notices)))
    @rule(outcome=st.sampled_from(Outcome))
    def no_text_can_go_and_a_push_is_tried(self, outcome: Outcome) -> None:
        self.down = set(TEXTS)
        self.a_channel_takes_one(PUSH)
        if PUSH in self.flights:
            self._answer(PUSH, outcome, really=True)

    @rule(channel=st.sampled_from(CHANNELS))
    def a_channel_fails_or_comes_back(self, channel: str) -> None:
        self.down ^= {channel}

    @rule(data=st.data(), outcome=st.sampled_from([Outcome.DELIVERED, Outcome.FAILED_PERMANENT]))
    def a_report_comes(self, data: st.DataObject, outcome: Outcome) -> None:
        reported = [row for row in self._rows(attempts) if json.loads(row.references)]
        if not reported:
            return
        row = data.draw(st.sampled_from(reported))
        (reference,) = json.loads(row.references)
        report = DeliveryReport(row.channel, reference, "", outcome, "st")
        with self.engine.begin() as connection:
            receipts.take(connection, report, self.now, digest_of)

    # ---- what must hold ----

    @invariant()
    def nothing_vanishes_and_only_what_a_channel_has_is_being_sent(self) -> None:
        rows = {row.id: row for row in self._rows(notices)}
        assert rows.keys() == self.written.keys()
        sending = {id_ for id_, row in rows.items() if row.state == NoticeState.SENDING}
        carriers = {flight.claim.id for flight in self.flights.values()}
        for id_ in sending:
            assert id_ in carriers or rows[id_].bundled_into in carriers

    @invariant()
    def only_critical_texts_are_repeated_and_only_once_for_each_doubt(self) -> None:
        repeats = 0
        for id_, times in self.world.out.items():
            assert times <= (1 if self.written[id_] < Severity.CRITICAL else 2)
            repeats += times - 1
        assert repeats <= self.world.doubts

    @invariant()
    def a_push_is_the_end_of_nothing(self) -> None:
        rows = {row.id: row for row in self._rows(notices)}
        texted = {row.notice for row in self._rows(attempts) if row.channel != PUSH}
        spoken = {row.notice for row in self._rows(attempts) if _is_text(row)}
        for id_, row in rows.items():
            if row.state in (NoticeState.SENT, NoticeState.UNCONFIRMED, NoticeState.DELIVERED):
                assert id_ in texted
            if row.end_reason == settling.BUNDLED:
                assert row.bundled_into in spoken
            if row.end_reason == outbox.PUSHED_ONLY:
                assert row.state == NoticeState.EXPIRED
                assert row.pushed_at is not None

    @invariant()
    def a_notice_that_a_service_took_is_pushed_no_more(self) -> None:
        taken = Counter(
            row.notice
            for row in self._rows(attempts)
            if row.channel == PUSH and row.outcome in (tries.BEGUN, *WENT)
        )
        assert all(times == 1 for times in taken.values())

    @invariant()
    def a_call_for_help_is_never_held_and_critical_texts_a_minute_at_most(self) -> None:
        longest = micros(self.now + timedelta(seconds=LIMITS.bundle_critical_s))
        for row in self._rows(notices):
            if row.held is not None and row.state in outbox.WAITING:
                assert row.severity != Severity.HELP
                assert row.severity < Severity.CRITICAL or row.next_at <= longest

    @invariant()
    def what_a_text_spoke_of_can_be_traced_to_it(self) -> None:
        rows = {row.id: row for row in self._rows(notices)}
        begun = {row.notice for row in self._rows(attempts)}
        for row in rows.values():
            if row.end_reason == settling.BUNDLED:
                assert row.state == NoticeState.SUPERSEDED
                assert row.bundled_into in begun

    def teardown(self) -> None:
        """Let everything go out: each notice comes to rest, and later to an end."""
        if not hasattr(self, "engine"):
            return
        self.down.clear()
        for _ in range(400):
            for channel in CHANNELS:
                self.a_channel_takes_one(channel)
                if channel in self.flights:
                    self._answer(channel, Outcome.SENT, really=True)
            self.time_passes(60)
            if all(row.state in AT_REST for row in self._rows(notices)):
                break
        assert {row.state for row in self._rows(notices)} <= AT_REST
        self.time_passes(49 * 3600)
        assert {row.state for row in self._rows(notices)} <= ENDS
        self.engine.dispose()

    # ---- helpers ----

    def _answer(self, channel: str, outcome: Outcome, *, really: bool) -> None:
        claim = self.flights.pop(channel).claim
        if claim.refused:
            attempt = Attempt(Outcome.FAILED_PERMANENT, claim.refused)
        else:
            is_named = outcome in WENT and channel != PUSH
            references = (str(claim.attempt),) if is_named else ()
            attempt = Attempt(outcome, "answered", references)
            if outcome not in WENT:
                self.world.counted = [
                    each for each in self.world.counted if each.attempt != claim.attempt
                ]
            self.world.doubts += outcome is Outcome.UNCONFIRMED
            if (
                channel != PUSH
                and outcome in WENT
                and (outcome is not Outcome.UNCONFIRMED or really)
            ):
                self._went_out(claim)
        with self.engine.begin() as connection:
            legs = self.terms.legs(claim.contact, claim.severity)
            settled = settling.record(connection, claim, channel, attempt, legs, self.now)
        if channel == PUSH and claim.progress.leg < legs.texts:
            assert settled.state in (*outbox.WAITING, NoticeState.DELIVERED)
            assert not settled.unreached
        if settled.state is NoticeState.FAILED_PERMANENT and settled.unreached:
            assert claim.incident in settled.unreached

    def _went_out(self, claim: Claim) -> None:
        self.world.out[claim.id] = self.world.out.get(claim.id, 0) + 1

    def _is_within_limits(self, claim: Claim) -> None:
        if claim.severity >= Severity.CRITICAL or claim.refused or not claim.to:
            return
        for seconds, most in ((900, LIMITS.phone_per_15_min), (3600, LIMITS.phone_per_hour)):
            since = self._seconds() - seconds
            lately = [c for c in self.world.counted if c.phone == claim.to and c.at > since]
            assert len(lately) < most

    def _seconds(self) -> float:
        return (self.now - NOW).total_seconds()

    def _rows(self, table: object) -> list[Row[tuple[object, ...]]]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(table)))  # type: ignore[call-overload]


def _is_text(row: Row[Any]) -> bool:
    """Say whether an attempt was a text that went out, or may have."""
    return row.channel != PUSH and row.outcome in (tries.BEGUN, *WENT)


def test_no_order_of_events_loses_a_notice_or_repeats_one_that_is_not_critical() -> None:
    run_state_machine_as_test(
        Outboxes, settings=settings(max_examples=60, stateful_step_count=40, deadline=None)
    )
