"""A phone is told the worst first, the rest in one, and nothing of it is lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from alerts import outbox
from alerts.channels.base import Attempt, Outcome
from alerts.model import ConditionKind, NoticeKind, NoticeState, Severity
from alerts.outbox import Claim, Sender
from alerts.policy import Spending
from alerts.receipts import Receipt
from alerts.tables import attempts, incidents, micros, notices
from tests.fakes.dispatch import NOW, Desk, Phone, desk

WORKER = "+8613900000001"
REFUSED = Attempt(Outcome.FAILED_TEMPORARY, "cms_38")
DEAD = Attempt(Outcome.FAILED_PERMANENT, "cms_1")
SILENT = Attempt(Outcome.UNCONFIRMED, "no_answer")


def street(*channels: Phone, **limits: float) -> Desk:
    return desk(*channels, spending=Spending(**limits))


def texts(street: Desk, channel: int = 0) -> list[str]:
    return [text.removeprefix("【门神】") for _, text in street.channels[channel].texts]


def held(street: Desk, id_: str) -> tuple[str | None, float]:
    """Why a notice is held, and for how long."""
    with street.engine.connect() as connection:
        row = connection.execute(select(notices).where(notices.c.id == id_)).one()
    return row.held, (row.next_at - micros(street.now)) / 1e6


def spoken_of_in(street: Desk, id_: str) -> str | None:
    with street.engine.connect() as connection:
        return connection.scalar(select(notices.c.bundled_into).where(notices.c.id == id_))


# ---- bundles ----


async def test_ten_doors_open_within_a_minute_and_the_worker_gets_two_texts() -> None:
    night = street()
    async with night.serving():
        for door in range(10):
            night.write(f"door {door}", incident=f"i{door}")
            await night.passes(6)
        assert texts(night) == ["text door 0"]
        assert held(night, "door 9") == ("follows_another", 66)
        await night.passes(66)
    assert texts(night) == ["text door 0", "short door 1 另有8起，见平台"]
    assert [night.state(f"door {door}") for door in range(10)] == [
        *[NoticeState.SENT] * 2,
        *[NoticeState.SUPERSEDED] * 8,
    ]
    assert night.end("door 9") == ("bundled", None)
    assert spoken_of_in(night, "door 9") == "door 1"


async def test_something_worse_goes_at_once_and_takes_along_what_waits() -> None:
    night = street()
    async with night.serving():
        night.write("door", incident="i1")
        await night.passes(1)
        night.write("other door", incident="i2")
        await night.passes(1)
        night.write("seal", Severity.CRITICAL, incident="i3")
        await night.passes(1)
    assert texts(night) == ["text door", "short seal 另有1起，见平台"]
    assert night.state("other door") is NoticeState.SUPERSEDED


async def test_all_that_waited_for_a_modem_goes_in_one_text_the_worst_of_it_in_full() -> None:
    modem = Phone("modem", is_up=False)
    night = street(modem)
    for number in range(500):
        severity = Severity.CRITICAL if number == 321 else Severity.MAJOR
        night.write(f"n{number}", severity, incident=f"i{number}")
    async with night.serving():
        await night.passes(0)
        modem.is_up = True
        await night.passes(0)
    assert texts(night) == ["short n321 另有499起，见平台"]


async def test_of_several_notices_about_one_incident_the_latest_says_it_all() -> None:
    night = street()
    async with night.serving():
        night.write("other", incident="i0")
        await night.passes(1)
        for id_ in ("alarm", "update", "reminder"):
            night.write(id_, incident="i1")
            await night.passes(1)
        await night.passes(120)
    assert texts(night) == ["text other", "text reminder"]
    assert night.end("alarm")[0] == night.end("update")[0] == "newer_text"


async def test_a_doctor_of_two_teams_has_one_phone_and_gets_one_text() -> None:
    night = street()
    night.phones = {"a/doctor": [WORKER], "b/doctor": [WORKER], "b/worker": ["+8613900000002"]}
    night.write("a", incident="i1", contact="a/doctor")
    night.write("b", incident="i2", contact="b/doctor")
    night.write("c", incident="i2", contact="b/worker")
    async with night.serving():
        await night.passes(0)
    assert texts(night) == ["short a 另有1起，见平台", "text c"]
    assert spoken_of_in(night, "b") == "a"


async def test_a_call_for_help_goes_by_itself_and_at_once() -> None:
    night = street(phone_per_day=1, phone_kept=0, parts_per_day=1)
    async with night.serving():
        night.write("door", incident="i1")
        await night.passes(1)
        night.write("seal", Severity.CRITICAL, incident="i2", created_at=micros(NOW))
        night.write("help", Severity.HELP, incident="i3")
        night.write("more help", Severity.HELP, incident="i4")
        await night.passes(0)
    assert texts(night)[:3] == ["text door", "text help", "text more help"]


async def test_an_answer_is_not_held_and_speaks_of_nothing_else() -> None:
    night = street()
    async with night.serving():
        night.write("door", incident="i1")
        await night.passes(1)
        night.write("other door", incident="i2")
        night.write("answer", kind=NoticeKind.ANSWER)
        await night.passes(0)
        assert texts(night) == ["text door", "text answer"]
        await night.passes(120)
    assert texts(night)[2:] == ["text other door"]


async def test_that_a_colleague_took_it_is_not_counted_as_something_more_to_do() -> None:
    modem = Phone("modem", is_up=False)
    night = street(modem)
    night.write("door", incident="i1")
    night.write("taken", incident="i2", kind=NoticeKind.TAKEN)
    night.write("taken too", incident="i3", kind=NoticeKind.TAKEN)
    async with night.serving():
        modem.is_up = True
        await night.passes(0)
        await night.passes(120)
    assert texts(night) == ["text door", "short taken 另有1起，见平台"]


async def test_what_waited_for_the_morning_comes_as_one_digest() -> None:
    night = street()
    for number, kind in enumerate((ConditionKind.SILENT, ConditionKind.BATTERY_LOW) * 2):
        _incident(night, f"i{number}", kind)
        night.write(
            f"n{number}",
            Severity.HEALTH,
            incident=f"i{number}",
            held="quiet_hours",
            next_at=micros(NOW + timedelta(hours=2)),
        )
    async with night.serving():
        await night.passes(0)
        assert texts(night) == []
        night.write("door", incident="door")
        await night.passes(7200)
        assert texts(night) == ["text door"]
        assert held(night, "n0")[0] == "quiet_hours"
        await night.passes(120)
    assert texts(night)[1].endswith("2起，见平台")
    assert "夜间" in texts(night)[1]
    assert night.channels[0].messages[1].template == "digest"
    assert [night.state(f"n{number}") for number in range(4)] == [
        NoticeState.SENT,
        *[NoticeState.SUPERSEDED] * 3,
    ]


def _incident(night: Desk, id_: str, headline: ConditionKind) -> None:
    row = {
        **dict.fromkeys(("number", "matter", "subject", "team", "state", "level_reason"), ""),
        **dict.fromkeys(("severity", "level", "opened_at", "since_at", "step"), 0),
        **dict.fromkeys(("homes_blind", "reopened"), 0),
        "id": id_,
        "headline": headline,
        "told": "[]",
        "acknowledgements": "[]",
    }
    with night.engine.begin() as connection:
        connection.execute(insert(incidents).values(row))


# ---- what becomes of a bundle ----


def two_wait(night: Desk, severity: Severity = Severity.MAJOR) -> None:
    night.write("one", severity, incident="i1")
    night.write("two", severity, incident="i2")


async def test_what_a_refused_text_spoke_of_goes_along_when_it_goes_again() -> None:
    night = street(Phone("modem", [REFUSED]))
    async with night.serving():
        two_wait(night)
        await night.passes(0)
        assert night.state("two") is NoticeState.PENDING
        assert spoken_of_in(night, "two") is None
        await night.passes(15)
    assert texts(night) == ["short one 另有1起，见平台"] * 2
    assert night.state("two") is NoticeState.SUPERSEDED


async def test_it_goes_along_over_the_next_channel_too() -> None:
    night = street(Phone("modem", [DEAD]), Phone("provider"))
    two_wait(night)
    async with night.serving():
        await night.until(lambda: len(night.sent) == 2)
        await night.passes(0)
    assert texts(night, 1) == ["short one 另有1起，见平台"]
    assert night.state("two") is NoticeState.SUPERSEDED


async def test_a_phone_that_is_dead_for_good_hurries_every_incident_of_its_bundle() -> None:
    night = street(Phone("modem", [DEAD]))
    two_wait(night)
    async with night.serving():
        await night.until(lambda: night.unreachable == ["i1", "i2"])
    assert (night.state("one"), night.state("two")) == (NoticeState.FAILED_PERMANENT,) * 2


async def test_a_colleagues_notice_does_not_fail_with_a_phone_of_somebody_elses() -> None:
    night = street(Phone("modem", [DEAD]))
    night.phones = {"a/doctor": [WORKER], "b/doctor": [WORKER, "+8613900000002"]}
    night.write("a", incident="i1", contact="a/doctor")
    night.write("b", incident="i2", contact="b/doctor")
    async with night.serving():
        await night.until(lambda: len(night.sent) == 2)
    assert night.unreachable == ["i1"]
    assert night.state("b") is NoticeState.SENT


async def test_the_doubt_about_a_text_is_the_doubt_about_what_it_spoke_of() -> None:
    night = street(Phone("modem", [SILENT]))
    two_wait(night)
    async with night.serving():
        await night.passes(0)
    assert (night.state("one"), night.state("two")) == (
        NoticeState.UNCONFIRMED,
        NoticeState.SUPERSEDED,
    )


async def test_a_critical_text_without_an_answer_goes_once_more_with_all_it_spoke_of() -> None:
    night = street(Phone("modem", [SILENT]))
    two_wait(night, Severity.CRITICAL)
    async with night.serving():
        await night.passes(0)
    assert texts(night) == ["short one 另有1起，见平台", "重发 short one 另有1起，见平台"]


async def test_a_report_of_failure_concerns_every_incident_the_text_spoke_of() -> None:
    night = street()
    two_wait(night)
    async with night.serving():
        await night.passes(0)
    assert night.report("7", Outcome.FAILED_PERMANENT) == Receipt(
        "one", "i1", NoticeState.FAILED_PERMANENT, ("i2",)
    )


async def test_what_waited_behind_a_text_that_never_went_waits_no_longer() -> None:
    night = street(Phone("modem", [DEAD], hangs=asyncio.Event()))
    hangs = night.channels[0].hangs
    assert hangs is not None
    async with night.serving():
        night.write("one", incident="i1")
        await night.passes(1)
        hangs.set()
        night.write("two", incident="i2", held="follows_another", next_at=_in(119))
        await night.passes(0)
    assert texts(night) == ["text one", "text two"]


def _in(seconds: float) -> int:
    return micros(NOW + timedelta(seconds=seconds))


# ---- a killed gateway ----


async def test_killed_while_it_sent_a_bundle_it_knows_what_it_had_begun() -> None:
    killed = asyncio.Event()
    night = street(Phone("modem", hangs=killed, notes=("7",)))
    two_wait(night)
    async with night.serving():
        await night.passes(0)
        assert night.attempts() == [("modem", "begun", '["7"]')]
        await night.dispatcher.recover()  # as the next life does
        assert night.attempts() == [("modem", "unconfirmed", '["7"]')]
        assert (night.state("one"), night.state("two")) == (
            NoticeState.UNCONFIRMED,
            NoticeState.SUPERSEDED,
        )
        assert night.report("7", Outcome.DELIVERED) == Receipt("one", "i1", NoticeState.DELIVERED)
        killed.set()


async def test_what_was_reported_before_the_kill_is_not_sent_again() -> None:
    killed = asyncio.Event()
    night = street(Phone("modem", hangs=killed, notes=("7",)))
    two_wait(night, Severity.CRITICAL)
    async with night.serving():
        await night.passes(0)
        assert night.report("7", Outcome.DELIVERED) == Receipt("one", "i1", None)
        await night.dispatcher.recover()
        assert (night.state("one"), night.state("two")) == (
            NoticeState.DELIVERED,
            NoticeState.SUPERSEDED,
        )
        killed.set()


async def test_an_answer_after_the_lease_ended_changes_the_record_and_not_the_notice() -> None:
    hangs = asyncio.Event()
    night = street(Phone("modem", hangs=hangs))
    night.write("one", incident="i1")
    async with night.serving():
        await night.passes(0)
        await night.dispatcher.recover()
        hangs.set()
        await night.passes(0)
    assert night.attempts() == [("modem", "sent", '["7"]')]
    assert night.state("one") is NoticeState.UNCONFIRMED


async def test_what_was_bundled_into_a_text_that_nobody_is_sending_waits_again() -> None:
    night = street()
    night.write("two", state=NoticeState.SENDING, lease_until=_in(300), bundled_into="gone")
    await night.dispatcher.recover()
    assert night.state("two") is NoticeState.PENDING


# ---- limits ----


def test_a_text_that_is_under_way_counts_already() -> None:
    night = street(Phone("modem"), Phone("provider"))
    modem, provider = (
        Sender("modem", frozenset(), timedelta(minutes=5)),
        Sender("provider", frozenset({"modem"}), timedelta(minutes=5)),
    )
    with night.engine.begin() as connection:
        night.write("one", incident="i1")
        assert isinstance(outbox.claim(connection, night.terms, modem, night.now), Claim)
        night.write("two", incident="i2")
        later = night.now + timedelta(seconds=1)
        assert outbox.claim(connection, night.terms, provider, later) == NOW + timedelta(minutes=2)


async def test_a_critical_text_beyond_the_phones_day_takes_the_next_way() -> None:
    night = street(Phone("modem"), Phone("push", is_free=True), phone_per_day=1, phone_kept=0)
    async with night.serving():
        night.write("one", incident="i1")
        await night.passes(1)
        night.write("seal", Severity.CRITICAL, incident="i2")
        await night.passes(0)
        await night.passes(0)
    assert (texts(night, 0), texts(night, 1)) == (["text one"], ["text seal"])


async def test_where_no_way_is_left_the_incidents_next_step_is_hurried() -> None:
    night = street(phone_per_day=1, phone_kept=0)
    async with night.serving():
        night.write("one", incident="i1")
        await night.passes(1)
        night.write("seal", Severity.CRITICAL, incident="i2")
        await night.passes(0)
    assert night.unreachable == ["i2"]
    assert night.end("seal")[0] == "phone_day_limit"
    assert [outcome for _, outcome, _ in night.attempts()] == ["sent", "failed_permanent"]


async def test_beyond_the_days_budget_only_what_is_critical_goes() -> None:
    night = street(parts_per_day=5)
    async with night.serving():
        for number in range(4):
            night.write(f"n{number}", incident=f"i{number}", contact=f"t/{number}")
            night.phones[f"t/{number}"] = [f"+861390000001{number}"]
        await night.passes(0)
        night.write("door", incident="door")
        await night.passes(0)
        assert held(night, "door") == ("day_budget", 13 * 3600)  # until midnight in Shanghai
        night.write("seal", Severity.CRITICAL, incident="seal")
        await night.passes(0)
    assert texts(night)[4:] == ["short seal 另有1起，见平台"]


async def test_a_channel_that_gave_a_text_back_untried_spent_nothing() -> None:
    night = street(Phone("modem", [Attempt(Outcome.NOT_TRIED, "busy", retry_after_s=60)]))
    two_wait(night)
    async with night.serving():
        await night.passes(0)
        assert night.attempts() == []
        assert night.state("two") is NoticeState.PENDING
        await night.passes(60)
    assert night.attempts() == [("modem", "sent", '["7"]')]


# ---- each channel its own form ----


async def test_a_service_outside_is_told_a_number_and_a_link_and_never_the_house() -> None:
    push = Phone("push", is_outside=True, is_free=True)
    night = street(push)
    two_wait(night)
    async with night.serving():
        await night.passes(0)
    (message,) = push.messages
    assert "4821" in message.text
    assert "https://menshen.example" in message.text
    assert not any("南岭" in each for each in (message.text, *message.fields.values()))
    assert "short" not in message.text
    assert message.fields.keys() <= {"number", "level", "others"}


async def test_a_provider_is_told_what_fills_its_template() -> None:
    night = street()
    two_wait(night)
    async with night.serving():
        await night.passes(0)
    (message,) = night.channels[0].messages
    assert message.template == "alarm"
    assert (message.fields["place"], message.fields["others"]) == (
        "南岭村3栋1203",
        "另有1起，见平台",
    )


async def test_a_provider_is_told_of_no_others_in_no_words_and_when_a_text_goes_again() -> None:
    night = street(Phone("modem", [SILENT]))
    night.write("one", Severity.CRITICAL)
    async with night.serving():
        await night.passes(0)
    first, again = night.channels[0].messages
    assert (first.fields["others"], first.fields.get("lead", "")) == ("", "")
    assert again.fields["lead"] == "重发"


# ---- a push ends nothing ----


def with_group(*, is_up: bool = False) -> tuple[Desk, Phone, Phone]:
    """A modem, down as a rule, and the team's group of a push service."""
    modem, group = Phone("modem", is_up=is_up), Phone("group", is_outside=True, is_free=True)
    return street(modem, group), modem, group


async def test_while_the_modem_is_down_the_group_hears_at_once_and_the_phone_when_it_is_back() -> (
    None
):
    night, modem, group = with_group()
    night.write("seal", Severity.CRITICAL)
    async with night.serving():
        await night.passes(0)
        assert (len(group.texts), night.state("seal")) == (1, NoticeState.PENDING)
        await night.passes(3600)
        modem.is_up = True
        await night.passes(0)
    assert (texts(night), len(group.texts)) == (["text seal"], 1)  # no 重发: it is the first text
    assert (night.state("seal"), night.unreachable) == (NoticeState.SENT, [])


async def test_a_push_holds_back_no_text_to_the_phone() -> None:
    night, modem, _group = with_group()
    night.write("one", incident="i1")
    async with night.serving():
        await night.passes(0)
        modem.is_up = True
        await night.passes(0)
        assert texts(night) == ["text one"]
        night.write("two", incident="i2")
        await night.passes(0)
        assert held(night, "two") == ("follows_another", 120)


async def test_what_a_push_spoke_of_waits_for_the_text_too() -> None:
    night, modem, group = with_group()
    two_wait(night)
    async with night.serving():
        await night.passes(0)
        assert [night.state(id_) for id_ in ("one", "two")] == [NoticeState.PENDING] * 2
        modem.is_up = True
        await night.passes(0)
    assert (len(group.texts), texts(night)) == (1, ["short one 另有1起，见平台"])
    assert night.state("two") is NoticeState.SUPERSEDED


async def test_what_was_only_pushed_expires_as_that() -> None:
    night, _modem, _group = with_group()
    night.write("seal", Severity.CRITICAL)
    night.write("unheard", Severity.CRITICAL, contact="t/nobody", state=NoticeState.PENDING)
    night.phones["t/nobody"] = []
    async with night.serving():
        await night.passes(0)
    with night.engine.begin() as connection:
        outbox.expire(connection, night.now + timedelta(hours=5))
    assert night.state("seal") is NoticeState.EXPIRED
    assert night.end("seal")[0] == "pushed_only"


async def test_where_there_is_no_way_for_texts_a_push_still_proves_nothing() -> None:
    night = street(Phone("group", is_outside=True, is_free=True))
    night.write("seal", Severity.CRITICAL)
    async with night.serving():
        await night.passes(0)
        await night.passes(3600)
        assert (len(night.channels[0].texts), night.state("seal")) == (1, NoticeState.PENDING)
    with night.engine.begin() as connection:
        outbox.expire(connection, night.now + timedelta(hours=5))
    assert (night.end("seal")[0], night.unreachable) == ("pushed_only", [])


async def test_a_push_that_is_refused_leaves_the_text_as_it_was() -> None:
    night, modem, group = with_group()
    group.answers = [DEAD]
    night.write("seal", Severity.CRITICAL)
    async with night.serving():
        await night.passes(0)
        await night.passes(60)
        assert (len(group.texts), night.unreachable) == (1, [])
        modem.is_up = True
        await night.passes(0)
    assert texts(night) == ["text seal"]


async def test_killed_while_it_pushed_the_text_still_goes_and_is_no_second_one() -> None:
    night, modem, group = with_group()
    group.hangs = asyncio.Event()
    two_wait(night, Severity.CRITICAL)
    async with night.serving():
        await night.passes(0)
        await night.dispatcher.recover()  # as the next life does
        modem.is_up = True
        await night.passes(0)
        group.hangs.set()
    assert texts(night) == ["short one 另有1起，见平台"]
    assert len(group.texts) == 1


@pytest.mark.parametrize("severity", [Severity.MAJOR, Severity.HELP])
async def test_a_group_hears_of_an_incident_once_however_many_of_it_are_to_be_told(
    severity: Severity,
) -> None:
    night, modem, group = with_group()
    for number in range(3):
        night.phones[f"t/{number}"] = [f"+861390000001{number}"]
        night.write(f"n{number}", severity, contact=f"t/{number}")
    async with night.serving():
        await night.passes(0)
        assert len(group.texts) == 1
        modem.is_up = True
        await night.passes(0)
    assert len(modem.texts) == 3
    assert {night.state(f"n{number}") for number in range(3)} == {NoticeState.SENT}


async def test_a_group_hears_of_another_step_or_another_incident() -> None:
    night, _modem, group = with_group()
    night.phones["t/lead"] = ["+8613900000009"]
    night.write("one", Severity.HELP)
    async with night.serving():
        await night.passes(1)
        night.write("step", Severity.HELP, contact="t/lead", kind=NoticeKind.ESCALATION)
        night.write("two", Severity.HELP, contact="t/lead", incident="i2")
        await night.passes(0)
    assert len(group.texts) == 3


# ---- reports ----


async def test_a_report_about_another_phone_is_for_another_text() -> None:
    night = street()
    night.write("one", incident="i1")
    async with night.serving():
        await night.passes(0)
    assert night.report("7", Outcome.DELIVERED, "+8613711111111") is None
    assert night.report("7", Outcome.DELIVERED, "13900000001") == Receipt(
        "one", "i1", NoticeState.DELIVERED
    )


async def test_a_reference_that_came_round_again_means_the_phone_it_is_for() -> None:
    night = street()
    night.phones["t/other"] = ["+8613900000002"]
    async with night.serving():
        night.write("one", incident="i1")
        await night.passes(1)
        night.write("two", incident="i2", contact="t/other")
        await night.passes(1)
    assert night.report("7", Outcome.DELIVERED, WORKER) == Receipt(
        "one", "i1", NoticeState.DELIVERED
    )
    assert night.state("two") is NoticeState.SENT


async def test_a_report_about_one_part_of_a_text_under_way_settles_nothing_yet() -> None:
    hangs = asyncio.Event()
    night = street(Phone("modem", [Attempt(Outcome.SENT, "ok", ("7", "8"), parts=2)], hangs=hangs))
    night.channels[0].notes = ("7",)
    night.write("one", incident="i1")
    async with night.serving():
        await night.passes(0)
        assert night.report("7", Outcome.DELIVERED) == Receipt("one", "i1", None)
        hangs.set()
        await night.passes(0)
        assert night.state("one") is NoticeState.SENT
    assert night.report("8", Outcome.DELIVERED) == Receipt("one", "i1", NoticeState.DELIVERED)


async def test_a_failed_first_text_does_not_end_a_notice_that_goes_once_more() -> None:
    night = street(Phone("modem", [Attempt(Outcome.UNCONFIRMED, "no_answer", ("7",))]))
    night.write("one", Severity.CRITICAL, incident="i1")
    async with night.serving():
        await night.until(lambda: len(night.sent) == 1)
        with night.engine.begin() as connection:
            waits = update(notices).values(next_at=_in(600), state=NoticeState.PENDING)
            connection.execute(waits)
        assert night.report("7", Outcome.FAILED_PERMANENT) == Receipt("one", "i1", None)


async def test_a_failed_first_text_says_nothing_of_the_one_that_went_after_it() -> None:
    first = Attempt(Outcome.UNCONFIRMED, "no_answer", ("1",))
    night = street(Phone("modem", [first, Attempt(Outcome.SENT, "ok", ("2",))]))
    night.write("one", Severity.CRITICAL, incident="i1")
    async with night.serving():
        await night.passes(0)
    assert night.report("1", Outcome.FAILED_PERMANENT) == Receipt("one", "i1", None)
    assert night.report("2", Outcome.DELIVERED) == Receipt("one", "i1", NoticeState.DELIVERED)


@pytest.mark.parametrize("outcome", [Outcome.FAILED_TEMPORARY, Outcome.FAILED_PERMANENT])
async def test_a_text_that_did_not_go_out_cost_nothing(outcome: Outcome) -> None:
    night = street(Phone("modem", [Attempt(outcome, "cms_38")]))
    night.write("one", incident="i1")
    async with night.serving():
        await night.passes(0)
    with night.engine.connect() as connection:
        assert connection.scalars(select(attempts.c.parts)).all() == [0]
