"""Texts that stand for several: what a text adds of the others, the morning's digest, and more.

Each is one segment of at most 70 UTF-16 units, with room kept for the mark of a text sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alerts.evidence import WORST_FIRST
from alerts.model import ConditionKind, Severity
from alerts.render import MOST_OTHERS, clean, cut, room, units
from alerts.wording import WORDINGS, Wording


def with_others(short_text: str, others: int, language: str = "zh") -> str:
    """Add how many other incidents wait on the platform: "… 另有3起，见平台".

    `short_text` has the room for it. A text that does not is left as it is, and so is one with no
    others.
    """
    added = f"{short_text} {others_in_words(others, language)}".rstrip()
    return added if units(added) <= room(WORDINGS[language]) else short_text


def others_in_words(others: int, language: str = "zh") -> str:
    """Say by itself how many other incidents wait, "" where none do.

    A provider's variable may hold as little as twelve characters: in Chinese it never is longer.

    >>> others_in_words(3)
    '另有3起，见平台'
    """
    if others < 1:
        return ""
    return WORDINGS[language].others.format(n=min(others, MOST_OTHERS))


def digest(headlines: Mapping[ConditionKind, int], language: str = "zh") -> str:
    """Say in one text what waited for the morning: how often each thing happened, worst first.

    What finds no room is counted together.

    >>> digest({ConditionKind.BATTERY_LOW: 1, ConditionKind.SILENT: 3})
    '【门神】夜间设备失联3起、设备电量低1起，见平台'
    """
    words = WORDINGS[language]
    found = [
        (words.what[kind].shortest, headlines[kind])
        for kind in WORST_FIRST
        if headlines.get(kind, 0) > 0
    ]
    for named in range(len(found), -1, -1):
        text = _digest(words, found[:named], sum(count for _, count in found[named:]))
        if units(text) <= room(words):
            return text
    raise AssertionError("a digest that names nothing is short")


def outside(number: str, severity: Severity, link: str, language: str = "zh") -> str:
    """Say to a service outside the gateway that something happened: never where, nor what.

    A link that finds no room is left out: half of one leads nowhere.
    """
    words = WORDINGS[language]
    for each in (link, ""):
        said = words.outside.format(urgency=words.urgency[severity], number=number, link=each)
        text = words.signature + said.rstrip()
        if units(text) <= room(words):
            break
    return text


def test_text(token: str, gateway: str, language: str = "zh") -> str:
    """Write the text that proves that texts arrive; the gateway's name gives way to the token."""
    words = WORDINGS[language]
    left = room(words) - units(words.signature + words.test.format(token=token, gateway=""))
    said = words.test.format(token=token, gateway=cut(clean(gateway), max(left, 1)))
    return words.signature + said


def _digest(words: Wording, named: Sequence[tuple[str, int]], rest: int) -> str:
    parts = [
        words.digest_part.format(what=what, n=min(count, MOST_OTHERS)) for what, count in named
    ]
    if rest:
        parts.append(words.digest_rest.format(n=min(rest, MOST_OTHERS)))
    return words.signature + words.digest.format(parts=words.digest_join.join(parts))
