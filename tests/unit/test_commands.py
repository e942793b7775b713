"""What people do at a screen or command line: the same rules as by text message, and two more."""

from __future__ import annotations

import pytest

from alerts import commands
from alerts.commands import Acknowledge, Command, OnSite, Reopen, Resolve, Review
from alerts.model import Cause, IncidentState, Role
from alerts.reason import Reason
from alerts.state import Voice
from tests.fakes.desk import Desk
from tests.fakes.street import team, watch


def opened() -> Desk:
    desk = Desk(at="14:32")
    desk.raised("opened")
    return desk


def resolved(by: str = "team-1/worker-day") -> Desk:
    desk = Desk(at="14:32")
    desk.cleared(desk.raised("opened"))
    desk.asked(Resolve, actor=by)
    return desk


@pytest.mark.parametrize("command", [Acknowledge, OnSite, Resolve, Review, Reopen])
def test_an_incident_that_is_not_there_is_said_not_to_be(command: type[Command]) -> None:
    desk = Desk()
    answer = commands.apply(desk.turn(), command("nowhere", "operator", "cli"))
    assert (answer.ok, answer.reason) == (False, Reason.NUMBER_UNKNOWN)
    assert not desk.changes[-1]


def test_answers_and_texts_are_in_the_language_of_the_gateway() -> None:
    desk = opened()
    desk.state.voice = Voice("en")
    said = [
        *(desk.writes("worker-day", each).text for each in ("hello", "1 9999", "1 4821", "3 4821")),
        *(desk.asked(each).text for each in (Acknowledge, Reopen, Review, OnSite)),
        commands.apply(desk.turn(), Acknowledge("nowhere", "operator", "cli")).text,
        commands.apply(desk.turn(), Review(desk.incident().id, "team-1/lead", "sms")).text,
    ]
    assert [text for text in said if not text.startswith("[Menshen]")] == []
    desk.raised("seal_broken")
    desk.passes(hours=2)
    texts = [notice.text for notice in desk.notices if "【" in notice.text]
    assert texts == [desk.notices[0].text]  # written before the language was set


def test_an_operator_counts_as_the_lead_does() -> None:
    desk = Desk(at="14:32")
    desk.raised("help")
    assert desk.asked(Acknowledge).reason is Reason.COMMANDED
    (taken,) = desk.incident().acknowledgements
    assert (taken.contact, taken.role, taken.by) == ("operator", Role.LEAD, "cli")
    desk.forget()
    desk.passes(minutes=10)
    assert desk.notices == []


def test_an_operator_is_not_texted_when_the_report_in_lapses() -> None:
    desk = opened()
    desk.asked(Acknowledge)
    desk.forget()
    desk.passes(minutes=30)
    assert desk.notices == []
    assert desk.incident().state is IncidentState.OPEN


def test_a_colleague_at_a_screen_need_not_have_been_sent_the_number() -> None:
    assert opened().asked(OnSite, actor="team-1/doctor-day").ok


def test_whoever_comes_after_the_team_counts_for_every_role() -> None:
    desk = Desk(at="14:32")
    desk.raised("help")
    desk.asked(Acknowledge, actor="team-1/street-desk")
    assert desk.incident().acknowledgements[0].role is Role.STREET


@pytest.mark.parametrize("command", [Review, Reopen])
def test_by_text_message_nothing_is_reviewed_or_reopened(command: type[Command]) -> None:
    desk = resolved()
    asked = command(desk.incident().id, "team-1/worker-day", "sms")
    answer = commands.apply(desk.turn(), asked)
    assert (answer.ok, answer.reason) == (False, Reason.NOT_A_REPLY)
    assert desk.incident().state is IncidentState.RESOLVED


def test_by_text_message_not_even_a_faulty_device_closes_over_what_stands() -> None:
    desk = opened()
    asked = Resolve(desk.incident().id, "team-1/worker-day", "sms", Cause.DEVICE_FAULT)
    assert commands.apply(desk.turn(), asked).reason is Reason.CONDITION_STANDS


def test_by_text_message_somebody_not_told_is_refused() -> None:
    desk = opened()
    asked = Acknowledge(desk.incident().id, "team-1/police-day", "sms")
    assert commands.apply(desk.turn(), asked).reason is Reason.NOT_SENT_TO_YOU


def test_who_resolved_it_may_not_review_it() -> None:
    desk = resolved(by="operator")
    answer = desk.asked(Review, actor="operator")
    assert (answer.ok, answer.reason) == (False, Reason.WRONG_STATE)
    assert answer.text == "【门神】4821 须由处置人以外的另一人复核"
    assert desk.asked(Review, actor="supervisor").ok


def test_what_is_not_dealt_with_cannot_be_reviewed() -> None:
    answer = opened().asked(Review)
    assert (answer.ok, answer.reason) == (False, Reason.WRONG_STATE)


def test_what_is_not_over_cannot_be_reopened() -> None:
    answer = opened().asked(Reopen)
    assert (answer.ok, answer.reason) == (False, Reason.WRONG_STATE)


def test_the_past_is_not_reopened_beside_a_newer_incident_of_the_same_home() -> None:
    desk = resolved()
    old = desk.incident().id
    desk.passes(hours=1)
    desk.raised("opened")
    answer = commands.apply(desk.turn(), Reopen(old, "operator", "cli"))
    assert (answer.ok, answer.reason) == (False, Reason.WRONG_STATE)
    assert "4822" in answer.text


def test_the_cause_is_kept() -> None:
    desk = Desk(at="14:32")
    desk.cleared(desk.raised("opened"))
    desk.asked(Resolve, cause=Cause.INNOCENT)
    over = desk.incident()
    assert (over.cause, over.resolved_by, over.resolved_at) == ("innocent", "operator", desk.now)


def test_a_resolved_incident_forgets_its_step_and_waits_for_its_review() -> None:
    desk = resolved()
    over = desk.incident()
    assert over.next_at is not None
    assert (over.next_at - desk.now).total_seconds() == 12 * 3600


def test_each_answer_to_a_command_changes_what_it_says_and_nothing_when_refused() -> None:
    desk = opened()
    before = desk.incident()
    desk.asked(Review)
    desk.asked(Reopen)
    assert desk.incident() == before
    assert not any(desk.changes[-2:])


def test_a_second_home_s_team_cannot_take_it_by_text() -> None:
    desk = Desk(watches=(watch("w1"), watch("w2", team=team("team-2"))))
    desk.raised("opened", "w1")
    assert desk.writes("team-2/worker-day", "1 4821").reason is Reason.NOT_SENT_TO_YOU
