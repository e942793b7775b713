"""A notice due, and a text given to the channel, until the modem's +CMGS for it is in our hands.

The modem is simulated, in a process of its own, and takes no time on the air. Beside it, the same
octets sent to such a modem by the shortest dialogue that pyserial allows.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import serial

from alerts.channels.base import Message, Outcome
from alerts.channels.gsm import submit
from alerts.channels.gsm.channel import GsmChannel, ModemSettings
from benchmarks import sms_due
from benchmarks.figures import Figure, percentile
from benchmarks.plan import Plan
from benchmarks.service import ServiceError, until

LATE_GOAL_MS = 50.0
TO = "+8613912345678"
TEXT = "【门神】南岭村3栋1203 门开超3分钟未报备 14:32起 证据2级 回复 1 4821"
UP_WITHIN_S = 15.0
WARM_UP = 5
ANSWER_S = 5.0


def measure(directory: Path, plan: Plan) -> list[Figure]:
    """Send so many texts each way: by the whole outbox, by the channel alone, and bare."""
    with modem(directory / "due") as port:
        due = asyncio.run(sms_due.timed(port, directory / "due", TEXT, plan.texts, plan.queue))
    with modem(directory / "ours") as port:
        ours = asyncio.run(_sent(port, plan.texts))
    with modem(directory / "bare") as port:
        bare = _dictated(port, plan.texts)
    named = {
        "notice due to +CMGS": due.idle,
        f"critical one past {plan.queue} waiting": due.overtaking,
        f"+CMGS to +CMGS, {plan.queue} waiting": due.turns,
        "text to +CMGS": ours,
    }
    return [
        _figure(f"{name}, p{part * 100:.0f}", took, bare, part, goal_ms)
        for name, took in named.items()
        for part, goal_ms in ((0.5, None), (0.99, LATE_GOAL_MS))
    ]


@contextmanager
def modem(directory: Path) -> Iterator[Path]:
    """Run a simulated modem; where its port is."""
    directory.mkdir(parents=True)
    link = directory / "modem"
    command = [sys.executable, "-m", "firmware_sim", "modem", "--air-ms", "0", "--link", str(link)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            until(link.exists, UP_WITHIN_S, "the simulated modem's port")
            yield link
        finally:
            process.terminate()


async def _sent(port: Path, texts: int) -> list[float]:
    settings = ModemSettings(str(port), allowances=())
    channel = GsmChannel(settings, lambda _: None, lambda _: None)
    await channel.open()
    try:
        async with asyncio.timeout(UP_WITHIN_S):
            while not channel.health().is_up:  # noqa: ASYNC110 - a thread's state, without event
                await asyncio.sleep(0.01)
        took = []
        for _ in range(WARM_UP + texts):
            started = time.perf_counter()
            attempt = await channel.send(TO, Message(TEXT))
            took.append(time.perf_counter() - started)
            if attempt.outcome is not Outcome.SENT:
                raise ServiceError(f"the simulated modem took no text: {attempt.reason}")
    finally:
        await channel.close()
    return took[WARM_UP:]


def _dictated(port: Path, texts: int) -> list[float]:
    (pdu,) = submit.encode(TO, TEXT)
    announced = b"AT+CMGS=%d\r" % submit.tpdu_octets(pdu)
    hexed = pdu.hex().upper().encode() + b"\x1a"
    with serial.Serial(str(port), 115200, timeout=ANSWER_S, exclusive=True) as line:
        line.write(b"ATE0+CMGF=0;+CNMI=2,1,0,0,0\r")
        line.read_until(b"OK\r\n")
        took = []
        for _ in range(WARM_UP + texts):
            started = time.perf_counter()
            line.write(announced)
            line.read_until(b"> ")
            line.write(hexed)
            if not line.read_until(b"OK\r\n").endswith(b"OK\r\n"):
                raise ServiceError("the simulated modem did not answer a bare dialogue")
            took.append(time.perf_counter() - started)
    return took[WARM_UP:]


def _figure(
    name: str, ours: list[float], bare: list[float], part: float, goal_ms: float | None = None
) -> Figure:
    value, beside = (percentile(each, part) * 1000 for each in (ours, bare))
    return Figure(
        name,
        value,
        "ms",
        "bare pyserial",
        beside,
        f"<= {goal_ms:g} ms" if goal_ms else "",
        value <= goal_ms if goal_ms else None,
        {"texts": len(ours), "worst_ms": round(max(ours) * 1000, 2)},
    )
