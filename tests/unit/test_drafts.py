"""A text in every form: with room for others, and in the fields of a provider's template."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from alerts import drafts
from alerts.drafts import Taking
from alerts.model import ConditionKind, IncidentState, Role
from alerts.reason import Reason
from tests.unit.test_render import HELP, SILENT, STORY

TAKING = Taking(
    "4821",
    "3栋1203",
    Role.WORKER,
    datetime(2026, 11, 21, 3, 15, tzinfo=ZoneInfo("Asia/Shanghai")),
    IncidentState.ACKNOWLEDGED,
    "sms",
)


def test_the_fields_of_an_alarm() -> None:
    assert drafts.of_story(STORY).fields == {
        "number": "4821",
        "place": "3栋1203",
        "what": "门开超3分钟未报备",
        "when": "14:32起",
        "level": "证据2级",
        "ask": "回复 1 4821",
        "lead": "",
    }


def test_a_field_says_where_in_the_home_and_how_urgent() -> None:
    assert drafts.of_story(replace(SILENT, places=("前门",))).fields["place"] == "3栋1203 前门"
    assert drafts.of_story(HELP).fields["level"] == "请立即联系"


def test_a_field_that_is_too_long_says_it_shorter() -> None:
    story = replace(
        STORY,
        headline=ConditionKind.REPEATED,
        because=Reason.OPENED_REPEATEDLY,
        places=("门" * 30,),
    )
    fields = drafts.of_story(story, "en").fields
    assert (fields["what"], fields["place"]) == ("repeated", "3栋1203")


@pytest.mark.parametrize(
    ("taking", "text"),
    [
        (TAKING, "【门神】4821 3栋1203 网格员03:15已报到(短信)，您不必再去"),
        (
            replace(TAKING, missing=(Role.POLICE,)),
            "【门神】4821 3栋1203 网格员03:15已报到(短信)，还等民警",
        ),
        (
            replace(TAKING, missing=(Role.POLICE,), is_asked=True),
            "【门神】4821 3栋1203 网格员03:15已报到(短信)，还等您，回复 1 4821",
        ),
        (
            replace(TAKING, role=None, by="web", state=IncidentState.ON_SITE),
            "【门神】4821 3栋1203 操作员03:15已到场(平台)，您不必再去",
        ),
        (
            replace(TAKING, short_address=""),
            "【门神】4821 地址未登记 网格员03:15已报到(短信)，您不必再去",
        ),
    ],
)
def test_the_others_read_who_has_it(taking: Taking, text: str) -> None:
    assert drafts.of_taking(taking).text == text


def test_in_english_too() -> None:
    text = "[Menshen]4821 3-1203: worker has it 03:15 (SMS), no need to go"
    assert drafts.of_taking(replace(TAKING, short_address="3-1203"), "en").text == text


def test_the_fields_of_an_answer_say_what_and_then_the_rest() -> None:
    found = drafts.of_sentence("【门神】4821 网格员14:32已报到，您不必再去", "4821").fields
    assert found == {"number": "4821", "what": "网格员14:32已报到", "ask": "您不必再去"}
