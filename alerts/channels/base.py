"""The protocol every channel speaks: it sends one text and says truthfully what became of it.

Delivery words mean one thing each (`Outcome`); the outcome, not the caller, says whether trying
again can help.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
class Message:
    """What is to be said to one person, in each form that a channel may need."""

    text: str  # in full, one segment
    template: str = ""  # what kind of message it is: a provider has one text approved for each
    fields: Mapping[str, str] = field(default_factory=dict)
    """What fills such a template: number, place, what, when, level, ask, lead, others."""
    is_critical: bool = True  # may use what is held in reserve
    is_help: bool = False  # somebody calls for help: no limit holds it


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send. `references` name each part in later delivery reports."""

    outcome: Outcome
    reason: str  # stable lower_snake_case, e.g. "cms_38", "no_answer", "network_took_it"
    references: tuple[str, ...] = ()
    detail: str = ""  # for the maintainer: what the modem or provider said, no personal data
    retry_after_s: float | None = None  # where known: trying again earlier can't help
    parts: int = 1  # that were given to the network, or may have been; each costs


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


Noted = Callable[[str], None]
"""Called from the channel's own thread with the network's name for a part, as soon as it is known.

It returns once that is on the disk; only then may anything else be asked of a modem. Never raises.
"""


def not_noted(reference: str) -> None:
    """Take a reference that nobody keeps."""


class Channel(Protocol):
    """One means of telling people."""

    name: str
    is_outside: bool
    """Whether a service outside hears the text: it is told a number and a link, never a house."""
    slowest_s: float
    """The longest one `send` may take; a claim's lease is longer than that."""

    async def send(self, to: str, message: Message, noted: Noted = not_noted) -> Attempt:
        """Send to one address. Never raises for what the network or device does."""
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
