"""One text to be sent, on its way from the caller to the thread that owns the port and back."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field

from alerts.channels.base import Attempt, Noted, Outcome, not_noted


@dataclass(slots=True)
class Job:
    """The parts of one text, and where its `Attempt` is awaited."""

    parts: list[bytes]
    queued_at: float  # monotonic
    is_critical: bool = True
    noted: Noted = not_noted
    is_exempt: bool = False  # a call for help: whatever the SIM has spent, it goes
    attempt: Future[Attempt] = field(default_factory=Future)

    def settle(self, attempt: Attempt) -> None:
        """Tell the caller, unless it no longer waits."""
        if not self.attempt.cancelled():
            self.attempt.set_result(attempt)

    def refuse(self, reason: str, retry_after_s: float | None = None) -> None:
        """Tell the caller that nothing went out."""
        if not self.attempt.running() and not self.attempt.set_running_or_notify_cancel():
            return
        self.settle(Attempt(Outcome.NOT_TRIED, reason, retry_after_s=retry_after_s))
