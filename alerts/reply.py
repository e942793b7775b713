"""What a text message from a phone means: `1`, `2` or `3`, and the number of an incident.

Nothing else can be done by text message. Strangers get no answer; a member gets one for whatever
they write, and never learns whether a number exists that was not sent to them. A quoted alarm is
not a reply, although it contains one.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from alerts import commands, render, telling
from alerts.commands import Acknowledge, Answer, Command, OnSite, Resolve
from alerts.model import Incident
from alerts.reason import Reason
from alerts.state import Turn
from alerts.wording import Say

LONGEST = 500
"""Characters of a text that are looked at."""
VERBS: dict[str, type[Command]] = {"1": Acknowledge, "2": OnSite, "3": Resolve}
_QUOTES = "\"'“”‘’«»「」『』()[]<> \t"
_LEADING_WORD = re.compile(r"^(回复|回覆|答复|reply)[\s:,、]*", re.IGNORECASE)
_REPLY = re.compile(r"^([123])[\s,、:#.。\-]*([1-9][0-9]{3})(?![0-9])")


class Reply(NamedTuple):
    """A verb and the number it is about."""

    verb: str
    number: str


def parse(text: str) -> Reply | None:
    """Return what the first line asks for, or None where it asks for nothing we know.

    >>> parse("回复：１，４８２１ 收到")
    Reply(verb='1', number='4821')
    """
    found = _REPLY.match(_LEADING_WORD.sub("", normalise(text)))
    return Reply(*found.groups()) if found else None


def normalise(text: str) -> str:
    """Return the first line with anything on it, in plain digits and signs, without quotes."""
    for line in text[:LONGEST].splitlines():
        plain = unicodedata.normalize("NFKC", line)
        seen = "".join(
            each for each in plain if unicodedata.category(each) not in {"Cc", "Cf", "Cs"}
        )
        if seen.strip():
            return seen.strip(_QUOTES)
    return ""


def read(turn: Turn, sender_contacts: tuple[str, ...], text: str) -> Answer:
    """Take a text from the phone of these contacts, do what it asks, and answer it.

    A phone may belong to several contacts: it speaks for one who was sent the number.
    """
    if not sender_contacts:
        return Answer(False, Reason.STRANGER, "")
    language = turn.state.voice.language
    reply = parse(text)
    if reply is None:
        how = render.answer(Say.HOW_TO_REPLY, language=language)
        answer = Answer(False, Reason.NOT_A_REPLY, how)
        telling.answer(turn, None, sender_contacts[0], answer.text, answer.reason)
        return answer
    incident = _meant(turn, sender_contacts, reply.number)
    if incident is None:
        reason = _why_not_theirs(turn, reply.number)
        not_yours = render.answer(Say.NOT_YOURS, reply.number, language=language)
        answer = Answer(False, reason, not_yours)
        telling.answer(turn, None, sender_contacts[0], answer.text, answer.reason)
        return answer
    actor = _speaker(incident, sender_contacts)
    answer = commands.apply(turn, VERBS[reply.verb](incident.id, actor, "sms"))
    telling.answer(turn, incident, actor, answer.text, answer.reason)
    return answer


def _meant(turn: Turn, senders: tuple[str, ...], number: str) -> Incident | None:
    """Return the incident of this number that one of them was sent: one still open, the newest."""
    sent = [
        incident
        for incident in turn.state.incidents.values()
        if incident.number == number and not set(senders).isdisjoint(incident.told)
    ]
    return max(sent, key=lambda each: (not each.is_over, each.opened_at), default=None)


def _why_not_theirs(turn: Turn, number: str) -> Reason:
    """Return why, for the record: the answer does not tell one from the other."""
    exists = any(incident.number == number for incident in turn.state.incidents.values())
    return Reason.NOT_SENT_TO_YOU if exists else Reason.NUMBER_UNKNOWN


def _speaker(incident: Incident, senders: tuple[str, ...]) -> str:
    """Return for whom a shared phone speaks: somebody who has not reported in yet, if any."""
    told = [sender for sender in senders if sender in incident.told]
    taken = {each.contact for each in incident.acknowledgements}
    return next((sender for sender in told if sender not in taken), told[0])
