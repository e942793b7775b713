"""Texts that go both ways, as a night has them: who takes it, who learns of it, who is refused."""

from __future__ import annotations

from dataclasses import replace

from alerts import telling
from alerts.commands import Acknowledge
from alerts.model import IncidentState, NoticeKind, NoticeState, Severity, Silence
from alerts.policy import Policy, Quiet
from alerts.reason import Reason
from tests.fakes.desk import Desk
from tests.fakes.phones import Night
from tests.fakes.street import local, team, watch


def test_the_others_learn_who_took_it_and_that_it_was_said_by_text() -> None:
    night = Night(at="03:12")
    worker, doctor, police = map(night.phone, ("worker-night", "doctor-night", "police-night"))
    night.desk.raised("left_open")
    worker.gets("门开超3分钟未报备")
    doctor.gets("门开超3分钟未报备")
    police.gets("门开超3分钟未报备")
    night.desk.passes(minutes=3)
    worker.replies("1 4821").gets("【门神】4821 已记您报到").gets_nothing()
    told = "【门神】4821 3栋1203 网格员03:15已报到(短信)，您不必再去"
    doctor.gets(told).replies("1 4821").gets("网格员03:15已报到，您不必再去").gets_nothing()
    police.gets(told).gets_nothing()
    worker.replies("2 4821").gets("已记您到场").gets_nothing()
    police.gets_nothing()


def test_where_a_role_is_missing_the_others_hear_who_and_it_is_asked_itself() -> None:
    night = Night(at="03:12")
    night.desk.raised("seal_broken")
    worker, doctor, police = map(night.phone, ("worker-night", "doctor-night", "police-night"))
    worker.gets("电子封条断开").replies("1 4821").gets("还等民警报到")
    doctor.gets("电子封条断开").gets("网格员03:12已报到(短信)，还等民警").gets_nothing()
    police.gets("电子封条断开").gets("网格员03:12已报到(短信)，还等您，回复 1 4821")
    night.desk.passes(minutes=3)
    police.gets("民警未报到").replies("1 4821").gets("已记您报到")
    night.phone("lead").gets("民警未报到").gets("民警03:15已报到(短信)，您不必再去").gets_nothing()
    doctor.gets("民警03:15已报到(短信)，您不必再去").gets_nothing()
    worker.gets_nothing()  # has it already, and was told that the police were waited for


def test_who_took_it_at_a_screen_is_said_to_have() -> None:
    desk = Desk(at="03:15")
    desk.raised("opened")
    desk.asked(Acknowledge)
    assert desk.last("worker-night") == "【门神】4821 3栋1203 操作员03:15已报到(命令行)，您不必再去"


def test_the_shift_that_went_home_is_left_in_peace() -> None:
    night = Night(at="19:50")
    night.desk.raised("left_open")
    night.phone("doctor-day").gets("门开超3分钟未报备")
    night.desk.passes(minutes=15)
    night.phone("worker-night").gets("无人报到").replies("1 4821")
    night.phone("doctor-night").gets("无人报到").gets("网格员20:05已报到").gets_nothing()
    night.phone("doctor-day").gets_nothing()


def test_those_above_who_were_called_learn_that_they_need_not_come() -> None:
    night = Night(at="03:12")
    night.desk.raised("left_open")
    night.desk.passes(minutes=30)
    night.phone("street-desk").gets("无人报到")
    night.phone("worker-night").gets("门开超3分钟未报备").replies("1 4821")
    night.phone("street-desk").gets("网格员03:42已报到(短信)，您不必再去").gets_nothing()
    night.phone("district-desk").gets_nothing()  # was never called


def test_a_role_that_is_still_missing_may_answer_with_a_digit_alone() -> None:
    desk = Desk(at="03:12")
    desk.raised("seal_broken")
    desk.writes("worker-night", "1")
    assert desk.writes("police-night", "1").text == "【门神】4821 已记您报到。到场后回复 2 4821"


def test_that_somebody_has_it_is_news_only_as_long_as_they_have_it() -> None:
    desk = Desk(at="03:12")
    desk.raised("left_open")
    desk.writes("worker-night", "1 4821")
    said = next(each for each in desk.notices if each.kind is NoticeKind.TAKEN)
    assert said.expires_at == local("03:42")
    assert said.severity is Severity.MINOR


def test_that_somebody_has_it_is_taken_back_where_it_grows_worse_meanwhile() -> None:
    desk = Desk(at="03:12")
    desk.raised("left_open")
    desk.writes("worker-night", "1 4821")
    assert desk.changes[-1].retract == []
    desk.raised("seal_broken")
    assert desk.changes[-1].retract == [desk.incident().id]


def test_nobody_is_told_who_took_what_is_silenced() -> None:
    desk = Desk(at="14:32")
    desk.raised("left_open")
    desk.state.silences["w1"] = [Silence("s1", "w1", local("14:00"), local("18:00"), "lead", "")]
    desk.writes("worker-day", "1 4821")
    assert NoticeKind.TAKEN not in {each.kind for each in desk.notices}


def test_a_device_is_taken_and_the_maintainer_knows() -> None:
    desk = Desk(at="14:32")
    desk.raised("silent")
    desk.writes("worker-day", "1 4821")
    assert "网格员14:32已报到(短信)，您不必再去" in desk.last("maintainers/m1")
    assert desk.notices[-2].severity is Severity.HEALTH


def test_nobody_hears_that_it_is_dealt_with() -> None:
    desk = Desk(at="03:12")
    desk.cleared(desk.raised("left_open"))
    desk.forget()
    desk.writes("worker-night", "3 4821")
    assert desk.who_was_told() == []


# ---- quiet hours ----


def test_nobody_is_woken_for_a_device_and_in_the_morning_it_is_told() -> None:
    night = Night(at="03:00")
    night.desk.raised("silent")
    night.phone("worker-night").gets_nothing()
    assert night.desk.decisions == [Reason.QUIET_HOURS]
    night.desk.passes(hours=4)
    night.phone("maintainers/m1").gets("设备失联 03:00起")


def test_a_device_that_was_silent_at_three_and_back_at_four_is_told_to_nobody() -> None:
    night = Night(at="03:00")
    silent = night.desk.raised("silent")
    night.desk.passes(hours=1)
    night.desk.cleared(silent, Reason.HEARD_AGAIN)
    night.desk.passes(hours=12)
    night.phone("worker-night").gets_nothing()
    night.phone("maintainers/m1").gets_nothing()


def test_a_device_that_fails_again_is_told_though_its_first_failure_never_was() -> None:
    night = Night(at="03:00")
    silent = night.desk.raised("silent")
    night.desk.passes(minutes=10)
    night.desk.cleared(silent, Reason.HEARD_AGAIN)
    night.desk.passes(minutes=10)
    night.desk.raised("silent")
    held = [each for each in night.desk.changes[-1].notices if each.kind is NoticeKind.HEALTH]
    assert [each.contact for each in held] == ["maintainers/m1", "team-1/worker-night"]
    assert {each.not_before_at for each in held} == {local("07:00")}
    assert "再次" not in held[0].text  # to them it is the first time


def test_the_reminder_is_counted_from_the_morning_and_not_from_the_night() -> None:
    desk = Desk(at="03:00")
    desk.raised("silent")
    assert desk.incident().next_at == local("07:00", day=1)


def test_an_outage_is_told_at_once_at_night() -> None:
    desk = Desk(at="03:00")
    desk.raised("outage", None, subject="gateway")
    assert {each.not_before_at for each in desk.notices} == {None}


def test_the_lead_sleeps_through_a_review() -> None:
    desk = Desk(at="14:32")
    desk.cleared(desk.raised("seal_broken"))
    desk.writes("worker-day", "3 4821")
    desk.forget()
    desk.passes(hours=12)
    (due,) = desk.notices
    assert (due.reason, due.not_before_at) == (Reason.REVIEW_DUE, local("07:00", day=1))


QUIET_FOR_ONE = Policy(quiet=Quiet(severity="minor"))


def test_where_a_team_wants_it_so_a_single_visit_waits_and_nothing_escalates_before() -> None:
    desk = Desk(at="03:00", watches=(watch(policy=QUIET_FOR_ONE),))
    desk.raised("loitering")
    (told,) = desk.notices
    assert told.not_before_at == local("07:00")
    assert told.expires_at == local("11:00")
    assert desk.incident().next_at == local("07:15")


def test_what_waits_and_grows_worse_is_told_at_once_as_news() -> None:
    desk = Desk(at="03:00", watches=(watch(policy=QUIET_FOR_ONE),))
    desk.raised("loitering")
    desk.passes(minutes=30)
    desk.raised("gathering")
    told = [each for each in desk.changes[-1].notices if each.incident]
    assert [each.kind for each in told] == [NoticeKind.ALARM, NoticeKind.ALARM]
    assert {each.not_before_at for each in told} == {None}
    assert desk.changes[-1].retract == [desk.incident().id]


def test_what_was_put_off_in_the_very_turn_in_which_it_grew_worse_is_superseded() -> None:
    desk = Desk(at="03:00", watches=(watch(policy=QUIET_FOR_ONE),))
    desk.raised("loitering")
    turn = desk.turn()
    turn.changes.notices[:] = desk.changes[0].notices
    telling.retract(turn, desk.incident())
    assert [each.state for each in turn.changes.notices] == [NoticeState.SUPERSEDED]


def test_a_number_that_waits_for_the_morning_is_known_to_nobody_yet() -> None:
    desk = Desk(at="03:00")
    desk.raised("silent")
    assert desk.writes("worker-night", "1 4821").reason is Reason.NOT_SENT_TO_YOU
    assert desk.writes("worker-night", "1").reason is Reason.NOT_A_REPLY


def test_who_never_heard_of_it_is_not_told_who_took_it() -> None:
    desk = Desk(at="03:00")
    desk.raised("silent")
    desk.asked(Acknowledge)
    assert NoticeKind.TAKEN not in {each.kind for each in desk.notices}


# ---- guessing and loops ----


def test_five_wrong_numbers_and_the_phone_is_ignored_right_ones_too_for_half_an_hour() -> None:
    night = Night(at="03:12")
    night.desk.raised("left_open")
    doctor = night.phone("doctor-night").gets("门开超3分钟未报备")
    for number in ("1000", "1001", "1002"):
        doctor.replies(f"1 {number}").gets(f"没有发给您的编号 {number}")
    doctor.replies("1 1003").gets_nothing()
    doctor.replies("1 1004").gets("编号多次不对，30分钟内不受理您的短信")
    night.phone("lead").gets("有人用社康医生的手机连续试错编号").gets_nothing()
    doctor.replies("1 4821").gets_nothing()
    assert night.desk.incident().state is IncidentState.OPEN
    night.desk.passes(minutes=15)  # nobody has it: the steps go on meanwhile
    night.phone("lead").gets("无人报到")
    night.desk.passes(minutes=15)
    doctor.replies("1 4821").gets("已记您报到")


def test_the_leads_own_phone_is_reported_to_those_above() -> None:
    desk = Desk(at="03:12")
    for number in range(1000, 1005):
        desk.writes("lead", f"1 {number}")
    assert "牵头干部的手机" in desk.last("street-desk")


def test_a_maintainers_phone_is_reported_though_there_is_no_lead() -> None:
    desk = Desk(at="03:12")
    own = desk.state.teams["maintainers"]
    second = replace(own.contacts[0], id="maintainers/m2")
    desk.state.teams["maintainers"] = replace(own, contacts=(*own.contacts, second))
    for number in range(1000, 1005):
        desk.writes("maintainers/m1", f"1 {number}")
    assert "维护员的手机" in desk.last("maintainers/m2")


def test_a_doctor_of_two_teams_is_reported_to_both_leads() -> None:
    desk = Desk(at="03:12")
    other = team("team-2")
    shared = replace(other, contacts=(*other.contacts, team().contacts[1]))
    desk.state.teams["team-2"] = shared
    for number in range(1000, 1005):
        desk.writes("doctor-day", f"1 {number}")
    assert "社康医生的手机" in desk.last("team-2/lead")
    assert "社康医生的手机" in desk.last("lead")


def test_two_machines_that_answer_each_other_stop() -> None:
    night = Night(at="03:12")
    phone = night.phone("doctor-night")
    for _ in range(50):
        phone.replies("您好，我正在开会，稍后回复您")
    for _ in range(3):
        phone.gets("没看懂")
    phone.gets_nothing()
    night.desk.passes(minutes=60)
    phone.replies("您好，我正在开会").gets("没看懂")


def test_a_machine_that_repeats_a_right_reply_is_answered_a_few_times() -> None:
    night = Night(at="03:12")
    night.desk.raised("opened")
    worker = night.phone("worker-night").gets("未报备开门")
    worker.replies("1 4821").gets("已记您报到")
    for _ in range(20):
        worker.replies("1 4821")
    for _ in range(3):
        worker.gets("您03:12已报到")
    worker.gets_nothing()


def test_a_reply_that_leads_to_something_clears_the_page() -> None:
    desk = Desk(at="03:12")
    desk.raised("left_open")
    for number in range(1000, 1004):
        desk.writes("worker-night", f"1 {number}")
    assert desk.writes("worker-night", "1 4821").ok
    for number in range(1000, 1003):
        assert desk.writes("worker-night", f"1 {number}").text
    assert desk.writes("worker-night", "2 4821").ok


def test_slow_mistakes_are_no_guessing() -> None:
    desk = Desk(at="03:12")
    desk.raised("left_open")
    for number in range(1000, 1010):
        desk.writes("worker-night", f"1 {number}")
        desk.passes(minutes=3)
    assert desk.writes("worker-night", "1 4821").ok
