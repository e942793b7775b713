"""Load: many device ids over few connections, QoS 1, as fast as the broker takes it or at a rate.

Everything is built beforehand and written to plain sockets, so that the generator costs a few
microseconds a message and measures the broker and what hangs on it, not itself. Done is done:
every PUBACK is awaited. A connection that breaks comes back and sends again what was not
confirmed.
"""

import os
import selectors
import time
from dataclasses import dataclass, field

from firmware_sim import mix as mixes
from firmware_sim.broker import Broker
from firmware_sim.mix import Mix, Prepared
from firmware_sim.publisher import LoadError, Publisher

MOST_CONNECTIONS = 200
RECONNECT_S = 0.5
TICKED_RATE = 1000.0
TICK_S = 0.001
"""Above that rate it wakes once a tick, not for every message and PUBACK: half the CPU."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: `rate` in messages a second (None: as fast as possible), `window` unconfirmed
    messages a connection. A new `boot` makes a new run's events new ones."""

    devices: int
    messages: int
    rate: float | None = None
    connections: int = MOST_CONNECTIONS
    seed: int = 0
    mix: Mix = field(default_factory=Mix)
    prefix: str = "dev"
    window: int = 100
    boot: str = field(default_factory=lambda: os.urandom(4).hex())
    give_up_s: float = 60.0

    def __post_init__(self) -> None:
        """Refuse what can't be sent."""
        if min(self.devices, self.messages, self.connections, self.window) < 1:
            raise ValueError("devices, messages, connections and window are at least 1")
        if self.connections > MOST_CONNECTIONS:
            raise ValueError(f"at most {MOST_CONNECTIONS} connections, not {self.connections}")
        if self.window >= mixes.PACKET_IDS:
            raise ValueError(f"a window is below {mixes.PACKET_IDS} packet ids")
        if self.rate is not None and self.rate <= 0:
            raise ValueError(f"a rate is above 0, not {self.rate}")


@dataclass(frozen=True, slots=True)
class Result:
    """What was sent: `took_s` from the first byte to the last PUBACK, `cpu_s` of this process."""

    confirmed: int
    took_s: float
    cpu_s: float
    prepare_s: float
    reconnects: int
    prepared: Prepared

    def as_json(self, plan: Plan) -> dict[str, object]:
        """Return the line that the command prints."""
        return {
            "messages": plan.messages,
            "confirmed": self.confirmed,
            **{k: self.prepared.counts[k] for k in ("openings", "closings", "repeats")},
            "heartbeats": self.prepared.counts["heartbeats"],
            "events": self.confirmed_events,
            "devices": self.prepared.ids,
            "connections": len(self.prepared.batches),
            "took_s": round(self.took_s, 4),
            "rate": round(self.confirmed / self.took_s, 1) if self.took_s else 0.0,
            "cpu_s": round(self.cpu_s, 4),
            "prepare_s": round(self.prepare_s, 4),
            "reconnects": self.reconnects,
            "boot": plan.boot,
            "prefix": plan.prefix,
            "seed": plan.seed,
        }

    @property
    def confirmed_events(self) -> int:
        """Messages with a sequence number of their own."""
        return self.prepared.counts.total() - self.prepared.counts["heartbeats"]


class Load:
    """One run: `prepare`, `connect`, then `send`; so that a bench times the last alone."""

    def __init__(self, plan: Plan, broker: Broker) -> None:
        self._plan = plan
        self._broker = broker
        self._selector = selectors.DefaultSelector()
        self._publishers: list[Publisher] = []
        self._away: list[tuple[float, Publisher]] = []
        self._reconnects = 0
        self._prepare_s = 0.0

    def prepare(self) -> None:
        """Build every packet."""
        plan, started = self._plan, time.monotonic()
        self._prepared = mixes.prepare(
            devices=plan.devices,
            messages=plan.messages,
            connections=min(plan.connections, plan.devices, plan.messages),
            prefix=plan.prefix,
            boot=plan.boot,
            seed=plan.seed,
            mix=plan.mix,
            starts_at=time.time(),
            rate=plan.rate,
        )
        self._publishers = [
            Publisher(f"{plan.prefix}-load-{plan.boot}-{n}", batch, self._broker)
            for n, batch in enumerate(self._prepared.batches)
        ]
        self._prepare_s = time.monotonic() - started

    def connect(self) -> None:
        """Connect everybody; LoadError where the broker refuses or is away."""
        for publisher in self._publishers:
            try:
                publisher.connect()
            except OSError as error:
                where = f"{self._broker.host}:{self._broker.port}"
                raise LoadError(f"no broker at {where}: {error}") from error
            self._watch(publisher)

    def send(self) -> Result:
        """Send everything and wait for every PUBACK; LoadError where none comes any more."""
        plan, left = self._plan, self._plan.messages
        started, cpu = time.monotonic(), time.process_time()
        last_heard = started
        for publisher in self._publishers if plan.rate is None else ():
            publisher.allowed = len(publisher.batch.ends)
        self._write_all()
        released = 0
        while left:
            if plan.rate is not None and plan.rate > TICKED_RATE:
                time.sleep(TICK_S)
            now = time.monotonic()
            if plan.rate is not None:
                released = self._release(released, int((now - started) * plan.rate) + 1)
            for key, mask in self._selector.select(self._patience_s(released, now - started)):
                heard = self._serve(key.data, mask)
                left -= heard
                last_heard = time.monotonic() if heard else last_heard
            self._reconnect()
            due = released if plan.rate is not None else plan.messages
            if due == plan.messages - left:
                last_heard = time.monotonic()
            if time.monotonic() - last_heard > plan.give_up_s:
                raise LoadError(f"{left} of {plan.messages} not confirmed; the broker is silent")
        took_s = time.monotonic() - started
        return Result(
            plan.messages,
            took_s,
            time.process_time() - cpu,
            self._prepare_s,
            self._reconnects,
            self._prepared,
        )

    def close(self) -> None:
        """Disconnect everybody."""
        for publisher in self._publishers:
            publisher.close()
        self._selector.close()

    def _release(self, released: int, due: int) -> int:
        """Allow messages up to `due` of all, in their order; return how many are allowed."""
        due = min(due, self._plan.messages)
        ids, count = self._prepared.ids, len(self._publishers)
        for k in range(released, due):
            publisher = self._publishers[k % ids % count]
            publisher.allowed += 1
            self._write(publisher)
        return due

    def _patience_s(self, released: int, passed_s: float) -> float:
        """Return how long to wait for the broker before something else is due."""
        if self._away:
            return RECONNECT_S / 10
        if self._plan.rate is None or released >= self._plan.messages:
            return 1.0
        return max(0.0, released / self._plan.rate - passed_s)

    def _serve(self, publisher: Publisher, mask: int) -> int:
        try:
            heard = publisher.read() if mask & selectors.EVENT_READ else 0
        except OSError:
            self._lose(publisher)
            return 0
        self._write(publisher)
        return heard

    def _write(self, publisher: Publisher) -> None:
        try:
            is_full = publisher.write(self._plan.window)
        except OSError:
            self._lose(publisher)
            return
        if publisher.sock is not None:
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if is_full else 0)
            if self._selector.get_key(publisher.sock).events != wanted:
                self._selector.modify(publisher.sock, wanted, publisher)

    def _write_all(self) -> None:
        for publisher in self._publishers:
            self._write(publisher)

    def _watch(self, publisher: Publisher) -> None:
        assert publisher.sock is not None
        self._selector.register(publisher.sock, selectors.EVENT_READ, publisher)

    def _lose(self, publisher: Publisher) -> None:
        if publisher.sock is not None:
            self._selector.unregister(publisher.sock)
            publisher.sock.close()
            publisher.sock = None
        self._away.append((time.monotonic() + RECONNECT_S, publisher))

    def _reconnect(self) -> None:
        now = time.monotonic()
        due = [publisher for at, publisher in self._away if at <= now]
        self._away = [(at, publisher) for at, publisher in self._away if at > now]
        for publisher in due:
            try:
                publisher.connect()
            except OSError:
                self._lose(publisher)
                continue
            self._reconnects += 1
            self._watch(publisher)
            self._write(publisher)


def run(plan: Plan, broker: Broker) -> Result:
    """Prepare, connect, send and disconnect."""
    load = Load(plan, broker)
    load.prepare()
    try:
        load.connect()
        return load.send()
    finally:
        load.close()
