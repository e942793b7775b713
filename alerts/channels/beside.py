"""Runs a blocking call beside the event loop, in a thread that no stop waits for."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

T = TypeVar("T")


async def beside(call: Callable[[], T], within_s: float) -> T:
    """Return what `call` returns, or raise what it raises.

    Raises `TimeoutError` after `within_s`; the call then goes on, and nobody hears how it ends.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[T] = loop.create_future()

    def settle(how: Callable[[], None]) -> None:
        if not ended.done():
            how()

    def run() -> None:
        try:
            how = partial(ended.set_result, call())
        except Exception as error:  # noqa: BLE001 - whoever awaits gets it, whatever it is
            how = partial(ended.set_exception, error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, how)

    threading.Thread(target=run, name="beside", daemon=True).start()
    async with asyncio.timeout(within_s):
        return await ended
