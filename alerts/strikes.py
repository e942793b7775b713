"""Limits on what leads to nothing: numbers tried that a phone was not sent, and answers to them.

Whoever tries number after number must not find one that is right: after some the phone is ignored
for a while, right numbers too, since the sender of a text is not proven and a right one may be a
guess. And two machines that answer each other must stop: what leads to nothing is answered a few
times an hour. Pure; kept by contact, and rebuilt from the texts on record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from alerts.reason import Reason

ANSWERS = 3
ANSWERS_WITHIN = timedelta(hours=1)
"""So many answers an hour to what leads to nothing; about an incident, so many for each (ours)."""
GUESSES = 5
GUESSES_WITHIN = timedelta(minutes=10)
IGNORED_FOR = timedelta(minutes=30)
"""So many wrong numbers within this long, and a phone is ignored for that long: with three
incidents open, a guesser has one chance in 600 each time (ours)."""
KEPT = timedelta(hours=2)
"""How long texts on record are looked at again after a start."""

WRONG = frozenset({Reason.NUMBER_UNKNOWN, Reason.NOT_SENT_TO_YOU})
PRODUCTIVE = frozenset({Reason.REPLIED, Reason.DEALT_WITH})
"""Something came of it: what the phone wrote before is forgotten."""
_SERVICE = re.compile(r"(?:\+?86)?(?:1[0-2]\d+|9[56]\d{3,6})")  # 10086, 106..., 12345, 95588
_NUMBER = re.compile(r"\+?\d+")


@dataclass(frozen=True, slots=True)
class Strikes:
    """What a phone wrote of late that led to nothing."""

    wrong: tuple[datetime, ...] = ()  # numbers that it was not sent
    answered: tuple[tuple[datetime, str], ...] = ()  # and about which number, "" for none
    ignored_until: datetime | None = None


class Written(NamedTuple):
    """A text on record, from the phone of a contact."""

    contact: str
    reason: str  # what came of it
    received_at: datetime


def is_person(sender: str) -> bool:
    """Say whether a sender may be somebody's phone.

    A name in letters and the short numbers of services are not: they would answer back for ever,
    and some cost money.
    """
    number = sender.strip()
    return _NUMBER.fullmatch(number) is not None and _SERVICE.fullmatch(number) is None


def is_ignored(strikes: Strikes, now: datetime) -> bool:
    """Say whether nothing that this phone writes is taken now.

    A time further ahead than any that is ever set comes of a clock that was wrong.
    """
    until = strikes.ignored_until
    return until is not None and now < until <= now + IGNORED_FOR


def led_to_nothing(
    strikes: Strikes, reason: Reason, about: str, now: datetime
) -> tuple[Strikes, Reason | None]:
    """Count a text of which nothing came, `about` a number that the phone was sent, or "".

    Returns:
        The new count; and why it is not answered: `ANSWERS_USED_UP`, or `GUESSING`, with which the
        phone begins to be ignored. None: it is answered.
    """
    wrong = _of_late(strikes.wrong, GUESSES_WITHIN, now)
    if reason in WRONG:
        wrong = (*wrong, now)
    if len(wrong) >= GUESSES:
        return Strikes(ignored_until=now + IGNORED_FOR), Reason.GUESSING
    answered = tuple(
        (at, number) for at, number in strikes.answered if now - ANSWERS_WITHIN < at <= now
    )
    counted = replace(strikes, wrong=wrong, answered=answered)
    if sum(number == about for _, number in answered) >= ANSWERS:
        return counted, Reason.ANSWERS_USED_UP
    return replace(counted, answered=(*answered, (now, about))), None


def remembered(written: Iterable[Written]) -> dict[str, Strikes]:
    """Count again what stands on record, in its order.

    What concerned an incident is left out: about which, the record does not say in clear.
    """
    found: dict[str, Strikes] = {}
    for contact, reason, at in written:
        if reason in PRODUCTIVE:
            found.pop(contact, None)
        elif reason in WRONG or reason == Reason.NOT_A_REPLY:
            before = found.get(contact, Strikes())
            found[contact], _ = led_to_nothing(before, Reason(reason), "", at)
    return found


def _of_late(times: tuple[datetime, ...], within: timedelta, now: datetime) -> tuple[datetime, ...]:
    return tuple(at for at in times if now - within < at <= now)
