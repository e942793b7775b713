"""Every dashboard speaks every language whole, and every state has its word and colour."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from alerts.channels.base import Outcome
from alerts.model import (
    Cause,
    ConditionKind,
    IncidentState,
    Matter,
    NoticeKind,
    NoticeState,
    Role,
    Severity,
)
from alerts.reason import Reason
from devices.model import STATES, Kind
from gateway.grafana import colours, mappings
from gateway.grafana.board import TIMEZONE
from gateway.grafana.chinese import CHINESE
from gateway.grafana.dashboards import BOARDS
from gateway.grafana.english import ENGLISH
from gateway.grafana.languages import LANGUAGES
from gateway.grafana.mappings import STATE_COLOURS, Worded
from gateway.grafana.words import Words
from gateway.health import Level
from gateway.homes.look import Standing
from tests.fakes.grafana import panels_of

each_language = pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)
TABLES = [each.name for each in fields(Words) if each.name not in ("tag", "folder", "nothing")]
HAN = re.compile(r"[\u4e00-\u9fff]")


class Noting(dict[str, Any]):
    """A table that notes what was taken from it."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        super().__init__(table)
        self.taken: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.taken.add(key)
        return super().__getitem__(key)


@pytest.mark.parametrize("table", TABLES)
def test_no_word_lacks_a_language(table: str) -> None:
    chinese, english = getattr(CHINESE, table), getattr(ENGLISH, table)
    assert set(chinese) == set(english)
    assert all(chinese.values())
    assert all(english.values())


@each_language
@pytest.mark.parametrize("table", ["panels", "terms", "boards"])
def test_no_word_is_there_for_nothing(words: Words, table: str) -> None:
    noting = Noting(getattr(words, table))
    watched = replace(words, **{table: noting})
    for make in BOARDS:
        make(watched).to_json(watched, TIMEZONE)
    assert noting.taken == set(noting)


def test_chinese_dashboards_are_in_chinese() -> None:
    for said in [*CHINESE.panels.values(), *CHINESE.boards.values()]:
        assert HAN.search(said.title), said
        assert HAN.search(said.what), said
    assert all(HAN.search(term) or term == "、" for term in CHINESE.terms.values())


def test_english_dashboards_are_in_english() -> None:
    for make in BOARDS:
        assert not HAN.search(str(make(ENGLISH).to_json(ENGLISH, TIMEZONE)))


@each_language
def test_every_panel_says_what_it_is_and_how_to_read_it(words: Words) -> None:
    for make in BOARDS:
        for panel in panels_of(make(words).to_json(words, TIMEZONE)):
            assert panel["title"], panel
            assert panel["description"], panel["title"]
            assert panel["fieldConfig"]["defaults"]["noValue"], panel["title"]


@each_language
def test_every_enum_word_that_can_appear_has_a_word(words: Words) -> None:
    states = {state for said in STATES.values() for state in said} | {"unknown", "none"}
    covered: list[tuple[Worded, set[str]]] = [
        (mappings.states(words), states),
        (mappings.standings(words), set(Standing)),
        (mappings.incident_states(words), set(IncidentState)),
        (mappings.severities(words), {str(int(each)) for each in Severity}),
        (mappings.notice_states(words), set(NoticeState)),
        (mappings.notice_kinds(words), set(NoticeKind)),
        (mappings.matters(words), set(Matter)),
        (mappings.causes(words), set(Cause)),
        (mappings.roles(words), {*Role, "system"}),
        (mappings.conditions(words), set(ConditionKind)),
        (mappings.kinds(words), {*Kind, "permit"}),
        (mappings.reasons(words), set(Reason)),
        (mappings.levels(words), {str(n) for n, _ in enumerate(Level)}),
        (mappings.reporters(words), {"", "worker", "worker,doctor,police", "lead"}),
    ]
    for worded, known in covered:
        assert {str(word) for word in known} <= set(worded.values)
        assert all(word and "{" not in word for word, _ in worded.values.values())
    assert set(words.outcomes) == set(Outcome)


def test_a_permit_of_every_purpose_is_blue() -> None:
    purposes = {"meal", "test", "medical", "waste", "delivery", "other", "announced"}
    assert {STATE_COLOURS[purpose] for purpose in purposes} == {colours.BLUE}


def test_grey_is_the_colour_of_unknown_and_of_nothing_known() -> None:
    grey = {state for state, colour in STATE_COLOURS.items() if colour == colours.GREY}
    assert grey == {"unknown"}
    assert mappings.STANDING_COLOURS[Standing.UNKNOWN] == colours.GREY
    special = mappings.states(ENGLISH).to_json()[-1]
    assert special["options"]["match"] == "null+nan"
    assert special["options"]["result"]["color"] == colours.GREY


def test_states_that_are_told_apart_by_colour_differ_for_the_colour_blind_too() -> None:
    """Luminance alone must separate what stands side by side on a timeline."""
    for one, other in (("open", "closed"), ("broken", "unknown"), ("open", "unknown")):
        lighter, darker = sorted(map(_luminance, (STATE_COLOURS[one], STATE_COLOURS[other])))
        assert darker != lighter
        assert STATE_COLOURS[one] != STATE_COLOURS[other]


def _luminance(colour: str) -> float:
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
