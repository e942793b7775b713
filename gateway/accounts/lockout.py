"""Guessing passwords is slow for the guesser, and never shuts out whoever knows the password.

Failures are counted for each address, and for each login over all addresses. A browser in which
somebody logged in before is counted by itself, so strangers who fail on a login delay strangers
only. Counts live in memory: nobody outside can restart a gateway.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

FREE: Final = 4
"""Failures without any delay: a person mistypes."""
FIRST_DELAY: Final = timedelta(seconds=2)
"""Doubled with each further failure ..."""
LONGEST_DELAY: Final = timedelta(minutes=15)
"""... up to this: 96 guesses a day (NIST SP 800-63B-4, 3.2.2 allows 100 in a row)."""
FORGOTTEN_AFTER: Final = timedelta(hours=24)
MOST_KEPT: Final = 10_000
"""Names counted at once; the one that failed longest ago is forgotten first."""


def delay_after(failures: int) -> timedelta:
    """Return how long after its last failure the next try is looked at."""
    if failures <= FREE:
        return timedelta()
    doubled: int = 2 ** min(failures - FREE - 1, 20)
    return min(FIRST_DELAY * doubled, LONGEST_DELAY)


def network_of(address: str) -> str:
    """Return what counts as one address: of IPv6 the 64 bits that a provider gives one customer."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


@dataclass(slots=True)
class _Count:
    failures: int
    last_at: datetime


@dataclass(slots=True)
class Lockout:
    """Counts failures by name."""

    _counts: OrderedDict[str, _Count] = field(default_factory=OrderedDict)

    def wait(self, names: list[str], now: datetime) -> timedelta:
        """Return how long the next try under any of these names has to wait; zero: not at all."""
        return max((self._wait(name, now) for name in names), default=timedelta())

    def failed(self, names: list[str], now: datetime) -> None:
        """Count a failure under each name."""
        for name in names:
            known = self._counts.pop(name, None)
            is_old = known is None or abs(now - known.last_at) >= FORGOTTEN_AFTER
            self._counts[name] = _Count(1 if is_old or not known else known.failures + 1, now)
        while len(self._counts) > MOST_KEPT:
            self._counts.popitem(last=False)

    def succeeded(self, names: list[str]) -> None:
        """Forget the failures under these names."""
        for name in names:
            self._counts.pop(name, None)

    def _wait(self, name: str, now: datetime) -> timedelta:
        known = self._counts.get(name)
        if known is None:
            return timedelta()
        # A clock that went back makes nobody wait longer than the delay itself.
        passed = max(now - known.last_at, timedelta())
        return max(delay_after(known.failures) - passed, timedelta())


def names(login: str, address: str, known_browser: str) -> list[str]:
    """Return under which names a try is counted.

    `known_browser`: names the browser, where `login` was logged in with it before; else empty.
    """
    if known_browser:
        return [f"browser {known_browser}"]
    return [f"address {network_of(address)}", f"login {login}"]
