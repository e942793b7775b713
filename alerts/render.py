"""Texts of at most 70 UTF-16 units: one segment of a Chinese text, whatever goes into them.

What gives way, in this order: why the level is what it is, the wording of what happened, the
address but for its short form, where in the home the device hangs, who is missing, and the front
of the short address (its end names the door). The number, the level and the time never give way;
only where room is kept for saying how much else there is, the day and the level do. Room for the
mark of a text sent again is kept free from the start.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from alerts.model import ConditionKind, NoticeKind, Role
from alerts.policy import Opening
from alerts.reason import Reason
from alerts.wording import WORDINGS, Ask, Phrase, Say, Wording

LIMIT = 70
"""UTF-16 units in one UCS-2 segment (3GPP 23.040: 140 octets)."""
MOST_OTHERS = 999
"""How many others a text says there are at most: nobody counts on from there."""
ADDRESS_READ = 200
"""Characters of an address that are looked at; its end counts."""
LASTS = frozenset(
    {
        ConditionKind.LEFT_OPEN,
        ConditionKind.SILENT,
        ConditionKind.BATTERY_LOW,
        ConditionKind.MAINS_LOST,
        ConditionKind.CAMERA_COVERED,
        ConditionKind.CAMERA_FAULT,
        ConditionKind.FLOODING,
        ConditionKind.OUTAGE,
        ConditionKind.INTAKE_DOWN,
        ConditionKind.CHANNEL_DOWN,
    }
)
"""What is told as "since", and not as "at"."""
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = frozenset({"Zs", "Zl", "Zp"})
_BRACKETS = str.maketrans("", "", "【】")  # they frame the signature
_DOOR = 6
"""Units that name a door: 3-1203."""
_DEFAULTS = Opening()


@dataclass(frozen=True, slots=True)
class Story:
    """What a notice says, before words. Times are local."""

    kind: NoticeKind
    reason: Reason  # why this person is told, and why now
    headline: ConditionKind
    because: Reason  # why the headline condition was raised
    address: str
    short_address: str
    since_local: datetime
    now_local: datetime
    number: str
    places: tuple[
        str, ...
    ] = ()  # where the devices hang that it is about, the first affected first
    ask: Ask = Ask.REPORT_IN
    level: int | None = None  # None: this matter has none
    level_reason: Reason | None = None
    is_closed_again: bool = False
    homes_blind: int = 0
    missing: tuple[Role, ...] = ()
    opening: Opening = _DEFAULTS


@lru_cache(maxsize=16)  # all who are told at once mostly get the same text
def notice(story: Story, language: str = "zh") -> str:
    """Write the text of a notice. Any address will do: it is cleaned, and cut if need be."""
    words, said = WORDINGS[language], parts(story, language)
    return _fitting(words, said, ((said.when, said.level, said.ask),), room(words))


@lru_cache(maxsize=16)
def short_notice(story: Story, language: str = "zh") -> str:
    """Write the same with room for saying how much else there is."""
    words, said = WORDINGS[language], parts(story, language)
    clock = _when(words, story).format(time=f"{story.since_local:%H:%M}")
    tails = (said.when, said.level, said.ask), (clock, said.ask)
    return _fitting(words, said, tails, room_beside_others(words))


class Parts(NamedTuple):
    """What a notice is put together of, in words."""

    lead_in: str
    short_lead_in: str
    address: str
    short_address: str
    where: str  # in the home
    what: str
    short_what: str
    why: str
    when: str
    level: str  # or how urgent it is, or what is blind; "" where there is nothing to say
    ask: str


def parts(story: Story, language: str = "zh") -> Parts:
    """Put what a notice says into words, each part by itself."""
    words = WORDINGS[language]
    phrase = _phrase(words, story)
    address = clean(story.address) or clean(story.short_address) or words.no_address
    return Parts(
        lead_in=_lead_in(words, story),
        short_lead_in=words.lead_in[story.kind],
        address=address,
        short_address=clean(story.short_address) or address,
        where=_where(words, story),
        what=_fill_numbers(words, phrase.full, story.opening),
        short_what=_fill_numbers(words, phrase.shortest, story.opening),
        why=_why(words, story),
        when=_when(words, story).format(
            time=_clock(words, story.since_local, story.now_local),
        ),
        level=_level(words, story),
        ask=words.ask[story.ask].format(number=story.number),
    )


def _fitting(words: Wording, said: Parts, tails: Sequence[Sequence[str]], room: int) -> str:
    """Return the fullest text for which there is room; the front of the address is cut last."""

    def text(lead_in: str, place: str, what: str, tail: Sequence[str]) -> str:
        return words.signature + " ".join(part for part in (lead_in, place, what, *tail) if part)

    place = f"{said.address} {said.where}".rstrip()
    candidates = [
        (said.lead_in, place, f"{said.what} {said.why}".rstrip()),
        (said.lead_in, place, said.what),
        (said.lead_in, place, said.short_what),
        (said.lead_in, f"{said.short_address} {said.where}".rstrip(), said.short_what),
        (said.lead_in, said.short_address, said.short_what),
        (said.short_lead_in, said.short_address, said.short_what),
    ]
    if len(tails) > 1:
        candidates.append(("", said.short_address, said.short_what))
    for tail in tails:
        for candidate in candidates:
            if units(found := text(*candidate, tail)) <= room:
                return found
    lead_in, address, what = candidates[-1]
    left = room - units(text(lead_in, "-", what, tails[-1])) + 1
    return text(lead_in, cut(address, left), what, tails[-1])


def answer(
    say: Say,
    number: str = "",
    *,
    language: str = "zh",
    for_s: float = 0.0,
    time_local: datetime | None = None,
    roles: tuple[Role, ...] = (),
    standing: tuple[ConditionKind, ...] = (),
    other: str = "",
) -> str:
    """Write the answer to a reply or command. What still stands gives way where room is short."""
    words = WORDINGS[language]
    standings = [words.what[kind].standing or words.what[kind].shortest for kind in standing[:1]]
    return words.signature + words.say[say].format(
        number=number,
        time=f"{time_local:%H:%M}" if time_local else duration(words, for_s),
        roles=joined(words, roles),
        what="".join(standings),
        other=other,
    )


def order_waits(address: str, language: str = "zh", *, is_short: bool = False) -> str:
    """Write that an order is over, and that nothing ends on a clock that may be wrong."""
    words = WORDINGS[language]
    sentence = words.signature + words.order_waits
    left = room_beside_others(words) if is_short else room(words)
    place = cut(clean(address) or words.no_address, left - units(sentence.format(address="")))
    return sentence.format(address=place)


def resent(text: str) -> str:
    """Mark a text that may have arrived before. Marking it twice changes nothing."""
    for words in WORDINGS.values():
        if text.startswith(words.signature):
            rest = text.removeprefix(words.signature)
            marked = words.signature + words.resent + rest
            is_marked = rest.startswith(words.resent)
            return text if is_marked or units(marked) > LIMIT else marked
    return text


def place(
    subject: str, addresses: tuple[str, ...], language: str = "zh", *, gateway: str = ""
) -> str:
    """Name a building by what the addresses of its homes share, else by its id; others by theirs.

    `gateway` is the name of this gateway.

    >>> place("building:b7", ("南岭村3栋1203", "南岭村3栋1101"))
    '南岭村3栋'
    """
    words = WORDINGS[language]
    what, _, name = subject.partition(":")
    if what == "gateway":
        return words.gateway.format(name=gateway).rstrip()
    if what == "bridge":
        return words.bridge.format(id=name)
    if what == "channel":
        return words.channel.format(id=name)
    return _shared_start(addresses) or name


def room(words: Wording) -> int:
    """Return how long a text may be, so that it can be marked as sent again."""
    return LIMIT - units(words.resent)


def room_beside_others(words: Wording) -> int:
    """Return how long it may be where it is to say how much else there is."""
    return room(words) - units(f" {words.others.format(n=MOST_OTHERS)}")


def units(text: str) -> int:
    """Count UTF-16 code units: an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """Drop what no phone shows or what could pass for our signature; spaces become one."""
    kept = []
    for character in text[-ADDRESS_READ:]:
        category = unicodedata.category(character)
        if category in _SPACES or character in "\t\r\n":
            kept.append(" ")
        elif category not in _DROPPED:
            kept.append(character)
    return " ".join("".join(kept).translate(_BRACKETS).split())


def cut(text: str, room: int) -> str:
    """Shorten to `room` units from the front, marked with an ellipsis; no character is split."""
    if units(text) <= room:
        return text
    start = 0
    while start < len(text) and units(text[start:]) > room - 1:
        start += 1
    while start < len(text) and unicodedata.combining(text[start]):
        start += 1
    return "…" + text[start:].lstrip()


def _lead_in(words: Wording, story: Story) -> str:
    template = words.lead_in_because.get((story.kind, story.reason), words.lead_in[story.kind])
    roles = joined(words, story.missing)
    if "{roles}" in template and not roles:
        return words.lead_in[story.kind]
    return template.format(roles=roles)


def joined(words: Wording, roles: Sequence[Role]) -> str:
    """Name two roles at most: the most that must report in."""
    return words.join_roles.join(words.roles[role] for role in roles[:2])


def _where(words: Wording, story: Story) -> str:
    """Name the first device by its place, and say how many others there are."""
    first = next((cleaned for each in story.places if (cleaned := clean(each))), "")
    count = len(story.places)
    if not first or count == 1:
        return first
    return words.several.format(place=first, n=count, more=count - 1)


def _phrase(words: Wording, story: Story) -> Phrase:
    return words.what_because.get((story.headline, story.because), words.what[story.headline])


def _why(words: Wording, story: Story) -> str:
    if story.is_closed_again:
        return words.closed_again
    return words.why.get(story.level_reason, "") if story.level_reason else ""


def _when(words: Wording, story: Story) -> str:
    return words.since if story.headline in LASTS else words.at


def _level(words: Wording, story: Story) -> str:
    if story.headline is ConditionKind.HELP:
        return words.urgent
    if story.level is not None:
        return words.level.format(level=story.level)
    if story.homes_blind > 0:
        return words.homes_blind.format(n=min(story.homes_blind, 9999))
    return ""


def _clock(words: Wording, at_local: datetime, now_local: datetime) -> str:
    clock = f"{at_local:%H:%M}"
    if at_local.date() == now_local.date():
        return clock
    return words.date.format(month=at_local.month, day=at_local.day, clock=clock)


def _fill_numbers(words: Wording, template: str, opening: Opening) -> str:
    numbers: Mapping[str, str] = {
        "left_open": duration(words, opening.left_open_s),
        "repeated_within": duration(words, opening.repeated_within_s),
        "repeated_count": str(opening.repeated_count),
    }
    return template.format(**numbers)


def duration(words: Wording, seconds: float) -> str:
    """Write how long something takes, in minutes where they are whole or many."""
    if seconds < 60 or (seconds < 600 and seconds % 60):
        return words.seconds.format(n=round(seconds))
    return words.minutes.format(n=round(seconds / 60))


def _shared_start(addresses: tuple[str, ...]) -> str:
    """Return what all begin with, up to the last whole part: a door's digits are no place."""
    if len(addresses) < 2:
        return ""
    first, last = min(addresses), max(addresses)
    same = 0
    while same < min(len(first), len(last)) and first[same] == last[same]:
        same += 1
    return first[:same].rstrip("0123456789- ")
