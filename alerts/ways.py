"""By which ways a person is told: each a channel and an address, the first tried first.

A notice's *leg* counts along the ways of its contact that carry something so severe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from alerts.model import Severity


class Way(NamedTuple):
    """One channel with one address of a contact; its `repr` leaves out the address."""

    channel: str
    to: str  # a phone in E.164, or what else the channel sends to

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
