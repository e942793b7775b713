"""What a text from a phone means, and what its sender is answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import reply
from alerts.commands import Resolve
from alerts.model import IncidentState, NoticeKind
from alerts.reason import Reason
from alerts.render import units
from alerts.reply import Reply
from tests.fakes.desk import Desk
from tests.fakes.street import team, watch


@pytest.mark.parametrize(
    "text",
    [
        "1 4821",
        "14821",
        "1,4821",
        "1，4821",
        "1、4821",
        "1:4821",
        "1：4821",
        "1#4821",
        "1-4821",
        "1.4821",
        "  1   4821  ",
        "1 - 4821",
        "１ ４８２１",
        "１\u3000４８２１",
        "回复 1 4821",
        "回复：1 4821",
        "回复1 4821",
        "回覆 1 4821",
        "Reply 1 4821",
        "reply: 1 4821",
        "1 4821 收到",
        "1 4821收到，马上去",
        "1 4821。",
        "“1 4821”",
        "「1 4821」",
        "'1 4821'",
        "\n\n1 4821\n在路上",
        "\u200b1\u200b 4821\u200e",
        "1 48\x0021",
        "1 4821\n【门神】南岭村3栋1203 …",
    ],
)
def test_a_report_in_is_read_however_it_is_typed(text: str) -> None:
    assert reply.parse(text) == Reply("1", "4821")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n",
        "收到",
        "1",
        "4821",
        "4 4821",
        "0 4821",
        "1 482",
        "1 48211",
        "1 0821",
        "11 4821",
        "门开着 1 4821",
        "1栋 4821",
        "【门神】南岭村3栋1203 门开超3分钟未报备 14:32起 证据2级 回复 1 4821",
        "“【门神】1-1203 未报备开门 14:32 证据1级 回复 1 4821”",
        "【门神】1 1203",
        "转发：【门神】南岭村3栋1203 回复 1 4821",
        "[Menshen]1-1203 opened 14:32 level 1 reply 1 4821",
        "一 4821",
    ],
)
def test_what_asks_for_nothing_is_not_acted_upon(text: str) -> None:
    assert reply.parse(text) is None


@given(st.text(st.characters(codec=None)))
def test_no_text_whatever_breaks_the_reader(text: str) -> None:
    found = reply.parse(text)
    assert found is None or (found.verb in reply.VERBS and 1000 <= int(found.number) <= 9999)


@given(st.sampled_from("123"), st.integers(1000, 9999), st.text("。!！ \t收到好的", max_size=20))
def test_verb_and_number_are_always_understood(verb: str, number: int, words: str) -> None:
    assert reply.parse(f"{verb} {number}{words}") == Reply(verb, str(number))


def opened() -> Desk:
    desk = Desk(at="14:32")
    desk.raised("opened")
    return desk


def test_a_report_in_is_recorded_and_answered() -> None:
    desk = opened()
    answer = desk.writes("worker-day", "回复：１，４８２１ 收到")
    assert (answer.ok, answer.reason) == (True, Reason.REPLIED)
    assert desk.last("worker-day") == "【门神】4821 已记您报到。到场后回复 2 4821"
    assert desk.notices[-1].kind is NoticeKind.ANSWER
    (taken,) = desk.incident().acknowledgements
    assert (taken.contact, taken.by) == ("team-1/worker-day", "sms")


def test_the_same_reply_twice_changes_nothing_and_says_who_has_it() -> None:
    desk = opened()
    desk.writes("worker-day", "1 4821")
    before = desk.incident()
    desk.passes(minutes=3)
    answer = desk.writes("worker-day", "1 4821")
    assert desk.incident() == before
    assert (answer.ok, answer.reason) == (True, Reason.ALREADY_DONE)
    assert answer.text == "【门神】4821 您14:32已报到。到场回复 2，处置完回复 3"


def test_a_colleague_learns_who_has_it_by_role_and_not_by_name() -> None:
    desk = Desk(at="14:32")
    desk.raised("left_open")
    desk.writes("worker-day", "1 4821")
    answer = desk.writes("doctor-day", "1 4821")
    assert answer.text == "【门神】4821 网格员14:32已报到，您不必再去"
    assert len(desk.incident().acknowledgements) == 1


ABUSES: dict[str, tuple[str, str]] = {
    "a stranger with the right number": ("+8613777777777", "1 4821"),
    "a colleague who was not sent it": ("doctor-day", "1 4821"),
    "a number that nobody has": ("worker-day", "1 9999"),
    "an old number, of what is reviewed": ("worker-day", "1 4820"),
    "a forwarded alarm": (
        "worker-day",
        "【门神】南岭村3栋1203 未报备开门 14:32 证据1级 回复 1 4821",
    ),
    "another signature in front": ("worker-day", "【某某】1 4821"),
    "an autoresponder that quotes": ("worker-day", "自动回复：您说“1 4821”，我在开会"),
    "another autoresponder": ("worker-day", "我在开会，稍后联系。1 4821"),
    "the second line alone": ("worker-day", "好的\n1 4821"),
    "a verb that there is not": ("worker-day", "4 4821"),
    "closing it for good": ("worker-day", "结案 4821"),
    "silencing it": ("worker-day", "0 4821"),
    "granting a permit": ("worker-day", "报备 4821 10分钟"),
    "five digits": ("worker-day", "1 48210"),
    "digits turned round by a mark": ("worker-day", "1 \u202e1284"),
    "a part of a text that never came whole": ("worker-day", "1 48"),
    "a bomb": ("worker-day", "1" * 10_000),
}


@pytest.mark.parametrize(("sender", "text"), ABUSES.values(), ids=ABUSES.keys())
def test_abuse_changes_nothing(sender: str, text: str) -> None:
    desk = opened()
    before = desk.incident()
    if sender.startswith("+"):
        answer = reply.read(desk.turn(), (), text)
        assert answer.text == ""
    else:
        answer = desk.writes(sender, text)
    assert not answer.ok
    assert desk.incident() == before
    assert desk.transitions[1:] == []


def test_a_reply_that_comes_late_or_again_does_no_more_than_the_first() -> None:
    desk = opened()
    desk.writes("worker-day", "1 4821")
    taken = desk.incident()
    desk.passes(minutes=29)
    desk.writes("worker-day", "1 4821")
    assert desk.incident() == taken  # nor does it prolong the report-in


@pytest.mark.parametrize("text", ["1", "１", "回复1", "回复 1。", "“1”", " 1 \n门开着"])
def test_a_digit_alone_reports_in_where_only_one_thing_can_be_meant(text: str) -> None:
    desk = opened()
    assert desk.writes("worker-day", text).text == "【门神】4821 已记您报到。到场后回复 2 4821"


def test_a_digit_alone_goes_on_with_what_one_has() -> None:
    desk = Desk(at="14:32")
    opening = desk.raised("opened")
    desk.writes("worker-day", "1")
    assert "4821 已记您到场" in desk.writes("worker-day", "2").text
    desk.cleared(opening)
    assert "4821 已记处置完" in desk.writes("worker-day", "3").text


@pytest.mark.parametrize("verb", ["1", "2", "3"])
def test_a_digit_alone_is_not_taken_where_two_things_can_be_meant(verb: str) -> None:
    desk = Desk(at="14:32")
    desk.raised("opened")
    desk.raised("loitering")
    if verb != "1":
        desk.writes("worker-day", "1 4821")
        desk.writes("worker-day", "1 4822")
    before = dict(desk.state.incidents)
    assert desk.writes("worker-day", verb).reason is Reason.NOT_A_REPLY
    assert desk.state.incidents == before


def test_nor_where_the_other_is_over_since_a_moment_ago() -> None:
    desk = Desk(at="14:32")
    desk.cleared(desk.raised("opened"))
    desk.asked(Resolve)
    desk.raised("loitering")
    assert desk.writes("worker-day", "1").reason is Reason.NOT_A_REPLY
    desk.passes(minutes=29)
    assert desk.writes("worker-day", "1").reason is Reason.NOT_A_REPLY


def test_nor_long_after_it_was_sent() -> None:
    desk = opened()
    desk.passes(minutes=30)
    assert desk.writes("worker-day", "1").reason is Reason.NOT_A_REPLY


@pytest.mark.parametrize("verb", ["2", "3"])
def test_nor_to_go_on_with_what_somebody_else_has(verb: str) -> None:
    desk = Desk(at="14:32")
    desk.raised("left_open")
    desk.writes("doctor-day", "1 4821")
    assert desk.writes("worker-day", verb).reason is Reason.NOT_A_REPLY


def test_a_digit_alone_from_who_was_sent_nothing_is_answered_with_help() -> None:
    assert opened().writes("doctor-day", "1").reason is Reason.NOT_A_REPLY


def test_a_number_that_a_colleague_passed_on_is_not_accepted() -> None:
    desk = opened()
    answer = desk.writes("doctor-day", "1 4821")
    assert (answer.ok, answer.reason) == (False, Reason.NOT_SENT_TO_YOU)
    assert desk.incident().state is IncidentState.OPEN


def test_nobody_learns_from_the_answer_whether_a_number_exists() -> None:
    desk = opened()
    exists = desk.writes("doctor-day", "1 4821")
    does_not = desk.writes("doctor-day", "1 5555")
    assert does_not.reason is Reason.NUMBER_UNKNOWN
    assert exists.text.replace("4821", "5555") == does_not.text


def test_a_stranger_gets_no_answer() -> None:
    desk = opened()
    answer = reply.read(desk.turn(), (), "1 4821")
    assert answer.reason is Reason.STRANGER
    assert not desk.changes[-1]


def test_a_member_who_is_not_understood_gets_short_help() -> None:
    desk = opened()
    answer = desk.writes("doctor-day", "什么情况？")
    assert answer.reason is Reason.NOT_A_REPLY
    assert desk.last("doctor-day") == answer.text
    assert units(answer.text) <= 70


def test_dealt_with_is_refused_while_the_door_is_open_and_says_so() -> None:
    desk = Desk(at="14:32")
    opening = desk.raised("opened")
    answer = desk.writes("worker-day", "3 4821")
    assert (answer.ok, answer.reason) == (False, Reason.CONDITION_STANDS)
    assert answer.text == "【门神】4821 还不能记处置完：门还开着。恢复后再回复 3 4821"
    desk.cleared(opening)
    assert desk.writes("worker-day", "3 4821").text == "【门神】4821 已记处置完，待另一人复核"


@pytest.mark.parametrize("kind", ["help", "camera_entry", "gathering"])
def test_what_was_true_for_a_moment_does_not_stand_in_the_way(kind: str) -> None:
    desk = Desk(at="14:32")
    desk.raised(kind)
    assert desk.writes("worker-day", "3 4821").ok


@pytest.mark.parametrize("verb", ["1", "2", "3"])
def test_after_it_was_dealt_with_each_reply_says_so(verb: str) -> None:
    desk = Desk(at="14:32")
    desk.cleared(desk.raised("opened"))
    desk.writes("worker-day", "3 4821")
    desk.forget()
    answer = desk.writes("worker-day", f"{verb} 4821")
    assert answer.reason is Reason.ALREADY_DONE
    assert answer.text == "【门神】4821 14:32已处置，不必再去"
    assert desk.transitions == []


def test_on_site_may_be_the_first_thing_that_somebody_says() -> None:
    desk = opened()
    assert desk.writes("worker-day", "2 4821").text == "【门神】4821 已记您到场。处置完回复 3 4821"
    assert desk.incident().state is IncidentState.ON_SITE


def test_on_site_twice_says_so() -> None:
    desk = opened()
    desk.writes("worker-day", "2 4821")
    assert desk.writes("worker-day", "2 4821").reason is Reason.ALREADY_DONE


def test_a_shared_phone_speaks_for_whoever_was_sent_the_number() -> None:
    desk = opened()
    assert desk.writes("doctor-day", "1 4821", "worker-day").ok
    (taken,) = desk.incident().acknowledgements
    assert taken.contact == "team-1/worker-day"


def test_a_shared_phone_may_report_in_for_both_roles_one_after_the_other() -> None:
    desk = Desk(at="14:32")
    desk.raised("help")
    desk.writes("doctor-day", "1 4821", "worker-day")
    desk.writes("doctor-day", "1 4821", "worker-day")
    assert {taken.role for taken in desk.incident().acknowledgements} == {"doctor", "worker"}


def test_of_two_incidents_with_one_number_the_sender_s_own_is_meant() -> None:
    desk = Desk(watches=(watch("w1"), watch("w2", team=team("team-2"))))
    desk.draws.digits = 4820
    desk.raised("opened", "w1")
    desk.draws.digits = 4820
    desk.state.numbers.clear()
    desk.raised("opened", "w2")
    assert {each.number for each in desk.state.incidents.values()} == {"4821"}
    desk.writes("team-2/worker-day", "1 4821")
    states = {each.watch: each.state for each in desk.state.incidents.values()}
    assert states == {"w1": IncidentState.OPEN, "w2": IncidentState.ACKNOWLEDGED}


def test_a_silenced_first_text_leaves_its_number_unknown_to_everybody() -> None:
    desk = Desk(at="14:32")
    desk.raised("help")
    answer = desk.writes("police-day", "2 4821")
    assert answer.reason is Reason.NOT_SENT_TO_YOU
