"""Texts that stand for several, word for word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import bundling
from alerts.model import ConditionKind, Severity
from alerts.render import LIMIT, MOST_OTHERS, resent, units
from alerts.wording import WORDINGS

LANGUAGES = st.sampled_from(sorted(WORDINGS))
SHORT = "【门神】3栋1203 门开着 14:32 证据2级 回复 1 4821"


def test_a_text_says_how_much_else_there_is() -> None:
    assert bundling.with_others(SHORT, 3) == f"{SHORT} 另有3起，见平台"
    assert bundling.with_others("[Menshen]a", 3, "en") == "[Menshen]a +3 more, see platform"


def test_without_others_nothing_is_added() -> None:
    assert bundling.with_others(SHORT, 0) == SHORT


def test_a_text_without_room_is_left_whole() -> None:
    full = "【门神】" + "满" * 60
    assert bundling.with_others(full, 1) == full


@pytest.mark.parametrize("others", [1, 12, MOST_OTHERS, 10**6])
def test_how_much_else_there_is_fits_into_the_smallest_variable(others: int) -> None:
    words = bundling.others_in_words(others)
    assert words.startswith("另有")
    assert len(words) <= 12  # of a person's account at Tencent


def test_a_digest_counts_the_worst_first() -> None:
    waited = {ConditionKind.BATTERY_LOW: 2, ConditionKind.SILENT: 3, ConditionKind.FLOODING: 0}
    assert bundling.digest(waited) == "【门神】夜间设备失联3起、设备电量低2起，见平台"
    said = "[Menshen]overnight: 3 silent, 2 low batt, see platform"
    assert bundling.digest(waited, "en") == said


@given(st.dictionaries(st.sampled_from(ConditionKind), st.integers(0, 10**6)), LANGUAGES)
def test_every_digest_fits_and_leaves_nothing_uncounted(
    waited: dict[ConditionKind, int], language: str
) -> None:
    text = bundling.digest(waited, language)
    assert units(resent(text)) <= LIMIT
    counts = [int(each) for each in "".join(c if c.isdigit() else " " for c in text).split()]
    if sum(waited.values()) <= MOST_OTHERS:
        assert sum(counts) == sum(waited.values())


@given(
    st.integers(1000, 9999).map(str),
    st.sampled_from(Severity),
    st.text("abc/:.", max_size=90),
    LANGUAGES,
)
def test_a_service_outside_hears_a_number_and_a_whole_link_or_none(
    number: str, severity: Severity, link: str, language: str
) -> None:
    text = bundling.outside(number, severity, link, language)
    assert units(resent(text)) <= LIMIT
    assert number in text
    assert link in text or text.endswith(number)


def test_outside_reads_like_this() -> None:
    text = bundling.outside("4821", Severity.CRITICAL, "https://m.example/4821")
    assert text == "【门神】紧急 编号 4821 https://m.example/4821"


@pytest.mark.parametrize("language", sorted(WORDINGS))
def test_a_test_text_keeps_its_token_whatever_the_gateway_is_called(language: str) -> None:
    text = bundling.test_text("0a1b2c3d", "岭" * 100, language)
    assert "0a1b2c3d" in text
    assert units(resent(text)) <= LIMIT
