"""What providers push to us: receipts of texts that were sent, and texts in reply.

A push is decoded into what any channel receives, or refused as a whole with what is wrong; it may
come again, and says the same then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeVar

import msgspec

from alerts.channels.base import DeliveryReport, IncomingText, Outcome
from alerts.channels.gsm import numbers

Pushed = DeliveryReport | IncomingText

LONGEST_TEXT = 2000
"""Characters of a reply: a text has 500 at most, and nobody answers at such length."""

_CHINA = timezone(timedelta(hours=8))
_DAY_AND_TIME = ("%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S")
_NO_WORD = re.compile(r"[^a-z0-9]+")

T = TypeVar("T")


class BadPushError(ValueError):
    """A body that cannot be what the provider pushes; the message says why, and repeats nothing."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one provider pushes: what reads it, and the answers it expects."""

    read: Callable[[str, bytes], Sequence[Pushed]]
    """Channel's name and body; raises `BadPushError`."""
    taken: bytes
    refused: bytes


def items_of(body: bytes, kind: type[T]) -> list[T]:
    """Decode one item or a list of them. Raises `BadPushError`."""
    try:
        found: list[T] | T = msgspec.json.decode(body, type=list[kind] | kind, strict=False)  # type: ignore[valid-type]
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise BadPushError(_without_values(str(error))) from None
    except UnicodeDecodeError:
        raise BadPushError("the body is not UTF-8") from None
    return found if isinstance(found, list) else [found]


def each(items: Iterable[T], read: Callable[[T], Pushed | None]) -> list[Pushed]:
    """Read all items, or raise `BadPushError` naming the first that is neither kind."""
    done = []
    for place, item in enumerate(items, start=1):
        pushed = read(item)
        if pushed is None:
            raise BadPushError(f"item {place} is neither a receipt nor a reply")
        done.append(pushed)
    return done


def receipt(
    channel: str, reference: str, phone: str, code: str, *, is_delivered: bool
) -> DeliveryReport:
    """Make a delivery report; `code` is the carrier's word."""
    outcome = Outcome.DELIVERED if is_delivered else Outcome.FAILED_PERMANENT
    reason = "handset_has_it" if is_delivered else f"undelivered_{_word(code)}"
    return DeliveryReport(channel, reference, numbers.normalise(phone), outcome, reason)


def reply(channel: str, phone: str, text: str, sent_at: datetime | None) -> IncomingText:
    """Make an incoming text."""
    return IncomingText(channel, numbers.normalise(phone), text[:LONGEST_TEXT], sent_at)


def china_time(written: str) -> datetime | None:
    """Read a time as both providers write it, in Chinese time; None where it is none."""
    for form in _DAY_AND_TIME:
        try:
            return datetime.strptime(written, form).replace(tzinfo=_CHINA).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def unix_time(seconds: float | None) -> datetime | None:
    """Read seconds since 1970; None where they are no time."""
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _word(code: str) -> str:
    return _NO_WORD.sub("_", code.lower()).strip("_")[:32] or "unknown"


def _without_values(said: str) -> str:
    """Drop what msgspec quotes from the body: it may be somebody's number."""
    return re.sub(r"'[^']*'", "…", said)
