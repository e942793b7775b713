"""Any text of any kind about any address is one segment, with its number and level whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts import bundling, drafts, render, route
from alerts.channels.template import FIELDS
from alerts.drafts import Taking
from alerts.evidence import MATTER
from alerts.model import TEAM_ROLES, ConditionKind, IncidentState, Matter, NoticeKind, Role
from alerts.policy import Opening
from alerts.reason import Reason
from alerts.render import LIMIT, MOST_OTHERS, Story, units
from alerts.wording import WORDINGS, Ask, Say

LOCAL = ZoneInfo("Asia/Shanghai")
HOSTILE = st.one_of(
    st.text(max_size=120),
    st.text(st.characters(codec=None), max_size=120),  # lone surrogates too
    st.text("👨\u200d👩🏠\U0001f1e8e\u0301【】\x00\n\u202e栋1", max_size=120),
    st.text("栋", min_size=60, max_size=300),
)
TIMES = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=LOCAL) + timedelta(minutes=minutes)
)
STORIES = st.builds(
    Story,
    kind=st.sampled_from(NoticeKind),
    reason=st.sampled_from(Reason),
    headline=st.sampled_from(ConditionKind),
    because=st.sampled_from(Reason),
    address=HOSTILE,
    short_address=HOSTILE,
    since_local=TIMES,
    now_local=TIMES,
    number=st.integers(1000, 9999).map(str),
    places=st.lists(HOSTILE, max_size=3).map(tuple),
    ask=st.sampled_from(Ask),
    level=st.none() | st.integers(0, 4),
    level_reason=st.none() | st.sampled_from(Reason),
    is_closed_again=st.booleans(),
    homes_blind=st.integers(0, 10**9),
    missing=st.lists(st.sampled_from(Role), max_size=3).map(tuple),
    opening=st.builds(
        Opening,
        left_open_s=st.floats(1, 1e12),
        repeated_count=st.integers(1, 10**12),
        repeated_within_s=st.floats(1, 1e12),
    ),
)
LANGUAGES = st.sampled_from(sorted(WORDINGS))


@given(STORIES, LANGUAGES)
def test_every_notice_fits_one_segment_sent_again_too(story: Story, language: str) -> None:
    text = render.notice(story, language)
    again = render.resent(text)
    assert units(text) <= units(again) <= LIMIT
    assert WORDINGS[language].resent in again


@given(STORIES, LANGUAGES)
def test_every_short_form_fits_with_all_the_others_sent_again_too(
    story: Story, language: str
) -> None:
    draft = drafts.of_story(story, language)
    text = bundling.with_others(draft.short_text, MOST_OTHERS, language)
    assert text != draft.short_text
    assert units(render.resent(text)) <= LIMIT
    assert WORDINGS[language].resent in render.resent(text)
    assert WORDINGS[language].ask[story.ask].format(number=story.number) in text
    assert f"{story.since_local:%H:%M}" in text
    assert text.isprintable()


@given(STORIES, LANGUAGES)
def test_every_field_is_short_and_says_nothing_that_a_phone_cannot_show(
    story: Story, language: str
) -> None:
    fields = drafts.of_story(story, language).fields
    assert set(fields) == FIELDS - {"others"}
    assert units(fields["place"]) <= drafts.LONGEST_PLACE
    assert all(value.isprintable() for value in fields.values())
    assert fields["number"] == story.number
    assert fields["place"]
    assert fields["what"]


@given(
    st.builds(
        Taking,
        number=st.integers(1000, 9999).map(str),
        short_address=HOSTILE,
        role=st.none() | st.sampled_from(Role),
        at_local=TIMES,
        state=st.sampled_from([IncidentState.ACKNOWLEDGED, IncidentState.ON_SITE]),
        by=st.sampled_from(["sms", "cli", "web"]),
        missing=st.lists(st.sampled_from(TEAM_ROLES), max_size=2, unique=True).map(tuple),
        is_asked=st.booleans(),
    ),
    LANGUAGES,
)
def test_who_has_it_fits_and_says_which_number_and_when(taking: Taking, language: str) -> None:
    draft = drafts.of_taking(taking, language)
    with_others = bundling.with_others(draft.short_text, MOST_OTHERS, language)
    for text in (draft.text, with_others):
        assert units(render.resent(text)) <= LIMIT
        assert text.startswith(f"{WORDINGS[language].signature}{taking.number} ")
        assert f"{taking.at_local:%H:%M}" in text
        assert text.isprintable()
    assert with_others != draft.short_text
    assert units(draft.fields["place"]) <= drafts.LONGEST_PLACE
    assert set(draft.fields) == FIELDS - {"others"}


@given(st.none() | st.sampled_from(Role), st.sampled_from([600, 1800]), LANGUAGES)
def test_the_warning_of_guesses_fits(role: Role | None, ignored_s: float, language: str) -> None:
    text = drafts.guessed(role, ignored_s, language).text
    assert units(render.resent(text)) <= LIMIT
    assert WORDINGS[language].resent in render.resent(text)


@given(STORIES, LANGUAGES)
def test_number_and_level_are_never_shortened(story: Story, language: str) -> None:
    words = WORDINGS[language]
    text = render.notice(story, language)
    assert text.endswith(words.ask[story.ask].format(number=story.number))
    if story.level is not None and story.headline is not ConditionKind.HELP:
        assert words.level.format(level=story.level) in text


@given(STORIES, LANGUAGES)
def test_nothing_that_a_phone_cannot_show_comes_through(story: Story, language: str) -> None:
    text = render.notice(story, language)
    assert text.encode("utf-16-le").decode("utf-16-le") == text  # no half of a character
    assert text.isprintable()
    assert text.count("【") <= 1


@given(HOSTILE, st.integers(1, 70))
@example("👨‍👩‍👧", 3)
def test_a_cut_keeps_whole_characters_and_the_end(text: str, room: int) -> None:
    cleaned = render.clean(text)
    short = render.cut(cleaned, room)
    assert units(short) <= max(room, 1)
    assert cleaned.endswith(short.removeprefix("…"))
    short.encode("utf-16-le")


EQUIPMENT = frozenset(kind for kind, matter in MATTER.items() if matter in route.EQUIPMENT)


@pytest.mark.parametrize("language", sorted(WORDINGS))
@pytest.mark.parametrize("headline", ConditionKind)
def test_there_are_words_for_everything_and_room_for_a_door(
    headline: ConditionKind, language: str
) -> None:
    """The widest text of each kind still says where, in six units: 3-1203."""
    words = WORDINGS[language]
    at = datetime(2026, 11, 21, 14, 32, tzinfo=LOCAL)
    kinds = set(NoticeKind) - ({NoticeKind.ESCALATION} if headline in EQUIPMENT else set())
    ways = {(kind, Reason.ON_CALL) for kind in kinds}
    ways |= {way for way in words.lead_in_because if way[0] in kinds}
    becauses = {because for kind, because in words.what_because if kind is headline}
    for (kind, reason), because, ask in product(ways, becauses | {Reason.JOINED}, Ask):
        story = Story(
            kind=kind,
            reason=reason,
            headline=headline,
            because=because,
            address="栋" * 6,
            short_address="",
            since_local=at,
            now_local=at + timedelta(days=1),
            number="4821",
            ask=ask,
            level=4 if MATTER[headline] is Matter.DEPARTURE else None,
            missing=(Role.WORKER, Role.DOCTOR),
            homes_blind=300 if headline in EQUIPMENT else 0,
        )
        text = render.notice(story, language)
        assert "栋" * 6 in text, text


@given(
    st.sampled_from(Say),
    LANGUAGES,
    st.lists(st.sampled_from(TEAM_ROLES), min_size=1, max_size=3, unique=True)
    | st.lists(st.sampled_from(Role), min_size=1, max_size=1),
    st.lists(st.sampled_from(ConditionKind), min_size=1, max_size=3),
    TIMES,
)
def test_every_answer_fits_one_segment(
    say: Say, language: str, roles: list[Role], standing: list[ConditionKind], at: datetime
) -> None:
    text = render.answer(
        say,
        "4821",
        language=language,
        time_local=None if say is Say.IGNORED else at,
        for_s=1800,
        roles=tuple(roles),
        standing=tuple(standing),
        other="4822",
    )
    assert units(render.resent(text)) <= LIMIT
    assert WORDINGS[language].resent in render.resent(text)
    assert "{" not in text


@given(HOSTILE, LANGUAGES)
def test_the_question_about_an_order_fits_one_segment(address: str, language: str) -> None:
    draft = drafts.order_waits(address, language)
    with_others = bundling.with_others(draft.short_text, MOST_OTHERS, language)
    for text in (draft.text, with_others):
        assert text.startswith(WORDINGS[language].signature)
        assert units(render.resent(text)) <= LIMIT
    assert language == "en" or with_others != draft.short_text  # no room for both in English
