"""The machine a run was made on, so that two runs can be compared or known not to be."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

from gateway.broker import find_mosquitto

SYNCS = 60


def facts(directory: Path) -> dict[str, object]:
    """Return processor, versions, load, and the time of a sync in `directory`."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "paho": version("paho-mqtt"),
        "sqlite": sqlite3.sqlite_version,
        "mosquitto": _mosquitto_version(),
        "sync_ms": round(_sync_ms(directory), 3),
        "load_average": [round(each, 2) for each in os.getloadavg()],
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model"):
            return value.strip()
    return platform.machine()


def _mosquitto_version() -> str | None:
    program = find_mosquitto()
    if program is None:
        return None
    said = subprocess.run([program, "-h"], capture_output=True, text=True, check=False).stdout
    return said.partition("\n")[0].rpartition(" ")[2]


def _sync_ms(directory: Path) -> float:
    """Return the median time in which one page written over is on the disk."""
    file = directory / "sync"
    file.write_bytes(bytes(4096 * SYNCS))
    took = []
    handle = os.open(file, os.O_RDWR)
    try:
        os.fsync(handle)
        for n in range(SYNCS):
            started = time.monotonic()
            os.pwrite(handle, b"x" * 4096, n * 4096)
            os.fdatasync(handle)
            took.append(time.monotonic() - started)
    finally:
        os.close(handle)
        file.unlink()
    return sorted(took)[SYNCS // 2] * 1000
