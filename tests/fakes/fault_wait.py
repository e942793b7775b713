"""Waiting for facts: a test of faults never sleeps for a guess, it waits until something is so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LOOK_EVERY_S = 0.05


def until(fact: Callable[[], T], what: str, within_s: float = 30.0) -> T:
    """Return the fact once it is true; AssertionError with its last value where it is not."""
    deadline = time.monotonic() + within_s
    while not (found := fact()):
        assert time.monotonic() < deadline, f"{what}: not within {within_s:g} s, but {found!r}"
        time.sleep(LOOK_EVERY_S)
    return found


async def soon(fact: Callable[[], T], what: str, within_s: float = 30.0) -> T:
    """`until`, for a test that shares its event loop with the gateway."""
    deadline = time.monotonic() + within_s
    while not (found := fact()):
        assert time.monotonic() < deadline, f"{what}: not within {within_s:g} s, but {found!r}"
        await asyncio.sleep(LOOK_EVERY_S)
    return found
