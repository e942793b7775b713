"""The test text does not come back: the maintainer is told over the other channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection

from alerts import outbox, silent_channel
from alerts.channels.base import (
    Attempt,
    ChannelHealth,
    IncomingText,
    Message,
    Noted,
    Outcome,
    not_noted,
)
from alerts.model import NoticeKind
from alerts.outbox import Claim, Sender, Terms
from alerts.reason import Reason
from alerts.tables import attempts, notices
from alerts.tries import told_lately
from alerts.ways import Way
from gateway import proofs
from gateway.assurance import arrives_again, doubted_last
from gateway.channel_watch import ChannelWatch
from gateway.proving import AGAIN_AFTER_S, Around, Proving
from gateway.schema.tables import proofs as proofs_table
from gateway.trial import AskedTrials, Trials
from tests.fakes.shell import MemoryBroker, PlainSealer, Shell
from tests.fakes.street import local

OURS, MAINTAINER = "+8613900755321", "+8613912345678"
T = TypeVar("T")


@dataclass
class Modem:
    """A channel that claims to work; whether its texts come back is the test's to say."""

    name: str = "gsm"
    is_up: bool = True
    answers: list[Attempt] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    is_outside: bool = False
    slowest_s: float = 180.0
    reason: str = "ready"

    async def send(self, to: str, message: Message, noted: Noted = not_noted) -> Attempt:
        self.texts.append(message.text)
        noted(str(len(self.texts)))
        if self.answers:
            return self.answers.pop(0)
        return Attempt(Outcome.SENT, "network_took_it", (str(len(self.texts)),))

    def health(self) -> ChannelHealth:
        return ChannelHealth(self.is_up, self.reason if self.is_up else "no_answer", {})

    async def open(self) -> None: ...

    async def close(self) -> None: ...


class Inline:
    """The writer thread, without a thread."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def call(self, job: Callable[[Connection], T]) -> Future[T]:
        done: Future[T] = Future()
        with self._shell.connection.begin():
            done.set_result(job(self._shell.connection))
        return done

    def run(self, job: Callable[[Connection], T]) -> Awaitable[T]:
        return self.run_turn(lambda connection: self.call(job).result())

    async def run_turn(self, job: Callable[[Connection], T]) -> T:
        return job(self._shell.connection)


@dataclass
class Room:
    """A gateway with two channels and a clock that the test moves."""

    shell: Shell
    own_numbers: dict[str, str] = field(default_factory=lambda: {"gsm": OURS})
    gsm: Modem = field(default_factory=Modem)
    tencent: Modem = field(default_factory=lambda: Modem("tencent"))
    steady: float = 1000.0

    def __post_init__(self) -> None:
        self.writer = Inline(self.shell)
        self.start()

    def start(self) -> None:
        """Begin another life of the gateway on the same tables."""
        shell, pipeline = self.shell, self.shell.pipeline

        async def lost(name: str, since_at: datetime) -> None:
            why = Reason.TEST_TEXT_MISSING
            await self.turn(lambda turn: silent_channel.channel_lost(turn, name, why, since_at))

        async def back(name: str) -> None:
            await self.turn(lambda turn: arrives_again(name, turn))

        async def maintainer() -> str | None:
            return MAINTAINER

        self.trials = Trials(
            run=self.writer.run,
            call=self.writer.call,
            sealer=PlainSealer(),
            digest=lambda phone: f"digest {phone}",
            now=lambda: shell.now,
            gateway="g",
            language="zh",
        )
        self.proving = Proving(
            channels=[self.gsm],
            own_numbers=self.own_numbers,
            at=time(9),
            within_s=900.0,
            timezone="Asia/Shanghai",
            around=Around(
                run=self.writer.run,
                send=self.trials.send,
                lost=lost,
                back=back,
                maintainer=maintainer,
                now=lambda: shell.now,
                elapsed=lambda: self.steady,
            ),
        )
        self.watch = ChannelWatch(
            channels=[self.gsm, self.tencent],
            proven=self.own_numbers,
            limit_s=600.0,
            writer=self.writer,  # type: ignore[arg-type]
            pipeline=pipeline,
            now=lambda: shell.now,
            elapsed=lambda: self.steady,
        )

    async def turn(self, work: Callable[..., None]) -> None:
        self.shell.pipeline.run(self.shell.connection, work, self.shell.now)

    async def passes(self, seconds: float) -> None:
        """Let time pass, looking every minute."""
        until = self.steady + seconds
        while self.steady < until:
            step = min(60.0, until - self.steady)
            self.steady += step
            self.shell.now += timedelta(seconds=step)
            await self.look()

    async def look(self) -> None:
        await self.proving.look(self.gsm)
        await self.watch.look()

    def comes_back(self, text: str) -> bool:
        item = IncomingText("gsm", OURS, text, None)
        return self.writer.call(lambda c: proofs.take(c, item, {OURS}, self.shell.now)).result()

    def told(self) -> list[str]:
        """What maintainers were to be told."""
        sealer = PlainSealer()
        return [
            sealer.unseal("gateway", row.text)
            for row in self.shell.rows(notices)
            if row.contact == "maintainers/m1"
        ]

    def claimed_by(self) -> list[str]:
        """Over which channel the waiting notices go, both being up."""

        def ways(_contact: str) -> Sequence[Way]:
            return Way("gsm", MAINTAINER), Way("tencent", MAINTAINER)

        terms = Terms(PlainSealer(), doubted_last(ways, self.shell.pipeline), str)

        def claim(name: str) -> bool:
            sender = Sender(name, frozenset(), timedelta(seconds=200))
            with self.shell.in_transaction():
                found = outbox.claim(self.shell.connection, terms, sender, self.shell.now)
            return isinstance(found, Claim)

        return [name for name in ("gsm", "tencent") if claim(name)]

    def why_lost(self, channel: str = "gsm") -> Reason | None:
        assert self.shell.pipeline.state is not None
        return silent_channel.why_lost(self.shell.pipeline.state, channel)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    shell = Shell(tmp_path / "menshen.db", MemoryBroker())
    shell.now = local("09:00")
    shell.start()
    yield Room(shell)
    shell.kill()


async def test_a_text_that_comes_back_proves_the_channel_for_a_day(room: Room) -> None:
    await room.look()
    (text,) = room.gsm.texts
    room.shell.now += timedelta(seconds=4)
    assert room.comes_back(text)
    await room.passes(23 * 3600)
    assert len(room.gsm.texts) == 1
    await room.passes(3700)
    assert len(room.gsm.texts) == 2
    assert room.told() == []


async def test_a_text_that_does_not_come_back_is_told_over_the_other_channel(room: Room) -> None:
    await room.look()
    await room.passes(840)
    assert room.told() == []
    await room.passes(120)
    (told,) = room.told()
    assert "短信通道gsm" in told
    assert "测试" in told
    assert "09:00" in told
    assert room.claimed_by() == ["tencent"]  # though gsm is configured first, and says it is well
    await room.passes(1200)
    assert len(room.told()) == 1


async def test_the_next_test_that_arrives_ends_it_by_itself(room: Room) -> None:
    await room.look()
    await room.passes(AGAIN_AFTER_S + 900)
    assert room.why_lost() is Reason.TEST_TEXT_MISSING
    assert len(room.gsm.texts) == 2
    assert room.comes_back(room.gsm.texts[-1])
    await room.look()
    assert room.why_lost() is None
    await room.passes(3 * 3600)
    assert len(room.gsm.texts) == 2


async def test_a_text_that_comes_late_ends_it_too(room: Room) -> None:
    await room.look()
    await room.passes(1000)
    assert room.why_lost() is Reason.TEST_TEXT_MISSING
    assert room.comes_back(room.gsm.texts[0])
    await room.look()
    assert room.why_lost() is None


async def test_one_refusal_by_the_network_alarms_nobody(room: Room) -> None:
    room.gsm.answers = [Attempt(Outcome.FAILED_TEMPORARY, "cms_38")]
    await room.look()
    await room.passes(420)
    assert len(room.gsm.texts) == 2
    assert room.comes_back(room.gsm.texts[-1])
    await room.passes(1200)
    assert room.told() == []


async def test_refused_again_and_again_it_is_told(room: Room) -> None:
    room.gsm.answers = [Attempt(Outcome.FAILED_TEMPORARY, "cms_38")] * 50
    await room.look()
    await room.passes(1000)
    assert len(room.told()) == 1


async def test_what_a_modem_would_not_take_leaves_no_trace_and_is_tried_again(room: Room) -> None:
    room.gsm.answers = [Attempt(Outcome.NOT_TRIED, "sending_too_fast", parts=0)]
    await room.look()
    assert room.shell.rows(proofs_table) == room.shell.rows(notices) == []
    assert room.shell.rows(attempts) == []
    await room.passes(240)
    assert len(room.gsm.texts) == 1
    await room.passes(120)
    assert len(room.gsm.texts) == 2


async def test_without_a_number_of_its_own_a_delivery_report_is_the_proof(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "menshen.db", MemoryBroker())
    shell.now = local("09:00")
    shell.start()
    room = Room(shell, own_numbers={"gsm": ""})
    room.gsm.answers = [Attempt(Outcome.DELIVERED, "delivered")]
    await room.look()
    await room.passes(1200)
    assert room.told() == []
    assert room.shell.rows(proofs_table)[0].reason == proofs.DELIVERED
    await room.passes(24 * 3600)  # the second one is sent, and nobody confirms it
    assert len(room.told()) == 1
    shell.kill()


async def test_no_test_text_is_sent_nor_missed_while_the_channel_is_down(room: Room) -> None:
    room.gsm.is_up = False
    await room.look()
    await room.passes(540)
    assert room.told() == []
    await room.passes(120)
    (told,) = room.told()
    assert "不能发短信" in told
    assert room.why_lost() is Reason.CHANNEL_GONE
    assert room.gsm.texts == []
    room.gsm.is_up = True
    await room.look()
    assert room.why_lost() is None
    assert len(room.gsm.texts) == 1  # it proves itself as soon as it is up


async def test_a_gateway_that_starts_again_neither_repeats_nor_forgets_a_lost_channel(
    room: Room,
) -> None:
    await room.look()
    await room.passes(1000)
    room.shell.pipeline.reload(room.shell.connection, room.shell.now)
    room.start()
    await room.passes(900)
    assert len(room.told()) == 1
    assert room.why_lost() is Reason.TEST_TEXT_MISSING
    assert room.comes_back(room.gsm.texts[0])
    await room.passes(60)
    assert room.why_lost() is None


async def test_a_text_sent_before_a_restart_is_waited_for_anew(room: Room) -> None:
    await room.look()
    room.shell.now += timedelta(hours=5)  # the gateway is off, and the modem keeps the text
    room.shell.pipeline.reload(room.shell.connection, room.shell.now)
    room.start()
    await room.passes(600)
    assert room.told() == []
    assert room.comes_back(room.gsm.texts[0])
    await room.passes(1200)
    assert room.told() == []


async def test_of_a_channel_that_was_taken_out_nothing_stays_told(room: Room) -> None:
    room.tencent.is_up = False
    await room.passes(700)
    assert len(room.told()) == 1
    room.watch.channels = [room.gsm]
    await room.look()
    assert room.why_lost("tencent") is None


async def test_a_provider_that_is_up_only_to_try_again_is_not_back(room: Room) -> None:
    room.tencent.is_up = False
    await room.passes(300)
    room.tencent.is_up, room.tencent.reason = True, "trying_again"
    await room.passes(1200)
    assert room.why_lost("tencent") is Reason.CHANNEL_GONE
    room.tencent.reason = "ready"
    await room.look()
    assert room.why_lost("tencent") is None


async def test_limits_and_ledger_know_of_a_test_text(room: Room) -> None:
    await room.look()
    with room.shell.in_transaction():
        (told,) = told_lately(room.shell.connection, f"digest {OURS}", ["gsm"], room.shell.now)
    assert told.kind is NoticeKind.TEST
    (row,) = room.shell.rows(attempts)
    assert (row.outcome, row.references, row.parts) == ("sent", '["1"]', 1)


async def test_the_record_holds_no_number_in_the_clear(room: Room) -> None:
    await room.trials.send(room.tencent, MAINTAINER, "7f3a09c2", "test_asked")
    for table in (notices, attempts):
        for row in room.shell.rows(table):
            kept = {key: each for key, each in row._mapping.items() if key != "phone"}
            assert MAINTAINER[-8:] not in repr(kept)


async def test_a_test_that_was_asked_for_goes_over_the_first_channel_that_is_up(
    room: Room,
) -> None:
    push = Modem("push", is_outside=True)
    asked = AskedTrials(room.trials, [push, room.gsm, room.tencent])
    room.gsm.is_up = False
    begun = asked.begin(MAINTAINER, "")
    assert begun.channel == "tencent"
    while asked.ended(begun.id) is None:  # noqa: ASYNC110 - a task that tells nobody of its end
        await asyncio.sleep(0)
    assert begun.id in room.tencent.texts[0]
    assert (push.texts, room.gsm.texts) == ([], [])


async def test_a_disk_that_refuses_a_test_is_told_and_breaks_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object) -> str:
        raise OSError("disk full")

    monkeypatch.setattr(Trials, "_notice", refuses)
    asked = AskedTrials(room.trials, [room.tencent])
    begun = asked.begin(MAINTAINER, "")
    while (ended := asked.ended(begun.id)) is None:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)
    assert ended.reason == "not_recorded"
    assert room.tencent.texts == []


async def test_why_no_test_can_be_sent_is_told_with_every_channels_reason(room: Room) -> None:
    room.gsm.is_up = room.tencent.is_up = False
    asked = AskedTrials(room.trials, [room.gsm, room.tencent])
    assert "gsm: no_answer, tencent: no_answer" in asked.begin(MAINTAINER, "").refused
    assert "no_answer" in asked.begin(MAINTAINER, "gsm").refused
    outside = AskedTrials(room.trials, [Modem("push", is_outside=True)])
    assert "those that do: none" in outside.begin(MAINTAINER, "push").refused
