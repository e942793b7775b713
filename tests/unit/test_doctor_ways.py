"""The doctor says whom no channel reaches, whom only one does, and whom none without a network."""

import tomllib

import pytest

from gateway.doctor import street
from gateway.health import Level
from gateway.homes.street import Street
from gateway.homes.ways import Means
from gateway.settings import convert

GSM = Means("gsm", is_modem=True)
TENCENT = Means("tencent")
WECOM = Means("wecom", is_push=True)
PEOPLE = """
[[teams]]
id = "maintainers"
members = [{ id = "m", role = "maintainer", PHONES }]
"""


def said(phones: str, *means: Means) -> list[tuple[Level, str]]:
    written = convert(tomllib.loads(PEOPLE.replace("PHONES", phones)), Street, "test")
    found = street.examine(written, means)
    return [(each.level, each.what) for each in found if each.part.startswith("team ")]


PHONE = 'phones = ["13900000001"]'
PUSH = 'addresses = { wecom = "wecombot://key" }'


@pytest.mark.parametrize(
    ("phones", "means", "level", "what"),
    [
        ("phones = []", (GSM,), Level.BAD, "m has no phone and cannot be told anything"),
        (PHONE, (WECOM,), Level.BAD, "no configured channel reaches m"),
        (PUSH, (GSM, WECOM), Level.BAD, "m can be told by push alone"),
        (PHONE, (GSM,), Level.WARN, "one way only to m"),
        (
            f'{PHONE}, channels = ["tencent"]',
            (GSM, TENCENT),
            Level.WARN,
            "no way over a modem to m",
        ),
    ],
)
def test_who_is_hard_to_reach_is_said(
    phones: str, means: tuple[Means, ...], level: Level, what: str
) -> None:
    found = said(phones, *means)
    assert any(each is level and words.startswith(what) for each, words in found), found


@pytest.mark.parametrize(
    ("phones", "means"),
    [
        ('phones = ["13900000001", "13900000002"]', (GSM,)),
        (PHONE, (GSM, TENCENT)),
        (f"{PHONE}, {PUSH}", (GSM, WECOM)),
        (f'{PHONE}, {PUSH}, channels = ["tencent", "wecom"]', (TENCENT, WECOM)),
        (PHONE, ()),
    ],
)
def test_who_has_two_ways_needs_no_advice(phones: str, means: tuple[Means, ...]) -> None:
    assert said(phones, *means) == []
