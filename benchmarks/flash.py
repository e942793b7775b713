"""What reaches the disk at a slow, a usual and a busy pace: flash wears, so show it.

Counted by the kernel as `write_bytes` of gateway and broker, both with the shipped settings: whole
pages sent towards the disk, but not what the file system adds of its own. Beside it, the bytes of
topic and payload that were published.
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.child import child
from benchmarks.figures import Figure
from benchmarks.meter import used
from benchmarks.plan import Plan
from benchmarks.service import broker, copy_of, gateway, prepare

RATES = (10, 100, 1_000)
BYTES_PUBLISHED = 205
"""Topic and payload of one message of the mix, on average."""


def measure(directory: Path, plan: Plan) -> list[Figure]:
    """Publish at each pace for a while, and count."""
    template = prepare(directory / "street", plan.streets[0])
    figures = []
    for rate in RATES:
        figures += _at(directory / f"at-{rate}", template, plan, rate)
    return figures


def _at(where: Path, template: Path, plan: Plan, rate: int) -> list[Figure]:
    messages = max(10, int(rate * plan.flash_s))
    with (
        broker(where, is_persistent=True) as mqtt,
        copy_of(template, f"{where.name}-data") as data,
        gateway(data, mqtt) as ran,
        child("load", mqtt.port, plan.streets[0], messages, rate) as load,
    ):
        gateway_before, broker_before = used(ran.pid), used(mqtt.pid)
        commits_before = ran.commits()
        load.say()
        load.hear()
        ran.until_applied(messages, plan.flash_s + 60)
        time.sleep(1.0)  # the writing back that follows
        ours, theirs = used(ran.pid) - gateway_before, used(mqtt.pid) - broker_before
        commits = ran.commits() - commits_before
    written = ours.written_bytes + theirs.written_bytes
    return [
        Figure(
            f"written per observation at {rate:,}/s",
            written / messages,
            "bytes",
            "published",
            BYTES_PUBLISHED,
            detail={
                "gateway_bytes": ours.written_bytes,
                "broker_bytes": theirs.written_bytes,
                "gateway_wchar": ours.passed_bytes,
                "broker_wchar": theirs.passed_bytes,
                "cpu_ms_per_1000": round(ours.cpu_s / messages * 1e6, 2),
            },
        ),
        Figure(
            f"commits of the journal at {rate:,}/s",
            commits / (messages / rate),
            "/s",
            "messages",
            rate,
        ),
    ]
