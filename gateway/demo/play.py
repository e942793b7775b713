"""Plays a story: broker, modem, gateway and street, each a real program; then says how it went."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.app import Running, running
from gateway.broker import BrokerKind, RunningBroker, run_broker
from gateway.channel_config import GsmChannel
from gateway.clock import Clock
from gateway.config import Config, Mqtt, Proof
from gateway.config import Gateway as GatewaySettings
from gateway.demo import simulator
from gateway.demo.record import Record
from gateway.demo.scene import look
from gateway.demo.story import Story, read, street_of
from gateway.demo.summary import summarise
from gateway.demo.view import LiveView, PlainView, Scene, View
from gateway.init import init_data
from gateway.serve import first_free

PAGE_PORT = 8080
REFRESH_S = 0.25


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    scenario: str = "street"
    broker: BrokerKind | None = None
    speed: float | None = None  # None: the scenario's own
    for_s: float | None = None  # real seconds; None: to the scenario's end
    is_plain: bool = False


@dataclass(slots=True)
class Stage:
    """Everything that runs, while the story is played."""

    story: Story
    broker: RunningBroker
    gateway: Running
    page: str
    speed: float
    clock: Clock
    epoch: float
    record: Record
    has_ended: asyncio.Event
    started: float

    @property
    def elapsed_s(self) -> float:
        """Real seconds since the street came to life."""
        return time.monotonic() - self.started


async def play(wanted: Wanted) -> int:
    """Play it; return 0 if all went as the story demands, else 1.

    Raises:
        SimulatorError, BrokerError: what is missing and what to do.
    """
    story = read(await simulator.describe(wanted.scenario))
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    is_live = sys.stdout.isatty() and not wanted.is_plain
    view: View = LiveView() if is_live else PlainView()
    try:
        with tempfile.TemporaryDirectory(prefix="menshen-demo-") as directory:
            async with _stage(story, wanted, Path(directory), view) as stage:
                await _watch(stage, wanted, view, stop)
                findings = stage.record.judge()
                ended = summarise(stage.record, findings, stage.elapsed_s)
    finally:
        view.close()
    print(ended.text)  # noqa: T201  # the summary is what the command is for
    return 0 if ended.is_met else 1


@asynccontextmanager
async def _stage(story: Story, wanted: Wanted, directory: Path, view: View) -> AsyncIterator[Stage]:
    """Start broker, modem, gateway and street, in that order."""
    speed = wanted.speed or story.speed
    link = directory / "modem"
    async with AsyncExitStack() as stack:
        broker = await stack.enter_async_context(run_broker(directory / "broker", wanted.broker))
        view.say("start", _about(broker))
        epoch = story.epoch(datetime.now(UTC))
        clock = Clock(rate=speed, starts_at=epoch)
        record = Record(story, lambda: clock.timestamp() - epoch, view.say)
        pace = ("--speed", f"{speed:g}")
        modem = ("modem", "--link", str(link), "--phones", wanted.scenario, *pace)
        await stack.enter_async_context(simulator.running(record.on_the_air, *modem))
        await _until_there(link)
        listening = first_free("127.0.0.1", PAGE_PORT)
        page = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        config = _config(directory, broker, link)
        init_data(config)
        street = street_of(story, datetime.fromtimestamp(epoch, UTC))
        gateway = await stack.enter_async_context(
            running(config, clock, street=street, listening=listening)
        )
        view.say("start", f"status page on {page}")
        await _until_connected(gateway)
        player = ("play", wanted.scenario, "--broker", broker.url, *pace)
        epoch_now = ("--epoch", f"{clock.timestamp()}")
        started = time.monotonic()
        has_ended = await stack.enter_async_context(
            simulator.running(record.happened, *player, *epoch_now)
        )
        yield Stage(story, broker, gateway, page, speed, clock, epoch, record, has_ended, started)


async def _watch(stage: Stage, wanted: Wanted, view: View, stop: asyncio.Event) -> None:
    """Show what there is to see until the time is over, the story ends, or somebody stops it."""
    total_s = wanted.for_s or stage.story.duration_s / stage.speed
    while not stop.is_set() and not stage.gateway.failed.done():
        view.refresh(await _scene(stage, total_s))
        if stage.elapsed_s >= total_s or stage.has_ended.is_set():
            break
        try:
            async with asyncio.timeout(REFRESH_S):
                await stop.wait()
        except TimeoutError:
            continue
    if stage.gateway.failed.done():
        await stage.gateway.failed


async def _scene(stage: Stage, total_s: float) -> Scene:
    """Take a look at the gateway's state, on the thread that owns it."""
    desk = stage.gateway.desk
    scene = Scene(stage.story, _about(stage.broker), stage.page, stage.speed, stage.clock.now())
    scene.elapsed_s, scene.total_s = stage.elapsed_s, total_s
    scene.observations = desk.vitals.counts().get("intake_messages", 0)
    await desk.writer.run_turn(lambda _: look(scene, desk.pipeline.state, stage.story))
    return scene


def _config(directory: Path, broker: RunningBroker, link: Path) -> Config:
    """Return the configuration of a gateway that lives in `directory`."""
    modem = GsmChannel(name="modem", port=str(link), is_paced=False)
    return Config(
        base_dir=str(directory),
        gateway=GatewaySettings(name="demo"),
        mqtt=Mqtt(port=broker.port, version="3.1.1" if broker.kind == "embedded" else "5"),
        channels=(modem,),
        proof=Proof(at=""),  # nobody of the story waits for a test text
    )


def _about(broker: RunningBroker) -> str:
    if broker.kind == "mosquitto":
        return f"mosquitto on port {broker.port}"
    return f"embedded broker on port {broker.port} (for trying out: it loses what is under way)"


async def _until_there(path: Path) -> None:
    """Wait for the modem's port; the simulator makes it within a second."""
    async with asyncio.timeout(10):
        while not path.exists():  # noqa: ASYNC110  # another process makes it
            await asyncio.sleep(0.02)


async def _until_connected(gateway: Running) -> None:
    """Wait for the broker, so that the street speaks to somebody from its first word."""
    async with asyncio.timeout(15):
        while not gateway.desk.facts().broker_connected:  # noqa: ASYNC110  # a thread says so
            await asyncio.sleep(0.02)


def main(wanted: Wanted) -> int:
    """Run the demo from the command line."""
    return asyncio.run(play(wanted))
