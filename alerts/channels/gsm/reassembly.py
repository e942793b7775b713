"""Joins the parts of texts that come in any order, twice, or never.

Time is an argument (monotonic seconds). Sets are few and short-lived, so that a stranger sending
first parts without end costs nothing but his own: what is given up comes back to the caller, to
keep raw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from alerts.channels.gsm import numbers
from alerts.channels.gsm.deliver import Deliver
from alerts.channels.gsm.userdata import Concat

WAIT_S = 24 * 3600.0
SETS_PER_SENDER = 20
SETS = 200

Ticket = TypeVar("Ticket")
"""What the caller wants back with each part: where its own copy lies."""

_Key = tuple[str, int, int, int]


@dataclass(slots=True)
class _Set(Generic[Ticket]):
    began: float
    parts: dict[int, Deliver] = field(default_factory=dict)
    tickets: dict[Ticket, None] = field(default_factory=dict)  # a set that keeps its order


@dataclass(frozen=True, slots=True)
class Taken(Generic[Ticket]):
    """What one part led to. `parts`, in order, are set once the text is whole."""

    parts: tuple[Deliver, ...] = ()
    tickets: tuple[Ticket, ...] = ()  # of the whole text
    given_up: tuple[Ticket, ...] = ()  # of other sets, too old or too many


class Reassembly(Generic[Ticket]):
    """The texts that still lack a part."""

    def __init__(self) -> None:
        self._sets: dict[_Key, _Set[Ticket]] = {}  # oldest first

    def __len__(self) -> int:
        return len(self._sets)

    def take(self, part: Deliver, concat: Concat, ticket: Ticket, now: float) -> Taken[Ticket]:
        """Add one part; the same part again only adds its ticket."""
        key = (numbers.normalise(part.number), concat.ref, concat.bits, concat.total)
        given_up = self.expire(now)
        known = self._sets.get(key)
        if known and concat.part in known.parts and known.parts[concat.part].user != part.user:
            given_up += self._give_up([key])  # the sender's references came round
        if key not in self._sets:
            given_up += self._make_room(key[0])
            self._sets[key] = _Set(now)
        entry = self._sets[key]
        entry.parts.setdefault(concat.part, part)
        entry.tickets[ticket] = None
        if len(entry.parts) < concat.total:
            return Taken(given_up=given_up)
        return Taken(
            tuple(entry.parts[place] for place in sorted(entry.parts)),
            tuple(entry.tickets),
            given_up,
        )

    def forget(self, parts: Sequence[Deliver]) -> None:
        """Drop the set of a whole text, once it is safe elsewhere."""
        for key, entry in list(self._sets.items()):
            if parts and entry.parts.get(_place(parts[0])) is parts[0]:
                del self._sets[key]

    def expire(self, now: float) -> tuple[Ticket, ...]:
        """Give up what has waited for 24 hours, and return its tickets."""
        return self._give_up(
            [key for key, entry in self._sets.items() if now - entry.began >= WAIT_S]
        )

    def give_up_all(self) -> tuple[Ticket, ...]:
        """Give up everything, for a store that is full."""
        return self._give_up(list(self._sets))

    def _make_room(self, sender: str) -> tuple[Ticket, ...]:
        own = [key for key in self._sets if key[0] == sender]
        surplus = own[: len(own) - SETS_PER_SENDER + 1] if len(own) >= SETS_PER_SENDER else []
        if not surplus and len(self._sets) >= SETS:
            surplus = [next(iter(self._sets))]
        return self._give_up(surplus)

    def _give_up(self, keys: Sequence[_Key]) -> tuple[Ticket, ...]:
        return tuple(ticket for key in keys for ticket in self._sets.pop(key).tickets)


def _place(part: Deliver) -> int:
    return part.user.concat.part if part.user.concat else 1
