"""A container's health check, and its watchdog: `python -m gateway.stack.alive URL CA_FILE`.

Ends with 0 while the gateway says it is well, with 1 while it does not. Docker starts nothing anew
that merely hangs, as systemd's watchdog does; so a gateway that gives no answer at all for
`PATIENCE_S` is killed here, and started by its restart policy.
"""

from __future__ import annotations

import contextlib
import os
import signal
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

ANSWER_WITHIN_S = 10.0
PATIENCE_S = 900.0
"""As of `WatchdogSec` in the service: long, for a gateway that is busy with its database."""
SILENT_SINCE = Path("/tmp/silent-since")  # noqa: S108  # the container's own
PROC = Path("/proc")


def check(
    is_well: Callable[[], bool | None], silent_since: Path, now_s: float, kill: Callable[[], None]
) -> int:
    """Return the exit status; kill a gateway that was silent for too long.

    `is_well` returns None where there is no answer at all; `silent_since` holds when that began.
    """
    said = is_well()
    if said is not None:
        silent_since.unlink(missing_ok=True)
        return 0 if said else 1
    began_s = now_s
    with contextlib.suppress(OSError, ValueError):
        began_s = float(silent_since.read_text(encoding="ascii"))
    if now_s - began_s >= PATIENCE_S:
        silent_since.unlink(missing_ok=True)
        kill()
    else:
        silent_since.write_text(f"{began_s}\n", encoding="ascii")
    return 1


def ask(url: str, ca_file: str) -> bool | None:
    """Ask the gateway whether it is well; None where it does not answer."""
    try:
        trusted = ssl.create_default_context(cafile=ca_file)
        with urllib.request.urlopen(url, timeout=ANSWER_WITHIN_S, context=trusted):  # noqa: S310  # ours
            return True
    except urllib.error.HTTPError:
        return False  # it lives, and says what is wrong with it
    except OSError:
        return None


def gateways(proc: Path = PROC) -> Iterator[int]:
    """Return the process ids of gateways."""
    for path in proc.glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if path.read_bytes().split(b"\0")[1:3] == [b"-m", b"gateway"]:
                yield int(path.parent.name)


def _kill() -> None:
    for process in gateways():
        os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    url, ca_file = sys.argv[1:]
    sys.exit(check(lambda: ask(url, ca_file), SILENT_SINCE, time.monotonic(), _kill))
