"""What this program costs the machine it runs on: memory, processor, writes to the disk, heat.

Linux alone tells; what it does not tell is None, never zero.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

_MEMORY: Final = Path("/proc/self/statm")
_WRITTEN: Final = Path("/proc/self/io")
_ZONES: Final = Path("/sys/class/thermal")
_IMPOSSIBLE_C: Final = (-40.0, 150.0)
"""A sensor that says less or more is not connected."""


class Wear(NamedTuple):
    """One look. Totals since the start of the process, for rates between two looks."""

    at_s: float  # monotonic
    memory_bytes: int | None  # resident
    cpu_s: float  # of all threads, user and system
    written_bytes: int | None  # that reached, or will reach, the disk
    temperature_c: float | None  # of the hottest part that tells
    load: float | None  # runnable threads of the whole machine, over one minute


class Rates(NamedTuple):
    """What happened between two looks, a second."""

    cpu_pct: float | None  # of one core
    written_bytes_per_s: float | None


def look() -> Wear:
    """Look now: 0.2 ms."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Wear(
        at_s=time.monotonic(),
        memory_bytes=resident(_text(_MEMORY), resource.getpagesize()),
        cpu_s=used.ru_utime + used.ru_stime,
        written_bytes=written(_text(_WRITTEN)),
        temperature_c=hottest(_text(zone / "temp") for zone in _zones()),
        load=_load(),
    )


def between(before: Wear | None, after: Wear) -> Rates:
    """Return the rates between two looks; nothing without a first, or within no time."""
    if before is None or after.at_s <= before.at_s:
        return Rates(None, None)
    elapsed_s = after.at_s - before.at_s
    wrote = None
    if before.written_bytes is not None and after.written_bytes is not None:
        wrote = max(0, after.written_bytes - before.written_bytes) / elapsed_s
    return Rates(100 * (after.cpu_s - before.cpu_s) / elapsed_s, wrote)


# ---- what the system says ----


def resident(statm: str, page_bytes: int) -> int | None:
    """Read `/proc/self/statm`: the second number is pages in memory."""
    pages = statm.split()[1:2]
    return int(pages[0]) * page_bytes if pages and pages[0].isdecimal() else None


def written(io: str) -> int | None:
    """Read `/proc/self/io`: bytes sent to the disk, less those of files deleted before."""
    told = dict(line.split(": ", 1) for line in io.splitlines() if ": " in line)
    sent, cancelled = told.get("write_bytes", ""), told.get("cancelled_write_bytes", "0")
    if not (sent.isdecimal() and cancelled.isdecimal()):
        return None
    return max(0, int(sent) - int(cancelled))


def hottest(zones: Iterable[str]) -> float | None:
    """Read thermal zones, in thousandths of a degree; None where none is to be believed."""
    least, most = _IMPOSSIBLE_C
    told = (int(each) / 1000 for each in zones if _is_whole(each.strip()))
    return max((each for each in told if least < each < most), default=None)


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


def _zones() -> list[Path]:
    try:
        return sorted(_ZONES.glob("thermal_zone*"))
    except OSError:
        return []


def _load() -> float | None:
    try:
        return os.getloadavg()[0]
    except OSError:
        return None
