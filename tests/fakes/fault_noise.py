"""Hostile bytes for a gateway: topics and payloads no honest device would send, from a seed.

All of it is what a broker lets through: anything else ends the sender's connection there.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.fakes.fault_publisher import Message

LARGEST = 16 * 1024
OVERSIZED = 19_000
"""More than the contract allows, and yet let through by the broker (20,480 with its header)."""


class Noise:
    """Makes message after message."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)

    def message(self) -> Message:
        """Return the next one."""
        return self._topic(), self._dice.choice(self._payloads)(self)

    def _topic(self) -> str:
        dice = self._dice
        device = dice.choice(
            (
                f"door-{dice.randrange(5)}",
                f"invented-{dice.randrange(10**9)}",
                "a" * dice.choice((1, 3, 4, 64, 65, 1000)),
                dice.choice(("门神", "../../etc", " ", "'; DROP TABLE journal; --", "\u202e", "")),
            )
        )
        last = dice.choice(
            ("event", "heartbeat", "status", "result", "received", "command", "", "x/y")
        )
        root = dice.choice(("menshen/v1/", "menshen/v1/", "menshen/v2/", "zigbee2mqtt/", ""))
        return f"{root}{device}/{last}"

    def _bytes(self) -> bytes:
        return self._dice.randbytes(self._dice.choice((0, 1, 2, 16, 255, 4096, LARGEST)))

    def _deep(self) -> bytes:
        depth = self._dice.choice((10, 1000, 8000))
        opening = self._dice.choice((b"[", b'{"a":'))
        return (opening * depth)[: LARGEST - 1]

    def _oversized(self) -> bytes:
        return b'{"seq":1,"boot":"b","kind":"door","state":"open","x":"' + b"y" * OVERSIZED + b'"}'

    def _almost(self) -> bytes:
        """A valid event with one thing wrong, or surprising."""
        dice = self._dice
        odd = dice.choice(
            (
                b"-1", b"1e999", b"NaN", b"99999999999999999999999", b"null", b"true", b'"1"',
                b'"\\ud800"', b'"\xff"', b'"\\u0000"', b"1.5", b"9223372036854775808", b"[]",
            )
        )  # fmt: skip
        fields = {
            b"seq": b"%d" % dice.randrange(2**40),
            b"boot": b'"b%d"' % dice.randrange(9),
            b"kind": b'"door"',
            b"state": b'"open"',
            b"at": b"1795280274.075",
            b"age_s": b"0",
            b"battery": b"50",
            b"part": b'"main"',
        }
        fields[dice.choice(list(fields))] = odd
        return b"{" + b",".join(b'"%s":%s' % each for each in fields.items()) + b"}"

    def _cut(self) -> bytes:
        whole = self._almost()
        return whole[: self._dice.randrange(len(whole))]

    def _beat(self) -> bytes:
        states = b",".join(
            b'"door/%d":"open"' % number for number in range(self._dice.randrange(900))
        )
        return b'{"boot":"b","seq":0,"uptime_s":1,"interval_s":1e-9,"states":{%s}}' % states

    _payloads: tuple[Callable[[Noise], bytes], ...] = (
        _bytes, _deep, _oversized, _almost, _almost, _cut, _beat,
    )  # fmt: skip
