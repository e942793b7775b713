"""The demo's verdict: met demands pass, and each way of failing one is named."""

from __future__ import annotations

from dataclasses import replace

from gateway.demo.story import Building, Home, Phone, Story
from gateway.demo.verdict import Text, Truth, judge

STORY = Story(
    name="two doors",
    speed=10.0,
    duration_s=900.0,
    local_time="14:30",
    utc_offset_h=8.0,
    buildings=(Building("NL-03", "南岭村3栋", ("市", "区", "街道", "社区", "网格")),),
    bridges=(),
    homes=(Home("NL-03-1203", "南岭村3栋1203", "NL-03"),),
    devices=(),
    teams=(),
    phones=(
        Phone("worker", "worker", "+8613800000301", ("nl-3",), "day", ()),
        Phone("police", "police", "+8613800000303", ("nl-3",), "day", ()),
    ),
)
OPENED = Truth(45.0, "opened_briefly", "NL-03-1203", None, None, ("worker",), 60.0, 1, None)
TOLD = Text(46.0, "+8613800000301", "【门神】南岭村3栋1203 未报备开门 14:30 证据1级 回复 1 4821")


def problems(*texts: Text, truth: Truth = OPENED, ended_at_s: float = 900.0) -> list[str]:
    return [finding.problem for finding in judge(STORY, [truth], texts, ended_at_s)]


def test_told_in_time_is_met() -> None:
    assert problems(TOLD) == [""]


def test_nobody_told_fails() -> None:
    assert problems() == ["not told: worker"]


def test_told_too_late_fails() -> None:
    assert problems(replace(TOLD, at_s=106.0)) == ["not told: worker"]


def test_somebody_else_told_fails() -> None:
    assert problems(replace(TOLD, to="+8613800000303")) == ["not told: worker"]


def test_told_of_another_home_fails() -> None:
    assert problems(replace(TOLD, text=TOLD.text.replace("1203", "0301"))) == ["not told: worker"]


def test_told_with_too_low_a_level_fails() -> None:
    assert problems(TOLD, truth=replace(OPENED, level=2)) == ["not told: worker"]


def test_a_text_where_none_was_due_fails() -> None:
    silent = replace(OPENED, told=(), within_s=None, level=None)
    assert problems(TOLD, truth=silent) == ["1 texts where none was due"]
    assert problems(truth=silent) == [""]


def test_more_texts_than_allowed_fail() -> None:
    again = replace(TOLD, at_s=50.0)
    assert problems(TOLD, again, truth=replace(OPENED, at_most=1)) == [
        "one phone got 2 texts, at most 1 demanded"
    ]


def test_what_is_not_due_yet_is_not_judged() -> None:
    assert problems(ended_at_s=60.0) == []


def test_a_text_about_a_home_is_not_about_its_building() -> None:
    cut = Truth(40.0, "power_cut", None, "NL-03", None, ("worker",), 60.0, None, 1)
    assert problems(TOLD, truth=cut) == ["not told: worker"]
    outage = replace(TOLD, text="【门神】南岭村3栋 12台设备失联 10户看不到")
    assert problems(TOLD, outage, truth=cut) == [""]
