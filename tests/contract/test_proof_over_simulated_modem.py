"""A whole gateway proves a simulated modem: its text to itself goes out and comes back."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from alerts.tables import attempts, notices, texts_in
from gateway.app import Running, running
from gateway.channel_config import GsmChannel
from gateway.config import Config, Mqtt, Web
from gateway.homes.street import Street
from gateway.init import init_data

OURS, SOMEBODY = "+8613900755321", "+8613912345678"


class Air:
    """A simulated modem in a process of its own, and the network behind it."""

    def __init__(self, process: subprocess.Popen[bytes], place: Path) -> None:
        self.process = process
        self.place = place

    async def order(self, **order: Any) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self.place / "control"))
        writer.write(json.dumps(order).encode() + b"\n")
        while json.loads(await reader.readline()).get("event") not in ("done", "error", "refused"):
            pass
        writer.close()
        await writer.wait_closed()

    def texts_to(self, number: str) -> list[str]:
        """What went out to a phone, in order."""
        events = map(json.loads, (self.place / "events").read_text().splitlines())
        found = [each for each in events if each["event"] == "text" and each["to"] == number]
        return [each["text"] for each in found]


@asynccontextmanager
async def air(place: Path) -> AsyncIterator[Air]:
    with (place / "events").open("wb") as events:
        process = subprocess.Popen(  # noqa: ASYNC220 - started, not waited for
            [
                *(sys.executable, "-m", "firmware_sim", "modem", "--air-ms", "0"),
                *("--link", str(place / "modem"), "--control", str(place / "control")),
            ],
            stdout=events,
        )
    try:
        await until(lambda: (place / "modem").exists() and (place / "control").exists())
        yield Air(process, place)
    finally:
        process.terminate()
        process.wait(timeout=10)


@asynccontextmanager
async def gateway(place: Path) -> AsyncIterator[Running]:
    """A gateway without a broker: all that it has to do is to send texts."""
    config = Config(
        base_dir=str(place),
        mqtt=Mqtt(port=1),
        web=Web(port=0),
        channels=(GsmChannel(port=str(place / "modem"), own_number="13900755321"),),
    )
    init_data(config)
    async with running(config, street=Street()) as one:
        yield one


async def until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 - another process's state, which has no event
            await asyncio.sleep(0.01)


async def test_a_modem_that_texts_itself_is_proven_both_ways(tmp_path: Path) -> None:
    async with air(tmp_path) as network, gateway(tmp_path) as one:
        await until(lambda: bool(network.texts_to(OURS)))
        assert one.desk.facts().proofs["gsm"].at is None
        (text,) = network.texts_to(OURS)
        await network.order(do="text", **{"from": OURS}, text=text)
        await until(lambda: one.desk.facts().proofs["gsm"].at is not None)
        facts = one.desk.facts()
        with one.desk.read() as connection:
            kept = connection.execute(select(texts_in)).one()
            notice = connection.execute(select(notices)).one()
            parts = connection.scalars(select(attempts.c.parts)).all()
    assert 0 < (facts.proofs["gsm"].took_s or 0) < 30
    assert (kept.reason, notice.kind, parts) == ("test_text", "test", [1])
    assert facts.parts_today == 1


async def test_a_test_text_that_somebody_asked_for_is_followed_to_the_phone(
    tmp_path: Path,
) -> None:
    async with air(tmp_path) as network, gateway(tmp_path) as one:
        await until(lambda: bool(network.texts_to(OURS)))
        begun = await one.desk.begin_trial(SOMEBODY, "")
        assert begun.channel == "gsm"

        def state() -> str:
            with one.desk.read() as connection:
                mine = select(notices.c.state).where(notices.c.id == f"test-{begun.id}")
                return str(connection.scalar(mine))

        await until(lambda: state() == "delivered")
        assert begun.id in network.texts_to(SOMEBODY)[0]
        refused = await one.desk.begin_trial(SOMEBODY, "tencent")
    assert 'no channel "tencent"' in refused.refused
