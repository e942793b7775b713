"""The life of an incident as it happens: who is written to, what they answer, what follows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.commands import Acknowledge, Reopen, Resolve, Review
from alerts.model import (
    Cause,
    IncidentState,
    NoticeKind,
    NoticeState,
    Severity,
    Silence,
)
from alerts.policy import Policy, Telling
from alerts.reason import Reason
from tests.fakes.desk import Desk
from tests.fakes.street import local, team, watch

ALL_ON_CALL = ["worker-day", "doctor-day", "police-day"]


def test_a_first_opening_is_told_to_the_worker_alone() -> None:
    desk = Desk(at="14:32")
    desk.raised("opened")
    assert desk.told("worker-day") == ["【门神】南岭村3栋1203 未报备开门 14:32 证据1级 回复 1 4821"]
    assert desk.who_was_told() == ["worker-day"]


def test_a_door_left_open_reaches_the_whole_team_in_the_words_of_the_issue() -> None:
    desk = Desk(at="14:32")
    desk.raised("opened")
    desk.passes(minutes=3)
    desk.raised("left_open")
    text = "【门神】南岭村3栋1203 门开超3分钟未报备 14:32起 证据2级 回复 1 4821"
    assert desk.told("doctor-day") == [text.replace("14:32", "14:35")]
    assert desk.told("police-day") == desk.told("doctor-day")
    assert desk.last("worker-day").startswith("【门神】加重 南岭村3栋1203 门开超3分钟未报备")


def test_reported_in_on_site_dealt_with_and_reviewed_by_another() -> None:
    desk = Desk(at="14:32")
    opening = desk.raised("opened")
    assert desk.writes("worker-day", "1 4821").ok
    assert desk.incident().state is IncidentState.ACKNOWLEDGED
    desk.passes(minutes=20)
    assert desk.writes("worker-day", "2 4821").ok
    assert desk.incident().state is IncidentState.ON_SITE
    desk.cleared(opening)
    assert desk.writes("worker-day", "3 4821").ok
    assert desk.asked(Review, actor="supervisor").ok
    assert desk.state.incidents == {}
    steps = [(each.from_state, each.to_state, each.actor) for each in desk.transitions]
    worker = "team-1/worker-day"
    assert steps == [
        (None, IncidentState.OPEN, "system"),
        (IncidentState.OPEN, IncidentState.ACKNOWLEDGED, worker),
        (IncidentState.ACKNOWLEDGED, IncidentState.ON_SITE, worker),
        (IncidentState.ON_SITE, IncidentState.RESOLVED, worker),
        (IncidentState.RESOLVED, IncidentState.REVIEWED, "supervisor"),
    ]
    assert desk.who_was_told() == ["worker-day"]


def test_nobody_reports_in_so_the_steps_go_on_and_start_over() -> None:
    desk = Desk(at="14:32")
    desk.raised("opened")
    reached = []
    for _ in range(4):
        desk.forget()
        desk.passes(minutes=15)
        reached.append(desk.who_was_told(NoticeKind.ESCALATION))
    assert reached == [
        ["doctor-day", "police-day", "lead"],
        ["street-desk"],
        ["district-desk"],
        [*ALL_ON_CALL, "lead"],
    ]
    assert desk.last("worker-day").startswith("【门神】仍无人报到 ")
    assert desk.transitions[-1].reason is Reason.STEPS_REPEAT


def test_a_critical_step_comes_after_three_minutes_and_tells_those_who_know_again() -> None:
    desk = Desk(at="14:32")
    desk.raised("seal_broken")
    desk.passes(minutes=2.9)
    assert desk.who_was_told() == ALL_ON_CALL
    desk.passes(minutes=0.1)
    assert desk.who_was_told(NoticeKind.ESCALATION) == [*ALL_ON_CALL, "lead"]


def test_escalation_goes_to_another_phone_of_the_same_role() -> None:
    own = team()
    second = replace(own.contacts[0], id="team-1/worker-2")
    own = replace(own, contacts=(own.contacts[0], second, *own.contacts[1:]))
    desk = Desk(watches=(watch(team=own),))
    desk.raised("opened")
    desk.passes(minutes=15)
    assert "worker-2" in desk.who_was_told(NoticeKind.ESCALATION)
    assert "worker-day" not in desk.who_was_told(NoticeKind.ESCALATION)


def test_a_shift_that_changed_meanwhile_is_told_and_the_old_one_left_in_peace() -> None:
    desk = Desk(at="19:59")
    desk.raised("seal_broken")
    desk.forget()
    desk.passes(minutes=3)
    assert desk.who_was_told() == ["worker-night", "doctor-night", "police-night", "lead"]


def test_the_first_report_in_does_not_silence_the_roles_still_needed() -> None:
    desk = Desk(at="14:32")
    desk.raised("help")
    assert desk.who_was_told() == ["worker-day", "doctor-day"]
    answer = desk.writes("worker-day", "1 4821")
    assert "还等社康医生报到" in answer.text
    desk.forget()
    desk.passes(minutes=3)
    assert desk.who_was_told() == ["doctor-day", "lead"]
    assert desk.last("doctor-day").startswith("【门神】社康医生未报到 南岭村3栋1203 居民按铃求助")
    desk.writes("doctor-day", "1 4821")
    desk.forget()
    desk.passes(minutes=20)
    assert desk.who_was_told() == []


def test_the_lead_counts_for_every_missing_role() -> None:
    desk = Desk(at="14:32")
    desk.raised("help")
    desk.passes(minutes=3)
    desk.writes("lead", "1 4821")
    desk.forget()
    desk.passes(minutes=20)
    assert desk.who_was_told() == []


def test_a_report_in_lapses_and_the_steps_go_on() -> None:
    desk = Desk(at="14:32")
    desk.raised("opened")
    desk.writes("worker-day", "1 4821")
    desk.forget()
    desk.passes(minutes=30)
    assert desk.incident().state is IncidentState.OPEN
    assert desk.told("worker-day") == [
        "【门神】报到已超时 南岭村3栋1203 未报备开门 14:32 证据1级 回复 1 4821"
    ]
    assert desk.who_was_told() == ["worker-day"]
    desk.passes(minutes=15)
    assert desk.who_was_told(NoticeKind.ESCALATION) == ["doctor-day", "police-day", "lead"]


def test_a_lapsed_report_in_asks_for_the_end_where_nothing_stands_any_more() -> None:
    desk = Desk(at="14:32")
    opening = desk.raised("opened")
    desk.writes("worker-day", "1 4821")
    desk.cleared(opening)
    desk.passes(minutes=30)
    assert desk.last("worker-day").endswith("门已关 14:32 证据1级 处置完回复 3 4821")


def test_nobody_is_texted_once_it_is_dealt_with_but_the_lead_for_the_review() -> None:
    desk = Desk(at="14:32")
    opening = desk.raised("opened")
    desk.cleared(opening)
    desk.writes("worker-day", "3 4821")
    desk.forget()
    desk.passes(hours=11.9)
    assert desk.notices == []
    desk.passes(hours=0.1)
    assert desk.who_was_told() == ["lead"]
    assert desk.told("lead") == [
        "【门神】已处置待复核 南岭村3栋1203 未报备开门 门已关 11月21日14:32 证据1级 编号 4821"
    ]


def test_what_comes_back_soon_reopens_under_the_same_number() -> None:
    desk = Desk(at="14:32")
    desk.cleared(desk.raised("opened"))
    desk.writes("worker-day", "3 4821")
    desk.passes(minutes=29)
    desk.forget()
    desk.raised("opened")
    assert desk.incident().number == "4821"
    assert desk.incident().reopened == 1
    assert desk.told("worker-day") == [
        "【门神】再次发生 南岭村3栋1203 未报备开门 15:01 证据1级 回复 1 4821"
    ]


def test_what_comes_back_late_is_another_incident_with_another_number() -> None:
    desk = Desk(at="14:32")
    desk.cleared(desk.raised("opened"))
    desk.writes("worker-day", "3 4821")
    desk.passes(minutes=30)
    desk.raised("opened")
    assert sorted(each.number for each in desk.state.incidents.values()) == ["4821", "4822"]


def test_a_late_review_reminder_does_not_take_new_openings_from_the_new_incident() -> None:
    desk = Desk(at="14:32")
    desk.cleared(desk.raised("opened"))
    desk.writes("worker-day", "3 4821")
    desk.passes(hours=1)
    desk.raised("opened")
    desk.passes(minutes=1)
    desk.writes("worker-day", "1 4822")
    desk.passes(hours=10, minutes=59)
    assert desk.last("lead").startswith("【门神】已处置待复核")
    desk.raised("seal_broken")
    worse = next(each for each in desk.state.incidents.values() if each.number == "4822")
    assert worse.severity is Severity.CRITICAL


def test_growing_worse_tells_the_taker_and_those_newly_concerned_and_wants_their_roles() -> None:
    desk = Desk(at="14:32")
    desk.raised("opened")
    desk.writes("worker-day", "1 4821")
    desk.forget()
    desk.raised("seal_broken")
    assert [(each.contact, each.kind) for each in desk.notices] == [
        ("team-1/worker-day", NoticeKind.UPDATE),
        ("team-1/doctor-day", NoticeKind.ALARM),
        ("team-1/police-day", NoticeKind.ALARM),
    ]
    assert desk.last("worker-day").endswith("编号 4821")
    desk.forget()
    desk.passes(minutes=3)
    assert desk.who_was_told() == ["police-day", "lead"]


def test_what_joins_without_making_it_worse_tells_nobody() -> None:
    desk = Desk(at="14:32")
    desk.raised("seal_broken")
    desk.forget()
    desk.raised("opened")
    assert desk.notices == []
    assert [each.reason for each in desk.transitions] == [Reason.JOINED]


def test_what_is_open_never_becomes_lighter_when_old_evidence_fades() -> None:
    desk = Desk(at="14:32")
    desk.cleared(desk.raised("seal_broken"))
    desk.passes(hours=2)
    desk.raised("opened")
    assert (desk.incident().severity, desk.incident().level) == (Severity.CRITICAL, 3)


def test_a_second_press_of_the_help_button_is_told_again_to_whoever_has_it() -> None:
    desk = Desk(at="14:32")
    desk.raised("help")
    desk.writes("worker-day", "1 4821")
    desk.passes(minutes=2)
    desk.forget()
    desk.raised("help")
    assert desk.who_was_told() == ["worker-day", "doctor-day"]
    assert desk.told("worker-day") == [
        "【门神】再次呼叫 南岭村3栋1203 居民按铃求助 14:34 请立即联系 编号 4821"
    ]


def test_a_gathering_brings_the_police_to_a_visit() -> None:
    desk = Desk(at="14:32")
    desk.raised("loitering")
    assert desk.who_was_told() == ["worker-day"]
    desk.raised("gathering")
    assert desk.who_was_told() == ["worker-day", "worker-day", "police-day"]


def test_an_absent_role_falls_to_the_lead_once() -> None:
    own = team()
    only_worker = tuple(
        each for each in own.contacts if each.id in ("team-1/worker-day", "team-1/lead")
    )
    desk = Desk(watches=(watch(team=replace(own, contacts=only_worker)),))
    desk.raised("left_open")
    assert desk.who_was_told() == ["worker-day", "lead"]
    assert desk.notices[1].reason is Reason.STANDS_IN


def test_announced_in_time_after_all_ends_by_itself_and_stops_what_waits() -> None:
    desk = Desk(at="14:32")
    opening = desk.raised("opened")
    desk.forget()
    desk.cleared(opening, Reason.ANNOUNCED_LATE)
    over = desk.incident()
    assert (over.state, over.cause) == (IncidentState.RESOLVED, Cause.ANNOUNCED_LATE)
    assert desk.changes[-1].supersede == [over.id]
    desk.passes(hours=13)
    assert desk.state.incidents == {}
    assert desk.notices == []


def test_an_announcement_does_not_cover_a_broken_seal() -> None:
    desk = Desk(at="14:32")
    opening = desk.raised("opened")
    desk.raised("seal_broken")
    desk.cleared(opening, Reason.ANNOUNCED_LATE)
    assert desk.incident().state is IncidentState.OPEN


def test_an_announcement_does_not_cover_the_opening_before() -> None:
    desk = Desk(at="14:32")
    desk.cleared(desk.raised("opened"))
    desk.passes(minutes=5)
    second = desk.raised("opened")
    desk.cleared(second, Reason.ANNOUNCED_LATE)
    assert desk.incident().state is IncidentState.OPEN


def test_a_notice_of_the_very_turn_that_ends_its_incident_is_superseded() -> None:
    desk = Desk(at="14:32")
    opening = desk.raised("opened")
    turn = desk.turn()
    turn.changes.notices[:] = desk.changes[0].notices
    from alerts import incident

    incident.announced_late(turn, replace(opening, incident=desk.incident().id))
    assert [each.state for each in turn.changes.notices] == [NoticeState.SUPERSEDED]


def test_after_its_order_nothing_more_is_told_of_a_home() -> None:
    desk = Desk(at="14:32")
    desk.raised("seal_broken")
    desk.forget()
    desk.order_ended()
    desk.passes(hours=24)
    assert desk.notices == []
    assert desk.state.incidents == {}


def test_a_review_that_outlived_the_order_is_filed_without_a_text() -> None:
    desk = Desk(at="14:32")
    desk.cleared(desk.raised("opened"))
    desk.writes("worker-day", "3 4821")
    desk.order_ended()
    desk.forget()
    desk.passes(hours=13)
    assert desk.notices == []
    assert desk.transitions[-1].reason is Reason.ORDER_ENDED


def test_a_silence_keeps_the_steps_back_and_says_so_until_it_ends() -> None:
    desk = Desk(at="14:32")
    desk.raised("opened")
    desk.forget()
    desk.state.silences["w1"] = [
        Silence("s1", "w1", local("14:40"), local("15:10"), "lead", "removal men")
    ]
    desk.passes(minutes=37)
    assert desk.notices == []
    assert desk.decisions == [Reason.SILENCED, Reason.SILENCED]
    desk.passes(minutes=15)
    assert desk.who_was_told() == ["doctor-day", "police-day", "lead"]


def test_a_call_for_help_is_never_silenced() -> None:
    desk = Desk(at="14:32")
    desk.state.silences["w1"] = [
        Silence("s1", "w1", local("14:00"), local("18:00"), "lead", "removal men")
    ]
    desk.raised("help")
    assert desk.told("doctor-day") == [
        "【门神】南岭村3栋1203 居民按铃求助 14:32 请立即联系 回复 1 4821"
    ]


def test_a_failing_device_is_told_once_and_then_daily_to_its_maintainers_alone() -> None:
    desk = Desk(at="14:32")
    desk.raised("silent")
    assert desk.who_was_told() == ["m1", "worker-day"]
    assert {each.kind for each in desk.notices} == {NoticeKind.HEALTH}
    desk.forget()
    desk.passes(hours=23.9)
    assert desk.notices == []
    desk.passes(hours=0.1)
    assert desk.who_was_told() == ["m1"]
    assert desk.last("maintainers/m1").startswith("【门神】仍未修复 ")


def test_equipment_that_works_again_ends_its_incident_and_asks_for_no_review() -> None:
    desk = Desk(at="14:32")
    silent = desk.raised("silent")
    desk.forget()
    desk.cleared(silent, Reason.HEARD_AGAIN)
    assert desk.incident().cause == Cause.RECOVERED
    desk.passes(minutes=10)
    desk.raised("silent")
    assert desk.incident().state is IncidentState.OPEN
    assert desk.notices == []  # a device that flaps is one text


def test_an_outage_is_told_to_the_worker_of_each_team_with_the_homes_it_blinds() -> None:
    homes = (
        watch("w1"),
        watch("w2", address="南岭村3栋1101", team=team("team-2")),
        watch("w3", address="南岭村3栋0902", team=team("team-2")),
    )
    desk = Desk(at="14:32", watches=homes)
    desk.raised("outage", None, subject="gateway")
    assert [each.contact for each in desk.notices] == [
        "maintainers/m1",
        "team-1/worker-day",
        "team-2/worker-day",
    ]
    assert "3户看不到" in desk.notices[0].text


def test_an_operator_who_reopens_brings_the_team_back() -> None:
    desk = Desk(at="14:32")
    desk.cleared(desk.raised("opened"))
    desk.writes("worker-day", "3 4821")
    desk.forget()
    assert desk.asked(Reopen).ok
    assert desk.last("worker-day").startswith("【门神】重新打开 ")
    assert desk.incident().next_at is not None


def test_the_waiting_texts_of_colleagues_stop_once_enough_have_reported_in() -> None:
    desk = Desk(at="14:32")
    desk.raised("left_open")
    desk.writes("police-day", "1 4821")
    assert desk.changes[-1].supersede == [desk.incident().id]


def test_a_team_without_anybody_is_a_decision_that_can_be_seen() -> None:
    desk = Desk(watches=(watch(team=replace(team(), contacts=(), beyond=())),))
    desk.raised("opened")
    desk.passes(minutes=15)
    assert desk.decisions == [Reason.NOBODY_TO_TELL, Reason.NOBODY_TO_TELL]
    assert desk.incident().next_at is not None


def test_a_policy_without_any_patience_does_not_step_for_ever_in_one_tick() -> None:
    hasty = Policy(telling=Telling(critical_step_s=0, step_s=0, lease_s=0, review_after_s=0))
    desk = Desk(watches=(watch(policy=hasty),))
    opening = desk.raised("opened")
    desk.passes(minutes=0.1)
    desk.writes("worker-day", "1 4821")
    desk.cleared(opening)
    desk.writes("worker-day", "3 4821")
    desk.passes(minutes=0.1)
    assert len(desk.who_was_told(NoticeKind.ESCALATION)) < 20
    assert len(desk.who_was_told(NoticeKind.REMINDER)) == 6


@pytest.mark.parametrize("cause", [Cause.DEALT_WITH, Cause.INNOCENT])
def test_only_a_faulty_device_may_be_closed_over_what_stands(cause: Cause) -> None:
    desk = Desk(at="14:32")
    desk.raised("left_open")
    desk.asked(Acknowledge)
    assert desk.asked(Resolve, cause=cause).reason is Reason.CONDITION_STANDS
    assert desk.asked(Resolve, cause=Cause.DEVICE_FAULT).ok
