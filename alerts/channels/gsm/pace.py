"""How many parts a SIM may send: carriers suspend a number that sends too many.

A 2009 agreement of the three mainland operators allows 200 an hour or 1,000 a day; their present
thresholds are undisclosed, so the defaults stay far below. A text is counted by its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

RESERVE = 0.2
"""The share of each allowance that only critical texts may use."""
WARN_AT = 0.8
"""The share spent at which a person is told."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most `parts` at once, refilled evenly over `over_s` seconds."""

    parts: float
    over_s: float


_HOUR_S, _DAY_S = 3600.0, 86400.0
_BURST = Allowance(5, 30.0)
"""One part in six seconds: what a modem on the air takes to send one."""

Spent = tuple[float, int]
"""How many seconds ago parts were given to the network, or may have been, and how many."""


def allowances_of(parts_per_hour: int = 30, parts_per_day: int = 150) -> tuple[Allowance, ...]:
    """Return the allowances of a SIM that may send so much."""
    return (_BURST, Allowance(parts_per_hour, _HOUR_S), Allowance(parts_per_day, _DAY_S))


DEFAULT_ALLOWANCES = allowances_of()


class Pace:
    """Token buckets in parts; without allowances nothing is limited.

    `spent` is what went out before, in any order: a gateway that restarts owes it still. Before
    the oldest of it nothing is known to have been spent.

    One thread spends; any may ask, because what is left is one value, replaced whole.
    """

    def __init__(
        self, allowances: Sequence[Allowance], now: float, spent: Iterable[Spent] = ()
    ) -> None:
        self._allowances = tuple(allowances)
        past = sorted(((max(0.0, age_s), parts) for age_s, parts in spent), reverse=True)
        begun_at = now - past[0][0] if past else now
        self._left = (begun_at, tuple(allowance.parts for allowance in self._allowances))
        for age_s, parts in past:
            self.spend(parts, now - age_s)

    def wait_s(self, parts: int, now: float, *, is_critical: bool) -> float:
        """Return how long until `parts` may go, 0.0 for now.

        A text larger than a bucket waits until that is full.
        """
        longest = 0.0
        for allowance, left in self._left_at(now):
            kept = 0.0 if is_critical else allowance.parts * RESERVE
            missing = min(parts + kept, allowance.parts) - left
            longest = max(longest, missing * allowance.over_s / allowance.parts)
        return longest

    def spend(self, parts: int, now: float) -> None:
        """Count parts that were given to the network, or may have been."""
        self._left = (now, tuple(left - parts for _, left in self._left_at(now)))

    def parts_left(self, now: float) -> int | None:
        """Return how many parts could go at once, the reserve included; None without allowances."""
        return min((max(0, int(left)) for _, left in self._left_at(now)), default=None)

    def spent_share(self, now: float) -> float:
        """Return how much of the scarcest allowance is spent, 0.0 to 1.0 and above."""
        return max((1 - left / one.parts for one, left in self._left_at(now)), default=0.0)

    def _left_at(self, now: float) -> list[tuple[Allowance, float]]:
        at, lefts = self._left
        passed = max(0.0, now - at)
        return [
            (one, min(one.parts, left + passed * one.parts / one.over_s))
            for one, left in zip(self._allowances, lefts, strict=True)
        ]
