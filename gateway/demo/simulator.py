"""The simulator's processes, and the lines of JSON by which they tell what they do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

Line = dict[str, Any]


class SimulatorError(Exception):
    """The simulator is not installed, or did not start; the message says which and what to do."""


async def describe(scenario: str) -> bytes:
    """Return the scenario as its simulator describes it, JSON."""
    process = await asyncio.create_subprocess_exec(
        *_command("describe", scenario),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    if process.returncode != 0:
        raise SimulatorError(err.decode(errors="replace").strip() or "the simulator did not start")
    return out


@contextlib.asynccontextmanager
async def running(tell: Callable[[Line], None], *arguments: str) -> AsyncIterator[asyncio.Event]:
    """Run one of the simulator's commands until the block ends; yield an event for its end."""
    process = await asyncio.create_subprocess_exec(
        *_command(*arguments), stdout=asyncio.subprocess.PIPE, limit=1 << 20
    )
    ended = asyncio.Event()
    reader = asyncio.create_task(_read(process, tell, ended))
    try:
        yield ended
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            process.kill()
        await reader


async def _read(
    process: asyncio.subprocess.Process, tell: Callable[[Line], None], ended: asyncio.Event
) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        with contextlib.suppress(json.JSONDecodeError):
            tell(json.loads(line))
    ended.set()


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "firmware_sim", *arguments]
