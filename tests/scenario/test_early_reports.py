"""A report may be quicker than the record of the text that it is about: it is not lost by that."""

from __future__ import annotations

import asyncio

import pytest

from alerts.channels.base import Attempt, Outcome
from alerts.model import NoticeState
from alerts.receipts import Receipt, TooEarly
from tests.fakes.dispatch import Phone, desk

WORKER = "+8613900000001"
ELSEWHERE = "+8613711111111"
TWO_PARTS = Attempt(Outcome.SENT, "network_took_it", ("7", "8"), parts=2)


async def test_a_report_whose_reference_the_disk_has_not_comes_again_until_it_has() -> None:
    answers = asyncio.Event()
    night = desk(Phone("modem", [TWO_PARTS], hangs=answers, notes=("7",)))  # "8" was not noted
    night.write("one")
    async with night.serving():
        await night.passes(0)
        assert night.report("7", Outcome.DELIVERED, WORKER) == Receipt("one", "i1", None)
        with pytest.raises(TooEarly):
            night.report("8", Outcome.DELIVERED, WORKER)
        answers.set()
        await night.passes(0)
    assert night.report("8", Outcome.DELIVERED, WORKER) == Receipt(
        "one", "i1", NoticeState.DELIVERED
    )


async def test_a_report_about_another_phone_waits_for_no_text_under_way() -> None:
    answers = asyncio.Event()
    night = desk(Phone("modem", hangs=answers))
    night.write("one")
    async with night.serving():
        await night.passes(0)
        assert night.report("9", Outcome.DELIVERED, ELSEWHERE) is None
        answers.set()


async def test_a_report_for_no_text_of_ours_is_refused_no_longer_than_one_is_under_way() -> None:
    answers = asyncio.Event()
    night = desk(Phone("modem", hangs=answers))
    night.write("one")
    async with night.serving():
        await night.passes(0)
        with pytest.raises(TooEarly):
            night.report("9", Outcome.DELIVERED, WORKER)
        await night.dispatcher.recover()  # its lease ended, or the gateway was killed
        assert night.report("9", Outcome.DELIVERED, WORKER) is None
        answers.set()
