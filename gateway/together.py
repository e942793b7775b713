"""What runs side by side for the gateway's life; one task that fails, fails the gateway."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

Work = dict[str, Coroutine[Any, Any, None]]
"""What runs for the gateway's life on its event loop, by name."""

logger = logging.getLogger(__name__)


@asynccontextmanager
async def together(work: Work, fail: Callable[[BaseException], None]) -> AsyncIterator[None]:
    """Run all of it in the background; call `fail` for the first that ends by an error."""

    async def watched(name: str, one: Coroutine[Any, Any, None]) -> None:
        try:
            await one
        except Exception as error:  # the edge of a task: whatever it is, the gateway must know
            logger.exception("%s failed", name)
            fail(error)

    tasks = [asyncio.create_task(watched(*each), name=each[0]) for each in work.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
