"""What a load consists of: a seeded mix of openings, repeated states and heartbeats, as bytes.

Every id behaves as a device would: only a closed door opens, and the next state that it reports
is closed again; an opening drawn meanwhile comes after that. Events count `seq` up, heartbeats
carry the last one.
"""

import random
from array import array
from collections import Counter
from dataclasses import dataclass, field
from itertools import accumulate
from math import isclose

from firmware_sim.mqtt_packets import publish_head
from firmware_sim.payloads import topic

EVENT = (
    b'{"seq":%d,"boot":"%b","at":%.3f,"clock":"synced","kind":"door","state":"%b",'
    b'"battery":87,"rssi":-61}'
)
HEARTBEAT = (
    b'{"boot":"%b","seq":%d,"at":%.3f,"clock":"synced","uptime_s":%d,"interval_s":900,'
    b'"states":{"door":"%b","tamper":"off"},"battery":87,"rssi":-61}'
)
KINDS = ("open", "repeat", "heartbeat")
PACKET_IDS = 65_535


@dataclass(frozen=True, slots=True)
class Mix:
    """The shares of each kind of message; they add up to 1."""

    open: float = 0.05
    repeat: float = 0.45
    heartbeat: float = 0.50

    def __post_init__(self) -> None:
        """Refuse shares that are no shares."""
        shares = (self.open, self.repeat, self.heartbeat)
        if min(shares) < 0 or not isclose(sum(shares), 1.0, abs_tol=1e-6):
            raise ValueError(f"the shares of a mix add up to 1, these to {sum(shares):g}")


def parse(text: str) -> Mix:
    """Return the mix written as `open=0.05,repeat=0.45,heartbeat=0.5`; an absent kind is 0."""
    shares = dict.fromkeys(KINDS, 0.0)
    for item in text.split(","):
        kind, equals, share = item.partition("=")
        if not equals or kind not in shares:
            raise ValueError(f"{item!r} is no share; write kind=share, kind one of {KINDS}")
        shares[kind] = float(share)
    return Mix(**shares)


@dataclass(slots=True)
class Batch:
    """One connection's packets end to end: `ends[n]` is where packet n stops."""

    packets: bytearray = field(default_factory=bytearray)
    ends: "array[int]" = field(default_factory=lambda: array("Q"))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A load ready to send: message k of all goes over connection `k % len(batches)`."""

    batches: list[Batch]
    counts: Counter[str]
    ids: int


def prepare(
    *,
    devices: int,
    messages: int,
    connections: int,
    prefix: str,
    boot: str,
    seed: int,
    mix: Mix,
    starts_at: float,
    rate: float | None,
) -> Prepared:
    """Build every packet beforehand, about 0.25 KB each, so that sending costs next to nothing.

    The ids take turns. `starts_at` (seconds since 1970) and `rate` (messages a second) give each
    message the time at which it is meant to go out.
    """
    dice = random.Random(seed)
    drawn = dice.choices(KINDS, cum_weights=list(accumulate(_shares(mix))), k=messages)
    ids = min(devices, messages)
    street = _Doors(prefix, boot, ids)
    batches = [Batch() for _ in range(connections)]
    pause_s = 1.0 / rate if rate else 0.0
    for k, kind in enumerate(drawn):
        n = k % ids
        at = starts_at + k * pause_s
        head, body = street.heartbeat(n, at) if kind == "heartbeat" else street.event(n, at, kind)
        batch = batches[n % connections]
        packet_id = len(batch.ends) % PACKET_IDS + 1
        batch.packets += publish_head(head, packet_id, len(body))
        batch.packets += body
        batch.ends.append(len(batch.packets))
    return Prepared(batches, street.counts, ids)


class _Doors:
    """Every id's door and sequence, and its topics as bytes; each call makes the next message."""

    def __init__(self, prefix: str, boot: str, ids: int) -> None:
        names = [f"{prefix}-{n:06d}" for n in range(ids)]
        self._events = [topic(name, "event").encode() for name in names]
        self._heartbeats = [topic(name, "heartbeat").encode() for name in names]
        self._boot = boot.encode()
        self._seqs = [0] * ids
        self._are_open = bytearray(ids)
        self._owed = [0] * ids  # openings drawn while the door was open
        self.counts: Counter[str] = Counter()

    def event(self, n: int, at: float, kind: str) -> tuple[bytes, bytes]:
        """Return topic and body of an opening, of the closing after it, or of a repeated state."""
        self._seqs[n] += 1
        self._owed[n] += kind == "open"
        opens = bool(self._owed[n]) and not self._are_open[n]
        self._owed[n] -= opens
        self.counts["openings" if opens else "closings" if self._are_open[n] else "repeats"] += 1
        self._are_open[n] = opens
        state = b"open" if opens else b"closed"
        return self._events[n], EVENT % (self._seqs[n], self._boot, at, state)

    def heartbeat(self, n: int, at: float) -> tuple[bytes, bytes]:
        """Return topic and body of a heartbeat with the present state."""
        self.counts["heartbeats"] += 1
        state = b"open" if self._are_open[n] else b"closed"
        body = HEARTBEAT % (self._boot, self._seqs[n], at, self._seqs[n], state)
        return self._heartbeats[n], body


def _shares(mix: Mix) -> tuple[float, float, float]:
    return mix.open, mix.repeat, mix.heartbeat
