"""What comes in, from PDU to `receive`, and which copies in the modem may then be deleted.

A copy is deleted only after `receive` (or `keep`) returned: whatever happens before is read again
from the modem, and known again by sender, stamp and text for 24 hours.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from alerts.channels.base import DeliveryReport, IncomingText, Receive
from alerts.channels.gsm import numbers, pdu, report, userdata
from alerts.channels.gsm.deliver import Deliver
from alerts.channels.gsm.octets import PduError
from alerts.channels.gsm.reassembly import Reassembly
from alerts.channels.gsm.report import StatusReport

SEEN_FOR_S = 24 * 3600.0
_MOST_SEEN = 10_000


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the modem keeps one message."""

    store: str
    index: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that is no text for people, as it came: nothing is thrown away unread."""

    channel: str
    pdu: str
    reason: str  # "undecodable: …", "not_for_people", "parts_missing", "not_incoming"


Keep = Callable[[Kept], None]
"""Called like `Receive`, for what is not a text; returns once it is on the disk, or raises."""


@dataclass(frozen=True, slots=True)
class _Copy:
    pdu: str
    slot: Slot | None


class Inbox:
    """Takes every PDU that a modem has; remembers across the modem's resets."""

    def __init__(self, channel: str, receive: Receive, keep: Keep) -> None:
        self._channel = channel
        self._receive = receive
        self._keep = keep
        self._reassembly: Reassembly[_Copy] = Reassembly()
        self._seen: dict[bytes, float] = {}  # oldest first
        self.counts: Counter[str] = Counter()

    def take(self, raw: str, slot: Slot | None, now: float) -> list[Slot]:
        """Pass one PDU on; return the copies that may be deleted. Raises what `receive` raises."""
        copy = _Copy(raw, slot)
        self._forget_old(now)
        if self._is_seen(_digest(raw.encode())):
            return self._kept_nowhere([copy])  # deleting it failed, or the modem stored it twice
        try:
            message = pdu.decode(raw)
            if isinstance(message, StatusReport):
                self._receive(self._report_of(message))
                return self._done([copy], "reports", now)
            if isinstance(message, Deliver):
                return self._take_text(message, copy, now)
        except PduError as error:
            return self._set_aside([copy], f"undecodable: {error}", now)
        return self._set_aside([copy], "not_incoming", now)

    def give_up_old_parts(self, now: float) -> list[Slot]:
        """Keep raw what has waited for its other parts for 24 hours."""
        return self._set_aside(self._reassembly.expire(now), "parts_missing", now)

    def give_up_parts(self, now: float) -> list[Slot]:
        """Keep raw what waits for other parts, so that the modem's full store can be emptied."""
        return self._set_aside(self._reassembly.give_up_all(), "parts_missing", now)

    def _take_text(self, part: Deliver, copy: _Copy, now: float) -> list[Slot]:
        if not part.is_for_people:
            return self._set_aside([copy], "not_for_people", now)
        if self._is_seen(_print_of(part)):
            return self._kept_nowhere([copy])
        if part.user.concat is None:
            return self._take_whole((part,), (copy,), now)
        taken = self._reassembly.take(part, part.user.concat, copy, now)
        done = self._set_aside(taken.given_up, "parts_missing", now)
        if taken.parts:
            done += self._take_whole(taken.parts, taken.tickets, now)
        return done

    def _take_whole(
        self, parts: tuple[Deliver, ...], copies: tuple[_Copy, ...], now: float
    ) -> list[Slot]:
        try:
            text = userdata.text_of(part.user for part in parts)
        except PduError as error:
            self._reassembly.forget(parts)
            return self._set_aside(copies, f"undecodable: {error}", now)
        sender = numbers.normalise(parts[0].number)
        self._receive(IncomingText(self._channel, sender, text, parts[0].sent_at))
        self._reassembly.forget(parts)
        for part in parts:
            self._seen[_print_of(part)] = now
        return self._done(copies, "texts", now)

    def _report_of(self, message: StatusReport) -> DeliveryReport:
        outcome, reason = report.outcome_of(message.status)
        number = numbers.normalise(message.number)
        return DeliveryReport(self._channel, str(message.reference), number, outcome, reason)

    def _set_aside(self, copies: Iterable[_Copy], reason: str, now: float) -> list[Slot]:
        copies = list(copies)
        for copy in copies:
            self._keep(Kept(self._channel, copy.pdu, reason))
        return self._done(copies, reason.partition(":")[0], now) if copies else []

    def _done(self, copies: Iterable[_Copy], what: str, now: float) -> list[Slot]:
        self.counts[what] += 1
        slots = []
        for copy in copies:
            self._seen[_digest(copy.pdu.encode())] = now
            if copy.slot is not None:
                slots.append(copy.slot)
        return slots

    def _kept_nowhere(self, copies: Iterable[_Copy]) -> list[Slot]:
        self.counts["duplicates"] += 1
        return [copy.slot for copy in copies if copy.slot is not None]

    def _is_seen(self, key: bytes) -> bool:
        return key in self._seen

    def _forget_old(self, now: float) -> None:
        surplus = len(self._seen) - _MOST_SEEN
        for key, at in list(self._seen.items()):
            if surplus <= 0 and now - at < SEEN_FOR_S:
                break
            del self._seen[key]
            surplus -= 1


def _print_of(part: Deliver) -> bytes:
    """Return what tells a copy from another text: sender, stamp, place and body."""
    sender = numbers.normalise(part.number).encode()
    place = repr(part.user.concat).encode()
    return _digest(b"\0".join((sender, part.stamp, place, part.user.body)))


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
