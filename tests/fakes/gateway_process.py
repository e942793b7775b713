"""The gateway as a process whose wall clock is wrong: `python -m tests.fakes.gateway_process`.

    gateway_process CONFIG SECONDS_AHEAD

A clock so far out is none that the kernel calls synchronised, whatever this machine's kernel says.
Everything else is the product's own; with a right clock the tests run `menshen run` itself.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from pathlib import Path

import gateway.clock
from gateway.app import running
from gateway.clock import Clock
from gateway.config import Config, load


async def _run(config: Config, ahead_s: float) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with running(config, Clock(wall=lambda: time.time() + ahead_s)):
        logging.getLogger(__name__).info("running")
        await stop.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    gateway.clock.is_synchronised = lambda: float(sys.argv[2]) == 0
    asyncio.run(_run(load(Path(sys.argv[1])), float(sys.argv[2])))
