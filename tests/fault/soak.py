"""Torments a gateway for long, and says in one line of JSON what became of everything.

    python -m tests.fault.soak --kills 1000        # kill -9 at random moments under load
    python -m tests.fault.soak --minutes 60        # noise, floods and hostile bytes, by time
    python -m tests.fault.soak --notices 500 --kills 50   # notices that wait for a modem

The exit status is 0 where every promise was kept. `make soak ARGS="--kills 100"` is the same.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.fakes.fault_account import Account, account
from tests.fakes.fault_broker import Mosquitto
from tests.fakes.fault_crowd import Crowd
from tests.fakes.fault_gateway import GatewayProcess, resident_mb
from tests.fakes.fault_noise import Noise
from tests.fakes.fault_publisher import Device, Publisher
from tests.fakes.fault_storm import Outcomes, Storm
from tests.fakes.fault_street import door, prepare
from tests.fakes.fault_wait import LOOK_EVERY_S, until

RATE = 300.0
HOMES_PER_KILL = 3
BURST = 500
"""Hostile messages, and as many of a flooding device, between two honest openings."""
BURSTS_PER_S = 10
"""More than there can be: a home for each."""
STRANGERS = 5
"""Homes whose devices the noise pretends to be."""
GROWTH_MB = 150.0
"""Of memory, however many devices are invented: 200,000 of them are remembered, the rest not."""
MOST_WAITING = 50_000
"""Messages that may wait: the broker holds 100,000 and loses what is beyond (deploy/mosquitto)."""
STALLED_S = 120.0
"""Nothing takes longer than this from one step to the next, on a machine with other work."""
LONGEST_LIFE_S = 2.5
"""A gateway is killed at any time from its first instruction to this long after it."""


def torment(directory: Path, kills: int, seed: int) -> Account:
    """Kill a gateway under load `kills` times, let it finish, and account for everything."""
    moments = random.Random(seed)
    homes = max(20, kills * HOMES_PER_KILL)
    open_every_s = kills * LONGEST_LIFE_S / 2 / homes
    with Mosquitto(directory / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(directory / "gateway", broker.port, homes)
        with GatewayProcess(directory / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            crowd = Crowd(publisher, homes, rate=RATE, open_every_s=open_every_s, seed=seed)
            with crowd:
                for number in range(kills):
                    _let_live(gateway, moments.uniform(0, LONGEST_LIFE_S))
                    gateway.kill()
                    _say(f"kill {number + 1} of {kills}, {len(publisher.confirmed)} messages")
                    gateway.start()
                    if len(publisher.confirmed) - gateway.journalled() > MOST_WAITING:
                        _let_catch_up(gateway, publisher)
                # The crowd falls behind its pace where the machine has other work.
                within_s = max(60.0, homes * open_every_s)
                until(lambda: crowd.is_open_everywhere, "every home was opened", within_s)
            publisher.drain()
            gateway.ready()
            _let_finish(gateway)
            assert not broker.has_dropped, "its queue was full: what it lost is not the gateway's"
            return account(gateway, publisher.confirmed, crowd.opened, kills)


def harass(directory: Path, minutes: float, seed: int) -> Noisy:
    """Pour noise and a flood over a gateway for so long; an honest opening now and then."""
    noise = Noise(seed)
    ends = time.monotonic() + minutes * 60
    homes = STRANGERS + int(minutes * 60 * BURSTS_PER_S)
    found = Noisy(minutes)
    with Mosquitto(directory / "broker") as broker, Publisher(broker.port) as publisher:
        config = prepare(directory / "gateway", broker.port, homes)
        with GatewayProcess(directory / "gateway", config) as gateway:
            gateway.start().hears(publisher)
            found.memory_before_mb = resident_mb(gateway.pid)
            flooding = Device("flooding")
            for home in range(STRANGERS, homes):
                for _ in range(BURST):
                    publisher.send(*noise.message())
                    publisher.send(*flooding.event("door", "closed"))
                found.openings += 1
                before, sent_at = len(gateway.texts()), time.monotonic()
                publisher.send(*Device(door(home)).event("door", "open"))
                until(lambda n=before: len(gateway.texts()) > n, "it is told", 60)  # type: ignore[misc]
                found.slowest_s = max(found.slowest_s, round(time.monotonic() - sent_at, 2))
                _say(f"{found.openings} openings, {len(publisher.confirmed)} messages")
                if time.monotonic() > ends:
                    break
            publisher.drain()
            until(lambda: gateway.metric("cursor_lag_records") == 0, "all is applied", 60)
            found.messages = len(publisher.confirmed)
            found.memory_after_mb = resident_mb(gateway.pid)
            found.undecodable = int(gateway.metric("intake_undecodable_total"))
            found.passed_over = int(gateway.metric("records_passed_over_total"))
            found.tracebacks = gateway.log().count("Traceback")
    return found


@dataclass
class Noisy:
    """The summary of one noisy run."""

    minutes: float
    messages: int = 0
    undecodable: int = 0
    openings: int = 0  # honest ones; each was told
    slowest_s: float = 0.0  # from publishing an honest one to its text, all before it included
    passed_over: int = 0
    tracebacks: int = 0
    memory_before_mb: float = 0.0
    memory_after_mb: float = 0.0

    @property
    def faults(self) -> list[str]:
        """Say what was not as promised."""
        grown_mb = self.memory_after_mb - self.memory_before_mb
        return [
            what
            for what, is_so in (
                (f"{self.passed_over} passed over", self.passed_over > 0),
                (f"{self.tracebacks} tracebacks", self.tracebacks > 0),
                (f"grown by {grown_mb:.0f} MB", grown_mb > GROWTH_MB),
            )
            if is_so
        ]

    def as_json(self) -> str:
        """Return the summary as one line."""
        return json.dumps({**asdict(self), "is_met": not self.faults})


def _let_live(gateway: GatewayProcess, for_s: float) -> None:
    """The one thing waited for here is time: a kill comes at any moment, and knows of nothing."""
    time.sleep(for_s)
    if not gateway.is_alive:
        raise AssertionError(f"the gateway ended by itself: {gateway.log()[-2000:]}")


def _let_catch_up(gateway: GatewayProcess, publisher: Publisher) -> None:
    """On a machine with other work no gateway lives long enough: let one, before the broker drops.

    What a broker drops from a full queue is its own loss, and another test's (`test_broker_gone`).
    """
    few = MOST_WAITING // 10
    until(lambda: len(publisher.confirmed) - gateway.journalled() < few, "it catches up", 300)


def _let_finish(gateway: GatewayProcess) -> None:
    """Wait until everything is journalled and applied, and no notice waits or is under way.

    It may take long where thousands of texts wait, but not stand still.
    """
    before, since = None, time.monotonic()
    while (found := _standing(gateway)) != before or found[1:] != (0, 0):
        if found != before:
            before, since = found, time.monotonic()
        assert time.monotonic() - since < STALLED_S, f"records, lag, notices stand at {found}"
        time.sleep(LOOK_EVERY_S)


def _standing(gateway: GatewayProcess) -> tuple[int, int, int]:
    """Return how many records there are, how many are to be applied, and notices that wait."""
    waiting = "SELECT count(*) FROM notices WHERE state IN (?, ?, ?)"
    notices = gateway.count(waiting, "pending", "sending", "failed_temporary")
    return gateway.journalled(), int(gateway.metric("cursor_lag_records")), notices


def _say(line: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()


def main(argv: list[str]) -> int:
    """Run what was asked for; 0 where every promise was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.fault.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=0, help="noise and floods for so long")
    parser.add_argument("--notices", type=int, default=0, help="so many wait for a modem")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", type=Path, help="work here, and leave everything for looking at")
    asked = parser.parse_args(argv)
    seed = asked.seed if asked.seed is not None else random.randrange(2**32)
    sys.stderr.write(f"seed {seed}\n")
    with tempfile.TemporaryDirectory(prefix="menshen-soak-") as made:
        where = asked.keep or Path(made)
        found: Account | Noisy | Outcomes
        if asked.minutes:
            found = harass(where, asked.minutes, seed)
        elif asked.notices:
            with Mosquitto(where / "broker") as broker:
                found = Storm(where, broker.port, asked.notices, seed).rage(asked.kills, seed)
        else:
            found = torment(where, asked.kills, seed)
    print(found.as_json())  # noqa: T201  # the summary is what the command is for
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
