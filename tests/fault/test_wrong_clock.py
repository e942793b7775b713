"""The system clock jumps, while the gateway runs and while it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection

import gateway.clock
from gateway.homes.look import Standing, looks
from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_gateway import GatewayProcess
from tests.fakes.fault_inside import Inside, inside
from tests.fakes.fault_publisher import Device, Publisher
from tests.fakes.fault_street import door, prepare
from tests.fakes.fault_wait import soon, until

pytestmark = pytest.mark.mosquitto

HOUR_S, YEAR_S = 3600.0, 365 * 86400.0
STEPS = "[policy.telling]\ncritical_step_s = 600\nstep_s = 600\n"
"""Nobody reports in: the next one is told after ten minutes."""


@pytest.fixture(autouse=True)
def kernel_says_synchronised(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no order is kept for any other reason than the one under test."""
    monkeypatch.setattr(gateway.clock, "is_synchronised", lambda: True)


async def standings(world: Inside) -> list[Standing]:
    def look(_connection: Connection) -> list[Standing]:
        state = world.gateway.desk.pipeline.state
        assert state is not None
        return [each.standing for each in looks(state)]

    return await world.gateway.desk.writer.run_turn(look)


async def next_step_in_s(world: Inside) -> float:
    def look(_connection: Connection) -> float:
        state = world.gateway.desk.pipeline.state
        assert state is not None
        [incident] = state.incidents.values()
        assert incident.next_at is not None
        return (incident.next_at - world.gateway.desk.clock.now()).total_seconds()

    return await world.gateway.desk.writer.run_turn(look)


@pytest.mark.parametrize("by_s", [-HOUR_S, YEAR_S, -YEAR_S], ids=["hour-back", "year", "year-back"])
async def test_a_step_while_it_runs_releases_nobody_silences_nobody_and_moves_the_timers(
    tmp_path: Path, by_s: float
) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes=3, policy=STEPS)
        async with inside(config) as world:
            for home in range(3):
                device = Device(door(home))
                publisher.send(*device.event("door", "closed"))
                publisher.send(*device.heartbeat(interval_s=1200))
                if home == 0:
                    publisher.send(*device.event("door", "open"))
            await world.applied(7)
            await world.pass_time(100)
            left_s = await next_step_in_s(world)
            before = await standings(world)
            assert before.count(Standing.UNWATCHED) == 0
            world.hands.set_wall(by_s)
            clock = world.gateway.desk.clock
            await soon(lambda: abs(clock.timestamp() - world.hands.wall_s) < 1, "it is noticed")
            await world.pass_time(60)
            assert await standings(world) == before
            assert await world.incidents() == [("departure", "opened")]
            assert await next_step_in_s(world) == pytest.approx(left_s - 60, abs=2)
            assert world.gateway.desk.vitals.facts().clock_trusted == (abs(by_s) <= HOUR_S)


@pytest.mark.parametrize("ahead_s", [-HOUR_S, YEAR_S], ids=["hour-back", "year-forward"])
def test_a_step_over_a_restart_releases_nobody_and_tells_nobody_of_silence(
    tmp_path: Path, ahead_s: float
) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(tmp_path / "gateway", broker.port, homes=2)
        device = Device(door(0))
        with GatewayProcess(tmp_path / "gateway", config, ahead_s=0) as running:
            running.start().hears(publisher)
            publisher.send(*device.event("door", "closed"))
            publisher.send(*device.heartbeat(interval_s=60))
            publisher.drain()
            until(lambda: running.count("SELECT count(*) FROM journal") >= 3, "all is journalled")
            until(lambda: running.metric("cursor_lag_records") == 0, "all is applied")
            running.kill()
            running.ahead_s = ahead_s
            running.start().hears(publisher)
            until(lambda: running.metric("up_seconds") > 3, "its timers have run")
            assert running.count("SELECT count(*) FROM incidents") == 0
            states = {state for (state,) in running.rows("SELECT state FROM orders")}
            assert not states & {"released"}
            publisher.send(*device.event("door", "open"))
            about = "SELECT count(*) FROM incidents WHERE matter = 'departure'"
            until(lambda: running.count(about) == 1, "an opening is told")
