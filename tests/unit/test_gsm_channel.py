"""The channel over a real pty: threads, the exclusive port, latency, unplugging."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from alerts.channels.base import Channel, DeliveryReport, IncomingText, Message, Outcome
from alerts.channels.gsm.at import Patience
from alerts.channels.gsm.channel import GsmChannel, ModemSettings
from alerts.channels.gsm.inbox import Kept
from alerts.channels.gsm.transport import PortGone, SerialPort, Waker
from tests.fakes.gsm_modem import FakeModem
from tests.fakes.gsm_pty import on_pty

PHONE = "13912345678"
TEXT = "0891683108100005F0040D91683119325476F80000523090415033230631504C36A301"
QUICK = Patience(command_s=0.5, sync_s=1.0, try_s=0.2, quiet_s=0.01, prompt_s=0.2, answer_s=0.3)


class Inbound:
    """What came in, and a way to wait for it."""

    def __init__(self) -> None:
        self.came: list[IncomingText | DeliveryReport] = []
        self.kept: list[Kept] = []
        self.has_come = threading.Event()

    def receive(self, what: IncomingText | DeliveryReport) -> None:
        self.came.append(what)
        self.has_come.set()


@asynccontextmanager
async def opened(path: Path, inbound: Inbound) -> AsyncIterator[GsmChannel]:
    channel = GsmChannel(
        ModemSettings(str(path), patience=QUICK, allowances=()),
        inbound.receive,
        inbound.kept.append,
    )
    await channel.open()
    try:
        yield channel
    finally:
        await channel.close()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - a thread's state, which has no event
            await asyncio.sleep(0.002)


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "modem"


async def test_a_text_is_with_the_modem_within_milliseconds(link: Path) -> None:
    modem = FakeModem()
    with on_pty(modem, link):
        async with opened(link, Inbound()) as channel:
            await until(lambda: channel.health().is_up)
            await channel.send(PHONE, Message("门开"))
            times = []
            for _ in range(20):
                started_at = time.perf_counter()
                attempt = await channel.send(PHONE, Message("门开 回复 1 4821"))
                times.append(time.perf_counter() - started_at)
                assert attempt.outcome is Outcome.SENT

    assert sorted(times)[10] < 0.05  # an idle reader that polls would take as long as its period
    assert len(modem.pdus) == 21


async def test_a_text_that_comes_in_is_received(link: Path) -> None:
    modem, inbound = FakeModem(), Inbound()
    with on_pty(modem, link) as pty:
        async with opened(link, inbound) as channel:
            await until(lambda: channel.health().is_up)
            modem.store[1] = TEXT
            pty.say('+CMTI: "SM",1')
            await asyncio.to_thread(inbound.has_come.wait, 5)
            await until(lambda: not modem.store)

    (text,) = inbound.came
    assert isinstance(text, IncomingText)
    assert (text.channel, text.sender, text.text) == ("modem", "+8613912345678", "1 1234")


def test_r01_a_second_opener_is_refused(link: Path) -> None:
    first_waker, second_waker = Waker(), Waker()
    with on_pty(FakeModem(), link):
        first = SerialPort(str(link), first_waker)
        with pytest.raises(PortGone, match="port_busy"):
            SerialPort(str(link), second_waker)
        first.close()
        SerialPort(str(link), second_waker).close()
    first_waker.close()
    second_waker.close()


async def test_an_absent_port_is_no_error_and_refuses_texts_at_once(link: Path) -> None:
    async with opened(link, Inbound()) as channel:
        await until(lambda: channel.health().reason == "port_absent")

        attempt = await channel.send(PHONE, Message("门开"))

    assert (attempt.outcome, attempt.reason) == (Outcome.NOT_TRIED, "port_absent")


async def test_r19_a_modem_that_is_pulled_out_comes_back_under_the_same_path(link: Path) -> None:
    async with opened(link, Inbound()) as channel:
        with on_pty(FakeModem(), link):
            await until(lambda: channel.health().is_up)
        await until(lambda: channel.health().reason == "port_absent")

        modem = FakeModem()
        with on_pty(modem, link):
            await until(lambda: channel.health().is_up)
            assert (await channel.send(PHONE, Message("门开"))).outcome is Outcome.SENT


async def test_silence_is_unconfirmed_and_the_next_text_goes_out(link: Path) -> None:
    modem = FakeModem()
    with on_pty(modem, link):
        async with opened(link, Inbound()) as channel:
            await until(lambda: channel.health().is_up)
            modem.script["PDU"].append(None)

            lost, next_one = await asyncio.gather(
                channel.send(PHONE, Message("门开")), channel.send(PHONE, Message("门开 2"))
            )

    assert lost.outcome is Outcome.UNCONFIRMED
    assert next_one.outcome is Outcome.SENT


async def test_closing_ends_a_wait_and_says_that_a_text_is_unconfirmed(link: Path) -> None:
    modem = FakeModem()
    with on_pty(modem, link):
        slow = Patience(answer_s=60.0)
        channel = GsmChannel(
            ModemSettings(str(link), patience=slow), lambda _: None, lambda _: None
        )
        await channel.open()
        await until(lambda: channel.health().is_up)
        modem.script["PDU"].append(None)
        sending = asyncio.create_task(channel.send(PHONE, Message("门开")))
        await until(lambda: bool(modem.pdus))

        async with asyncio.timeout(5):
            await channel.close()

        assert (await sending).outcome is Outcome.UNCONFIRMED
        assert (await channel.send(PHONE, Message("门开"))).reason == "stopped"


async def test_what_cannot_be_sent_to_has_failed_for_good(link: Path) -> None:
    with on_pty(FakeModem(), link):
        async with opened(link, Inbound()) as channel:
            await until(lambda: channel.health().is_up)

            assert (await channel.send("nobody", Message("x"))).outcome is Outcome.FAILED_PERMANENT
            assert (
                await channel.send(PHONE, Message("\ud83d"))
            ).outcome is Outcome.FAILED_PERMANENT


def test_it_is_a_channel_whose_lease_covers_its_slowest_send() -> None:
    channel: Channel = GsmChannel(ModemSettings("/none"), lambda _: None, lambda _: None)

    assert channel.slowest_s >= 10 + 30 + 180
    assert channel.health().reason == "starting"
