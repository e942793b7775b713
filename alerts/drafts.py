"""What is said to one person, in each form that a channel may need.

In full; with room for saying how much else there is; and in fields, each short, for a provider that
sends nothing but a text it has approved with values in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from alerts import render
from alerts.model import IncidentState, Role
from alerts.render import Story, clean, cut, joined, room, room_beside_others, units
from alerts.wording import WORDINGS, Ask, Wording

LONGEST_PLACE = 20
LONGEST_WHAT = 15
"""UTF-16 units of a field: providers cut or refuse what is longer."""
_DOOR = 6
"""Units that name a door: 3-1203."""
_CLAUSE = re.compile(r"[。，：]\s*|[,.:]\s+")


class Draft(NamedTuple):
    """One text in every form."""

    text: str
    short_text: str
    fields: Mapping[str, str]


@lru_cache(maxsize=16)  # all who are told at once mostly get the same
def of_story(story: Story, language: str = "zh") -> Draft:
    """Draft a notice about an incident."""
    said = render.parts(story, language)
    place = f"{said.short_address} {said.where}".rstrip()
    if units(place) > LONGEST_PLACE:
        place = said.short_address
    fields = {
        "number": story.number,
        "place": cut(place, LONGEST_PLACE),
        "what": said.what if units(said.what) <= LONGEST_WHAT else said.short_what,
        "when": said.when,
        "level": said.level,
        "ask": said.ask,
        "lead": said.lead_in,
    }
    return Draft(render.notice(story, language), render.short_notice(story, language), fields)


def of_sentence(text: str, number: str = "", language: str = "zh") -> Draft:
    """Draft a text that is whole as it stands: what it says first, and what else there is to it.

    >>> of_sentence("【门神】4821 已记您报到。到场后回复 2 4821", "4821").fields["what"]
    '已记您报到'
    """
    sentence = text.removeprefix(WORDINGS[language].signature).removeprefix(number).strip(" :")
    what, _, rest = _CLAUSE.sub("\n", sentence, count=1).partition("\n")
    fields = {"number": number, "what": what, "ask": rest}
    return Draft(text, text, {name: value for name, value in fields.items() if value})


@dataclass(frozen=True, slots=True)
class Taking:
    """Who took an incident, before words, for everybody else on it. Times are local."""

    number: str
    short_address: str
    role: Role | None  # None: an operator, who is of no team
    at_local: datetime
    state: IncidentState  # acknowledged, or on site at once
    by: str  # "sms", "cli" or "web"
    missing: tuple[Role, ...] = ()  # who must report in too
    is_asked: bool = False  # whoever reads it is one of these


def of_taking(taking: Taking, language: str = "zh") -> Draft:
    """Draft what the others are told: somebody has it, and whether they need go.

    By which way it was said stands with it: the sender of a text is not proven.
    """
    words = WORDINGS[language]
    fields = {
        "number": taking.number,
        "place": cut(clean(taking.short_address) or words.no_address, LONGEST_PLACE),
        "what": f"{_who(words, taking.role)}{words.joint}{words.has_it[taking.state]}",
        "when": f"{taking.at_local:%H:%M}",
        "ask": _rest(words, taking),
        "lead": "",
        "level": "",
    }
    return Draft(
        _taken(words, taking, room(words)), _taken(words, taking, room_beside_others(words)), fields
    )


def _taken(words: Wording, taking: Taking, room: int) -> str:
    """Write it; the address gives way, then all but who has which number."""
    said = {
        "number": taking.number,
        "who": _who(words, taking.role),
        "time": f"{taking.at_local:%H:%M}",
        "has_it": words.has_it[taking.state],
        "rest": _rest(words, taking),
    }
    by = words.by.get(taking.by, "")
    without_place = words.signature + words.taken.format(**said, by=by, place="")
    place = clean(taking.short_address) or words.no_address
    for_place = room - units(without_place)
    if for_place >= min(_DOOR, units(place)):
        return words.signature + words.taken.format(**said, by=by, place=cut(place, for_place))
    briefly = (words.signature + words.taken_briefly.format(**said, by=each) for each in (by, ""))
    return next(text for text in briefly if units(text) <= room)


def guessed(role: Role | None, ignored_s: float, language: str = "zh") -> Draft:
    """Draft what the lead is told: numbers were tried on the phone of somebody in this role."""
    words = WORDINGS[language]
    time = render.duration(words, ignored_s)
    said = words.guessed.format(who=_who(words, role), time=time)
    return of_sentence(words.signature + said, language=language)


def order_waits(address: str, language: str = "zh") -> Draft:
    """Draft the question about an order that is over by a clock that may be wrong."""
    text = render.order_waits(address, language)
    short_text = render.order_waits(address, language, is_short=True)
    words = WORDINGS[language]
    place = cut(clean(address) or words.no_address, LONGEST_PLACE)
    asked = of_sentence(words.order_waits.format(address=""), language=language)
    return Draft(text, short_text, {"place": place, **asked.fields})


def _who(words: Wording, role: Role | None) -> str:
    """Name a person by their role: a text never holds a name."""
    return words.operator if role is None else words.roles[role]


def _rest(words: Wording, taking: Taking) -> str:
    """Say whether the others may stay at home, or who is still waited for."""
    if taking.is_asked:
        ask = words.ask[Ask.REPORT_IN].format(number=taking.number)
        return words.you_are_missing.format(ask=ask)
    if not taking.missing:
        return words.others_need_not
    return words.others_missing.format(roles=joined(words, taking.missing))
