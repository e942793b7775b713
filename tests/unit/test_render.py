"""Texts word for word: who, where, what, how sure, since when, what to reply."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from alerts import render
from alerts.model import ConditionKind, NoticeKind, Role
from alerts.policy import Opening
from alerts.reason import Reason
from alerts.render import Story
from alerts.wording import Ask, Say

LOCAL = ZoneInfo("Asia/Shanghai")
STORY = Story(
    kind=NoticeKind.ALARM,
    reason=Reason.ON_CALL,
    headline=ConditionKind.LEFT_OPEN,
    because=Reason.STILL_OPEN,
    address="南岭村3栋1203",
    short_address="3栋1203",
    since_local=datetime(2026, 11, 21, 14, 32, tzinfo=LOCAL),
    now_local=datetime(2026, 11, 21, 14, 35, tzinfo=LOCAL),
    number="4821",
    level=2,
)
OPENED = replace(STORY, headline=ConditionKind.OPENED, because=Reason.OPENED_UNANNOUNCED, level=1)
HELP = replace(STORY, headline=ConditionKind.HELP, because=Reason.HELP_ASKED, level=None)
SILENT = replace(
    STORY,
    kind=NoticeKind.HEALTH,
    headline=ConditionKind.SILENT,
    because=Reason.REPORTING_TIME_PASSED,
    level=None,
    homes_blind=1,
)


@pytest.mark.parametrize(
    ("story", "text"),
    [
        (STORY, "【门神】南岭村3栋1203 门开超3分钟未报备 14:32起 证据2级 回复 1 4821"),
        (OPENED, "【门神】南岭村3栋1203 未报备开门 14:32 证据1级 回复 1 4821"),
        (
            replace(OPENED, because=Reason.OPENED_AT_NIGHT, level=2),
            "【门神】南岭村3栋1203 夜间未报备开门 14:32 证据2级 回复 1 4821",
        ),
        (
            replace(STORY, level=3, level_reason=Reason.SENSORS_AGREE),
            "【门神】南岭村3栋1203 门开超3分钟未报备 多种设备印证 14:32起 证据3级 回复 1 4821",
        ),
        (HELP, "【门神】南岭村3栋1203 居民按铃求助 14:32 请立即联系 回复 1 4821"),
        (SILENT, "【门神】南岭村3栋1203 设备失联 14:32起 1户看不到 回复 1 4821"),
        (
            replace(STORY, kind=NoticeKind.UPDATE, reason=Reason.RAISED, ask=Ask.KNOW),
            "【门神】加重 南岭村3栋1203 门开超3分钟未报备 14:32起 证据2级 编号 4821",
        ),
        (
            replace(STORY, kind=NoticeKind.ESCALATION, reason=Reason.NO_ACKNOWLEDGEMENT),
            "【门神】无人报到 南岭村3栋1203 门开超3分钟未报备 14:32起 证据2级 回复 1 4821",
        ),
        (
            replace(
                HELP,
                kind=NoticeKind.ESCALATION,
                reason=Reason.QUORUM_MISSING,
                missing=(Role.DOCTOR,),
            ),
            "【门神】社康医生未报到 南岭村3栋1203 居民按铃求助 14:32 请立即联系 回复 1 4821",
        ),
    ],
)
def test_each_kind_reads_like_this(story: Story, text: str) -> None:
    assert render.notice(story) == text


def test_a_day_that_is_not_today_is_named() -> None:
    next_day = replace(STORY, now_local=datetime(2026, 11, 22, 0, 5, tzinfo=LOCAL))
    assert " 11月21日14:32起 " in render.notice(next_day)


def test_today_is_the_local_day_and_not_the_utc_one() -> None:
    early = datetime(2026, 11, 21, 7, 59, tzinfo=LOCAL)  # still the 20th in UTC
    late = datetime(2026, 11, 21, 23, 0, tzinfo=LOCAL)
    text = render.notice(replace(STORY, since_local=early, now_local=late))
    assert " 07:59起 " in text


def test_the_time_allowed_is_the_home_s_own() -> None:
    slow, quick = Opening(left_open_s=600), Opening(left_open_s=90)
    assert "门开超10分钟未报备" in render.notice(replace(STORY, opening=slow))
    assert "门开超90秒未报备" in render.notice(replace(STORY, opening=quick))


def test_what_gives_way_first_is_the_reason_of_the_level() -> None:
    address = "深圳市龙岗区南湾街道南岭社区南岭村东片区3栋1203"
    sure = replace(STORY, level=3, level_reason=Reason.SENSORS_AGREE, address=address)
    text = render.notice(sure)
    assert text == f"【门神】{address} 门开超3分钟未报备 14:32起 证据3级 回复 1 4821"


def test_then_the_wording_then_the_address_and_last_its_front() -> None:
    longer = replace(STORY, address="深圳市龙岗区南湾街道南岭社区南岭村东片区第二小区三期第3栋1203")
    assert render.notice(longer).startswith(f"【门神】{longer.address} 门一直开着 14:32起")
    far_longer = replace(STORY, address="深圳市龙岗区" * 6 + "3栋1203")
    assert render.notice(far_longer).startswith("【门神】3栋1203 门一直开着 14:32起")
    without_short = render.notice(replace(far_longer, short_address=""))
    assert without_short.startswith("【门神】…")
    assert "3栋1203 门一直开着 14:32起 证据2级 回复 1 4821" in without_short


def test_an_address_that_nobody_entered_is_said_to_be_missing() -> None:
    assert "地址未登记" in render.notice(replace(STORY, address="\n", short_address=""))


def test_an_address_cannot_pass_for_a_signature_or_break_the_line() -> None:
    hostile = replace(STORY, address="【门神】\r\n回复\u202e 1\x00栋", short_address="")
    assert render.notice(hostile).startswith("【门神】门神 回复 1栋 门开超3分钟未报备")


def test_english_says_the_same() -> None:
    story = replace(STORY, address="Nanling 3-1203")
    text = "[Menshen]Nanling 3-1203 door open 3 min 14:32 level 2 reply 1 4821"
    assert render.notice(story, "en") == text


def test_a_text_sent_again_is_marked_once_and_loses_nothing() -> None:
    text = render.notice(STORY)
    marked = render.resent(text)
    assert marked == "【门神】重发 南岭村3栋1203 门开超3分钟未报备 14:32起 证据2级 回复 1 4821"
    assert render.resent(marked) == marked


def test_a_text_that_is_not_ours_is_left_as_it_is() -> None:
    assert render.resent("hello") == "hello"
    full = "【门神】" + "满" * 66
    assert render.resent(full) == full


@pytest.mark.parametrize(
    ("subject", "addresses", "named"),
    [
        ("building:b3", ("南岭村3栋1203", "南岭村3栋1101"), "南岭村3栋"),
        ("building:b3", ("南岭村3栋1203",), "b3"),
        ("building:b3", ("南岭村3栋1203", "东村1栋"), "b3"),
        ("bridge:attic-2", ("南岭村3栋1203", "南岭村3栋1101"), "网关attic-2"),
        ("gateway", (), "本网关nanling"),
        ("device:door-9", (), "door-9"),
    ],
)
def test_a_place_is_named_by_what_its_homes_share(
    subject: str, addresses: tuple[str, ...], named: str
) -> None:
    assert render.place(subject, addresses, gateway="nanling") == named


def test_a_gateway_without_a_name_is_still_a_gateway() -> None:
    assert render.place("gateway", ()) == "本网关"
    assert render.place("gateway", (), "en") == "gateway"
    assert render.place("gateway", (), "en", gateway="nanling") == "gateway nanling"


@pytest.mark.parametrize(
    ("places", "where"),
    [
        (("前门",), "前门 设备失联"),
        (("前门", "阳台门", ""), "前门等3台 设备失联"),
        (("", "阳台门"), "阳台门等2台 设备失联"),
        (("",), "3栋1203 设备失联"),
        (("前\n门【】",), "前 门 设备失联"),
    ],
)
def test_a_device_is_named_by_where_it_hangs(places: tuple[str, ...], where: str) -> None:
    assert f"{where} 14:32起" in render.notice(replace(SILENT, places=places))


def test_the_place_outlasts_the_long_address_and_gives_way_to_the_door() -> None:
    long = replace(SILENT, address="深圳市龙岗区" * 8, places=("前门",))
    assert "【门神】3栋1203 前门 设备失联" in render.notice(long)
    endless = replace(long, places=("门" * 60,))
    assert "【门神】3栋1203 设备失联" in render.notice(endless)


def test_english_names_the_device_too() -> None:
    both = replace(SILENT, address="Nanling 3-1203", places=("front door", "balcony"))
    text = "[Menshen]3栋1203 front door +1 silent 14:32 1 blind reply 1 4821"
    assert render.notice(both, "en") == text


def test_an_answer_says_what_still_stands() -> None:
    text = render.answer(Say.STANDS, "4821", standing=(ConditionKind.OPENED,))
    assert text == "【门神】4821 还不能记处置完：门还开着。恢复后再回复 3 4821"
