"""What outlives one opening of the port, shared by the driver's thread and the channel's face.

The thread writes, the face reads single attributes and appends jobs; nothing needs a lock.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from alerts.channels.base import ChannelHealth, Outcome
from alerts.channels.gsm.at import Patience
from alerts.channels.gsm.facts import COUNTED
from alerts.channels.gsm.inbox import Inbox
from alerts.channels.gsm.job import Job
from alerts.channels.gsm.network import Network
from alerts.channels.gsm.pace import WARN_AT, Pace
from alerts.channels.gsm.pin import Pin

STARTING, READY, STOPPED = "starting", "ready", "stopped"
SILENT_AFTER_S = 30.0
"""With one text unanswered for so long, other notices are better off elsewhere."""


@dataclass(slots=True)
class Shared:
    """The state of one modem channel."""

    clock: Callable[[], float]
    patience: Patience
    pin: Pin
    inbox: Inbox
    pace: Pace
    is_lte_only: bool = False
    network: Network = field(default_factory=Network)
    jobs: deque[Job] = field(default_factory=deque)
    unpassed: deque[str] = field(default_factory=deque)  # PDUs of which the modem has no copy
    is_stopping: bool = False
    reason: str = STARTING
    sending_since: float | None = None  # a text is with the modem
    sent_at: float | None = None  # when the network last took a text
    about: dict[str, str] = field(default_factory=dict)  # what the modem said when it was set up
    facts: dict[str, str] = field(default_factory=dict)
    attempts: Counter[Outcome] = field(default_factory=Counter)

    def count(self, fact: str) -> None:
        """Add one to a fact that counts."""
        self.facts[fact] = str(int(self.facts.get(fact, "0")) + 1)

    def health(self) -> ChannelHealth:
        """Say from what is known whether a text could go out now, and what people should know."""
        now = self.clock()
        reason, since = self.reason, self.sending_since
        if reason == READY and since is not None and now - since > SILENT_AFTER_S:
            reason = "no_answer_yet"
        elif reason == READY and self.network.is_down(now):
            reason = "not_registered"
        facts = {**self.about, **self.network.facts, **self.facts}
        facts |= {f"{outcome}_count": str(self.attempts[outcome]) for outcome in COUNTED}
        facts |= {f"received_{what}": str(n) for what, n in dict(self.inbox.counts).items()}
        if self.sent_at is not None:
            facts["last_sent_s_ago"] = f"{now - self.sent_at:.0f}"
        parts_left = self.pace.parts_left(now)
        if parts_left is not None:
            facts["allowance_left"] = str(parts_left)
        facts["allowance_spent"] = f"{self.pace.spent_share(now):.0%}"
        if self.pace.spent_share(now) >= WARN_AT:
            facts["allowance_warning"] = "four fifths of what the SIM may send are spent"
        return ChannelHealth(reason == READY, reason, facts)
