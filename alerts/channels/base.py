"""The protocol every channel speaks: it sends one text and says truthfully what became of it.

Delivery words mean one thing each (`Outcome`); the outcome, not the caller, says whether trying
again can help.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What became of one attempt."""

    SENT = "sent"  # the network took it; a delivery report may follow
    DELIVERED = "delivered"  # the handset (or the screen) has it
    FAILED_TEMPORARY = "failed_temporary"  # it did not go out; trying again may help
    FAILED_PERMANENT = "failed_permanent"  # it did not and will not go out to this address
    UNCONFIRMED = "unconfirmed"  # it may have gone out: no answer came
    NOT_TRIED = "not_tried"  # nothing was given to the network: down, busy, or sent too much


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send. `references` name each part in later delivery reports."""

    outcome: Outcome
    reason: str  # stable lower_snake_case, e.g. "cms_38", "no_answer", "network_took_it"
    references: tuple[str, ...] = ()
    detail: str = ""  # for the maintainer: what the modem or provider said, no personal data
    retry_after_s: float | None = None  # where known: trying again earlier can't help


@dataclass(frozen=True, slots=True)
class IncomingText:
    """A text that somebody sent us, all its parts joined."""

    channel: str
    sender: str  # E.164 where it is a phone ("+8613912345678"), else as the network gave it
    text: str
    sent_at: datetime | None  # the service centre's stamp, aware UTC


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What the network says became of one part that was sent earlier."""

    channel: str
    reference: str
    number: str
    outcome: Outcome  # DELIVERED, SENT (forwarded, unconfirmed), or one of the failures
    reason: str


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """Whether the channel could send now, and what a person should know of it."""

    is_up: bool
    reason: str  # stable lower_snake_case: "ready", "sim_pin_wanted", "not_registered", ...
    facts: dict[str, str]  # signal, operator, storage: for screens and `menshen doctor`


Receive = Callable[[IncomingText | DeliveryReport], None]
"""Called from the channel's own thread; returns once what came is on the disk, or raises.

Only then may the channel delete its copy.
"""


class Channel(Protocol):
    """One means of telling people."""

    name: str
    slowest_s: float
    """The longest one `send` may take; a claim's lease is longer than that."""

    async def send(self, to: str, text: str, *, is_critical: bool = True) -> Attempt:
        """Send one text to one address. Never raises for what the network or device does.

        What is critical may use what is held in reserve.
        """
        ...

    def health(self) -> ChannelHealth:
        """Answer at once, from what is known."""
        ...

    async def open(self) -> None:
        """Start. A device that is absent is no error: `health` says so and it is looked for."""
        ...

    async def close(self) -> None:
        """Stop, ending what is under way within a second or two."""
        ...
