"""What would have been sent beside what was: same, new or gone. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SAME_WITHIN = timedelta(seconds=10)
"""A text this close to one that was sent, to the same person and of the same kind, is that one."""


class Mark(StrEnum):
    """How a text of the replay compares with what was sent."""

    SAME = "="
    NEW = "+"
    GONE = "-"


@dataclass(frozen=True, slots=True)
class Text:
    """One text, sent or as it would have been."""

    at: datetime
    contact: str
    kind: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the comparison."""

    mark: Mark
    text: Text


def compare(would: Iterable[Text], was: Iterable[Text]) -> list[Line]:
    """Pair each text with the one that was sent at that time; what has no pair is new, or gone.

    Answers to people are left out: they follow from what people wrote, not from the policy.
    """
    left = [text for text in was if text.kind != "answer"]
    lines = []
    for text in would:
        if text.kind == "answer":
            continue
        pair = next((each for each in left if _is_same(each, text)), None)
        if pair is not None:
            left.remove(pair)
        lines.append(Line(Mark.NEW if pair is None else Mark.SAME, text))
    lines += [Line(Mark.GONE, text) for text in left]
    return sorted(lines, key=lambda line: (line.text.at, line.mark, line.text.contact))


def _is_same(one: Text, other: Text) -> bool:
    is_near = abs(one.at - other.at) <= SAME_WITHIN
    return is_near and (one.contact, one.kind) == (other.contact, other.kind)
