"""A push service as a `Channel`: it is told a number and a link, and its taking it is no proof.

What a service accepts counts as *sent* and never as *delivered*: it says nothing of the person.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from alerts.channels.base import (
    Attempt,
    ChannelHealth,
    Message,
    Noted,
    Outcome,
    not_noted,
)
from alerts.channels.beside import beside
from alerts.channels.gsm.pace import Allowance, Pace
from alerts.channels.push import answers, services
from alerts.channels.push.services import PushAddressError

ALLOWED = Allowance(10, 60.0)
"""Pushes to one address: with ten at once and ten in a minute never more than the 20 in any minute
that WeCom and DingTalk take; DingTalk takes nothing for ten minutes after more."""
FAILURES_IN_A_ROW = 3
"""After so many the channel counts as down ..."""
BACK_AFTER_S = 60.0
"""... and for so long; then the next push finds out (ours)."""


class PushChannel:
    """Pushes over one service, to a group or to each person's own address."""

    is_outside = True
    slowest_s = 25.0

    def __init__(
        self, name: str, url: str = "", *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the address of a group, or one with `{to}` for each person's own part, or none.

        Raises:
            PushAddressError: it is no such address, or Apprise is missing; never says the address.
        """
        self.name = name
        self._address = url
        self._clock = clock
        self._paces: dict[str, Pace] = {}
        self._failures = 0
        self._down_until = 0.0
        self._last = ""
        services.load()  # now, and not at three in the morning
        self._service = services.check(url) if url else ""

    def health(self) -> ChannelHealth:
        """Answer at once; a service that failed again and again is down for a minute."""
        facts = {"service": self._service or "each person's own"}
        if self._last:
            facts |= {"last answer": self._last, "failures in a row": str(self._failures)}
        if self._clock() < self._down_until:
            return ChannelHealth(is_up=False, reason=self._last, facts=facts)
        reason = "ready" if self._failures < FAILURES_IN_A_ROW else "trying_again"
        return ChannelHealth(is_up=True, reason=reason, facts=facts)

    async def open(self) -> None:
        """Nothing needs to be started: each push is a connection of its own."""

    async def close(self) -> None:
        """Nothing needs to be stopped."""

    async def send(self, to: str, message: Message, noted: Noted = not_noted) -> Attempt:  # noqa: ARG002  # no report will name it
        """Push to a person's own address, or where `to` is "" to the channel's group."""
        try:
            address = services.filled(self._address, to)
            service = services.make(address)
        except PushAddressError:
            return Attempt(Outcome.FAILED_PERMANENT, "wrong_address", parts=0)
        now = self._clock()
        pace = self._paces.setdefault(address, Pace((ALLOWED,), now))
        wait_s = pace.wait_s(1, now, is_critical=message.is_critical)
        if wait_s > 0:
            return Attempt(Outcome.NOT_TRIED, "pace", retry_after_s=wait_s, parts=0)
        pace.spend(1, now)
        try:
            heard = await beside(partial(service.ask, message.text), self.slowest_s)
        except TimeoutError:
            attempt = Attempt(Outcome.UNCONFIRMED, "no_answer")
        else:
            attempt = answers.meaning(service.name, heard)
        self._note(attempt)
        return attempt

    def _note(self, attempt: Attempt) -> None:
        """Count what speaks against the service; a refused address speaks against the address."""
        self._last = attempt.reason
        if attempt.outcome is Outcome.SENT:
            self._failures = 0
        elif attempt.outcome is not Outcome.FAILED_PERMANENT:
            self._failures += 1
            if self._failures >= FAILURES_IN_A_ROW:
                self._down_until = self._clock() + BACK_AFTER_S
