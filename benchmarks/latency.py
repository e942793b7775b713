"""`seal broken` published until its text is handed to the channel, while other messages come.

Beside it, the delay with which a bare paho subscriber hears of the same seals under the same load.
The gateway's end is the line of its console channel as it arrives in another process: if anything
a little late.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.child import Child, child
from benchmarks.figures import Figure, percentile
from benchmarks.plan import Plan
from benchmarks.service import broker, copy_of, gateway, prepare, until
from benchmarks.throughput import ours

MEDIAN_GOAL_MS, LATE_GOAL_MS = 10.0, 40.0
RATES = (20.0, 500.0)
PART_OF_HIGHEST = 0.8
WARM_UP_S = 2.0
GIVE_UP_S = 10.0

Arrived = dict[str, float]
"""When each seal's text or message first came."""

_SEAL = re.compile(r"seal-\d{6}")


def measure(directory: Path, plan: Plan, highest: float) -> list[Figure]:
    """Measure at each rate; `highest` is what the whole path takes in a second of a burst."""
    devices = plan.streets[0]
    template = prepare(directory / "street", devices, plan.probes)
    # In a burst the publisher is soon done and leaves its core to the others; here it goes on.
    kept_up = ours(directory / "pace", template, devices, plan.messages, pace=highest).rate
    figures = []
    for rate in (*RATES, round(PART_OF_HIGHEST * kept_up)):
        where = directory / f"at-{rate:.0f}"
        bare = _echoed(where / "bare", plan, rate)
        told = _told(where / "ours", template, plan, rate)
        figures += _figures(rate, told, bare)
    return figures


def _echoed(where: Path, plan: Plan, rate: float) -> list[float]:
    with broker(where, is_persistent=False) as mqtt, child("echo", mqtt.port) as echo:
        arrived: Arrived = {}

        def collect() -> bool:
            while len(arrived) < plan.probes:
                line = echo.hear(GIVE_UP_S)
                arrived.setdefault(line["device"], line["at"])
            return True

        return _delays(mqtt.port, plan, rate, arrived, collect)


def _told(where: Path, template: Path, plan: Plan, rate: float) -> list[float]:
    arrived: Arrived = {}

    def hear(line: str, at: float) -> None:
        if found := _SEAL.search(line):
            arrived.setdefault(found[0], at)

    with (
        broker(where, is_persistent=False) as mqtt,
        copy_of(template, f"{where.parent.name}-data") as data,
        gateway(data, mqtt, hear),
    ):
        return _delays(mqtt.port, plan, rate, arrived, lambda: len(arrived) >= plan.probes)


def _delays(
    port: int, plan: Plan, rate: float, arrived: Arrived, are_all_here: Callable[[], bool]
) -> list[float]:
    """Break seals under load; return the delay of each in milliseconds."""
    others = max(1.0, rate - plan.probes_per_s)
    lasts_s = plan.probes / plan.probes_per_s + 2 * WARM_UP_S
    messages = int(others * lasts_s)
    with ExitStack() as stack:
        load = stack.enter_context(child("load", port, plan.streets[0], messages, others))
        seals: Child = stack.enter_context(child("seals", port, 0, plan.probes, plan.probes_per_s))
        load.say()
        load.hear()
        time.sleep(WARM_UP_S)
        seals.say()
        published: Arrived = seals.hear(lasts_s + GIVE_UP_S)["published"]
        until(are_all_here, GIVE_UP_S, f"only {len(arrived)} of {plan.probes} seals were told of")
    return [(arrived[seal] - at) * 1000 for seal, at in published.items()]


def _figures(rate: float, told: list[float], bare: list[float]) -> list[Figure]:
    goals = {0.5: MEDIAN_GOAL_MS, 0.99: LATE_GOAL_MS}
    figures = []
    for part, goal in goals.items():
        value = percentile(told, part)
        figures.append(
            Figure(
                f"seal broken to channel at {rate:,.0f}/s, p{part * 100:.0f}",
                value,
                "ms",
                "bare paho echo",
                percentile(bare, part),
                f"<= {goal:.0f} ms",
                value <= goal,
                {"worst_ms": round(max(told), 2), "probes": len(told)},
            )
        )
    return figures
