"""The whole durable path against a bare subscriber: the same load, one after the other, in turns.

From the publisher's first byte until the saved cursor of `alerts` has passed every message; for the
bare one, until it has counted every message. Each device was heard once before, as in any street
that has run for an hour; what the first word of all of them costs is a figure of its own.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.child import child
from benchmarks.figures import Figure, median
from benchmarks.meter import peak_rss_mb, rss_mb, used
from benchmarks.plan import Plan
from benchmarks.service import broker, copy_of, gateway, prepare

RATE_GOAL = 0.6
SAME_WITHIN = 0.15
MEMORY_GOAL_MB = {1_000: 90.0, 100_000: 300.0}
BARE = "bare paho"


@dataclass(frozen=True, slots=True)
class Run:
    """One load taken in."""

    rate: float  # messages a second
    cpu_s: float  # of the subscriber or gateway, per 1,000 messages
    rss_mb: float  # after the load
    peak_mb: float
    publisher_s: float  # how long the publisher was busy until the last PUBACK
    first_rate: float = 0.0  # while each device was heard for the first time


def measure(directory: Path, plan: Plan) -> list[Figure]:
    """Run everything in turns, and compare the medians."""
    templates = {
        devices: prepare(directory / f"street-{devices}", devices) for devices in plan.streets
    }
    runs: dict[str, list[Run]] = {}
    for turn in range(plan.turns):
        todo = [BARE, *(f"{devices}" for devices in plan.streets), f"{plan.streets[0]} shipped"]
        for what in todo if turn % 2 == 0 else reversed(todo):
            where = directory / f"turn-{turn}-{what.replace(' ', '-')}"
            runs.setdefault(what, []).append(_run(where, what, templates, plan))
    return [
        *_rates(runs, plan),
        *_costs(runs, plan),
        *_memory(runs, plan),
    ]


def _run(where: Path, what: str, templates: dict[int, Path], plan: Plan) -> Run:
    if what == BARE:
        return bare(where, plan.streets[0], plan.messages)
    devices = int(what.split(maxsplit=1)[0])
    is_shipped = what.endswith("shipped")
    return ours(where, templates[devices], devices, plan.messages, is_shipped=is_shipped)


def bare(where: Path, devices: int, messages: int) -> Run:
    """Let the bare subscriber count one load."""
    with (
        broker(where, is_persistent=False) as mqtt,
        child("bare", mqtt.port, messages) as counter,
        child("load", mqtt.port, devices, messages) as load,
    ):
        before = used(counter.pid)
        load.say()
        started_at = load.hear()["started_at"]
        ended_at = counter.hear(120)["counted_at"]
        cpu_s = (used(counter.pid) - before).cpu_s
        sent = load.hear()
        return Run(
            messages / (ended_at - started_at),
            cpu_s / messages * 1000,
            rss_mb(counter.pid),
            peak_rss_mb(counter.pid),
            sent["took_s"],
        )


def ours(
    where: Path,
    template: Path,
    devices: int,
    messages: int,
    *,
    is_shipped: bool = False,
    pace: float | None = None,
) -> Run:
    """Let the gateway take one load all the way; `pace` in messages a second, None: no limit."""
    with (
        ExitStack() as stack,
        broker(where, is_persistent=is_shipped) as mqtt,
        copy_of(template, f"{where.name}-data") as data,
        gateway(data, mqtt) as ran,
    ):
        with child("load", mqtt.port, devices, devices) as first:
            first.say()
            started_at = first.hear()["started_at"]
            first_rate = devices / (ran.until_applied(devices, 300) - started_at)
        paced = () if pace is None else (pace,)
        load = stack.enter_context(child("load", mqtt.port, devices, messages, *paced))
        before = used(ran.pid)
        load.say()
        started_at = load.hear()["started_at"]
        ended_at = ran.until_applied(devices + messages, 300)
        cpu_s = (used(ran.pid) - before).cpu_s
        sent = load.hear()
        return Run(
            messages / (ended_at - started_at),
            cpu_s / messages * 1000,
            rss_mb(ran.pid),
            peak_rss_mb(ran.pid),
            sent["took_s"],
            first_rate,
        )


def _rates(runs: dict[str, list[Run]], plan: Plan) -> list[Figure]:
    rates = {what: median(run.rate for run in each) for what, each in runs.items()}
    few, many = f"{plan.streets[0]}", f"{plan.streets[-1]}"
    figures = []
    for what, taken in runs.items():
        if what == BARE:
            continue
        is_shipped = what.endswith("shipped")
        name = f"durable path, {int(what.split()[0]):,} devices"
        share = rates[what] / rates[BARE]
        figures.append(
            Figure(
                f"{name}, shipped broker" if is_shipped else name,
                rates[what],
                "/s",
                BARE,
                rates[BARE],
                "" if is_shipped else f">= {RATE_GOAL}",
                None if is_shipped else share >= RATE_GOAL,
                _detail(taken) | {"bare": _detail(runs[BARE])},
            )
        )
        if not is_shipped:
            figures.append(
                Figure(
                    f"first word of each, {int(what):,} devices",
                    median(run.first_rate for run in taken),
                    "/s",
                    BARE,
                    rates[BARE],
                )
            )
    if few != many:
        share = rates[many] / rates[few]
        figures.append(
            Figure(
                f"{int(many):,} devices against {int(few):,}",
                rates[many],
                "/s",
                f"{int(few):,} devices",
                rates[few],
                f"within {SAME_WITHIN:.0%}",
                abs(1 - share) <= SAME_WITHIN,
            )
        )
    return figures


def _costs(runs: dict[str, list[Run]], plan: Plan) -> list[Figure]:
    bare_s = median(run.cpu_s for run in runs[BARE])
    return [
        Figure(
            f"CPU per 1,000 messages, {devices:,} devices",
            median(run.cpu_s for run in runs[f"{devices}"]) * 1000,
            "ms",
            BARE,
            bare_s * 1000,
        )
        for devices in plan.streets
    ]


def _memory(runs: dict[str, list[Run]], plan: Plan) -> list[Figure]:
    figures = []
    for devices in plan.streets:
        taken = runs[f"{devices}"]
        value, goal = median(run.rss_mb for run in taken), MEMORY_GOAL_MB.get(devices)
        figures.append(
            Figure(
                f"memory after the load, {devices:,} devices",
                value,
                "MB",
                BARE,
                median(run.rss_mb for run in runs[BARE]),
                f"<= {goal:.0f} MB" if goal else "",
                value <= goal if goal else None,
                {"peak_mb": round(max(run.peak_mb for run in taken), 1)},
            )
        )
    return figures


def _detail(runs: list[Run]) -> dict[str, list[float]]:
    return {
        "rates": [round(run.rate) for run in runs],
        "publisher_s": [round(run.publisher_s, 3) for run in runs],
    }
