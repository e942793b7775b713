"""What goes to one phone in one text: which notices may be spoken of together, and its words. Pure.

A text speaks in full of the worst and oldest, and says how much else there is. Several notices
about one incident are one: the latest says it all. What waited for the morning is counted out in
a digest. A call for help, an answer and a text sent once more go by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from alerts import bundling
from alerts.budget import ALONE
from alerts.channels.base import Message
from alerts.model import ConditionKind, IncidentId, NoticeKind, Severity
from alerts.reason import Reason
from alerts.render import resent
from alerts.wording import WORDINGS

QUIET = Reason.QUIET_HOURS.value
"""`held` of a notice that waits, or waited, for the morning."""
_OUTSIDE = ("number", "level", "others")
"""The fields that a service outside may know."""
_SIGNATURE = re.compile(r"^【[^】]*】")


class Sort(StrEnum):
    """Only notices of one sort go in one text."""

    ALONE = "alone"
    NEWS = "news"
    TAKEN = "taken"  # counted among news, what a colleague has taken would look like work


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notice that waits, by what decides with whom it goes."""

    id: str
    incident: IncidentId | None
    kind: NoticeKind
    severity: Severity
    created_at: int  # microseconds since 1970 UTC
    is_resend: bool
    held: str | None

    @property
    def sort(self) -> Sort:
        """Say with what it may go in one text."""
        if self.severity is Severity.HELP or self.kind in ALONE:
            return Sort.ALONE
        return Sort.TAKEN if self.kind is NoticeKind.TAKEN else Sort.NEWS

    @property
    def may_join(self) -> bool:
        """Say whether another's text may speak of it; one sent once more must be read in full."""
        return self.sort is not Sort.ALONE and not self.is_resend


@dataclass(frozen=True, slots=True)
class Saying:
    """Everything of a text, before a channel has its form of it."""

    kind: NoticeKind
    severity: Severity
    text: str
    short_text: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    others: int = 0  # incidents that it does not name
    headlines: Mapping[ConditionKind, int] = field(default_factory=dict)  # of a digest
    is_resend: bool = False


def outdated(waiting: Iterable[Waiting]) -> list[str]:
    """Return the ids of those whose incident has a later notice among them."""
    latest: dict[IncidentId, Waiting] = {}
    old = []
    for each in sorted(waiting, key=lambda each: (each.created_at, each.id)):
        if each.incident is None or not each.may_join:
            continue
        if each.incident in latest:
            old.append(latest[each.incident].id)
        latest[each.incident] = each
    return old


def mates(carrier: Waiting, waiting: Iterable[Waiting]) -> tuple[list[Waiting], bool]:
    """Return what goes with the carrier's text, and whether that text is a digest."""
    if carrier.sort is Sort.ALONE:
        return [], False
    joining = [each for each in waiting if each.id != carrier.id and each.may_join]
    quiet = [each for each in joining if each.held == QUIET]
    if quiet and carrier.held == QUIET and carrier.may_join:
        return quiet, True
    if len(quiet) > 1:  # they have a digest of their own
        joining = [each for each in joining if each.held != QUIET]
    return [each for each in joining if each.sort is carrier.sort], False


def others(carrier: Waiting, spoken_of: Sequence[Waiting]) -> int:
    """Count the incidents that the carrier's text speaks of besides its own."""
    incidents = {each.incident for each in spoken_of if each.incident is not None}
    return len(incidents - {carrier.incident}) + sum(each.incident is None for each in spoken_of)


def message(saying: Saying, language: str, link: str | None) -> Message:
    """Put a text into the form for a channel.

    With a `link`, to where more can be seen, a service outside hears it: it is told no house.
    """
    number = saying.fields.get("number", "")
    fields = {**saying.fields, "others": bundling.others_in_words(saying.others, language)}
    if saying.is_resend:
        lead = f"{WORDINGS[language].resent}{fields.get('lead', '')}"
        fields["lead"] = lead.strip().rstrip(":")
    if link is not None:
        short = bundling.outside(number, saying.severity, link, language)
        text = bundling.with_others(short, saying.others, language)
        fields = {name: fields.get(name, "") for name in _OUTSIDE}
    elif saying.headlines:
        text = bundling.digest(saying.headlines, language)
        fields = {"what": _SIGNATURE.sub("", text)}  # that counts them all
    elif saying.others:
        text = bundling.with_others(saying.short_text or saying.text, saying.others, language)
    else:
        text = saying.text
    return Message(
        text=resent(text) if saying.is_resend else text,
        template=NoticeKind.DIGEST if saying.headlines else saying.kind,
        fields=fields,
        is_critical=saying.severity >= Severity.CRITICAL,
        is_help=saying.severity is Severity.HELP,
    )
