"""The log (一日志): what happened, in its order, hour by hour. Pure.

An entry says what, where and by whom; `gateway.reports.words` has the words. An incident's steps
are entries of their own, and `stories` gathers them under what they belong to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from alerts.model import IncidentState
from alerts.reason import Reason
from alerts.tables import from_micros
from gateway.intervals import Span
from gateway.reports.known import Incident, Known, Step


class What(StrEnum):
    """What happened."""

    INCIDENT = "incident"
    STANDING = "standing"  # an incident of before, of which something happened now
    ESCALATED = "escalated"
    WORSE = "worse"
    ACKNOWLEDGED = "acknowledged"
    LAPSED = "lapsed"
    ON_SITE = "on_site"
    RESOLVED = "resolved"
    REVIEWED = "reviewed"
    REOPENED = "reopened"
    PERMIT = "permit"
    PERMIT_USED = "permit_used"
    PERMIT_REVOKED = "permit_revoked"
    SILENCE = "silence"
    SILENCE_ENDED = "silence_ended"
    DEAF = "deaf"
    ORDER_BEGAN = "order_began"
    ORDER_ENDED = "order_ended"
    ACT = "act"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    at: int
    what: What
    watch: str | None = None
    building: str = ""
    story: str = ""
    """What it belongs to: an incident or a permit."""
    incident: Incident | None = None
    actor: str = ""
    """Contact, operator, or of an act of the audit the role of who did it."""
    about: str = ""
    """The purpose of a permit, the action of an act, the cause of what was resolved."""
    until: int | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Told:
    """An entry, with those that follow from it."""

    entry: Entry
    then: Sequence[Entry] = ()


_ENTERED: Final[Mapping[str, What]] = {
    IncidentState.ACKNOWLEDGED: What.ACKNOWLEDGED,
    IncidentState.ON_SITE: What.ON_SITE,
    IncidentState.RESOLVED: What.RESOLVED,
    IncidentState.REVIEWED: What.REVIEWED,
}
_OPEN_AGAIN: Final[Mapping[str | None, What]] = {
    IncidentState.ACKNOWLEDGED: What.LAPSED,
    IncidentState.ON_SITE: What.LAPSED,
    IncidentState.RESOLVED: What.REOPENED,
    IncidentState.REVIEWED: What.REOPENED,
}
_STAYED: Final[Mapping[str, What]] = {
    **dict.fromkeys(
        (Reason.NO_ACKNOWLEDGEMENT, Reason.QUORUM_MISSING, Reason.STEPS_REPEAT), What.ESCALATED
    ),
    **dict.fromkeys((Reason.RAISED, Reason.HELP_ASKED), What.WORSE),
    **dict.fromkeys((Reason.REPLIED, Reason.COMMANDED), What.ACKNOWLEDGED),
}
"""By the reason of a step that left the state as it was; other such steps are no news."""


_ORDER: Final = {what: place for place, what in enumerate(What)}
"""Of what happened at once: what opens an incident stands before its steps."""


def write(known: Known) -> list[Entry]:
    """Return everything that happened in the period, the earliest first."""
    entries = [
        *_incidents(known),
        *_permits(known),
        *_silences(known),
        *_orders(known),
        *_acts(known),
        *(
            Entry(b.span[0], What.DEAF, about=b.reason, until=b.span[1] if b.is_over else None)
            for b in known.blind
            if b.watch is None
        ),
    ]
    return sorted(entries, key=lambda entry: (entry.at, _ORDER[entry.what]))


def stories(entries: Iterable[Entry]) -> list[Told]:
    """Gather the steps of each incident, and the use of each permit, under its first entry."""
    found: list[tuple[Entry, list[Entry]]] = []
    of: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.story in of:
            of[entry.story].append(entry)
            continue
        then: list[Entry] = []
        found.append((entry, then))
        if entry.story:
            of[entry.story] = then
    return [Told(entry, tuple(then)) for entry, then in found]


def _incidents(known: Known) -> Iterator[Entry]:
    for incident in known.incidents:
        steps = [
            Entry(
                step.at,
                what,
                incident.watch,
                incident.building,
                incident.id,
                incident,
                step.actor,
                about=(incident.cause or "") if what is What.RESOLVED else "",
            )
            for step in incident.steps
            if _is_in(step.at, known.span) and (what := _what(step)) is not None
        ]
        where = (incident.watch, incident.building, incident.id, incident)
        if _is_in(incident.opened_at, known.span):
            yield Entry(incident.opened_at, What.INCIDENT, *where)
        elif steps:
            yield Entry(steps[0].at, What.STANDING, *where)
        yield from steps


def _what(step: Step) -> What | None:
    if step.from_state is None:
        return None  # it was opened, which has an entry of its own
    if step.from_state == step.to_state:
        return _STAYED.get(step.reason)
    if step.to_state == IncidentState.OPEN:
        return _OPEN_AGAIN.get(step.from_state)
    return _ENTERED[step.to_state]


def _permits(known: Known) -> Iterator[Entry]:
    for each in known.permits:
        from_at, until_at = each.window
        if _is_in(from_at, known.span):
            yield Entry(
                from_at,
                What.PERMIT,
                each.watch,
                story=each.id,
                actor=each.granted_by,
                about=each.purpose,
                until=until_at,
            )
        if each.used_at is not None and _is_in(each.used_at, known.span):
            yield Entry(each.used_at, What.PERMIT_USED, each.watch, story=each.id)
        if each.revoked_at is not None and _is_in(each.revoked_at, known.span):
            yield Entry(each.revoked_at, What.PERMIT_REVOKED, each.watch, story=each.id)


def _silences(known: Known) -> Iterator[Entry]:
    for each in known.silences:
        from_at, until_at = each.window
        where = (each.watch, each.building)
        if _is_in(from_at, known.span):
            yield Entry(from_at, What.SILENCE, *where, actor=each.by, until=until_at)
        if _is_in(until_at, known.span):
            yield Entry(until_at, What.SILENCE_ENDED, *where)


def _orders(known: Known) -> Iterator[Entry]:
    for home in known.homes:
        if _is_in(home.starts_at, known.span):
            yield Entry(home.starts_at, What.ORDER_BEGAN, home.watch, home.building)
        if _is_in(home.ends_at, known.span):
            yield Entry(home.ends_at, What.ORDER_ENDED, home.watch, home.building)


def _acts(known: Known) -> Iterator[Entry]:
    """Yield one entry an hour for what the same role did in it, at the first time it did."""
    counted: Counter[tuple[datetime, str, str]] = Counter()
    first: dict[tuple[datetime, str, str], int] = {}
    for act in known.acts:
        key = (hour_of(act.at, known), act.action, act.role)
        counted[key] += 1
        first.setdefault(key, act.at)
    for key, count in counted.items():
        yield Entry(first[key], What.ACT, actor=key[2], about=key[1], count=count)


def hour_of(at: int, known: Known) -> datetime:
    """Return the local hour in which something happened."""
    local = from_micros(at).astimezone(known.zone)
    return local.replace(minute=0, second=0, microsecond=0)


def _is_in(at: int, within: Span) -> bool:
    return within[0] <= at < within[1]
