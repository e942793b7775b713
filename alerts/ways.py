"""By which ways a person is told: each a channel and an address, the first tried first.

A notice's *leg* counts along the ways of its contact for texts that carry something so severe.
Pushes are counted apart: no way for texts is worn out by them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from alerts.model import Severity


class Way(NamedTuple):
    """One channel with one address of a contact; its `repr` leaves out the address."""

    channel: str
    to: str  # a phone in E.164, or what else the channel sends to

    @property
    def address(self) -> str:
        """Where it leads; a channel's own group stands under its name."""
        return self.to or self.channel

    def __repr__(self) -> str:
        return f"Way({self.channel!r})"


Ways = Callable[[str], Sequence[Way]]
"""The ways of a contact by its id, best first; none for one who is known no more."""


def carrying(
    ways: Sequence[Way], severity: Severity, least: Mapping[str, Severity]
) -> tuple[Way, ...]:
    """Return the ways whose channel carries something so severe; `least` names each channel's.

    Where no channel carries it all do: a person is rather told by a dear way than not at all.
    """
    carried = tuple(way for way in ways if severity >= least.get(way.channel, Severity.HEALTH))
    return carried or tuple(ways)


@dataclass(frozen=True, slots=True)
class Legs:
    """The ways of a contact that carry something, the first tried first; some of them push."""

    ways: tuple[Way, ...] = ()
    outside: frozenset[str] = frozenset()  # channels that push

    @property
    def texts(self) -> int:
        """Count the ways for texts: legs."""
        return sum(way.channel not in self.outside for way in self.ways)

    @property
    def pushes(self) -> int:
        """Count the ways for pushes."""
        return len(self.ways) - self.texts

    def next(self, leg: int, push: int | None, passed_over: Collection[str]) -> Way | None:
        """Return the way of a leg; where its channel is passed over, the next one that is not.

        After the last leg only pushes are left, from that with the number `push`; None strikes
        them all out. None is returned where nothing is left, or everything is passed over.
        """
        texts = [place for place, way in enumerate(self.ways) if way.channel not in self.outside]
        pushes = [place for place, way in enumerate(self.ways) if way.channel in self.outside]
        left = [] if push is None else pushes[push:]
        if push is not None and not left:  # a contact's ways may have become fewer
            leg = min(leg, len(texts) - 1)
        if leg < len(texts):
            first = texts[leg - 1] + 1 if leg > 0 else 0
            left = sorted({*texts, *left}, key=lambda place: (place < first, place))
        around = (self.ways[place] for place in left)
        return next((way for way in around if way.channel not in passed_over), None)
