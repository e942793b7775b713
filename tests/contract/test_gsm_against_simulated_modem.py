"""The driver against the simulated modem, which has a codec of its own: neither hides a mistake.

Over a real port, in real time. What takes minutes or days is in `test_gsm_sends`,
`test_gsm_receives` and `test_gsm_survives`, at the same modem on a clock that jumps.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from alerts.channels.base import Attempt, DeliveryReport, IncomingText, Message, Outcome
from alerts.channels.gsm.at import Patience
from alerts.channels.gsm.channel import GsmChannel, ModemSettings
from alerts.channels.gsm.inbox import Kept

LI = "+8613912345678"
NOTICE = "【门神】南岭村3栋1203 门开超3分钟未报备 14:32起 证据2级 回复 1 4821"
LONG = "南岭村3栋1203 门开😀 " * 12
VECTORS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "fixtures/pdu/vectors.jsonl").read_text().splitlines()
]
FAMILIES = ["SIM800L", "SIM7600", "A7670E", "EC25", "Huawei"]
QUICK = Patience(command_s=2.0, sync_s=5.0, try_s=0.3, prompt_s=0.5, answer_s=1.0)


class Street:
    """A simulated modem in a process of its own, and our channel at its port."""

    def __init__(self, process: subprocess.Popen[bytes], place: Path, pin: str) -> None:
        self.process = process
        self.place = place
        self.came: list[IncomingText | DeliveryReport] = []
        self.kept: list[Kept] = []
        self.channel = GsmChannel(
            ModemSettings(str(place / "modem"), patience=QUICK, allowances=(), pin=pin),
            self.came.append,
            self.kept.append,
        )

    async def order(self, **order: Any) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(str(self.place / "control"))
        writer.write(json.dumps(order).encode() + b"\n")
        while True:
            answer: dict[str, Any] = json.loads(await reader.readline())
            if answer.get("event") in ("done", "error"):
                break
        writer.close()
        await writer.wait_closed()
        assert answer["event"] == "done", answer
        return answer

    async def up(self) -> None:
        await until(lambda: self.channel.health().is_up)

    async def send(self, text: str = NOTICE, to: str = LI) -> Attempt:
        return await self.channel.send(to, Message(text))

    async def text_arrives(self, text: str, **options: Any) -> None:
        await self.order(do="text", **{"from": LI}, text=text, **options)

    @property
    def texts(self) -> list[str]:
        return [what.text for what in self.came if isinstance(what, IncomingText)]

    @property
    def delivered(self) -> set[str]:
        reports = [what for what in self.came if isinstance(what, DeliveryReport)]
        return {report.reference for report in reports if report.outcome is Outcome.DELIVERED}

    @property
    def shown(self) -> list[str]:
        """The texts that simulated phones showed."""
        lines = (self.place / "events").read_text().splitlines()
        events = [json.loads(line) for line in lines]
        return [event["text"] for event in events if event["event"] == "text"]


@asynccontextmanager
async def street(place: Path, *arguments: str, pin: str = "") -> AsyncIterator[Street]:
    with (place / "events").open("wb") as events:
        process = subprocess.Popen(  # noqa: ASYNC220 - started, not waited for
            [
                *(sys.executable, "-m", "firmware_sim", "modem", "--air-ms", "0"),
                *("--link", str(place / "modem"), "--control", str(place / "control")),
                *arguments,
            ],
            stdout=events,
        )
    try:
        await until(lambda: (place / "modem").exists() and (place / "control").exists())
        one = Street(process, place, pin)
        await one.channel.open()
        try:
            yield one
        finally:
            await one.channel.close()
    finally:
        process.terminate()
        process.wait(timeout=10)


async def until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - another process's state, which has no event
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("family", FAMILIES)
async def test_texts_go_out_come_in_and_are_reported_with_every_family(
    tmp_path: Path, family: str
) -> None:
    async with street(tmp_path, "--family", family) as sim:
        await sim.up()
        short, long = await sim.send(), await sim.send(LONG)
        await sim.text_arrives("1 4821")
        await sim.text_arrives(LONG)
        await sim.text_arrives("ack [4821] €", wide_reference=True)
        await until(lambda: len(sim.texts) == 3 and len(sim.delivered) == 4)

        assert (short.outcome, long.outcome) == (Outcome.SENT, Outcome.SENT)
        assert set(short.references + long.references) == sim.delivered
        assert len(long.references) == 3
        assert sim.shown == [NOTICE, LONG]
        assert sim.texts == ["1 4821", LONG, "ack [4821] €"]
        assert {what.sender for what in sim.came if isinstance(what, IncomingText)} == {LI}


HARMLESS = [
    *("bare-prompt", "echo-forced", "error-no-space", "factory-profile", "framing=bare"),
    *("framing=lf", "garbage,p=0.3", "no-alpha-comma", "urc-interleaved", "slow=0.05"),
    *("cmgl-303", "cmgl-nothing", "duplicate-store", "cmgd-fails", "reset=command"),
    *("cms-error=304,count=1", "cms-error=322,count=1", "reset=prompt"),
]


@pytest.mark.parametrize("fault", HARMLESS)
async def test_a_fault_costs_no_text_and_doubles_none(tmp_path: Path, fault: str) -> None:
    async with street(tmp_path, "--fault", fault) as sim:
        await sim.up()
        attempt = await sim.send(LONG)
        await sim.text_arrives("1 4821")
        await until(lambda: bool(sim.texts))

        assert attempt.outcome is Outcome.SENT
        assert sim.shown == [LONG]
        assert sim.texts == ["1 4821"]


@pytest.mark.parametrize(
    ("fault", "outcome", "reason", "shown"),
    [
        ("cms-error=38,count=1", Outcome.FAILED_TEMPORARY, "cms_38", 0),
        ("cms-error=28,count=1", Outcome.FAILED_PERMANENT, "cms_28", 0),
        ("cms-error-but-sent,count=1", Outcome.UNCONFIRMED, "cms_500", 1),
        ("no-prompt", Outcome.FAILED_TEMPORARY, "no_prompt", 0),
        ("prompt-stuck,count=1", Outcome.UNCONFIRMED, "no_answer", 0),
        ("silence=sent,count=1", Outcome.UNCONFIRMED, "no_answer", 1),
        ("silence=lost,count=1", Outcome.UNCONFIRMED, "no_answer", 0),
        ("reset=answer", Outcome.UNCONFIRMED, "modem_reset", 1),
        ("unplug=answer,for=0.3", Outcome.UNCONFIRMED, "port_gone_while_sending", 1),
        ("unplug=prompt,for=0.3", Outcome.NOT_TRIED, "port_absent", 0),
    ],
)
async def test_an_attempt_says_truthfully_what_became_of_a_text(
    tmp_path: Path, fault: str, outcome: Outcome, reason: str, shown: int
) -> None:
    async with street(tmp_path) as sim:
        await sim.up()
        await sim.order(do="fault", fault=fault)

        attempt = await sim.send()

        assert (attempt.outcome, attempt.reason) == (outcome, reason)
        assert len(sim.shown) == shown
        await sim.order(do="clear")
        await sim.up()
        assert (await sim.send("又一条")).outcome is Outcome.SENT
        await until(lambda: "又一条" in sim.shown)
        assert sim.shown.count(NOTICE) == shown  # nothing was sent again behind our back


async def test_r01_a_port_has_one_owner(tmp_path: Path) -> None:
    async with street(tmp_path) as sim:
        await sim.up()
        other = GsmChannel(
            ModemSettings(str(tmp_path / "modem"), patience=QUICK), sim.came.append, sim.kept.append
        )
        await other.open()
        await until(lambda: other.health().reason == "port_busy")

        assert (await other.send(LI, Message(NOTICE))).outcome is Outcome.NOT_TRIED
        assert (await sim.send()).outcome is Outcome.SENT
        await sim.channel.close()
        await until(lambda: other.health().is_up)  # it waited for its turn
        await other.close()


async def test_r11_a_part_is_recorded_before_the_next_one_is_sent(tmp_path: Path) -> None:
    async with street(tmp_path) as sim:
        await sim.up()
        shown_by_then: list[tuple[str, int]] = []

        attempt = await sim.channel.send(
            LI, Message(LONG), lambda name: shown_by_then.append((name, len(sim.shown)))
        )

        assert tuple(name for name, _ in shown_by_then) == attempt.references
        assert [shown for _, shown in shown_by_then[:-1]] == [0, 0]  # a phone shows it whole
        await until(lambda: sim.shown == [LONG])


async def test_r24_every_vector_goes_through_the_modem_both_ways(tmp_path: Path) -> None:
    out = [vector for vector in VECTORS if vector["dir"] == "submit"]
    # A flash is for the screen, not for us.
    came = [v for v in VECTORS if v["dir"] == "deliver" and "class 0" not in v["note"]]
    async with street(tmp_path) as sim:
        await sim.up()
        for vector in out:
            assert (await sim.send(vector["text"], vector["number"])).outcome is Outcome.SENT
        for vector in came:
            for part in vector["parts"]:
                await sim.order(do="pdu", pdu=part)
        words = {vector["text"] for vector in came}
        await until(lambda: len(sim.shown) == len(out) and set(sim.texts) == words)

        assert sim.shown == [vector["text"] for vector in out]


async def test_r13_what_came_while_the_gateway_was_away_is_received(tmp_path: Path) -> None:
    async with street(tmp_path) as sim:
        await sim.up()
        await sim.channel.close()
        await sim.text_arrives("1 4821")
        await sim.text_arrives(LONG)

        await sim.channel.open()

        await until(lambda: sorted(sim.texts) == ["1 4821", LONG])


async def test_r16_a_store_that_was_full_takes_texts_again(tmp_path: Path) -> None:
    async with street(tmp_path, "--family", "A7670E", "--capacity", "6") as sim:
        await sim.up()
        await sim.channel.close()
        for number in range(8):
            await sim.text_arrives(f"1 482{number}")

        await sim.channel.open()

        await until(lambda: len(set(sim.texts)) >= 3)
        assert len(sim.texts) == len(set(sim.texts))


async def test_r16_octets_that_are_no_text_are_kept_raw(tmp_path: Path) -> None:
    hostile = "00440D91683119325476F8000852309041503323020A4E"
    async with street(tmp_path) as sim:
        await sim.up()
        await sim.order(do="pdu", pdu=hostile)
        await sim.text_arrives("1 4821")
        await until(lambda: bool(sim.texts))

        assert [kept.pdu.upper() for kept in sim.kept] == [hostile]


async def test_r18_a_modem_that_restarts_goes_on(tmp_path: Path) -> None:
    async with street(tmp_path, "--family", "SIM800L") as sim:
        await sim.up()
        await sim.order(do="reset")
        await sim.text_arrives("1 4821")

        await until(lambda: sim.texts == ["1 4821"])
        assert (await sim.send()).outcome is Outcome.SENT


async def test_r21_a_right_pin_opens_the_sim(tmp_path: Path) -> None:
    async with street(tmp_path, "--pin", "4321", pin="4321") as sim:
        await sim.up()
        assert (await sim.send()).outcome is Outcome.SENT


@pytest.mark.parametrize("family", ["SIM7600", "EC25", "Huawei"])  # each counts tries its way
async def test_r21_a_wrong_pin_is_tried_once(tmp_path: Path, family: str) -> None:
    async with street(tmp_path, "--family", family, "--pin", "4321", pin="1234") as sim:
        await until(lambda: sim.channel.health().reason == "sim_pin_tried_already")
        await sim.channel.close()
        # A new process knows nothing of the first try, but the SIM does.
        again = GsmChannel(
            ModemSettings(str(tmp_path / "modem"), patience=QUICK, pin="1234"),
            sim.came.append,
            sim.kept.append,
        )
        await again.open()
        await until(lambda: again.health().reason == "sim_pin_few_tries_left")
        await again.close()


async def test_r23_a_modem_without_a_network_is_down(tmp_path: Path) -> None:
    async with street(tmp_path, "--fault", "no-network") as sim:
        await until(lambda: sim.channel.health().reason == "not_registered")
        assert (await sim.send()).reason == "not_registered"
