"""What a text message from a phone means: `1`, `2` or `3`, and the number of an incident.

Nothing else can be done by text message. Strangers get no answer; a member gets one for whatever
they write, a few times an hour where it leads to nothing, and never learns whether a number exists
that was not sent to them. A quoted alarm is not a reply, although it contains one. A digit alone is
taken where it can mean one incident only; the answer says which.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from alerts import commands, concerned, quiet, render, strikes, telling
from alerts.commands import Acknowledge, Answer, Command, OnSite, Resolve
from alerts.model import Decision, Incident
from alerts.reason import Reason
from alerts.state import Turn
from alerts.strikes import Strikes
from alerts.wording import Say

LONGEST = 500
"""Characters of a text that are looked at."""
VERBS: dict[str, type[Command]] = {"1": Acknowledge, "2": OnSite, "3": Resolve}
_QUOTES = "\"'“”‘’«»「」『』()[]<> \t"
_LEADING_WORD = re.compile(r"^(回复|回覆|答复|reply)[\s:,、]*", re.IGNORECASE)
_REPLY = re.compile(r"^([123])[\s,、:#.。\-]*([1-9][0-9]{3})(?![0-9])")
_BARE = re.compile(r"([123])[\s。.!]*")
BARE_WITHIN = timedelta(minutes=30)
"""A digit without a number means an incident no older than this."""


class Reply(NamedTuple):
    """A verb and the number it is about; "" where none was written."""

    verb: str
    number: str


def parse(text: str) -> Reply | None:
    """Return what the first line asks for, or None where it asks for nothing we know.

    >>> parse("回复：１，４８２１ 收到")
    Reply(verb='1', number='4821')
    """
    found = _REPLY.match(_LEADING_WORD.sub("", normalise(text)))
    return Reply(*found.groups()) if found else None


def parse_bare(text: str) -> Reply | None:
    """Return what is asked where the first line is a digit alone.

    >>> parse_bare("回复1。")
    Reply(verb='1', number='')
    """
    found = _BARE.fullmatch(_LEADING_WORD.sub("", normalise(text)))
    return Reply(found[1], "") if found else None


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

    A phone may belong to several contacts: it speaks for one who was sent the number. One from
    which number after number is tried is ignored for a while.
    """
    if not sender_contacts:
        turn.count(Reason.STRANGER)
        return Answer(False, Reason.STRANGER, "")
    phone = sender_contacts[0]
    if strikes.is_ignored(turn.state.strikes.get(phone, Strikes()), turn.now):
        turn.count(Reason.IGNORED)
        return Answer(False, Reason.IGNORED, "")
    incident, answer = _taken(turn, sender_contacts, text)
    speaker = _speaker(incident, sender_contacts) if incident is not None else phone
    if answer.reason in strikes.PRODUCTIVE:
        turn.state.strikes.pop(phone, None)
    else:
        answer = _limited(turn, phone, incident, answer)
    if answer.text:
        telling.answer(turn, incident, speaker, answer.text, answer.reason)
    return answer


def _taken(turn: Turn, senders: tuple[str, ...], text: str) -> tuple[Incident | None, Answer]:
    """Do what a text asks, and return of which incident."""
    language = turn.state.voice.language
    reply = parse(text) or parse_bare(text)
    incident = _meant(turn, senders, reply) if reply is not None else None
    if reply is not None and incident is not None:
        speaker = _speaker(incident, senders)
        return incident, commands.apply(turn, VERBS[reply.verb](incident.id, speaker, "sms"))
    if reply is None or not reply.number:
        how = render.answer(Say.HOW_TO_REPLY, language=language)
        return None, Answer(False, Reason.NOT_A_REPLY, how)
    not_yours = render.answer(Say.NOT_YOURS, reply.number, language=language)
    return None, Answer(False, _why_not_theirs(turn, reply.number), not_yours)


def _limited(turn: Turn, phone: str, incident: Incident | None, answer: Answer) -> Answer:
    """Count what led to nothing, and leave it unanswered once that was done often enough.

    Its reason stays what it was: by it the count is found again after a restart.
    """
    about = incident.number if incident is not None else ""
    before = turn.state.strikes.get(phone, Strikes())
    after, why_silent = strikes.led_to_nothing(before, answer.reason, about, turn.now)
    turn.state.strikes[phone] = after
    if why_silent is None:
        return answer
    turn.put_decision(Decision(why_silent, turn.now, None, None, turn.journal_seq, phone))
    if why_silent is not Reason.GUESSING:
        return replace(answer, text="")
    telling.guessing(turn, phone)
    ignored_s = strikes.IGNORED_FOR.total_seconds()
    language = turn.state.voice.language
    return replace(answer, text=render.answer(Say.IGNORED, language=language, for_s=ignored_s))


def _meant(turn: Turn, senders: tuple[str, ...], reply: Reply) -> Incident | None:
    """Return the incident of this number that one of them was sent: one still open, the newest."""
    sent = _sent(turn, senders)
    if not reply.number:
        return _only_meant(turn, senders, sent, reply.verb)
    numbered = [incident for incident in sent if incident.number == reply.number]
    return max(numbered, key=lambda each: (not each.is_over, each.opened_at), default=None)


def _only_meant(
    turn: Turn, senders: tuple[str, ...], sent: Iterable[Incident], verb: str
) -> Incident | None:
    """Return the one incident that a digit alone can mean; None where it may be another.

    To report in: the only one that the phone was sent, and it is fresh. To go on: the only one that
    somebody of this phone has.
    """
    recent = [each for each in sent if not _has_long_been_over(turn, each)]
    held = [
        each for each in recent if any(taken.contact in senders for taken in each.acknowledgements)
    ]
    meant = recent if VERBS[verb] is Acknowledge else held
    if len(meant) != 1:
        return None
    (only,) = meant
    is_fresh = turn.now - only.opened_at < BARE_WITHIN
    return only if not only.is_over and (only in held or is_fresh) else None


def _has_long_been_over(turn: Turn, incident: Incident) -> bool:
    at = incident.resolved_at
    return incident.is_over and (at is None or turn.now - at >= BARE_WITHIN)


def _sent(turn: Turn, senders: tuple[str, ...]) -> Iterator[Incident]:
    """Yield what was sent to one of them, but for what still waits for the morning."""
    for incident in turn.state.incidents.values():
        if not set(senders).isdisjoint(incident.told):
            policy = concerned.policy(turn.state, incident)
            if not quiet.is_untold(incident, policy, turn.now):
                yield incident


def _why_not_theirs(turn: Turn, number: str) -> Reason:
    """Return why, for the record: the answer does not tell one from the other."""
    exists = any(incident.number == number for incident in turn.state.incidents.values())
    return Reason.NOT_SENT_TO_YOU if exists else Reason.NUMBER_UNKNOWN


def _speaker(incident: Incident, senders: tuple[str, ...]) -> str:
    """Return for whom a shared phone speaks: somebody who has not reported in yet, if any."""
    told = [sender for sender in senders if sender in incident.told]
    taken = {each.contact for each in incident.acknowledgements}
    return next((sender for sender in told if sender not in taken), told[0])
