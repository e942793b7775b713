"""The publisher: `firmware_sim.load`, told when to begin, that says when it began.

`load PORT DEVICES MESSAGES [RATE]`; all packets are built before it is ready.
"""

from __future__ import annotations

import sys
import time

from benchmarks.roles.wire import tell, wait
from benchmarks.street import DOORS
from firmware_sim.broker import Broker
from firmware_sim.load import Load, Plan


def main(port: int, devices: int, messages: int, rate: float | None = None) -> None:
    """Send one load."""
    plan = Plan(devices=devices, messages=messages, rate=rate, prefix=DOORS)
    load = Load(plan, Broker("127.0.0.1", port))
    load.prepare()
    load.connect()
    tell(ready=True)
    if wait():
        started_at = time.monotonic()
        tell(started_at=started_at)
        result = load.send()
        tell(ended_at=time.monotonic(), **result.as_json(plan))
    load.close()


if __name__ == "__main__":
    port, devices, messages, *rate = sys.argv[1:]
    main(int(port), int(devices), int(messages), float(rate[0]) if rate else None)
