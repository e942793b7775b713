"""What waits in the outbox goes out, over whatever works, and nothing of it vanishes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select

from alerts import dispatch, outbox, receipts
from alerts.channels.base import Attempt, DeliveryReport, Message, Noted, Outcome, not_noted
from alerts.model import NoticeKind, NoticeState, Severity
from alerts.receipts import Receipt
from alerts.tables import attempts, micros
from tests.fakes.dispatch import NOW, Phone, desk


async def test_the_worst_goes_first_and_the_oldest_of_equals() -> None:
    street = desk()
    street.write("a", Severity.MINOR)
    street.now += timedelta(seconds=1)
    street.write("b", Severity.HELP)
    street.write("c", Severity.MINOR)
    async with street.serving():
        await street.until(lambda: len(street.sent) == 3)
    assert [text for _, text in street.channels[0].texts] == [
        f"【门神】text {id_}" for id_ in "bac"
    ]
    assert street.state("a") is NoticeState.SENT


async def test_a_channel_that_is_down_is_passed_over_and_nothing_is_worn_out_against_it() -> None:
    modem, console = Phone("modem", is_up=False), Phone("console")
    street = desk(modem, console)
    street.write("a")
    async with street.serving():
        await street.until(lambda: len(street.sent) == 1)
    assert (modem.texts, len(console.texts)) == ([], 1)


async def test_while_no_channel_is_up_a_notice_waits_and_then_goes_out() -> None:
    modem = Phone("modem", is_up=False)
    street = desk(modem)
    street.write("a")
    async with street.serving():
        await asyncio.sleep(0)
        assert street.state("a") is NoticeState.PENDING
        modem.is_up = True
        street.dispatcher.wake()
        await street.until(lambda: len(street.sent) == 1)


async def test_while_one_channel_is_silent_others_carry_what_waits() -> None:
    modem = Phone("modem", hangs=asyncio.Event())
    console = Phone("console")
    street = desk(modem, console)
    street.write("a")
    async with street.serving():
        await street.until(lambda: len(modem.texts) == 1)
        street.write("b")
        started = asyncio.get_running_loop().time()
        street.dispatcher._busy_since[0] = started - dispatch.STALLED_AFTER_S - 1
        street.dispatcher.wake()
        await street.until(lambda: len(console.texts) == 1)
    assert console.texts[0][1] == "【门神】text b"


async def test_refused_three_times_the_next_channel_takes_it() -> None:
    refusal = Attempt(Outcome.FAILED_TEMPORARY, "cms_38")
    modem, console = Phone("modem", [refusal] * 3), Phone("console")
    street = desk(modem, console)
    street.write("a")
    async with street.serving():
        for tries in (1, 2):
            await street.until(lambda tries=tries: len(street.sent) == tries)  # type: ignore[misc]
            street.now += timedelta(seconds=15)
            street.dispatcher.wake()
        await street.until(lambda: len(console.texts) == 1)
    assert len(modem.texts) == 3


async def test_what_a_channel_gives_back_untried_wears_nothing_out() -> None:
    busy = Attempt(Outcome.NOT_TRIED, "sending_too_fast", retry_after_s=120.0)
    modem = Phone("modem", [busy] * 5)
    street = desk(modem)
    street.write("a")
    async with street.serving():
        for tries in range(1, 6):
            await street.until(lambda tries=tries: len(street.sent) == tries)  # type: ignore[misc]
            assert street.state("a") is NoticeState.PENDING
            street.now += timedelta(seconds=120)
            street.dispatcher.wake()
            if tries == 5:
                break
        await street.until(lambda: len(street.sent) == 6)
    assert street.state("a") is NoticeState.SENT


async def test_a_second_phone_is_tried_before_the_person_counts_as_out_of_reach() -> None:
    gone = Attempt(Outcome.FAILED_PERMANENT, "cms_1")
    modem = Phone("modem", [gone, gone])
    street = desk(modem)
    street.phones["t/worker"] = ["+8613900000001", "+8613900000002"]
    street.write("a")
    async with street.serving():
        await street.until(lambda: street.unreachable == ["i1"])
    assert [to for to, _ in modem.texts] == ["+8613900000001", "+8613900000002"]
    assert street.state("a") is NoticeState.FAILED_PERMANENT


async def test_a_person_without_a_phone_is_out_of_reach_at_once() -> None:
    street = desk()
    street.phones.clear()
    street.write("a")
    async with street.serving():
        await street.until(lambda: street.unreachable == ["i1"])
    assert street.channels[0].texts == []


async def test_what_a_killed_gateway_was_sending_goes_again_marked_if_it_is_critical() -> None:
    street = desk()
    for id_, severity in (("minor", Severity.MINOR), ("grave", Severity.CRITICAL)):
        street.write(
            id_,
            severity,
            state=NoticeState.SENDING,
            lease_until=micros(NOW + timedelta(minutes=5)),
        )
    await street.dispatcher.recover()
    async with street.serving():
        await street.until(lambda: len(street.sent) == 1)
    assert street.state("minor") is NoticeState.UNCONFIRMED
    assert "重发" in street.channels[0].texts[0][1]


async def test_a_channel_with_a_fault_in_it_stops_nobody() -> None:
    class Faulty(Phone):
        async def send(self, to: str, message: Message, noted: Noted = not_noted) -> Attempt:
            raise RuntimeError("a fault")

    street = desk(Faulty("modem"), Phone("console"))
    street.write("a", Severity.CRITICAL)
    async with street.serving():
        await street.until(lambda: len(street.channels[1].texts) == 1)


async def test_a_report_makes_a_sent_notice_delivered_and_a_failed_one_says_so() -> None:
    street = desk()
    street.write("a")
    async with street.serving():
        await street.until(lambda: len(street.sent) == 1)
    report = DeliveryReport("modem", "7", "+8613900000001", Outcome.DELIVERED, "st_00")
    with street.engine.begin() as connection:
        receipt = receipts.take(connection, report, street.now)
        assert receipt == Receipt("a", "i1", NoticeState.DELIVERED)
    assert street.state("a") is NoticeState.DELIVERED


async def test_a_report_for_somebody_elses_text_changes_nothing() -> None:
    street = desk()
    street.write("a")
    async with street.serving():
        await street.until(lambda: len(street.sent) == 1)
    report = DeliveryReport("modem", "9", "+8613900000001", Outcome.DELIVERED, "st_00")
    with street.engine.begin() as connection:
        assert receipts.take(connection, report, street.now) is None
    assert street.state("a") is NoticeState.SENT


async def test_what_nobody_needs_any_more_expires_and_says_why() -> None:
    street = desk(Phone("modem", is_up=False))
    street.write("a")
    street.now += timedelta(hours=5)
    with street.engine.begin() as connection:
        assert outbox.expire(connection, street.now) == 1
    assert street.state("a") is NoticeState.EXPIRED
    assert street.end("a") == ("not_sent_in_time", None)


async def test_what_was_sent_and_never_reported_expires_as_that() -> None:
    street = desk(Phone("modem"))
    street.write("a")
    async with street.serving():
        await street.until(lambda: len(street.sent) == 1)
    street.now += timedelta(hours=49)
    with street.engine.begin() as connection:
        assert outbox.expire(connection, street.now) == 1
    assert street.end("a") == ("no_report_came", None)


async def test_a_notice_that_expires_after_a_step_names_whom_the_step_told() -> None:
    street = desk(Phone("modem", is_up=False))
    street.write("a")
    street.now += timedelta(minutes=3)
    street.write("b", contact="t/lead", kind=NoticeKind.ESCALATION)
    street.now += timedelta(hours=3, minutes=58)
    with street.engine.begin() as connection:
        assert outbox.expire(connection, street.now) == 1
    assert street.end("a") == ("not_sent_in_time", '["t/lead"]')


async def test_a_notice_that_fails_after_a_step_names_whom_the_step_told() -> None:
    street = desk(Phone("modem", [Attempt(Outcome.FAILED_PERMANENT, "refused")]))
    street.write("a")
    street.now += timedelta(minutes=3)
    street.write("b", contact="t/lead", kind=NoticeKind.ESCALATION)
    async with street.serving():
        await street.until(lambda: len(street.sent) == 2)
    assert street.state("a") is NoticeState.FAILED_PERMANENT
    assert street.end("a")[1] == '["t/lead"]'


async def test_a_report_of_failure_names_whom_a_step_told_meanwhile() -> None:
    street = desk(Phone("modem"))
    street.write("a")
    async with street.serving():
        await street.until(lambda: len(street.sent) == 1)
    street.now += timedelta(minutes=3)
    street.write("b", contact="t/lead", kind=NoticeKind.ESCALATION)
    failed = DeliveryReport("modem", "7", "", Outcome.FAILED_PERMANENT, "expired")
    with street.engine.begin() as connection:
        receipt = receipts.take(connection, failed, street.now)
        assert receipt == Receipt("a", "i1", NoticeState.FAILED_PERMANENT)
    assert street.end("a") == ("expired", '["t/lead"]')


async def test_every_attempt_is_on_record() -> None:
    street = desk(Phone("modem", [Attempt(Outcome.FAILED_TEMPORARY, "cms_500")]))
    street.write("a")
    async with street.serving():
        await street.until(lambda: len(street.sent) == 1)
        street.now += timedelta(seconds=15)
        street.dispatcher.wake()
        await street.until(lambda: len(street.sent) == 2)
    with street.engine.connect() as connection:
        reasons = connection.scalars(select(attempts.c.reason).order_by(attempts.c.id)).all()
    assert reasons == ["cms_500", "ok"]
