"""From start to ready, and from ready to having applied what was journalled and not applied.

Ready is when the gateway tells its service manager so; beside it, the start of the bare subscriber.
Beside the applying, the time in which the bare subscriber counts as many messages.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from pathlib import Path

from benchmarks.child import child
from benchmarks.figures import Figure, median
from benchmarks.meter import rss_mb
from benchmarks.plan import Plan
from benchmarks.service import broker, copy_of, gateway, prepare
from benchmarks.street import write_homes
from benchmarks.throughput import BARE, bare

READY_GOAL_S, APPLIED_GOAL_S = 3.0, 8.0

_TAKE_OVER = """
ATTACH '{other}' AS other;
INSERT INTO journal SELECT * FROM other.journal WHERE seq > {after};
"""


def measure(directory: Path, plan: Plan) -> list[Figure]:
    """Start with many devices, and with many records that wait."""
    return [*_ready(directory / "ready", plan), _applied(directory / "waiting", plan)]


def _ready(directory: Path, plan: Plan) -> list[Figure]:
    template = prepare(directory / "street", plan.start_devices)
    took, first, plain, memory = [], [], [], []
    for n in range(max(2, plan.turns)):
        with (
            broker(directory / f"broker-{n}", is_persistent=False) as mqtt,
            copy_of(template, f"again-{n}") as data,
        ):
            with gateway(data, mqtt) as ran:
                took.append(ran.ready_at - ran.started_at)
                memory.append(rss_mb(ran.pid))
            started = time.monotonic()
            with child("bare", mqtt.port, 1):
                plain.append(time.monotonic() - started)
        with copy_of(template, f"first-{n}") as data:
            for file in (data / "data").glob("menshen.db*"):
                file.unlink()
            write_homes(data / "homes.toml", plan.start_devices)
            with gateway(data, None) as ran:
                first.append(ran.ready_at - ran.started_at)
    devices = f"{plan.start_devices:,} devices"
    value = median(took)
    return [
        Figure(
            f"ready with {devices}",
            value,
            "s",
            f"{BARE} connected",
            median(plain),
            f"<= {READY_GOAL_S:.0f} s",
            value <= READY_GOAL_S,
            {"memory_mb": round(median(memory), 1)},
        ),
        Figure(
            "the same, homes file read for the first time",
            median(first),
            "s",
            f"{BARE} connected",
            median(plain),
        ),
    ]


def _applied(directory: Path, plan: Plan) -> Figure:
    template = prepare(directory / "street", plan.streets[0])
    counted = bare(directory / "bare", plan.streets[0], plan.waiting)
    waiting = directory / "with-waiting"
    shutil.copytree(template, waiting)
    _fill_journal(directory, template, waiting, plan)
    took = []
    for n in range(max(2, plan.turns)):
        with copy_of(waiting, f"apply-{n}") as data, gateway(data, None) as ran:
            took.append(ran.until_applied(plan.waiting, 120) - ran.ready_at)
    value = median(took)
    return Figure(
        f"{plan.waiting:,} waiting records applied",
        value,
        "s",
        f"{BARE} counts as many",
        plan.waiting / counted.rate,
        f"<= {APPLIED_GOAL_S:.0f} s",
        value <= APPLIED_GOAL_S,
    )


def _fill_journal(directory: Path, template: Path, waiting: Path, plan: Plan) -> None:
    """Give a gateway that applied nothing the journal of one that took in everything."""
    with (
        broker(directory / "broker", is_persistent=False) as mqtt,
        copy_of(template, "filled") as data,
        gateway(data, mqtt) as ran,
    ):
        with child("load", mqtt.port, plan.streets[0], plan.waiting) as load:
            load.say()
            ran.until_applied(plan.waiting, 300)
        target = waiting / "data" / "menshen.db"
        after = ran.first_seq - 1
        with contextlib.closing(sqlite3.connect(target)) as connection:
            connection.executescript(_TAKE_OVER.format(other=ran.database, after=after))
            connection.execute("UPDATE journal SET seq = seq - ?", (after,))
            connection.commit()
