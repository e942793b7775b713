"""The measure of how fast a text is with the modem: that it runs and says beside what."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import sms_send
from benchmarks.figures import Figure
from benchmarks.plan import SMOKE


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> list[Figure]:
    where: Path = tmp_path_factory.mktemp("sms")
    return sms_send.measure(where, SMOKE)


def test_texts_are_measured_beside_a_bare_dialogue_in_the_same_run(figures: list[Figure]) -> None:
    for median, late in zip(figures[::2], figures[1::2], strict=True):
        assert 0 < median.value <= late.value
        assert 0 < median.beside_value <= late.beside_value
        assert (median.is_met, late.goal) == (None, "<= 50 ms")


def test_a_notice_is_measured_alone_past_a_queue_and_in_one(figures: list[Figure]) -> None:
    due, past, turn, text = figures[::2]

    assert due.detail["texts"] == text.detail["texts"] == SMOKE.texts
    assert past.detail["texts"] >= 1
    assert turn.detail["texts"] == SMOKE.queue - 1
