"""What homes and people are called in a report: masked, unless it was asked for in full. Pure.

Masked, a home is its building and a mark of five letters, the same in every report of its order;
nobody is named, and nothing that somebody typed is shown but what places and teams are called. In
full a home is its house code and address, and whoever acted their contact. Never a name or phone.
"""

from __future__ import annotations

import hashlib
from typing import Final

from gateway.reports.known import Home, Known

_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no words come of it; no figures, so that none is taken for an incident's."""
_LONG: Final = 5
"""Of 3.2 million marks: in a building of 100 homes two are alike in one of 640."""


def mark(watch: str) -> str:
    """Return what stands for a home in the reports of one order; it leads nowhere by itself."""
    digest = hashlib.blake2b(watch.encode(), digest_size=8, person=b"menshen report").digest()
    number = int.from_bytes(digest)
    letters = []
    for _ in range(_LONG):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "".join(letters)


class Naming:
    """Names what one report speaks of."""

    def __init__(self, known: Known, *, is_masked: bool) -> None:
        self.is_masked = is_masked
        self._known = known
        self._homes = {home.watch: home for home in known.homes}

    def house(self, home: Home) -> str:
        """Return a home's mark, or its house code."""
        return mark(home.watch) if self.is_masked else home.code

    def place(self, watch: str | None, building: str) -> str:
        """Return where something is; "" for the gateway itself."""
        home = self._homes.get(watch or "")
        if home is None:
            return self._known.places.building(building) if building else ""
        if self.is_masked:
            return f"{self._known.places.building(home.building)} · {mark(home.watch)}"
        return home.address

    def role(self, actor: str) -> str:
        """Return the role of whoever acted: that of a contact, `system`, or `operator`."""
        if actor in ("system", "announce_button"):
            return actor
        return self._known.roles.get(actor, "operator")

    def contact(self, actor: str) -> str:
        """Return who of a team acted, where that may be shown."""
        return "" if self.is_masked or actor not in self._known.roles else actor

    def device(self, device: str, place: str) -> str:
        """Return which device, where that may be shown."""
        return "" if self.is_masked else f"{device} {place}".rstrip()
