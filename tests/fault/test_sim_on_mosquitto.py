"""The simulated street on a real broker: what it says it sent arrives, and nothing kills it."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from firmware_sim.broker import Broker
from firmware_sim.load import Plan, run
from tests.fakes.programs import need

pytestmark = pytest.mark.mosquitto


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Mosquitto:
    """A broker on loopback that can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._config = home / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            need("mosquitto"),
            "-c",
            str(self._config),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                await writer.wait_closed()
                return
            await asyncio.sleep(0.02)

    async def kill(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    made = Mosquitto(tmp_path)
    await made.start()
    yield made
    await made.kill()


class Street:
    """The simulator as a process of its own, its lines read as they come."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def play(cls, broker: Mosquitto, *options: str) -> "Street":
        return cls(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "firmware_sim", "play", "street"),
                *("--broker", broker.url, *options),
                stdout=asyncio.subprocess.PIPE,
            )
        )

    async def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        decoded: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return decoded

    async def rest(self) -> list[dict[str, Any]]:
        assert self.process.stdout is not None
        lines = (await self.process.stdout.read()).splitlines()
        assert await self.process.wait() == 0
        return [json.loads(line) for line in lines]


@contextlib.asynccontextmanager
async def listening(broker: Mosquitto) -> AsyncIterator[list[tuple[str, bytes]]]:
    heard: list[tuple[str, bytes]] = []

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            heard.append((str(message.topic), message.payload))

    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("#", qos=1)
        task = asyncio.create_task(listen(client))
        yield heard
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110 - what we wait for is another process's doing
            await asyncio.sleep(0.02)


def last_statuses(heard: list[tuple[str, bytes]]) -> dict[str, bytes]:
    return {topic.split("/")[2]: said for topic, said in heard if topic.endswith("/status")}


async def test_the_street_arrives_as_it_says_it_was_sent(broker: Mosquitto) -> None:
    async with listening(broker) as heard:
        street = await Street.play(broker, "--speed", "160")
        ready = await street.line()
        lines = [await street.line()]
        while lines[-1].get("truth") != "power_cut":
            lines.append(await street.line())
        # The cut breaks thirty connections without a word, so the broker speaks for them.
        await until(lambda: list(last_statuses(heard).values()).count(b"offline") == 30)
        street.process.send_signal(signal.SIGTERM)
        lines += await street.rest()
        published = lines[-1]["counts"]["published"]
        await until(lambda: len(heard) >= published)
    assert (ready["ready"], ready["devices"], ready["connections"]) == (True, 80, 71)
    assert (lines[-1]["done"], lines[-1]["reason"]) == (True, "signal")

    broken_off = ("NL-03", "SW-12-0302")  # what was under way then goes out after a reconnect
    said = {
        (line["device"], line["sent"]["boot"], line["sent"]["seq"])
        for line in lines
        if "seq" in line.get("sent", {})
        and not line.get("unsent")
        and not line["home"].startswith(broken_off)
    }
    arrived = {
        (topic.split("/")[2], event["boot"], event["seq"])
        for topic, payload in heard
        if topic.endswith("/event")
        for event in [json.loads(payload)]
    }
    assert said
    assert said - arrived == set()
    by_device = {topic.split("/")[2] for topic, _ in heard if topic.endswith("/heartbeat")}
    sensors = {t for t, _ in heard if t.startswith("zigbee2mqtt/zc-") and t.count("/") == 1}
    assert (len(by_device), len(sensors)) == (70, 10)
    statuses = last_statuses(heard)
    cut = {device for device, status in statuses.items() if status == b"offline"}
    assert {device[:9] for device in cut} == {"mag-nl-03", "cam-nl-03", "btn-nl-03"}
    assert sum(status == b"sleeping" for status in statuses.values()) == 40


async def test_a_broker_that_comes_late_and_dies_in_between_is_waited_for(
    broker: Mosquitto,
) -> None:
    await broker.kill()
    street = await Street.play(broker, "--speed", "20")
    await asyncio.sleep(0.8)
    await broker.start()
    assert (await street.line())["ready"]
    await broker.kill()
    await asyncio.sleep(0.3)
    await broker.start()
    async with listening(broker) as heard:
        await until(lambda: list(last_statuses(heard).values()).count(b"online") == 70)
    street.process.send_signal(signal.SIGTERM)
    done = (await street.rest())[-1]
    assert done["reason"] == "signal"
    assert done["counts"]["connects"] >= 142


async def test_load_arrives_complete(broker: Mosquitto) -> None:
    plan = Plan(devices=500, messages=3000, connections=50, seed=1)
    async with listening(broker) as heard:
        result = await asyncio.to_thread(run, plan, Broker("127.0.0.1", broker.port))
        await until(lambda: len(heard) >= 3000)
    assert result.confirmed == 3000
    assert len({topic.split("/")[2] for topic, _ in heard}) == 500
    events = [topic for topic, _ in heard if topic.endswith("/event")]
    assert len(events) == result.as_json(plan)["events"]


async def test_load_survives_the_death_of_its_broker(broker: Mosquitto) -> None:
    plan = Plan(devices=50, messages=400, connections=5, rate=200.0)
    sending = asyncio.create_task(asyncio.to_thread(run, plan, Broker("127.0.0.1", broker.port)))
    await asyncio.sleep(0.7)
    await broker.kill()
    await broker.start()
    async with asyncio.timeout(20):
        result = await sending
    assert result.confirmed == 400
    assert result.reconnects >= 5
