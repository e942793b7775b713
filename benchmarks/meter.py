"""What a process has used, as the kernel counts it in /proc: CPU, memory, bytes written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Use:
    """What a process used since its start, or between two readings (`later - earlier`)."""

    cpu_s: float  # user and system
    written_bytes: int  # `write_bytes`: what it made the kernel send towards the disk
    passed_bytes: int  # `wchar`: what it passed to write(), sockets and pipes too

    def __sub__(self, earlier: Use) -> Use:
        return Use(
            self.cpu_s - earlier.cpu_s,
            self.written_bytes - earlier.written_bytes,
            self.passed_bytes - earlier.passed_bytes,
        )


def used(pid: int) -> Use:
    """Read what the process has used so far."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    io = _fields(Path(f"/proc/{pid}/io"))
    ticks = int(stat[11]) + int(stat[12])
    return Use(ticks / _TICKS, int(io["write_bytes"]), int(io["wchar"]))


def rss_mb(pid: int) -> float:
    """Return the memory that the process occupies now, in MB of 10^6 bytes."""
    kib = _fields(Path(f"/proc/{pid}/status"))["VmRSS"].split()[0]
    return int(kib) * 1024 / 1e6


def peak_rss_mb(pid: int) -> float:
    """Return the most memory that the process ever occupied, in MB of 10^6 bytes."""
    kib = _fields(Path(f"/proc/{pid}/status"))["VmHWM"].split()[0]
    return int(kib) * 1024 / 1e6


def _fields(path: Path) -> dict[str, str]:
    pairs = (line.partition(":") for line in path.read_text(encoding="utf-8").splitlines())
    return {name: value.strip() for name, _, value in pairs}
