"""How often a program may ask: no token can keep the gateway from its own work."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

PER_S: Final = 10.0
"""Ours: more than a program that looks every second asks, of each list there is."""
AT_ONCE: Final = 200.0
"""Ours: a program that starts reads every list once."""


@dataclass(slots=True)
class Pace:
    """Counts what each account asks."""

    _left: dict[str, tuple[float, datetime]] = field(default_factory=dict)

    def wait_s(self, account: str, now: datetime) -> int:
        """Count a request; return after how many seconds to ask again, 0: it may be answered."""
        left, at = self._left.get(account, (AT_ONCE, now))
        passed_s = max(0.0, (now - at).total_seconds())  # a clock that was set back
        left = min(AT_ONCE, left + passed_s * PER_S)
        self._left[account] = (max(left - 1, 0) if left >= 1 else left, now)
        return 0 if left >= 1 else math.ceil((1 - left) / PER_S)
